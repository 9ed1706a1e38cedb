//! The page that stands in for a redirect to Zoom inside an iframe, where Zoom does not let itself be shown.

use askama::Template;

use super::language::Language;
use super::letterhead::Letterhead;
use super::link::ExternalLink;
use super::words::{Words, words};

/// A link that opens the meeting in a window of its own.
#[derive(Template)]
#[template(path = "stand_in.html")]
pub struct StandInPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    /// This person's own link; it may be short-lived, so the page must not be cached.
    pub link: &'a ExternalLink,
}

impl StandInPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }
}
