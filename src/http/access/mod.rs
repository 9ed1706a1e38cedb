//! Who may use the operators' pages and routes: `/ops`, `/visits`, `/group-visits`, `/records`, `/admin`, `/api`,
//! `/metrics`.

mod attempts;
mod origin;
mod session;
mod sign_in;
mod tokens;

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use attempts::{Peer, WrongTokens};
pub use origin::{is_named_loopback, is_same_site};
pub use session::{COOKIE, SessionKey};
pub use sign_in::{SignInForm, form_settings};

// What utoipa's attribute makes beside each handler.
pub use sign_in::{__path_page as __path_sign_in_page, page as sign_in_page};
pub use sign_in::{__path_sign_in, sign_in};
pub use sign_in::{__path_sign_out, sign_out};

use super::app::App;
use super::ask::now;
use super::problem::ApiError;
use crate::settings::{Access, Secret};

/// Operators' routes that are pages: whoever is not signed in there is led to the sign-in.
const PAGES: [&str; 3] = ["/ops", "/records", "/admin"];
/// And all that begin so.
const PAGES_BELOW: [&str; 3] = ["/admin/", "/visits/", "/group-visits/"];

/// Who was let in. Handlers find it among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever works on the machine itself.
    Local,
    /// A program with a token.
    Program,
    /// A person who signed in.
    Person(SessionKey),
}

impl Who {
    /// Whoever the guard let in.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Whether the page offers to sign out.
    pub fn signed_in(request: &HttpRequest) -> bool {
        matches!(Self::of(request), Some(Self::Person(_)))
    }

    /// Whether whoever was let in would still be: a session may have ended since. While the store does not answer, nobody is sent away.
    pub async fn may_stay(&self, app: &App) -> bool {
        match (self, &app.settings.access) {
            (Self::Person(session), Access::Token(tokens)) => {
                session.stands(app, tokens).await.unwrap_or(true)
            }
            _ => true,
        }
    }
}

/// The middleware in front of every operators' route.
///
/// # Errors
/// None of its own: whoever is not let in gets an answer.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Err(ApiError::Internal("the application has no shared state").into());
    };
    match admit(&app, request.request()).await {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(error) => {
            app.metrics.access_denied(error.code());
            tracing::info!(target: "vestibule::audit", action = "access_denied", reason = error.code(), "refused");
            let answer = refusal(request.request(), &error);
            Ok(request.into_response(answer))
        }
    }
}

/// A page leads to the sign-in and back; a program is told.
fn refusal(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    let path = request.path();
    let is_page = (PAGES.contains(&path) || PAGES_BELOW.iter().any(|below| path.starts_with(below)))
        && !request.headers().contains_key(header::AUTHORIZATION);
    match error {
        ApiError::NotSignedIn if is_page => {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let next = utf8_percent_encode(target, NON_ALPHANUMERIC);
            HttpResponse::SeeOther()
                .insert_header((header::LOCATION, format!("/sign-in?next={next}")))
                .finish()
        }
        error => error.answer(request),
    }
}

async fn admit(app: &App, request: &HttpRequest) -> Result<Who, ApiError> {
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if (acts || upgrades) && !is_same_site(request, &app.settings.server.public_url) {
        return Err(ApiError::ForeignOrigin);
    }
    match &app.settings.access {
        Access::Loopback => admit_local(request),
        Access::Token(tokens) => match request.headers().get(header::AUTHORIZATION) {
            Some(value) => admit_program(app, request, value, tokens),
            None => admit_person(app, request, tokens).await,
        },
    }
}

/// Whoever comes from the machine itself, under a name of the machine itself.
fn admit_local(request: &HttpRequest) -> Result<Who, ApiError> {
    let local = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    if local && is_named_loopback(request) { Ok(Who::Local) } else { Err(ApiError::NotLoopback) }
}

fn admit_program(
    app: &App,
    request: &HttpRequest,
    value: &header::HeaderValue,
    tokens: &[Secret],
) -> Result<Who, ApiError> {
    let presented = value.to_str().ok().and_then(bearer).unwrap_or_default();
    check_token(app, request, presented, tokens).map(|_| Who::Program)
}

async fn admit_person(app: &App, request: &HttpRequest, tokens: &[Secret]) -> Result<Who, ApiError> {
    let session = SessionKey::of_request(request).ok_or(ApiError::NotSignedIn)?;
    if session.stands(app, tokens).await? { Ok(Who::Person(session)) } else { Err(ApiError::NotSignedIn) }
}

/// Checks a token. A right one is always let in, since behind a proxy a scraper has the same address as whoever tries tokens; so
/// what keeps a token from being found is its length, and this only tells a peer with many wrong ones to stop asking.
fn check_token(
    app: &App,
    request: &HttpRequest,
    presented: &str,
    tokens: &[Secret],
) -> Result<tokens::Fingerprint, ApiError> {
    if let Some(token) = tokens::check(presented, tokens) {
        return Ok(token);
    }
    let (peer, now) = (peer(request), now(app));
    if let Some(retry_after_seconds) = app.limits.wrong_tokens.must_wait(peer, now) {
        app.metrics.refused("wrong_tokens");
        return Err(ApiError::TooManyAttempts { retry_after_seconds });
    }
    app.limits.wrong_tokens.failed(peer, now);
    Err(ApiError::NotSignedIn)
}

/// The address at the other end of the connection; what a proxy claims in headers is not believed.
pub(super) fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests;
