//! What leaves in time. Values, leases and gates have an expiry of their own; the rest is looked through here, shard by shard.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use futures_util::future::try_join_all;
use vestibule_actors::port::store::{GONE_TOLD_FOR, Record, Retention, StoreError, Swept};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, OfOrganization};
use super::super::scripts::{SWEEP_HISTORIES, SWEEP_VISITS};

/// So many are looked at and removed at once, so that others are not kept waiting.
const PAGE: usize = 500;
/// Histories that are removed at once; each may have many lines.
const HISTORIES: usize = 50;

impl RedisStore {
    pub(in super::super) async fn sweep(&self, keep: Retention) -> Result<Swept, StoreError> {
        let now = self.server_time(&self.keys.nodes()).await?;
        let oldest = now - keep.records;
        let mut swept = Swept::default();
        for shard in Shard::all() {
            swept.records_old += self.sweep_old_records(shard, oldest).await?;
            swept.parked += self.sweep_shard(shard, oldest).await?;
            swept.histories += self.sweep_histories(shard, oldest).await?;
        }
        for organization in self.organizations().await? {
            swept.records_above_cap +=
                self.sweep_above_cap(&organization, keep.records_per_organization).await?;
            swept.held += self.sweep_held(&organization, now).await?;
            swept.index += self.sweep_index(&organization, oldest).await?;
        }
        Ok(swept)
    }

    /// Visits that left some time ago, and commands that were set aside long ago; how many of these.
    async fn sweep_shard(&self, shard: Shard, oldest: Moment) -> Result<u64, StoreError> {
        let keys = [self.keys.shard(shard, Of::Gone), self.keys.shard(shard, Of::Changed)];
        self.door.ask(self.call(&SWEEP_VISITS).keys(keys).number(GONE_TOLD_FOR.0)).await?;
        let parked = self.keys.shard(shard, Of::Parked);
        self.sweep_stream(&parked, "t", |at| at < oldest).await
    }

    /// Histories whose newest line is old.
    async fn sweep_histories(&self, shard: Shard, oldest: Moment) -> Result<u64, StoreError> {
        let all = self.keys.shard(shard, Of::Histories);
        let mut removed = 0;
        loop {
            let mut command = redis::cmd("ZRANGEBYSCORE");
            command.arg(&all).arg("-inf").arg(format!("({}", oldest.0)).arg("LIMIT").arg(0).arg(HISTORIES);
            let names: Vec<String> = read("histories", self.door.command("histories", &all, command).await?)?;
            if names.is_empty() {
                return Ok(removed);
            }
            let call = self.call(&SWEEP_HISTORIES).key(all.clone());
            let call = call.key(self.keys.shard(shard, Of::HistoriesDropped));
            let call = call.keys(names.iter().map(|name| self.keys.history_named(shard, name)));
            let call = names.iter().fold(call.number(oldest.0), |call, name| call.arg(name.as_str()));
            let gone: u64 = read("histories", self.door.ask(call).await?)?;
            removed += gone;
            if gone == 0 {
                return Ok(removed);
            }
        }
    }

    /// Removes entries of a stream from its beginning, as long as the time that stands in one is too old.
    async fn sweep_stream(
        &self,
        key: &str,
        field: &str,
        old: impl Fn(Moment) -> bool,
    ) -> Result<u64, StoreError> {
        let is_old = |fields: &HashMap<String, Vec<u8>>| {
            let at = fields.get(field).and_then(|at| std::str::from_utf8(at).ok()?.parse().ok());
            at.is_some_and(|at| old(Moment(at)))
        };
        let mut removed = 0;
        loop {
            let mut command = redis::cmd("XRANGE");
            command.arg(key).arg("-").arg("+").arg("COUNT").arg(PAGE);
            let entries = self.door.command("what is old", key, command).await?;
            let entries: Vec<(String, HashMap<String, Vec<u8>>)> = read("what is old", entries)?;
            let all = entries.len();
            let old: Vec<String> =
                entries.into_iter().filter(|(_, fields)| is_old(fields)).map(|(id, _)| id).collect();
            if !old.is_empty() {
                let mut drop = redis::cmd("XDEL");
                drop.arg(key).arg(&old);
                self.door.command("what is old", key, drop).await?;
                removed += count(old.len());
            }
            if old.len() < all || all < PAGE {
                return Ok(removed);
            }
        }
    }

    // === records ===

    async fn sweep_old_records(&self, shard: Shard, oldest: Moment) -> Result<u64, StoreError> {
        let all = self.keys.shard(shard, Of::RecordPlaces);
        let to = format!("({:020}", i128::from(oldest.0) - i128::from(i64::MIN));
        let mut removed = 0;
        loop {
            let mut command = redis::cmd("ZRANGEBYLEX");
            command.arg(&all).arg("-").arg(&to).arg("LIMIT").arg(0).arg(PAGE);
            let places: Vec<String> = read("records", self.door.command("records", &all, command).await?)?;
            self.remove_records(shard, &places).await?;
            removed += count(places.len());
            if places.len() < PAGE {
                return Ok(removed);
            }
        }
    }

