//! A launch from Epic: the FDI record's URL, the way through Epic's authorization server, and back.
//!
//! `GET /epic/{organization}/launch/{kind}` checks who asks and sends the browser to Epic; `GET /epic/callback` takes the single-use
//! state, learns who the person is and what the launch is about, and hands a launch command in.

mod callback;
mod context;
mod organization;
mod state;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_domain::time::Span;

use super::app::App;
use super::browser::Browser;
use super::person::PersonError;
use super::visit::language_of;
use crate::epic::smart::AuthorizeRequest;
use crate::web::{Audience, PagePolicy, Reason, security_headers};
pub use context::LaunchKind;
use organization::Asked;
use state::LaunchState;

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/epic/callback", web::get().to(callback::callback))
        .route("/epic/launch/{kind}", web::get().to(launch_by_query))
        .route("/epic/{organization}/launch/{kind}", web::get().to(launch_by_path))
        .route("/epic/{organization}/jwks.json", web::get().to(jwks));
}

/// What Epic and the FDI record put into the URL. Unknown parameters are ignored.
#[derive(Deserialize)]
struct LaunchQuery {
    iss: Option<String>,
    launch: Option<String>,
    org_id: Option<String>,
    acc_id: Option<String>,
}

async fn launch_by_path(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<LaunchQuery>,
) -> Result<HttpResponse, PersonError> {
    let (organization, kind) = path.into_inner();
    launch(&app, &request, Asked::ByPath(organization), &kind, query.into_inner()).await
}

async fn launch_by_query(
    app: web::Data<App>,
    request: HttpRequest,
    kind: web::Path<String>,
    query: web::Query<LaunchQuery>,
) -> Result<HttpResponse, PersonError> {
    let query = query.into_inner();
    let asked = Asked::ByQuery { acc_id: query.acc_id.clone(), org_id: query.org_id.clone() };
    launch(&app, &request, asked, &kind, query).await
}

async fn launch(app: &App, request: &HttpRequest, asked: Asked, kind: &str, query: LaunchQuery) -> Result<HttpResponse, PersonError> {
    let outcome = begin(app, request, asked, kind, query).await;
    if let Err(refused) = &outcome {
        app.metrics.launch(LaunchKind::parse(kind), refused.reason.code());
        tracing::warn!(reason = refused.reason.code(), correlation_id = refused.correlation_id, "launch refused");
    }
    outcome
}

async fn begin(app: &App, request: &HttpRequest, asked: Asked, kind: &str, query: LaunchQuery) -> Result<HttpResponse, PersonError> {
    let Ok(_permit) = app.limits.launches.try_acquire() else {
        app.metrics.refused("launches");
        return Err(PersonError::new(request, Reason::Overloaded));
    };
    let kind = LaunchKind::parse(kind).ok_or_else(|| PersonError::new(request, Reason::NotFound))?;
    let (id, organization) =
        organization::resolve(&app.settings, asked, query.iss.as_deref()).map_err(|reason| PersonError::new(request, reason))?;
    let refuse = |reason| PersonError::of(request, reason, organization, kind.audience());
    let (Some(_), Some(launch)) = (&query.iss, query.launch.filter(|launch| !launch.is_empty())) else {
        return Err(refuse(Reason::MissingVisitContext));
    };
    let ports = app.desk.ports();
    let site = app.epic.site(id).ok_or_else(|| refuse(Reason::UnknownOrganization))?;
    let browser = Browser::of(request).unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
    let (state, name) = LaunchState::fresh(id, kind, &browser, language_of(request, Some(organization)), ports.randomness.as_ref());
    let url = site
        .smart()
        .authorize_url(&AuthorizeRequest { launch: &launch, state: &name, nonce: &state.nonce, verifier: &state.verifier })
        .await
        .map_err(|error| {
            tracing::warn!(%error, "Epic's authorization server is not to be found");
            refuse(Reason::EpicNotAnswering)
        })?;
    let life = Span::from_duration(app.settings.limits.oauth_state_life);
    state.keep(ports, &name, life).await.map_err(|_| refuse(Reason::Overloaded))?;
    let mut response = HttpResponse::Found();
    for header in security_headers(&PagePolicy::default()) {
        response.insert_header(header);
    }
    response.cookie(browser.cookie(&app.settings, organization));
    Ok(response.insert_header((LOCATION, url)).finish())
}

/// Our public keys for Epic.
async fn jwks(app: web::Data<App>, request: HttpRequest, organization: web::Path<String>) -> Result<HttpResponse, PersonError> {
    let unknown = || PersonError::new(&request, Reason::UnknownOrganization);
    let (id, _) = app.settings.organization(&organization).ok_or_else(unknown)?;
    let site = app.epic.site(id).ok_or_else(unknown)?;
    // Epic keeps a key set for up to 29 hours if nothing says otherwise; a rotation should not take that long.
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .content_type("application/json")
        .body(site.jwks_json().to_owned()))
}

impl LaunchKind {
    /// Whom a page of this launch speaks to.
    fn audience(self) -> Audience {
        match self {
            LaunchKind::Provider => Audience::Provider,
            LaunchKind::Patient => Audience::Patient,
        }
    }
}
