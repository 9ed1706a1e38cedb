//! Harmless questions to an organization's Zoom account, for `vestibule check`.

use std::sync::Arc;

use vestibule_domain::id::OrganizationId;

use super::account::ZoomAccount;
use super::calls::ZoomClient;
use super::connection::{self, Access};
use super::error::RestError;
use super::pace::Label;
use super::rest::Call;
use super::scopes;
use crate::outbound::{Bearer, TokenFailure};

impl ZoomClient {
    /// Whether there is a token.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_token(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        Some(self.token(&self.accounts.get(organization)?).await.map(drop))
    }

    /// Whether Zoom takes the credentials of an app that an administrator adds. It is asked for a refresh that it cannot grant, so that
    /// nothing is spent.
    ///
    /// # Errors
    /// [`TokenFailure`]; `None` for an organization that is not known.
    pub async fn probe_credentials(&self, organization: &OrganizationId) -> Option<Result<(), TokenFailure>> {
        let account = &self.accounts.get(organization)?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", "no-token-of-anybody")];
        Some(match connection::ask(&self.http, account, &form, self.clock.now()).await {
            Err(TokenFailure::Refused { error: Some(code), .. }) if code == connection::INVALID_GRANT => {
                Ok(())
            }
            other => other.map(drop),
        })
    }

    async fn token(&self, account: &Arc<ZoomAccount>) -> Result<Arc<Bearer>, RestError> {
        let access = self.api_until_timeout(account).access().await.map_err(RestError::Token)?;
        match access.as_ref() {
            Access::Token(token) => Ok(Arc::clone(token)),
            Access::None(why) => Err(RestError::NotConnected(*why)),
        }
    }

    /// Which of the scopes that visits need the token lacks, each with what it is for; `Ok(None)` where the token lists none.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_scopes(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<Option<Vec<String>>, RestError>> {
        let account = &self.accounts.get(organization)?;
        let token = self.token(account).await;
        let wants = account.config.wants();
        let named = |held: &[String]| scopes::missing(wants, held).iter().map(ToString::to_string).collect();
        Some(token.map(|token| token.scopes().map(named)))
    }

    /// Which default hosts could stand in for nobody: not in the account, not active, or without a licence.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known or has none.
    pub async fn probe_default_hosts(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<Vec<String>, RestError>> {
        let account = &self.accounts.get(organization)?;
        let hosts = &account.config.fallback.default_hosts;
        let api = self.api_until_timeout(account);
        let mut unusable = Vec::new();
        for host in hosts {
            match api.user(host).await {
                Ok(Some(user)) if user.may_stand_in() => {}
                Ok(_) => unusable.push(host.clone()),
                Err(error) => return Some(Err(error)),
            }
        }
        (!hosts.is_empty()).then_some(Ok(unusable))
    }

    /// Whether the token lets us look users up, which every visit needs first.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_users(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        let account = &self.accounts.get(organization)?;
        let api = self.api_until_timeout(account);
        // Nobody has this address; that Zoom says so is the proof.
        let found = api.call(&Call::get("/users/nobody%40vestibule.invalid", Label::Light)).await;
        Some(match found {
            Err(RestError::Refused(refusal)) if refusal.status == 404 && refusal.code.is_some() => Ok(()),
            other => other.map(|_| ()),
        })
    }
}
