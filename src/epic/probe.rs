//! Harmless questions to an organization's Epic, for `vestibule check`.

use awc::http::Method;
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;

use super::client::{EpicClient, EpicSite};
use super::hints::hint_for_status;
use super::smart::SmartError;
use super::status::{self, Call, emp};
use crate::outbound::{NoAnswer, Response, TokenFailure, oauth};
use crate::settings::StatusAuth;

/// A search that finds nobody.
const NOBODY: &str = "/Practitioner?identifier=urn%3Avestibule%3Acheck%7Cnobody";

/// Whether FHIR can be read with the backend token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FhirReads {
    Allowed,
    /// Epic has not given this client the scope, or the site does not let it.
    Denied {
        status: u16,
    },
}

/// What a probe found that does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeFailure {
    #[error("there is no such organization")]
    UnknownOrganization,
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
    #[error("{0}")]
    Smart(#[from] SmartError),
    #[error("{0}")]
    Token(#[from] TokenFailure),
    /// An answer that a working Epic would not give, and what to make of it.
    #[error("answers with status {status}: {hint}")]
    Answered { status: u16, hint: &'static str },
}

impl EpicClient {
    /// Whether FHIR's public description is to be had.
    ///
    /// # Errors
    /// [`SmartError`].
    pub async fn probe_fhir(&self, organization: &OrganizationId) -> Result<(), SmartError> {
        let site = &self.sites.get(organization).ok_or(SmartError::UnknownOrganization)?;
        let url = format!("{}/.well-known/smart-configuration", site.config.fhir_base_url);
        self.get_json(site, &url).await.map(|_| ())
    }

    /// Whether the authorization server, known by the settings or by discovery, answers; where it is and what it said.
    ///
    /// # Errors
    /// [`ProbeFailure`].
    pub async fn probe_authorization(&self, organization: &OrganizationId) -> Result<String, ProbeFailure> {
        let site = &self.sites.get(organization).ok_or(ProbeFailure::UnknownOrganization)?;
        let url = self.endpoints(site).await?.authorization;
        // Without parameters it asks for nothing: a working one says so on a page, with whatever status.
        let status = self.ask(site, &url).await?.status.as_u16();
        match status {
            404 | 410 => Err(ProbeFailure::Answered {
                status,
                hint: "there is no authorization endpoint at this address",
            }),
            500..=599 => {
                Err(ProbeFailure::Answered { status, hint: "it, or a gateway before it, has trouble" })
            }
            _ => Ok(format!("{url} answers with status {status}")),
        }
    }

    /// Whether anybody answers at the telehealth base, and with what. Nothing is known to be there, so any answer will do.
    ///
    /// # Errors
    /// [`ProbeFailure`].
    pub async fn probe_telehealth(&self, organization: &OrganizationId) -> Result<String, ProbeFailure> {
        let site = &self.sites.get(organization).ok_or(ProbeFailure::UnknownOrganization)?;
        let answer = self.ask(site, &site.config.telehealth_base_url).await?;
        Ok(format!("answers with status {}", answer.status.as_u16()))
    }

    /// Whether Epic gives the backend client a token; `None` where the status service is spoken to without one.
    ///
    /// # Errors
    /// [`TokenFailure`].
    pub async fn probe_backend_token(
        &self,
        organization: &OrganizationId,
    ) -> Result<Option<()>, TokenFailure> {
        let Some(site) = &self.sites.get(organization) else { return Err(TokenFailure::Unavailable) };
        if !matches!(site.config.status_auth, StatusAuth::Bearer) {
            return Ok(None);
        }
        self.backend_token(site).await.map(|_| Some(()))
    }

    /// Whether the backend token may read FHIR. It searches for somebody who cannot be there, so that nothing about anybody comes back.
    ///
    /// # Errors
    /// [`ProbeFailure`]; that Epic denies reads is none.
    pub async fn probe_fhir_read(&self, organization: &OrganizationId) -> Result<FhirReads, ProbeFailure> {
        let site = &self.sites.get(organization).ok_or(ProbeFailure::UnknownOrganization)?;
        let authorization = self.backend_token(site).await?.header();
        let url = format!("{}{NOBODY}", site.config.fhir_base_url);
        let call = Call { method: Method::GET, url, body: None };
        let deadline = instant() + site.config.timeout;
        match self.make(site, &call, Some(authorization), deadline).await?.status.as_u16() {
            200..=299 => Ok(FhirReads::Allowed),
            status @ (401 | 403) => Ok(FhirReads::Denied { status }),
            status => {
                Err(ProbeFailure::Answered { status, hint: "a FHIR server answers a search otherwise" })
            }
        }
    }

    /// Whether the status service takes our credentials. It is asked without any parameter, which it refuses before it does anything.
    ///
    /// # Errors
    /// [`ProbeFailure`].
    pub async fn probe_status_service(&self, organization: &OrganizationId) -> Result<String, ProbeFailure> {
        let site = &self.sites.get(organization).ok_or(ProbeFailure::UnknownOrganization)?;
        let config = &site.config;
        let authorization = match &config.status_auth {
            StatusAuth::Basic { user, password } => oauth::basic(&emp(user), password.expose()),
            StatusAuth::Bearer => self.backend_token(site).await?.header(),
        };
        let deadline = instant() + config.timeout;
        let answer = self.make(site, &Call::of_nothing(config), Some(authorization), deadline).await?;
        let status = answer.status.as_u16();
        let code = answer.json().as_ref().and_then(status::code);
        match (status, code) {
            (200..=299, _) => Ok(format!("takes our credentials (status {status})")),
            // A business refusal comes after the credentials were looked at.
            (400, Some(code)) => {
                Ok(format!("takes our credentials (status 400, {code}, as nothing was asked)"))
            }
            (400, None) => Ok("takes our credentials, as it seems (status 400 without a code)".to_owned()),
            _ => Err(ProbeFailure::Answered { status, hint: hint_for_status(config.status_dialect, status) }),
        }
    }

    async fn ask(&self, site: &EpicSite, url: &str) -> Result<Response, NoAnswer> {
        let call = Call { method: Method::GET, url: url.to_owned(), body: None };
        self.make(site, &call, None, instant() + site.config.timeout).await
    }
}
