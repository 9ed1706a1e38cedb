//! An operator pauses an organization's notifier, so that its Epic is told nothing, and has it go on.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_domain::gate::Halt;

use super::back;
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::now;
use crate::http::audited::{self, NOTIFIER_PAUSED, NOTIFIER_RESUMED, Outcome};
use crate::http::problem::{ApiError, Problem};
use crate::http::reason;
use crate::settings::StaffRole;
use crate::web::OrganizationNote as Note;

/// Why.
#[derive(Deserialize)]
pub struct WhyForm {
    #[serde(default)]
    reason: String,
}

/// Pauses an organization's notifier.
///
/// # Errors
/// [`ApiError`] without a reason, without the role, and where the store does not answer: then it is not known whether it was done.
#[utoipa::path(post, path = "/admin/{organization}/notifier/pause", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings; the form has a `reason`"),
), responses(
    (status = 303, description = "Back to the organization's page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn pause(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    organization: web::Path<String>,
    form: web::Form<WhyForm>,
) -> Result<HttpResponse, ApiError> {
    set(&app, (&by, &request), &organization, &form, true).await
}

/// Has an organization's notifier go on.
///
/// # Errors
/// As for the pause.
#[utoipa::path(post, path = "/admin/{organization}/notifier/resume", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings; the form has a `reason`"),
), responses(
    (status = 303, description = "Back to the organization's page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn resume(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    organization: web::Path<String>,
    form: web::Form<WhyForm>,
) -> Result<HttpResponse, ApiError> {
    set(&app, (&by, &request), &organization, &form, false).await
}

async fn set(
    app: &App,
    (by, request): (&Who, &HttpRequest),
    organization: &str,
    form: &WhyForm,
    pauses: bool,
) -> Result<HttpResponse, ApiError> {
    let (id, _) = by.organization(app, organization, StaffRole::Operator)?;
    let reason = reason::checked(&form.reason)?;
    let action = if pauses { NOTIFIER_PAUSED } else { NOTIFIER_RESUMED };
    audited::begin(app, request, by, action, Some(reason)).await?;
    let halt = pauses.then(|| Halt { by: by.name().to_owned(), reason: reason.to_owned(), since: now(app) });
    let before = app.pauses.set(id, halt).await?;
    let note = match (pauses, before.is_some()) {
        (true, false) => Note::Paused,
        (true, true) => Note::AlreadyPaused,
        (false, true) => Note::Resumed,
        (false, false) => Note::NotPaused,
    };
    if note.is_refusal() {
        request.extensions_mut().insert(Outcome(note.code()));
    }
    tracing::info!(by = by.name(), organization = %id, action, outcome = note.code(), "an operator acts on a notifier");
    Ok(back(request, id, note))
}
