//! The page that stands in for a redirect to Epic whose address would be too long: a form that submits itself.

use askama::Template;

use super::language::Language;
use super::letterhead::Letterhead;
use super::words::{Words, words};

/// A form of hidden fields with a button, for browsers in which its script does not run. Serve it with
/// [`super::PagePolicy::form_targets`] naming where the form leads.
#[derive(Template)]
#[template(path = "onward.html")]
pub struct OnwardPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    pub action: &'a str,
    pub fields: &'a [(&'static str, String)],
}

impl OnwardPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }
}
