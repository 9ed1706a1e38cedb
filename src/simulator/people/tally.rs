//! What came of a morning: counted while people act, and summed up at its end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use super::super::clock::Millis;
use super::super::zoom::{JoinRefused, PersonTruth};
use super::browser::{BrowserError, Landing};

/// What came of a morning.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MorningSummary {
    pub visits: usize,
    /// Patients who got into their meeting.
    pub joined: usize,
    /// Launches that came to nothing for the moment, after which those people pressed again.
    pub told_to_come_again: usize,
    /// Launches that ended elsewhere than they should, by what was answered.
    pub launches_failed: BTreeMap<String, usize>,
    /// Links that Zoom did not take.
    pub links_refused: BTreeMap<String, usize>,
    /// People of this morning whose light is not what is true.
    pub wrong_lights: Vec<PersonTruth>,
    pub people: usize,
    pub settled_after_millis: Millis,
}

impl MorningSummary {
    pub fn right(&self) -> bool {
        self.wrong_lights.is_empty() && self.launches_failed.is_empty() && self.links_refused.is_empty()
    }

    pub fn sentence(&self) -> String {
        let failed: usize = self.launches_failed.values().chain(self.links_refused.values()).sum();
        format!(
            "{} visits played, {} patients joined, {failed} launches or links failed, {} of {} lights are wrong.",
            self.visits,
            self.joined,
            self.wrong_lights.len(),
            self.people,
        )
    }
}

/// What is counted while people act.
#[derive(Clone, Default)]
pub(super) struct Tally(Rc<RefCell<MorningSummary>>);

impl Tally {
    pub fn summary(&self) -> MorningSummary {
        self.0.borrow().clone()
    }

    pub fn day_is_full(&self, visits: usize) {
        let why = "Epic's day is full: start the fakes afresh".to_owned();
        self.0.borrow_mut().launches_failed.insert(why, visits);
    }

    pub fn joined(&self) {
        self.0.borrow_mut().joined += 1;
    }

    pub fn told_to_come_again(&self) {
        self.0.borrow_mut().told_to_come_again += 1;
    }

    pub fn launch_failed(&self, who: &str, landing: &Result<Landing, BrowserError>) {
        let what = match landing {
            Ok(Landing::Page { status, .. }) => format!("{who}: {status}"),
            Ok(Landing::Zoom(_)) => format!("{who}: sent to Zoom at once"),
            Err(why) => format!("{who}: {why}"),
        };
        *self.0.borrow_mut().launches_failed.entry(what).or_default() += 1;
    }

    pub fn zoom_refused(&self, why: JoinRefused) {
        *self.0.borrow_mut().links_refused.entry(why.to_string()).or_default() += 1;
    }
}
