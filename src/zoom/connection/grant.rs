//! Connecting: the way through Zoom's consent page, and what comes back from it.

use std::sync::Arc;

use vestibule_domain::id::OrganizationId;

use super::keeping::Place;
use super::kept::{Connection, State};
use super::refresh::{Given, INVALID_GRANT, ask};
use crate::outbound::encode::with_query;
use crate::outbound::{Bearer, TokenFailure, lenient};
use crate::settings::Authorization;
use crate::zoom::account::ZoomAccount;
use crate::zoom::calls::ZoomClient;
use crate::zoom::error::RestError;
use crate::zoom::pace::Label;
use crate::zoom::rest::Call;

/// Why an account was not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectRefused {
    /// Zoom does not take the code: it is five minutes old, or used.
    #[error("Zoom does not take the code")]
    Code,
    /// Zoom does not take the app's credentials or its redirect address.
    #[error("Zoom does not take the app's credentials")]
    Credentials,
    #[error("the app was added to another Zoom account than the organization's")]
    OtherAccount,
    /// The token may not even tell whose it is.
    #[error("the app lacks the scope to read users")]
    Scope,
    #[error("Zoom does not answer")]
    Zoom,
    #[error("the store does not answer")]
    Store,
}

impl ZoomClient {
    /// Where an administrator agrees to what the app asks for; `None` for an organization whose app needs no consent.
    #[must_use]
    pub fn authorize_url(
        &self,
        organization: &OrganizationId,
        redirect_uri: &str,
        state: &str,
    ) -> Option<String> {
        let config = &self.accounts.get(organization)?.config;
        let query = [
            ("response_type", "code"),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", redirect_uri),
            ("state", state),
        ];
        let url = with_query(&format!("{}/oauth/authorize", config.oauth_base_url), &query);
        (config.authorization == Authorization::Oauth).then_some(url)
    }

    /// Redeems what Zoom's consent page brought back, and keeps it once it is known to be the organization's account.
    ///
    /// # Errors
    /// [`ConnectRefused`]; what stood before stands then.
    pub async fn connect(
        &self,
        organization: &OrganizationId,
        code: &str,
        redirect_uri: &str,
    ) -> Result<(), ConnectRefused> {
        let account = self.accounts.get(organization).ok_or(ConnectRefused::OtherAccount)?;
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        let body = ask(&self.http, account, &form, self.clock.now()).await.map_err(code_refused)?;
        let given = Given::read(&body).map_err(|_| ConnectRefused::Zoom)?;
        let user = self.owner(account, &given).await?;
        let now = self.clock.now();
        let grant = given.to_grant(user, None, now).ok_or(ConnectRefused::Zoom)?;
        account.seen.scopes(organization.as_str(), &grant.scopes);
        let connection =
            Connection { app: account.config.client_id.clone(), since: now, state: State::Granted(grant) };
        self.stand(account, &connection).await
    }

    /// Asks Zoom for a token although the app was removed, for an app whose credentials are enough: it may have been added again.
    ///
    /// # Errors
    /// [`ConnectRefused`]; what stood before stands then.
    pub async fn ask_again(&self, organization: &OrganizationId) -> Result<(), ConnectRefused> {
        let account = self.accounts.get(organization).ok_or(ConnectRefused::OtherAccount)?;
        let config = &account.config;
        if config.authorization == Authorization::Oauth {
            return Err(ConnectRefused::Credentials);
        }
        let form = [("grant_type", "account_credentials"), ("account_id", config.account_id.as_str())];
        let body = ask(&self.http, account, &form, self.clock.now()).await.map_err(code_refused)?;
        let given = Given::read(&body).map_err(|_| ConnectRefused::Zoom)?;
        account.seen.scopes(organization.as_str(), &given.scopes);
        let connection =
            Connection { app: config.client_id.clone(), since: self.clock.now(), state: State::Open };
        self.stand(account, &connection).await
    }

    async fn stand(&self, account: &ZoomAccount, connection: &Connection) -> Result<(), ConnectRefused> {
        let place =
            Place { store: &self.store, organization: &account.organization, app: &account.config.client_id };
        place.change(|_| Some(connection.clone())).await.map_err(|error| {
            tracing::warn!(%error, "a new Zoom connection could not be kept");
            ConnectRefused::Store
        })?;
        account.look_again();
        account.seen.standing(true);
        tracing::info!(target: "vestibule::audit", action = "zoom_connected", organization = %account.organization, "the Zoom account is connected");
        Ok(())
    }

    /// The Zoom user who agreed, once it is known that they are of the organization's account.
    async fn owner(&self, account: &Arc<ZoomAccount>, given: &Given) -> Result<String, ConnectRefused> {
        let token = Bearer::kept(given.access.secret().clone(), given.scopes.clone());
        let api = self.api_until_timeout(account);
        let me = api.attempt(&Call::get("/users/me", Label::Light), &token).await;
        let me = me.map_err(|error| match &error {
            RestError::Refused(refusal) if refusal.lacks_scope() => ConnectRefused::Scope,
            _ => ConnectRefused::Zoom,
        })?;
        if lenient::text(&me, "account_id") != Some(account.config.account_id.as_str()) {
            return Err(ConnectRefused::OtherAccount);
        }
        Ok(lenient::text(&me, "id").unwrap_or_default().to_owned())
    }
}

fn code_refused(failure: TokenFailure) -> ConnectRefused {
    match failure {
        TokenFailure::Refused { error: Some(code), .. } if code == INVALID_GRANT => ConnectRefused::Code,
        TokenFailure::Refused { .. } => ConnectRefused::Credentials,
        TokenFailure::Unavailable | TokenFailure::Busy { .. } => ConnectRefused::Zoom,
    }
}
