//! A launch on its way through Epic: kept under the OAuth state, which is random, expires, can be taken once and belongs to one browser.

use serde::{Deserialize, Serialize};
use vestibule_actors::port::Ports;
use vestibule_actors::port::clock::Randomness;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::LaunchKind;
use crate::http::browser::Browser;
use crate::http::kept;
use crate::outbound::Pkce;
use crate::web::Language;

/// What the callback needs to know of the launch.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LaunchState {
    pub(super) organization: OrganizationId,
    pub(super) kind: LaunchKind,
    /// The PKCE verifier.
    pub(super) verifier: String,
    pub(super) nonce: String,
    /// The hash of the browser's secret.
    browser: String,
    /// The code of the language that the person reads.
    language: String,
}

impl LaunchState {
    /// A fresh state and its name.
    pub(super) fn fresh(
        organization: &OrganizationId,
        kind: LaunchKind,
        browser: &Browser,
        language: Language,
        pkce: &Pkce,
        randomness: &dyn Randomness,
    ) -> (Self, String) {
        let state = Self {
            organization: organization.clone(),
            kind,
            verifier: pkce.verifier.expose().to_owned(),
            nonce: randomness.secret(),
            browser: browser.hash(),
            language: language.code().to_owned(),
        };
        (state, randomness.secret())
    }

    pub(super) async fn keep(&self, ports: &Ports, name: &str, life: Span) -> Result<(), StoreError> {
        kept::keep(ports, Space::OauthState, name, self, life).await
    }

    /// Takes a state: of all who bring it, one gets it. `None` for one that is forged, used or expired.
    pub(super) async fn take(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        kept::take(ports, Space::OauthState, name).await
    }

    pub(super) fn is_of(&self, browser: &Browser) -> bool {
        browser.hash() == self.browser
    }

    pub(super) fn language(&self) -> Language {
        Language::choose(Some(&self.language), None, Language::default())
    }
}
