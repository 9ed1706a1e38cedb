//! What an operator does to a visit from its page.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use vestibule_domain::id::{ConferenceId, Csn, VisitId, VisitKey};

use super::{NOTE, address};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::problem::{ApiError, Problem};
use crate::http::whose::{Identified, IdentifyForm};
use crate::settings::StaffRole;
use crate::web::StoryNote;

/// Says who somebody in the meeting is of whom Zoom does not say it; their light follows then.
///
/// # Errors
/// [`ApiError`] for a form that no page of ours sends, for an unknown organization, and when the store does not answer.
#[utoipa::path(post, path = "/visits/{organization}/{csn}/identify", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("csn" = String, Path, description = "Epic's contact serial number"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn identify(
    app: web::Data<App>,
    by: Who,
    path: web::Path<(String, String)>,
    form: web::Form<IdentifyForm>,
) -> Result<HttpResponse, ApiError> {
    let csn = Csn::new(&path.1).map_err(|_| ApiError::NoSuchVisit)?;
    said(&app, &by, &path.0, VisitId::Csn(csn), &form).await
}

/// The same in a group visit.
///
/// # Errors
/// As for a visit of one patient.
#[utoipa::path(post, path = "/group-visits/{organization}/{conference_id}/identify", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("conference_id" = String, Path, description = "Epic's conference id"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn identify_in_group(
    app: web::Data<App>,
    by: Who,
    path: web::Path<(String, String)>,
    form: web::Form<IdentifyForm>,
) -> Result<HttpResponse, ApiError> {
    let conference = ConferenceId::new(&path.1).map_err(|_| ApiError::NoSuchVisit)?;
    said(&app, &by, &path.0, VisitId::Conference(conference), &form).await
}

async fn said(
    app: &App,
    by: &Who,
    organization: &str,
    visit: VisitId,
    form: &IdentifyForm,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = by.organization(app, organization, StaffRole::Operator)?;
    let key = VisitKey { organization: id.clone(), visit };
    let who =
        form.who().map_err(|_| ApiError::BadRequest("`who` is no participant of a visit".to_owned()))?;
    let role = who.as_ref().map(|who| who.role().as_str());
    let said = form.say(app, &key, who, &organization.policy(&app.settings)).await?;
    tracing::info!(by = by.name(), organization = %id, role, outcome = said.as_str(), "an operator says who somebody is");
    let note = match said {
        Identified::Done => StoryNote::Identified,
        Identified::NotYet => StoryNote::NotYet,
        Identified::NotHere => StoryNote::NotHere,
    };
    let to = format!("{}?{NOTE}={}", address(&key), note.code());
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}
