//! The public side of connecting a Zoom account: off to Zoom's consent page, and back.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::state::{Ticket, Underway};
use super::{redirect_uri, trouble};
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::correlation;
use crate::http::here::Here;
use crate::http::person::{note_store_trouble, page};
use crate::http::query::Parameters;
use crate::http::visit::language_of;
use crate::settings::Organization;
use crate::web::{ConnectTrouble, Language, PagePolicy, SignedIn, ZoomResultPage};

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/zoom/connect/{ticket}", web::get().to(begin))
        .route("/zoom/callback", web::get().to(callback));
}

/// Why the way ends, and whose it was, as far as that is known.
struct Ended<'a> {
    trouble: ConnectTrouble,
    whose: Option<(&'a OrganizationId, &'a Organization)>,
    language: Language,
}

/// Binds the way to this browser and sends it on to Zoom.
async fn begin(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    ticket: web::Path<String>,
) -> HttpResponse {
    match to_zoom(&app, &here, &request, &ticket).await {
        Ok(response) => response,
        Err(ended) => told(&app, Some(ended.trouble), ended.whose, ended.language),
    }
}

async fn to_zoom<'a>(
    app: &'a App,
    here: &Here,
    request: &HttpRequest,
    ticket: &str,
) -> Result<HttpResponse, Ended<'a>> {
    let ports = app.desk.ports();
    let unknown = |trouble| Ended { trouble, whose: None, language: language_of(request, None) };
    let taken = Ticket::take(ports, ticket).await.map_err(|error| {
        note_store_trouble(app, "zoom_connect", &error);
        unknown(ConnectTrouble::Store)
    })?;
    let taken = taken.ok_or_else(|| unknown(ConnectTrouble::Stale))?;
    let (language, whose) = (taken.language(), app.settings.organization(taken.organization.as_str()));
    let (id, organization) = whose.ok_or_else(|| unknown(ConnectTrouble::Stale))?;
    let ended = |trouble| Ended { trouble, whose: Some((id, organization)), language };
    let browser = Browser::of(request, &app.settings);
    let browser = browser.unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
    let name = ports.randomness.secret();
    let to = here.zoom_account.authorize_url(id, &redirect_uri(app), &name);
    let to = to.ok_or_else(|| ended(ConnectTrouble::Stale))?;
    let life = Span::from_duration(app.settings.limits.oauth_state_life);
    taken.of(&browser).keep(ports, &name, life).await.map_err(|error| {
        note_store_trouble(app, "zoom_connect", &error);
        ended(ConnectTrouble::Store)
    })?;
    let mut response = HttpResponse::Found().insert_header((LOCATION, to)).finish();
    if let Ok(cookie) = HeaderValue::try_from(browser.set_cookie(&app.settings, organization)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Zoom leads back.
async fn callback(app: web::Data<App>, here: web::Data<Here>, request: HttpRequest) -> HttpResponse {
    match come_back(&app, &here, &request).await {
        Ok((id, organization, language)) => told(&app, None, Some((id, organization)), language),
        Err(ended) => told(&app, Some(ended.trouble), ended.whose, ended.language),
    }
}

async fn come_back<'a>(
    app: &'a App,
    here: &Here,
    request: &HttpRequest,
) -> Result<(&'a OrganizationId, &'a Organization, Language), Ended<'a>> {
    let unknown = |trouble| Ended { trouble, whose: None, language: language_of(request, None) };
    let parameters = Parameters::of(request);
    let one = |name| parameters.one(name).map_err(|_| unknown(ConnectTrouble::Stale));
    let (state, code, refused) = (one("state")?, one("code")?, one("error")?);
    let name = state.ok_or_else(|| unknown(ConnectTrouble::Stale))?;
    let taken = Underway::take(app.desk.ports(), &name).await.map_err(|error| {
        note_store_trouble(app, "zoom_callback", &error);
        unknown(ConnectTrouble::Store)
    })?;
    let taken = taken.ok_or_else(|| unknown(ConnectTrouble::Stale))?;
    let own = Browser::of(request, &app.settings).is_some_and(|browser| taken.is_of(&browser));
    if !own {
        return Err(unknown(ConnectTrouble::Stale));
    }
    let whose = app.settings.organization(taken.organization.as_str());
    let (id, organization) = whose.ok_or_else(|| unknown(ConnectTrouble::Stale))?;
    let language = taken.language();
    let ended = |trouble| Ended { trouble, whose: Some((id, organization)), language };
    // What Zoom says of a refusal is nothing for the page; that it was one is.
    let code = code.filter(|_| refused.is_none()).ok_or_else(|| ended(ConnectTrouble::Declined))?;
    let connected = here.zoom_account.connect(id, &code, &redirect_uri(app)).await;
    connected.map_err(|refused| ended(trouble(refused)))?;
    Ok((id, organization, language))
}

/// The page on which the way ends, counted and written in the log.
fn told(
    app: &App,
    trouble: Option<ConnectTrouble>,
    whose: Option<(&OrganizationId, &Organization)>,
    language: Language,
) -> HttpResponse {
    let outcome = trouble.map_or("connected", ConnectTrouble::code);
    if let Some((id, _)) = whose {
        app.metrics.zoom_connect(id, outcome);
    }
    let correlation_id = correlation::current();
    if trouble.is_some() {
        let organization = whose.map_or("unknown", |(id, _)| id.as_str());
        tracing::warn!(organization, outcome, "a Zoom account was not connected");
    }
    let back = whose
        .filter(|_| app.settings.server.internal_listen.is_none())
        .map(|(id, _)| format!("/admin/{id}/zoom?lang={}", language.code()));
    let shown = ZoomResultPage {
        language,
        name: whose.map(|(_, organization)| organization.display_name.as_str()),
        trouble,
        back: back.as_deref(),
        correlation_id: correlation_id.as_str(),
        signed_in: SignedIn::NO,
    };
    let status = trouble.map_or(200, ConnectTrouble::status);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    page(status, &shown, &PagePolicy::default())
}
