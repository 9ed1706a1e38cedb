//! Reading and writing a connection in the organization's place in the store.

use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;

use super::kept::Connection;

/// The field of the organization.
const FIELD: &str = "zoom/connection";
/// Others who write meanwhile are few; whoever loses so often has met something else.
const MOST_LOOKS: u32 = 16;

/// Where one organization's connection is kept.
pub struct Place<'a> {
    pub store: &'a SharedStore,
    pub organization: &'a OrganizationId,
    /// The client id of the app by the settings.
    pub app: &'a str,
}

impl Place<'_> {
    /// The connection and the version of what stands there, which may be another app's or nobody's.
    pub async fn load(&self) -> Result<(u64, Option<Connection>), StoreError> {
        let Some(there) = self.store.organization_get(self.organization, FIELD).await? else {
            return Ok((0, None));
        };
        let Ok(connection) = serde_json::from_slice::<Connection>(&there.value) else {
            tracing::error!(organization = %self.organization, "what is kept of the Zoom connection cannot be read");
            return Ok((there.version, None));
        };
        Ok((there.version, Some(connection).filter(|connection| connection.app == self.app)))
    }

    /// Writes a connection in the place of a version; `false` where somebody else was first.
    pub async fn put(&self, version: u64, connection: &Connection) -> Result<bool, StoreError> {
        let value = serde_json::to_vec(connection).map_err(|e| StoreError::Refused(e.to_string()))?;
        self.store.organization_put(self.organization, FIELD, version, value).await
    }

    /// Changes what stands there; `change` answers `None` where it stays. Whether it was changed.
    pub async fn change(
        &self,
        change: impl Fn(Option<Connection>) -> Option<Connection>,
    ) -> Result<bool, StoreError> {
        for _ in 0..MOST_LOOKS {
            let (version, stands) = self.load().await?;
            let Some(wanted) = change(stands) else { return Ok(false) };
            if self.put(version, &wanted).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Refused("the Zoom connection is written again and again".to_owned()))
    }
}
