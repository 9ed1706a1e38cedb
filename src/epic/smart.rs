//! A SMART EHR launch: where the browser is sent, and what the code is redeemed for. Epic's own words never leave this module;
//! errors carry codes.

use serde_json::Value;
use tokio::time::timeout_at;
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::{FhirReference, OrganizationId};
use vestibule_domain::name::Phi;

use super::backend::{ASSERTION_TYPE, assertion};
use super::client::{EpicClient, EpicSite};
use super::config::ClientProof;
use super::fhir::FhirId;
use super::keys::CannotSign;
use crate::outbound::encode::{encode, with_query};
use crate::outbound::{Bearer, TokenFailure, lenient, oauth};
use crate::settings::{BasicEncoding, ContextNames, Secret};

/// A CONTEXT value that is longer is not one.
const LONGEST_CONTEXT_VALUE: usize = 512;

/// Why a launch cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmartError {
    #[error("there is no such organization")]
    UnknownOrganization,
    #[error("Epic does not answer")]
    Unavailable,
    #[error("Epic refuses us with status {status} ({})", error.as_deref().unwrap_or("no code"))]
    Refused {
        status: u16,
        /// The OAuth error code; never a text.
        error: Option<String>,
    },
    #[error("Epic's answer cannot be read")]
    Unreadable,
    #[error("there is no private key to authenticate with")]
    NoKey,
}

/// What is particular to one launch in the address that the browser is sent to.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizeRequest<'a> {
    /// Exactly as it is registered at Epic.
    pub redirect_uri: &'a str,
    /// Epic's opaque launch token, as it came.
    pub launch: &'a str,
    /// At least 122 bits, without meaning.
    pub state: &'a str,
    /// Comes back in the id_token.
    pub nonce: &'a str,
    /// Of [`crate::outbound::Pkce`].
    pub challenge: &'a str,
}

/// What a code was redeemed for.
#[derive(Debug)]
pub struct TokenAnswer {
    /// To be given to [`EpicClient::verify_id_token`].
    pub id_token: Option<Secret>,
    /// For calls in the name of the person who launched.
    pub access: Option<Bearer>,
    /// The patient that the launch is about.
    pub patient: Option<FhirReference>,
    /// The encounter, where Epic has one open at the launch.
    pub encounter: Option<FhirId>,
    /// The appointment, where the encounter was born as one.
    pub appointment: Option<FhirId>,
    /// What the CONTEXT line of the FDI record carried.
    pub context: Context,
}

/// The values of the CONTEXT line. Empty ones, and tokens that Epic left as they were (`%CSN%`), are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub csn: Option<String>,
    pub conference_id: Option<String>,
    pub external_id: Option<String>,
    pub external_id_type: Option<String>,
    pub first_name: Option<Phi>,
    pub last_name: Option<Phi>,
    pub email: Option<Phi>,
    pub department_id: Option<String>,
    pub appointment_time: Option<String>,
    /// As it is written there.
    pub birth_date: Option<Phi>,
}

/// Where the browser goes to sign in, and with what. Epic takes it as an address or as a posted form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub endpoint: String,
    pub parameters: Vec<(&'static str, String)>,
}

impl Authorization {
    /// The address with all parameters in it.
    #[must_use]
    pub fn url(&self) -> String {
        let pairs: Vec<_> = self.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        with_query(&self.endpoint, &pairs)
    }
}

