//! A launch that does not go through Epic's authorization server: who the person is and which visit they came for stands in the link,
//! encrypted under a key that Epic and we share. Nothing else in the address says anything about either.

use std::sync::Arc;

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{FhirReference, OrganizationId, VisitId, VisitKey};
use vestibule_domain::visit::participant::Role;

use super::arrival::Arrival;
use super::booking::with_time;
use super::context::display_name;
use super::organization::{Asked, Candidates, candidates};
use super::{LaunchKind, Understood, place};
use crate::epic::{DoesNotDecrypt, EncryptedLaunch, EncryptedLaunches, Side, Timeliness};
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::device_test;
use crate::http::here::Here;
use crate::http::person::PersonError;
use crate::http::query::{Contradiction, Parameters};
use crate::http::visit::language_of;
use crate::settings::{Organization, PatientDisplayName};
use crate::web::Reason;

/// What two kinds of records call the payload.
const NAMES: [&str; 2] = ["data", "extData"];

/// The payload of an address, if it has one.
pub(super) fn payload(parameters: &Parameters<'_>) -> Result<Option<String>, Contradiction> {
    let [one, other] = NAMES.map(|name| parameters.one(name));
    match (one?, other?) {
        (Some(one), Some(other)) if one != other => Err(Contradiction),
        (one, other) => Ok(one.or(other)),
    }
}

pub(super) async fn enter(
    app: &App,
    here: &Here,
    request: &HttpRequest,
    asked: &Asked,
    kind: LaunchKind,
    payload: &str,
) -> Result<HttpResponse, PersonError> {
    let began = instant();
    let audience = kind.audience();
    let named = asked.named(&app.settings);
    let candidates = candidates(&app.settings, asked);
    let opened = candidates.and_then(|candidates| open(app, &candidates, payload));
    let opened = opened.map_err(|reason| PersonError::of_known(request, reason, named, audience))?;
    let (id, organization) = (opened.id, opened.organization);
    let browser = Browser::of(request, &app.settings);
    let browser = browser.unwrap_or_else(|| Browser::fresh(app.desk.ports().randomness.as_ref()));
    let language = language_of(request, Some(organization));
    let door = "launch";
    let arrival = Arrival { app, here, request, organization, audience, language, browser: &browser, door };
    kind.served_by(organization).map_err(|reason| arrival.refuse(reason))?;
    let role = role(kind, opened.launch.side).map_err(|reason| arrival.refuse(reason))?;
    let now = app.desk.ports().clock.now();
    in_time(opened.reader.timeliness(&opened.launch, now)).map_err(|reason| arrival.refuse(reason))?;
    let _place = place(app, id).ok_or_else(|| arrival.refuse(Reason::Overloaded))?;
    let (visit, mut launch) = understand(id, role, &opened.launch, organization.patient_display_name);
    launch.booking = with_time(None, opened.reader.starts(&opened.launch), now);
    let outcome = match kind {
        LaunchKind::DeviceTest => {
            device_test::depart(&arrival, Understood { visit, launch, group: None }).await
        }
        _ => arrival.admit(visit, launch).await,
    };
    app.metrics.launch_took(kind.segment(), began.elapsed());
    let mut response = outcome?;
    app.metrics.launch(kind.segment(), "accepted");
    if let Ok(cookie) = HeaderValue::try_from(browser.set_cookie(&app.settings, organization)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A payload that one organization's key has opened.
struct Opened<'a> {
    id: &'a OrganizationId,
    organization: &'a Organization,
    reader: Arc<EncryptedLaunches>,
    launch: EncryptedLaunch,
}

/// There is no `iss` that tells test and production of one account apart; each has a key of its own, and that does.
fn open<'a>(app: &'a App, candidates: &Candidates<'a>, payload: &str) -> Result<Opened<'a>, Reason> {
    if candidates.is_empty() {
        return Err(Reason::UnknownOrganization);
    }
    let readers = candidates.iter().filter_map(|(id, organization)| {
        let reader = app.epic.config(id)?.encrypted_launches.clone()?;
        Some((*id, *organization, reader))
    });
    let mut has_key = false;
    for (id, organization, reader) in readers {
        has_key = true;
        if let Ok(launch) = reader.open(payload) {
            return Ok(Opened { id, organization, reader, launch });
        }
    }
    if has_key {
        tracing::info!("{DoesNotDecrypt}");
        return Err(Reason::LinkUnreadable);
    }
    tracing::warn!("an encrypted launch came, and no launch_key is set for the organization");
    Err(Reason::NoLaunchKey)
}

/// The role that follows from the kind *and* from the payload; a mismatch is refused, as with any launch.
fn role(kind: LaunchKind, side: Side) -> Result<Role, Reason> {
    match (kind, side) {
        (LaunchKind::Provider, Side::Provider) => Ok(Role::Provider),
        (LaunchKind::Patient, Side::Patient) => Ok(Role::Patient),
        (LaunchKind::DeviceTest, Side::Patient) => Ok(Role::Patient),
        (LaunchKind::Provider | LaunchKind::Patient | LaunchKind::DeviceTest, _) => Err(Reason::RoleMismatch),
        // A payload names one conference and nobody's own visit within it; and the tools are for whom Epic has signed in.
        (LaunchKind::GroupProvider | LaunchKind::GroupPatient | LaunchKind::VisitTools, _) => {
            Err(Reason::LaunchNotServed)
        }
    }
}

fn in_time(timeliness: Timeliness) -> Result<(), Reason> {
    match timeliness {
        Timeliness::InTime => Ok(()),
        Timeliness::TooLate => Err(Reason::LinkTooOld),
        Timeliness::WithoutTime => {
            tracing::warn!("an encrypted launch says no time; see launch_without_time in the settings");
            Err(Reason::LinkWithoutTime)
        }
    }
}

/// The person has no FHIR id here. Epic's own id stands for one, also where the visit is bound to its patient.
fn understand(
    organization: &OrganizationId,
    role: Role,
    said: &EncryptedLaunch,
    names: PatientDisplayName,
) -> (VisitKey, Launch) {
    let launch = Launch {
        role,
        fhir_user: FhirReference::of_external_id(&said.external_id),
        patient: None,
        external_id: Some(said.external_id.clone()),
        external_id_type: said.external_id_type.clone(),
        csn: Some(said.conference.clone()),
        display_name: display_name(role, said.first_name.as_ref(), said.last_name.as_ref(), names),
        email: said.email.clone(),
        first_name: said.first_name.clone(),
        last_name: said.last_name.clone(),
        npi: None,
        booking: None,
    };
    let visit = VisitId::Csn(said.conference.clone());
    (VisitKey { organization: organization.clone(), visit }, launch)
}
