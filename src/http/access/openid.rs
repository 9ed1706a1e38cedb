//! Signing in at the OpenID provider: off to it, and back. The way is kept in the store under a random state, taken once, and belongs to the
//! browser that began it, so that nobody can be signed in as somebody else by a link.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use vestibule_actors::port::store::Space;
use vestibule_domain::time::Span;

use super::peer::peer;
use super::session::{self, Claimed, Known};
use super::sign_in::{refused, see_other, with_cookie};
use crate::http::app::App;
use crate::http::ask::{query, stored};
use crate::http::browser::Browser;
use crate::http::problem::ApiError;
use crate::http::query::Parameters;
use crate::http::{audited, declined, kept};
use crate::identity::{Begun, Named, Provider, Trouble};
use crate::settings::{Secret, Settings};
use crate::web::{SignInTrouble, local_path};

const CALLBACK: &str = "/sign-in/openid/callback";
/// A longer place to go to afterwards is not kept.
const LONGEST_NEXT: usize = 2048;

#[derive(Deserialize)]
struct Wanted {
    next: Option<String>,
}

/// A browser that is at the provider.
#[derive(Serialize, Deserialize)]
struct Underway {
    verifier: String,
    nonce: String,
    /// The hash of the browser's secret.
    browser: String,
    next: String,
}

/// Where the provider leads back to, exactly as it is registered there.
pub(super) fn address(settings: &Settings, path: &str) -> String {
    let openid = settings.access.openid.as_ref();
    let base = openid.and_then(|openid| openid.pages_url.as_ref()).unwrap_or(&settings.server.public_url);
    base.with_path(path)
}

/// States of launches live in the same space: neither is ever found by the name of the other.
fn underway(name: &str) -> String {
    format!("sign-in/{name}")
}

/// Sends the browser to the provider.
///
/// # Errors
/// [`ApiError::NotFound`] where there is none, [`ApiError::Overloaded`], and [`ApiError::StoreUnavailable`].
#[utoipa::path(get, path = "/sign-in/openid", operation_id = "openid_begin", tag = "operations", security(()), params(
    ("next" = Option<String>, Query, description = "The page to go to afterwards"),
), responses(
    (status = 303, description = "To the OpenID provider"),
    (status = 404, description = "There is no OpenID provider in the settings"),
    (status = 503, description = "The provider does not answer: the sign-in page; or too many people are on their way", content_type = "text/html"),
))]
pub async fn begin(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(provider) = &app.identity.provider else {
        return Ok(declined::answer(&ApiError::NotFound, &request));
    };
    let wanted: Wanted = query(&request)?;
    let next = local_path(wanted.next.as_deref().filter(|next| next.len() <= LONGEST_NEXT));
    let ports = app.desk.ports();
    let name = ports.randomness.secret();
    let redirect_uri = address(&app.settings, CALLBACK);
    let begun = provider.begin(&ports.clock, ports.randomness.as_ref(), &redirect_uri, &name).await;
    let Begun { to, verifier, nonce } = match begun {
        Ok(begun) => begun,
        Err(trouble) => return refused(&app, &request, Some(next), told(provider, &trouble)),
    };
    let (life, now) = (Span::from_duration(app.settings.limits.oauth_state_life), ports.clock.now());
    if !app.limits.pending_sign_ins.enter(&name, peer(&app, &request), now, now + life) {
        app.metrics.refused("pending_sign_ins");
        return Ok(declined::answer(&ApiError::Overloaded("pending_sign_ins"), &request));
    }
    let known = Browser::of(&request, &app.settings);
    let browser = known.clone().unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
    let state = Underway {
        verifier: verifier.expose().to_owned(),
        nonce,
        browser: browser.hash(),
        next: next.to_owned(),
    };
    if let Err(error) = stored(kept::keep(ports, Space::OauthState, &underway(&name), &state, life)).await {
        app.limits.pending_sign_ins.leave(&name);
        return Ok(declined::answer(&error, &request));
    }
    let answer = see_other(&to);
    // One that a launch made may be for a frame as well; it stays as it is.
    if known.is_some() { Ok(answer) } else { with_cookie(answer, &browser.cookie(&app.settings)) }
}

