//! The page for somebody of the staff whose request was refused or failed.

mod words;

use askama::Template;

use super::language::Language;
use super::signed_in::SignedIn;
use super::words::words as of_every_page;
use words::{Advice, advice, title, told};

/// What is shown in the place of a staff page.
#[derive(Template)]
#[template(path = "refused.html")]
pub struct RefusedPage<'a> {
    pub language: Language,
    /// Names the kind of refusal, as in the problem document.
    pub code: &'static str,
    /// Both in English, as programs are told.
    pub title: &'static str,
    pub sentence: &'a str,
    pub correlation_id: &'a str,
    pub signed_in: SignedIn,
}

impl RefusedPage<'_> {
    fn title(&self) -> &'static str {
        match self.language {
            Language::English => self.title,
            Language::Spanish => title(self.code).unwrap_or(self.title),
        }
    }

    fn translated(&self) -> Option<&'static str> {
        told(self.code, self.sentence).filter(|_| self.language == Language::Spanish)
    }

    fn told(&self) -> &str {
        self.translated().unwrap_or(self.sentence)
    }

    /// What is wrong with a value is told in English alone.
    fn is_english(&self) -> bool {
        self.language != Language::English && self.translated().is_none()
    }

    fn advice(&self) -> &'static str {
        advice(self.language, Advice::of(self.code))
    }

    fn reference(&self) -> &'static str {
        of_every_page(self.language).reference
    }
}

/// Whether a kind of refusal has Spanish words.
#[cfg(test)]
pub fn is_translated(code: &str) -> bool {
    title(code).is_some() && (code == words::BAD_REQUEST || told(code, "").is_some())
}
