//! What is done by the clock: the token is renewed although nobody calls, and what Zoom told of its users is forgotten in time.

use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::keeping::{Place, There};
use super::kept::{Connection, Removed, State};
use super::refresh::is_working;
use crate::settings::Authorization;
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
        let Some(account) = &self.accounts.get(organization) else { return Ok(()) };
        let (place, now) = (Place { store: &self.store, account }, self.clock.now());
        let mut there = place.look().await?;
        if let Some(any) = there.any.clone().filter(|_| !there.is_sealed) {
            // Sealed anew, under the newest key. Where somebody else was first they have done it.
            place.write(&there, any).await?;
            there = place.look().await?;
        }
        let state = place.ours(there.any.clone()).map(|connection| connection.state);
        account.seen.standing(is_working(account.config.authorization, state.as_ref(), now));
        match (there.any.as_ref(), state) {
            (Some(any), _) if any.state.is_to_be_forgotten(now) => self.forget(&place).await,
            (Some(any), None) => self.leave(&place, &there, any).await,
            // A refresh token that nobody uses for three months is none any more.
            (_, Some(State::Granted(_))) if account.config.authorization == Authorization::Oauth => {
                // Why there is no token is in the log.
                let _ = self.api_until_timeout(account).access().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// By the settings it is another app now, or another account: the tokens of the one before go at once, and it counts as removed.
    async fn leave(&self, place: &Place<'_>, there: &There, any: &Connection) -> Result<(), StoreError> {
        if matches!(any.state, State::Removed(_)) {
            return Ok(());
        }
        let now = self.clock.now();
        let forget_at = now + Span::from_duration(place.account.config.forget_after);
        let state = State::Removed(Removed { forget_at, forgotten: None });
        if place.write(there, Connection { since: now, state, ..any.clone() }).await? {
            tracing::warn!(organization = %place.account.organization, "the tokens of the Zoom app and account that stood in the settings before are forgotten");
        }
        Ok(())
    }

    async fn forget(&self, place: &Place<'_>) -> Result<(), StoreError> {
        let organization = &place.account.organization;
        let name = format!("zoom-forget/{organization}");
        let me = self.randomness.secret().into_bytes();
        if self.store.put_if_absent(Space::Turns, &name, me.clone(), TURN).await? != me {
            return Ok(());
        }
        let mut forgotten: u64 = 0;
        loop {
            let gone = self.store.organization_forget(organization, PROVIDERS, AT_ONCE).await?;
            forgotten = forgotten.saturating_add(gone as u64);
            if gone < AT_ONCE {
                break;
            }
        }
        let there = place.look().await?;
        // Unless it was connected again meanwhile.
        if let Some(any) = &there.any
            && let Some(state) = any.state.forgotten(forgotten)
        {
            place.write(&there, Connection { state, ..any.clone() }).await?;
        }
        self.store.take(Space::Turns, &name).await?;
        place.account.seen.forgot(forgotten);
        tracing::info!(%organization, forgotten, "which Zoom users its providers are was forgotten, since the app is of no use any more");
        Ok(())
    }
}
