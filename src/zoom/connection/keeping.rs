//! Reading and writing a connection in the organization's place in the store.
//!
//! A store may go back: a failover loses the last writes. Whoever finds something older there than it has seen puts back what it saw, so that
//! neither a removal is undone nor a refresh token lost that Zoom will not give again.

use std::sync::{Mutex, PoisonError};

use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;

use super::kept::Connection;
use crate::zoom::account::ZoomAccount;

/// The field of the organization.
const FIELD: &str = "zoom/connection";
/// Others who write meanwhile are few; whoever loses so often has met something else.
const MOST_LOOKS: u32 = 16;

/// Where one organization's connection is kept.
pub struct Place<'a> {
    pub store: &'a SharedStore,
    pub account: &'a ZoomAccount,
}

/// What stands in a place.
pub struct There {
    /// To be named when something is written over it.
    version: u64,
    /// Whoever's it is.
    pub any: Option<Connection>,
    /// Whether it stands there under the newest key.
    pub is_sealed: bool,
}

/// The newest connection that this node has seen.
#[derive(Default)]
pub struct Newest(Mutex<Option<Connection>>);

impl Newest {
    /// Takes in what was found; answers what the store has lost.
    fn compare(&self, there: Option<&Connection>) -> Option<Connection> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = newest.as_ref().filter(|newest| newest.is_lost_by(there)) {
            return Some(lost.clone());
        }
        *newest = there.cloned();
        None
    }
}

impl Place<'_> {
    /// What stands there of the app and account by the settings.
    pub async fn load(&self) -> Result<Option<Connection>, StoreError> {
        Ok(self.ours(self.look().await?.any))
    }

    /// What stands there.
    pub async fn look(&self) -> Result<There, StoreError> {
        for _ in 0..MOST_LOOKS {
            let there = self.read().await?;
            if there.version > 0 && there.any.is_none() {
                return Ok(there);
            }
            let Some(lost) = self.account.newest.compare(there.any.as_ref()) else { return Ok(there) };
            if self.write(&there, lost).await? {
                tracing::error!(organization = %self.account.organization, "the store lost how the Zoom account is connected: it was put back");
            }
        }
        Err(too_often())
    }

    async fn read(&self) -> Result<There, StoreError> {
        let Some(there) = self.store.organization_get(&self.account.organization, FIELD).await? else {
            return Ok(There { version: 0, any: None, is_sealed: true });
        };
        let is_sealed = self.account.sealer.is_newest(&there.value);
        let opened = self.account.sealer.open(&self.name(), &there.value);
        let any = opened.map_err(|error| error.to_string());
        let any = any.and_then(|value| serde_json::from_slice(&value).map_err(|error| error.to_string()));
        if let Err(why) = &any {
            tracing::error!(organization = %self.account.organization, why, "what is kept of the Zoom connection cannot be read");
        }
        Ok(There { version: there.version, any: any.ok(), is_sealed })
    }

    /// What it is sealed for.
    fn name(&self) -> String {
        format!("{FIELD}/{}", self.account.organization)
    }

    pub fn ours(&self, any: Option<Connection>) -> Option<Connection> {
        let config = &self.account.config;
        any.filter(|connection| connection.is_of(&config.client_id, &config.account_id))
    }

    /// Writes a connection over what was found; `false` where somebody else was first.
    pub async fn write(&self, over: &There, connection: Connection) -> Result<bool, StoreError> {
        let before = over.any.as_ref().map_or(0, |any| any.generation);
        // One that was put back has a generation of its own already.
        let generation = connection.generation.max(before.saturating_add(1));
        let value = serde_json::to_vec(&Connection { generation, ..connection })
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let value = self.account.sealer.seal_where_possible(&self.name(), &value);
        let value = value.map_err(|error| StoreError::Refused(error.to_string()))?;
        self.store.organization_put(&self.account.organization, FIELD, over.version, value).await
    }

    /// Changes what stands there of ours; `change` answers `None` where it stays. Whether it was changed.
    pub async fn change(
        &self,
        change: impl Fn(Option<Connection>) -> Option<Connection>,
    ) -> Result<bool, StoreError> {
        for _ in 0..MOST_LOOKS {
            let there = self.look().await?;
            let Some(wanted) = change(self.ours(there.any.clone())) else { return Ok(false) };
            if self.write(&there, wanted).await? {
                return Ok(true);
            }
        }
        Err(too_often())
    }
}

/// Copies what is kept of an organization's connection into a store that has none.
///
/// # Errors
/// [`StoreError`]
pub async fn copy(
    from: &SharedStore,
    to: &SharedStore,
    organization: &OrganizationId,
) -> Result<(), StoreError> {
    if let Some(kept) = from.organization_get(organization, FIELD).await? {
        to.organization_put(organization, FIELD, 0, kept.value).await?;
    }
    Ok(())
}

fn too_often() -> StoreError {
    StoreError::Refused("the Zoom connection is written again and again".to_owned())
}
