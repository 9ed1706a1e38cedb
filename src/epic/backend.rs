//! The backend token: the service itself is the client, known by an assertion under its private key. It outlives the tokens of
//! launches, so that a "left" after a long visit can still be told.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use vestibule_actors::port::clock::{Randomness, instant};
use vestibule_domain::time::Moment;

use super::client::{EpicClient, EpicSite};
use super::config::EpicConfig;
use super::keys::CannotSign;
use super::smart::SmartError;
use crate::outbound::{Bearer, Fresh, TokenFailure, oauth};

/// The type of assertion that RFC 7523 names.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Epic allows at most 300 s from `nbf` to `exp`; both margins together stay below, for clocks that differ.
const SECONDS_BEFORE: i64 = 30;
const SECONDS_AFTER: i64 = 240;

/// A signed statement of who we are, for one use at one token endpoint.
pub(super) fn assertion(
    config: &EpicConfig,
    token_url: &str,
    now: Moment,
    randomness: &dyn Randomness,
) -> Result<String, CannotSign> {
    let seconds = now.0.div_euclid(1000);
    let bits = (u128::from(randomness.draw()) << 64) | u128::from(randomness.draw());
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    config.keys.sign(&claims(&config.client_id, token_url, seconds, id))
}

fn claims(client_id: &str, token_url: &str, seconds: i64, id: Uuid) -> serde_json::Value {
    let begin = seconds - SECONDS_BEFORE;
    json!({
        "iss": client_id, "sub": client_id, "aud": token_url, "jti": id.to_string(),
        "iat": begin, "nbf": begin, "exp": seconds + SECONDS_AFTER,
    })
}

impl EpicClient {
    /// The token of the organization's backend client: one for the node, one refresh at a time, each with the organization's whole
    /// time-out. A caller who has less time drops out of waiting.
    pub(super) async fn backend_token(&self, site: &Arc<EpicSite>) -> Result<Arc<Bearer>, TokenFailure> {
        let fetch = || {
            let (client, site) = (self.clone(), Arc::clone(site));
            async move { client.fetch_backend_token(&site).await }
        };
        site.backend.get(&self.clock, fetch).await
    }

    async fn fetch_backend_token(&self, site: &Arc<EpicSite>) -> Result<Fresh<Bearer>, TokenFailure> {
        let endpoints = self.endpoints(site).await.map_err(|error| match error {
            SmartError::Refused { status, error } => TokenFailure::Refused { status, error },
            _ => TokenFailure::Unavailable,
        })?;
        let now = self.clock.now();
        let assertion = assertion(&site.config, &endpoints.token, now, self.randomness.as_ref());
        let assertion = assertion.map_err(|CannotSign| TokenFailure::Refused { status: 0, error: None })?;
        let scope = site.config.backend_scopes.join(" ");
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        if !scope.is_empty() {
            form.push(("scope", scope.as_str()));
        }
        let deadline = instant() + site.config.timeout;
        let body =
            oauth::post_form(&self.http, &endpoints.token, None, &form, deadline, (now, &site.clock)).await?;
        oauth::bearer(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_keeps_within_what_epic_allows() {
        let claims = claims("c", "https://e.example/token", 1000, Uuid::nil());
        let number = |name: &str| claims[name].as_i64().unwrap();
        assert!(number("exp") - number("iat") <= 300 && number("exp") - 1000 <= 300);
        assert!(number("iat") <= 1000 && number("nbf") <= 1000);
        assert_eq!((&claims["iss"], &claims["aud"]), (&claims["sub"], &json!("https://e.example/token")));
        assert!(claims["jti"].as_str().unwrap().len() <= 151);
    }
}
