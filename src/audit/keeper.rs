//! Takes deeds from the doors and writes them into their chains, many at once.
//!
//! Whoever acts waits until the deed is in its chain, and does nothing when it cannot be; whoever only looks does not wait. The queue is
//! bounded: what finds it full is refused, or, where somebody only looked, counted and logged as lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use vestibule_actors::port::clock::{SharedClock, SharedRandomness};
use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;

use super::chain::{Chain, ChainId, Waiting};
use super::entry::Deed;
use super::just_before::JustBefore;
use crate::http::metrics::Metrics;

/// So many are written at once.
const AT_ONCE: usize = 256;
/// Whoever acts waits so long for the chain.
const WITHIN: Duration = Duration::from_secs(3);
/// A store that does not answer is asked again after so long.
const REST: Duration = Duration::from_millis(500);

/// The deed could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// As many wait as may.
    #[error("as many entries of the audit wait as may")]
    Full,
    /// The store did not take it in time; it may be kept yet.
    #[error("the audit cannot be written")]
    NotWritten,
}

/// What is handed to the writer, in order.
enum Handed {
    Deed {
        chain: ChainId,
        waiting: Box<Waiting>,
        /// Told once it is in its chain.
        done: Option<oneshot::Sender<()>>,
    },
    /// Told once everything before is in its chain.
    Settled(oneshot::Sender<()>),
}

/// The way to the chains; every copy is the same.
#[derive(Clone)]
pub struct Audit {
    queue: mpsc::Sender<Handed>,
    clock: SharedClock,
    randomness: SharedRandomness,
    metrics: Arc<Metrics>,
    just_before: Arc<JustBefore>,
}

/// What the writer works with.
#[derive(Clone)]
pub struct Writing {
    pub store: SharedStore,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub metrics: Arc<Metrics>,
    pub node: Arc<str>,
}

impl Audit {
    /// Begins to write, on this thread's runtime; so many deeds may wait.
    pub fn start(writing: Writing, most: usize) -> Self {
        let (queue, handed) = mpsc::channel(most);
        let Writing { clock, randomness, metrics, .. } = writing.clone();
        actix_rt::spawn(writing.run(handed));
        Self { queue, clock, randomness, metrics, just_before: Arc::default() }
    }

    /// Hands a deed in without waiting for it.
    pub fn note(&self, organization: Option<&OrganizationId>, deed: Deed) {
        let action = deed.action.clone();
        if self.hand_in(organization, deed, None).is_err() {
            self.metrics.audit_lost(1);
            tracing::error!(action, "an entry of the audit is lost: as many wait as may");
        }
    }

    /// The same, unless the same one did the same just before: a page that renews itself, or a program that asks every few seconds.
    pub fn note_once(&self, organization: Option<&OrganizationId>, deed: Deed) {
        let alike = Deed { correlation_id: None, ..deed.clone() };
        if self.just_before.is_first(alike, self.clock.now()) {
            self.note(organization, deed);
        }
    }

    /// Hands a deed in and waits until it is in its chain.
    ///
    /// # Errors
    /// [`Lost`]: then whatever it is about must not be done.
    pub async fn keep(&self, organization: Option<&OrganizationId>, deed: Deed) -> Result<(), Lost> {
        let (done, is_done) = oneshot::channel();
        self.hand_in(organization, deed, Some(done))?;
        told(is_done, WITHIN).await
    }

    /// Waits until what was handed in so far is in its chains.
    ///
    /// # Errors
    /// [`Lost`] where that takes too long.
    pub async fn settle(&self, within: Duration) -> Result<(), Lost> {
        let (done, is_done) = oneshot::channel();
        timeout(within, self.queue.send(Handed::Settled(done)))
            .await
            .map_err(|_| Lost::Full)?
            .map_err(|_| Lost::NotWritten)?;
        told(is_done, within).await
    }

    fn hand_in(
        &self,
        organization: Option<&OrganizationId>,
        deed: Deed,
        done: Option<oneshot::Sender<()>>,
    ) -> Result<(), Lost> {
        let id = format!("{:016x}", self.randomness.draw());
        let waiting = Box::new(Waiting { id, at: self.clock.now(), deed });
        let chain = ChainId::of(organization);
        self.queue.try_send(Handed::Deed { chain, waiting, done }).map_err(|_| Lost::Full)
    }
}

/// Whoever has given up waiting is not told.
fn tell(waiting: Vec<oneshot::Sender<()>>) {
    for done in waiting {
        let _ = done.send(());
    }
}

async fn told(is_done: oneshot::Receiver<()>, within: Duration) -> Result<(), Lost> {
    match timeout(within, is_done).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Lost::NotWritten),
    }
}

/// Those of one chain, and who waits for them.
type Batch = (Vec<Waiting>, Vec<oneshot::Sender<()>>);

impl Writing {
    async fn run(self, mut handed: mpsc::Receiver<Handed>) {
        let mut at_once = Vec::with_capacity(AT_ONCE);
        while handed.recv_many(&mut at_once, AT_ONCE).await > 0 {
            let mut batches: BTreeMap<ChainId, Batch> = BTreeMap::new();
            let mut settled = Vec::new();
            for one in at_once.drain(..) {
                match one {
                    Handed::Settled(done) => settled.push(done),
                    Handed::Deed { chain, waiting, done } => {
                        let batch = batches.entry(chain).or_default();
                        batch.0.push(*waiting);
                        batch.1.extend(done);
                    }
                }
            }
            for (chain, (deeds, done)) in batches {
                if self.write(&chain, &deeds).await {
                    tell(done);
                }
            }
            tell(settled);
        }
    }

    /// Writes until it is written; `false` for what no trying could.
    async fn write(&self, id: &ChainId, deeds: &[Waiting]) -> bool {
        let count = u64::try_from(deeds.len()).unwrap_or(u64::MAX);
        let mut tried = None;
        loop {
            let written = match Chain::new(&self.store, id) {
                Ok(chain) => chain.append(&self.node, deeds, &mut tried).await,
                Err(error) => Err(error),
            };
            match written {
                Ok(_) => {
                    self.metrics.audit_kept(count);
                    return true;
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    tracing::warn!(%error, count, "the audit waits for the store");
                    sleep(REST).await;
                }
                Err(error) => {
                    self.metrics.audit_lost(count);
                    tracing::error!(%error, count, chain = %id, "entries of the audit are lost");
                    return false;
                }
            }
        }
    }
}
