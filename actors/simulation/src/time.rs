//! Time: tokio's paused clock, read as a time of day. Every node reads it through a clock of its own, which may be off.

use std::time::Duration;
use tokio::time::Instant;
use vestibule_actors::port::clock::{Clock, instant};
use vestibule_domain::time::{Moment, Span};

/// The time of day at which every run begins.
pub const DAWN: Moment = Moment(1_795_420_800_000);

/// The true time.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    began: Instant,
}

impl Time {
    /// Begins now.
    #[must_use]
    pub fn begins() -> Self {
        Self { began: instant() }
    }

    /// How long the run has gone on.
    #[must_use]
    pub fn passed(&self) -> Duration {
        instant().saturating_duration_since(self.began)
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Moment {
        DAWN + Span::from_duration(self.passed())
    }

    /// The instant that lies so long after the begin.
    #[must_use]
    pub fn at(&self, passed: Duration) -> Instant {
        self.began + passed
    }
}

/// A clock that is off by a fixed time.
#[derive(Debug)]
pub struct SkewedClock {
    time: Time,
    ahead: Span,
}

impl SkewedClock {
    /// A clock that is ahead by `ahead`, or behind where that is negative.
    #[must_use]
    pub fn new(time: Time, ahead: Span) -> Self {
        Self { time, ahead }
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Moment {
        self.time.now() + self.ahead
    }
}
