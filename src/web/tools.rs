//! The provider's page beside the call.

use askama::Template;
use serde::Serialize;
use vestibule_domain::visit::device_test::TestOutcome;

use super::language::Language;
use super::letterhead::Letterhead;
use super::story::StoryNote;
use super::words::{GuestWords, ToolsWords, Words, guest_words, tested, tools_words, words};

/// Who somebody in the visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Provider,
    Patient,
    Proxy,
    Guest,
    Telephone,
    Unidentified,
}

impl Who {
    pub fn text(self, language: Language) -> &'static str {
        let tools = tools_words(language);
        match self {
            Self::Provider => tools.provider,
            Self::Patient => tools.patient,
            Self::Proxy => tools.proxy,
            Self::Guest => tools.guest,
            Self::Telephone => tools.telephone,
            Self::Unidentified => tools.unidentified,
        }
    }
}

/// One person of the visit, in the reader's words.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PersonLine {
    pub name: Option<String>,
    pub who: &'static str,
    /// The API's word: gone, waiting, in_waiting_room or in_meeting.
    pub presence: &'static str,
    pub place: &'static str,
    /// For how long, in whole minutes.
    pub minutes: i64,
    /// What came out of their device test, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

impl PersonLine {
    pub fn new(
        language: Language,
        who: Who,
        name: Option<String>,
        presence: &'static str,
        minutes: i64,
    ) -> Self {
        let tools = tools_words(language);
        let place = match presence {
            "waiting" => tools.waiting,
            "in_waiting_room" => tools.in_waiting_room,
            "in_meeting" => tools.in_meeting,
            _ => tools.gone,
        };
        Self { name, who: who.text(language), presence, place, minutes, test: None }
    }

    /// The same with a device test that ended so many minutes ago.
    #[must_use]
    pub fn tested(self, language: Language, test: Option<(TestOutcome, i64)>) -> Self {
        Self { test: test.map(|(outcome, minutes)| tested(language, outcome, minutes)), ..self }
    }
}

/// A device in the meeting of which Zoom does not say whose it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeviceLine {
    #[serde(flatten)]
    pub line: PersonLine,
    pub instance: String,
    pub session: String,
    /// Whose it is, as somebody said.
    pub whose: Option<String>,
}

impl DeviceLine {
    pub(super) fn is_of(&self, choice: &Choice) -> bool {
        self.whose.as_ref() == Some(&choice.who)
    }
}

/// Somebody whom a device may belong to.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub who: String,
    pub role: &'static str,
    pub name: Option<String>,
}

/// Who is here.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub struct Here {
    pub people: Vec<PersonLine>,
    pub devices: Vec<DeviceLine>,
    pub choices: Vec<Choice>,
}

/// A guest's link that is still good.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestLine {
    pub id: String,
    pub name: Option<String>,
    pub address: String,
    pub minutes_left: i64,
    /// Too many answers were wrong.
    pub locked: bool,
    /// Text messages with it so far; none where there is no gateway.
    pub texts: Option<Texts>,
    /// What was written for the number of a message with it, and is none that can be sent to.
    pub no_phone: Option<String>,
}

/// The text messages with one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    pub sent: usize,
    pub may_send: bool,
}

/// Whether one more link can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inviting {
    Open,
    TooMany,
    /// Guests are asked for it, and Epic has not said it.
    NoBirthDate,
}

/// How to dial in.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolsMeeting {
    pub id: String,
    pub passcode: Option<String>,
    pub numbers: Vec<String>,
}

/// What came of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolsNote {
    Invited,
    Revoked,
    Ended,
    Identified,
    /// Whoever was meant has left.
    NotHere,
    TooManyGuests,
    NoBirthDate,
    Texted,
    NotTexted,
    MaybeTexted,
    NoPhone,
    NoCountry,
    NoMoreTexts,
    TextsBusy,
    LinkGone,
    NoMeeting,
    /// The visit has another meeting by now than the page showed.
    OtherMeeting,
    /// It is durable, and not decided so far.
    NotYet,
}

impl ToolsNote {
    pub const ALL: [Self; 18] = [
        Self::Invited,
        Self::Revoked,
        Self::Ended,
        Self::Identified,
        Self::NotHere,
        Self::TooManyGuests,
        Self::NoBirthDate,
        Self::Texted,
        Self::NotTexted,
        Self::MaybeTexted,
        Self::NoPhone,
        Self::NoCountry,
        Self::NoMoreTexts,
        Self::TextsBusy,
        Self::LinkGone,
        Self::NoMeeting,
        Self::OtherMeeting,
        Self::NotYet,
    ];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Revoked => "revoked",
            Self::Ended => "ended",
            Self::Identified => "identified",
            Self::NotHere => "not-here",
            Self::TooManyGuests => "too-many-guests",
            Self::NoBirthDate => "no-birth-date",
            Self::Texted => "texted",
            Self::NotTexted => "not-texted",
            Self::MaybeTexted => "maybe-texted",
            Self::NoPhone => "no-phone",
            Self::NoCountry => "no-country",
            Self::NoMoreTexts => "no-more-texts",
            Self::TextsBusy => "texts-busy",
            Self::LinkGone => "link-gone",
            Self::NoMeeting => "no-meeting",
            Self::OtherMeeting => "other-meeting",
            Self::NotYet => "not-yet",
        }
    }

    /// Whether the log tells more about it.
    pub fn has_reference(self) -> bool {
        matches!(self, Self::Texted | Self::NotTexted | Self::MaybeTexted)
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.code() == code)
    }
}

/// `GET /visit/{ticket}/tools`.
#[derive(Template)]
#[template(path = "tools.html")]
pub struct ToolsPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    pub ticket: &'a str,
    pub note: Option<ToolsNote>,
    /// By which what came of a message is found in the log.
    pub reference: Option<&'a str>,
    pub here: Here,
    pub guests: Vec<GuestLine>,
    pub asks_birth_date: bool,
    pub inviting: Inviting,
    pub meeting: Option<ToolsMeeting>,
}

impl ToolsPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn tools(&self) -> &'static ToolsWords {
        tools_words(self.language)
    }

    fn links(&self) -> &'static GuestWords {
        guest_words(self.language)
    }

    fn note_text(&self) -> &'static str {
        let tools = self.tools();
        match self.note {
            None => "",
            Some(ToolsNote::Invited) => tools.invited,
            Some(ToolsNote::Revoked) => tools.revoked,
            Some(ToolsNote::Ended) => tools.ended,
            Some(ToolsNote::Identified) => tools.identified,
            Some(ToolsNote::NotHere) => tools.not_here,
            Some(ToolsNote::TooManyGuests) => tools.too_many_guests,
            Some(ToolsNote::NoBirthDate) => self.links().no_birth_date,
            Some(ToolsNote::Texted) => self.links().texted,
            Some(ToolsNote::NotTexted) => self.links().not_texted,
            Some(ToolsNote::MaybeTexted) => self.links().maybe_texted,
            Some(ToolsNote::NoPhone) => self.links().no_phone,
            Some(ToolsNote::NoCountry) => self.links().no_country,
            Some(ToolsNote::NoMoreTexts) => self.links().no_more_texts,
            Some(ToolsNote::TextsBusy) => self.links().texts_busy,
            Some(ToolsNote::LinkGone) => self.links().link_gone,
            Some(ToolsNote::NoMeeting) => tools.no_meeting,
            Some(ToolsNote::OtherMeeting) => StoryNote::OtherMeeting.text(self.language),
            Some(ToolsNote::NotYet) => tools.not_yet,
        }
    }
}
