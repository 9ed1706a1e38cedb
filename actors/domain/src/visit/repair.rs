//! What was put right because events of Zoom's were missing, and Zoom was asked instead. Presence is never guessed: a reading only says
//! whether the meeting runs, and who was there is only asked of one that is over ([`super::attendance`]).

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
    /// Somebody had left, and perhaps others had come and left, by Zoom's list of a meeting that is over.
    Leave,
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
        self.mark_repair(missing, at);
    }

    pub(super) fn mark_repair(&mut self, missing: Missing, at: Moment) {
        if self.repairs.len() >= MOST_REPAIRS {
            self.repairs.remove(0);
        }
        self.repairs.push(Repair { missing, at });
    }
}
