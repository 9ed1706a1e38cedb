//! What is done by the clock: the token is renewed although nobody calls, and what Zoom told of its users is forgotten in time.

use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::keeping::Place;
use super::kept::{Connection, Removed, State};
use super::refresh::hindrance;
use crate::settings::Authorization;
use crate::zoom::account::ZoomAccount;
use crate::zoom::calls::ZoomClient;

/// The fields that name Zoom's users begin so.
pub const PROVIDERS: &str = "provider/";
/// Fields that are forgotten in one step.
const AT_ONCE: usize = 200;
/// One node at a time does it.
const TURN: Span = Span::minutes(1);

impl ZoomClient {
    /// Looks at an organization's connection and does what is due.
    ///
    /// # Errors
    /// [`StoreError`]; the next look does what is left.
    pub async fn tend(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        let Some(account) = self.accounts.get(organization) else { return Ok(()) };
        let place = Place { store: &self.store, organization, app: &account.config.client_id };
        let (_, connection) = place.load().await?;
        let state = connection.map(|connection| connection.state);
        let stands = hindrance(account.config.authorization, state.as_ref());
        account.seen.standing(stands.is_none());
        match state {
            Some(State::Removed(removed)) => self.forget(&place, account, &removed).await,
            // A refresh token that nobody uses for three months is none any more.
            Some(State::Granted(_)) if account.config.authorization == Authorization::Oauth => {
                // Why there is no token is in the log.
                let _ = self.api_until_timeout(account).access().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn forget(
        &self,
        place: &Place<'_>,
        account: &ZoomAccount,
        removed: &Removed,
    ) -> Result<(), StoreError> {
        if removed.forgotten.is_some() || self.clock.now() < removed.forget_at {
            return Ok(());
        }
        let name = format!("zoom-forget/{}", place.organization);
        let me = self.randomness.secret().into_bytes();
        if self.store.put_if_absent(Space::Turns, &name, me.clone(), TURN).await? != me {
            return Ok(());
        }
        let mut forgotten: u64 = 0;
        loop {
            let gone = self.store.organization_forget(place.organization, PROVIDERS, AT_ONCE).await?;
            forgotten = forgotten.saturating_add(gone as u64);
            if gone < AT_ONCE {
                break;
            }
        }
        account.seen.forgot(forgotten);
        place.change(|connection| told(connection, forgotten)).await?;
        self.store.take(Space::Turns, &name).await?;
        tracing::info!(organization = %place.organization, forgotten, "which Zoom users its providers are was forgotten, since the app was removed");
        Ok(())
    }
}

/// The same, with what was forgotten; `None` where it was connected again meanwhile.
fn told(connection: Option<Connection>, forgotten: u64) -> Option<Connection> {
    let connection = connection?;
    let State::Removed(Removed { forget_at, forgotten: None }) = connection.state else { return None };
    let state = State::Removed(Removed { forget_at, forgotten: Some(forgotten) });
    Some(Connection { state, ..connection })
}

#[cfg(test)]
mod tests {
    use vestibule_domain::time::Moment;

    use super::*;

    #[test]
    fn what_was_forgotten_is_told_of_a_removal_alone() {
        let removed = |forgotten| {
            let state = State::Removed(Removed { forget_at: Moment(9), forgotten });
            Connection { app: "client".to_owned(), since: Moment(7), state }
        };
        let after = told(Some(removed(None)), 3).unwrap();
        assert!(matches!(after.state, State::Removed(Removed { forgotten: Some(3), .. })));
        assert!(told(Some(removed(Some(3))), 4).is_none());
        assert!(told(Some(Connection { state: State::Open, ..removed(None) }), 4).is_none());
        assert!(told(None, 4).is_none());
    }
}
