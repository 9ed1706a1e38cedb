//! The caller of Epic on one thread, and what all threads of the node share of each organization.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use vestibule_actors::port::clock::{SharedClock, SharedRandomness};
use vestibule_actors::port::epic::{Epic, EpicAnswer, EpicFactory};
use vestibule_domain::effect::Update;
use vestibule_domain::id::{OrganizationId, VisitKey};

use super::config::EpicConfig;
use super::fhir::Reads;
use super::metadata::Endpoints;
use super::smart::SmartError;
use super::status;
use crate::jwt::KeySet;
use crate::latest::PerOrganization;
use crate::outbound::{Bearer, HttpClient, OtherClock, Shared, TokenFailure};

/// One organization's Epic, with what was fetched from it.
pub(super) struct EpicSite {
    pub config: Arc<EpicConfig>,
    pub endpoints: Shared<Endpoints, SmartError>,
    pub keys: Shared<KeySet, SmartError>,
    pub backend: Shared<Bearer, TokenFailure>,
    pub clock: Arc<OtherClock>,
    pub reads: Reads,
}

impl EpicSite {
    pub fn new(organization: &OrganizationId, config: EpicConfig) -> Self {
        let pause = config.longest_pause;
        Self {
            reads: Reads::new(config.fhir_reads),
            config: Arc::new(config),
            endpoints: Shared::pausing(pause),
            keys: Shared::pausing(pause),
            backend: Shared::pausing(pause),
            clock: Arc::new(OtherClock::new(organization.clone(), "epic")),
        }
    }
}

/// The Epics of all organizations. Made once in a process; what was fetched is shared by all threads.
pub struct EpicSites(PerOrganization<EpicSite>);

impl EpicSites {
    #[must_use]
    pub fn new(organizations: impl IntoIterator<Item = (OrganizationId, EpicConfig)>) -> Arc<Self> {
        let site = |(id, config)| {
            let site = EpicSite::new(&id, config);
            (id, site)
        };
        Arc::new(Self(PerOrganization::new(organizations.into_iter().map(site))))
    }

    /// An organization's settings are others now, or it is no more: what was fetched under those before is forgotten, and calls that are under
    /// way end as they began.
    pub fn change(&self, organization: &OrganizationId, config: Option<EpicConfig>) {
        self.0.change(organization, config.map(|config| EpicSite::new(organization, config)));
    }

    /// The configuration of an organization, if there is such a one.
    #[must_use]
    pub fn config(&self, organization: &OrganizationId) -> Option<Arc<EpicConfig>> {
        self.0.get(organization).map(|site| Arc::clone(&site.config))
    }

    /// The configurations of all organizations.
    pub fn configs(&self) -> impl Iterator<Item = (OrganizationId, Arc<EpicConfig>)> {
        self.0.all().into_iter().map(|(id, site)| (id, Arc::clone(&site.config)))
    }

    /// The clock of an organization's Epic.
    #[must_use]
    pub fn clock(&self, organization: &OrganizationId) -> Option<Arc<OtherClock>> {
        self.0.get(organization).map(|site| Arc::clone(&site.clock))
    }

    /// Their clocks, as they were last heard.
    pub fn clocks(&self) -> impl Iterator<Item = Arc<OtherClock>> {
        self.0.all().into_iter().map(|(_, site)| Arc::clone(&site.clock))
    }

    pub(super) fn get(&self, organization: &OrganizationId) -> Option<Arc<EpicSite>> {
        self.0.get(organization)
    }
}

/// Calls Epic from one thread. Copies share everything.
#[derive(Clone)]
pub struct EpicClient {
    pub(super) http: HttpClient,
    pub(super) sites: Arc<EpicSites>,
    pub(super) clock: SharedClock,
    pub(super) randomness: SharedRandomness,
}

impl EpicClient {
    /// A caller for the thread on which it is made.
    #[must_use]
    pub fn new(sites: Arc<EpicSites>, clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { http: HttpClient::of_this_thread(), sites, clock, randomness }
    }

    /// Makes callers on the arbiters of the notifiers.
    #[must_use]
    pub fn factory(sites: Arc<EpicSites>, clock: SharedClock, randomness: SharedRandomness) -> EpicFactory {
        Arc::new(move || Rc::new(Self::new(Arc::clone(&sites), Arc::clone(&clock), Arc::clone(&randomness))))
    }
}

impl Epic for EpicClient {
    fn send<'a>(&'a self, visit: &'a VisitKey, update: &'a Update) -> LocalBoxFuture<'a, EpicAnswer> {
        Box::pin(async move {
            match self.sites.get(&visit.organization) {
                Some(site) => self.send_status(&site, visit, update).await,
                None => status::no_such_organization(),
            }
        })
    }
}
