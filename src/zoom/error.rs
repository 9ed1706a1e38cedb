//! What went wrong with a call to Zoom, and what that means for an intent.

use serde_json::Value;
use vestibule_domain::intent::{CallFailure, IntentOutcome, ProblemCode, Retry};
use vestibule_domain::time::{Moment, Span};

use super::connection::NotConnected;
use crate::outbound::{Response, TokenFailure, lenient, retry_after};

/// A missing scope comes with this code and 400 or 401; some documents list 4700 for the same text.
const NO_SCOPE: i64 = 4711;
const NO_SCOPE_BY_ANOTHER_TABLE: i64 = 4700;
/// What Zoom's limit of a second asks for when it says nothing else.
const NEXT_SECOND: Span = Span::seconds(1);
/// An administrator has to do something; asked again this much later.
const FOR_AN_ADMINISTRATOR: Span = Span::seconds(60);

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// Zoom was not reached, so that nothing happened there.
    #[error("Zoom cannot be reached")]
    NotSent,
    /// The call was sent and may have had an effect: time-out, cut connection, an error of the server, an unreadable success.
    #[error("it is not known whether Zoom did it")]
    InDoubt,
    /// Our own pace leaves no place before the deadline.
    #[error("the pace of calls leaves no place in time")]
    Paced(Span),
    /// Nothing is asked of Zoom for this organization.
    #[error("{0}")]
    NotConnected(NotConnected),
    /// There is no token.
    #[error("{0}")]
    Token(TokenFailure),
    /// Zoom refused.
    #[error("Zoom refused with status {} and code {:?}", .0.status, .0.code)]
    Refused(ZoomRefusal),
}

/// A refusal. Zoom's message may name people, so that only its code is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoomRefusal {
    /// The HTTP status; some refusals come with 200.
    pub status: u16,
    /// Zoom's code. The same one means different things by call.
    pub code: Option<i64>,
    /// How long to wait, where a limit was reached.
    pub wait: Option<Wait>,
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The limit of a second, or another call about the same user: a little later it works.
    Short(Span),
    /// The limit of the day, or a long pause.
    Long(Span),
}

/// Nobody waits within a call for longer than this; it is a long wait then.
const LONGEST_SHORT: Span = Span::seconds(3);

impl ZoomRefusal {
    pub(super) fn read(response: &Response, body: Option<&Value>, now: Moment) -> Self {
        let status = response.status.as_u16();
        let code = body.and_then(|body| lenient::integer(body, "code"));
        Self { status, code, wait: (status == 429).then(|| wait(response, now)) }
    }

    pub fn has_code(&self, codes: &[i64]) -> bool {
        self.code.is_some_and(|code| codes.contains(&code))
    }

    /// Our token is fine, but the app lacks a scope.
    pub fn lacks_scope(&self) -> bool {
        matches!(self.status, 400 | 401) && self.has_code(&[NO_SCOPE, NO_SCOPE_BY_ANOTHER_TABLE])
    }

    /// The meeting is not there (any more).
    pub fn is_meeting_gone(&self) -> bool {
        self.has_code(&[3001])
    }

    fn failure(&self) -> CallFailure {
        let (problem, retry) = match (self.status, self.wait) {
            (_, Some(Wait::Short(span) | Wait::Long(span))) => {
                (ProblemCode::ZoomRateLimited, Retry::After(Some(span)))
            }
            _ if self.lacks_scope() || self.status == 401 => {
                (ProblemCode::ZoomUnauthorized, Retry::After(Some(FOR_AN_ADMINISTRATOR)))
            }
            (300..=399 | 500..=599, _) => (ProblemCode::ZoomUnavailable, Retry::After(None)),
            // Zoom itself says why, by a code; a page of something between us is no word of Zoom's and may go away by itself.
            _ if self.code.is_none() => {
                (ProblemCode::ZoomUnavailable, Retry::After(Some(FOR_AN_ADMINISTRATOR)))
            }
            _ => (ProblemCode::ZoomRefused, Retry::Never),
        };
        CallFailure { problem, retry }
    }
}

/// `X-RateLimit-Type` says which limit it was; without it the length of the wait does.
fn wait(response: &Response, now: Moment) -> Wait {
    let asked = response.header("retry-after").and_then(|value| retry_after::parse(value, now));
    let reset = || {
        let seconds: i64 = response.header("x-ratelimit-reset")?.trim().parse().ok()?;
        Some((Moment(seconds.saturating_mul(1000)) - now).clamp(Span(0), LONGEST_SHORT))
    };
    let daily =
        response.header("x-ratelimit-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("daily"));
    match asked {
        Some(span) if daily || span > LONGEST_SHORT => Wait::Long(span),
        Some(span) => Wait::Short(span),
        None if daily => Wait::Long(until_midnight(now)),
        None => Wait::Short(reset().unwrap_or(NEXT_SECOND).max(Span(100))),
    }
}

/// Zoom counts days in UTC.
pub(super) fn until_midnight(now: Moment) -> Span {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    Span(DAY - now.0.rem_euclid(DAY))
}

impl RestError {
    /// The refusal, where it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&ZoomRefusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// What follows for a call that may be repeated.
    #[must_use]
    pub fn failure(&self) -> CallFailure {
        let unavailable =
            |wait| CallFailure { problem: ProblemCode::ZoomUnavailable, retry: Retry::After(wait) };
        match self {
            Self::NotSent | Self::InDoubt | Self::Token(TokenFailure::Unavailable) => unavailable(None),
            Self::Paced(wait) => {
                CallFailure { problem: ProblemCode::ZoomRateLimited, retry: Retry::After(Some(*wait)) }
            }
            Self::Token(TokenFailure::Busy { retry_after }) => {
                CallFailure { problem: ProblemCode::ZoomRateLimited, retry: Retry::After(*retry_after) }
            }
            Self::Token(TokenFailure::Refused { .. }) => CallFailure {
                problem: ProblemCode::ZoomUnauthorized,
                retry: Retry::After(Some(FOR_AN_ADMINISTRATOR)),
            },
            Self::NotConnected(_) => CallFailure {
                problem: ProblemCode::ZoomNotConnected,
                retry: Retry::After(Some(FOR_AN_ADMINISTRATOR)),
            },
            Self::Refused(refusal) => refusal.failure(),
        }
    }

    /// What follows for a call that may be repeated.
    #[must_use]
    pub fn outcome(&self) -> IntentOutcome {
        IntentOutcome::Failed(self.failure())
    }

    /// What follows for a call that must not be repeated while it may have had an effect.
    #[must_use]
    pub fn outcome_of_post(&self) -> IntentOutcome {
        match self {
            Self::InDoubt => IntentOutcome::Ambiguous,
            other => other.outcome(),
        }
    }

    /// What follows for a call about a meeting, which may be gone.
    #[must_use]
    pub fn outcome_about_meeting(&self) -> IntentOutcome {
        match self.refusal() {
            Some(refusal) if refusal.is_meeting_gone() => IntentOutcome::MeetingGone,
            _ => self.outcome(),
        }
    }
}
