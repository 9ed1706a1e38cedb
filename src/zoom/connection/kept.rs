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
    /// The client id of the app, and the account that it was added to; what was kept of others counts for nothing.
    pub app: String,
    pub account: String,
    /// One more than that of what stood here before, so that a store that went back is noticed.
    #[serde(default)]
    pub generation: u64,
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
    /// As Zoom told them; none where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    pub access: AtRest,
    pub issued_at: Moment,
    /// It was fetched since Zoom refused the one before, however good that was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows_refused: bool,
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
    /// Of the token, so that an answer that comes late is still known for its successor.
    pub token: Fingerprint,
    /// An answer of Zoom's was lost before, and with it the token's successor.
    pub lost: bool,
    /// When what Zoom told of its users must be forgotten: the app may have been removed without our hearing of it.
    pub forget_at: Moment,
    /// So much was, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<u64>,
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

impl Connection {
    /// Whether it is of this app in this account.
    pub fn is_of(&self, app: &str, account: &str) -> bool {
        self.app == app && self.account == account
    }

    /// Whether the store has lost this one, and `there` was written without knowing of it. Whoever authenticated again, or removed the app,
    /// since then goes first; whoever was refused with a token that this one follows does not.
    pub fn is_lost_by(&self, there: Option<&Self>) -> bool {
        let Some(there) = there else { return true };
        let refused_without_it = match (&self.state, &there.state) {
            (State::Granted(grant), State::Spent(spent)) => spent.token != grant.refresh.fingerprint(),
            _ => false,
        };
        there.generation < self.generation && (there.since <= self.since || refused_without_it)
    }
}

impl State {
    /// Whether what Zoom told of its users is to be forgotten now.
    pub fn is_to_be_forgotten(&self, now: Moment) -> bool {
        match self {
            Self::Removed(Removed { forget_at, forgotten: None })
            | Self::Spent(Spent { forget_at, forgotten: None, .. }) => *forget_at <= now,
            _ => false,
        }
    }

    /// The same, with what was forgotten; `None` where nothing is to be.
    pub fn forgotten(&self, fields: u64) -> Option<Self> {
        match self.clone() {
            Self::Removed(Removed { forget_at, forgotten: None }) => {
                Some(Self::Removed(Removed { forget_at, forgotten: Some(fields) }))
            }
            Self::Spent(spent @ Spent { forgotten: None, .. }) => {
                Some(Self::Spent(Spent { forgotten: Some(fields), ..spent }))
            }
            _ => None,
        }
    }
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
        // A clock that was set back, or another node's that is ahead, must not keep everybody waiting.
        (attempt.began <= now && now < attempt.began + pause).then(|| attempt.began + pause - now)
    }

    /// What is left of it when Zoom refuses its refresh token.
    pub fn spent(&self, forget_at: Moment) -> Spent {
        let (token, lost) = (self.refresh.fingerprint(), self.is_in_doubt());
        Spent { token, lost, forget_at, forgotten: None }
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
            scopes: Some(vec!["a".to_owned()]),
            access: secret("access"),
            issued_at: Moment(0),
            follows_refused: false,
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
        assert_eq!(often.pause(Moment(9_999)), None, "a clock that was set back keeps nobody waiting");
        // A refusal that did nothing leaves no doubt behind, and the doubt of before where it was.
        assert!(!once.undone(false).is_in_doubt() && twice.undone(true).is_in_doubt());
        assert!(!grant().spent(now).lost && once.spent(now).lost);
    }

    #[test]
    fn a_store_that_went_back_is_told_from_one_that_went_on() {
        let connection = |generation: u64, since: i64, state: State| Connection {
            app: "client".to_owned(),
            account: "acc".to_owned(),
            generation,
            since: Moment(since),
            state,
        };
        let granted =
            |refresh: &str| State::Granted(Grant { refresh: AtRest::new(Secret::new(refresh)), ..grant() });
        let mine = connection(5, 100, granted("newest"));
        assert!(mine.is_lost_by(None) && mine.is_lost_by(Some(&connection(4, 100, granted("older")))));
        assert!(
            !mine.is_lost_by(Some(&mine)) && !mine.is_lost_by(Some(&connection(6, 100, granted("next"))))
        );
        // Authenticated again, or removed, before anybody noticed.
        assert!(!mine.is_lost_by(Some(&connection(4, 200, granted("another")))));
        let removed = State::Removed(Removed { forget_at: Moment(900), forgotten: None });
        assert!(!mine.is_lost_by(Some(&connection(4, 200, removed))));
        // Refused with the token that mine follows; or with mine.
        let spent = |state: &State| match state {
            State::Granted(grant) => State::Spent(grant.spent(Moment(900))),
            other => other.clone(),
        };
        assert!(mine.is_lost_by(Some(&connection(4, 200, spent(&granted("older"))))));
        assert!(!mine.is_lost_by(Some(&connection(4, 200, spent(&mine.state)))));
    }

    #[test]
    fn what_is_to_be_forgotten_is_forgotten_once() {
        let (due, removed) = (Moment(9), Removed { forget_at: Moment(9), forgotten: None });
        for state in [State::Removed(removed), State::Spent(grant().spent(due))] {
            assert!(!state.is_to_be_forgotten(Moment(8)) && state.is_to_be_forgotten(due));
            let after = state.forgotten(3).unwrap();
            assert!(!after.is_to_be_forgotten(due) && after.forgotten(4).is_none());
        }
        for state in [State::Open, State::Granted(grant())] {
            assert!(!state.is_to_be_forgotten(due) && state.forgotten(3).is_none());
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        for state in [
            State::Open,
            State::Granted(grant().attempted(Moment(5))),
            State::Spent(grant().spent(Moment(9))),
            State::Removed(Removed { forget_at: Moment(9), forgotten: Some(3) }),
        ] {
            let kept = Connection {
                app: "client".to_owned(),
                account: "acc".to_owned(),
                generation: 4,
                since: Moment(7),
                state,
            };
            let written = serde_json::to_vec(&kept).unwrap();
            let read: Connection = serde_json::from_slice(&written).unwrap();
            assert_eq!(serde_json::to_vec(&read).unwrap(), written);
            let shown = format!("{kept:?}");
            assert!(!shown.contains("\"refresh\"") && !shown.contains("\"access\""), "{shown}");
        }
    }
}
