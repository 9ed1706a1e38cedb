//! The supervised part of Vestibule: the actors, the ports that they need, and the in-memory store.
//!
//! Actors are thin adapters around the pure rules of [`vestibule_domain`]. Nothing here speaks HTTP or touches a file: the
//! outside world is reached through [`port`], so that a simulation can drive many nodes in one thread.
//!
//! [`node::Node`] holds leases and starts a [`shard::Shard`] for each; a shard reads its journal, asks its [`visit::VisitActor`]s,
//! commits, and only then hands effects to the [`notifier::EpicNotifier`] and the [`zoom_worker::ZoomWorker`] of the organization.
//! [`hub::OpsHub`] watches what is committed and tells boards and pages. [`desk::Desk`] is where front doors hand in commands.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::unreachable,
        reason = "tests may look at the clock, and fail by panic"
    )
)]
#![warn(missing_docs)]

pub mod codec;
pub mod desk;
pub mod holds;
pub mod hub;
pub mod lease;
pub mod memory;
pub mod node;
pub mod notifier;
pub mod port;
pub mod recent;
pub mod shard;
pub mod supervise;
pub mod visit;
pub mod zoom_worker;
