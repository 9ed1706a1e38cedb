//! The event subscription: a URL that has proven itself gets events, and is asked to prove itself again every 72 hours.
//!
//! How many failures switch a subscription off is not published; six in a row are assumed.

use std::time::Duration;

use serde::Serialize;

use super::super::clock::{Clock, Millis};

/// An endpoint is challenged again after this long.
pub const CHALLENGED_EVERY: Duration = Duration::from_secs(72 * 3600);
/// After so many failed challenges in a row nothing is sent any more.
pub const FAILURES_MOST: u32 = 6;

/// The last answer to `endpoint.url_validation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Validation {
    pub status: u16,
    pub accepted: bool,
}

/// How the subscription stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The URL has answered a challenge rightly, if not the last one.
    pub validated: bool,
    /// Failed challenges since then.
    pub failures: u32,
    /// Switched off for its failures, until an administrator validates the URL again.
    pub disabled: bool,
    /// The last answer; none while one is awaited.
    #[serde(skip)]
    pub last: Option<Validation>,
    #[serde(skip)]
    next_at: Millis,
}

impl Subscription {
    /// As an administrator has set it up: the URL has proven itself.
    pub fn new(clock: Clock) -> Self {
        let next_at = clock.now() + clock.scaled_millis(CHALLENGED_EVERY);
        Self { validated: true, failures: 0, disabled: false, last: None, next_at }
    }

    /// Whether events are sent.
    pub fn sends(&self) -> bool {
        self.validated && !self.disabled
    }

    /// Whether it is time for another challenge, which this begins. None for a URL that gets nothing.
    pub fn is_due(&mut self, clock: Clock) -> bool {
        let due = self.sends() && clock.now() >= self.next_at;
        if due {
            self.next_at = clock.now() + clock.scaled_millis(CHALLENGED_EVERY);
        }
        due
    }

    /// A challenge is on its way.
    pub fn asked(&mut self) {
        self.last = None;
    }

    /// An answer to a challenge came, or none in time (status 0).
    pub fn answered(&mut self, status: u16, accepted: bool) {
        self.last = Some(Validation { status, accepted });
        if accepted {
            (self.validated, self.failures, self.disabled) = (true, 0, false);
        } else {
            self.failures += 1;
            self.disabled = self.failures >= FAILURES_MOST;
        }
    }
}
