//! Why nothing is asked of Zoom, and what this node has counted of a connection.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use vestibule_domain::time::Moment;

use super::at_rest::Fingerprint;
use crate::zoom::scopes::{self, Needed, Wants};

/// Why an organization's Zoom account is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotConnected {
    #[error("no administrator has connected the Zoom account yet")]
    NotYet,
    #[error("the Zoom account has to be authenticated again")]
    AuthenticateAgain,
    #[error("the app was removed from the Zoom account")]
    Removed,
}

/// How refreshes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    Renewed,
    /// Zoom takes the token no more.
    Spent,
    /// Refused for another reason, or asked to wait.
    Refused,
    InDoubt,
    /// The store did not take what Zoom gave.
    Unsaved,
}

impl Refreshed {
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Renewed, "renewed"),
        (Self::Spent, "spent"),
        (Self::Refused, "refused"),
        (Self::InDoubt, "in_doubt"),
        (Self::Unsaved, "unsaved"),
    ];
}

/// What this node has seen of one organization's connection, for the metrics and the log.
#[derive(Debug, Default)]
pub struct Seen {
    /// 1 calls are made, 2 they are not, 0 nobody has looked yet.
    connected: AtomicU64,
    /// One more than the scopes that are missing; 0 where they are not known.
    missing: AtomicU64,
    refreshes: [AtomicU64; Refreshed::ALL.len()],
    removals: AtomicU64,
    /// When Zoom last checked our webhook, in milliseconds since 1970; 0 where that is not known.
    checked: AtomicI64,
    forgotten: AtomicU64,
    /// What the log has said is missing.
    told: Mutex<Option<Vec<&'static str>>>,
    /// An access token that the API refused, however young it is.
    refused: Mutex<Option<Fingerprint>>,
}

impl Seen {
    pub fn standing(&self, connected: bool) {
        self.connected.store(if connected { 1 } else { 2 }, Ordering::Relaxed);
    }

    /// Whether calls are made; `None` before the first look.
    pub fn is_connected(&self) -> Option<bool> {
        match self.connected.load(Ordering::Relaxed) {
            0 => None,
            standing => Some(standing == 1),
        }
    }

    pub fn refreshed(&self, how: Refreshed) {
        for ((kind, _), count) in Refreshed::ALL.iter().zip(&self.refreshes) {
            if *kind == how {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn refreshes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Refreshed::ALL
            .iter()
            .zip(&self.refreshes)
            .map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
    }

    /// Zoom has checked our webhook then.
    pub fn checked(&self, at: Moment) {
        self.checked.fetch_max(at.0, Ordering::Relaxed);
    }

    /// When Zoom last checked our webhook, as far as is known.
    pub fn last_checked(&self) -> Option<Moment> {
        Some(Moment(self.checked.load(Ordering::Relaxed))).filter(|at| at.0 > 0)
    }

    pub fn removed(&self) {
        self.removals.fetch_add(1, Ordering::Relaxed);
    }

    pub fn removals(&self) -> u64 {
        self.removals.load(Ordering::Relaxed)
    }

    pub fn forgot(&self, fields: u64) {
        self.forgotten.fetch_add(fields, Ordering::Relaxed);
    }

    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }

    /// Scopes that are missing, as far as a token has told.
    pub fn missing(&self) -> Option<u64> {
        self.missing.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Takes the scopes of a token in. What is missing; the log says it once.
    pub fn scopes(&self, organization: &str, wants: Wants, held: &[String]) {
        let missing: Vec<&Needed> = scopes::missing(wants, held);
        self.missing.store(missing.len() as u64 + 1, Ordering::Relaxed);
        let names: Vec<&'static str> = missing.iter().map(|needed| needed.scope()).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !missing.is_empty() && told.as_ref() != Some(&names) {
            let list = missing.iter().map(|needed| needed.to_string()).collect::<Vec<_>>().join(", ");
            tracing::error!(
                organization,
                "the Zoom app lacks scopes that visits need: {list}; add them as docs/zoom-authorization.md says"
            );
        }
        *told = Some(names);
    }

    pub fn refuse(&self, access: Fingerprint) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(access);
    }

    pub fn is_refused(&self, access: &Fingerprint) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(access)
    }
}
