//! What was put right because events of Zoom's were missing, and Zoom was asked instead. Presence is never guessed: a reading only says
//! whether the meeting runs.

use super::Visit;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// Older ones go.
const MOST_REPAIRS: usize = 16;

/// What no event had told when Zoom was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The meeting runs.
    Start,
    /// The meeting does not run any more.
    End,
}

/// One correction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Repair {
    /// What was missing.
    pub missing: Missing,
    /// When Zoom was asked.
    pub at: Moment,
}

impl Visit {
    /// Notes that a reading changed whether the meeting is taken to run.
    pub(super) fn repaired(&mut self, lived: bool, lives: bool, at: Moment) {
        let missing = match (lived, lives) {
            (false, true) => Missing::Start,
            (true, false) => Missing::End,
            _ => return,
        };
        if self.repairs.len() >= MOST_REPAIRS {
            self.repairs.remove(0);
        }
        self.repairs.push(Repair { missing, at });
    }
}
