//! What every front door works with: one value per process, cloned into each worker thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;
use vestibule_actors::desk::Desk;
use vestibule_actors::hub::Boards;
use vestibule_domain::id::OrganizationId;

use super::access::WrongTokens;
use super::guest::LinkKeys;
use super::health::StoreProbe;
use super::metrics::Metrics;
use super::pending::Pending;
use crate::audit::Audit;
use crate::backup::Backups;
use crate::configuration::Configuration;
use crate::epic::EpicSites;
use crate::identity::Identity;
use crate::pauses::Pauses;
use crate::settings::Settings;
use crate::sms::SmsLimits;
use crate::zoom::ZoomAccounts;
use crate::zoom::webhook::NameKey;

/// More people than this do not sign in at once; of one peer, which behind a proxy is everybody, neither.
const SIGN_INS: usize = 10_000;
const SIGN_INS_OF_PEER: usize = 2_000;

/// The front doors' shared state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub settings: Arc<Settings>,
    /// Where commands are handed in and visits looked at.
    pub desk: Desk,
    /// Where boards open their feeds.
    pub boards: Boards,
    pub metrics: Arc<Metrics>,
    pub readiness: Arc<Readiness>,
    pub limits: Arc<Bounds>,
    /// This node's name, for people.
    pub node: Arc<str>,
    /// The Epics of all organizations, for their public keys and issuers.
    pub epic: Arc<EpicSites>,
    /// The Zoom accounts of all organizations, for what is known of their connections.
    pub zoom: Arc<ZoomAccounts>,
    /// Under which display names in Zoom's events are hashed.
    pub name_key: NameKey,
    /// Guests' links are signed with these.
    pub link_keys: LinkKeys,
    /// Who did what.
    pub audit: Audit,
    /// Who vouches for people and programs.
    pub identity: Arc<Identity>,
    /// What administrators change on pages.
    pub configuration: Configuration,
    /// Copies of the store.
    pub backups: Backups,
    /// Whose notifiers are paused.
    pub pauses: Arc<Pauses>,
}

/// Whether this node wants to be sent people and events.
#[derive(Debug, Default)]
pub struct Readiness {
    store_answered: AtomicBool,
    draining: AtomicBool,
    /// Asks the store for `/readyz`.
    pub(super) probe: StoreProbe,
}

/// How much may be under way at once; one more is answered 503 with `Retry-After`.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Bodies of webhooks that are being read, signed by nobody knows whom.
    pub webhook_bodies: Arc<Semaphore>,
    /// Webhooks of Zoom's that are worked on.
    pub webhooks: Arc<Semaphore>,
    /// Each organization's own, so that one whose Epic or Zoom hangs shuts nobody else's people out.
    pub launches: BTreeMap<OrganizationId, Arc<Semaphore>>,
    /// Launches that people have gone to Epic with and not come back from.
    pub pending_launches: Arc<Pending>,
    /// People who have gone to their OpenID provider and not come back.
    pub pending_sign_ins: Arc<Pending>,
    /// Text messages that leave this node.
    pub sms: SmsLimits,
    pub page_streams: Arc<Semaphore>,
    pub ops_connections: Arc<Semaphore>,
    /// Wrong tokens at the operators' doors, by peer.
    pub wrong_tokens: Arc<WrongTokens>,
}

impl Bounds {
    pub fn of(settings: &Settings) -> Self {
        Self {
            webhook_bodies: Arc::new(Semaphore::new(settings.limits.concurrent_webhook_bodies)),
            webhooks: Arc::new(Semaphore::new(settings.limits.concurrent_webhooks)),
            launches: settings
                .organizations
                .keys()
                .map(|id| (id.clone(), Arc::new(Semaphore::new(settings.limits.concurrent_launches))))
                .collect(),
            pending_launches: Arc::new(Pending::new(
                settings.limits.pending_launches,
                settings.limits.pending_launches_per_peer,
            )),
            pending_sign_ins: Arc::new(Pending::new(SIGN_INS, SIGN_INS_OF_PEER)),
            sms: SmsLimits::of(settings),
            page_streams: Arc::new(Semaphore::new(settings.limits.page_streams)),
            ops_connections: Arc::new(Semaphore::new(settings.limits.ops_connections)),
            wrong_tokens: Arc::default(),
        }
    }
}

impl Bounds {
    /// The same for other organizations: what is under way of those that stay goes on to count.
    #[must_use]
    pub fn following(&self, settings: &Settings) -> Self {
        let mut next = Self { sms: self.sms.following(settings), ..self.clone() };
        let fresh = Self::of(settings).launches.into_iter();
        next.launches = fresh
            .map(|(id, places)| (self.launches.get(&id).cloned().unwrap_or(places), id))
            .map(|(places, id)| (id, places))
            .collect();
        next
    }
}

impl Readiness {
    /// The store has answered; from then on trouble with it degrades a node and does not make it unready.
    pub fn store_answered(&self) {
        self.store_answered.store(true, Ordering::Release);
    }

    /// The node is going down.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub fn is_ready(&self) -> bool {
        self.store_answered.load(Ordering::Acquire) && !self.is_draining()
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
