//! What the store keeps of an organization's settings, as it stands there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestibule_domain::time::Moment;

use crate::settings::Values;

/// Of each version who wrote it, so many back.
pub(super) const HISTORY: usize = 100;

/// One version of an organization's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    pub head: Head,
    /// Those that are no secrets.
    pub values: Values,
    /// The secrets, each sealed for its place.
    pub secrets: BTreeMap<String, String>,
    /// The versions before, newest first; at most [`HISTORY`].
    pub history: Vec<Head>,
}

/// Who wrote a version, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub version: u64,
    /// The name of its field in the store.
    pub name: String,
    pub at: Moment,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The checks that failed, where it was saved all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forced: Vec<String>,
    /// The organization was removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// What somebody has begun to change and not saved: their own, for each organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The version on which they began; 0 where there was none.
    pub base: u64,
    pub at: Moment,
    pub values: Values,
    pub secrets: BTreeMap<String, String>,
    /// What the checks said of exactly this; none where they have not been made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// What the checks said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub at: Moment,
    pub lines: Vec<Seen>,
}

/// One line of a report of checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub check: String,
    /// `pass`, `warn` or `fail`.
    pub outcome: String,
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Checked {
    /// The checks that failed.
    pub fn failed(&self) -> Vec<String> {
        self.lines.iter().filter(|line| line.outcome == "fail").map(|line| line.check.clone()).collect()
    }
}
