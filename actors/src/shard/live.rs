//! The visits of a shard that are in memory, as children of the shard: loaded on demand, rebuilt after a panic, dropped when idle.

use crate::port::clock::instant;
use actix::Addr;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;

use crate::codec;
use crate::port::Ports;
use crate::port::store::StoreError;
use crate::supervise::start_here;
use crate::visit::VisitActor;

/// A visit in memory.
pub(super) struct Live {
    pub(super) actor: Addr<VisitActor>,
    /// The version that was last committed; 0 before the first commit.
    pub(super) version: u64,
    used: Instant,
}

/// All visits in memory.
#[derive(Default)]
pub(super) struct Children {
    live: BTreeMap<VisitKey, Live>,
}

impl Children {
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// The visit's actor and version, from memory or from the store.
    pub(super) async fn get(
        &mut self,
        key: &VisitKey,
        ports: &Ports,
    ) -> Result<(Addr<VisitActor>, u64), StoreError> {
        let now = instant();
        if let Some(live) = self.live.get_mut(key).filter(|live| live.actor.connected()) {
            live.used = now;
            return Ok((live.actor.clone(), live.version));
        }
        let stored = ports.store.load(key).await?;
        let (visit, version) = match stored {
            Some(stored) => {
                let visit: Visit =
                    codec::decode(&stored.state).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                (visit, stored.version)
            }
            None => (Visit::new(key.clone(), ports.clock.now()), 0),
        };
        let actor = start_here(VisitActor::new(Arc::new(visit), Arc::clone(&ports.decide)), |_| {});
        self.live.insert(key.clone(), Live { actor: actor.clone(), version, used: now });
        Ok((actor, version))
    }

    /// The commit of a visit is done.
    pub(super) fn committed(&mut self, key: &VisitKey, version: u64) -> Option<Addr<VisitActor>> {
        let live = self.live.get_mut(key)?;
        live.version = version;
        Some(live.actor.clone())
    }

    /// The visit is no longer to be believed, or has left.
    pub(super) fn forget(&mut self, key: &VisitKey) {
        self.live.remove(key);
    }

    /// Drops visits that nothing has happened to for some time; their state is in the store, their deadlines in its wake-ups.
    pub(super) fn drop_idle(&mut self, idle_after: Duration) {
        let now = instant();
        self.live.retain(|_, live| now.saturating_duration_since(live.used) < idle_after);
    }
}

/// When the shard must look at its due visits next.
#[derive(Debug, Clone, Copy)]
pub(super) struct NextDue(Option<Moment>);

impl NextDue {
    /// At once: nothing is known yet.
    pub(super) fn unknown() -> Self {
        Self(Some(Moment(i64::MIN)))
    }

    pub(super) fn is_due(self, now: Moment) -> bool {
        self.0.is_some_and(|due| due <= now)
    }

    pub(super) fn at_latest(&mut self, wake: Option<Moment>) {
        self.0 = match (self.0, wake) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    pub(super) fn set(&mut self, wake: Option<Moment>) {
        self.0 = wake;
    }
}
