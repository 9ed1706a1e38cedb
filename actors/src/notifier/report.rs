//! What a notifier reports to the store: a record per attempt, and the end of updates, which goes to the visit through its journal.

use std::collections::BTreeMap;
use std::time::Duration;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::effect::Update;
use vestibule_domain::lane::Follows;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::LaneKey;
use crate::codec;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::clock::SharedRandomness;
use crate::port::epic::{EpicAnswer, Verdict};
use crate::port::store::{Acknowledgement, NewEntry, Outcome, Record};

/// Reports that wait to be written, one batch in flight at a time.
pub(super) struct Reports {
    waiting: Batch,
    writing: bool,
    randomness: SharedRandomness,
}

/// An attempt that has ended.
pub(super) struct Attempt<'a> {
    pub(super) update: &'a Update,
    /// 1 is the first.
    pub(super) number: u32,
    pub(super) answer: &'a EpicAnswer,
    pub(super) took: Duration,
}

/// Reports by shard, in order.
#[derive(Default)]
pub(super) struct Batch(BTreeMap<Shard, (Lease, Vec<Acknowledgement>)>);

impl Reports {
    pub(super) fn new(randomness: SharedRandomness) -> Self {
        Self { waiting: Batch::default(), writing: false, randomness }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.0.values().map(|(_, reports)| reports.len()).sum()
    }

    /// The next batch, unless one is being written or nothing waits.
    pub(super) fn take(&mut self) -> Option<Batch> {
        if self.writing || self.waiting.0.is_empty() {
            return None;
        }
        self.writing = true;
        Some(std::mem::take(&mut self.waiting))
    }

    /// The batch was written, save what is left. Whether anything is.
    pub(super) fn written(&mut self, left: Batch) -> bool {
        self.writing = false;
        let failed = !left.0.is_empty();
        for (shard, (lease, mut reports)) in left.0 {
            let newer = self.waiting.0.remove(&shard);
            reports.extend(newer.into_iter().flat_map(|(_, reports)| reports));
            self.waiting.0.insert(shard, (lease, reports));
        }
        failed
    }

    /// An attempt has ended. What became of its update.
    pub(super) fn attempted(
        &mut self,
        key: &LaneKey,
        lease: &Lease,
        attempt: &Attempt<'_>,
        follows: Follows,
        now: Moment,
    ) -> Outcome {
        let (update, answer) = (attempt.update, attempt.answer);
        let outcome = outcome_of(follows, answer);
        let hint = match &answer.verdict {
            Verdict::Accepted => None,
            Verdict::Permanent { hint } => Some(hint.clone()),
            Verdict::Transient { hint, .. } | Verdict::InDoubt { hint } => hint.clone(),
        };
        let record = Record {
            attempt: attempt.number,
            resp_code: answer.resp_code,
            epic_code: answer.epic_code.clone(),
            outcome,
            latency_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            hint,
            ..unsent(key, update, now)
        };
        let (participant, seq) = (update.participant.clone(), update.seq);
        let command = match (follows, outcome) {
            (Follows::Settled, _) | (Follows::Overtaken, Outcome::Delivered) => {
                Some(Command::StatusDelivered { participant, seq, connected: update.connected })
            }
            (Follows::Overtaken, _) => Some(Command::StatusSuperseded { participant, seq }),
            (Follows::Parked, _) => Some(Command::StatusParked { participant, seq }),
            (Follows::Retrying | Follows::DeliveredInDoubt, _) => None,
        };
        self.push(key, lease, update, record, command);
        outcome
    }

    /// An update was too old to be tried any longer.
    pub(super) fn gave_up(
        &mut self,
        key: &LaneKey,
        lease: &Lease,
        update: &Update,
        attempts: u32,
        now: Moment,
    ) {
        let hint = Some(
            "Given up: Epic did not take it for as long as the settings allow (retry.give_up_after)."
                .to_owned(),
        );
        let record = Record { attempt: attempts, outcome: Outcome::Parked, hint, ..unsent(key, update, now) };
        let command = Command::StatusParked { participant: update.participant.clone(), seq: update.seq };
        self.push(key, lease, update, record, Some(command));
    }

    /// An update was replaced by a newer one before it was sent.
    pub(super) fn superseded(&mut self, key: &LaneKey, lease: &Lease, update: &Update, now: Moment) {
        let command = Command::StatusSuperseded { participant: update.participant.clone(), seq: update.seq };
        self.push(key, lease, update, unsent(key, update, now), Some(command));
    }

    fn push(
        &mut self,
        key: &LaneKey,
        lease: &Lease,
        update: &Update,
        record: Record,
        command: Option<Command>,
    ) {
        let settled = command.and_then(|command| {
            let entry = Entry { id: self.randomness.command_id(), at: record.at, command };
            let payload = codec::encode(&entry).ok()?;
            Some(NewEntry { visit: key.0.clone(), payload })
        });
        let (_, reports) =
            self.waiting.0.entry(Shard::of_visit(&key.0)).or_insert_with(|| (lease.clone(), Vec::new()));
        reports.push(Acknowledgement {
            visit: key.0.clone(),
            participant: update.participant.clone(),
            seq: update.seq,
            attempts: record.attempt,
            records: vec![record],
            settled,
        });
    }
}

fn outcome_of(follows: Follows, answer: &EpicAnswer) -> Outcome {
    match follows {
        Follows::Settled | Follows::DeliveredInDoubt => Outcome::Delivered,
        Follows::Retrying => Outcome::Retrying,
        Follows::Parked => Outcome::Parked,
        Follows::Overtaken if answer.verdict == Verdict::Accepted => Outcome::Delivered,
        Follows::Overtaken => Outcome::Superseded,
    }
}

impl Batch {
    /// Writes the batch. What the store did not take is left; what belongs to a lost lease is dropped, since its new owner sends it again.
    pub(super) async fn write(self, ports: &Ports) -> Batch {
        let mut left = Batch::default();
        for (shard, (lease, reports)) in self.0 {
            if !lease.is_valid() {
                continue;
            }
            match ports.store.acknowledge(shard, lease.owner(), reports.clone()).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!(shard = shard.number(), "reports of a lost lease are dropped"),
                Err(error) => {
                    tracing::warn!(shard = shard.number(), %error, "reports wait for the store");
                    left.0.insert(shard, (lease, reports));
                }
            }
        }
        left
    }
}

/// A record of the decision not to send.
fn unsent(key: &LaneKey, update: &Update, now: Moment) -> Record {
    Record {
        at: now,
        organization: key.0.organization.clone(),
        meeting: update.meeting,
        csn: update.csn.clone(),
        role: update.role,
        joined: update.connected,
        occurred_at: update.occurred_at,
        attempt: 0,
        resp_code: 0,
        epic_code: None,
        outcome: Outcome::Superseded,
        latency_ms: 0,
        hint: None,
    }
}
