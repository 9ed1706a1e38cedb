//! Finding visits, and what waits to be done for them.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use vestibule_actors::port::store::{
    Changed, Epoch, History, OutboxEntry, PARKED_KEPT, Page, ParkedCommand, Seq, StoreError, StoredVisit,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, read_update, read_visit, update, visit_name};

/// A visit's version, epoch and state.
type Row = (Option<u64>, Option<u64>, Option<Vec<u8>>);

impl RedisStore {
    pub(in super::super) async fn load(&self, visit: &VisitKey) -> Result<Option<StoredVisit>, StoreError> {
        let change = self.change_of(visit).await?;
        self.stored(visit, change).await
    }

    async fn change_of(&self, visit: &VisitKey) -> Result<u64, StoreError> {
        let changed = self.keys.shard(Shard::of_visit(visit), Of::Changed);
        let mut command = redis::cmd("ZSCORE");
        command.arg(&changed).arg(visit_name(visit));
        let change: Option<f64> =
            read("a change number", self.door.command("load", &changed, command).await?)?;
        Ok(whole(change.unwrap_or(0.0)))
    }

    async fn stored(&self, visit: &VisitKey, change: u64) -> Result<Option<StoredVisit>, StoreError> {
        let key = self.keys.visit(visit);
        let mut command = redis::cmd("HMGET");
        command.arg(&key).arg(&["version", "epoch", "state"]);
        match read::<Row>("a visit", self.door.command("load", &key, command).await?)? {
            (Some(version), Some(epoch), Some(state)) => {
                let (visit, epoch) = (visit.clone(), Epoch(epoch));
                Ok(Some(StoredVisit { visit, version, epoch, change, state }))
            }
            (None, None, None) => Ok(None),
            _ => Err(unreadable("a visit")),
        }
    }

    pub(in super::super) async fn due(
        &self,
        shard: Shard,
        until: Moment,
        max: usize,
    ) -> Result<Vec<(VisitKey, Moment)>, StoreError> {
        let wakes = self.keys.shard(shard, Of::Wakes);
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(&wakes).arg("-inf").arg(until.0).arg("WITHSCORES").arg("LIMIT").arg(0).arg(max);
        let due: Vec<(String, f64)> = read("wake-ups", self.door.command("due", &wakes, command).await?)?;
        let due = due.into_iter().map(|(name, at)| Some((read_visit(&name)?, moment(at))));
        due.collect::<Option<_>>().ok_or_else(|| unreadable("a wake-up"))
    }

    pub(in super::super) async fn outbox(
        &self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let outbox = self.keys.shard(shard, Of::Outbox);
        let from = after
            .map_or_else(|| "-".to_owned(), |(visit, lane, seq)| format!("({}", update(&visit, &lane, seq)));
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(&outbox).arg(from).arg("+").arg("LIMIT").arg(0).arg(max);
        let places: Vec<String> = read("an outbox", self.door.command("outbox", &outbox, command).await?)?;
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.keys.shard(shard, Of::OutboxPayloads);
        let mut command = redis::cmd("HMGET");
        command.arg(&key).arg(&places);
        let payloads: Vec<Option<Vec<u8>>> =
            read("an outbox", self.door.command("outbox", &key, command).await?)?;
        // What was settled between the two questions has no payload any more.
        let found = places.iter().zip(payloads).filter_map(|(place, payload)| Some((place, payload?)));
        found.map(|(place, payload)| outbox_entry(place, &payload)).collect()
    }

    pub(in super::super) async fn changes(&self) -> Result<Vec<(Shard, u64)>, StoreError> {
        let changes = Shard::all().map(async |shard| {
            let head = self.keys.shard(shard, Of::Head);
            let mut command = redis::cmd("HGET");
            command.arg(&head).arg("change");
            let change: Option<u64> =
                read("a change number", self.door.command("changes", &head, command).await?)?;
            Ok::<_, StoreError>((shard, change.unwrap_or(0)))
        });
        let changes = try_join_all(changes).await?;
        Ok(changes.into_iter().filter(|(_, change)| *change > 0).collect())
    }

    pub(in super::super) async fn changed_since(
        &self,
        shard: Shard,
        change: u64,
        max: usize,
    ) -> Result<Vec<Changed>, StoreError> {
        let key = self.keys.shard(shard, Of::Changed);
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command
            .arg(&key)
            .arg(format!("({change}"))
            .arg("+inf")
            .arg("WITHSCORES")
            .arg("LIMIT")
            .arg(0)
            .arg(max);
        let changed: Vec<(String, f64)> =
            read("changes", self.door.command("changes", &key, command).await?)?;
        // A visit that changes between the two questions comes once more, under its later number.
        let loaded = changed.into_iter().map(async |(name, change)| {
            let (visit, change) = (read_visit(&name).ok_or_else(|| unreadable("a change"))?, whole(change));
            let stored = self.stored(&visit, change).await?;
            Ok::<_, StoreError>(Changed { visit, change, stored })
        });
        try_join_all(loaded).await
    }

