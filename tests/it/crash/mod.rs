//! The real process, killed and told to end: what it answered 200 is never lost, and it ends as its exit status promises.
//!
//! `VESTIBULE_CRASH_SEED` repeats the moments of a run, and `VESTIBULE_CRASH_ROUNDS` makes it longer or shorter.

mod driver;
mod exits;
mod kept;
mod regulars;
mod rounds;
mod service;
mod site;
mod truth;

use std::time::{Duration, Instant};

/// Looks every so often until something is there; gives up with a word on what was missing.
async fn until<T>(what: &str, most: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + most;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "after {most:?} still waiting for {what}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}