impl EpicClient {
    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// [`SmartError`] where the authorization server is not known and cannot be found out.
    pub async fn authorize(
        &self,
        organization: &OrganizationId,
        request: &AuthorizeRequest<'_>,
    ) -> Result<Authorization, SmartError> {
        let site = &self.sites.get(organization).ok_or(SmartError::UnknownOrganization)?;
        let endpoint = self.endpoints(site).await?.authorization;
        let scope = site.config.scopes.join(" ");
        let parameters = [
            ("response_type", "code"),
            ("client_id", &site.config.client_id),
            ("redirect_uri", request.redirect_uri),
            ("scope", &scope),
            ("launch", request.launch),
            ("aud", &site.config.fhir_base_url),
            ("state", request.state),
            ("nonce", request.nonce),
            ("code_challenge", request.challenge),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters.map(|(name, value)| (name, value.to_owned())).to_vec();
        Ok(Authorization { endpoint, parameters })
    }

    /// Redeems a code, within the organization's time-out. Never repeated: a code is good once.
    ///
    /// # Errors
    /// [`SmartError`].
    pub async fn exchange(
        &self,
        organization: &OrganizationId,
        code: &str,
        redirect_uri: &str,
        verifier: &Secret,
    ) -> Result<TokenAnswer, SmartError> {
        let site = &self.sites.get(organization).ok_or(SmartError::UnknownOrganization)?;
        let deadline = instant() + site.config.timeout;
        let endpoints =
            timeout_at(deadline, self.endpoints(site)).await.unwrap_or(Err(SmartError::Unavailable))?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        let proof = self.prove(site, &endpoints.token)?;
        form.extend(proof.fields.iter().map(|(name, value)| (*name, value.as_str())));
        let times = (self.clock.now(), site.clock.as_ref());
        let body =
            oauth::post_form(&self.http, &endpoints.token, proof.header, &form, deadline, times).await?;
        TokenAnswer::read(&body, &site.config.context_names)
    }

    fn prove(&self, site: &EpicSite, token_url: &str) -> Result<Proof, SmartError> {
        let config = &site.config;
        Ok(match &config.client_proof {
            ClientProof::Secret { secret, encoding } => {
                let written = |text: &str| match encoding {
                    BasicEncoding::UrlEncoded => encode(text),
                    BasicEncoding::Plain => text.to_owned(),
                };
                let header = oauth::basic(&written(&config.client_id), &written(secret.expose()));
                Proof { header: Some(header), fields: Vec::new() }
            }
            ClientProof::PrivateKey => {
                let now = self.clock.now();
                let assertion = assertion(config, token_url, now, self.randomness.as_ref())
                    .map_err(|CannotSign| SmartError::NoKey)?;
                let kind = ("client_assertion_type", ASSERTION_TYPE.to_owned());
                Proof { header: None, fields: vec![kind, ("client_assertion", assertion)] }
            }
            ClientProof::Public => {
                Proof { header: None, fields: vec![("client_id", config.client_id.clone())] }
            }
        })
    }
}

struct Proof {
    header: Option<String>,
    fields: Vec<(&'static str, String)>,
}

// === reading the answer ===

impl TokenAnswer {
    pub(super) fn read(body: &Value, names: &ContextNames) -> Result<Self, SmartError> {
        let access = oauth::bearer(body).ok().map(|fresh| fresh.value);
        let id_token = lenient::text(body, "id_token").map(Secret::new);
        if access.is_none() && id_token.is_none() {
            return Err(SmartError::Unreadable);
        }
        Ok(Self {
            id_token,
            access,
            patient: lenient::text(body, "patient").and_then(patient),
            encounter: lenient::text(body, "encounter").and_then(FhirId::new),
            appointment: lenient::text(body, "appointment").and_then(FhirId::new),
            context: Context::read(body, names),
        })
    }
}

/// Epic gives the bare id.
fn patient(id: &str) -> Option<FhirReference> {
    let id = id.strip_prefix("Patient/").unwrap_or(id);
    let plain = !id.is_empty() && !id.contains(['/', ':', '?', '#']);
    FhirReference::new(format!("Patient/{id}")).ok().filter(|_| plain)
}

impl Context {
    fn read(body: &Value, names: &ContextNames) -> Self {
        let text = |name: &str| value_of(body, name);
        let phi = |name: &str| value_of(body, name).map(Phi::new);
        Self {
            csn: text(&names.csn),
            conference_id: text(&names.conference_id),
            external_id: text(&names.external_id),
            external_id_type: text(&names.external_id_type),
            first_name: phi(&names.first_name),
            last_name: phi(&names.last_name),
            email: phi(&names.email),
            department_id: text(&names.department_id),
            appointment_time: text(&names.appointment_time),
            birth_date: phi(&names.birth_date),
        }
    }
}

/// The first non-empty value among the keys that differ in case only.
fn value_of(body: &Value, name: &str) -> Option<String> {
    let keys = body.as_object()?.keys().filter(|key| key.eq_ignore_ascii_case(name));
    keys.filter_map(|key| lenient::text_or_number(body, key))
        .find(|value| value.len() <= LONGEST_CONTEXT_VALUE && !is_unfilled(value))
}

/// `%CSN%`: a token that Epic does not know, or has no value for.
pub(super) fn is_unfilled(value: &str) -> bool {
    let inner = value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains('%'))
}

impl From<TokenFailure> for SmartError {
    fn from(failure: TokenFailure) -> Self {
        match failure {
            TokenFailure::Unavailable | TokenFailure::Busy { .. } => Self::Unavailable,
            TokenFailure::Refused { status, error } => Self::Refused { status, error },
        }
    }
}

#[cfg(test)]
#[path = "smart_tests.rs"]
mod tests;
