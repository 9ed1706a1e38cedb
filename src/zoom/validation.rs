//! When Zoom last checked our webhook. It does so every 72 hours, and sends no events to one that has failed again and again, of which
//! nobody hears anything: so the last time is kept, whichever node answered.

use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::account::ZoomAccounts;
use super::calls::ZoomClient;

/// The field of the organization.
const FIELD: &str = "zoom/checked";
/// Some hours are left for a check that comes late; the alert leaves as many.
const CHECKED_AGAIN_WITHIN: Span = Span::hours(80);
/// Two nodes that are asked at once; either time will do.
const MOST_TRIES: u32 = 3;

/// Keeps that a challenge was answered at `now`.
///
/// # Errors
/// [`StoreError`]; this node knows it all the same.
pub async fn checked(
    accounts: &ZoomAccounts,
    store: &SharedStore,
    organization: &OrganizationId,
    now: Moment,
) -> Result<(), StoreError> {
    let Some(account) = &accounts.get(organization) else { return Ok(()) };
    account.seen.checked(now);
    for _ in 0..MOST_TRIES {
        let there = store.organization_get(organization, FIELD).await?;
        let version = there.map_or(0, |there| there.version);
        if store.organization_put(organization, FIELD, version, now.0.to_string().into_bytes()).await? {
            break;
        }
    }
    Ok(())
}

/// Whether Zoom, which last checked then, should have done so again.
#[must_use]
pub fn is_overdue(last: Moment, now: Moment) -> bool {
    last + CHECKED_AGAIN_WITHIN < now
}

impl ZoomClient {
    /// Looks when any node was last asked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn look_when_checked(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        let Some(account) = &self.accounts.get(organization) else { return Ok(()) };
        let there = self.store.organization_get(organization, FIELD).await?;
        let at = there.and_then(|there| String::from_utf8(there.value).ok()?.parse().ok());
        if let Some(at) = at {
            account.seen.checked(Moment(at));
        }
        Ok(())
    }
}
