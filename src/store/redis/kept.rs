//! Connections that everybody uses and one caller makes: kept until they are let go of, and not tried again and again while there is nothing to
//! connect to.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, RedisError};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use vestibule_actors::port::clock::instant;

use super::stats::RedisStats;

/// After a connection could not be made, nobody tries again for so long.
const REST: Duration = Duration::from_millis(200);

/// What is kept, with when it was made.
pub(super) struct Kept<T> {
    live: std::sync::Mutex<Option<(Instant, T)>>,
    /// One caller connects, the others wait for it; when that last failed.
    connecting: Mutex<Option<Instant>>,
    /// It must be there within this.
    within: Duration,
    stats: Arc<RedisStats>,
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(within: Duration, stats: Arc<RedisStats>) -> Self {
        Self { live: std::sync::Mutex::default(), connecting: Mutex::default(), within, stats }
    }

    /// What there is, or what `connect` makes.
    pub(super) async fn get(
        &self,
        connect: impl AsyncFnOnce() -> Result<T, RedisError>,
    ) -> Result<T, RedisError> {
        if let Some(live) = self.there() {
            return Ok(live);
        }
        let mut failed = self.connecting.lock().await;
        if let Some(live) = self.there() {
            return Ok(live);
        }
        if failed.is_some_and(|at| instant().saturating_duration_since(at) < REST) {
            return Err(io("the server could not be reached a moment ago"));
        }
        // Boxed, since the futures of the library are deep.
        let made = timeout(self.within, Box::pin(connect())).await;
        let made = made.unwrap_or_else(|_| Err(io("no connection in time")));
        *failed = made.is_err().then(instant);
        let made = made?;
        self.stats.connected();
        *self.lock() = Some((instant(), made.clone()));
        Ok(made)
    }

    /// Lets go of it where `which` says so, of when it was made and of itself.
    pub(super) fn let_go(&self, which: impl FnOnce(Instant, &T) -> bool) {
        if self.lock().take_if(|(made, live)| which(*made, live)).is_some() {
            self.stats.let_go();
        }
    }

    fn there(&self) -> Option<T> {
        self.lock().as_ref().map(|(_, live)| live.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, T)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn io(what: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, what))
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_a_server_that_is_not_there_waits_once() {
        let kept = Kept::<u32>::new(WITHIN, Arc::default());
        let tries = AtomicU32::new(0);
        let began = instant();
        let all = join_all((0..50).map(|_| {
            kept.get(async || {
                tries.fetch_add(1, Ordering::Relaxed);
                std::future::pending().await
            })
        }))
        .await;
        assert!(all.iter().all(Result::is_err));
        assert_eq!((tries.load(Ordering::Relaxed), began.elapsed()), (1, WITHIN));
        tokio::time::advance(REST).await;
        assert_eq!(kept.get(async || Ok(7)).await.ok(), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_let_go_of_is_made_anew_by_the_next() {
        let stats = Arc::<RedisStats>::default();
        let kept = Kept::<u32>::new(WITHIN, Arc::clone(&stats));
        assert_eq!(kept.get(async || Ok(1)).await.ok(), Some(1));
        kept.let_go(|_, live| *live == 2);
        assert_eq!(kept.get(async || Ok(2)).await.ok(), Some(1), "it is still there");
        kept.let_go(|_, live| *live == 1);
        assert_eq!(kept.get(async || Ok(2)).await.ok(), Some(2));
        let read = stats.read();
        assert_eq!((read.connected, read.let_go), (2, 1));
    }
}
