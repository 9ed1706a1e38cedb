//! What the actors need from the outside world, as traits: a store, a clock, randomness, ids, a place to run, Epic and Zoom.

pub mod clock;
pub mod epic;
pub mod observer;
pub mod organizations;
pub mod place;
pub mod store;
pub mod zoom;

use crate::codec::Format;
use crate::recent::Recent;
use std::sync::Arc;
use vestibule_domain::Decision;
use vestibule_domain::command::Entry;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;

/// The rules as a value: [`vestibule_domain::decide`], save in tests that need rules which fail.
pub type Decider = Arc<dyn Fn(&Visit, &Entry, Moment, &Policy) -> Decision + Send + Sync>;

/// Everything that a node is built on. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Where everything durable lives.
    pub store: store::SharedStore,
    /// The time of day.
    pub clock: clock::SharedClock,
    /// Random numbers and ids.
    pub randomness: clock::SharedRandomness,
    /// Where actors run.
    pub place: place::SharedPlace,
    /// The settings of organizations, as far as actors need them.
    pub organizations: organizations::SharedOrganizations,
    /// Makes the sender of status updates on an arbiter.
    pub epic: epic::EpicFactory,
    /// Makes the caller of Zoom on an arbiter.
    pub zoom: zoom::ZoomFactory,
    /// Is told what happens, for metrics.
    pub observer: Arc<dyn observer::Observer>,
    /// What this node's doors have answered lately.
    pub recent: Arc<Recent>,
    /// In which format states and commands are written.
    pub format: Format,
    /// The rules of a visit.
    pub decide: Decider,
}
