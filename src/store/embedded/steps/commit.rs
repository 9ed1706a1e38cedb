//! The owner's atomic writes: a commit, and what became of updates for Epic.

use std::ops::ControlFlow;
use vestibule_actors::memory::{check_acknowledgements, check_commit, check_restore};
use vestibule_actors::port::store::{
    Acknowledgement, Commit, Committed, Hint, OutboxEntry, Ownership, PARKED_KEPT, ParkedCommand, Restore,
    Restored, Seq,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use super::super::keys::{self, Leaving};
use super::super::row::{GoneRow, OutboxRow, Reader, Row, ShardRow, VisitRow};
use super::super::tables::{Failure, Look, Step, Tables, Write};
use super::Desk;

impl Desk<'_, '_> {
    pub(in super::super) fn commit(&mut self, commit: &Commit) -> Step<Committed> {
        check_commit(commit).map_err(Failure::Answer)?;
        let shard = commit.shard;
        if !self.owns(shard, commit.owner) {
            return Ok(Committed::NotOwner);
        }
        let tables = self.look()?;
        let mut row = tables.shard(shard)?;
        if let Some((id, change)) = row.last_commit
            && id == commit.id
        {
            return Ok(Committed::Done { change, dropped: 0 });
        }
        let Some(olds) = tables.what_was_written_last(&row, commit)? else {
            return Ok(Committed::WentBack);
        };
        let (now, most) = (self.now, u64::try_from(self.limits.history_lines.max(1)).unwrap_or(u64::MAX));
        let tables = self.write()?;
        for (write, old) in commit.visits.iter().zip(olds) {
            row.change += 1;
            let written = write.state.as_ref().map(|state| VisitRow {
                version: write.expected + 1,
                epoch: commit.owner.epoch,
                change: row.change,
                wake: write.wake,
                state: state.clone(),
            });
            tables.replace(&write.visit, old, written, GoneRow { change: row.change, at: now })?;
        }
        row.change += u64::from(commit.visits.is_empty());
        row.last_commit = Some((commit.id, row.change));
        tables.trim_journal(shard, row.cursor, commit.cursor)?;
        row.cursor = commit.cursor;
        tables.put_shard(shard, &row)?;
        for entry in &commit.outbox {
            tables.put_outbox(shard, entry)?;
        }
        tables.park(&commit.parked)?;
        let dropped = tables.tell(now, &commit.history, most)?;
        self.hints.push(Hint::Changed(shard));
        Ok(Committed::Done { change: row.change, dropped })
    }

    pub(in super::super) fn restore(&mut self, restore: &Restore) -> Step<Restored> {
        check_restore(restore).map_err(Failure::Answer)?;
        let (shard, now) = (restore.shard, self.now);
        if !self.owns(shard, restore.owner) {
            return Ok(Restored::NotOwner);
        }
        let tables = self.write()?;
        let mut row = tables.shard(shard)?;
        row.change = row.change.max(restore.change);
        row.last_commit = None;
        let mut behind = 0;
        for held in &restore.visits {
            let old: Option<VisitRow> = tables.visits.row(&keys::visit(&held.visit))?;
            if old.as_ref().map_or(0, |old| old.version) < held.version {
                row.change += 1;
                behind += 1;
                let written = VisitRow {
                    version: held.version,
                    epoch: restore.owner.epoch,
                    change: row.change,
                    wake: held.wake,
                    state: held.state.clone(),
                };
                tables.replace(&held.visit, old, Some(written), GoneRow { change: row.change, at: now })?;
            }
        }
        tables.put_shard(shard, &row)?;
        self.hints.push(Hint::Changed(shard));
        Ok(Restored::Done { cursor: row.cursor, change: row.change, behind })
    }

    pub(in super::super) fn acknowledge(
        &mut self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: &[Acknowledgement],
    ) -> Step<bool> {
        check_acknowledgements(shard, acknowledgements).map_err(Failure::Answer)?;
        if !self.owns(shard, owner) {
            return Ok(false);
        }
        if acknowledgements.is_empty() {
            return Ok(true);
        }
        let tables = self.write()?;
        let mut row = tables.shard(shard)?;
        let before = row.last_seq;
        for acknowledgement in acknowledgements {
            for record in &acknowledgement.records {
                tables.push_record(record)?;
            }
            if let Some(entry) = &acknowledgement.settled {
                tables.settle_lane(shard, acknowledgement)?;
                tables.push(shard, &mut row, entry)?;
            } else {
                tables.count_attempts(shard, acknowledgement)?;
            }
        }
        if row.last_seq > before {
            tables.put_shard(shard, &row)?;
            self.hints.push(Hint::Journal(shard));
        }
        Ok(true)
    }
}

impl Tables<'_> {
    /// The visits as they stand, unless something is not what this owner wrote last.
    fn what_was_written_last(&self, row: &ShardRow, commit: &Commit) -> Step<Option<Vec<Option<VisitRow>>>> {
        if row.cursor != commit.expected_cursor || commit.cursor > row.last_seq {
            return Ok(None);
        }
        let mut olds = Vec::new();
        for write in &commit.visits {
            let old: Option<VisitRow> = self.visits.row(&keys::visit(&write.visit))?;
            if old.as_ref().map_or(0, |old| old.version) != write.expected {
                return Ok(None);
            }
            olds.push(old);
        }
        Ok(Some(olds))
    }

    /// Writes a visit, or lets it leave, where nothing or an older one stands.
    fn replace(
        &mut self,
        visit: &VisitKey,
        old: Option<VisitRow>,
        new: Option<VisitRow>,
        gone: GoneRow,
    ) -> Step<()> {
        let (key, shard) = (keys::visit(visit), Shard::of_visit(visit));
        let (old_wake, wake) = (old.as_ref().and_then(|old| old.wake), new.as_ref().and_then(|new| new.wake));
        match &old {
            Some(old) => {
                self.changed.delete(&keys::change(shard, old.change))?;
            }
            None => self.forget_gone(&key)?,
        }
        if old_wake != wake {
            if let Some(old_wake) = old_wake {
                self.wakes.delete(&keys::wake(shard, old_wake, visit))?;
            }
            if let Some(wake) = wake {
                self.wakes.put(&keys::wake(shard, wake, visit), &[])?;
            }
        }
        self.changed.put(&keys::change(shard, gone.change), &key)?;
        match new {
            Some(new) => self.visits.put_row(&key, &new),
            None => {
                self.visits.delete(&key)?;
                self.leaving.put(&Leaving::Gone.at(gone.at, &key), &[])?;
                self.gone.put_row(&key, &gone)
            }
        }
    }

    /// A visit that left is told of no more: it was long ago, or it is back.
    pub(super) fn forget_gone(&mut self, key: &[u8]) -> Step<()> {
        let Some(gone) = self.gone.row::<GoneRow>(key)? else { return Ok(()) };
        let visit = keys::read_visit(&mut Reader::new(key))?;
        self.changed.delete(&keys::change(Shard::of_visit(&visit), gone.change))?;
        self.leaving.delete(&Leaving::Gone.at(gone.at, key))?;
        self.gone.delete(key)?;
        Ok(())
    }

    fn trim_journal(&mut self, shard: Shard, from: Seq, to: Seq) -> Step<()> {
        for seq in from.0 + 1..=to.0 {
            self.journal.delete(&keys::journal(shard, Seq(seq)))?;
        }
        // Tries are counted after a crash only, so there is nearly never one.
        let mut tried = Vec::new();
        let first = keys::journal(shard, Seq(0));
        self.tries.scan(&first, Some(&keys::after(&keys::journal(shard, to))), |key, _| {
            tried.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for key in tried {
            self.tries.delete(&key)?;
        }
        Ok(())
    }

    fn put_outbox(&mut self, shard: Shard, entry: &OutboxEntry) -> Step<()> {
        let key = keys::outbox(shard, &entry.visit, &entry.lane, entry.seq);
        let row = OutboxRow { attempts: entry.attempts, payload: entry.payload.clone() };
        self.outbox.put_row(&key, &row)
    }

    /// Removes the lane's entries up to the one that is settled.
    fn settle_lane(&mut self, shard: Shard, done: &Acknowledgement) -> Step<()> {
        let last = keys::outbox(shard, &done.visit, &done.lane, done.seq);
        let mut settled = Vec::new();
        let first = keys::lane(shard, &done.visit, &done.lane);
        self.outbox.scan(&first, Some(&keys::after(&last)), |key, _| {
            settled.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for key in settled {
            self.outbox.delete(&key)?;
        }
        Ok(())
    }

    fn count_attempts(&mut self, shard: Shard, tried: &Acknowledgement) -> Step<()> {
        let key = keys::outbox(shard, &tried.visit, &tried.lane, tried.seq);
        let Some(mut row) = self.outbox.row::<OutboxRow>(&key)? else { return Ok(()) };
        row.attempts = tried.attempts;
        self.outbox.put_row(&key, &row)
    }

    fn park(&mut self, parked: &[ParkedCommand]) -> Step<()> {
        for command in parked {
            let number = self.next_number("last_parked")?;
            self.parked.put(&keys::number(number), &command.write())?;
            let kept: u64 = self.meta.row_or_default(PARKED_COUNT)?;
            let mut kept = kept + 1;
            if kept > u64::try_from(PARKED_KEPT).unwrap_or(u64::MAX) {
                self.drop_first_parked()?;
                kept -= 1;
            }
            self.meta.put_row(PARKED_COUNT, &kept)?;
        }
        Ok(())
    }

    fn drop_first_parked(&mut self) -> Step<()> {
        let mut first = None;
        self.parked.scan(&[], None, |key, _| {
            first = Some(key.to_vec());
            Ok(ControlFlow::Break(()))
        })?;
        if let Some(key) = first {
            self.parked.delete(&key)?;
        }
        Ok(())
    }
}

/// How many commands are parked.
pub(super) const PARKED_COUNT: &[u8] = b"parked_count";
