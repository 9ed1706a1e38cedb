//! A launch from Epic: the FDI record's URL, the way through Epic's authorization server, and back.
//!
//! `GET /epic/{organization}/launch/{kind}` checks who asks and sends the browser to Epic; `GET /epic/callback` takes the single-use
//! state, learns who the person is and what the launch is about, and hands a launch command in.

mod callback;
mod context;
mod organization;
mod state;

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tokio::sync::SemaphorePermit;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::app::App;
use super::browser::Browser;
use super::metrics::Open;
use super::person::PersonError;
use super::visit::language_of;
use crate::epic::{AuthorizeRequest, Pkce};
use crate::http::here::Here;
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
    here: web::Data<Here>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<LaunchQuery>,
) -> Result<HttpResponse, PersonError> {
    let (organization, kind) = path.into_inner();
    launch(&app, &here, &request, Asked::ByPath(organization), &kind, query.into_inner()).await
}

async fn launch_by_query(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    kind: web::Path<String>,
    query: web::Query<LaunchQuery>,
) -> Result<HttpResponse, PersonError> {
    let query = query.into_inner();
    let asked = Asked::ByQuery { acc_id: query.acc_id.clone(), org_id: query.org_id.clone() };
    launch(&app, &here, &request, asked, &kind, query).await
}

async fn launch(
    app: &App,
    here: &Here,
    request: &HttpRequest,
    asked: Asked,
    kind: &str,
    query: LaunchQuery,
) -> Result<HttpResponse, PersonError> {
    let outcome = begin(app, here, request, asked, kind, query).await;
    if let Err(refused) = &outcome {
        app.metrics
            .launch(LaunchKind::parse(kind).map_or("unknown", LaunchKind::segment), refused.reason.code());
        tracing::warn!(
            reason = refused.reason.code(),
            correlation_id = refused.correlation_id,
            "launch refused"
        );
    }
    outcome
}

async fn begin(
    app: &App,
    here: &Here,
    request: &HttpRequest,
    asked: Asked,
    kind: &str,
    query: LaunchQuery,
) -> Result<HttpResponse, PersonError> {
    let kind = LaunchKind::parse(kind).ok_or_else(|| PersonError::new(request, Reason::NotFound))?;
    let (id, organization) = organization::resolve(&app.settings, asked, query.iss.as_deref())
        .map_err(|reason| PersonError::new(request, reason))?;
    let refuse = |reason| PersonError::of(request, reason, organization, kind.audience());
    let _place = place(app, id).ok_or_else(|| refuse(Reason::Overloaded))?;
    let (Some(_), Some(launch)) = (&query.iss, query.launch.filter(|launch| !launch.is_empty())) else {
        return Err(refuse(Reason::MissingVisitContext));
    };
    let ports = app.desk.ports();
    let browser = Browser::of(request).unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
    let pkce = Pkce::draw(ports.randomness.as_ref());
    let language = language_of(request, Some(organization));
    let (state, name) = LaunchState::fresh(id, kind, &browser, language, &pkce, ports.randomness.as_ref());
    let redirect_uri = redirect_uri(app);
    let authorize = AuthorizeRequest {
        redirect_uri: &redirect_uri,
        launch: &launch,
        state: &name,
        nonce: &state.nonce,
        challenge: &pkce.challenge,
    };
    let url = here.epic.authorize_url(id, &authorize).await.map_err(|error| {
        tracing::warn!(%error, "Epic's authorization server is not to be found");
        refuse(Reason::EpicNotAnswering)
    })?;
    let life = Span::from_duration(app.settings.limits.oauth_state_life);
    state.keep(ports, &name, life).await.map_err(|_| refuse(Reason::Overloaded))?;
    let mut response = HttpResponse::Found();
    for header in security_headers(&PagePolicy::default()) {
        response.insert_header(header);
    }
    response.insert_header((SET_COOKIE, browser.set_cookie(&app.settings, organization)));
    Ok(response.insert_header((LOCATION, url)).finish())
}

/// A place among the launches of an organization that are worked on; none where all are taken.
fn place<'a>(app: &'a App, organization: &OrganizationId) -> Option<(SemaphorePermit<'a>, Open)> {
    let Some(permit) = app.limits.launches.get(organization).and_then(|places| places.try_acquire().ok())
    else {
        app.metrics.refused("launches");
        return None;
    };
    Some((permit, app.metrics.launch_under_way(organization)))
}

/// Where Epic sends people back to, exactly as it is registered there.
fn redirect_uri(app: &App) -> String {
    app.settings.server.public_url.with_path("/epic/callback")
}

/// Our public keys for Epic.
async fn jwks(
    app: web::Data<App>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let unknown = || PersonError::new(&request, Reason::UnknownOrganization);
    let (id, _) = app.settings.organization(&organization).ok_or_else(unknown)?;
    let site = app.epic.config(id).ok_or_else(unknown)?;
    // Epic keeps a key set for up to 29 hours if nothing says otherwise; a rotation should not take that long.
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .content_type("application/json")
        .body(site.keys.jwks_json()))
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
