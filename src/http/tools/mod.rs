//! The provider's page beside the call, `/visit/{ticket}/tools`: who waits, links for guests, how to dial in, the end for all.
//!
//! A `visit-tools` launch leads here. It makes nobody a participant and no meeting; whoever opens it is a provider by Epic's word, and
//! only the browser of that launch sees the page, since it shows names.

mod acts;
mod texting;
mod view;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use vestibule_actors::desk::{DeskError, Snapshot};
use vestibule_actors::port::Ports;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{Csn, FhirReference, GuestLinkId, VisitKey};
use vestibule_domain::time::Span;

use super::app::App;
use super::browser::Browser;
use super::correlation::{self, CorrelationId};
use super::kept;
use super::launch::{Arrival, Understood, birth_date_of};
use super::letterhead;
use super::person::{PersonError, note_store_trouble, page_of, see_other};
use super::query;
use super::visit::language_of;
use crate::outbound::encode::encode;
use crate::settings::{Environment, Organization};
use crate::web::{Audience, Language, Reason, ToolsNote, ToolsPage};

/// This door in the counts of failures.
const DOOR: &str = "tools";
/// The parameter of the page's address that says what came of a button.
const NOTE: &str = "note";

/// The parameter by which a message is found in the log.
const REFERENCE: &str = "reference";
/// How long the page waits until its visit knows what the launch brought.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/visit/{ticket}/tools", web::get().to(show))
        .route("/visit/{ticket}/tools/people", web::get().to(people))
        .route("/visit/{ticket}/tools/guest", web::post().to(acts::invite))
        .route("/visit/{ticket}/tools/revoke", web::post().to(acts::revoke))
        .route("/visit/{ticket}/tools/identify", web::post().to(acts::identify))
        .route("/visit/{ticket}/tools/text", web::post().to(texting::send))
        .route("/visit/{ticket}/tools/end", web::post().to(acts::end));
}

/// What a tools ticket stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ToolsTicket {
    visit: VisitKey,
    /// Who opened the page.
    provider: FhirReference,
    /// The hash of the browser's secret.
    browser: String,
    /// From whose appointment, which matters in a group visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patient_csn: Option<Csn>,
}

impl ToolsTicket {
    async fn keep(&self, ports: &Ports, life: Span) -> Result<String, StoreError> {
        let name = ports.randomness.secret();
        kept::keep(ports, Space::Ticket, &stored_as(&name), self, life).await?;
        Ok(name)
    }

    async fn find(ports: &Ports, name: &str) -> Result<Option<Self>, StoreError> {
        kept::find(ports, Space::Ticket, &stored_as(name)).await
    }
}

/// Tickets of waiting pages are base64, so none is named like this.
fn stored_as(name: &str) -> String {
    format!("tools:{name}")
}

// === the launch ===

/// Opens the page for a provider whom Epic has named. A visit of another patient than the one that the launch is about stays shut.
pub(super) async fn open(
    arrival: &Arrival<'_>,
    understood: Understood,
    born: Option<BirthDate>,
) -> Result<HttpResponse, PersonError> {
    let app = arrival.app;
    let store_trouble = |error: &dyn std::fmt::Display| {
        note_store_trouble(app, DOOR, &error);
        arrival.refuse(Reason::Overloaded)
    };
    let Understood { visit: named, launch, group } = understood;
    let mut snapshot = app.desk.visit(&named).await.map_err(|error| store_trouble(&error))?;
    // One record serves both kinds of visits, and Epic may give a conference id to any: the visit that people have launched is meant.
    let launched = |seen: &Snapshot| !seen.visit.participants.is_empty();
    if !snapshot.as_ref().is_some_and(launched)
        && let Some(group) = group
    {
        let of_group = app.desk.visit(&group).await.map_err(|error| store_trouble(&error))?;
        snapshot = of_group.filter(|seen| launched(seen) || snapshot.is_none()).or(snapshot);
    }
    let foreign = |seen: &Snapshot| !seen.visit.may_be_about(launch.csn.as_ref(), launch.patient.as_ref());
    if snapshot.as_ref().is_some_and(foreign) {
        return Err(arrival.refuse(Reason::OtherPatient));
    }
    let visit = snapshot.map_or(named, |seen| seen.visit.key);
    if let Some(born) = born {
        let told = tell_birth_date(app, &visit, &launch, born).await;
        told.map_err(|error| store_trouble(&error))?;
    }
    let Launch { fhir_user: provider, csn: patient_csn, .. } = launch;
    let ticket = ToolsTicket { visit, provider, browser: arrival.browser.hash(), patient_csn };
    let life = Span::from_duration(app.settings.limits.ticket_life);
    let name = ticket.keep(app.desk.ports(), life).await.map_err(|error| store_trouble(&error))?;
    Ok(see_other(&format!("/visit/{name}/tools?lang={}", arrival.language.code())))
}