    /// Every shard answers its first ones, and the first of all are taken.
    pub(in super::super) async fn visits(
        &self,
        organization: Option<&OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Result<Page<StoredVisit, VisitKey>, StoreError> {
        let limit = limit.max(1);
        let from = match (&after, organization) {
            (Some(after), _) => format!("({}", visit_name(after)),
            (None, Some(organization)) => format!("[{organization} "),
            (None, None) => "-".to_owned(),
        };
        // The blank behind the organization is followed by the next character.
        let to = organization.map_or_else(|| "+".to_owned(), |organization| format!("({organization}!"));
        let found = Shard::all().map(async |shard| {
            let key = self.keys.shard(shard, Of::Visits);
            let mut command = redis::cmd("ZRANGEBYLEX");
            command.arg(&key).arg(&from).arg(&to).arg("LIMIT").arg(0).arg(limit + 1);
            read::<Vec<String>>("visits", self.door.command("visits", &key, command).await?)
        });
        let mut names: Vec<String> = try_join_all(found).await?.into_iter().flatten().collect();
        names.sort();
        let more = names.len() > limit;
        names.truncate(limit);
        let visits = names.iter().map(|name| read_visit(name)).collect::<Option<Vec<_>>>();
        let visits = visits.ok_or_else(|| unreadable("a visit's name"))?;
        let next = visits.last().filter(|_| more).cloned();
        let items = try_join_all(visits.iter().map(|visit| self.load(visit))).await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    }

    pub(in super::super) async fn history(&self, visit: &VisitKey) -> Result<History, StoreError> {
        let (key, shard) = (self.keys.history(visit), Shard::of_visit(visit));
        let mut command = redis::cmd("LRANGE");
        command.arg(&key).arg(0).arg(-1);
        let lines: Vec<Vec<u8>> = read("a history", self.door.command("a history", &key, command).await?)?;
        let key = self.keys.shard(shard, Of::HistoriesDropped);
        let mut command = redis::cmd("HGET");
        command.arg(&key).arg(visit_name(visit));
        let dropped: Option<u64> = read("a history", self.door.command("a history", &key, command).await?)?;
        Ok(History { dropped: dropped.unwrap_or(0), lines })
    }

    pub(in super::super) async fn parked(&self, limit: usize) -> Result<Vec<ParkedCommand>, StoreError> {
        let parked = Shard::all().map(async |shard| {
            let entries = self.parked_in(shard, limit.clamp(1, PARKED_KEPT)).await?;
            entries.into_iter().map(|(id, parked)| Ok((place_in_time(&id)?, parked))).collect()
        });
        let parked: Vec<Vec<_>> = try_join_all(parked).await?;
        let mut parked: Vec<((u64, u64), ParkedCommand)> = parked.into_iter().flatten().collect();
        parked.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        Ok(parked.into_iter().take(limit).map(|(_, parked)| parked).collect())
    }

    /// The newest of a shard, with their ids in its stream.
    async fn parked_in(
        &self,
        shard: Shard,
        limit: usize,
    ) -> Result<Vec<(String, ParkedCommand)>, StoreError> {
        let key = self.keys.shard(shard, Of::Parked);
        let mut command = redis::cmd("XREVRANGE");
        command.arg(&key).arg("+").arg("-").arg("COUNT").arg(limit);
        let entries = self.door.command("parked commands", &key, command).await?;
        let entries: Vec<(String, HashMap<String, Vec<u8>>)> = read("parked commands", entries)?;
        entries.into_iter().map(|(id, fields)| Ok((id, parked_command(fields)?))).collect()
    }

    pub(in super::super) async fn drop_parked(&self, visit: &VisitKey, seq: Seq) -> Result<bool, StoreError> {
        let shard = Shard::of_visit(visit);
        let parked = self.parked_in(shard, PARKED_KEPT).await?;
        let is_it = |parked: &ParkedCommand| parked.visit == *visit && parked.seq == seq;
        let found: Vec<String> =
            parked.into_iter().filter(|(_, parked)| is_it(parked)).map(|(id, _)| id).collect();
        if found.is_empty() {
            return Ok(false);
        }
        let key = self.keys.shard(shard, Of::Parked);
        let mut drop = redis::cmd("XDEL");
        drop.arg(&key).arg(&found);
        let dropped: u64 = read("parked commands", self.door.command("parked commands", &key, drop).await?)?;
        Ok(dropped > 0)
    }
}

fn outbox_entry(place: &str, payload: &[u8]) -> Result<OutboxEntry, StoreError> {
    let bad = || unreadable("an outbox");
    let (visit, lane, seq) = read_update(place).ok_or_else(bad)?;
    let blank = payload.iter().position(|byte| *byte == b' ').ok_or_else(bad)?;
    let (attempts, rest) = payload.split_at(blank);
    let attempts = std::str::from_utf8(attempts).ok().and_then(|text| text.parse().ok()).ok_or_else(bad)?;
    let payload = rest.get(1..).unwrap_or_default().to_vec();
    Ok(OutboxEntry { visit, lane, seq, attempts, payload })
}

/// A stream's id in two numbers.
fn place_in_time(id: &str) -> Result<(u64, u64), StoreError> {
    let (at, number) = id.split_once('-').ok_or_else(|| unreadable("a parked command"))?;
    at.parse().ok().zip(number.parse().ok()).ok_or_else(|| unreadable("a parked command"))
}

fn parked_command(mut fields: HashMap<String, Vec<u8>>) -> Result<ParkedCommand, StoreError> {
    let bad = || unreadable("a parked command");
    let mut bytes = |field: &str| fields.remove(field).ok_or_else(bad);
    let payload = bytes("p")?;
    let mut text = |field: &str| String::from_utf8(bytes(field)?).map_err(|_| bad());
    Ok(ParkedCommand {
        seq: Seq(text("s")?.parse().map_err(|_| bad())?),
        visit: VisitKey::from_text(&text("v")?).ok_or_else(bad)?,
        payload,
        reason: text("r")?,
        at: Moment(text("t")?.parse().map_err(|_| bad())?),
    })
}

/// Redis keeps scores as floating numbers, in which every whole number up to 2^53 has its place.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are whole and in bounds")]
fn whole(score: f64) -> u64 {
    score.max(0.0) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "scores are whole and in bounds")]
fn moment(score: f64) -> Moment {
    Moment(score as i64)
}
