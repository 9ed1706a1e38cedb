//! The gate in front of one organization's Epic: rate, concurrency and circuit breaker as one pure state machine.
//!
//! A store keeps one gate per organization and asks it under its own lock, so that the limits hold over all nodes together.
//! A permit that is granted and not used within [`Limits::unused`] is void: whoever holds it must ask again.

use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The settings of a gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// At most so many grants in any second; at least 1.
    pub per_second: u32,
    /// At most so many permits out at once; at least 1.
    pub concurrent: u32,
    /// So many failures in a row open the breaker; at least 1.
    pub failures: u32,
    /// An open breaker lets one probe through this often.
    pub probe_every: Span,
    /// A permit not used for this long after its grant is void.
    pub unused: Span,
    /// A permit whose holder never came back is taken back after this; longer than the request's time-out.
    pub permit_life: Span,
}

/// Names one grant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermitId(pub u64);

/// The answer to an ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Send now.
    Granted {
        /// Give it back with [`Gate::settle`].
        permit: PermitId,
        /// Void when the request has not begun by then.
        begin_by: Moment,
    },
    /// Ask again at that time, or when told that a permit came back.
    Wait {
        /// When an ask may succeed.
        until: Moment,
        /// What stands in the way.
        because: Because,
    },
}

/// What stands in the way of a grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The second is full.
    Rate,
    /// All permits are out.
    Concurrency,
    /// The breaker is open, or its probe is under way.
    Breaker,
    /// Epic asked for a pause.
    Pause,
}

/// How the holder of a permit fared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// Epic answered, in whatever way shows that it works.
    Alive,
    /// No answer, or one that shows that it does not work (5xx).
    Failed,
    /// Epic asked everybody to wait (429 with `Retry-After`).
    Pause {
        /// Until when.
        until: Moment,
    },
    /// The permit was not used.
    Unused,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Breaker {
    #[default]
    Closed,
    Open {
        probe_at: Moment,
    },
    HalfOpen {
        probe: PermitId,
    },
}

/// The state of one organization's gate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gate {
    /// Times of the last grants, oldest first; never more than the rate.
    grants: VecDeque<Moment>,
    /// Permits that are out, with the time when they are taken back.
    out: BTreeMap<PermitId, Moment>,
    next_permit: u64,
    failures_in_a_row: u32,
    breaker: Breaker,
    paused_until: Option<Moment>,
}

const SECOND: Span = Span::seconds(1);

