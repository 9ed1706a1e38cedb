//! What the edge must know of one organization's Epic.

use std::sync::Arc;
use std::time::Duration;

use url::Url;
use vestibule_domain::time::{Moment, Span};

use super::encrypted::EncryptedLaunches;
use super::keys::{KeyError, SigningKeys};
use crate::settings::{
    self, BasicEncoding, ContextNames, ExternalIdTypes, FhirReads, Secret, StatusAuth, StatusDialect,
    StatusValues, Telehealth2020,
};

/// The token's pause and that of the metadata behind it; together they are over when the next probe is due.
const NESTED_PAUSES: u32 = 2;

/// One organization's Epic. Base URLs have no slash at their end.
#[derive(Debug, Clone)]
pub struct EpicConfig {
    /// Also the only `iss` that a launch may bring.
    pub fhir_base_url: String,
    pub telehealth_base_url: String,
    /// Where set, no discovery call is made.
    pub oauth_base_url: Option<String>,
    pub client_id: String,
    /// How a launch's code is redeemed.
    pub client_proof: ClientProof,
    /// For assertions; may be empty where nothing needs one.
    pub keys: SigningKeys,
    /// Where launches may come encrypted.
    pub encrypted_launches: Option<Arc<EncryptedLaunches>>,
    /// When the key that signs is due to be replaced, where that is known.
    pub key_due_at: Option<Moment>,
    pub scopes: Vec<String>,
    pub backend_scopes: Vec<String>,
    /// Empty: the authorization server's base, and the same with `/token`.
    pub id_token_issuers: Vec<String>,
    /// Whether an id_token without our nonce is refused; one with another's always is.
    pub require_nonce: bool,
    pub status_dialect: StatusDialect,
    /// Begins with a slash.
    pub status_path: String,
    /// For the other dialect.
    pub telehealth_2020: Telehealth2020,
    pub status_auth: StatusAuth,
    pub vendor_name: String,
    /// How long Epic may take for any answer.
    pub timeout: Duration,
    /// For how long at most Epic is not asked for a token, or for its metadata, after it failed to give them. The token needs the
    /// metadata, and an update needs the token, so that a probe of the breaker may meet both pauses, one after the other.
    pub longest_pause: Span,
    pub fhir_reads: FhirReads,
    pub status_values: StatusValues,
    pub external_id_types: ExternalIdTypes,
    pub context_names: ContextNames,
}

/// How we prove at the token endpoint who we are.
#[derive(Debug, Clone)]
pub enum ClientProof {
    /// By Basic authentication.
    Secret { secret: Secret, encoding: BasicEncoding },
    /// By an assertion under the first private key.
    PrivateKey,
    /// Not at all: a public client, protected by PKCE alone.
    Public,
}

impl EpicConfig {
    /// From the settings. A client secret comes before private keys, and no proof at all means a public client.
    ///
    /// # Errors
    /// [`KeyError`] where a private key cannot be used.
    pub fn from_settings(epic: &settings::Epic) -> Result<Self, KeyError> {
        let keys = SigningKeys::load(epic.private_keys.iter().map(|file| &file.pem))?;
        let client_proof = match &epic.client_secret {
            Some(secret) => {
                ClientProof::Secret { secret: secret.clone(), encoding: epic.client_secret_encoding }
            }
            None if keys.is_empty() => ClientProof::Public,
            None => ClientProof::PrivateKey,
        };
        Ok(Self {
            fhir_base_url: epic.fhir_base_url.as_str().to_owned(),
            telehealth_base_url: epic.telehealth_base_url.as_str().to_owned(),
            oauth_base_url: epic.oauth_base_url.as_ref().map(|base| base.as_str().to_owned()),
            client_id: epic.client_id.clone(),
            client_proof,
            keys,
            encrypted_launches: epic
                .encrypted_launch
                .as_ref()
                .map(|launch| Arc::new(EncryptedLaunches::from_settings(launch, &epic.external_id_types))),
            key_due_at: epic.key_due_at(),
            scopes: epic.scopes.clone(),
            backend_scopes: epic.backend_scopes.clone(),
            id_token_issuers: epic.id_token_issuers.clone(),
            require_nonce: epic.require_nonce,
            status_dialect: epic.status_dialect,
            telehealth_2020: epic.telehealth_2020.clone(),
            status_path: epic.status_path.clone(),
            status_auth: epic.status_auth.clone(),
            vendor_name: epic.vendor_name.clone(),
            timeout: epic.timeout,
            longest_pause: Span::from_duration(epic.breaker.probe_every / NESTED_PAUSES),
            fhir_reads: epic.fhir_reads,
            status_values: epic.status_values,
            external_id_types: epic.external_id_types.clone(),
            context_names: epic.context_names.clone(),
        })
    }

    /// Whether a launch's `iss` is this organization's FHIR server. Only a slash at the end and the case of scheme and host
    /// may differ; nothing is ever fetched from an `iss`.
    #[must_use]
    pub fn is_own_issuer(&self, iss: &str) -> bool {
        match (comparable(iss), comparable(&self.fhir_base_url)) {
            (Some(given), Some(own)) => given == own,
            _ => false,
        }
    }
}

/// A URL in the one form in which it is compared: the parser lowers scheme and host and drops a default port.
pub(super) fn comparable(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (plain && url.password().is_none()).then(|| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::config;

    #[test]
    fn only_the_own_issuer_is_own() {
        let mut epic = config("http://127.0.0.1:1");
        epic.fhir_base_url = "https://epic.example.org/Interconnect/api/FHIR/R4".into();
        for own in [
            "https://epic.example.org/Interconnect/api/FHIR/R4",
            "https://EPIC.example.org:443/Interconnect/api/FHIR/R4/",
        ] {
            assert!(epic.is_own_issuer(own), "{own}");
        }
        for foreign in [
            "",
            "epic.example.org",
            "http://epic.example.org/Interconnect/api/FHIR/R4",
            "https://epic.example.org/interconnect/api/FHIR/R4",
            "https://epic.example.org/Interconnect/api/FHIR/DSTU2",
            "https://epic.example.org.evil.example/Interconnect/api/FHIR/R4",
            "https://epic.example.org@evil.example/Interconnect/api/FHIR/R4",
            "https://u@epic.example.org/Interconnect/api/FHIR/R4",
            "https://epic.example.org/Interconnect/api/FHIR/R4?x=1",
            "https://epic.example.org/Interconnect/api/FHIR/R4#x",
        ] {
            assert!(!epic.is_own_issuer(foreign), "{foreign}");
        }
    }
}
