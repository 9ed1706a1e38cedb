//! What happened to a visit, on its page.

use jiff::Timestamp;

/// The timeline of a visit, by days of its organization.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TimelineSection {
    /// Where the organization is, as time zones are named.
    pub zone: String,
    /// The oldest first.
    pub days: Vec<TimelineDay>,
    /// So many older entries have left.
    pub dropped: u64,
    /// There are older records than these.
    pub more_records: bool,
    /// There may be more in the audit.
    pub more_acts: bool,
    /// Where the same is as JSON.
    pub json: String,
}

/// What happened on one day.
#[derive(Clone, PartialEq, Eq)]
pub struct TimelineDay {
    /// With its name.
    pub name: String,
    pub lines: Vec<TimelineLine>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq)]
pub struct TimelineLine {
    pub at: Timestamp,
    /// The time of day where the organization is.
    pub local: String,
    /// `good`, `pending`, `bad` or `quiet`.
    pub tone: &'static str,
    pub text: String,
    /// What is unusual about it, in a word or two.
    pub marks: Vec<String>,
    /// Of an event of Zoom's, its own time of day there.
    pub happened: Option<String>,
    /// What to check, where something is wrong; in English, as it is kept.
    pub hint: Option<String>,
}

impl TimelineSection {
    /// Adds what happened next.
    pub fn push(&mut self, day: String, line: TimelineLine) {
        match self.days.last_mut().filter(|last| last.name == day) {
            Some(last) => last.lines.push(line),
            None => self.days.push(TimelineDay { name: day, lines: vec![line] }),
        }
    }
}

impl TimelineLine {
    pub(super) fn utc(&self) -> String {
        self.at.strftime("%H:%M:%S UTC").to_string()
    }
}
