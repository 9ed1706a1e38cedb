//! Who works for which organization on this node: its notifier and its Zoom worker.
//!
//! What is handed over here may get lost with an actor that dies, and nothing is lost by it: a fresh notifier is offered the outbox
//! again, and a call that was never made is found by its deadline.

use actix::Addr;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use vestibule_domain::id::OrganizationId;

use crate::notifier::{EpicNotifier, Offer};
use crate::supervise::tell;
use crate::zoom_worker::{Begin, ZoomWorker};

/// The actors of all organizations. Clones share them.
#[derive(Clone, Default)]
pub struct Crew {
    members: Arc<RwLock<Members>>,
}

#[derive(Default)]
struct Members {
    notifiers: BTreeMap<OrganizationId, Addr<EpicNotifier>>,
    workers: BTreeMap<OrganizationId, Addr<ZoomWorker>>,
}

impl Crew {
    /// Hands an update to its organization's notifier.
    pub fn offer(&self, offer: Offer) {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(notifier) = members.notifiers.get(&offer.visit.organization) {
            tell(notifier, offer);
        }
    }

    /// Hands a call to its organization's worker.
    pub fn begin(&self, begin: Begin) {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = members.workers.get(&begin.visit.organization) {
            tell(worker, begin);
        }
    }

    pub(super) fn set_notifier(&self, organization: OrganizationId, notifier: Addr<EpicNotifier>) {
        self.members.write().unwrap_or_else(PoisonError::into_inner).notifiers.insert(organization, notifier);
    }

    pub(super) fn set_worker(&self, organization: OrganizationId, worker: Addr<ZoomWorker>) {
        self.members.write().unwrap_or_else(PoisonError::into_inner).workers.insert(organization, worker);
    }
}
