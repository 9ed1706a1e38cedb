//! Who launched: the id_token, believed only when Epic's key signed it, for us, just now, in answer to this launch.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use tokio::time::timeout;
use vestibule_domain::id::{FhirReference, OrganizationId};
use vestibule_domain::time::Moment;

use super::client::{EpicClient, EpicSite};
use super::config::{EpicConfig, comparable};
use super::smart::SmartError;
use crate::outbound::lenient;
use crate::settings::Secret;

/// By how much Epic's clock and ours may differ.
const SKEW_SECONDS: i64 = 60;
/// A real one has about 1 kB.
const LONGEST_TOKEN: usize = 16 * 1024;
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
        let site = self.sites.get(organization).ok_or(unavailable(SmartError::UnknownOrganization))?;
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
        let key_id = key_id(token.expose())?;
        let keys = self.keys_with(site, &key_id).await.map_err(unavailable)?;
        let key = keys.key(&key_id).ok_or(IdTokenError::UnknownKey)?;
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

/// The `kid` of a token that could be one of Epic's.
fn key_id(token: &str) -> Result<String, IdTokenError> {
    let header = Some(token)
        .filter(|token| token.len() <= LONGEST_TOKEN)
        .and_then(|token| jsonwebtoken::decode_header(token).ok())
        .ok_or(IdTokenError::Malformed)?;
    header.kid.filter(|_| header.alg == Algorithm::RS256).ok_or(IdTokenError::Malformed)
}

struct Expected<'a> {
    config: &'a EpicConfig,
    issuers: &'a [String],
    nonce: &'a str,
    now: Moment,
}

impl Expected<'_> {
    fn check(&self, token: &str, key: &DecodingKey) -> Result<FhirUser, IdTokenError> {
        // The library would read the wall clock; claims are checked below, by the clock of this service.
        let mut signature_only = Validation::new(Algorithm::RS256);
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Value>(token, key, &signature_only)
            .map_err(|_| IdTokenError::WrongSignature)?
            .claims;
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
        let in_audience = match claims.get("aud") {
            Some(Value::String(one)) => one == me,
            Some(Value::Array(several)) => several.iter().any(|one| one == me),
            _ => false,
        };
        // The party that asked for the token, where it is named, must be us as well.
        in_audience && claims.get("azp").is_none_or(|party| party == me)
    }

    fn is_current(&self, claims: &Value) -> bool {
        let now = self.now.0.div_euclid(1000);
        let seconds = |name: &str| {
            let value = claims.get(name)?;
            value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
        };
        let early = |begin: i64| begin.saturating_sub(SKEW_SECONDS) > now;
        let (Some(until), Some(issued)) = (seconds("exp"), seconds("iat")) else { return false };
        until.saturating_add(SKEW_SECONDS) >= now
            && !early(issued)
            && seconds("nbf").is_none_or(|begin| !early(begin))
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
