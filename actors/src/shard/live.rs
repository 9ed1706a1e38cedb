//! The visits of a shard that are in memory, as children of the shard: loaded on demand, rebuilt after a panic, let doze and then dropped
//! when nothing happens to them.
//!
//! Beside each actor lies what was last committed, as it stands in the store. It is what a store that went back is given again, and what
//! the visit dozes on.

use crate::port::clock::instant;
use actix::Addr;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;

use crate::port::Ports;
use crate::port::store::{HeldVisit, StoreError};
use crate::supervise::{start_here, tell};
use crate::visit::{Committed, Doze, VisitActor};

/// A visit dozes when nothing has happened to it for so long.
const DOZES_AFTER: Duration = Duration::from_secs(20);
/// The children are looked through this often.
const LOOK_THROUGH_EVERY: Duration = Duration::from_secs(10);

/// A visit in memory.
struct Live {
    actor: Addr<VisitActor>,
    /// What was last committed; `None` before the first commit.
    kept: Option<Kept>,
    used: Instant,
    dozes: bool,
}

/// What was last committed of a visit.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its version.
    pub(super) version: u64,
    /// Its state, by the codec.
    pub(super) state: Arc<[u8]>,
    /// When it must be looked at again; a visit that was only loaded is looked at soon.
    pub(super) wake: Option<Moment>,
}

impl Kept {
    pub(super) fn held(&self, visit: &VisitKey) -> HeldVisit {
        let (version, wake) = (self.version, self.wake);
        HeldVisit { visit: visit.clone(), version, state: self.state.to_vec(), wake }
    }
}

/// All visits in memory.
#[derive(Default)]
pub(super) struct Children {
    live: BTreeMap<VisitKey, Live>,
    looked_through: Option<Instant>,
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
        if let Some(live) = self.live.get_mut(key).filter(|live| live.actor.connected()) {
            live.used = instant();
            live.dozes = false;
            return Ok((live.actor.clone(), live.version()));
        }
        let stored = ports.store.load(key).await?;
        let kept = stored.map(|stored| Kept {
            version: stored.version,
            state: stored.state.into(),
            wake: Some(ports.clock.now()),
        });
        Ok(self.start(key, kept, ports))
    }

    /// Takes in what another shard of this node has held.
    pub(super) fn take_in(&mut self, key: &VisitKey, kept: Kept, ports: &Ports) {
        self.start(key, Some(kept), ports);
    }

    fn start(&mut self, key: &VisitKey, kept: Option<Kept>, ports: &Ports) -> (Addr<VisitActor>, u64) {
        let committed = match &kept {
            Some(kept) => Committed::Bytes(Arc::clone(&kept.state)),
            None => Committed::Visit(Arc::new(Visit::new(key.clone(), ports.clock.now()))),
        };
        let actor = start_here(VisitActor::new(committed, Arc::clone(&ports.decide)), |_| {});
        let live = Live { actor: actor.clone(), kept, used: instant(), dozes: false };
        let version = live.version();
        self.live.insert(key.clone(), live);
        (actor, version)
    }

    /// The commit of a visit is done.
    pub(super) fn committed(&mut self, key: &VisitKey, kept: Kept) -> Option<Addr<VisitActor>> {
        let live = self.live.get_mut(key)?;
        live.kept = Some(kept);
        Some(live.actor.clone())
    }

    /// The version of a visit in memory.
    pub(super) fn version(&self, key: &VisitKey) -> Option<u64> {
        self.live.get(key).map(Live::version)
    }

    /// The visit is no longer to be believed, or has left.
    pub(super) fn forget(&mut self, key: &VisitKey) {
        self.live.remove(key);
    }

    /// Everything that was committed and is still in memory.
    pub(super) fn kept(&self) -> BTreeMap<VisitKey, Kept> {
        self.live.iter().filter_map(|(key, live)| Some((key.clone(), live.kept.clone()?))).collect()
    }

    /// Lets visits doze that nothing has happened to for some time, and drops them later; their state is in the store, their deadlines
    /// in its wake-ups.
    pub(super) fn look_through(&mut self, idle_after: Duration) {
        let now = instant();
        let recent = |at: Instant| now.saturating_duration_since(at) < LOOK_THROUGH_EVERY.min(idle_after);
        if self.looked_through.is_some_and(recent) {
            return;
        }
        self.looked_through = Some(now);
        self.live.retain(|_, live| now.saturating_duration_since(live.used) < idle_after);
        for live in self.live.values_mut().filter(|live| !live.dozes) {
            if now.saturating_duration_since(live.used) < DOZES_AFTER {
                continue;
            }
            if let Some(kept) = &live.kept {
                live.dozes = true;
                tell(&live.actor, Doze(Arc::clone(&kept.state)));
            }
        }
    }
}

impl Live {
    fn version(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.version)
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
