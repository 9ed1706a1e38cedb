//! The actors together, on the memory store: what a node does when all is well, and when things die.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::disallowed_methods,
    reason = "tests say what they expect"
)]

mod counted;
mod device_tests;
mod epic;
mod going_back;
mod hub;
mod life;
mod newcomers;
mod ownership;
mod supervision;
mod trouble;
mod world;
mod zoom;

/// Runs a test in one thread, inside a `LocalSet`, under tokio's paused clock.
pub fn run(test: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}
