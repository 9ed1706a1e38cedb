//! A hospital around real processes of the service: fakes that know the truth, people who come and go, and what is looked at in the end.

mod balancer;
pub mod driver;
pub mod kept;
pub mod load;
pub mod regulars;
pub mod service;
pub mod site;
pub mod truth;

use std::time::{Duration, Instant};

/// Looks every so often until something is there; gives up with a word on what was missing.
pub async fn until<T>(what: &str, most: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + most;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "after {most:?} still waiting for {what}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}