impl Gate {
    /// Asks for leave to send one request.
    pub fn ask(&mut self, limits: &Limits, now: Moment) -> Answer {
        self.take_back_lost_permits(limits, now);
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Answer::Wait { until, because: Because::Pause };
        }
        let probing = match self.breaker {
            Breaker::Closed => false,
            Breaker::Open { probe_at } if probe_at > now => {
                return Answer::Wait { until: probe_at, because: Because::Breaker };
            }
            Breaker::Open { .. } => true,
            Breaker::HalfOpen { .. } => {
                return Answer::Wait { until: now + limits.probe_every, because: Because::Breaker };
            }
        };
        if let Some(until) = self.second_is_full_until(limits, now) {
            return Answer::Wait { until, because: Because::Rate };
        }
        if self.out.len() >= limits.concurrent as usize {
            let until = self.out.values().copied().min().unwrap_or(now + SECOND);
            return Answer::Wait { until, because: Because::Concurrency };
        }
        self.grants.push_back(now);
        self.next_permit += 1;
        let permit = PermitId(self.next_permit);
        self.out.insert(permit, now + limits.permit_life);
        if probing {
            self.breaker = Breaker::HalfOpen { probe: permit };
        }
        Answer::Granted { permit, begin_by: now + limits.unused }
    }

    /// Gives a permit back. A permit that was already taken back changes nothing but the breaker's count.
    pub fn settle(&mut self, limits: &Limits, now: Moment, permit: PermitId, how: Settled) {
        let held = self.out.remove(&permit).is_some();
        let was_probe = self.breaker == Breaker::HalfOpen { probe: permit };
        match how {
            Settled::Alive => self.alive(was_probe),
            Settled::Pause { until } => {
                self.alive(was_probe);
                self.paused_until = self.paused_until.max(Some(until));
            }
            Settled::Failed if held => self.failed(limits, now, was_probe),
            Settled::Failed => {}
            Settled::Unused if was_probe => self.breaker = Breaker::Open { probe_at: now },
            Settled::Unused => {}
        }
    }

    /// Whether the breaker keeps requests back at the moment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker != Breaker::Closed
    }

    /// How many permits are out.
    #[must_use]
    pub fn permits_out(&self) -> usize {
        self.out.len()
    }

    fn alive(&mut self, was_probe: bool) {
        self.failures_in_a_row = 0;
        // An answer to a request sent before the breaker opened proves nothing about now; only the probe closes it.
        if was_probe {
            self.breaker = Breaker::Closed;
        }
    }

    fn failed(&mut self, limits: &Limits, now: Moment, was_probe: bool) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let opens = self.breaker == Breaker::Closed && self.failures_in_a_row >= limits.failures.max(1);
        if was_probe || opens {
            self.breaker = Breaker::Open { probe_at: now + limits.probe_every };
        }
    }

    /// A holder that died never settles; its permit runs out, and a lost probe counts as a failed one.
    fn take_back_lost_permits(&mut self, limits: &Limits, now: Moment) {
        self.out.retain(|_, until| *until > now);
        if let Breaker::HalfOpen { probe } = self.breaker
            && !self.out.contains_key(&probe)
        {
            self.breaker = Breaker::Open { probe_at: now + limits.probe_every };
        }
    }

    /// A sliding window: the grant so many places back must lie a whole second in the past.
    fn second_is_full_until(&mut self, limits: &Limits, now: Moment) -> Option<Moment> {
        // A clock that went back must not close the gate for good.
        self.grants.retain(|at| *at <= now && *at + SECOND > now);
        let full = self.grants.len() >= limits.per_second.max(1) as usize;
        full.then(|| self.grants.front().map_or(now + SECOND, |first| *first + SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        per_second: 10,
        concurrent: 5,
        failures: 5,
        probe_every: Span::seconds(5),
        unused: Span::seconds(1),
        permit_life: Span::seconds(15),
    };

    fn granted(gate: &mut Gate, now: i64) -> PermitId {
        match gate.ask(&LIMITS, Moment(now)) {
            Answer::Granted { permit, .. } => permit,
            wait @ Answer::Wait { .. } => panic!("{wait:?}"),
        }
    }

    fn waits(gate: &mut Gate, now: i64) -> (i64, Because) {
        match gate.ask(&LIMITS, Moment(now)) {
            Answer::Wait { until, because } => (until.0, because),
            grant @ Answer::Granted { .. } => panic!("{grant:?}"),
        }
    }

    fn open_gate() -> Gate {
        let mut gate = Gate::default();
        for now in 0..5 {
            let permit = granted(&mut gate, now);
            gate.settle(&LIMITS, Moment(now), permit, Settled::Failed);
        }
        gate
    }

    #[test]
    fn concurrency_holds_until_a_permit_comes_back() {
        let mut gate = Gate::default();
        let permits: Vec<_> = (0..5).map(|_| granted(&mut gate, 0)).collect();
        assert_eq!(waits(&mut gate, 1), (15_000, Because::Concurrency));
        gate.settle(&LIMITS, Moment(2), permits[0], Settled::Alive);
        granted(&mut gate, 3);
    }

    #[test]
    fn a_lost_permit_is_taken_back() {
        let mut gate = Gate::default();
        for _ in 0..5 {
            granted(&mut gate, 0);
        }
        assert_eq!(waits(&mut gate, 14_999).1, Because::Concurrency);
        granted(&mut gate, 15_000);
    }

    // I11: an open breaker consumes no attempts.
    #[test]
    fn an_open_breaker_lets_one_probe_through_and_closes_on_its_answer() {
        let mut gate = open_gate();
        assert_eq!(waits(&mut gate, 4), (5_004, Because::Breaker));
        let probe = granted(&mut gate, 5_004);
        assert_eq!(waits(&mut gate, 5_005).1, Because::Breaker);
        gate.settle(&LIMITS, Moment(5_010), probe, Settled::Failed);
        assert_eq!(waits(&mut gate, 5_011), (10_010, Because::Breaker));
        let probe = granted(&mut gate, 10_010);
        gate.settle(&LIMITS, Moment(10_020), probe, Settled::Alive);
        granted(&mut gate, 10_021);
    }

    #[test]
    fn a_late_answer_does_not_close_an_open_breaker() {
        let mut gate = Gate::default();
        let late = granted(&mut gate, 0);
        for now in 1..6 {
            let permit = granted(&mut gate, now);
            gate.settle(&LIMITS, Moment(now), permit, Settled::Failed);
        }
        gate.settle(&LIMITS, Moment(7), late, Settled::Alive);
        assert!(gate.is_open());
    }

    #[test]
    fn a_probe_whose_holder_died_does_not_keep_the_breaker_half_open() {
        let mut gate = open_gate();
        granted(&mut gate, 5_004);
        assert_eq!(waits(&mut gate, 20_004), (25_004, Because::Breaker));
        granted(&mut gate, 25_004);
    }

    #[test]
    fn a_probe_that_was_not_used_is_given_to_the_next_who_asks() {
        let mut gate = open_gate();
        let probe = granted(&mut gate, 5_004);
        gate.settle(&LIMITS, Moment(5_005), probe, Settled::Unused);
        assert!(gate.is_open());
        granted(&mut gate, 5_006);
    }

    #[test]
    fn a_permit_that_was_not_used_is_no_failure_and_no_success() {
        let mut gate = Gate::default();
        for now in 0..4 {
            let permit = granted(&mut gate, now);
            gate.settle(&LIMITS, Moment(now), permit, Settled::Failed);
        }
        let unused = granted(&mut gate, 4);
        gate.settle(&LIMITS, Moment(4), unused, Settled::Unused);
        let last = granted(&mut gate, 5);
        gate.settle(&LIMITS, Moment(5), last, Settled::Failed);
        assert!(gate.is_open(), "five failures in a row");
    }

    #[test]
    fn a_lower_rate_and_a_clock_that_went_back_close_the_gate_for_a_second_at_most() {
        let mut gate = Gate::default();
        for _ in 0..5 {
            let permit = granted(&mut gate, 10_000);
            gate.settle(&LIMITS, Moment(10_000), permit, Settled::Alive);
        }
        let slower = Limits { per_second: 1, ..LIMITS };
        assert_eq!(
            gate.ask(&slower, Moment(10_500)),
            Answer::Wait { until: Moment(11_000), because: Because::Rate }
        );
        let mut earlier = gate.clone();
        assert!(matches!(earlier.ask(&slower, Moment(0)), Answer::Granted { .. }));
        assert!(matches!(gate.ask(&slower, Moment(11_000)), Answer::Granted { .. }));
    }

    #[test]
    fn a_pause_holds_everybody() {
        let mut gate = Gate::default();
        let permit = granted(&mut gate, 0);
        gate.settle(&LIMITS, Moment(1), permit, Settled::Pause { until: Moment(2_000) });
        assert_eq!(waits(&mut gate, 2), (2_000, Because::Pause));
        granted(&mut gate, 2_000);
    }

    proptest! {
        // I10: grants never exceed the organization's rate in any second.
        #[test]
        fn no_second_holds_more_grants_than_the_rate(steps in prop::collection::vec((0_i64..400, any::<bool>()), 1..400)) {
            let mut gate = Gate::default();
            let mut now = 0;
            let mut grants: Vec<i64> = Vec::new();
            for (step, fails) in steps {
                now += step;
                if let Answer::Granted { permit, .. } = gate.ask(&LIMITS, Moment(now)) {
                    grants.push(now);
                    let how = if fails { Settled::Failed } else { Settled::Alive };
                    gate.settle(&LIMITS, Moment(now), permit, how);
                }
                let second = grants.iter().filter(|at| **at > now - 1000).count();
                prop_assert!(second <= LIMITS.per_second as usize);
                prop_assert!(gate.permits_out() <= LIMITS.concurrent as usize);
            }
        }
    }
}
