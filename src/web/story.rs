//! The page of one visit, for operators.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::language::Language;
use super::signed_in::SignedIn;
use super::timeline::TimelineSection;
use super::tools::{Choice, DeviceLine, PersonLine};

/// What came of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryNote {
    Identified,
    Ended,
    Revoked,
    /// There is nothing to end.
    NoMeeting,
    /// Of this visit there is no such link.
    NoLink,
    /// It is durable, and the visit has not decided so far.
    NotYet,
    /// Whoever was meant has left.
    NotHere,
    MadeAgain,
    /// There has been no meeting, or one is being made.
    NothingToMakeAgain,
    PeopleInside,
    /// The visit is over, or was called off.
    Over,
    TooManyMeetings,
    SentAgain,
    Dropped,
    CommandDropped,
    /// There is no such update or command.
    NotParked,
}

impl StoryNote {
    const ALL: [Self; 16] = [
        Self::Identified,
        Self::Ended,
        Self::Revoked,
        Self::NoMeeting,
        Self::NoLink,
        Self::NotYet,
        Self::NotHere,
        Self::MadeAgain,
        Self::NothingToMakeAgain,
        Self::PeopleInside,
        Self::Over,
        Self::TooManyMeetings,
        Self::SentAgain,
        Self::Dropped,
        Self::CommandDropped,
        Self::NotParked,
    ];

    /// Whether what was asked for is done.
    pub fn is_done(self) -> bool {
        matches!(
            self,
            Self::Identified
                | Self::Ended
                | Self::Revoked
                | Self::MadeAgain
                | Self::SentAgain
                | Self::Dropped
                | Self::CommandDropped
        )
    }

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Identified => "identified",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
            Self::NoMeeting => "no-meeting",
            Self::NoLink => "no-link",
            Self::NotYet => "not-yet",
            Self::NotHere => "not-here",
            Self::MadeAgain => "made-again",
            Self::NothingToMakeAgain => "nothing-to-make-again",
            Self::PeopleInside => "people-inside",
            Self::Over => "over",
            Self::TooManyMeetings => "too-many-meetings",
            Self::SentAgain => "sent-again",
            Self::Dropped => "dropped",
            Self::CommandDropped => "command-dropped",
            Self::NotParked => "not-parked",
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.code() == code)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Identified => "Saved. The light follows.",
            Self::Ended => "The meeting is being ended for everybody. Load this page again in a moment.",
            Self::Revoked => {
                "The link is taken back. Whoever has come by it is still there; the host can remove them."
            }
            Self::NoMeeting => "There is no meeting to end.",
            Self::NoLink => "This visit has no such link. Nothing was changed.",
            Self::NotYet => "Saved. It is not carried out so far: load this page again in a moment.",
            Self::NotHere => {
                "They have left, or the person takes no part in this visit. Nothing was changed."
            }
            Self::MadeAgain => {
                "Another meeting is being made, and the old one is deleted. Whoever waits on our page goes on to the new one when it is started."
            }
            Self::NothingToMakeAgain => {
                "There is no meeting to make again: none was made so far, or one is being made. A provider's launch makes one."
            }
            Self::PeopleInside => {
                "People are in the meeting, or Zoom has not told that they left. Nothing was changed. Tick the box to make it again all the same."
            }
            Self::Over => "The visit is over, or was called off. Nothing was changed.",
            Self::TooManyMeetings => "The visit has had as many meetings as it may. Nothing was changed.",
            Self::SentAgain => {
                "Epic is told once more. Load this page again in a moment to see what came of it."
            }
            Self::Dropped => "The update is dropped: Epic is not told any more.",
            Self::CommandDropped => "What was set aside is dropped.",
            Self::NotParked => "That is not parked any more. Nothing was changed.",
        }
    }
}

/// Somebody of the visit.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryPerson {
    /// Its name is the id under which Epic knows the person.
    pub line: PersonLine,
    /// In a group visit, whose appointment it is.
    pub csn: Option<String>,
    /// What should stand at Epic and what Epic has acknowledged; none for somebody without a light.
    pub light: Option<(bool, bool)>,
}

impl StoryPerson {
    fn light_words(&self) -> &'static str {
        match self.light {
            None => "none",
            Some((true, true)) => "on",
            Some((false, false)) => "off",
            Some((true, false)) => "off, turning on",
            Some((false, true)) => "on, turning off",
        }
    }
}

/// A guest's link that is still good.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryLink {
    /// Names it, and opens nothing.
    pub id: String,
    pub made_minutes_ago: i64,
    pub minutes_left: i64,
}

/// An update that Epic refused for good, or that was given up.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryParked {
    /// Whose lane, as the form says it.
    pub key: String,
    pub topic: &'static str,
    pub seq: u64,
    /// In words: `Patient WPR1 has joined`.
    pub text: String,
}

/// A command that was set aside.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryCommand {
    /// Its place in its journal.
    pub seq: u64,
    pub minutes_ago: i64,
    pub reason: String,
}

/// `GET /visits/{organization}/{csn}` and `GET /group-visits/{organization}/{conference_id}`.
#[derive(Template)]
#[template(path = "story.html")]
pub struct StoryPage {
    pub language: Language,
    pub organization: String,
    /// The organization's name.
    pub name: String,
    pub test_environment: bool,
    /// Of this page.
    pub address: String,
    pub csn: Option<String>,
    pub conference_id: Option<String>,
    /// The API's word; `None` when the visit has left.
    pub phase: Option<&'static str>,
    pub meeting: Option<String>,
    pub problems: Vec<&'static str>,
    pub people: Vec<StoryPerson>,
    pub devices: Vec<DeviceLine>,
    pub choices: Vec<Choice>,
    pub links: Vec<StoryLink>,
    /// There is, or was, a meeting in whose place another may be made.
    pub may_make_again: bool,
    pub parked: Vec<StoryParked>,
    /// Commands were set aside: those that are still listed, which may be none.
    pub commands: Option<Vec<StoryCommand>>,
    pub timeline: TimelineSection,
    pub note: Option<StoryNote>,
    /// The reader may do something about it.
    pub may_act: bool,
    pub signed_in: SignedIn,
}

impl StoryPage {
    fn title(&self) -> String {
        match (&self.csn, &self.conference_id) {
            (Some(csn), _) => format!("Visit {csn}"),
            (None, Some(conference)) => format!("Group visit {conference}"),
            (None, None) => "Visit".to_owned(),
        }
    }

    fn phase_words(&self) -> String {
        self.phase.map(|phase| phase.replace('_', " ")).unwrap_or_default()
    }

    /// Where this visit's notification records are, by what they can be searched for.
    fn records_url(&self) -> Option<String> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let by = match (&self.csn, &self.meeting) {
            (Some(csn), _) => format!("csn={}", encoded(csn)),
            (None, Some(meeting)) => format!("meeting_id={}", encoded(meeting)),
            (None, None) => return None,
        };
        Some(format!("/records?organization={}&{by}", encoded(&self.organization)))
    }
}
