//! Who works for which organization on this node: its notifier and its Zoom worker.
//!
//! What is handed over here may get lost with an actor that dies, and nothing is lost by it: a fresh notifier is offered the outbox
//! again, and a call that was never made is found by its deadline.

use actix::Addr;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::intent::Intent;

use crate::holds::Holds;
use crate::lease::Lease;
use crate::notifier::{EpicNotifier, Offer};
use crate::supervise::tell;
use crate::zoom_worker::{Begin, ZoomWorker};

/// The actors of all organizations. Clones share them.
#[derive(Clone)]
pub struct Crew {
    members: Arc<RwLock<Members>>,
    /// One shard at a time goes through a careful step.
    careful: Arc<Semaphore>,
    /// Calls that wait or are under way.
    calls: Holds,
}

#[derive(Default)]
struct Members {
    /// Each with a number that no other notifier of this node has.
    notifiers: BTreeMap<OrganizationId, (u64, Addr<EpicNotifier>)>,
    started: u64,
    workers: BTreeMap<OrganizationId, Addr<ZoomWorker>>,
}

impl Default for Crew {
    fn default() -> Self {
        Self { members: Arc::default(), careful: Arc::new(Semaphore::new(1)), calls: Holds::default() }
    }
}

impl Crew {
    /// Hands an update to its organization's notifier.
    pub fn offer(&self, offer: Offer) {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, notifier)) = members.notifiers.get(&offer.visit.organization) {
            tell(notifier, offer);
        }
    }

    /// Hands a call to its organization's worker.
    pub fn begin(&self, visit: VisitKey, intent: Intent, lease: Lease) {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = members.workers.get(&visit.organization) {
            tell(worker, Begin { visit, intent, lease, hold: self.calls.hold() });
        }
    }

    /// Resolves when no call is in hand.
    pub async fn calls_made(&self) {
        self.calls.quiet().await;
    }

    /// Which notifiers there are. One that was started afresh has another number.
    #[must_use]
    pub fn notifiers(&self) -> BTreeMap<OrganizationId, u64> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.notifiers.iter().map(|(organization, (number, _))| (organization.clone(), *number)).collect()
    }

    /// Leave to take a command in that may have killed a process. Nobody else of this node has it meanwhile.
    pub async fn careful(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.careful).acquire_owned().await.ok()
    }

    pub(super) fn set_notifier(&self, organization: OrganizationId, notifier: Addr<EpicNotifier>) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        members.started += 1;
        let number = members.started;
        members.notifiers.insert(organization, (number, notifier));
    }

    /// Nobody works for an organization any more. Its actors end once they have done what they have in hand.
    pub(super) fn dismiss(&self, organization: &OrganizationId) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        members.notifiers.remove(organization);
        members.workers.remove(organization);
    }

    /// Whether anybody works for an organization.
    pub(super) fn works_for(&self, organization: &OrganizationId) -> bool {
        self.members.read().unwrap_or_else(PoisonError::into_inner).workers.contains_key(organization)
    }

    pub(super) fn set_worker(&self, organization: OrganizationId, worker: Addr<ZoomWorker>) {
        self.members.write().unwrap_or_else(PoisonError::into_inner).workers.insert(organization, worker);
    }
}
