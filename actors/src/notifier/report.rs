//! What a notifier reports to the store: a record per attempt, and the end of updates, which goes to the visit through its journal.

use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::effect::Update;
use vestibule_domain::lane::Follows;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::lanes::{GivenUp, LaneKey};
use crate::codec::Format;
use crate::holds::Hold;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::clock::SharedRandomness;
use crate::port::epic::{EpicAnswer, Verdict};
use crate::port::store::{Acknowledgement, NewEntry, Outcome, Ownership, Record, RecordId, UpdateId};

/// What the last record of an update says that was too old to be tried any longer.
pub const GIVEN_UP_HINT: &str =
    "Given up: Epic did not take it for as long as the settings allow (retry.give_up_after).";

/// Reports that wait to be written, one batch in flight at a time.
pub(super) struct Reports {
    waiting: Batch,
    writing: bool,
    randomness: SharedRandomness,
    format: Format,
}

/// An attempt that has ended.
pub(super) struct Attempt<'a> {
    pub(super) update: &'a Update,
    /// 1 is the first.
    pub(super) number: u32,
    pub(super) answer: &'a EpicAnswer,
    pub(super) took: Duration,
}

/// Reports by the lease that they are made under, in order.
#[derive(Default)]
pub(super) struct Batch(BTreeMap<(Shard, Ownership), Under>);

/// Reports under one lease. A hand-over waits until they are written.
struct Under {
    lease: Lease,
    _hold: Hold,
    reports: Vec<Acknowledgement>,
}

impl Reports {
    pub(super) fn new(randomness: SharedRandomness, format: Format) -> Self {
        Self { waiting: Batch::default(), writing: false, randomness, format }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.0.values().map(|under| under.reports.len()).sum()
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
        for (place, mut under) in left.0 {
            if let Some(newer) = self.waiting.0.remove(&place) {
                under.lease = newer.lease;
                under.reports.extend(newer.reports);
            }
            self.waiting.0.insert(place, under);
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
            ..self.unsent(key, update, now)
        };
        let command = match follows {
            Follows::Settled => Some(update.delivered()),
            Follows::Overtaken if outcome == Outcome::Delivered => Some(update.delivered()),
            Follows::Overtaken => Some(update.superseded()),
            Follows::Parked => Some(update.parked()),
            Follows::Retrying | Follows::DeliveredInDoubt => None,
        };
        // The attempt failed, and that it is not tried again is a decision of its own.
        let decision = (follows == Follows::Overtaken && outcome == Outcome::Retrying)
            .then(|| self.unsent(key, update, now));
        let records = [record].into_iter().chain(decision).collect();
        self.push(key, lease, update, attempt.number, records, command);
        outcome
    }

    /// An update was too old to be tried any longer.
    pub(super) fn gave_up(&mut self, given_up: &GivenUp, now: Moment) {
        let GivenUp { key, lease, update, attempts } = given_up;
        let hint = Some(GIVEN_UP_HINT.to_owned());
        let record =
            Record { attempt: *attempts, outcome: Outcome::Parked, hint, ..self.unsent(key, update, now) };
        let command = update.parked();
        self.push(key, lease, update, *attempts, vec![record], Some(command));
    }

    /// An update was replaced by a newer one before it was sent. While an older one is under way the lane is not done up to here: what
    /// becomes of that one is still to be reported, by the next owner if this one dies.
    pub(super) fn superseded(
        &mut self,
        key: &LaneKey,
        lease: &Lease,
        update: &Update,
        now: Moment,
        older_runs: bool,
    ) {
        let settled = (!older_runs).then(|| update.superseded());
        self.push(key, lease, update, 0, vec![self.unsent(key, update, now)], settled);
    }

    fn push(
        &mut self,
        key: &LaneKey,
        lease: &Lease,
        update: &Update,
        attempts: u32,
        records: Vec<Record>,
        command: Option<Command>,
    ) {
        let at = records.last().map_or(update.decided_at, |record| record.at);
        let settled = command.and_then(|command| {
            let entry = Entry { id: self.randomness.command_id(), at, command };
            let payload = self.format.encode(&entry).ok()?;
            Some(NewEntry { visit: key.0.clone(), payload })
        });
        let place = (Shard::of_visit(&key.0), lease.owner());
        let under = self.waiting.0.entry(place).or_insert_with(|| Under {
            lease: lease.clone(),
            _hold: lease.hold(),
            reports: Vec::new(),
        });
        // The same ownership may have been granted anew, and only the newest knows whether it still holds.
        under.lease = lease.clone();
        under.reports.push(Acknowledgement {
            visit: key.0.clone(),
            lane: update.lane(),
            seq: update.seq,
            attempts,
            records,
            settled,
        });
    }

    /// A record of the decision not to send.
    fn unsent(&self, key: &LaneKey, update: &Update, now: Moment) -> Record {
        let id = Uuid::from_u64_pair(self.randomness.draw(), self.randomness.draw());
        Record {
            id: RecordId(id),
            at: now,
            organization: key.0.organization.clone(),
            meeting: update.meeting,
            csn: update.csn.clone(),
            role: update.role,
            says: update.says,
            occurred_at: update.occurred_at,
            attempt: 0,
            resp_code: 0,
            epic_code: None,
            outcome: Outcome::Superseded,
            latency_ms: 0,
            hint: None,
            resend: update.resend,
            update: Some(UpdateId::of(&key.0, update)),
            attempts: None,
        }
    }
}

fn outcome_of(follows: Follows, answer: &EpicAnswer) -> Outcome {
    match (follows, &answer.verdict) {
        (Follows::Settled | Follows::DeliveredInDoubt, _) | (Follows::Overtaken, Verdict::Accepted) => {
            Outcome::Delivered
        }
        (Follows::Parked, _) | (Follows::Overtaken, Verdict::Permanent { .. }) => Outcome::Parked,
        (Follows::Retrying | Follows::Overtaken, _) => Outcome::Retrying,
    }
}

impl Batch {
    /// Writes the batch. What the store did not take is left; what belongs to a lost lease is dropped, since its new owner sends it again.
    pub(super) async fn write(self, ports: &Ports) -> Batch {
        let mut left = Batch::default();
        for ((shard, owner), under) in self.0 {
            if !under.lease.is_valid() {
                continue;
            }
            match ports.store.acknowledge(shard, owner, under.reports.clone()).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!(shard = shard.number(), "reports of a lost lease are dropped"),
                Err(error) => {
                    tracing::warn!(shard = shard.number(), %error, "reports wait for the store");
                    left.0.insert((shard, owner), under);
                }
            }
        }
        left
    }
}
