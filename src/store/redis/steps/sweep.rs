//! What leaves in time. Values, leases and gates have an expiry of their own; the rest is looked through here, shard by shard.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::PoisonError;

use futures_util::future::try_join_all;
use vestibule_actors::port::store::{GONE_TOLD_FOR, Record, Retention, StoreError, Swept, UpdateId};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, OfOrganization, read_visit};
use super::super::scripts::{SWEEP_HISTORIES, SWEEP_VISITS};

/// So many are looked at and removed at once, so that others are not kept waiting.
const PAGE: usize = 500;
/// Histories that are removed at once; each may have many lines.
const HISTORIES: usize = 50;

impl RedisStore {
    pub(in super::super) async fn sweep(&self, keep: Retention) -> Result<Swept, StoreError> {
        let now = self.server_time(&self.keys.nodes()).await?;
        let mut swept = Swept::default();
        for shard in Shard::all() {
            self.lay_out_anew(shard).await?;
            swept.parked += self.sweep_shard(shard, now, &keep).await?;
        }
        let noted = self.organizations().await?;
        let all: BTreeSet<&OrganizationId> = noted.iter().chain(keep.records_of.keys()).collect();
        for organization in all {
            let oldest = keep.oldest(now, organization);
            let shards = Shard::all().map(async |shard| {
                let records = self.sweep_old_records(shard, organization, oldest).await?;
                Ok::<_, StoreError>((records, self.sweep_histories(shard, organization, oldest).await?))
            });
            for (records, histories) in try_join_all(shards).await? {
                swept.records_old += records;
                swept.histories += histories;
            }
            swept.records_above_cap +=
                self.sweep_above_cap(organization, keep.records_per_organization).await?;
            swept.held += self.sweep_held(organization, now).await?;
            swept.index += self.sweep_index(organization, oldest).await?;
        }
        Ok(swept)
    }

    /// Visits that left some time ago, and commands that were set aside long ago; how many of these.
    async fn sweep_shard(&self, shard: Shard, now: Moment, keep: &Retention) -> Result<u64, StoreError> {
        let keys = [self.keys.shard(shard, Of::Gone), self.keys.shard(shard, Of::Changed)];
        self.door.ask(self.call(&SWEEP_VISITS).keys(keys).number(GONE_TOLD_FOR.0)).await?;
        // Of whom nobody can read it leaves by the time of all.
        let oldest = |of: Option<&OrganizationId>| of.map_or(now - keep.records, |of| keep.oldest(now, of));
        self.drop_parked_where(shard, usize::MAX, keep.newest_that_leaves(now), |of, at| at < oldest(of))
            .await
    }

    /// Histories of an organization whose newest line is old.
    async fn sweep_histories(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        oldest: Moment,
    ) -> Result<u64, StoreError> {
        let all = self.keys.histories_of(shard, organization);
        let mut removed = 0;
        loop {
            let mut command = redis::cmd("ZRANGEBYSCORE");
            command.arg(&all).arg("-inf").arg(format!("({}", oldest.0)).arg("LIMIT").arg(0).arg(HISTORIES);
            let names: Vec<String> = read("histories", self.door.command("histories", &all, command).await?)?;
            if names.is_empty() {
                return Ok(removed);
            }
            let gone = self.drop_histories(shard, organization, &names, oldest).await?;
            removed += gone;
            if gone == 0 {
                return Ok(removed);
            }
        }
    }

    /// Removes those of these histories that have no line of this time or newer; how many.
    pub(super) async fn drop_histories(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        names: &[String],
        oldest: Moment,
    ) -> Result<u64, StoreError> {
        let call = self.call(&SWEEP_HISTORIES).key(self.keys.histories_of(shard, organization));
        let call = call.key(self.keys.shard(shard, Of::HistoriesDropped));
        let call = call.keys(names.iter().map(|name| self.keys.history_named(shard, name)));
        let call = names.iter().fold(call.number(oldest.0), |call, name| call.arg(name.as_str()));
        read("histories", self.door.ask(call).await?)
    }

    /// Files histories from the time in which all organizations kept them equally long.
    async fn lay_out_anew(&self, shard: Shard) -> Result<(), StoreError> {
        let before = self.keys.shard(shard, Of::Histories);
        loop {
            let mut command = redis::cmd("ZRANGEBYSCORE");
            command.arg(&before).arg("-inf").arg("+inf").arg("WITHSCORES").arg("LIMIT").arg(0).arg(PAGE);
            let found = self.door.command("histories", &before, command).await?;
            let found: Vec<(String, i64)> = read("histories", found)?;
            if found.is_empty() {
                return Ok(());
            }
            for (name, last) in &found {
                if let Some(visit) = read_visit(name) {
                    self.note(&visit.organization).await?;
                    let after = self.keys.histories_of(shard, &visit.organization);
                    let mut add = redis::cmd("ZADD");
                    add.arg(&after).arg("GT").arg(last).arg(name);
                    self.door.command("histories", &after, add).await?;
                }
                let mut drop = redis::cmd("ZREM");
                drop.arg(&before).arg(name);
                self.door.command("histories", &before, drop).await?;
            }
        }
    }

    // === streams ===