    /// The lists first and the record last: a list that names a record which is not there is passed over, a record in no list stays for ever.
    async fn remove_records(&self, shard: Shard, places: &[String]) -> Result<(), StoreError> {
        let records: Vec<Record> = self.records_at(shard, places).await?;
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in &records {
            for list in self.index_keys(shard, record) {
                lists.entry(list).or_default().push(super::super::keys::record(record.place()));
            }
        }
        // What stands for a list that a record is not in is removed last.
        lists.remove(&self.keys.shard(shard, Of::RecordPlaces));
        if places.is_empty() {
            return Ok(());
        }
        let removals = lists.into_iter().map(async |(list, places)| {
            let mut command = redis::cmd("ZREM");
            command.arg(&list).arg(&places);
            self.door.command("records", &list, command).await
        });
        try_join_all(removals).await?;
        let key = self.keys.shard(shard, Of::Records);
        let mut drop = redis::cmd("HDEL");
        drop.arg(&key).arg(places);
        self.door.command("records", &key, drop).await?;
        let all = self.keys.shard(shard, Of::RecordPlaces);
        let mut drop = redis::cmd("ZREM");
        drop.arg(&all).arg(places);
        self.door.command("records", &all, drop).await.map(std::mem::drop)
    }

    async fn sweep_above_cap(&self, organization: &OrganizationId, cap: u64) -> Result<u64, StoreError> {
        let counts = Shard::all().map(async |shard| {
            let list = self.keys.records_of_organization(shard, organization);
            let mut command = redis::cmd("ZCARD");
            command.arg(&list);
            read::<u64>("records", self.door.command("records", &list, command).await?)
        });
        let surplus = try_join_all(counts).await?.into_iter().sum::<u64>().saturating_sub(cap);
        let mut surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
        let mut removed = 0;
        while surplus > 0 {
            let oldest = self.oldest_records(organization, surplus.min(PAGE)).await?;
            if oldest.is_empty() {
                break;
            }
            for (shard, places) in &oldest {
                self.remove_records(*shard, places).await?;
                removed += count(places.len());
                surplus = surplus.saturating_sub(places.len());
            }
        }
        Ok(removed)
    }

    /// The oldest records of an organization, by shard, at most so many.
    async fn oldest_records(
        &self,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<BTreeMap<Shard, Vec<String>>, StoreError> {
        let mut oldest: Vec<(String, Shard)> = Vec::new();
        for shard in Shard::all() {
            let list = self.keys.records_of_organization(shard, organization);
            let mut command = redis::cmd("ZRANGEBYLEX");
            command.arg(&list).arg("-").arg("+").arg("LIMIT").arg(0).arg(most);
            let places: Vec<String> = read("records", self.door.command("records", &list, command).await?)?;
            oldest.extend(places.into_iter().map(|place| (place, shard)));
        }
        oldest.sort();
        oldest.truncate(most);
        let mut by_shard: BTreeMap<Shard, Vec<String>> = BTreeMap::new();
        for (place, shard) in oldest {
            by_shard.entry(shard).or_default().push(place);
        }
        Ok(by_shard)
    }

    // === organizations ===

    /// Organizations that have something, as whoever routed or indexed for them has noted.
    async fn organizations(&self) -> Result<Vec<OrganizationId>, StoreError> {
        let key = self.keys.organizations();
        let mut command = redis::cmd("SMEMBERS");
        command.arg(&key);
        let names: Vec<String> =
            read("organizations", self.door.command("organizations", &key, command).await?)?;
        names
            .into_iter()
            .map(|name| OrganizationId::new(name).map_err(|_| unreadable("an organization")))
            .collect()
    }

    /// Notes an organization, once for each process.
    pub(super) async fn note(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        if self.noted.lock().unwrap_or_else(PoisonError::into_inner).contains(organization) {
            return Ok(());
        }
        let key = self.keys.organizations();
        let mut command = redis::cmd("SADD");
        command.arg(&key).arg(organization.as_str());
        self.door.command("organizations", &key, command).await?;
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(organization.clone());
        Ok(())
    }

    /// Events are held in the order in which they expire.
    async fn sweep_held(&self, organization: &OrganizationId, now: Moment) -> Result<u64, StoreError> {
        let held = self.keys.organization(organization, OfOrganization::Held);
        self.sweep_stream(&held, "u", |until| until <= now).await
    }

    /// Index entries leave with their records, save those of visits that are still there.
    async fn sweep_index(&self, organization: &OrganizationId, oldest: Moment) -> Result<u64, StoreError> {
        let ages = self.keys.organization(organization, OfOrganization::IndexAges);
        let index = self.keys.organization(organization, OfOrganization::Index);
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(&ages).arg("-inf").arg(format!("({}", oldest.0));
        let meetings: Vec<String> = read("an index", self.door.command("an index", &ages, command).await?)?;
        let mut removed = 0;
        for meeting in meetings {
            let mut find = redis::cmd("HGET");
            find.arg(&index).arg(&meeting);
            let visit: Option<String> = read("an index", self.door.command("an index", &index, find).await?)?;
            let visit = visit.and_then(|text| VisitKey::from_text(&text));
            if let Some(visit) = visit
                && self.load(&visit).await?.is_some()
            {
                continue;
            }
            for (key, what) in [(&index, "HDEL"), (&ages, "ZREM")] {
                let mut drop = redis::cmd(what);
                drop.arg(key).arg(&meeting);
                self.door.command("an index", key, drop).await?;
            }
            removed += 1;
        }
        Ok(removed)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
