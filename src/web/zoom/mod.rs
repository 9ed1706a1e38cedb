//! The page about an organization's Zoom account, and the one on which the way through Zoom's consent page ends.

#[cfg(test)]
mod samples;
mod words;

use askama::Template;
use jiff::Timestamp;

use super::language::Language;
use super::signed_in::SignedIn;
#[cfg(test)]
pub(super) use samples::samples;
pub use words::ConnectTrouble;
use words::ZoomWords;

/// A scope that visits need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    pub scope: &'static str,
    /// What for, in English.
    pub purpose: &'static str,
    /// Whether the token has it; `None` where no token has told.
    pub held: Option<bool>,
}

/// How the account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoomStands {
    Connected {
        since: Option<Timestamp>,
        /// The Zoom user who added the app.
        user: Option<String>,
        in_doubt: bool,
    },
    /// The app's own credentials are enough, and Zoom does not take them or does not answer.
    NoToken,
    NotYet,
    AuthenticateAgain {
        since: Timestamp,
    },
    Removed {
        since: Timestamp,
        forget_at: Timestamp,
        forgotten: bool,
    },
}

/// When Zoom last checked our webhook, which it does every 72 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookCheck {
    Never,
    Lately(Timestamp),
    Overdue(Timestamp),
}

impl WebhookCheck {
    fn at(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::Lately(at) | Self::Overdue(at) => Some(at),
        }
    }
}

/// `GET /admin/{organization}/zoom`.
#[derive(Template)]
#[template(path = "zoom.html")]
pub struct ZoomPage<'a> {
    pub language: Language,
    pub organization: &'a str,
    pub name: &'a str,
    pub test_environment: bool,
    /// An administrator adds the app; else its own credentials are enough.
    pub by_consent: bool,
    pub stands: &'a ZoomStands,
    pub account_id: &'a str,
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub webhook_url: &'a str,
    pub checked: WebhookCheck,
    pub needed: &'a [ScopeRow],
    /// Scopes that the token has and visits do not need.
    pub others: &'a [String],
    /// What came of the last button.
    pub trouble: Option<ConnectTrouble>,
    /// The reader may connect it.
    pub may_change: bool,
    pub signed_in: SignedIn,
}

/// Where the way through Zoom's consent page ends.
#[derive(Template)]
#[template(path = "zoom_result.html")]
pub struct ZoomResultPage<'a> {
    pub language: Language,
    /// The organization, where it is known.
    pub name: Option<&'a str>,
    pub trouble: Option<ConnectTrouble>,
    /// The page about the account, where this listener has it.
    pub back: Option<&'a str>,
    pub correlation_id: &'a str,
    pub signed_in: SignedIn,
}

impl ZoomPage<'_> {
    fn words(&self) -> &'static ZoomWords {
        words::of(self.language)
    }

    fn purpose(&self, row: &ScopeRow) -> &'static str {
        words::purpose(self.language, row.scope, row.purpose)
    }

    fn missing(&self) -> usize {
        self.needed.iter().filter(|row| row.held == Some(false)).count()
    }

    fn trouble_told(&self) -> Option<&'static str> {
        self.trouble.map(|trouble| words::trouble(self.language, trouble))
    }

    fn scopes_note(&self) -> &'static str {
        let words = self.words();
        if self.needed.iter().any(|row| row.held.is_none()) {
            words.scopes_unknown
        } else if self.missing() > 0 {
            words.scopes_missing
        } else {
            words.scopes_all
        }
    }

    fn is_connected(&self) -> bool {
        matches!(self.stands, ZoomStands::Connected { .. })
    }

    fn is_removed(&self) -> bool {
        matches!(self.stands, ZoomStands::Removed { .. })
    }

    fn headline(&self) -> &'static str {
        let words = self.words();
        match self.stands {
            ZoomStands::Connected { .. } => words.connected,
            ZoomStands::NoToken => words.no_token,
            ZoomStands::NotYet => words.not_yet,
            ZoomStands::AuthenticateAgain { .. } => words.authenticate_again,
            ZoomStands::Removed { .. } => words.removed,
        }
    }

    fn note(&self) -> &'static str {
        let words = self.words();
        match self.stands {
            ZoomStands::Connected { in_doubt: true, .. } => words.in_doubt,
            ZoomStands::Connected { .. } => words.connected_note,
            ZoomStands::NoToken => words.no_token_note,
            ZoomStands::NotYet => words.not_yet_note,
            ZoomStands::AuthenticateAgain { .. } => words.authenticate_again_note,
            ZoomStands::Removed { .. } if self.by_consent => words.removed_note,
            ZoomStands::Removed { .. } => words.removed_own_note,
        }
    }

    fn checked_note(&self) -> Option<&'static str> {
        let words = self.words();
        match self.checked {
            WebhookCheck::Never => Some(words.never_checked),
            WebhookCheck::Overdue(_) => Some(words.check_overdue),
            WebhookCheck::Lately(_) => None,
        }
    }

    fn since(&self) -> Option<Timestamp> {
        match self.stands {
            ZoomStands::Connected { since, .. } => *since,
            ZoomStands::AuthenticateAgain { since } | ZoomStands::Removed { since, .. } => Some(*since),
            ZoomStands::NoToken | ZoomStands::NotYet => None,
        }
    }

    fn user(&self) -> Option<&str> {
        if let ZoomStands::Connected { user: Some(user), .. } = self.stands { Some(user) } else { None }
    }

    /// When what Zoom told is forgotten, and whether it is.
    fn forgetting(&self) -> Option<(Timestamp, bool)> {
        match self.stands {
            ZoomStands::Removed { forget_at, forgotten, .. } => Some((*forget_at, *forgotten)),
            _ => None,
        }
    }
}

impl ZoomResultPage<'_> {
    fn words(&self) -> &'static ZoomWords {
        words::of(self.language)
    }

    fn told(&self) -> &'static str {
        self.trouble.map_or(self.words().now_connected_note, |trouble| words::trouble(self.language, trouble))
    }
}

fn utc(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
