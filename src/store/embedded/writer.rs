//! The one thread that writes. It takes everything that waits, does it in one transaction, makes it durable once, and only then answers.
//! It never waits for a batch to fill: while one is on its way to the disk the next one gathers by itself.

use redb::{Database, Durability as EngineDurability, StorageError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use vestibule_actors::port::clock::{SharedClock, instant};
use vestibule_actors::port::store::{Hint, StoreError, StoreLimits};

use super::access::Access;
use super::leases::Leases;
use super::open::reason_of;
use super::shared::Shared;
use super::steps::{Desk, Left};
use super::tables::{Failure, Step};

/// How long commits may stay off the disk with [`Durability::EverySecond`].
pub(super) const SYNC_EVERY: Duration = Duration::from_secs(1);

/// When a write counts as durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// It is on the disk before it is answered.
    #[default]
    Fsync,
    /// It is on the disk within about a second. A crash of the machine *or of the process* may lose what was answered in that time.
    EverySecond,
}

/// A step that waits to be done.
pub(super) trait Job: Send {
    /// Does it and keeps the answer. Done again when its batch has to be repeated without another one.
    fn run(&mut self, desk: &mut Desk<'_, '_>) -> Step<()>;

    /// Gives the answer, now that it is durable; or the error that became of it.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

pub(super) struct Task<T, F> {
    step: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Task<T, F> {
    pub(super) fn new(step: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { step, result: None, reply }, answer)
    }
}

impl<T: Send, F: FnMut(&mut Desk<'_, '_>) -> Step<T> + Send> Job for Task<T, F> {
    fn run(&mut self, desk: &mut Desk<'_, '_>) -> Step<()> {
        self.result = Some(match (self.step)(desk) {
            Ok(answer) => Ok(answer),
            Err(Failure::Answer(error)) => Err(error),
            Err(failure) => return Err(failure),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let lost = || Err(StoreError::Unavailable("the step was not done".to_owned()));
        let answer = match outcome {
            Ok(()) => self.result.unwrap_or_else(lost),
            Err(error) => Err(error),
        };
        // A caller that went away learns nothing; what was done stays done.
        let _ = self.reply.send(answer);
    }
}

pub(super) type Jobs = mpsc::Receiver<Box<dyn Job>>;

pub(super) struct Writer {
    pub(super) access: Access,
    pub(super) shared: Arc<Shared>,
    pub(super) clock: SharedClock,
    pub(super) limits: StoreLimits,
    pub(super) batch: usize,
    pub(super) leases: Leases,
    pub(super) hints: broadcast::Sender<Hint>,
    pub(super) durability: Durability,
    pub(super) synced: Synced,
}

/// What is on the disk, where that is not everything.
#[derive(Default)]
pub(super) struct Synced {
    /// When everything was last on the disk.
    at: Option<tokio::time::Instant>,
    /// Something was committed since.
    behind: bool,
}

/// How a try at a batch ended.
enum Tried {
    /// Durable, and the hints to give.
    Done(Vec<Hint>),
    /// One of them cannot be done and may have written something: the others are done without it.
    Spoiled(usize, StoreError),
    /// The file does not do what it should.
    Broken(StoreError),
}

impl Writer {
    /// Works until nobody can ask any more and everything asked is done.
    pub(super) fn run(mut self, mut jobs: Jobs) {
        let mut batch = Vec::with_capacity(self.batch);
        while jobs.blocking_recv_many(&mut batch, self.batch) > 0 {
            self.work(&mut batch);
        }
        if self.synced.behind {
            self.work(&mut vec![sync()]);
        }
        self.shared.close();
    }

    fn work(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        while !batch.is_empty() {
            let leases = self.leases.clone();
            match self.attempt(batch) {
                Tried::Done(hints) => {
                    self.publish();
                    batch.drain(..).for_each(|job| job.answer(Ok(())));
                    for hint in hints {
                        // Nobody listening is no loss.
                        let _ = self.hints.send(hint);
                    }
                }
                Tried::Spoiled(which, error) => {
                    self.leases = leases;
                    self.shared.stats.step_spoiled();
                    tracing::error!(%error, "a step of the store met something unreadable");
                    if which < batch.len() {
                        batch.remove(which).answer(Err(error));
                    }
                }
                Tried::Broken(error) => {
                    self.leases = leases;
                    self.synced = Synced::default();
                    self.shared.stats.batch_failed();
                    tracing::error!(%error, "the store cannot write");
                    // Done again without the file: those that need it are told why it is away, the others are served.
                    self.access.failed(error);
                }
            }
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Job>]) -> Tried {
        if let Some(database) = self.access.open() {
            return self.try_on(&database, batch);
        }
        let Left { refused, hints, .. } = self.without_the_file(batch);
        if refused > 0
            && let Some(database) = self.access.open_again()
        {
            return self.try_on(&database, batch);
        }
        self.shared.stats.steps_refused(refused);
        Tried::Done(hints)
    }

    /// Does what needs no file, and has the others answered that there is none.
    fn without_the_file(&mut self, batch: &mut [Box<dyn Job>]) -> Left {
        let mut desk =
            Desk::new(Err(self.access.refusal()), true, &mut self.leases, self.limits, self.clock.now());
        for job in batch {
            // Without a file there is nothing that could fail but the job itself, which knows its answer.
            let _ = job.run(&mut desk);
        }
        desk.finish()
    }

    fn try_on(&mut self, database: &Database, batch: &mut [Box<dyn Job>]) -> Tried {
        let tried = catch_unwind(AssertUnwindSafe(|| self.transact(database, batch)));
        match tried {
            Ok(Ok(hints)) => Tried::Done(hints),
            Ok(Err((Some(which), Failure::Corrupt(what)))) => {
                Tried::Spoiled(which, StoreError::Corrupt(what.to_owned()))
            }
            Ok(Err((_, failure))) => Tried::Broken(error_of(failure)),
            // The engine panics on a file whose structure is broken; the transaction was dropped with it.
            Err(_) => Tried::Broken(StoreError::Corrupt("the file's structure is broken".to_owned())),
        }
    }

    /// One transaction; the hints to give. On failure, whose step it was.
    fn transact(
        &mut self,
        database: &Database,
        batch: &mut [Box<dyn Job>],
    ) -> Result<Vec<Hint>, (Option<usize>, Failure)> {
        let began = instant();
        let nobody = |failure| (None, failure);
        let mut transaction = database.begin_write().map_err(|error| nobody(error.into()))?;
        let in_doubt = self.access.is_in_doubt();
        let mut desk = Desk::new(Ok(&transaction), in_doubt, &mut self.leases, self.limits, self.clock.now());
        for (which, job) in batch.iter_mut().enumerate() {
            job.run(&mut desk).map_err(|failure| (Some(which), failure))?;
        }
        let Left { wrote, sync, unreadable, hints, .. } = desk.finish();
        self.shared.stats.rows_unreadable(unreadable);
        let syncs = match self.durability {
            Durability::Fsync => wrote,
            Durability::EverySecond => (wrote || self.synced.behind) && (sync || self.synced.is_due(began)),
        };
        if !wrote && !syncs {
            transaction.abort().map_err(|error| nobody(error.into()))?;
            return Ok(hints);
        }
        let how = if syncs { EngineDurability::Immediate } else { EngineDurability::None };
        transaction.set_durability(how).map_err(|error| nobody(redb::Error::from(error).into()))?;
        // A second sync, so that the newest commit is either whole or not there. With one sync the engine takes a damaged newest commit for
        // one that was cut off, and goes back to the one before without a word.
        transaction.set_two_phase_commit(true);
        transaction.commit().map_err(|error| nobody(error.into()))?;
        if syncs {
            self.access.succeeded();
        }
        self.synced.committed(syncs, began);
        self.shared.stats.committed(batch.len(), began.elapsed());
        Ok(hints)
    }

    fn publish(&self) {
        *self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner) = self.leases.clone();
    }
}

impl Synced {
    fn is_due(&self, now: tokio::time::Instant) -> bool {
        self.at.is_none_or(|at| now.saturating_duration_since(at) >= SYNC_EVERY)
    }

    fn committed(&mut self, synced: bool, began: tokio::time::Instant) {
        self.behind = !synced;
        if synced {
            self.at = Some(began);
        }
    }
}

/// A step that does nothing, so that what was committed before it reaches the disk when that is due.
pub(super) fn nudge() -> Box<dyn Job> {
    Box::new(Task::new(|_: &mut Desk<'_, '_>| Ok(())).0)
}

/// A step that brings to the disk what was committed before it.
fn sync() -> Box<dyn Job> {
    Box::new(Task::new(|desk: &mut Desk<'_, '_>| desk.sync()).0)
}

/// What the caller is told of a failure that is not its own.
pub(super) fn error_of(failure: Failure) -> StoreError {
    match failure {
        Failure::Answer(error) => error,
        Failure::Corrupt(what) => StoreError::Corrupt(what.to_owned()),
        Failure::File(redb::Error::Corrupted(what)) => StoreError::Corrupt(what),
        Failure::File(redb::Error::PreviousIo) => {
            StoreError::Unavailable(StorageError::PreviousIo.to_string())
        }
        failure @ Failure::File(_) => StoreError::Unavailable(reason_of(failure)),
    }
}
