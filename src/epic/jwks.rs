//! Epic's public keys, by which id_tokens are verified: cached, and fetched once more, not too often, when a key is missing.

use std::sync::Arc;

use jsonwebtoken::Header;
use vestibule_domain::time::Span;

use super::client::{EpicClient, EpicSite};
use super::smart::SmartError;
use crate::jwt::KeySet;
use crate::outbound::{Fresh, lenient};

/// Keys rotate rarely, and a new one is noticed by its id.
const RENEW_AFTER: Span = Span::hours(1);
/// While Epic does not answer, old keys are used this long.
const USABLE_FOR: Span = Span::hours(24);
/// Tokens with invented key ids must not make us ask Epic more often than this.
const APART: Span = Span::seconds(30);

impl EpicClient {
    /// A set that holds the key, if Epic has it; else the newest one known.
    pub(super) async fn keys_with(
        &self,
        site: &Arc<EpicSite>,
        header: &Header,
    ) -> Result<Arc<KeySet>, SmartError> {
        let fetch = || {
            let (client, site) = (self.clone(), Arc::clone(site));
            async move { client.fetch_keys(&site).await }
        };
        let keys = site.keys.get(&self.clock, fetch).await?;
        if keys.key(header).is_some() {
            return Ok(keys);
        }
        Ok(site.keys.newer(&self.clock, &keys, APART, fetch).await)
    }

    async fn fetch_keys(&self, site: &Arc<EpicSite>) -> Result<Fresh<KeySet>, SmartError> {
        let url = self.keys_url(site).await?;
        let value = KeySet::read(&self.get_json(site, &url).await?).ok_or(SmartError::Unreadable)?;
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
            match metadata.map(|metadata| lenient::endpoint(&metadata, "jwks_uri").map(str::to_owned)) {
                Ok(Some(url)) => return Ok(url),
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
