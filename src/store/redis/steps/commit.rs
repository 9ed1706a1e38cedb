//! The owner's atomic writes.

use redis::Value;
use vestibule_actors::memory::{check_acknowledgements, check_commit, check_restore};
use vestibule_actors::port::store::{
    Acknowledgement, Commit, Committed, HeldVisit, HistoryLines, OutboxEntry, Ownership, PARKED_KEPT,
    ParkedCommand, Record, Restore, Restored, Seq, StoreError, VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::{Call, read, unreadable};
use super::super::keys::{Of, lane, record, update, visit_name};
use super::super::scripts::{ACKNOWLEDGE, COMMIT, RESTORE};
use super::leases::text_of;

impl RedisStore {
    pub(in super::super) async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        check_commit(&commit)?;
        let shard = commit.shard;
        let fixed = [
            Of::Head,
            Of::Journal,
            Of::Tries,
            Of::Wakes,
            Of::Changed,
            Of::Visits,
            Of::Gone,
            Of::Outbox,
            Of::OutboxPayloads,
            Of::Parked,
            Of::Hints,
            Of::HistoriesDropped,
        ];
        // What has no lines would be told of by a key alone.
        let told = commit.history.into_iter().filter(|history| !history.lines.is_empty()).collect::<Vec<_>>();
        for history in &told {
            self.note(&history.visit.organization).await?;
        }
        let visits = commit.visits.iter().map(|write| self.keys.visit(&write.visit));
        let told_of =
            |visit: &VisitKey| [self.keys.history(visit), self.keys.histories_of(shard, &visit.organization)];
        let mut call = self
            .call(&COMMIT)
            .keys(fixed.map(|what| self.keys.shard(shard, what)))
            .keys(visits)
            .keys(told.iter().flat_map(|history| told_of(&history.visit)))
            .arg(self.publish)
            .arg(text_of(commit.owner.token))
            .number(commit.owner.epoch.0)
            .arg(commit.id.simple().to_string())
            .number(commit.expected_cursor.0)
            .number(commit.cursor.0)
            .number(PARKED_KEPT)
            .number(commit.visits.len())
            .number(commit.outbox.len())
            .number(commit.parked.len())
            .number(told.len())
            .number(self.limits.history_lines.max(1));
        call = commit.visits.into_iter().fold(call, with_visit);
        call = commit.outbox.into_iter().fold(call, with_update);
        call = commit.parked.into_iter().fold(call, with_parked);
        call = told.into_iter().fold(call, with_history);
        let answer: Vec<Value> = read("a commit", self.door.write(call).await?)?;
        match answer.as_slice() {
            [Value::Int(0)] => Ok(Committed::NotOwner),
            [Value::Int(2)] => Ok(Committed::WentBack),
            [Value::Int(1), change, dropped] => Ok(Committed::Done {
                change: read("a change number", change.clone())?,
                dropped: read("a count", dropped.clone())?,
            }),
            _ => Err(unreadable("a commit")),
        }
    }

    pub(in super::super) async fn restore(&self, restore: Restore) -> Result<Restored, StoreError> {
        check_restore(&restore)?;
        let Restore { shard, owner, change, visits } = restore;
        let fixed = [Of::Head, Of::Wakes, Of::Changed, Of::Visits, Of::Gone, Of::Hints];
        let call = self
            .call(&RESTORE)
            .keys(fixed.map(|what| self.keys.shard(shard, what)))
            .keys(visits.iter().map(|held| self.keys.visit(&held.visit)))
            .arg(self.publish)
            .arg(text_of(owner.token))
            .number(owner.epoch.0)
            .number(change);
        let call = visits.into_iter().fold(call, with_held);
        let answer: Vec<Value> = read("a restore", self.door.write(call).await?)?;
        match answer.as_slice() {
            [Value::Int(0)] => Ok(Restored::NotOwner),
            [Value::Int(1), cursor, change, behind] => Ok(Restored::Done {
                cursor: Seq(read("a cursor", cursor.clone())?),
                change: read("a change number", change.clone())?,
                behind: read("a count", behind.clone())?,
            }),
            _ => Err(unreadable("a restore")),
        }
    }

    pub(in super::super) async fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Result<bool, StoreError> {
        check_acknowledgements(shard, &acknowledgements)?;
        let fixed = [
            Of::Head,
            Of::Journal,
            Of::Outbox,
            Of::OutboxPayloads,
            Of::Records,
            Of::RecordPlaces,
            Of::Attempts,
            Of::Hints,
        ];
        let records: Vec<&Record> = acknowledgements.iter().flat_map(|a| &a.records).collect();
        for record in &records {
            self.note(&record.organization).await?;
        }
        let mut call = self
            .call(&ACKNOWLEDGE)
            .keys(fixed.map(|what| self.keys.shard(shard, what)))
            .keys(records.iter().flat_map(|record| self.index_keys(shard, record)))
            .arg(self.publish)
            .arg(text_of(owner.token))
            .number(owner.epoch.0)
            .number(records.len());
        for one in records {
            let bytes = serde_json::to_vec(one).map_err(|_| unreadable("a record"))?;
            let (update, attempts) = one.counts().map_or_else(Default::default, |(update, attempts)| {
                (update.0.to_string(), attempts.to_string())
            });
            call = call.arg(record(one.place())).arg(bytes).arg(update).arg(attempts);
        }
        call = acknowledgements.into_iter().fold(call, with_report);
        Ok(read::<i64>("an acknowledgement", self.door.write(call).await?)? == 1)
    }

    /// The lists that a record stands in besides that of all. A record without CSN or meeting has that one in their stead.
    pub(super) fn index_keys(&self, shard: Shard, record: &Record) -> [String; 3] {
        let all = || self.keys.shard(shard, Of::RecordPlaces);
        [
            self.keys.records_of_organization(shard, &record.organization),
            record.csn.as_ref().map_or_else(all, |csn| self.keys.records_of_csn(shard, csn)),
            record.meeting.map_or_else(all, |meeting| self.keys.records_of_meeting(shard, meeting)),
        ]
    }
}

