//! People sign in once with a token and get a cookie. What the store keeps under the cookie's hash is only which token was used, so
//! that taking a token out of the settings ends its sessions.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vestibule_actors::port::store::Space;
use vestibule_domain::time::Span;

use super::tokens::{Fingerprint, current};
use crate::http::app::App;
use crate::http::ask::stored;
use crate::http::problem::ApiError;
use crate::settings::Grant;

/// The cookie's name.
pub const COOKIE: &str = "vestibule_session";
/// A sign-in holds for a working day.
const LIFE: Span = Span::hours(12);
/// No cookie of ours is longer; the store is not asked for others.
const LONGEST: usize = 128;

/// A session's name in the store: a hash of the cookie's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(String);

#[derive(Serialize, Deserialize)]
struct Stored {
    token: Fingerprint,
}

impl SessionKey {
    fn of_value(value: &str) -> Self {
        Self(hex::encode(Sha256::digest(value.as_bytes())))
    }

    /// The session that the request's cookie names, whether or not it stands.
    pub fn of_request(request: &HttpRequest) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        let fits = (1..=LONGEST).contains(&cookie.value().len());
        fits.then(|| Self::of_value(cookie.value()))
    }

    /// What goes with the session while it stands: not expired, not signed out, and its token still in the settings.
    ///
    /// # Errors
    /// [`ApiError::StoreUnavailable`] when the store does not answer.
    pub async fn grant<'a>(&self, app: &App, grants: &'a [Grant]) -> Result<Option<&'a Grant>, ApiError> {
        let found = stored(app.desk.ports().store.get(Space::Session, &self.0)).await?;
        let session = found.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        Ok(session.and_then(|session| current(&session.token, grants)))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// [`ApiError::StoreUnavailable`] when the store does not answer; the session may stand then.
    pub async fn end(&self, app: &App) -> Result<(), ApiError> {
        stored(app.desk.ports().store.take(Space::Session, &self.0)).await.map(|_| ())
    }
}

/// Begins a session and makes its cookie.
///
/// # Errors
/// [`ApiError::StoreUnavailable`] when the store does not answer.
pub async fn begin(app: &App, token: Fingerprint) -> Result<Cookie<'static>, ApiError> {
    let value = app.desk.ports().randomness.secret();
    let key = SessionKey::of_value(&value);
    let session = serde_json::to_vec(&Stored { token })
        .map_err(|_| ApiError::Internal("a session cannot be written"))?;
    stored(app.desk.ports().store.put(Space::Session, &key.0, session, LIFE)).await?;
    Ok(cookie(app, value, CookieDuration::milliseconds(LIFE.0)))
}

/// A cookie that removes the session's one.
pub fn ended(app: &App) -> Cookie<'static> {
    cookie(app, String::new(), CookieDuration::ZERO)
}

/// `Secure` exactly when the public address is https.
fn cookie(app: &App, value: String, life: CookieDuration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.settings.server.public_url.is_https())
        .max_age(life)
        .finish()
}
