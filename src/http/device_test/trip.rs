//! A trip to a device test: who went, for which visit, and what they came back with. It is kept under a random name, which is all that
//! the test's vendor learns, and belongs to one browser.

use serde::{Deserialize, Serialize};
use vestibule_actors::port::Ports;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::command::Launch;
use vestibule_domain::id::{Csn, ExternalId, ExternalIdType, FhirReference, VisitKey};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::{DeviceTest, TestOutcome};
use vestibule_domain::visit::participant::ParticipantKey;

use crate::http::browser::Browser;
use crate::http::kept;
use crate::web::Language;

/// What a name stands for.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::http) struct Trip {
    pub(super) visit: VisitKey,
    /// The visit of the conference that Epic named besides. One record of tests serves both kinds of visits, and before anybody has
    /// launched nobody knows which it is.
    pub(super) group: Option<VisitKey>,
    pub(super) who: Traveller,
    /// The hash of the browser's secret.
    browser: String,
    /// It began in a frame: whoever opens the link there first has a window with cookies of its own, which belongs to it from then on.
    from_frame: bool,
    window: Option<String>,
    /// The waiting page that it began on.
    pub(super) ticket: Option<String>,
    language: String,
    pub(super) ends_at: Moment,
    pub(super) noted: Option<Noted>,
}

/// Who tests.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::http) struct Traveller {
    pub(in crate::http) participant: ParticipantKey,
    pub(in crate::http) patient: Option<FhirReference>,
    pub(in crate::http) csn: Option<Csn>,
    pub(in crate::http) external_id: Option<ExternalId>,
    pub(in crate::http) external_id_type: Option<ExternalIdType>,
}

/// What somebody came back with, and when for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) at: Moment,
    pub(super) outcome: TestOutcome,
}

impl Traveller {
    pub(super) fn of(launch: &Launch) -> Self {
        Self {
            participant: ParticipantKey::new(launch.role, launch.fhir_user.clone()),
            patient: launch.names_patient().cloned(),
            csn: launch.csn.clone(),
            external_id: launch.external_id.clone(),
            external_id_type: launch.external_id_type.clone(),
        }
    }

    /// The result as a visit keeps it.
    pub(super) fn result(&self, noted: Noted, tentative: bool) -> DeviceTest {
        let Self { patient, csn, external_id, external_id_type, .. } = self.clone();
        DeviceTest {
            at: noted.at,
            outcome: noted.outcome,
            patient,
            csn,
            external_id,
            external_id_type,
            tentative,
        }
    }
}

impl Trip {
    pub(in crate::http) fn new(
        visit: VisitKey,
        who: Traveller,
        browser: &Browser,
        language: Language,
        ends_at: Moment,
    ) -> Self {
        Self {
            visit,
            group: None,
            who,
            browser: browser.hash(),
            from_frame: false,
            window: None,
            ticket: None,
            language: language.code().to_owned(),
            ends_at,
            noted: None,
        }
    }

    /// The same with the visit of a conference that it may be for instead.
    pub(super) fn or_of(self, group: Option<VisitKey>) -> Self {
        Self { group: group.filter(|group| *group != self.visit), ..self }
    }

    /// The same from a waiting page.
    pub(in crate::http) fn begun_on_page(self, ticket: &str) -> Self {
        Self { ticket: Some(ticket.to_owned()), ..self }
    }

    pub(super) fn begun_in_frame(self, from_frame: bool) -> Self {
        Self { from_frame, ..self }
    }

    pub(super) fn is_of(&self, browser: Option<&Browser>) -> bool {
        let Some(hash) = browser.map(Browser::hash) else { return false };
        hash == self.browser || self.window.as_ref() == Some(&hash)
    }

    /// Takes a window in that was opened out of the frame; one of all that try.
    pub(super) fn open_window(&mut self, browser: &Browser) -> bool {
        let may = self.from_frame && self.window.is_none();
        if may {
            self.window = Some(browser.hash());
        }
        may
    }

    pub(super) fn language(&self) -> Language {
        Language::choose(Some(&self.language), None, Language::default())
    }

    /// Keeps it for the rest of its time.
    pub(super) async fn keep(&self, ports: &Ports, name: &str) -> Result<(), StoreError> {
        let life = self.ends_at - ports.clock.now();
        kept::keep(ports, Space::Ticket, &stored_as(name), self, life).await
    }

    /// `None` for one whose time is over, or that never was.
    pub(super) async fn find(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        let found: Option<Self> = kept::find(ports, Space::Ticket, &stored_as(name)).await?;
        Ok(found.filter(|trip| trip.ends_at > ports.clock.now()))
    }
}

/// Tickets of waiting pages are base64, so none is named like this.
fn stored_as(name: &str) -> String {
    format!("test:{name}")
}
