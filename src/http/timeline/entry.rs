//! One entry of a timeline, as the JSON has it and the page shows it.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_actors::port::store::{Outcome, Record};
use vestibule_domain::visit::history::Person;

use super::words;
use crate::http::names::{RoleName, spelt};
use crate::http::view::{RecordView, Time};
use crate::web::Language;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct EntryView {
    /// When: of what came through a door, when it came; of what followed from it, when that was decided; of a record, when the attempt ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// `launched`, `launch_refused`, `sent_to_zoom`, `device_tested`, `event` (of Zoom's), `repaired`, `phase`, `moved`, `meeting_made`,
    /// `meeting_gone`, `call_begun` and `call_ended` (to Zoom), `update_decided` and `update_settled` (for Epic), `record` (an attempt to tell
    /// Epic), `problem_raised`, `problem_cleared`, `end_ordered`, `ends_by_itself`, `meeting_missing`, `guest_invited`, `guest_revoked`,
    /// `guest_texted`, `guest_answered`, `named`, `act` (of an operator or provider, from the audit), `store_went_back`, `command_parked`,
    /// `left`, `unknown`; a later release may know more.
    #[schema(example = "event")]
    pub kind: &'static str,
    /// The same in words.
    #[schema(example = "Zoom told meeting.participant_joined: Patient WPR1.")]
    pub text: String,
    /// Whom it is about, where it is about somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<PersonView>,
    /// What it came to: a phase, a presence, a problem's code, the reason of a refusal, how a call or an update ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The Zoom meeting that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "85012345678")]
    pub meeting_id: Option<String>,
    /// Of an event of Zoom's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<EventView>>,
    /// Of a call to Zoom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallView>,
    /// Of an attempt to tell Epic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<RecordView>>,
    /// Of an act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<ActView>>,
    /// What is unusual about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// How the page shows it.
    #[serde(skip)]
    pub tone: &'static str,
}

/// What is unusual about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// An event of Zoom's came much later than it happened.
    Late,
    /// Zoom sent the same event before.
    Duplicate,
    /// It was found by asking Zoom, since no event had told it.
    Repaired,
    /// It is of a meeting that the visit did not have then.
    Ignored,
}

/// Somebody, by what boards show of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelinePerson)]
pub struct PersonView {
    pub role: RoleName,
    /// The id under which Epic knows them.
    #[schema(example = "WPR1")]
    pub external_id: Option<String>,
}

/// An event of Zoom's with its own times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelineEvent)]
pub struct EventView {
    /// Zoom's name for it.
    #[schema(example = "meeting.participant_joined")]
    pub name: String,
    /// Its own time, to the second.
    #[schema(value_type = String, format = DateTime)]
    pub event_at: Time,
    /// When Zoom sent it.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Time,
    /// How many seconds after its own time it came; never below 0.
    #[schema(example = 1)]
    pub came_after_s: i64,
    /// Tells the devices of a visit apart.
    #[schema(example = "3f2a91c0")]
    pub device: Option<String>,
    /// It is a telephone.
    pub phone: bool,
    /// Whether anything became different by it.
    pub changed: bool,
}

/// A call to Zoom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelineCall)]
pub struct CallView {
    #[schema(example = "create_meeting")]
    pub name: &'static str,
    /// Counts from 1. Attempts that failed alike have no entries of their own.
    pub attempt: u32,
}

/// What somebody did about the visit, as the audit has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimelineAct)]
pub struct ActView {
    #[schema(example = "meeting_ended")]
    pub action: String,
    /// Under which name of the settings, or which provider.
    #[schema(example = "help-desk")]
    pub by: Option<String>,
    /// Why, in their own words.
    pub reason: Option<String>,
    /// `done`, or a code; `begun` where nothing is known of how it ended.
    #[schema(example = "done")]
    pub outcome: String,
}

impl EntryView {
    /// An entry of a kind that has only words.
    pub(super) fn new(at: Time, kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            at,
            kind,
            text: text.into(),
            who: None,
            code: None,
            meeting_id: None,
            event: None,
            call: None,
            record: None,
            act: None,
            marks: Vec::new(),
            tone: "quiet",
        }
    }

    pub(super) fn about(self, who: &Person) -> Self {
        Self { who: Some(PersonView::from(who)), ..self }
    }

    pub(super) fn code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    pub(super) fn tone(self, tone: &'static str) -> Self {
        Self { tone, ..self }
    }

    /// An attempt to tell Epic.
    pub(super) fn of_record(language: Language, record: &Record) -> Self {
        let tone = match record.outcome {
            Outcome::Delivered => "good",
            Outcome::Retrying => "pending",
            Outcome::Parked => "bad",
            Outcome::Superseded => "quiet",
        };
        let view = RecordView::from(record);
        let text = words::record(language, record);
        let entry = Self::new(view.at, "record", text).code(spelt(view.outcome)).tone(tone);
        Self { meeting_id: view.meeting_id.clone(), record: Some(Box::new(view)), ..entry }
    }

    /// What is unusual about it, in words.
    pub fn marks_in_words(&self, language: Language) -> Vec<String> {
        let late_by_s = self.event.as_ref().map_or(0, |event| event.came_after_s);
        self.marks.iter().map(|mark| words::mark(language, *mark, late_by_s)).collect()
    }
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self { role: person.role.into(), external_id: person.id.as_ref().map(|id| id.as_str().to_owned()) }
    }
}
