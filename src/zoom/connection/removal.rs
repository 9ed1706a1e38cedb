//! The app was removed from the account: its tokens are forgotten at once, and nothing is asked of Zoom any more.

use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::keeping::Place;
use super::kept::{Connection, Removed, State};
use crate::zoom::account::ZoomAccounts;

/// Zoom tells when the app was removed to the second.
const SECOND: Span = Span::seconds(1);
/// So far Zoom's clock may be from ours where it has not been heard.
const UNHEARD: Span = Span::minutes(5);

/// What came of the news that the app was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Disconnected,
    /// It was known, or was added again since: such news may be an hour old.
    Known,
}

/// Takes in that the app was removed at `at` by Zoom's clock, or now. Durable when this answers.
///
/// # Errors
/// [`StoreError`]; nothing is known to be written then.
pub async fn removed(
    accounts: &ZoomAccounts,
    store: &SharedStore,
    organization: &OrganizationId,
    at: Option<Moment>,
    now: Moment,
) -> Result<Removal, StoreError> {
    let Some(account) = &accounts.get(organization) else { return Ok(Removal::Known) };
    let place = Place { store, account };
    let at = at.map(|at| match account.clock.ahead() {
        Some(ahead) => at - ahead + SECOND,
        None => at + UNHEARD,
    });
    let forget_at = now + Span::from_duration(account.config.forget_after);
    let changed = place.change(|connection| {
        let newer = |since: Moment| at.is_some_and(|at| at < since);
        match &connection {
            Some(Connection { state: State::Removed(_), .. }) => return None,
            Some(Connection { state: State::Granted(_) | State::Open, since, .. }) if newer(*since) => {
                return None;
            }
            _ => {}
        }
        let state = State::Removed(Removed { forget_at, forgotten: None });
        Some(account.connection(state, now))
    });
    let changed = changed.await?;
    account.look_again();
    if !changed {
        return Ok(Removal::Known);
    }
    account.seen.standing(false);
    account.seen.removed();
    tracing::error!(
        %organization,
        "the Zoom app was removed from the account: its tokens are forgotten and nothing is asked of Zoom until it is connected again at /admin/{organization}/zoom"
    );
    Ok(Removal::Disconnected)
}
