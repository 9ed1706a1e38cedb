//! The beginning: `GET /epic/{organization}/launch/{kind}` checks who asks and sends the browser to Epic. A launch that brings an
//! encrypted payload in place of `iss` and `launch` needs no way through Epic.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;
use vestibule_domain::time::Span;

use super::encrypted;
use super::organization::{Asked, resolve};
use super::state::LaunchState;
use super::{LaunchKind, place, redirect_uri};
use crate::epic::{Authorization, AuthorizeRequest};
use crate::http::access;
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::here::Here;
use crate::http::letterhead;
use crate::http::person::{PersonError, note_store_trouble, page_of};
use crate::http::query::{Contradiction, Parameters};
use crate::http::visit::{form_targets, language_of};
use crate::outbound::Pkce;
use crate::settings::{Environment, Organization};
use crate::web::{Audience, Language, OnwardPage, PagePolicy, Reason, security_headers};

/// Longer addresses than this do not get through everywhere.
const LONGEST_ADDRESS: usize = 2_000;

pub(super) async fn begin(
    app: &App,
    here: &Here,
    request: &HttpRequest,
    asked: Result<Asked, Contradiction>,
    kind: &str,
) -> Result<HttpResponse, PersonError> {
    let named = asked.as_ref().ok().and_then(|asked| asked.named(&app.settings));
    let audience = LaunchKind::parse(kind).map_or(Audience::Unknown, LaunchKind::audience);
    let refuse = |reason| PersonError::of_known(request, reason, named, audience);
    let contradictory = |Contradiction| refuse(Reason::LinkUnreadable);
    let kind = LaunchKind::parse(kind).map_err(refuse)?;
    let parameters = Parameters::of(request);
    // What Epic adds to the record's URL. Whatever else is there is ignored.
    let iss = parameters.one("iss").map_err(contradictory)?;
    let launch = parameters.one("launch").map_err(contradictory)?;
    let asked = asked.map_err(contradictory)?;
    if iss.is_none()
        && launch.is_none()
        && let Some(payload) = encrypted::payload(&parameters).map_err(contradictory)?
    {
        return encrypted::enter(app, here, request, &asked, kind, &payload).await;
    }
    let (id, organization) = resolve(&app.settings, &asked, iss.as_deref()).map_err(refuse)?;
    let refuse = |reason| PersonError::of(request, reason, organization, audience);
    kind.served_by(organization).map_err(refuse)?;
    let _place = place(app, id).ok_or_else(|| refuse(Reason::Overloaded))?;
    let launch = launch.ok_or_else(|| refuse(Reason::MissingVisitContext))?;
    let ports = app.desk.ports();
    let browser = Browser::of(request, &app.settings);
    let browser = browser.unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
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
    let authorization = here.epic.authorize(id, &authorize).await.map_err(|error| {
        tracing::warn!(%error, "Epic's authorization server is not to be found");
        refuse(Reason::EpicNotAnswering)
    })?;
    let life = Span::from_duration(app.settings.limits.oauth_state_life);
    let now = ports.clock.now();
    if !app.limits.pending_launches.enter(&name, access::peer(app, request), now, now + life) {
        app.metrics.refused("pending_launches");
        return Err(refuse(Reason::Overloaded));
    }
    state.keep(ports, &name, life).await.map_err(|error| {
        app.limits.pending_launches.leave(&name);
        note_store_trouble(app, "launch", &error);
        refuse(Reason::Overloaded)
    })?;
    let mut response = to_epic(organization, language, &authorization);
    if let Ok(cookie) = HeaderValue::try_from(browser.set_cookie(&app.settings, organization)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A redirect; or, where old proxies and browsers might cut the address, a page that posts the same as a form.
fn to_epic(organization: &Organization, language: Language, authorization: &Authorization) -> HttpResponse {
    let url = authorization.url();
    if url.len() <= LONGEST_ADDRESS {
        let mut response = HttpResponse::Found();
        for header in security_headers(&PagePolicy::default()) {
            response.insert_header(header);
        }
        return response.insert_header((LOCATION, url)).finish();
    }
    let onward = OnwardPage {
        language,
        organization: &letterhead::of(organization),
        test_environment: organization.environment == Environment::Test,
        action: &authorization.endpoint,
        fields: &authorization.parameters,
    };
    // Browsers hold a form to its targets through every redirect behind it: Epic's sign-in on whatever host, and us, and Zoom or a test.
    let mut targets = form_targets(organization);
    targets.push("https:".to_owned());
    targets.extend(organization.device_test.as_ref().map(|test| test.url.origin().to_owned()));
    targets.extend(Url::parse(&authorization.endpoint).ok().map(|url| url.origin().ascii_serialization()));
    page_of(organization, StatusCode::OK, &onward, &targets)
}
