//! Harmless questions to an organization's Zoom account, for `vestibule check`.

use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;

use super::calls::ZoomClient;
use super::error::RestError;
use super::pace::Label;
use super::rest::Call;

impl ZoomClient {
    /// Whether Zoom gives us a token.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_token(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api(account, instant() + account.config.timeout);
        Some(api.token().await.map(|_| ()))
    }

    /// Whether the token lets us look users up, which every visit needs first.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_users(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api(account, instant() + account.config.timeout);
        // Nobody has this address; that Zoom says so is the proof.
        let found = api.call(&Call::get("/users/nobody%40vestibule.invalid", Label::Light)).await;
        Some(match found {
            Err(RestError::Refused(refusal)) if refusal.status == 404 => Ok(()),
            other => other.map(|_| ()),
        })
    }
}
