//! Where actors run. The number of arbiters is an argument: none at all puts everything on the caller's thread, which is what a
//! simulation wants.

use futures_util::future::LocalBoxFuture;
use std::sync::Arc;

/// A place that everybody may hold.
pub type SharedPlace = Arc<dyn Place>;
/// Makes a future on the thread where it will run.
pub type Make = Box<dyn FnOnce() -> LocalBoxFuture<'static, ()> + Send>;

/// Runs futures on arbiters.
pub trait Place: Send + Sync + 'static {
    /// Makes and runs a future on the arbiter of a slot; slots beyond their number wrap around.
    fn run(&self, slot: usize, make: Make);
}

/// Everything on the thread that asks, which must be inside a `LocalSet` or an actix runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here;

impl Place for Here {
    fn run(&self, _: usize, make: Make) {
        tokio::task::spawn_local(make());
    }
}

/// A fixed set of actix arbiters, a thread each.
#[derive(Debug)]
pub struct Arbiters(Vec<actix_rt::ArbiterHandle>);

impl Arbiters {
    /// Starts `count` arbiters (at least one). They end with the actix system.
    #[must_use]
    pub fn start(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| actix_rt::Arbiter::new().handle()).collect())
    }
}

impl Place for Arbiters {
    fn run(&self, slot: usize, make: Make) {
        let arbiter = self.0.get(slot % self.0.len().max(1));
        if let Some(arbiter) = arbiter {
            arbiter.spawn_fn(move || {
                tokio::task::spawn_local(make());
            });
        }
    }
}
