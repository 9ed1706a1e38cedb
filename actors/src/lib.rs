//! The supervised part of Vestibule: the actors, the ports that they need, and the in-memory store.
//!
//! Actors are thin adapters around the pure rules of [`vestibule_domain`]. Nothing here speaks HTTP or touches a file: the
//! outside world is reached through [`port`], so that a simulation can drive many nodes in one thread.

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
pub mod memory;
pub mod port;
