//! The page that stands in for a redirect inside an iframe, where neither Zoom nor a device test lets itself be shown.

use askama::Template;

use super::language::Language;
use super::letterhead::Letterhead;
use super::link::ExternalLink;
use super::words::{Words, words};

/// What opens in a window of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandsFor {
    Meeting,
    DeviceTest,
}

/// A link that opens it.
#[derive(Template)]
#[template(path = "stand_in.html")]
pub struct StandInPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    pub stands_for: StandsFor,
    /// This person's own link; it may be short-lived, so the page must not be cached.
    pub link: &'a ExternalLink,
}

impl StandInPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn title(&self) -> &'static str {
        match self.stands_for {
            StandsFor::Meeting => self.words().stand_in_title,
            StandsFor::DeviceTest => self.words().test_device,
        }
    }

    fn text(&self) -> &'static str {
        match self.stands_for {
            StandsFor::Meeting => self.words().stand_in_text,
            StandsFor::DeviceTest => self.words().test_stand_in_text,
        }
    }

    fn link_text(&self) -> &'static str {
        match self.stands_for {
            StandsFor::Meeting => self.words().stand_in_link,
            StandsFor::DeviceTest => self.words().test_stand_in_link,
        }
    }
}
