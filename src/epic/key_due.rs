//! When the key that signs is due to be replaced, in words for the log and for whoever asks.

use std::fmt;

use vestibule_domain::time::{Moment, Span};

use super::config::EpicConfig;

const DAY: Span = Span::hours(24);
/// Long enough for a change window and the two waits of a rotation.
const NOTICE: Span = Span::hours(30 * 24);

/// How far a key is from being due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyDue {
    /// Negative once it is over.
    left: Span,
}

impl KeyDue {
    /// Of a key that is due at `due_at`.
    #[must_use]
    pub fn at(due_at: Moment, now: Moment) -> Self {
        Self { left: due_at - now }
    }

    /// Whether it is time to do something about it.
    #[must_use]
    pub fn is_near(self) -> bool {
        self.left <= NOTICE
    }

    /// Seconds until it is due, negative once it is over.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.left.0.div_euclid(1000)
    }
}

impl EpicConfig {
    /// How far the key that signs is from being due; `None` without a key, or where nobody knows how old it is.
    #[must_use]
    pub fn key_due(&self, now: Moment) -> Option<KeyDue> {
        self.key_due_at.map(|due_at| KeyDue::at(due_at, now))
    }
}

impl fmt::Display for KeyDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left.0.div_euclid(DAY.0) {
            left @ 1.. => write!(f, "due in {left} days"),
            0 => f.write_str("due today"),
            over => write!(f, "due since {} days", over.saturating_neg()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_of_a_month_before_it_is_due() {
        let now = Moment(1_795_453_200_000);
        for (hours, near, words) in [
            (31 * 24, false, "due in 31 days"),
            (30 * 24, true, "due in 30 days"),
            (23, true, "due today"),
            (-1, true, "due since 1 days"),
            (-49, true, "due since 3 days"),
        ] {
            let due = KeyDue::at(now + Span::hours(hours), now);
            assert_eq!((due.is_near(), due.to_string().as_str()), (near, words));
            assert_eq!(due.seconds(), hours * 3600);
        }
    }
}
