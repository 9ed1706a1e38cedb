//! Connecting: the way through Zoom's consent page, and what comes back from it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

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

/// What Zoom gave is worth so much patience with the store, since the code is good once.
const STAND_WITHIN: Duration = Duration::from_secs(120);
const STAND_EVERY: Duration = Duration::from_millis(250);

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
    /// While it was being connected.
    #[error("the app was removed from the account")]
    Removed,
    #[error("there is no such organization")]
    Unknown,
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

    /// Redeems what Zoom's consent page brought back, and keeps it once it is known to be the organization's account. Since Zoom may let
    /// go of what it granted before, it goes on to its end when the browser does not wait for it.
    ///
    /// # Errors
    /// [`ConnectRefused`]
    pub async fn connect(
        self: &Rc<Self>,
        organization: &OrganizationId,
        code: &str,
        redirect_uri: &str,
    ) -> Result<(), ConnectRefused> {
        let account = self.accounts.get(organization).ok_or(ConnectRefused::Unknown)?;
        let (client, code, redirect_uri) = (Rc::clone(self), code.to_owned(), redirect_uri.to_owned());
        let connected = actix_rt::spawn(async move {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", redirect_uri.as_str()),
            ];
            let began = client.clock.now();
            let given = client.given(&account, &form, began).await?;
            let user = client.owner(&account, &given).await?;
            let grant = given.to_grant(user, None, client.clock.now()).ok_or(ConnectRefused::Zoom)?;
            client.stand(&account, State::Granted(grant), began).await
        });
        connected.await.unwrap_or(Err(ConnectRefused::Zoom))
    }

    /// Asks Zoom for a token although the app was removed, for an app whose credentials are enough: it may have been added again.
    ///
    /// # Errors
    /// [`ConnectRefused`]; what stood before stands then.
    pub async fn ask_again(&self, organization: &OrganizationId) -> Result<(), ConnectRefused> {
        let account = &self.accounts.get(organization).ok_or(ConnectRefused::Unknown)?;
        if account.config.authorization == Authorization::Oauth {
            return Err(ConnectRefused::Credentials);
        }
        let began = self.clock.now();
        self.given(account, &account.config.own_form(), began).await?;
        self.stand(account, State::Open, began).await
    }

    async fn given(
        &self,
        account: &ZoomAccount,
        form: &[(&str, &str)],
        now: Moment,
    ) -> Result<Given, ConnectRefused> {
        let body = ask(&self.http, account, form, now).await.map_err(code_refused)?;
        let given = Given::read(&body).map_err(|_| ConnectRefused::Zoom)?;
        if let Some(scopes) = &given.scopes {
            account.sees_scopes(scopes);
        }
        Ok(given)
    }

    /// Makes durable what Zoom has agreed to since `began`.
    async fn stand(&self, account: &ZoomAccount, state: State, began: Moment) -> Result<(), ConnectRefused> {
        let place = Place { store: &self.store, account };
        let give_up = instant() + STAND_WITHIN;
        let next = |there: Option<Connection>| {
            // Whoever has removed it meanwhile goes first: Zoom will not say so again.
            let removed =
                there.is_some_and(|there| matches!(there.state, State::Removed(_)) && there.since >= began);
            (!removed).then(|| account.connection(state.clone(), began))
        };
        let stands = loop {
            match place.change(next).await {
                Ok(stands) => break stands,
                Err(error) if instant() >= give_up => {
                    tracing::error!(organization = %account.organization, %error, "a new Zoom connection could not be kept");
                    return Err(ConnectRefused::Store);
                }
                Err(_) => sleep(STAND_EVERY).await,
            }
        };
        account.look_again();
        if !stands {
            return Err(ConnectRefused::Removed);
        }
        account.seen.standing(true);
        tracing::info!(target: "vestibule::audit", action = "zoom_connected", organization = %account.organization, "the Zoom account is connected");
        Ok(())
    }

    /// The Zoom user who agreed, once it is known that they are of the organization's account.
    async fn owner(&self, account: &Arc<ZoomAccount>, given: &Given) -> Result<String, ConnectRefused> {
        let token = Bearer::kept(given.access.secret().clone(), given.scopes.clone());
        let api = self.api_until_timeout(account);
        let me = api.call_with(&Call::get("/users/me", Label::Light), &token).await;
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
