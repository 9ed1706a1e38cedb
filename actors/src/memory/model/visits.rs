//! Finding visits, and what waits to be done for them.

use super::{Model, outbox_entry};
use crate::port::store::{Changed, OutboxEntry, Page, ParkedCommand, Seq, StoredVisit};
use std::ops::Bound;
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::load`].
    #[must_use]
    pub fn load(&self, visit: &VisitKey) -> Option<StoredVisit> {
        self.visit(visit).map(|visit| visit.stored.clone())
    }

    /// See [`crate::port::store::Store::due`].
    #[must_use]
    pub fn due(&self, shard: Shard, until: Moment, max: usize) -> Vec<(VisitKey, Moment)> {
        let Some(data) = self.shards.get(&shard) else { return Vec::new() };
        let due = data.wakes.iter().take_while(|(at, _)| *at <= until);
        due.take(max).map(|(at, visit)| (visit.clone(), *at)).collect()
    }

    /// See [`crate::port::store::Store::outbox`].
    #[must_use]
    pub fn outbox(
        &self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Vec<OutboxEntry> {
        let Some(data) = self.shards.get(&shard) else { return Vec::new() };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = data.outbox.range((from, Bound::Unbounded));
        later.take(max).map(|(place, waiting)| outbox_entry(place, waiting)).collect()
    }

    /// See [`crate::port::store::Store::changes`].
    #[must_use]
    pub fn changes(&self) -> Vec<(Shard, u64)> {
        let committed = self.shards.iter().filter(|(_, data)| data.change > 0);
        committed.map(|(shard, data)| (*shard, data.change)).collect()
    }

    /// See [`crate::port::store::Store::changed_since`].
    #[must_use]
    pub fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Vec<Changed> {
        let Some(data) = self.shards.get(&shard) else { return Vec::new() };
        let later = data.changed.range((Bound::Excluded(change), Bound::Unbounded));
        let changed = later.take(max).map(|(change, key)| Changed {
            visit: key.clone(),
            change: *change,
            stored: data.visits.get(key).map(|visit| visit.stored.clone()),
        });
        changed.collect()
    }

    /// See [`crate::port::store::Store::visits`].
    #[must_use]
    pub fn visits(
        &self,
        organization: Option<&OrganizationId>,
        after: Option<&VisitKey>,
        limit: usize,
    ) -> Page<StoredVisit, VisitKey> {
        let limit = limit.max(1);
        let wanted = |key: &VisitKey| {
            after.is_none_or(|after| key > after)
                && organization.is_none_or(|organization| key.organization == *organization)
        };
        let mut found: Vec<&StoredVisit> = self
            .shards
            .values()
            .flat_map(|data| data.visits.values())
            .map(|visit| &visit.stored)
            .filter(|stored| wanted(&stored.visit))
            .collect();
        found.sort_by(|a, b| a.visit.cmp(&b.visit));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|stored| stored.visit.clone());
        Page { items: found.into_iter().cloned().collect(), next }
    }

    /// See [`crate::port::store::Store::drop_parked`].
    pub fn drop_parked(&mut self, visit: &VisitKey, seq: Seq) -> bool {
        let before = self.parked.len();
        self.parked.retain(|_, parked| (&parked.visit, parked.seq) != (visit, seq));
        self.parked.len() < before
    }

    /// See [`crate::port::store::Store::parked`].
    #[must_use]
    pub fn parked(&self, limit: usize) -> Vec<ParkedCommand> {
        self.parked.values().rev().take(limit).cloned().collect()
    }
}
