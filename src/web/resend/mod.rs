//! The page that shows what would be sent to Epic again, and asks why.

#[cfg(test)]
mod tests;
mod words;

use askama::Template;

use super::language::Language;
use super::refused_form::RefusedForm;
use super::signed_in::SignedIn;
use super::words::filled;
#[cfg(test)]
pub(super) use tests::samples;
use words::ResendWords;

/// What came of the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendNote {
    Sent,
    Incomplete,
    Already,
    Nothing,
}

impl ResendNote {
    const ALL: [Self; 4] = [Self::Sent, Self::Incomplete, Self::Already, Self::Nothing];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Incomplete => "incomplete",
            Self::Already => "already-done",
            Self::Nothing => "nothing-to-send",
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.code() == code)
    }
}

/// Why an act is too much at once; the API says so in English.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", words::too_much(Language::English, *self))]
pub enum TooMuch {
    /// The search finds more records than an act is about.
    Records { most: usize },
    /// It would be more updates than an act sends.
    Updates { updates: usize, most: usize },
    /// The search has to look through too many records.
    Searched,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendCount {
    pub records: usize,
    pub updates: usize,
    pub people: usize,
    pub visits: usize,
    /// Records of visits that are not kept any more.
    pub gone: usize,
    /// Records that may be of group visits that were not looked through.
    pub unsearched: usize,
    /// Records of people of whom nothing can be sent.
    pub nobody: usize,
    /// Names the act, so that it is done once.
    pub act: String,
    /// When it was counted, in milliseconds since 1970.
    pub at: i64,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub enum ResendState {
    Counted(ResendCount),
    TooMuch(TooMuch),
    Told(ResendNote),
}

/// `GET /records/resend`.
#[derive(Template)]
#[template(path = "resend.html")]
pub struct ResendPage {
    pub language: Language,
    pub organization: String,
    /// The search, as an address has it.
    pub search: String,
    pub state: ResendState,
    /// Since it was shown before the count has changed.
    pub has_changed: bool,
    /// It was sent and not taken.
    pub refused: Option<RefusedForm>,
    pub signed_in: SignedIn,
}

impl ResendPage {
    fn words(&self) -> &'static ResendWords {
        words::of(self.language)
    }

    fn told(&self, note: &ResendNote) -> &'static str {
        words::note(self.language, *note)
    }

    fn too_much(&self, why: &TooMuch) -> String {
        filled(self.words().too_much, &[&words::too_much(self.language, *why)])
    }

    /// Of whom the updates are, in what, and for which records.
    fn spread(&self, count: &ResendCount) -> String {
        let words = self.words();
        let parts =
            [words.people.of(count.people), words.visits.of(count.visits), words.records.of(count.records)];
        filled(words.spread, &parts.each_ref().map(String::as_str))
    }

    fn records_url(&self) -> String {
        format!("/records?{}&lang={}", self.search, self.language.code())
    }

    /// The page itself, before a note.
    fn url(&self) -> String {
        self.in_language(self.language)
    }

    fn in_other_language(&self) -> String {
        let address = self.in_language(self.language.other());
        match &self.state {
            ResendState::Told(note) => format!("{address}&note={}", note.code()),
            ResendState::Counted(_) | ResendState::TooMuch(_) => address,
        }
    }

    fn in_language(&self, language: Language) -> String {
        format!("/records/resend?{}&lang={}", self.search, language.code())
    }
}
