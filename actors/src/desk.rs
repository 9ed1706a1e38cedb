//! Where front doors hand in commands and look at what came of them.
//!
//! A command is durable when [`Desk::submit`] has answered (D0). What came of it is read from the committed visit: by hint, and by a look
//! of one's own, since hints may get lost. Any node's desk serves any visit.

use crate::port::clock::instant;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, timeout};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::fact::Fact;
use vestibule_domain::id::{CommandId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::DeviceTest;
use vestibule_domain::visit::participant::ParticipantKey;
use vestibule_domain::visit::{LaunchOutcome, Visit};

use crate::codec;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::{Appended, Epoch, Hint, NewEntry, Routed, StoreError, StoredVisit};
use crate::recent::{Answered, Goes};

/// A door does not wait longer than this for the store to take a command; Zoom wants its answer within three seconds.
const APPEND_WITHIN: Duration = Duration::from_secs(2);
/// Without a hint a waiting door looks by itself this often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why a command was not taken. Nothing of it will happen, or it may, if the store is only slow: the door answers 503 either way.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// The journal is at its bound.
    #[error("the journal is full")]
    Full,
    /// The store does not answer in time.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// What the store holds cannot be read.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(String),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Self::Unreadable(what),
            StoreError::Unavailable(what) | StoreError::Refused(what) => Self::Unavailable(what),
        }
    }
}

/// A visit as committed, read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The state.
    pub visit: Visit,
    /// Rises with every commit.
    pub version: u64,
    /// The lease under which it was committed.
    pub epoch: Epoch,
}

impl Snapshot {
    /// Reads a stored visit.
    ///
    /// # Errors
    /// [`DeskError::Unreadable`] when the state is of an unknown format or damaged.
    pub fn read(stored: &StoredVisit) -> Result<Self, DeskError> {
        let visit = codec::decode(&stored.state).map_err(|e| DeskError::Unreadable(e.to_string()))?;
        Ok(Self { visit, version: stored.version, epoch: stored.epoch })
    }
}

/// A launch that is durable.
#[derive(Debug)]
pub struct Launched {
    /// Its command, by which its outcome is found in the visit later.
    pub id: CommandId,
    /// What became of it, where that was decided in time.
    pub decided: Option<(LaunchOutcome, Snapshot)>,
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    ports: Ports,
}

impl Desk {
    /// A desk on a node's ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Everything that the node is built on, for doors that need the store, the clock or randomness themselves.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Appends a command to the journal of its visit.
    ///
    /// # Errors
    /// [`DeskError`]: the command is not durable, as far as is known.
    pub async fn submit(&self, visit: &VisitKey, command: Command) -> Result<CommandId, DeskError> {
        let (id, entry) = new_entry(&self.ports, visit, command)?;
        let began = instant();
        let append = self.ports.store.append(Shard::of_visit(visit), vec![entry]);
        match within(append).await? {
            Appended::Done(_) => Ok(self.durable(began, id)),
            Appended::Full => Err(self.full()),
        }
    }

    /// Appends a fact to the journal of the visit that has its meeting, or holds it.
    ///
    /// # Errors
    /// [`DeskError`]: the fact is not durable, as far as is known.
    pub async fn submit_fact(&self, organization: &OrganizationId, fact: Fact) -> Result<Routed, DeskError> {
        let meeting = fact.meeting;
        let (_, payload) = encode(&self.ports, Command::Fact(fact))?;
        let began = instant();
        match within(self.ports.store.route_or_hold(organization, meeting, payload.clone())).await? {
            Routed::Full => Err(self.full()),
            routed => {
                self.remember(Goes::ByMeeting(organization.clone(), meeting), payload);
                Ok(self.durable(began, routed))
            }
        }
    }

    /// Appends what came out of a device test, and keeps it as a fact is kept, since it commutes as facts do.
    ///
    /// # Errors
    /// [`DeskError`]: the result is not durable, as far as is known.
    pub async fn submit_test(
        &self,
        visit: &VisitKey,
        participant: ParticipantKey,
        test: DeviceTest,
    ) -> Result<(), DeskError> {
        let (_, entry) = new_entry(&self.ports, visit, Command::DeviceTested { participant, test })?;
        let (began, payload) = (instant(), entry.payload.clone());
        match within(self.ports.store.append(Shard::of_visit(visit), vec![entry])).await? {
            Appended::Full => Err(self.full()),
            Appended::Done(_) => {
                self.remember(Goes::To(visit.clone()), payload);
                self.durable(began, ());
                Ok(())
            }
        }
    }

