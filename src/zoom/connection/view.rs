//! A connection as the page shows it.

use std::sync::Arc;

use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::keeping::Place;
use super::kept::{Removed, State};
use super::refresh::Access;
use crate::settings::Authorization;
use crate::zoom::account::ZoomAccount;
use crate::zoom::calls::ZoomClient;

/// How a connection stands, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Connected {
        /// Calls are made since; not known of an app whose credentials are enough.
        since: Option<Moment>,
        /// The Zoom user who added the app, where somebody did.
        user: Option<String>,
        /// A refresh has no answer yet.
        in_doubt: bool,
    },
    NotYet,
    AuthenticateAgain {
        since: Moment,
    },
    Removed {
        since: Moment,
        forget_at: Moment,
        /// Whether what Zoom told of its users is forgotten.
        forgotten: bool,
    },
}

/// How a connection stands and what may be done by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionView {
    pub authorization: Authorization,
    pub account: String,
    pub standing: Standing,
    /// None where no token has told.
    pub scopes: Option<Vec<String>>,
    /// There is a token that is good; `None` where the account is not connected.
    pub token: Option<bool>,
    /// When Zoom last checked our webhook, where it ever did.
    pub checked: Option<Moment>,
}

impl ZoomClient {
    /// How an organization's connection stands. An app whose credentials are enough is asked for its token, the held one if there is one.
    ///
    /// # Errors
    /// [`StoreError`]; `None` for an organization that is not known.
    pub async fn connection(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<ConnectionView, StoreError>> {
        let account = &self.accounts.get(organization)?;
        Some(self.view(account).await)
    }

    async fn view(&self, account: &Arc<ZoomAccount>) -> Result<ConnectionView, StoreError> {
        let config = &account.config;
        let connection = Place { store: &self.store, account }.load().await?;
        let since = connection.as_ref().map(|connection| connection.since);
        let own = config.authorization == Authorization::ServerToServer;
        let mut view = ConnectionView {
            authorization: config.authorization,
            account: config.account_id.clone(),
            standing: Standing::NotYet,
            scopes: None,
            token: None,
            checked: None,
        };
        self.look_when_checked(&account.organization).await?;
        view.checked = account.seen.last_checked();
        let since_then = since.unwrap_or(Moment(0));
        view.standing = match connection.map(|connection| connection.state) {
            Some(State::Removed(Removed { forget_at, forgotten })) => {
                Standing::Removed { since: since_then, forget_at, forgotten: forgotten.is_some() }
            }
            _ if own => Standing::Connected { since: None, user: None, in_doubt: false },
            Some(State::Granted(grant)) => {
                let in_doubt = grant.is_in_doubt();
                view.token = Some(self.clock.now() < grant.usable_until);
                view.scopes = grant.scopes;
                Standing::Connected { since, user: Some(grant.user), in_doubt }
            }
            Some(State::Spent(_)) => Standing::AuthenticateAgain { since: since_then },
            Some(State::Open) | None => Standing::NotYet,
        };
        if own && matches!(view.standing, Standing::Connected { .. }) {
            let access = self.api_until_timeout(account).access().await;
            if let Ok(Access::Token(token)) = access.as_deref() {
                view.scopes = token.scopes().map(<[String]>::to_vec);
            }
            view.token = Some(matches!(access.as_deref(), Ok(Access::Token(_))));
        }
        Ok(view)
    }
}