fn wake(at: Option<Moment>) -> String {
    at.map(|at| at.0.to_string()).unwrap_or_default()
}

fn with_visit(call: Call, write: VisitWrite) -> Call {
    let kept = if write.state.is_some() { "1" } else { "0" };
    let call = call.arg(visit_name(&write.visit)).number(write.expected).arg(kept);
    call.arg(write.state.unwrap_or_default()).arg(wake(write.wake))
}

fn with_held(call: Call, held: HeldVisit) -> Call {
    call.arg(visit_name(&held.visit)).number(held.version).arg(held.state).arg(wake(held.wake))
}

fn with_update(call: Call, entry: OutboxEntry) -> Call {
    let mut payload = format!("{} ", entry.attempts).into_bytes();
    payload.extend_from_slice(&entry.payload);
    call.arg(update(&entry.visit, &entry.lane, entry.seq)).arg(payload)
}

fn with_parked(call: Call, parked: ParkedCommand) -> Call {
    let call = call.arg(parked.visit.to_text()).number(parked.seq.0);
    call.arg(parked.reason).number(parked.at.0).arg(parked.payload)
}

fn with_history(call: Call, history: HistoryLines) -> Call {
    let call = call.arg(visit_name(&history.visit)).number(history.lines.len());
    history.lines.into_iter().fold(call, Call::arg)
}

fn with_report(call: Call, report: Acknowledgement) -> Call {
    let place = update(&report.visit, &report.lane, report.seq);
    match report.settled {
        Some(new) => {
            let lane = lane(&report.visit, &report.lane);
            call.arg("1").arg(lane).arg(place).arg(new.visit.to_text()).arg(new.payload)
        }
        None => call.arg("0").arg("").arg(place).number(report.attempts).arg(""),
    }
}
