//! The page of one visit, for operators.

mod note;
mod words;

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::language::Language;
use super::live;
use super::notifier::NotifierSection;
use super::ops::spoken_word;
use super::refused_form::RefusedForm;
use super::signed_in::SignedIn;
use super::timeline::TimelineSection;
use super::tools::{Choice, DeviceLine, PersonLine};
use super::words::filled;
pub use note::StoryNote;
use words::StoryWords;
pub use words::set_aside;

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
    fn light_words(&self, words: &StoryWords) -> &'static str {
        match self.light {
            None => words.no_light,
            Some((true, true)) => words.light_on,
            Some((false, false)) => words.light_off,
            Some((true, false)) => words.turning_on,
            Some((false, true)) => words.turning_off,
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
    /// In the reader's words: `Patient WPR1 has joined`.
    pub text: String,
}

/// A command that was set aside.
#[derive(Clone, PartialEq, Eq)]
pub struct StoryCommand {
    /// Its place in its journal.
    pub seq: u64,
    pub minutes_ago: i64,
    /// In English, as it is kept.
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
    /// The meeting that there is, or was, in whose place another may be made.
    pub replaceable: Option<String>,
    pub parked: Vec<StoryParked>,
    /// Commands were set aside: those that are still listed, which may be none.
    pub commands: Option<Vec<StoryCommand>>,
    /// For whoever may do something about it.
    pub notifier: Option<NotifierSection>,
    pub timeline: TimelineSection,
    pub note: Option<StoryNote>,
    /// A form that was sent and not taken.
    pub refused: Option<RefusedForm>,
    /// The reader may do something about it.
    pub may_act: bool,
    pub signed_in: SignedIn,
}

impl StoryPage {
    fn words(&self) -> &'static StoryWords {
        words::of(self.language)
    }

    fn title(&self) -> String {
        let words = self.words();
        match (&self.csn, &self.conference_id) {
            (None, Some(conference)) => filled(words.group_visit, &[conference]),
            (csn, _) => filled(words.visit, &[csn.as_deref().unwrap_or_default()]),
        }
    }

    fn phase_words(&self, phase: &'static str) -> &'static str {
        spoken_word(self.language, phase)
    }

    /// This form as it was sent, where it was not taken.
    fn sent(&self, which: &[&str]) -> Option<&RefusedForm> {
        self.refused.as_ref()?.of(which)
    }

    /// Whose a device is: as somebody has just chosen, else as somebody said before.
    fn is_said(&self, device: &DeviceLine, choice: &Choice) -> bool {
        match self.sent(&["identify", &device.instance, &device.session]) {
            Some(form) => form.beside == choice.who,
            None => device.is_of(choice),
        }
    }

    /// Where the form of an act leads.
    fn act(&self, act: &str) -> String {
        format!("{}/{act}?lang={}", self.address, self.language.code())
    }

    /// What renews the page: the stream of this visit alone.
    fn stream(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (field, id) = match (&self.csn, &self.conference_id) {
            (None, Some(conference)) => ("conference_id", conference.as_str()),
            (csn, _) => ("csn", csn.as_deref().unwrap_or_default()),
        };
        format!("/ops/stream?organization={}&{field}={}", encoded(&self.organization), encoded(id))
    }

    /// What the script says, in the reader's language.
    fn live(&self) -> Result<String, askama::Error> {
        serde_json::to_string(live::words(self.language)).map_err(askama::Error::custom)
    }

    fn number(&self, command: &StoryCommand) -> String {
        let (seq, minutes) = (command.seq.to_string(), command.minutes_ago.to_string());
        filled(self.words().number, &[&seq, &minutes])
    }

    /// Why it was set aside, where that is known in the reader's language.
    fn because(&self, command: &StoryCommand) -> Option<&'static str> {
        set_aside(self.language, &command.reason)
    }

    fn times_are_in(&self) -> String {
        let words = self.words();
        match self.timeline.zone.as_str() {
            "UTC" => words.times_in_utc.to_owned(),
            zone => filled(words.times_in_zone, &[zone]),
        }
    }

    fn dropped(&self) -> Option<String> {
        match self.timeline.dropped {
            0 => None,
            1 => Some(self.words().one_dropped.to_owned()),
            many => Some(filled(self.words().many_dropped, &[&many.to_string()])),
        }
    }

    /// Where this visit's notification records are, by what they can be searched for.
    fn records_url(&self) -> Option<String> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let by = match (&self.csn, &self.meeting) {
            (Some(csn), _) => format!("csn={}", encoded(csn)),
            (None, Some(meeting)) => format!("meeting_id={}", encoded(meeting)),
            (None, None) => return None,
        };
        let (organization, language) = (encoded(&self.organization), self.language.code());
        Some(format!("/records?organization={organization}&{by}&lang={language}"))
    }
}
