//! Where Epic's authorization server is. Found by the organization's own FHIR base URL and nothing that a launch brings, fetched
//! once for the node and used on while Epic is down; not fetched at all where the settings name the server.

use std::sync::Arc;

use awc::http::Method;
use serde_json::Value;
use vestibule_actors::port::clock::instant;
use vestibule_domain::time::Span;

use super::client::{EpicClient, EpicSite};
use super::config::EpicConfig;
use super::smart::SmartError;
use crate::outbound::client::until;
use crate::outbound::{Fresh, Request, lenient};

/// Metadata hardly ever changes; asked again after this.
const RENEW_AFTER: Span = Span::hours(1);
/// While Epic does not answer, old metadata are used this long.
const USABLE_FOR: Span = Span::hours(7 * 24);

/// The endpoints of an authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub authorization: String,
    pub token: String,
    /// Where its keys are, if the metadata said so.
    pub jwks: Option<String>,
}

impl Endpoints {
    /// By the base of the authorization server, as Epic lays it out.
    fn below(base: &str) -> Self {
        Self { authorization: format!("{base}/authorize"), token: format!("{base}/token"), jwks: None }
    }

    fn read(metadata: &Value) -> Result<Self, SmartError> {
        let endpoint = |name| lenient::endpoint(metadata, name).map(str::to_owned);
        let authorization = endpoint("authorization_endpoint").ok_or(SmartError::Unreadable)?;
        let token = endpoint("token_endpoint").ok_or(SmartError::Unreadable)?;
        Ok(Self { authorization, token, jwks: endpoint("jwks_uri") })
    }

    /// The base of the server: what its issuer is, and where its OpenID metadata are.
    pub fn base(&self, config: &EpicConfig) -> String {
        let configured = config.oauth_base_url.clone();
        configured.unwrap_or_else(|| self.token.strip_suffix("/token").unwrap_or(&self.token).to_owned())
    }
}

impl EpicClient {
    pub(super) async fn endpoints(&self, site: &Arc<EpicSite>) -> Result<Endpoints, SmartError> {
        if let Some(base) = &site.config.oauth_base_url {
            return Ok(Endpoints::below(base));
        }
        let fetch = || {
            let (client, site) = (self.clone(), Arc::clone(site));
            async move {
                let url = format!("{}/.well-known/smart-configuration", site.config.fhir_base_url);
                let value = Endpoints::read(&client.get_json(&site, &url).await?)?;
                Ok(Fresh { value, renew_after: RENEW_AFTER, usable_for: USABLE_FOR })
            }
        };
        site.endpoints.get(&self.clock, fetch).await.map(|endpoints| endpoints.as_ref().clone())
    }

    /// Fetches something public from Epic.
    pub(super) async fn get_json(&self, site: &EpicSite, url: &str) -> Result<Value, SmartError> {
        let request = Request {
            method: Method::GET,
            url,
            headers: vec![("epic-client-id", site.config.client_id.clone())],
            body: None,
            deadline: until(site.config.timeout, instant() + site.config.timeout),
        };
        let sent = self.http.send(request);
        let response =
            site.clock.compared(self.clock.now(), sent).await.map_err(|_| SmartError::Unavailable)?;
        match response.status.as_u16() {
            200 => response.json().filter(Value::is_object).ok_or(SmartError::Unreadable),
            status @ (408 | 429 | 500..=599) => {
                tracing::debug!(status, "Epic's metadata are not to be had at the moment");
                Err(SmartError::Unavailable)
            }
            status => Err(SmartError::Refused { status, error: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::config;
    use super::*;
    use serde_json::json;

    #[test]
    fn endpoints_are_read_and_must_be_safe() {
        let good = json!({"authorization_endpoint": "https://e.example/oauth2/authorize",
            "token_endpoint": "https://e.example/oauth2/token", "jwks_uri": "ftp://e.example"});
        let endpoints = Endpoints::read(&good).unwrap();
        assert_eq!(endpoints.jwks, None);
        assert_eq!(endpoints.base(&config("http://127.0.0.1:1")), "https://e.example/oauth2");
        for bad in [
            json!({}),
            json!({"authorization_endpoint": "https://e.example/a"}),
            json!({"authorization_endpoint": "https://e.example/a", "token_endpoint": "http://e.example/t"}),
            json!({"authorization_endpoint": "javascript:alert(1)", "token_endpoint": "https://e.example/t"}),
            json!({"authorization_endpoint": "https://e.example/a", "token_endpoint": "https://u:p@e.example/t"}),
        ] {
            assert_eq!(Endpoints::read(&bad), Err(SmartError::Unreadable), "{bad}");
        }
    }
}
