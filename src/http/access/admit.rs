//! How each way in is checked, and how whoever tries wrong ones is slowed down.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};

use super::peer::{connected, peer};
use super::session::{Known, SessionKey};
use super::tokens;
use super::who::Who;
use super::{is_named_loopback, is_same_site, names_its_page};
use crate::http::app::App;
use crate::http::ask::now;
use crate::http::problem::ApiError;
use crate::identity::{Named, Trouble};
use crate::settings::AccessMode;

/// Who comes with a request.
///
/// # Errors
/// [`ApiError`]: why they are not let in.
pub(super) async fn admit(app: &App, request: &HttpRequest) -> Result<Who, ApiError> {
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if (acts || upgrades) && !is_same_site(request, &app.settings.server.public_url) {
        return Err(ApiError::ForeignOrigin);
    }
    if app.settings.access.mode == AccessMode::Loopback {
        return admit_local(app, request);
    }
    match request.headers().get(header::AUTHORIZATION) {
        Some(value) => admit_program(app, request, value).await,
        // Whoever has a cookie is a browser, and browsers say which page a form is from; what says nothing is no form of ours.
        None if acts
            && SessionKey::of_request(request, &app.settings).is_some()
            && !names_its_page(request) =>
        {
            Err(ApiError::ForeignOrigin)
        }
        None => admit_person(app, request).await,
    }
}

/// Whoever comes from the machine itself, under a name of the machine itself; not by a proxy of it that had them from elsewhere.
fn admit_local(app: &App, request: &HttpRequest) -> Result<Who, ApiError> {
    let local = connected(request).is_loopback() && peer(app, request).is_loopback();
    if local && is_named_loopback(request) { Ok(Who::local()) } else { Err(ApiError::NotLoopback) }
}

async fn admit_program(
    app: &App,
    request: &HttpRequest,
    value: &header::HeaderValue,
) -> Result<Who, ApiError> {
    let presented = value.to_str().ok().and_then(bearer).unwrap_or_default();
    if app.settings.access.mode == AccessMode::Jwt {
        let named = check_signed(app, request, presented).await?;
        return Who::of_issuer(&named, &app.settings.access).ok_or(ApiError::NoRole);
    }
    let (grant, _) = slowed(app, request, tokens::check(presented, &app.settings.access.grants))?;
    Ok(Who::of_grant(grant))
}

async fn admit_person(app: &App, request: &HttpRequest) -> Result<Who, ApiError> {
    let session = SessionKey::of_request(request, &app.settings).ok_or(ApiError::NotSignedIn)?;
    let known: Known = session.known(app).await?.ok_or(ApiError::NotSignedIn)?;
    Who::of_session(session, known, &app.settings.access).ok_or(ApiError::NotSignedIn)
}

/// Checks a token that an issuer signed.
pub(super) async fn check_signed(
    app: &App,
    request: &HttpRequest,
    presented: &str,
) -> Result<Named, ApiError> {
    let Some(signer) = &app.identity.signer else { return Err(ApiError::NotSignedIn) };
    let asked_for = |value: &str| app.settings.access.asks_for(value);
    match signer.verify(&app.desk.ports().clock, presented, asked_for).await {
        Ok(named) => Ok(named),
        Err(Trouble::NotBelieved(why)) => {
            tracing::debug!(why, "a token is not believed");
            slowed(app, request, None)
        }
        Err(trouble) => Err(ApiError::IssuerUnavailable(format!("{}: {trouble}", signer.issuer()))),
    }
}

/// Lets what was found pass, and counts what was not. A right one is always let in, since a scraper may have the same address as
/// whoever tries tokens; so what keeps a token from being found is its length, and this only tells a peer with many wrong ones to stop asking.
pub(super) fn slowed<T>(app: &App, request: &HttpRequest, found: Option<T>) -> Result<T, ApiError> {
    if let Some(found) = found {
        return Ok(found);
    }
    let (peer, now) = (peer(app, request), now(app));
    if let Some(retry_after_seconds) = app.limits.wrong_tokens.must_wait(peer, now) {
        app.metrics.refused("wrong_tokens");
        return Err(ApiError::TooManyAttempts { retry_after_seconds });
    }
    app.limits.wrong_tokens.failed(peer, now);
    Err(ApiError::NotSignedIn)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
