//! The journal of a shard, and the way of an event that only knows its meeting.

use std::ops::ControlFlow;
use vestibule_actors::memory::check_append;
use vestibule_actors::port::store::{Appended, Hint, NewEntry, Ownership, Routed, Seq, StoreError};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::keys::{self, Kept};
use super::super::row::{HeldOrderRow, MeetingRow, Reader, TriesRow, UntilRow};
use super::super::tables::{Failure, Look, Step, Tables, Write};
use super::{Desk, read};

impl Desk<'_, '_> {
    pub(in super::super) fn append(&mut self, shard: Shard, entries: &[NewEntry]) -> Step<Appended> {
        check_append(shard, entries).map_err(Failure::Answer)?;
        let bound = self.journal_bound();
        let mut row = self.look()?.shard(shard)?;
        if entries.is_empty() {
            return Ok(Appended::Done(row.last_seq));
        }
        let more = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        if row.journal_length().saturating_add(more) > bound {
            return Ok(Appended::Full);
        }
        let tables = self.write()?;
        for entry in entries {
            tables.push(shard, &mut row, entry)?;
        }
        tables.put_shard(shard, &row)?;
        self.hints.push(Hint::Journal(shard));
        Ok(Appended::Done(row.last_seq))
    }

    pub(in super::super) fn route_or_hold(
        &mut self,
        organization: &OrganizationId,
        meeting: MeetingId,
        payload: &[u8],
    ) -> Step<Routed> {
        let indexed: Option<MeetingRow> = self.look()?.meetings.row(&keys::meeting(organization, meeting))?;
        let Some(MeetingRow { visit, .. }) = indexed else {
            return self.hold(organization, meeting, payload);
        };
        let entry = NewEntry { visit, payload: payload.to_vec() };
        let shard = Shard::of_visit(&entry.visit);
        match self.append(shard, std::slice::from_ref(&entry))? {
            Appended::Done(_) => Ok(Routed::Appended(entry.visit)),
            Appended::Full => Ok(Routed::Full),
        }
    }

    fn hold(&mut self, organization: &OrganizationId, meeting: MeetingId, payload: &[u8]) -> Step<Routed> {
        let (now, limits) = (self.now, self.limits);
        let most = u64::try_from(limits.held_events.max(1)).unwrap_or(u64::MAX);
        let tables = self.write()?;
        let (mut oldest, mut expired) = (0, 0);
        while let Some((number, first)) = tables.oldest_held(organization)?
            && first.until <= now
        {
            tables.drop_held(organization, first.meeting, number)?;
            expired += 1;
        }
        let count: u64 = tables.held_count.row_or_default(&keys::organization(organization))?;
        if count >= most
            && let Some((number, first)) = tables.oldest_held(organization)?
        {
            tables.drop_held(organization, first.meeting, number)?;
            oldest = 1;
        }
        let number = tables.next_number("last_held")?;
        let until = now + limits.held_for;
        let event = UntilRow { until, bytes: payload.to_vec() };
        tables.held.put_row(&keys::held(organization, meeting, number), &event)?;
        let order = HeldOrderRow { meeting, until };
        tables.held_order.put_row(&keys::held_order(organization, number), &order)?;
        tables.change_held_count(organization, |count| count.saturating_add(1))?;
        Ok(Routed::held(oldest, expired))
    }

