//! Epic's public keys, by which id_tokens are verified: cached, and fetched once more, not too often, when a key is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use serde_json::Value;
use vestibule_domain::time::Span;

use super::client::{EpicClient, EpicSite};
use super::smart::SmartError;
use crate::outbound::{Fresh, lenient};

/// Keys rotate rarely, and a new one is noticed by its id.
const RENEW_AFTER: Span = Span::hours(1);
/// While Epic does not answer, old keys are used this long.
const USABLE_FOR: Span = Span::hours(24);
/// Tokens with invented key ids must not make us ask Epic more often than this.
const APART: Span = Span::seconds(30);
/// More keys than this are not kept.
const MOST_KEYS: usize = 64;

/// RSA keys by their id.
#[derive(Default)]
pub(super) struct KeySet(BTreeMap<String, DecodingKey>);

impl KeySet {
    /// Takes the RSA keys that may sign; what else is in the set does not matter.
    pub fn read(set: &Value) -> Result<Self, SmartError> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or(SmartError::Unreadable)?;
        let usable = keys.iter().filter(|key| {
            lenient::text(key, "kty") == Some("RSA")
                && lenient::text(key, "use").is_none_or(|purpose| purpose == "sig")
                && lenient::text(key, "alg").is_none_or(|algorithm| algorithm == "RS256")
        });
        let named = usable.filter_map(|key| {
            let id = lenient::text(key, "kid")?.to_owned();
            let key =
                DecodingKey::from_rsa_components(lenient::text(key, "n")?, lenient::text(key, "e")?).ok()?;
            Some((id, key))
        });
        Ok(Self(named.take(MOST_KEYS).collect()))
    }

    pub fn key(&self, id: &str) -> Option<&DecodingKey> {
        self.0.get(id)
    }
}

impl EpicClient {
    /// A set that holds the key, if Epic has it; else the newest one known.
    pub(super) async fn keys_with(&self, site: &Arc<EpicSite>, key: &str) -> Result<Arc<KeySet>, SmartError> {
        let fetch = || {
            let (client, site) = (self.clone(), Arc::clone(site));
            async move { client.fetch_keys(&site).await }
        };
        let keys = site.keys.get(&self.clock, fetch).await?;
        if keys.key(key).is_some() {
            return Ok(keys);
        }
        Ok(site.keys.newer(&self.clock, &keys, APART, fetch).await)
    }

    async fn fetch_keys(&self, site: &Arc<EpicSite>) -> Result<Fresh<KeySet>, SmartError> {
        let url = self.keys_url(site).await?;
        let value = KeySet::read(&self.get_json(site, &url).await?)?;
        Ok(Fresh { value, renew_after: RENEW_AFTER, usable_for: USABLE_FOR })
    }

    /// By the SMART metadata; else by the OpenID metadata of the authorization server, as Epic has them since May 2020, else by
    /// those below the FHIR base, which it has since August 2021.
    async fn keys_url(&self, site: &Arc<EpicSite>) -> Result<String, SmartError> {
        let endpoints = self.endpoints(site).await?;
        if let Some(url) = endpoints.jwks {
            return Ok(url);
        }
        let mut last = SmartError::Unreadable;
        for base in [endpoints.base(&site.config), site.config.fhir_base_url.clone()] {
            let metadata = self.get_json(site, &format!("{base}/.well-known/openid-configuration")).await;
            match metadata.map(|metadata| lenient::text(&metadata, "jwks_uri").map(str::to_owned)) {
                Ok(Some(url)) if super::metadata::is_safe(&url) => return Ok(url),
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_rsa_keys_that_may_sign_are_taken() {
        let (n, e) = ("AQAB", "AQAB");
        let set = json!({"keys": [
            {"kty": "RSA", "kid": "plain", "n": n, "e": e},
            {"kty": "RSA", "kid": "signs", "n": n, "e": e, "use": "sig", "alg": "RS256"},
            {"kty": "RSA", "kid": "encrypts", "n": n, "e": e, "use": "enc"},
            {"kty": "RSA", "kid": "other", "n": n, "e": e, "alg": "RS512"},
            {"kty": "EC", "kid": "curve", "crv": "P-256", "x": n, "y": e},
            {"kty": "RSA", "kid": "broken", "n": "***", "e": e},
            {"kty": "RSA", "n": n, "e": e},
            "nonsense",
        ]});
        let keys = KeySet::read(&set).unwrap();
        assert_eq!(keys.0.keys().collect::<Vec<_>>(), ["plain", "signs"]);
        assert!(KeySet::read(&json!({"keys": 5})).is_err());
    }
}
