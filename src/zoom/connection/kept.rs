//! What is kept of a connection, as it stands in the store.

use serde::{Deserialize, Serialize};
use vestibule_domain::time::{Moment, Span};

use super::at_rest::{AtRest, Fingerprint};

/// The pause after the first refresh without an answer; it doubles with each further one.
const FIRST_PAUSE: Span = Span(500);
/// The longest, from node to node: a token in hand lives on meanwhile.
const LONGEST_PAUSE: Span = Span::seconds(30);

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// The client id of the app; what was kept of another one counts for nothing.
    pub app: String,
    /// Since when it is so.
    pub since: Moment,
    pub state: State,
}

/// How it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// The app's own credentials are enough, and it was asked for anew after the app had been removed.
    Open,
    /// An administrator added the app.
    Granted(Grant),
    /// Zoom takes the refresh token no more.
    Spent(Spent),
    /// The app was removed from the account.
    Removed(Removed),
}

/// What Zoom granted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// The Zoom user who added the app.
    pub user: String,
    pub scopes: Vec<String>,
    pub access: AtRest,
    /// From then on another one is fetched.
    pub renew_at: Moment,
    pub usable_until: Moment,
    /// Good for one refresh.
    pub refresh: AtRest,
    /// A refresh was begun with this token and its answer is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// A refresh that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The last one.
    pub began: Moment,
    pub tries: u32,
    /// One of them may have been done at Zoom.
    pub in_doubt: bool,
}

/// A token that is of no use any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spent {
    pub user: String,
    /// Of the token, so that an answer that comes late is still known for its successor.
    pub token: Fingerprint,
    /// An answer of Zoom's was lost before, and with it the token's successor.
    pub lost: bool,
}

/// The app was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// When what Zoom told of its users must be forgotten.
    pub forget_at: Moment,
    /// So much was, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<u64>,
}

impl Grant {
    /// The same, with a refresh about to begin: what is written before Zoom is asked.
    pub fn attempted(&self, now: Moment) -> Self {
        let before = self.attempt.map_or(0, |attempt| attempt.tries);
        let attempt = Attempt { began: now, tries: before.saturating_add(1), in_doubt: true };
        Self { attempt: Some(attempt), ..self.clone() }
    }

    /// The same, once it is known that the last attempt did nothing at Zoom.
    pub fn undone(&self, in_doubt_before: bool) -> Self {
        let attempt = self.attempt.map(|attempt| Attempt { in_doubt: in_doubt_before, ..attempt });
        Self { attempt, ..self.clone() }
    }

    pub fn is_in_doubt(&self) -> bool {
        self.attempt.is_some_and(|attempt| attempt.in_doubt)
    }

    /// How long nobody should try again.
    pub fn pause(&self, now: Moment) -> Option<Span> {
        let attempt = self.attempt?;
        let doublings = attempt.tries.saturating_sub(1).min(10);
        let pause = Span(FIRST_PAUSE.0.saturating_mul(1 << doublings)).min(LONGEST_PAUSE);
        let left = attempt.began + pause - now;
        // A clock that was set back must not keep everybody waiting.
        (left > Span(0)).then(|| left.min(LONGEST_PAUSE))
    }

    /// What is left of it when Zoom refuses its refresh token.
    pub fn spent(&self) -> Spent {
        Spent { user: self.user.clone(), token: self.refresh.fingerprint(), lost: self.is_in_doubt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn grant() -> Grant {
        let secret = |text: &str| AtRest::new(Secret::new(text));
        Grant {
            user: "u1".to_owned(),
            scopes: vec!["a".to_owned()],
            access: secret("access"),
            renew_at: Moment(1_000),
            usable_until: Moment(2_000),
            refresh: secret("refresh"),
            attempt: None,
        }
    }

    #[test]
    fn an_attempt_is_remembered_and_the_next_waits_longer() {
        let now = Moment(10_000);
        assert_eq!(grant().pause(now), None);
        let once = grant().attempted(now);
        assert!(once.is_in_doubt());
        assert_eq!(once.pause(now), Some(FIRST_PAUSE));
        assert_eq!(once.pause(now + FIRST_PAUSE), None);
        let twice = once.attempted(now);
        assert_eq!(twice.pause(now), Some(Span(1_000)));
        let often = (0..40).fold(grant(), |grant, _| grant.attempted(now));
        assert_eq!(often.pause(now), Some(LONGEST_PAUSE));
        assert_eq!(often.pause(Moment(0)), Some(LONGEST_PAUSE), "whatever the clock says");
        // A refusal that did nothing leaves no doubt behind, and the doubt of before where it was.
        assert!(!once.undone(false).is_in_doubt() && twice.undone(true).is_in_doubt());
        assert!(!grant().spent().lost && once.spent().lost);
    }

    #[test]
    fn what_is_kept_comes_back() {
        for state in [
            State::Open,
            State::Granted(grant().attempted(Moment(5))),
            State::Spent(grant().spent()),
            State::Removed(Removed { forget_at: Moment(9), forgotten: Some(3) }),
        ] {
            let kept = Connection { app: "client".to_owned(), since: Moment(7), state };
            let written = serde_json::to_vec(&kept).unwrap();
            let read: Connection = serde_json::from_slice(&written).unwrap();
            assert_eq!(serde_json::to_vec(&read).unwrap(), written);
            let shown = format!("{kept:?}");
            assert!(!shown.contains("\"refresh\"") && !shown.contains("\"access\""), "{shown}");
        }
    }
}
