//! The waiting page: a patient until the host is there, and a provider whose meeting takes long to make.

use askama::Template;
use vestibule_domain::name::Phi;

use super::language::Language;
use super::letterhead::Letterhead;
use super::link::ExternalLink;
use super::message::{Phase, VisitStatus};
use super::words::{Words, words};

/// Whom the page speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watcher {
    /// The patient, a proxy or a guest.
    Patient,
    Provider,
}

/// Why a join led back to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The person may not go in any more.
    NotAnyMore,
    /// The video service gave no link just now.
    NoLinkYet,
}

/// How the waiting page leads to the device test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestLink {
    /// In a window of its own, beside the page that waits.
    BesideThePage,
    /// In the page's own frame, where its cookie is, and from there on in a window.
    InTheFrame,
}

/// `GET /visit/{ticket}`, and the answer to a join that was not allowed any more (then with status 409).
///
/// The form on it posts to `/visit/{ticket}/join`, which answers with a redirect to Zoom, so the page must be served
/// with [`super::PagePolicy::form_targets`] naming the Zoom hosts.
#[derive(Template)]
#[template(path = "waiting.html")]
pub struct WaitingPage<'a> {
    pub language: Language,
    pub organization: &'a Letterhead,
    pub test_environment: bool,
    pub ticket: &'a str,
    /// The same for every ticket of one person in one visit, so that of several open tabs only one goes in. Not
    /// guessable from outside and no id of a person; the ticket itself where nothing better is known.
    pub tab_group: &'a str,
    pub watcher: Watcher,
    pub status: VisitStatus,
    /// The page is the answer to a join that led nowhere; it then pauses before it tries again.
    pub returned: Option<Returned>,
    /// There is a device test to go to from here.
    pub device_test: Option<TestLink>,
    pub device_test_help: Option<&'a ExternalLink>,
    /// A number that people may call, as it should be read.
    pub help_phone: Option<&'a str>,
}

impl WaitingPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn note(&self) -> Option<&'static str> {
        self.returned.filter(|_| !self.status.cancelled).map(|returned| match returned {
            Returned::NotAnyMore => self.words().not_any_more,
            Returned::NoLinkYet => self.words().no_link_yet,
        })
    }

    fn about(&self) -> Option<&str> {
        self.status.about.as_ref().map(Phi::reveal)
    }

    /// There is nothing to wait for.
    fn is_over(&self) -> bool {
        self.status.phase == Phase::Ended || self.status.cancelled
    }

    fn over_note(&self) -> &'static str {
        if self.status.cancelled { self.words().cancelled_note } else { self.words().ended_note }
    }

    /// Without scripts the page loads itself anew while there is something to wait for. Not longer: it would take away what somebody
    /// reads, or the button from under a finger.
    fn comes_back(&self) -> bool {
        !self.is_over() && !self.status.can_join
    }

    fn is_provider(&self) -> bool {
        self.watcher == Watcher::Provider
    }

    fn title(&self) -> &'static str {
        match self.status {
            VisitStatus { can_join: true, .. } => self.words().title_ready,
            VisitStatus { cancelled: true, .. } => self.words().title_cancelled,
            VisitStatus { phase: Phase::Ended, .. } => self.words().title_ended,
            _ => self.words().title_waiting,
        }
    }

    /// What the page does by itself, said in one sentence under the message.
    fn promise(&self) -> &'static str {
        match self.watcher {
            Watcher::Patient => self.words().promise_patient,
            Watcher::Provider => self.words().promise_provider,
        }
    }
}
