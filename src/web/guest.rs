//! The page behind a guest's link. Opening it changes nothing, since programs that look at messages open links too; the button does.

use askama::Template;

use super::language::Language;
use super::letterhead::Letterhead;
use super::words::{GuestWords, Words, guest_words, months, words};

/// What came of the last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was no date.
    Incomplete,
    Wrong,
}

impl Answered {
    const ALL: [Self; 2] = [Self::Incomplete, Self::Wrong];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Wrong => "wrong",
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// The question for the patient's birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    pub answered: Option<Answered>,
}

/// `GET /epic/{organization}/launch/guest`.
#[derive(Template)]
#[template(path = "guest.html")]
pub struct GuestPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    /// Where the button leads.
    pub action: &'a str,
    /// This page in the other language.
    pub in_other_language: &'a str,
    pub asking: Option<Asking>,
    pub help_phone: Option<&'a str>,
}

impl GuestPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn links(&self) -> &'static GuestWords {
        guest_words(self.language)
    }

    /// By name, so that nobody takes a day for a month.
    fn months(&self) -> impl Iterator<Item = (usize, &'static str)> {
        months(self.language).iter().enumerate().map(|(index, name)| (index.saturating_add(1), *name))
    }

    /// People write a date in the order of their language.
    fn month_comes_first(&self) -> bool {
        self.language == Language::English
    }

    fn problem(&self) -> Option<&'static str> {
        Some(match self.asking?.answered? {
            Answered::Incomplete => self.links().incomplete,
            Answered::Wrong => self.links().wrong,
        })
    }
}
