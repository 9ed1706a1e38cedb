//! The gate in front of one organization's Epic: rate, concurrency and circuit breaker as one pure state machine.
//!
//! A store keeps one gate per organization and asks it under its own lock, so that the limits hold over all nodes together.
//! A permit that is granted and not used within [`Limits::unused`] is void: whoever holds it must ask again.
//!
//! An operator may halt a gate. Then nothing passes, whoever asks, until an operator lets it go on; nothing else of its state changes meanwhile.
//!
//! The gate judges by the store's clock and answers in lengths of time, never in moments: a node counts them from before it asked, on a
//! clock of its own, so that the two clocks need not agree.

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
    /// A pause that is asked for is kept, up to this.
    pub longest_pause: Span,
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
        /// Void when the request has not begun so long after the ask.
        begin_within: Span,
    },
    /// Ask again after that time, or when told that a permit came back.
    Wait {
        /// When an ask may succeed.
        wait: Span,
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
    /// An operator has halted the gate.
    Halted,
}

/// That an operator has halted a gate. It does not end by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Halt {
    /// Who did.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// Since when.
    pub since: Moment,
}

/// How the holder of a permit fared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// Epic answered, in whatever way shows that it works.
    Alive,
    /// No answer, or one that shows that it does not work (5xx).
    Failed {
        /// How long Epic asked everybody to wait with it (503 with `Retry-After`).
        pause: Option<Span>,
    },
    /// Epic works, and asked everybody to wait (429 with `Retry-After`).
    Pause {
        /// For how long.
        pause: Span,
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
/// Whoever waits at a halted gate asks again after this: so soon it goes on once an operator says so.
const HALTED_ASKS_AGAIN: Span = SECOND;

impl Gate {
    /// Asks for leave to send one request; `halted` says whether the gate has a [`Halt`].
    pub fn ask(&mut self, limits: &Limits, halted: bool, now: Moment) -> Answer {
        if halted {
            return Answer::Wait { wait: HALTED_ASKS_AGAIN, because: Because::Halted };
        }
        self.heed_the_clock(limits, now);
        self.take_back_lost_permits(limits, now);
        let wait = |until: Moment, because| Answer::Wait { wait: until - now, because };
        if let Some(until) = self.paused_until {
            return wait(until, Because::Pause);
        }
        let probing = match self.breaker {
            Breaker::Closed => false,
            Breaker::Open { probe_at } if probe_at > now => return wait(probe_at, Because::Breaker),
            Breaker::Open { .. } => true,
            Breaker::HalfOpen { .. } => return wait(now + limits.probe_every, Because::Breaker),
        };
        if let Some(until) = self.second_is_full_until(limits, now) {
            return wait(until, Because::Rate);
        }
        if self.out.len() >= limits.concurrent as usize {
            let until = self.out.values().copied().min().unwrap_or(now + SECOND);
            return wait(until, Because::Concurrency);
        }
        self.grants.push_back(now);
        self.next_permit += 1;
        let permit = PermitId(self.next_permit);
        self.out.insert(permit, now + limits.permit_life);
        if probing {
            self.breaker = Breaker::HalfOpen { probe: permit };
        }
        Answer::Granted { permit, begin_within: limits.unused }
    }

    /// Gives a permit back. A permit that was already taken back changes nothing but the breaker's count.
    pub fn settle(&mut self, limits: &Limits, now: Moment, permit: PermitId, how: Settled) {
        let held = self.out.remove(&permit).is_some();
        let was_probe = self.breaker == Breaker::HalfOpen { probe: permit };
        match how {
            Settled::Alive => self.alive(was_probe),
            Settled::Pause { pause } => {
                self.alive(was_probe);
                self.pause(limits, now, pause);
            }
            Settled::Failed { pause } => {
                if held {
                    self.failed(limits, now, was_probe);
                }
                if let Some(pause) = pause {
                    self.pause(limits, now, pause);
                }
            }
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

    fn pause(&mut self, limits: &Limits, now: Moment, pause: Span) {
        self.paused_until = self.paused_until.max(Some(now + pause.min(limits.longest_pause)));
    }

    /// Nothing lies further ahead than it was ever put: a clock that was set back, or a store that fails over to another machine, must
    /// not close the gate for as long as the clocks differ.
    fn heed_the_clock(&mut self, limits: &Limits, now: Moment) {
        let pause = self.paused_until.filter(|until| *until > now);
        self.paused_until = pause.map(|until| until.min(now + limits.longest_pause));
        if let Breaker::Open { probe_at } = &mut self.breaker {
            *probe_at = (*probe_at).min(now + limits.probe_every);
        }
        for until in self.out.values_mut() {
            *until = (*until).min(now + limits.permit_life);
        }
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
        // A grant from the future is one of before a clock went back.
        self.grants.retain(|at| *at <= now && *at + SECOND > now);
        let full = self.grants.len() >= limits.per_second.max(1) as usize;
        full.then(|| self.grants.front().map_or(now + SECOND, |first| *first + SECOND))
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