    pub(in super::super) fn index_meeting(&mut self, meeting: MeetingId, visit: &VisitKey) -> Step<usize> {
        let now = self.now;
        let organization = &visit.organization;
        let place = keys::meeting(organization, meeting);
        let tables = self.look()?;
        let indexed: Option<MeetingRow> = tables.meetings.row(&place)?;
        let is_new = indexed.is_none();
        if indexed.is_some_and(|row| row.visit != *visit) {
            let why = "the meeting belongs to another visit".to_owned();
            return Err(Failure::Answer(StoreError::Refused(why)));
        }
        // What has expired leaves with the others that have, and is counted there.
        let mut held = tables.held_for(organization, meeting)?;
        held.retain(|(_, event)| event.until > now);
        if !is_new && held.is_empty() {
            return Ok(0);
        }
        let tables = self.write()?;
        if is_new {
            tables.meetings.put_row(&place, &MeetingRow { visit: visit.clone(), at: now })?;
            tables.leaving.put(&Kept::Meeting.at(now, &place), &[])?;
        }
        let shard = Shard::of_visit(visit);
        let mut row = tables.shard(shard)?;
        let mut moved = 0;
        for (number, event) in held {
            tables.drop_held(organization, meeting, number)?;
            tables.push(shard, &mut row, &NewEntry { visit: visit.clone(), payload: event.bytes })?;
            moved += 1;
        }
        tables.put_shard(shard, &row)?;
        if moved > 0 {
            self.hints.push(Hint::Journal(shard));
        }
        Ok(moved)
    }

    pub(in super::super) fn count_try(
        &mut self,
        shard: Shard,
        owner: Ownership,
        seq: Seq,
    ) -> Step<Option<u32>> {
        if !self.owns(shard, owner) {
            return Ok(None);
        }
        let key = keys::journal(shard, seq);
        if self.look()?.journal.bytes(&key)?.is_none() {
            let why = format!("the journal has no entry {}", seq.0);
            return Err(Failure::Answer(StoreError::Refused(why)));
        }
        let tables = self.write()?;
        let mut tries: TriesRow = tables.tries.row_or_default(&key)?;
        if tries.last != Some(owner.token) {
            tries.count = tries.count.saturating_add(1);
            tries.last = Some(owner.token);
            tables.tries.put_row(&key, &tries)?;
        }
        Ok(Some(tries.count))
    }
}

impl Tables<'_> {
    fn oldest_held(&self, organization: &OrganizationId) -> Step<Option<(u64, HeldOrderRow)>> {
        let prefix = keys::organization(organization);
        let mut oldest = None;
        self.held_order.scan_prefix(&prefix, |key, value| {
            let mut reader = Reader::new(key);
            reader.skip(prefix.len())?;
            oldest = Some((reader.big_endian()?, read(value)?));
            Ok(ControlFlow::Break(()))
        })?;
        Ok(oldest)
    }

    fn held_for(&self, organization: &OrganizationId, meeting: MeetingId) -> Step<Vec<(u64, UntilRow)>> {
        let prefix = keys::meeting(organization, meeting);
        let mut held = Vec::new();
        self.held.scan_prefix(&prefix, |key, value| {
            let mut reader = Reader::new(key);
            reader.skip(prefix.len())?;
            held.push((reader.big_endian()?, read(value)?));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(held)
    }

    pub(super) fn drop_held(
        &mut self,
        organization: &OrganizationId,
        meeting: MeetingId,
        number: u64,
    ) -> Step<()> {
        self.held.delete(&keys::held(organization, meeting, number))?;
        self.held_order.delete(&keys::held_order(organization, number))?;
        self.change_held_count(organization, |count| count.saturating_sub(1))
    }

    fn change_held_count(
        &mut self,
        organization: &OrganizationId,
        change: impl FnOnce(u64) -> u64,
    ) -> Step<()> {
        let key = keys::organization(organization);
        let count = change(self.held_count.row_or_default(&key)?);
        if count == 0 {
            self.held_count.delete(&key)?;
            return Ok(());
        }
        self.held_count.put_row(&key, &count)
    }

    /// Everything of all organizations that was held and has expired, at most so many.
    pub(super) fn expired_held(
        &self,
        now: Moment,
        most: usize,
    ) -> Step<Vec<(OrganizationId, MeetingId, u64)>> {
        let mut expired = Vec::new();
        self.held_order.scan(&[], None, |key, value| {
            let order: HeldOrderRow = read(value)?;
            if order.until <= now {
                let mut reader = Reader::new(key);
                let organization = OrganizationId::new(reader.zero_terminated()?)
                    .map_err(|_| Failure::Corrupt("a held event belongs to no organization"))?;
                expired.push((organization, order.meeting, reader.big_endian()?));
            }
            Ok(if expired.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(expired)
    }
}
