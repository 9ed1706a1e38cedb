//! Harmless questions to an organization's Epic, for `vestibule check`.

use vestibule_domain::id::OrganizationId;

use super::client::EpicClient;
use super::smart::SmartError;
use crate::outbound::TokenFailure;
use crate::settings::StatusAuth;

impl EpicClient {
    /// Whether the authorization server is known, by the settings or by discovery; where it is.
    ///
    /// # Errors
    /// [`SmartError`].
    pub async fn probe_discovery(&self, organization: &OrganizationId) -> Result<String, SmartError> {
        let site = self.sites.get(organization).ok_or(SmartError::UnknownOrganization)?;
        Ok(self.endpoints(site).await?.authorization)
    }

    /// Whether FHIR's public description is to be had.
    ///
    /// # Errors
    /// [`SmartError`].
    pub async fn probe_fhir(&self, organization: &OrganizationId) -> Result<(), SmartError> {
        let site = self.sites.get(organization).ok_or(SmartError::UnknownOrganization)?;
        let url = format!("{}/.well-known/smart-configuration", site.config.fhir_base_url);
        self.get_json(site, &url).await.map(|_| ())
    }

    /// Whether Epic gives the backend client a token; `None` where the status service is spoken to without one.
    ///
    /// # Errors
    /// [`TokenFailure`].
    pub async fn probe_backend_token(
        &self,
        organization: &OrganizationId,
    ) -> Result<Option<()>, TokenFailure> {
        let Some(site) = self.sites.get(organization) else { return Err(TokenFailure::Unavailable) };
        if !matches!(site.config.status_auth, StatusAuth::Bearer) {
            return Ok(None);
        }
        self.backend_token(site).await.map(|_| Some(()))
    }
}
