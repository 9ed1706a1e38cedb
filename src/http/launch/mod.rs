//! A launch from Epic: the FDI record's URL, the way through Epic's authorization server, and back.
//!
//! `GET /epic/{organization}/launch/{kind}` checks who asks and sends the browser to Epic; `GET /epic/callback` takes the single-use
//! state, learns who the person is and what the launch is about, and hands a launch command in. An encrypted launch says both itself.

mod arrival;
mod begin;
mod birth;
mod booking;
mod callback;
mod context;
mod encrypted;
mod organization;
mod reads;
mod state;
#[cfg(test)]
mod tests;

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::SemaphorePermit;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::visit::LaunchRefusal;

use super::app::App;
use super::ask;
use super::metrics::Open;
use super::person::PersonError;
use super::problem::ApiError;
use super::query::Parameters;
use crate::http::here::Here;
use crate::web::{Audience, Reason};
pub(super) use arrival::Arrival;
pub(super) use birth::birth_date_of;
pub use context::LaunchKind;
pub(super) use context::Understood;
use organization::Asked;

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/epic/callback", web::get().to(callback::callback))
        .route("/epic/launch/{kind}", web::get().to(launch_by_query))
        .route("/epic/{organization}/launch/{kind}", web::get().to(launch_by_path))
        .route("/epic/{organization}/jwks.json", web::get().to(jwks));
}

async fn launch_by_path(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, PersonError> {
    let (organization, kind) = path.into_inner();
    let began = begin::begin(&app, &here, &request, Ok(Asked::ByPath(organization)), &kind).await;
    told(&app, LaunchKind::label(&kind), began)
}

async fn launch_by_query(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    kind: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let asked = Asked::by_query(&Parameters::of(&request));
    let began = begin::begin(&app, &here, &request, asked, &kind).await;
    told(&app, LaunchKind::label(&kind), began)
}

/// Counts a refusal and writes it in the log, where the request's span has its correlation id.
pub(super) fn told(
    app: &App,
    kind: &'static str,
    outcome: Result<HttpResponse, PersonError>,
) -> Result<HttpResponse, PersonError> {
    if let Err(refused) = &outcome {
        let (reason, correlation_id) = (refused.reason.code(), refused.correlation_id.as_str());
        app.metrics.launch(kind, reason);
        tracing::warn!(kind, reason, correlation_id, "launch refused");
    }
    outcome
}

/// A place among what waits for an organization's Epic and Zoom; none where all are taken.
pub(super) fn place<'a>(app: &'a App, organization: &OrganizationId) -> Option<(SemaphorePermit<'a>, Open)> {
    let Some(permit) = app.limits.launches.get(organization).and_then(|places| places.try_acquire().ok())
    else {
        app.metrics.refused("launches");
        return None;
    };
    Some((permit, app.metrics.launch_under_way(organization)))
}

/// What a person reads of a refusal by the visit itself.
pub(super) fn reason_of(refusal: LaunchRefusal) -> Reason {
    match refusal {
        LaunchRefusal::WrongPatient => Reason::OtherPatient,
        LaunchRefusal::Over => Reason::VisitOver,
        LaunchRefusal::Full => Reason::Overloaded,
        LaunchRefusal::Expired | LaunchRefusal::Revoked => Reason::GuestLinkNotGood,
        LaunchRefusal::CalledOff => Reason::VisitCancelled,
        LaunchRefusal::TooEarly => Reason::TooEarly,
        LaunchRefusal::TooLate => Reason::TooLate,
    }
}

/// Where Epic sends people back to, exactly as it is registered there.
pub(super) fn redirect_uri(app: &App) -> String {
    app.settings.server.public_url.with_path("/epic/callback")
}

/// Our public keys for Epic, which is a program.
async fn jwks(app: web::Data<App>, organization: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let (id, _) = ask::organization(&app, &organization)?;
    let site = app.epic.config(id).ok_or(ApiError::UnknownOrganization)?;
    // Epic keeps a key set for up to 29 hours if nothing says otherwise; a rotation should not take that long.
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .content_type("application/json")
        .body(site.keys.jwks_json()))
}

impl LaunchKind {
    /// Whom a page of this launch speaks to.
    fn audience(self) -> Audience {
        if self.is_providers() { Audience::Provider } else { Audience::Patient }
    }
}
