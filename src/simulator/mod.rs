//! A fake Epic, a fake Zoom and a fake gateway for text messages, with people in them: the demo and the scenario tests run on these over real HTTP.
//!
//! The fakes know the true state by themselves and share no code with the service, so that a mistake in the service's reading
//! of a wire format is not repeated here. They refuse what the real systems refuse and, on request, misbehave as those do.

#![allow(
    clippy::disallowed_methods,
    reason = "the fakes are a world of their own, with a clock and chance of their own"
)]

pub mod chance;
pub mod clock;
mod config;
mod connection;
pub mod day;
pub mod demo;
mod engine;
pub mod epic;
pub mod people;
mod server;
pub mod sms;
#[cfg(test)]
mod tests;
pub mod zoom;

pub use config::{ClientProof, SimulatorConfig, SimulatorError};
pub use day::{Appointment, Day, LaunchKind, Person};
pub use epic::FakeEpic;
pub use server::{Simulator, start};
pub use sms::FakeSms;
pub use zoom::FakeZoom;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of another thread: a fake that still answers shows more than one that hangs.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
