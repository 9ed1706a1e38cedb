//! Where people come back to from a device test.

use askama::Template;
use vestibule_domain::visit::device_test::TestOutcome;

use super::language::Language;
use super::letterhead::Letterhead;
use super::link::ExternalLink;
use super::words::{Words, words};

/// `GET /device-test/{name}`. Nothing of what the test's vendor sent is on it.
#[derive(Template)]
#[template(path = "device_test.html")]
pub struct DeviceTestPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    /// As it stands in the address.
    pub name: &'a str,
    pub outcome: TestOutcome,
    /// The waiting page that the person came from; without one they came from MyChart.
    pub ticket: Option<&'a str>,
    pub help: Option<&'a ExternalLink>,
    pub help_phone: Option<&'a str>,
}

impl DeviceTestPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn title(&self) -> &'static str {
        match self.outcome {
            TestOutcome::Passed => self.words().test_passed_title,
            TestOutcome::Failed => self.words().test_failed_title,
            TestOutcome::Unclear => self.words().test_unclear_title,
        }
    }

    fn text(&self) -> &'static str {
        match self.outcome {
            TestOutcome::Passed => self.words().test_passed_text,
            TestOutcome::Failed => self.words().test_failed_text,
            TestOutcome::Unclear => self.words().test_unclear_text,
        }
    }
}
