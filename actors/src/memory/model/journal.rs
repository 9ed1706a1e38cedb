//! The journal of a shard, and the way of an event that only knows its meeting.

use super::{Held, Indexed, Model, check_append, journal_entry};
use crate::port::store::{Appended, JournalEntry, NewEntry, Ownership, Routed, Seq, StoreError};
use std::ops::Bound;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::append`].
    ///
    /// # Errors
    /// Refused when an entry belongs to another shard.
    pub fn append(&mut self, shard: Shard, entries: Vec<NewEntry>) -> Result<Appended, StoreError> {
        check_append(shard, &entries)?;
        let most = self.limits.journal_entries;
        let data = self.shard(shard);
        if !entries.is_empty() && data.journal.len() + entries.len() > most {
            return Ok(Appended::Full);
        }
        for entry in entries {
            data.push(entry);
        }
        Ok(Appended::Done(data.last_seq))
    }

    /// See [`crate::port::store::Store::route_or_hold`].
    pub fn route_or_hold(
        &mut self,
        now: Moment,
        organization: &OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Routed {
        let limits = self.limits;
        let place = (organization.clone(), meeting);
        if let Some(Indexed { visit, .. }) = self.meetings.get(&place).cloned() {
            let data = self.shard(Shard::of_visit(&visit));
            if data.journal.len() >= limits.journal_entries {
                return Routed::Full;
            }
            data.push(NewEntry { visit: visit.clone(), payload });
            return Routed::Appended(visit);
        }
        let held = self.held.entry(organization.clone()).or_default();
        let mut expired = 0;
        while held.first_key_value().is_some_and(|(_, held)| held.until <= now) {
            held.pop_first();
            expired += 1;
        }
        let mut oldest = 0;
        if held.len() >= limits.held_events.max(1) {
            held.pop_first();
            oldest = 1;
        }
        self.last_held += 1;
        held.insert(self.last_held, Held { meeting, payload, until: now + limits.held_for });
        Routed::held(oldest, expired)
    }

    /// See [`crate::port::store::Store::index_meeting`].
    ///
    /// # Errors
    /// Refused when the meeting belongs to another visit.
    pub fn index_meeting(
        &mut self,
        now: Moment,
        meeting: MeetingId,
        visit: &VisitKey,
    ) -> Result<usize, StoreError> {
        let place = (visit.organization.clone(), meeting);
        let indexed = self.meetings.entry(place).or_insert_with(|| Indexed { visit: visit.clone(), at: now });
        if indexed.visit != *visit {
            return Err(StoreError::Refused("the meeting belongs to another visit".to_owned()));
        }
        let Some(held) = self.held.get_mut(&visit.organization) else { return Ok(0) };
        let numbers: Vec<u64> = held
            .iter()
            .filter(|(_, held)| held.meeting == meeting && held.until > now)
            .map(|(n, _)| *n)
            .collect();
        let drained: Vec<Held> = numbers.iter().filter_map(|number| held.remove(number)).collect();
        let data = self.shards.entry(Shard::of_visit(visit)).or_default();
        let mut moved = 0;
        for event in drained {
            data.push(NewEntry { visit: visit.clone(), payload: event.payload });
            moved += 1;
        }
        Ok(moved)
    }

    /// See [`crate::port::store::Store::read`].
    #[must_use]
    pub fn read(&self, shard: Shard, after: Seq, max: usize) -> Vec<JournalEntry> {
        let Some(data) = self.shards.get(&shard) else { return Vec::new() };
        let later = data.journal.range((Bound::Excluded(after), Bound::Unbounded));
        later.take(max).map(|(seq, entry)| journal_entry(*seq, entry)).collect()
    }

    /// See [`crate::port::store::Store::cursor`].
    #[must_use]
    pub fn cursor(&self, shard: Shard) -> Seq {
        self.shards.get(&shard).map_or(Seq(0), |data| data.cursor)
    }

    /// See [`crate::port::store::Store::count_try`].
    ///
    /// # Errors
    /// Refused when the journal has no such entry.
    pub fn count_try(
        &mut self,
        now: Moment,
        shard: Shard,
        owner: Ownership,
        seq: Seq,
    ) -> Result<Option<u32>, StoreError> {
        let data = self.shard(shard);
        if !data.is_owned_by(owner, now) {
            return Ok(None);
        }
        if !data.journal.contains_key(&seq) {
            return Err(StoreError::Refused(format!("the journal has no entry {}", seq.0)));
        }
        let (tries, last) = data.tries.entry(seq).or_default();
        if *last != Some(owner.token) {
            *tries = tries.saturating_add(1);
            *last = Some(owner.token);
        }
        Ok(Some(*tries))
    }
}