/// The page that comes next says whether a link can be made, so that this waits a moment until the visit knows.
async fn tell_birth_date(
    app: &App,
    visit: &VisitKey,
    launch: &Launch,
    born: BirthDate,
) -> Result<(), DeskError> {
    app.desk.submit(visit, birth_date_of(launch, born)).await?;
    let knows = |seen: &Snapshot| seen.visit.birth_date(launch.csn.as_ref());
    // Without it the page says what to do.
    app.desk.wait_for(visit, KNOWN_WITHIN, knows).await;
    Ok(())
}

// === the page ===

/// A request of the provider's own browser, resolved.
struct Place<'a> {
    app: &'a App,
    name: String,
    ticket: ToolsTicket,
    organization: &'a Organization,
    language: Language,
    request: &'a HttpRequest,
}

impl<'a> Place<'a> {
    async fn find(app: &'a App, request: &'a HttpRequest, name: &str) -> Result<Self, PersonError> {
        let refuse = |reason| PersonError::new(request, reason);
        let found = ToolsTicket::find(app.desk.ports(), name).await.map_err(|error| {
            note_store_trouble(app, DOOR, &error);
            refuse(Reason::Overloaded)
        });
        let ticket = found?.ok_or_else(|| refuse(Reason::NotFound))?;
        let organization = app.settings.organizations.get(&ticket.visit.organization);
        let organization = organization.ok_or_else(|| refuse(Reason::UnknownOrganization))?;
        let language = language_of(request, Some(organization));
        let place = Self { app, name: name.to_owned(), ticket, organization, language, request };
        let own = Browser::of(request, &app.settings).is_some_and(|b| b.hash() == place.ticket.browser);
        if own { Ok(place) } else { Err(place.refuse(Reason::NotThisBrowser)) }
    }

    fn refuse(&self, reason: Reason) -> PersonError {
        PersonError {
            language: self.language,
            ..PersonError::of(self.request, reason, self.organization, Audience::Provider)
        }
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, PersonError> {
        self.app.desk.visit(&self.ticket.visit).await.map_err(|error| {
            note_store_trouble(self.app, DOOR, &error);
            self.refuse(Reason::Overloaded)
        })
    }

    /// Back to the page, with what came of a button.
    fn back(&self, note: ToolsNote) -> HttpResponse {
        let (name, language) = (encode(&self.name), self.language.code());
        let reference = if note.has_reference() {
            format!("&{REFERENCE}={}", correlation::current().as_str())
        } else {
            String::new()
        };
        see_other(&format!("/visit/{name}/tools?lang={language}&{NOTE}={}{reference}", note.code()))
    }
}

async fn show(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let place = Place::find(&app, &request, &name).await?;
    let note = query::first(&request, NOTE).and_then(|code| ToolsNote::of(&code));
    shown(&place, note, None).await
}

/// The page; once more, where what was written for a telephone number to send a link to is none.
async fn shown(
    place: &Place<'_>,
    note: Option<ToolsNote>,
    no_phone: Option<(&GuestLinkId, &str)>,
) -> Result<HttpResponse, PersonError> {
    let snapshot = place.snapshot().await?;
    let reference = query::first(place.request, REFERENCE).filter(|text| CorrelationId::is_one(text));
    let mut guests = view::guests(place, snapshot.as_ref());
    if let Some((link, text)) = no_phone
        && let Some(guest) = guests.iter_mut().find(|guest| guest.id == link.as_str())
    {
        guest.no_phone = Some(text.to_owned());
    }
    let view = ToolsPage {
        language: place.language,
        organization: &letterhead::of(place.organization),
        test_environment: place.organization.environment == Environment::Test,
        ticket: &place.name,
        note,
        here: view::here(place, snapshot.as_ref()),
        reference: reference.as_deref(),
        guests,
        asks_birth_date: place.organization.guest_birth_date.check,
        inviting: view::inviting(place, snapshot.as_ref()),
        meeting: snapshot.as_ref().and_then(view::meeting),
    };
    let status = if no_phone.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(page_of(place.organization, status, &view, &[]))
}

/// Who is here alone, for the script that keeps it fresh.
async fn people(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let to_program = |error: PersonError| error.for_program(&request);
    let place = Place::find(&app, &request, &name).await.map_err(to_program)?;
    let snapshot = place.snapshot().await.map_err(to_program)?;
    let here = view::here(&place, snapshot.as_ref());
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(here))
}
