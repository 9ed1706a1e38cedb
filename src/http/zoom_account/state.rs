//! What is kept of somebody on the way to Zoom's consent page and back: random, for a time, taken once.

use serde::{Deserialize, Serialize};
use vestibule_actors::port::Ports;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use crate::http::browser::Browser;
use crate::http::kept;
use crate::web::Language;

/// From the page's button to the public listener: a redirect.
const TICKET_LIFE: Span = Span::minutes(2);

/// A way that somebody who may has asked for, and no browser has taken yet.
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) organization: OrganizationId,
    language: String,
}

/// A browser that is at Zoom.
#[derive(Serialize, Deserialize)]
pub(super) struct Underway {
    pub(super) organization: OrganizationId,
    language: String,
    /// The hash of the browser's secret.
    browser: String,
}

// States of launches live in the same space: neither is ever found by the name of the other.
fn ticket(name: &str) -> String {
    format!("zoom-ticket/{name}")
}

fn underway(name: &str) -> String {
    format!("zoom-state/{name}")
}

impl Ticket {
    pub(super) fn new(organization: &OrganizationId, language: Language) -> Self {
        Self { organization: organization.clone(), language: language.code().to_owned() }
    }

    pub(super) async fn keep(&self, ports: &Ports, name: &str) -> Result<(), StoreError> {
        kept::keep(ports, Space::OauthState, &ticket(name), self, TICKET_LIFE).await
    }

    pub(super) async fn take(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        kept::take(ports, Space::OauthState, &ticket(name)).await
    }

    pub(super) fn of(self, browser: &Browser) -> Underway {
        Underway { organization: self.organization, language: self.language, browser: browser.hash() }
    }

    pub(super) fn language(&self) -> Language {
        Language::choose(Some(&self.language), None, Language::default())
    }
}

impl Underway {
    pub(super) async fn keep(&self, ports: &Ports, name: &str, life: Span) -> Result<(), StoreError> {
        kept::keep(ports, Space::OauthState, &underway(name), self, life).await
    }

    pub(super) async fn take(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        kept::take(ports, Space::OauthState, &underway(name)).await
    }

    pub(super) fn is_of(&self, browser: &Browser) -> bool {
        browser.hash() == self.browser
    }

    pub(super) fn language(&self) -> Language {
        Language::choose(Some(&self.language), None, Language::default())
    }
}
