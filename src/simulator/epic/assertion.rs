//! Checks of a client assertion, as Epic makes them for backend services and for clients with a private key.

use serde_json::Value;

use super::super::clock::Millis;
use super::FakeEpic;
use super::keys::Unverified;

/// Bounds that Epic publishes.
const MOST_SECONDS: i64 = 300;
const MOST_JTI: usize = 151;

/// Epic keeps a client's key set for up to this long.
const CACHE_MILLIS: Millis = 29 * 3_600_000;

/// Why an assertion is not taken. The caller is told `invalid_client` and nothing else; a test may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("it is no JWT")]
    NotAJwt,
    #[error("its header is wrong")]
    Header,
    #[error("iss and sub must be the client id")]
    Client,
    #[error("aud must be the token URL")]
    Audience,
    #[error("jti is missing, too long or used")]
    Jti,
    #[error("exp, iat or nbf is out of bounds")]
    Times,
    #[error("no published key signed it")]
    Signature,
}

impl FakeEpic {
    /// Checks everything; the key set is fetched at most once per assertion.
    pub(super) async fn check_assertion(&self, token: &str, http: &awc::Client) -> Result<(), Refused> {
        let read = Unverified::parse(token).ok_or(Refused::NotAJwt)?;
        let expires = self.check_claims(&read)?;
        let now = self.now();
        let kept = self.with(|state| state.client_keys.clone()).filter(|(_, until)| *until > now);
        let mut signed = kept.as_ref().is_some_and(|(keys, _)| signed_by_one_of(&read, keys));
        if !signed && let Some((keys, until)) = self.fetch_client_keys(http).await {
            signed = signed_by_one_of(&read, &keys);
            self.with(|state| state.client_keys = Some((keys, until)));
        }
        if !signed {
            return Err(Refused::Signature);
        }
        let jti = read.claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        let key = read.header.get("kid").and_then(Value::as_str).map(str::to_owned);
        self.with(|state| {
            state.tidy(now);
            state.assertion_key = key;
            match state.jtis.insert(jti.to_owned(), expires * 1000) {
                Some(_) => Err(Refused::Jti),
                None => Ok(()),
            }
        })
    }

    /// The claims; gives `exp`.
    fn check_claims(&self, read: &Unverified<'_>) -> Result<i64, Refused> {
        let header = |name: &str| read.header.get(name).and_then(Value::as_str);
        let claim = |name: &str| read.claims.get(name).and_then(Value::as_str);
        let time = |name: &str| read.claims.get(name).and_then(Value::as_i64);
        if !matches!(header("alg"), Some("RS256" | "RS384" | "RS512"))
            || header("typ").is_some_and(|typ| typ != "JWT")
        {
            return Err(Refused::Header);
        }
        let me = Some(self.site().client_id.as_str());
        if claim("iss") != me || claim("sub") != me {
            return Err(Refused::Client);
        }
        if claim("aud") != Some(self.site().token_url().as_str()) {
            return Err(Refused::Audience);
        }
        if claim("jti").is_none_or(|jti| jti.is_empty() || jti.len() > MOST_JTI) {
            return Err(Refused::Jti);
        }
        let now = self.now().div_euclid(1000);
        let exp = time("exp").filter(|exp| *exp > now && exp - now <= MOST_SECONDS).ok_or(Refused::Times)?;
        // Both may be absent; where they are there, neither lies in the future nor too far back.
        for earlier in ["iat", "nbf"].into_iter().filter_map(time) {
            if earlier > now || exp - earlier > MOST_SECONDS {
                return Err(Refused::Times);
            }
        }
        Ok(exp)
    }

    async fn fetch_client_keys(&self, http: &awc::Client) -> Option<(Value, Millis)> {
        self.count("client_jwks");
        let mut response = http.get(&self.site().client_jwks_url).send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let cache = response.headers().get("cache-control").and_then(|value| value.to_str().ok());
        let age = cache.and_then(max_age).map_or(CACHE_MILLIS, |seconds| (seconds * 1000).min(CACHE_MILLIS));
        let body = response.body().limit(256 * 1024).await.ok()?;
        Some((serde_json::from_slice(&body).ok()?, self.now() + age))
    }
}

fn max_age(header: &str) -> Option<Millis> {
    header.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
}

/// The key that the header names; without a name, any.
fn signed_by_one_of(read: &Unverified<'_>, keys: &Value) -> bool {
    let kid = read.header.get("kid").and_then(Value::as_str);
    let keys = keys.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    keys.iter()
        .filter(|key| kid.is_none_or(|kid| key.get("kid").and_then(Value::as_str) == Some(kid)))
        .any(|key| read.signed_by(key))
}
