//! Who launched: the id_token, believed only when Epic's key signed it, for us, just now, in answer to this launch.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::time::timeout;
use vestibule_domain::id::{FhirReference, OrganizationId};
use vestibule_domain::time::Moment;

use super::client::{EpicClient, EpicSite};
use super::config::{EpicConfig, comparable};
use super::smart::SmartError;
use crate::jwt;
use crate::outbound::lenient;
use crate::settings::Secret;

/// FHIR allows 64; Epic's are shorter.
const LONGEST_FHIR_ID: usize = 128;

/// What a person is at Epic, by the kind of resource that `fhirUser` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// Signed in to Hyperspace, Haiku or Canto.
    Practitioner,
    /// Signed in to MyChart for himself.
    Patient,
    /// Signed in to MyChart for somebody else.
    RelatedPerson,
}

/// The person who launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FhirUser {
    pub kind: UserKind,
    /// Without its base, such as `Practitioner/e3M`.
    pub reference: FhirReference,
}

/// Why an id_token is not believed. All but [`IdTokenError::KeysUnavailable`] are answered alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("Epic's keys are not to be had: {0}")]
    KeysUnavailable(SmartError),
    #[error("it is not a JWT signed with RS256 under a named key")]
    Malformed,
    #[error("it names a key that Epic does not have")]
    UnknownKey,
    #[error("the signature is wrong")]
    WrongSignature,
    #[error("it was issued by somebody else")]
    WrongIssuer,
    #[error("it was issued for somebody else")]
    WrongAudience,
    #[error("it has run out, or is not valid yet")]
    WrongTime,
    #[error("it answers another launch")]
    WrongNonce,
    #[error("it names no practitioner, patient or related person of this Epic")]
    NoUser,
}

impl EpicClient {
    /// Verifies an id_token and says who launched, within the organization's time-out.
    ///
    /// # Errors
    /// [`IdTokenError`].
    pub async fn verify_id_token(
        &self,
        organization: &OrganizationId,
        token: &Secret,
        nonce: &str,
    ) -> Result<FhirUser, IdTokenError> {
        let unavailable = IdTokenError::KeysUnavailable;
        let site = &self.sites.get(organization).ok_or(unavailable(SmartError::UnknownOrganization))?;
        let verified = timeout(site.config.timeout, self.verify_at(site, token, nonce));
        verified.await.unwrap_or(Err(unavailable(SmartError::Unavailable)))
    }

    async fn verify_at(
        &self,
        site: &Arc<EpicSite>,
        token: &Secret,
        nonce: &str,
    ) -> Result<FhirUser, IdTokenError> {
        let unavailable = IdTokenError::KeysUnavailable;
        // Without a name the key could be any of them.
        let header = jwt::header(token.expose(), &[Algorithm::RS256]).filter(|header| header.kid.is_some());
        let header = header.ok_or(IdTokenError::Malformed)?;
        let keys = self.keys_with(site, &header).await.map_err(unavailable)?;
        let key = keys.key(&header).ok_or(IdTokenError::UnknownKey)?;
        let issuers = match site.config.id_token_issuers.as_slice() {
            [] => {
                let base = self.endpoints(site).await.map_err(unavailable)?.base(&site.config);
                vec![format!("{base}/token"), base]
            }
            given => given.to_vec(),
        };
        let expected = Expected { config: &site.config, issuers: &issuers, nonce, now: self.clock.now() };
        expected.check(token.expose(), key)
    }
}

struct Expected<'a> {
    config: &'a EpicConfig,
    issuers: &'a [String],
    nonce: &'a str,
    now: Moment,
}

impl Expected<'_> {
    fn check(&self, token: &str, key: &DecodingKey) -> Result<FhirUser, IdTokenError> {
        let claims = jwt::signed_claims(token, key, Algorithm::RS256).ok_or(IdTokenError::WrongSignature)?;
        self.check_claims(&claims)
    }

    fn check_claims(&self, claims: &Value) -> Result<FhirUser, IdTokenError> {
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        if !self.issuers.iter().any(|known| known == issuer) {
            return Err(IdTokenError::WrongIssuer);
        }
        if !self.is_for_us(claims) {
            return Err(IdTokenError::WrongAudience);
        }
        if !self.is_current(claims) {
            return Err(IdTokenError::WrongTime);
        }
        // PKCE and the state already tie the answer to this launch, and Epic need not echo the nonce.
        let is_ours = |nonce: &Value| nonce.as_str() == Some(self.nonce);
        if !claims.get("nonce").map_or(!self.config.require_nonce, is_ours) {
            return Err(IdTokenError::WrongNonce);
        }
        let user = lenient::text(claims, "fhirUser").or_else(|| lenient::text(claims, "sub"));
        user.and_then(|user| fhir_user(user, &self.config.fhir_base_url)).ok_or(IdTokenError::NoUser)
    }

    fn is_for_us(&self, claims: &Value) -> bool {
        let me = self.config.client_id.as_str();
        // The party that asked for the token, where it is named, must be us as well.
        jwt::is_for(claims, me) && claims.get("azp").is_none_or(|party| party == me)
    }

    fn is_current(&self, claims: &Value) -> bool {
        // Epic says when it issued a token; one that does not is none of Epic's.
        jwt::is_current(claims, self.now) && jwt::seconds(claims, "iat").is_some()
    }
}

/// Reads `Practitioner/e3M`, alone or behind the organization's own FHIR base.
fn fhir_user(text: &str, base: &str) -> Option<FhirUser> {
    let relative = if text.contains(':') {
        let (above, id) = text.rsplit_once('/')?;
        let (above, kind) = above.rsplit_once('/')?;
        let own = comparable(above).is_some_and(|above| comparable(base) == Some(above));
        own.then(|| format!("{kind}/{id}"))?
    } else {
        text.to_owned()
    };
    let (kind, id) = relative.split_once('/')?;
    let kind = match kind {
        "Practitioner" => UserKind::Practitioner,
        "Patient" => UserKind::Patient,
        "RelatedPerson" => UserKind::RelatedPerson,
        _ => return None,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let is_id = !id.is_empty() && id.len() <= LONGEST_FHIR_ID && id.bytes().all(plain);
    let reference = is_id.then(|| FhirReference::new(&relative).ok()).flatten()?;
    Some(FhirUser { kind, reference })
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