    /// Removes commands that were set aside, at most about so many; how many. They stand in the order of their times, and those of `until` and later
    /// are not looked for.
    pub(super) async fn drop_parked_where(
        &self,
        shard: Shard,
        max: usize,
        until: Moment,
        goes: impl Fn(Option<&OrganizationId>, Moment) -> bool,
    ) -> Result<u64, StoreError> {
        let key = self.keys.shard(shard, Of::Parked);
        let (mut removed, mut from) = (0, "-".to_owned());
        loop {
            let entries = self.entries(&key, &from).await?;
            let goes = |fields: &HashMap<String, Vec<u8>>| {
                let visit = text(fields, "v").and_then(|text| VisitKey::from_text(&text));
                Some(goes(visit.as_ref().map(|visit| &visit.organization), time(fields, "t")?))
            };
            let going = entries.iter().filter(|(_, fields)| goes(fields) == Some(true));
            let going: Vec<&str> = going.map(|(id, _)| id.as_str()).collect();
            removed += self.drop_entries(&key, &going).await?;
            let more = |(_, fields): &&(String, HashMap<String, Vec<u8>>)| {
                let is_early = time(fields, "t").is_none_or(|at| at < until);
                entries.len() >= PAGE && removed < count(max) && is_early
            };
            match entries.last().filter(more) {
                Some((last, _)) => from = format!("({last}"),
                None => return Ok(removed),
            }
        }
    }

    async fn entries(&self, key: &str, from: &str) -> Result<Entries, StoreError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(key).arg(from).arg("+").arg("COUNT").arg(PAGE);
        read("what is old", self.door.command("what is old", key, command).await?)
    }

    async fn drop_entries(&self, key: &str, ids: &[&str]) -> Result<u64, StoreError> {
        if !ids.is_empty() {
            let mut drop = redis::cmd("XDEL");
            drop.arg(key).arg(ids);
            self.door.command("what is old", key, drop).await?;
        }
        Ok(count(ids.len()))
    }

    // === records ===

    async fn sweep_old_records(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        oldest: Moment,
    ) -> Result<u64, StoreError> {
        let to = format!("({:020}", i128::from(oldest.0) - i128::from(i64::MIN));
        let mut removed = 0;
        loop {
            let places = self.first_records(shard, organization, &to, PAGE).await?;
            self.remove_records(shard, organization, &places).await?;
            removed += count(places.len());
            if places.len() < PAGE {
                return Ok(removed);
            }
        }
    }

    /// The places of an organization's oldest records in a shard.
    pub(super) async fn first_records(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        to: &str,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let list = self.keys.records_of_organization(shard, organization);
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(&list).arg("-").arg(to).arg("LIMIT").arg(0).arg(most);
        read("records", self.door.command("records", &list, command).await?)
    }

    /// The organization's own list last: whoever was cut off begins there again. A list that names a record which is not there is passed over
    /// meanwhile.
    pub(super) async fn remove_records(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        places: &[String],
    ) -> Result<(), StoreError> {
        if places.is_empty() {
            return Ok(());
        }
        let own = self.keys.records_of_organization(shard, organization);
        let all = self.keys.shard(shard, Of::RecordPlaces);
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let records = self.records_at(shard, places).await?;
        self.remove_attempts(shard, &records).await?;
        for record in records {
            for list in self.index_keys(shard, &record) {
                lists.entry(list).or_default().push(super::super::keys::record(record.place()));
            }
        }
        lists.remove(&own);
        lists.insert(all, places.to_vec());
        let removals = lists.into_iter().map(async |(list, places)| self.unlist(&list, &places).await);
        try_join_all(removals).await?;
        let key = self.keys.shard(shard, Of::Records);
        let mut drop = redis::cmd("HDEL");
        drop.arg(&key).arg(places);
        self.door.command("records", &key, drop).await?;
        self.unlist(&own, places).await
    }

    /// Once the record of the newest attempt leaves there is none that the count is told of. Whoever was cut off does it again.
    async fn remove_attempts(&self, shard: Shard, records: &[Record]) -> Result<(), StoreError> {
        let mut newest: BTreeMap<UpdateId, u32> = BTreeMap::new();
        for (update, attempts) in records.iter().filter_map(Record::counts) {
            let known = newest.entry(update).or_default();
            *known = attempts.max(*known);
        }
        let known = self.attempts_in(shard, &newest.keys().copied().collect::<Vec<_>>()).await?;
        let is_last = |(update, known): &(UpdateId, u32)| newest.get(update).is_some_and(|it| it >= known);
        let going: Vec<u64> = known.into_iter().filter(is_last).map(|(update, _)| update.0).collect();
        if going.is_empty() {
            return Ok(());
        }
        let key = self.keys.shard(shard, Of::Attempts);
        let mut drop = redis::cmd("HDEL");
        drop.arg(&key).arg(going);
        self.door.command("attempts", &key, drop).await.map(std::mem::drop)
    }

    async fn unlist(&self, list: &str, places: &[String]) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command.arg(list).arg(places);
        self.door.command("records", list, command).await.map(drop)
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
                self.remove_records(*shard, organization, places).await?;
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
            let places = self.first_records(shard, organization, "+", most).await?;
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
        let mut removed = 0;
        loop {
            let entries = self.entries(&held, "-").await?;
            let old = |(_, fields): &&(String, HashMap<String, Vec<u8>>)| {
                time(fields, "u").is_some_and(|until| until <= now)
            };
            let old: Vec<&str> = entries.iter().filter(old).map(|(id, _)| id.as_str()).collect();
            removed += self.drop_entries(&held, &old).await?;
            if old.len() < entries.len() || entries.len() < PAGE {
                return Ok(removed);
            }
        }
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

type Entries = Vec<(String, HashMap<String, Vec<u8>>)>;

fn text(fields: &HashMap<String, Vec<u8>>, name: &str) -> Option<String> {
    String::from_utf8(fields.get(name)?.clone()).ok()
}

fn time(fields: &HashMap<String, Vec<u8>>, name: &str) -> Option<Moment> {
    text(fields, name)?.parse().ok().map(Moment)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
