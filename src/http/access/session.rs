//! What is kept of people who signed in: under a hash of their cookie's value, how they are known. What they may do is looked up in the
//! settings at every request, so that taking a token or a role out of them counts at once.
//!
//! A session ends by itself after `access.session_life`, or after `access.session_idle` without any use. The use is a value of its own, so
//! that a request under way can never bring back a session that somebody has just ended.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vestibule_actors::port::store::Space;
use vestibule_domain::time::{Moment, Span};

use super::tokens::Fingerprint;
use crate::http::app::App;
use crate::http::ask::{now, stored};
use crate::http::problem::ApiError;
use crate::settings::Settings;

/// The cookie's name.
pub const COOKIE: &str = "vestibule_session";
/// The same over https, where browsers take this prefix only from the host itself: no neighbour under the same domain can plant one.
const COOKIE_OF_HOST: &str = "__Host-vestibule_session";
/// No cookie of ours is longer; the store is not asked for others.
const LONGEST: usize = 128;
/// That a session is in use is written no oftener than this.
const NOTED_EVERY: Span = Span::minutes(1);

/// A session's name in the store: a hash of the cookie's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(String);

/// How somebody who signed in is known. An earlier release knows the first alone, in the same form.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Known {
    /// By a token of the settings.
    Token(Fingerprint),
    /// By an issuer's word.
    Claims(Claimed),
    /// By the emergency access.
    BreakGlass(Fingerprint),
}

/// What an issuer said of somebody.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Claimed {
    pub issuer: String,
    /// At the provider that people sign in at; else by a token that they brought.
    pub signed_in_there: bool,
    pub name: String,
    /// Of the role claim.
    pub values: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    known: Known,
    /// Ends without use. One that an earlier release began does not.
    #[serde(default)]
    idles: bool,
}

impl SessionKey {
    fn of_value(value: &str) -> Self {
        Self(hex::encode(Sha256::digest(value.as_bytes())))
    }

    #[cfg(test)]
    pub fn of_tests() -> Self {
        Self::of_value("a session")
    }

    /// The session that the request's cookie names, whether or not it stands.
    pub fn of_request(request: &HttpRequest, settings: &Settings) -> Option<Self> {
        let cookie = request.cookie(cookie_name(settings))?;
        let fits = (1..=LONGEST).contains(&cookie.value().len());
        fits.then(|| Self::of_value(cookie.value()))
    }

    /// How whoever has the session is known, while it stands: not expired, not signed out. That it was used is noted.
    ///
    /// # Errors
    /// [`ApiError::StoreUnavailable`] when the store does not answer.
    pub(super) async fn known(&self, app: &App) -> Result<Option<Known>, ApiError> {
        let found = stored(app.desk.ports().store.get(Space::Session, &self.0)).await?;
        let Some(found) = found.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok()) else {
            return Ok(None);
        };
        let stands = !found.idles || self.is_in_use(app).await?;
        Ok(stands.then_some(found.known))
    }

    async fn is_in_use(&self, app: &App) -> Result<bool, ApiError> {
        let used = stored(app.desk.ports().store.get(Space::Session, &self.used())).await?;
        let used = used.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok().map(Moment));
        let Some(used) = used else { return Ok(false) };
        if now(app) - used >= NOTED_EVERY && self.note_use(app).await.is_err() {
            // A store that takes no writes signs nobody out.
            tracing::debug!("that a session is in use could not be noted");
        }
        Ok(true)
    }

    pub(super) async fn note_use(&self, app: &App) -> Result<(), ApiError> {
        let idle = Span::from_duration(app.settings.access.session_idle);
        let at = now(app).0.to_string().into_bytes();
        stored(app.desk.ports().store.put(Space::Session, &self.used(), at, idle)).await
    }

    /// Under what its use is kept.
    fn used(&self) -> String {
        format!("used/{}", self.0)
    }

    /// Ends the session.
    ///
    /// # Errors
    /// [`ApiError::StoreUnavailable`] when the store does not answer; the session may stand then.
    pub async fn end(&self, app: &App) -> Result<(), ApiError> {
        stored(app.desk.ports().store.take(Space::Session, &self.0)).await?;
        stored(app.desk.ports().store.take(Space::Session, &self.used())).await.map(|_| ())
    }
}

/// Begins a session of this life at most and makes its cookie. One that the browser had ends.
///
/// # Errors
/// [`ApiError::StoreUnavailable`] when the store does not answer.
pub(super) async fn begin(
    app: &App,
    request: &HttpRequest,
    known: Known,
    most: Option<Span>,
) -> Result<Cookie<'static>, ApiError> {
    let value = app.desk.ports().randomness.secret();
    let key = SessionKey::of_value(&value);
    let life = Span::from_duration(app.settings.access.session_life);
    let life = most.map_or(life, |most| most.min(life)).max(Span(1));
    let session = serde_json::to_vec(&Stored { known, idles: true })
        .map_err(|_| ApiError::Internal("a session cannot be written"))?;
    key.note_use(app).await?;
    stored(app.desk.ports().store.put(Space::Session, &key.0, session, life)).await?;
    if let Some(before) = SessionKey::of_request(request, &app.settings) {
        before.end(app).await?;
    }
    Ok(cookie(&app.settings, value, CookieDuration::milliseconds(life.0)))
}

/// A cookie that removes the session's one.
pub(super) fn ended(app: &App) -> Cookie<'static> {
    cookie(&app.settings, String::new(), CookieDuration::ZERO)
}

/// `Secure` exactly when the public address is https.
fn cookie(settings: &Settings, value: String, life: CookieDuration) -> Cookie<'static> {
    Cookie::build(cookie_name(settings), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(settings.server.public_url.is_https())
        .max_age(life)
        .finish()
}

fn cookie_name(settings: &Settings) -> &'static str {
    if settings.server.public_url.is_https() { COOKIE_OF_HOST } else { COOKIE }
}
