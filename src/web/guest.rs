//! The page behind a guest's link. Opening it changes nothing, since programs that look at messages open links too; the button does.

use askama::Template;

use super::language::Language;
use super::words::{Words, words};

/// `GET /epic/{organization}/launch/guest`.
#[derive(Template)]
#[template(path = "guest.html")]
pub struct GuestPage<'a> {
    pub language: Language,
    pub organization: &'a str,
    pub test_environment: bool,
    /// Where the button leads.
    pub action: &'a str,
    pub help_phone: Option<&'a str>,
}

impl GuestPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }
}
