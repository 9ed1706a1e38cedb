//! The beginning: `GET /epic/{organization}/launch/{kind}` checks who asks and sends the browser to Epic.

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use vestibule_domain::time::Span;

use super::organization::{Asked, resolve};
use super::state::LaunchState;
use super::{LaunchKind, place, redirect_uri};
use crate::epic::{AuthorizeRequest, Pkce};
use crate::http::access;
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::here::Here;
use crate::http::person::{PersonError, note_store_trouble};
use crate::http::query::{Contradiction, Parameters};
use crate::http::visit::language_of;
use crate::web::{Audience, PagePolicy, Reason, security_headers};

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
    let (id, organization) = resolve(&app.settings, &asked, iss.as_deref()).map_err(refuse)?;
    let refuse = |reason| PersonError::of(request, reason, organization, audience);
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
    let url = here.epic.authorize_url(id, &authorize).await.map_err(|error| {
        tracing::warn!(%error, "Epic's authorization server is not to be found");
        refuse(Reason::EpicNotAnswering)
    })?;
    let life = Span::from_duration(app.settings.limits.oauth_state_life);
    let now = ports.clock.now();
    if !app.limits.pending_launches.enter(&name, access::peer(request), now, now + life) {
        app.metrics.refused("pending_launches");
        return Err(refuse(Reason::Overloaded));
    }
    state.keep(ports, &name, life).await.map_err(|error| {
        app.limits.pending_launches.leave(&name);
        note_store_trouble(app, "launch", &error);
        refuse(Reason::Overloaded)
    })?;
    let mut response = HttpResponse::Found();
    for header in security_headers(&PagePolicy::default()) {
        response.insert_header(header);
    }
    response.insert_header((SET_COOKIE, browser.set_cookie(&app.settings, organization)));
    Ok(response.insert_header((LOCATION, url)).finish())
}
