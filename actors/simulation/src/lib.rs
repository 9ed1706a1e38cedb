//! Many nodes in one process, over one store, on a clock that stands still unless it is moved, with everything drawn from a seed.
//!
//! [`run::run`] plays what a seed stands for ([`scenario`]): people ([`people`]) launch and meet in Zoom ([`zoom`]), Epic ([`epic`]) is told,
//! and faults come ([`nemesis`]) to the nodes ([`cluster`]), to their way to the store ([`link`]) and to everybody outside ([`weather`]). The invariants
//! of ARCHITECTURE.md are judged while it goes on ([`audit`]), and when all has come to rest ([`rest`]). The first that does not hold ends the
//! run, and the seed repeats it (I14).

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![allow(
    clippy::expect_used,
    reason = "the simulation is a test: what it makes itself and cannot be made is a mistake of its own, and ends the run"
)]

pub mod audit;
pub mod chance;
pub mod cluster;
pub mod epic;
pub mod link;
mod linked;
pub mod nemesis;
pub mod people;
pub mod rest;
pub mod run;
pub mod scenario;
pub mod time;
pub mod trace;
pub mod weather;
pub mod world;
pub mod zoom;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; nothing is held across a wait, and one thread does everything, so nobody ever waits for it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
