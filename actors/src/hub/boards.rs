//! The way to a node's hub, whichever runs now: one that dies is followed by another.

use actix::Addr;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Feed, OpsHub, Watch};

/// Where boards open their feeds. Clones share it.
#[derive(Clone, Default)]
pub struct Boards(Arc<RwLock<Option<Addr<OpsHub>>>>);

impl Boards {
    /// The way to this one.
    #[must_use]
    pub fn of(hub: Addr<OpsHub>) -> Self {
        Self(Arc::new(RwLock::new(Some(hub))))
    }

    /// Opens a feed: every visit as it stands, as soon as the store has told, then every change. `None` while no hub runs.
    pub async fn watch(&self) -> Option<Arc<Feed>> {
        let hub = self.0.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        hub.send(Watch).await.ok()
    }

    pub(crate) fn set(&self, hub: Addr<OpsHub>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(hub);
    }
}
