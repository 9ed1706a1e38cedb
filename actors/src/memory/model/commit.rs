//! The owner's atomic writes: a commit, and what became of updates for Epic.

use super::{Model, ShardData, Visit, Waiting, belongs};
use crate::port::store::{
    Acknowledgement, Commit, Committed, Epoch, OutboxEntry, Ownership, PARKED_KEPT, ParkedCommand, Restore,
    Restored, Seq, StoreError, StoredVisit, VisitWrite,
};
use std::collections::BTreeSet;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::commit`].
    ///
    /// # Errors
    /// Refused for a commit that contradicts itself: see [`check_commit`].
    pub fn commit(&mut self, now: Moment, commit: Commit) -> Result<Committed, StoreError> {
        check_commit(&commit)?;
        let most = self.limits.history_lines;
        let data = self.shard(commit.shard);
        if !data.is_owned_by(commit.owner, now) {
            return Ok(Committed::NotOwner);
        }
        if let Some((id, change)) = data.last_commit
            && id == commit.id
        {
            return Ok(Committed::Done { change, dropped: 0 });
        }
        if !data.is_what_was_written_last(&commit) {
            return Ok(Committed::WentBack);
        }
        let change = data.apply(now, &commit.visits, commit.owner);
        data.last_commit = Some((commit.id, change));
        data.take_in(commit.cursor, commit.outbox);
        let dropped = data.tell(now, commit.history, most);
        self.park(commit.parked);
        Ok(Committed::Done { change, dropped })
    }

    /// See [`crate::port::store::Store::restore`].
    ///
    /// # Errors
    /// Refused when a visit belongs to another shard.
    pub fn restore(&mut self, now: Moment, restore: &Restore) -> Result<Restored, StoreError> {
        check_restore(restore)?;
        let data = self.shard(restore.shard);
        if !data.is_owned_by(restore.owner, now) {
            return Ok(Restored::NotOwner);
        }
        data.change = data.change.max(restore.change);
        data.last_commit = None;
        let mut behind = 0;
        for held in &restore.visits {
            let version = data.visits.get(&held.visit).map_or(0, |visit| visit.stored.version);
            if version < held.version {
                let epoch = restore.owner.epoch;
                data.put(now, &held.visit, held.version, epoch, Some(&held.state), held.wake);
                behind += 1;
            }
        }
        Ok(Restored::Done { cursor: data.cursor, change: data.change, behind })
    }

    /// See [`crate::port::store::Store::acknowledge`].
    ///
    /// # Errors
    /// Refused when a visit belongs to another shard.
    pub fn acknowledge(
        &mut self,
        now: Moment,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Result<bool, StoreError> {
        check_acknowledgements(shard, &acknowledgements)?;
        let data = self.shards.entry(shard).or_default();
        if !data.is_owned_by(owner, now) {
            return Ok(false);
        }
        for acknowledgement in acknowledgements {
            let Acknowledgement { visit, lane, seq, attempts, records, settled } = acknowledgement;
            for record in records {
                self.records.push(record);
            }
            let place = (visit, lane, seq);
            if let Some(entry) = settled {
                let (visit, lane, _) = &place;
                data.outbox.retain(|(v, l, s), _| (v, l) != (visit, lane) || *s > seq);
                data.push(entry);
            } else if let Some(waiting) = data.outbox.get_mut(&place) {
                waiting.attempts = attempts;
            }
        }
        Ok(true)
    }

    fn park(&mut self, parked: Vec<ParkedCommand>) {
        for command in parked {
            self.last_parked += 1;
            self.parked.insert(self.last_parked, command);
        }
        while self.parked.len() > PARKED_KEPT {
            self.parked.pop_first();
        }
    }
}

impl ShardData {
    fn is_what_was_written_last(&self, commit: &Commit) -> bool {
        let version = |key: &VisitKey| self.visits.get(key).map_or(0, |visit| visit.stored.version);
        self.cursor == commit.expected_cursor
            && commit.cursor <= self.last_seq
            && commit.visits.iter().all(|write| version(&write.visit) == write.expected)
    }

    /// Writes the visits; the change number afterwards.
    fn apply(&mut self, now: Moment, writes: &[VisitWrite], owner: Ownership) -> u64 {
        for write in writes {
            let version = write.expected + 1;
            self.put(now, &write.visit, version, owner.epoch, write.state.as_deref(), write.wake);
        }
        self.change += u64::from(writes.is_empty());
        self.change
    }

    fn put(
        &mut self,
        now: Moment,
        key: &VisitKey,
        version: u64,
        epoch: Epoch,
        state: Option<&[u8]>,
        wake: Option<Moment>,
    ) {
        self.change += 1;
        if let Some(old) = self.visits.remove(key) {
            self.changed.remove(&old.stored.change);
            if let Some(wake) = old.wake {
                self.wakes.remove(&(wake, key.clone()));
            }
        }
        if let Some((_, change)) = self.gone.remove(key) {
            self.changed.remove(&change);
        }
        self.changed.insert(self.change, key.clone());
        let Some(state) = state else {
            self.gone.insert(key.clone(), (now, self.change));
            return;
        };
        if let Some(wake) = wake {
            self.wakes.insert((wake, key.clone()));
        }
        let (visit, change, state) = (key.clone(), self.change, state.to_vec());
        let stored = StoredVisit { visit, version, epoch, change, state };
        self.visits.insert(key.clone(), Visit { stored, wake });
    }

    fn take_in(&mut self, cursor: Seq, outbox: Vec<OutboxEntry>) {
        self.cursor = cursor;
        self.journal.retain(|seq, _| *seq > cursor);
        self.tries.retain(|seq, _| *seq > cursor);
        for entry in outbox {
            let waiting = Waiting { attempts: entry.attempts, payload: entry.payload };
            self.outbox.insert((entry.visit, entry.lane, entry.seq), waiting);
        }
    }
}

/// Whether a commit is one at all: every part belongs to its shard, each visit stands in it once, and the cursor does not go back. Any store
/// asks this before it looks at what it holds.
///
/// # Errors
/// Refused, with the reason.
pub fn check_commit(commit: &Commit) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for write in &commit.visits {
        belongs(&write.visit, commit.shard)?;
        if !seen.insert(&write.visit) {
            return Err(StoreError::Refused("a visit stands twice in a commit".to_owned()));
        }
    }
    let others = commit.outbox.iter().map(|entry| &entry.visit).chain(commit.parked.iter().map(|p| &p.visit));
    let others = others.chain(commit.history.iter().map(|history| &history.visit));
    for visit in others {
        belongs(visit, commit.shard)?;
    }
    if commit.cursor < commit.expected_cursor {
        return Err(StoreError::Refused("the cursor of a commit lies before the one it expects".to_owned()));
    }
    Ok(())
}

/// Whether everything that is to be restored belongs to its shard.
///
/// # Errors
/// Refused, with the reason.
pub fn check_restore(restore: &Restore) -> Result<(), StoreError> {
    restore.visits.iter().try_for_each(|held| belongs(&held.visit, restore.shard))
}

/// Whether acknowledgements belong to their shard.
///
/// # Errors
/// Refused, with the reason.
pub fn check_acknowledgements(shard: Shard, acknowledgements: &[Acknowledgement]) -> Result<(), StoreError> {
    for acknowledgement in acknowledgements {
        belongs(&acknowledgement.visit, shard)?;
        if let Some(entry) = &acknowledgement.settled {
            belongs(&entry.visit, shard)?;
        }
    }
    Ok(())
}