    /// In case the store loses it.
    fn remember(&self, goes: Goes, payload: Vec<u8>) {
        if self.ports.recent.answered(Answered { goes, payload }) {
            self.ports.observer.observe(Observed::RecentFull);
        }
    }

    /// D0.
    fn durable<T>(&self, began: Instant, what: T) -> T {
        self.ports.observer.observe(Observed::Appended { took: began.elapsed() });
        what
    }

    fn full(&self) -> DeskError {
        self.ports.observer.observe(Observed::JournalFull);
        DeskError::Full
    }

    /// The visit as last committed.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer or holds something unreadable.
    pub async fn visit(&self, key: &VisitKey) -> Result<Option<Snapshot>, DeskError> {
        within(self.ports.store.load(key)).await?.as_ref().map(Snapshot::read).transpose()
    }

    /// Submits a launch and waits until its outcome is committed, at most `wait`.
    ///
    /// # Errors
    /// [`DeskError`] when the launch could not be made durable.
    pub async fn launch(
        &self,
        visit: &VisitKey,
        launch: Launch,
        wait: Duration,
    ) -> Result<Launched, DeskError> {
        let hints = self.ports.store.hints();
        let id = self.submit(visit, Command::Launch(launch)).await?;
        let decided = |seen: &Snapshot| seen.visit.launch_outcome(&id).cloned();
        let decided = self.until(visit, hints, wait, decided).await;
        Ok(Launched { id, decided })
    }

    /// Waits until something holds of the committed visit, at most `wait`.
    pub async fn wait_for<T>(
        &self,
        visit: &VisitKey,
        wait: Duration,
        holds: impl Fn(&Snapshot) -> Option<T>,
    ) -> Option<(T, Snapshot)> {
        self.until(visit, self.ports.store.hints(), wait, holds).await
    }

    async fn until<T>(
        &self,
        visit: &VisitKey,
        mut hints: broadcast::Receiver<Hint>,
        wait: Duration,
        holds: impl Fn(&Snapshot) -> Option<T>,
    ) -> Option<(T, Snapshot)> {
        let deadline = instant() + wait;
        let changed = Hint::Changed(Shard::of_visit(visit));
        loop {
            // A store that does not answer just now may do so before the time is over.
            if let Ok(Some(snapshot)) = self.visit(visit).await
                && let Some(found) = holds(&snapshot)
            {
                return Some((found, snapshot));
            }
            let now = instant();
            if now >= deadline {
                return None;
            }
            let look = (now + LOOK_EVERY).min(deadline);
            let _ = tokio::time::timeout_at(look, hinted(&mut hints, changed)).await;
        }
    }
}

/// Ends at the hint, or when hints were lost; never when there will be none any more.
async fn hinted(hints: &mut broadcast::Receiver<Hint>, wanted: Hint) {
    loop {
        match hints.recv().await {
            Ok(hint) if hint == wanted => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, StoreError>>) -> Result<T, DeskError> {
    match timeout(APPEND_WITHIN, step).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DeskError::Unavailable("no answer in time".to_owned())),
    }
}

fn encode(ports: &Ports, command: Command) -> Result<(CommandId, Vec<u8>), DeskError> {
    let entry = Entry { id: ports.randomness.command_id(), at: ports.clock.now(), command };
    let payload = ports.format.encode(&entry).map_err(|e| DeskError::Unreadable(e.to_string()))?;
    Ok((entry.id, payload))
}

fn new_entry(ports: &Ports, visit: &VisitKey, command: Command) -> Result<(CommandId, NewEntry), DeskError> {
    let (id, payload) = encode(ports, command)?;
    Ok((id, NewEntry { visit: visit.clone(), payload }))
}

/// A journal entry for a command of the node itself.
pub(crate) fn entry_for(ports: &Ports, visit: &VisitKey, command: Command) -> Result<NewEntry, DeskError> {
    Ok(new_entry(ports, visit, command)?.1)
}

/// The pause before an entry is handed in again that the store did not take.
const PAUSE: Duration = Duration::from_millis(200);

/// Appends an entry of the node itself, again and again until the store has taken it or it is not wanted any more.
pub(crate) async fn hand_in(ports: &Ports, entry: NewEntry, give_up: Moment) {
    let shard = Shard::of_visit(&entry.visit);
    loop {
        match ports.store.append(shard, vec![entry.clone()]).await {
            Ok(Appended::Done(_)) => return,
            Ok(Appended::Full) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => {
                tracing::error!(%error, "an entry of the node itself could not be written");
                return;
            }
        }
        if ports.clock.now() > give_up {
            tracing::error!(shard = shard.number(), "an entry of the node itself was given up");
            return;
        }
        sleep(PAUSE).await;
    }
}
