//! The store as one process reaches it: over a network that is slow, loses requests or answers, or is cut.
//!
//! A request that has left its process is done whatever becomes of the process, so it travels as a task of the world. Without a fault
//! it is done in the step in which it was asked for, which is what makes thousands of runs affordable.

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::{Answer, Hint, Store, StoreError};

use crate::audit::witness::Witness;
use crate::chance::Chance;
use crate::lock;
use crate::weather::{Link, Manner, Way};
use crate::world::{Process, World};

/// A caller gives up after this, as every real store does.
const TIME_OUT: Duration = Duration::from_secs(3);
/// Hints that a slow listener may be behind.
const HINTS: usize = 1_024;

/// The store as one process reaches it.
pub struct LinkedStore {
    world: Arc<World>,
    process: Process,
    chance: Mutex<Chance>,
    hints: broadcast::Sender<Hint>,
}

impl LinkedStore {
    /// The way of a process.
    #[must_use]
    pub fn new(world: &Arc<World>, process: Process, chance: Chance) -> Arc<Self> {
        let (hints, _) = broadcast::channel(HINTS);
        let store = Self { world: Arc::clone(world), process, chance: Mutex::new(chance), hints };
        store.pass_hints_on();
        Arc::new(store)
    }

    /// Hints travel by themselves, and stop when nobody of the process listens any more.
    fn pass_hints_on(&self) {
        let (mut from, to) = (self.world.store.hints(), self.hints.clone());
        let (world, node) = (Arc::clone(&self.world), self.process.node);
        let process = self.process;
        self.world.spawn(async move {
            loop {
                let hint = next(&mut from).await;
                if !world.is_up(process) {
                    return;
                }
                if lock(&world.weather).hears_hints(node) {
                    // Nobody listening is no loss.
                    let _ = to.send(hint);
                }
            }
        });
    }

    /// Hints as this process hears them.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }

    /// Sees what a step did, as this process's.
    pub(crate) fn witness(&self) -> Witness {
        Witness::new(&self.world, self.process)
    }

    /// Asks the store.
    pub(crate) fn ask<T, F>(&self, step: impl FnOnce(Arc<MemoryStore>) -> F + Send + 'static) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        async move {
            let way = lock(&self.world.weather).way(self.process.node, &mut lock(&self.chance));
            if way.is_clear() {
                step(Arc::clone(&self.world.store)).await
            } else {
                travel(Arc::clone(&self.world), self.process.node, way, step).await
            }
        }
        .boxed()
    }
}

/// A request that takes its time or is lost.
async fn travel<T, F>(
    world: Arc<World>,
    node: usize,
    way: Way,
    step: impl FnOnce(Arc<MemoryStore>) -> F + Send + 'static,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let gives_up = instant() + TIME_OUT;
    if let Some(manner) = way.lost {
        return Err(unheard(manner, gives_up).await);
    }
    let (tell, told) = oneshot::channel();
    let there = Arc::clone(&world);
    world.spawn(async move {
        sleep(way.out).await;
        if let Link::Cut(manner) = there.link(node) {
            return drop(tell.send(Err(manner)));
        }
        let answer = step(Arc::clone(&there.store)).await;
        sleep(way.back).await;
        let cut = match there.link(node) {
            Link::Cut(manner) | Link::Deaf(manner) => Some(manner),
            _ => way.unheard,
        };
        // Whoever asked may be gone.
        let _ = tell.send(cut.map_or(Ok(answer), Err));
    });
    match timeout_at(gives_up, told).await {
        Ok(Ok(Ok(answer))) => answer,
        Ok(Ok(Err(manner))) => Err(unheard(manner, gives_up).await),
        Ok(Err(_)) | Err(_) => Err(away("no answer in time")),
    }
}

async fn unheard(manner: Manner, gives_up: Instant) -> StoreError {
    match manner {
        Manner::Refusing => away("the connection was cut"),
        Manner::Silent => {
            sleep_until(gives_up).await;
            away("no answer in time")
        }
    }
}

fn away(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

/// The next hint; never again when there is no store any more. One that stands for some that were missed may be of any kind.
async fn next(from: &mut broadcast::Receiver<Hint>) -> Hint {
    match from.recv().await {
        Ok(hint) => hint,
        Err(broadcast::error::RecvError::Lagged(_)) => Hint::Nodes,
        Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
    }
}
