//! What ties a launch and a ticket to one browser: a random cookie, of which only a hash is ever stored.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::ORIGIN;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use vestibule_actors::port::clock::Randomness;

use crate::settings::{Organization, Settings};

/// The cookie's name. One browser has one, for all its visits.
const NAME: &str = "vestibule_browser";
/// The same over https, where browsers take this prefix only from the host itself: no neighbour under the same domain can plant one.
const NAME_OF_HOST: &str = "__Host-vestibule_browser";
/// A browser secret has 43 characters; anything much longer is not ours.
const MOST_CHARACTERS: usize = 128;
/// Longer than any visit; a new launch renews it.
const LIFE: Duration = Duration::days(2);

/// A browser's secret, as its cookie carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser(String);

impl Browser {
    /// The browser that sent a request, if it was here before.
    pub fn of(request: &HttpRequest, settings: &Settings) -> Option<Self> {
        let cookie = request.cookie(name(settings))?;
        let plausible = (16..=MOST_CHARACTERS).contains(&cookie.value().len());
        plausible.then(|| Self(cookie.value().to_owned()))
    }

    /// A browser that is here for the first time.
    pub fn fresh(randomness: &dyn Randomness) -> Self {
        Self(randomness.secret())
    }

    /// What is stored in the secret's place.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes()))
    }

    /// The cookie for pages that nobody frames.
    pub fn cookie(&self, settings: &Settings) -> Cookie<'_> {
        Cookie::build(name(settings), self.0.as_str())
            .path("/")
            .http_only(true)
            .secure(settings.server.public_url.is_https())
            .max_age(LIFE)
            .same_site(SameSite::Lax)
            .finish()
    }

    /// The `Set-Cookie` value. A page that Epic may frame needs `SameSite=None` and its own partition; any other gets `Lax`.
    pub fn set_cookie(&self, settings: &Settings, organization: &Organization) -> String {
        let secure = settings.server.public_url.is_https();
        let framed = secure && !organization.framing_hosts.is_empty();
        let mut cookie = self.cookie(settings);
        if framed {
            cookie.set_same_site(SameSite::None);
        }
        // The cookie crate does not know the attribute yet.
        if framed { format!("{cookie}; Partitioned") } else { cookie.to_string() }
    }
}

/// Whether a form comes from a page of ours: a browser that names an origin must name ours; one that names none is left to the cookie.
pub fn is_own_origin(request: &HttpRequest, settings: &Settings) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else { return true };
    origin.to_str().is_ok_and(|origin| origin == settings.server.public_url.as_str())
}

fn name(settings: &Settings) -> &'static str {
    if settings.server.public_url.is_https() { NAME_OF_HOST } else { NAME }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Browser(…)")
    }
}
