//! A few threads that read, so that a page that has to come from the disk holds up no arbiter.

use redb::{ReadTransaction, ReadableDatabase};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use vestibule_actors::port::store::StoreError;

use super::shared::Shared;
use super::tables::Step;
use super::writer::error_of;

/// Reading threads. Reads come from memory nearly always, so a few serve many.
const THREADS: usize = 2;
/// Reads that may wait at one thread; more are answered [`StoreError::Unavailable`].
const WAITING: usize = 2_048;

type Read = Box<dyn FnOnce(&Shared) + Send>;

pub(super) struct Readers {
    queues: Vec<mpsc::Sender<Read>>,
    turn: AtomicUsize,
}

impl Readers {
    pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let mut queues = Vec::new();
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let (queue, mut reads) = mpsc::channel::<Read>(WAITING);
            let shared = Arc::clone(shared);
            let work = move || {
                while let Some(read) = reads.blocking_recv() {
                    read(&shared);
                }
            };
            threads.push(std::thread::Builder::new().name(format!("store-read-{number}")).spawn(work)?);
            queues.push(queue);
        }
        Ok((Self { queues, turn: AtomicUsize::new(0) }, threads))
    }

    /// Reads on a snapshot of what is durable now or later.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        shared: &Shared,
        step: impl FnOnce(&ReadTransaction) -> Step<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |shared| {
            // A caller that went away wants no answer.
            let _ = reply.send(on_snapshot(shared, step));
        });
        self.hand_out(read).map_err(|_| {
            shared.stats.turned_away();
            StoreError::Unavailable("too many reads wait for the store".to_owned())
        })?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the store is closed".to_owned())))
    }

    /// Gives the read to the next thread in turn that has room.
    fn hand_out(&self, mut read: Read) -> Result<(), Read> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for queue in self.queues.iter().cycle().skip(turn % THREADS).take(self.queues.len()) {
            match queue.try_send(read) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => {
                    read = back;
                }
            }
        }
        Err(read)
    }
}

fn on_snapshot<T>(shared: &Shared, step: impl FnOnce(&ReadTransaction) -> Step<T>) -> Result<T, StoreError> {
    let database = shared.database()?;
    let read = catch_unwind(AssertUnwindSafe(|| step(&database.begin_read()?)));
    match read {
        Ok(read) => read.map_err(error_of),
        Err(_) => Err(StoreError::Corrupt("the file's structure is broken".to_owned())),
    }
}