/// The provider leads back.
///
/// # Errors
/// [`ApiError::NotFound`] where there is none, and [`ApiError::StoreUnavailable`].
#[utoipa::path(get, path = "/sign-in/openid/callback", operation_id = "openid_callback", tag = "operations", security(()), params(
    ("code" = Option<String>, Query, description = "From the provider"),
    ("state" = Option<String>, Query, description = "As it was sent there"),
), responses(
    (status = 303, description = "Signed in by a cookie; leads to where the sign-in began"),
    (status = 400, description = "A state that is unknown, used, expired, or another browser's; or the provider declined: the sign-in page", content_type = "text/html"),
    (status = 403, description = "No role here: the sign-in page", content_type = "text/html"),
    (status = 404, description = "There is no OpenID provider in the settings"),
    (status = 502, description = "The provider's answer is not believed: the sign-in page", content_type = "text/html"),
    (status = 503, description = "The provider does not answer: the sign-in page", content_type = "text/html"),
))]
pub async fn callback(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(provider) = &app.identity.provider else {
        return Ok(declined::answer(&ApiError::NotFound, &request));
    };
    let Some((state, code)) = taken(&app, &request, provider).await? else {
        audited::not_signed_in(&app, &request, "stale");
        return refused(&app, &request, None, SignInTrouble::Stale);
    };
    let next = Some(state.next.as_str());
    let Some(code) = code else {
        audited::not_signed_in(&app, &request, "declined");
        return refused(&app, &request, next, SignInTrouble::Declined);
    };
    let asked_for = |value: &str| app.settings.access.asks_for(value);
    let redirect_uri = address(&app.settings, CALLBACK);
    let verifier = Secret::new(state.verifier);
    let clock = &app.desk.ports().clock;
    let came = provider.come_back(clock, (&code, &redirect_uri), (&verifier, &state.nonce), asked_for).await;
    let Named { name, values, .. } = match came {
        Ok(named) => named,
        Err(trouble) => {
            let trouble = told(provider, &trouble);
            audited::not_signed_in(&app, &request, trouble.code());
            return refused(&app, &request, next, trouble);
        }
    };
    let issuer = provider.issuer().to_owned();
    let claimed = Claimed { issuer, signed_in_there: true, name, values };
    let name = claimed.audit_name();
    if app.settings.access.rights_of(&claimed.values).highest().is_none() {
        audited::sign_in(&app, &request, "sign_in_failed", "no-role", Some(&name));
        return refused(&app, &request, next, SignInTrouble::NoRole);
    }
    let cookie = session::begin(&app, &request, Known::Claims(claimed), None).await?;
    app.metrics.sign_in("done");
    audited::sign_in(&app, &request, "signed_in", audited::DONE, Some(&name));
    with_cookie(see_other(local_path(next)), &cookie)
}

/// The way that this browser began, and the code that it brings, unless the provider declined. Nothing where it began none; a way is gone
/// once anybody has brought its state.
async fn taken(
    app: &App,
    request: &HttpRequest,
    provider: &Provider,
) -> Result<Option<(Underway, Option<String>)>, ApiError> {
    let parameters = Parameters::of(request);
    let one = |name| parameters.one(name);
    let (Ok(Some(name)), Ok(code), Ok(error), Ok(issuer)) =
        (one("state"), one("code"), one("error"), one("iss"))
    else {
        return Ok(None);
    };
    let ports = app.desk.ports();
    let state: Option<Underway> = stored(kept::take(ports, Space::OauthState, &underway(&name))).await?;
    app.limits.pending_sign_ins.leave(&name);
    let own = |state: &Underway| {
        Browser::of(request, &app.settings).is_some_and(|browser| browser.hash() == state.browser)
    };
    // An answer of another issuer's than we asked (RFC 9207).
    let ours = issuer.is_none_or(|issuer| issuer == provider.issuer());
    Ok(state.filter(|state| own(state) && ours).map(|state| (state, code.filter(|_| error.is_none()))))
}

/// What the page says of a trouble; what it is stands in the log.
fn told(provider: &Provider, trouble: &Trouble) -> SignInTrouble {
    tracing::warn!(issuer = provider.issuer(), %trouble, "nobody could be signed in by the OpenID provider");
    match trouble {
        Trouble::Unavailable => SignInTrouble::ProviderUnavailable,
        Trouble::Refused { .. } | Trouble::Unreadable(_) | Trouble::NotBelieved(_) => {
            SignInTrouble::NotBelieved
        }
    }
}
