//! The store on one file in one process. Why this engine and how it compares: [`super`].
//!
//! One thread writes, with one `fsync` for all the steps that wait at that moment; a few threads read. Nothing that was answered is lost
//! by a crash of the process at any moment. While the disk cannot be written the file is read all the same ([`access`]).

mod access;
mod copy;
#[cfg(test)]
mod disk;
mod keys;
mod leases;
mod open;
mod overlay;
mod port;
mod readers;
mod reads;
#[cfg(test)]
mod replay;
mod row;
mod shared;
mod stats;
mod steps;
mod tables;
#[cfg(test)]
mod trouble;
mod writer;

pub use copy::{Copied, CopyError, PutBackError, PuttingBack, new_private_file, put_under_name, verify_copy};
pub use open::{FORMAT, OpenError};
pub use stats::{BATCH_BOUNDS, HistogramReading, LATENCY_BOUNDS_US, StatsReading, StoreStats};
pub use writer::Durability;

use redb::ReadTransaction;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc};
use vestibule_actors::codec::Format;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::{GateId, Hint, StoreError, StoreLimits};
use vestibule_domain::gate::Gate;

use access::Access;
use leases::Leases;
use open::Place;
use readers::Readers;
use shared::Shared;
use steps::Desk;
use tables::Step;
use writer::{Job, SYNC_EVERY, Synced, Task, Writer, nudge};

/// Hints that a slow listener may be behind before it is told that it missed some.
const HINTS: usize = 1_024;

/// How an embedded store works.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// The folder that holds the file. Made if it is not there.
    pub folder: PathBuf,
    /// Bounds of journals and held events.
    pub limits: StoreLimits,
    /// When a write counts as durable.
    pub durability: Durability,
    /// At most so many steps share a commit; at least 1.
    pub batch: usize,
    /// At most so many steps wait; more are answered [`StoreError::Unavailable`], save those of shard owners, which wait for room.
    pub queue: usize,
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// The newest format of states and commands that will be written into it, by the codec's numbers.
    pub newest_written: u16,
}

impl EmbeddedSettings {
    /// The settings that a store has unless somebody says otherwise.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            limits: StoreLimits::default(),
            durability: Durability::Fsync,
            batch: 256,
            queue: 4_096,
            cache_bytes: 128 * 1024 * 1024,
            newest_written: Format::default().number(),
        }
    }
}

/// A store on one file. Dropping it finishes what was asked and closes the file.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    clock: SharedClock,
    hints: broadcast::Sender<Hint>,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    readers: Option<Readers>,
    durability: Durability,
    /// Held so that the thread that asks for a sync now and then ends with the store.
    metronome: Option<SyncSender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Who may wait for a place in the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// A front door: turned away, so that it answers 503 while it can.
    None,
    /// A shard's owner: what it asks makes room.
    Waits,
}

impl EmbeddedStore {
    /// Opens the store, or makes it. Blocks for as long as the file takes to be verified. Expiry is judged by `clock`.
    ///
    /// # Errors
    /// [`OpenError`], whose message says what to do.
    pub fn open(settings: EmbeddedSettings, clock: SharedClock) -> Result<Self, OpenError> {
        let place = Place::take(&settings.folder, settings.cache_bytes, settings.newest_written)?;
        Self::start(place, settings, clock)
    }

    fn start(place: Place, settings: EmbeddedSettings, clock: SharedClock) -> Result<Self, OpenError> {
        let file = Arc::new(place.open()?);
        let shared = Arc::new(Shared::new(Arc::clone(&file)));
        let (hints, _) = broadcast::channel(HINTS);
        let (jobs, waiting) = mpsc::channel(settings.queue.max(1));
        let writer = Writer {
            access: Access::new(place, Arc::clone(&shared), file),
            shared: Arc::clone(&shared),
            clock: Arc::clone(&clock),
            limits: settings.limits,
            batch: settings.batch.max(1),
            leases: Leases::default(),
            hints: hints.clone(),
            durability: settings.durability,
            synced: Synced::default(),
        };
        let no_thread = |error| OpenError::Io { path: settings.folder.clone(), error };
        let (readers, mut threads) = Readers::start(&shared).map_err(no_thread)?;
        let writing = std::thread::Builder::new().name("store-write".to_owned());
        threads.push(writing.spawn(move || writer.run(waiting)).map_err(no_thread)?);
        let mut metronome = None;
        if settings.durability == Durability::EverySecond {
            let (stop, beating) = beat(jobs.downgrade()).map_err(no_thread)?;
            metronome = Some(stop);
            threads.push(beating);
        }
        let (jobs, readers) = (Some(jobs), Some(readers));
        Ok(Self { shared, clock, hints, jobs, readers, durability: settings.durability, metronome, threads })
    }

    /// Counters, for metrics.
    #[must_use]
    pub fn stats(&self) -> &StoreStats {
        &self.shared.stats
    }

    async fn doing<T: Send + 'static>(
        &self,
        patience: Patience,
        step: impl FnMut(&mut Desk<'_, '_>) -> Step<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        let (task, answer) = Task::new(step);
        match jobs.try_send(Box::new(task)) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) if patience == Patience::Waits => {
                jobs.send(job).await.map_err(|_| closed())?;
            }
            Err(TrySendError::Full(_)) => {
                self.shared.stats.turned_away();
                return Err(StoreError::Unavailable("too many steps wait for the store".to_owned()));
            }
            Err(TrySendError::Closed(_)) => return Err(closed()),
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn looking<T: Send + 'static>(
        &self,
        step: impl FnOnce(&ReadTransaction) -> Step<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.readers {
            Some(readers) => readers.read(&self.shared, step).await,
            None => Err(StoreError::Unavailable("the store is closed".to_owned())),
        }
    }

    fn with_gate<T>(&self, gate: &GateId, ask: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gates = self.shared.gates.lock().unwrap_or_else(PoisonError::into_inner);
        ask(gates.entry(gate.clone()).or_default())
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.jobs = None;
        self.readers = None;
        self.metronome = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to wait for.
            let _ = thread.join();
        }
    }
}

/// A thread that asks for a sync now and then, so that the last commits before a quiet time reach the disk too.
fn beat(jobs: mpsc::WeakSender<Box<dyn Job>>) -> std::io::Result<(SyncSender<()>, JoinHandle<()>)> {
    let (stop, stopped) = sync_channel::<()>(0);
    let work = move || {
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(SYNC_EVERY) {
            let Some(jobs) = jobs.upgrade() else { return };
            // A full queue syncs by itself.
            let _ = jobs.try_send(nudge());
        }
    };
    Ok((stop, std::thread::Builder::new().name("store-sync".to_owned()).spawn(work)?))
}
