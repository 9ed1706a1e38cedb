//! Tells boards what changes, as it is committed, on whatever node.
//!
//! Each commit raises its shard's change number. While anybody watches, the hub looks at those numbers at every hint and once a second,
//! loads what changed and lays it into every feed. A feed holds the newest state of each visit only, so a slow reader skips
//! states and never sees an older one after a newer (I13), and no reader can make the hub wait or grow without bound.

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use crate::desk::Snapshot;
use crate::port::Ports;
use crate::port::store::{Epoch, Hint, Owner, StoreError};

/// Without a hint the change numbers are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Visits that have left are found by comparing with the store this often.
const COMPARE_EVERY: Duration = Duration::from_secs(30);
/// So many visits are loaded at once.
const PAGE: usize = 256;

/// What a feed tells.
#[derive(Clone, Debug)]
pub enum Change {
    /// The visit stands so now.
    Visit(Arc<Seen>),
    /// The visit has left.
    Gone(VisitKey),
}

/// A visit as a board sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The committed state.
    pub snapshot: Snapshot,
    /// Who owns it now.
    pub owner: Option<Owner>,
}

/// A board's own queue of changes: the newest of each visit.
#[derive(Debug, Default)]
pub struct Feed {
    waiting: Mutex<BTreeMap<VisitKey, Change>>,
    /// The newest (epoch, version) that was laid in, per visit: an older one is never laid in after it.
    newest: Mutex<BTreeMap<VisitKey, (Epoch, u64)>>,
    /// Everything that stood when the feed was opened has been laid in.
    filled: AtomicBool,
    told: Notify,
}

impl Feed {
    /// Waits until everything that stands has been laid in, and takes it all; possibly nothing.
    pub async fn first(&self) -> Vec<Change> {
        loop {
            let told = self.told.notified();
            if self.filled.load(Ordering::Acquire) {
                return std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
                    .into_values()
                    .collect();
            }
            told.await;
        }
    }

    fn fill(&self) {
        self.filled.store(true, Ordering::Release);
        self.told.notify_one();
    }

    /// Waits for changes and takes them all.
    pub async fn next(&self) -> Vec<Change> {
        loop {
            let told = self.told.notified();
            let changes = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !changes.is_empty() {
                return changes.into_values().collect();
            }
            told.await;
        }
    }

    fn lay_in(&self, key: &VisitKey, change: &Change) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Visit(seen) => {
                let stamp = (seen.snapshot.epoch, seen.snapshot.version);
                if newest.get(key).is_some_and(|before| *before >= stamp) {
                    return;
                }
                newest.insert(key.clone(), stamp);
            }
            Change::Gone(_) => {
                newest.remove(key);
            }
        }
        drop(newest);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), change.clone());
        self.told.notify_one();
    }
}

/// The actor.
pub struct OpsHub {
    ports: Ports,
    feeds: Vec<Weak<Feed>>,
    known: Known,
    looking: bool,
    look_again: bool,
}

/// What the hub has told so far. Empty while nobody watches.
#[derive(Default, Clone)]
struct Known {
    changes: BTreeMap<Shard, u64>,
    visits: BTreeMap<VisitKey, Arc<Seen>>,
    owners: BTreeMap<Shard, Option<Owner>>,
}

impl OpsHub {
    /// A hub on a node's ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, feeds: Vec::new(), known: Known::default(), looking: false, look_again: false }
    }

    fn look(&mut self, compare: bool, ctx: &mut Context<Self>) {
        self.feeds.retain(|feed| feed.strong_count() > 0);
        if self.feeds.is_empty() {
            self.known = Known::default();
            return;
        }
        if self.looking {
            self.look_again = true;
            return;
        }
        self.looking = true;
        let (ports, known) = (self.ports.clone(), std::mem::take(&mut self.known));
        ctx.spawn(async move { known.catch_up(&ports, compare).await }.into_actor(self).map(
            |(known, news), hub, ctx| {
                hub.known = known;
                hub.looking = false;
                for feed in hub.feeds.iter().filter_map(Weak::upgrade) {
                    if feed.filled.load(Ordering::Acquire) {
                        news.iter().for_each(|(key, change)| feed.lay_in(key, change));
                    } else {
                        // Opened since the last look: it gets everything that stands.
                        hub.known
                            .visits
                            .iter()
                            .for_each(|(key, seen)| feed.lay_in(key, &Change::Visit(Arc::clone(seen))));
                        feed.fill();
                    }
                }
                if std::mem::take(&mut hub.look_again) {
                    hub.look(false, ctx);
                }
            },
        ));
    }
}

impl Known {
    /// Loads what changed. Where the store does not answer, what is known stays, and the next look goes on.
    async fn catch_up(mut self, ports: &Ports, compare: bool) -> (Self, Vec<(VisitKey, Change)>) {
        let mut news = Vec::new();
        if let Err(error) = self.load(ports, &mut news).await {
            tracing::debug!(%error, "the board waits for the store");
        }
        if compare && let Err(error) = self.find_gone(ports, &mut news).await {
            tracing::debug!(%error, "the board waits for the store");
        }
        (self, news)
    }

    async fn load(&mut self, ports: &Ports, news: &mut Vec<(VisitKey, Change)>) -> Result<(), StoreError> {
        for (shard, change) in ports.store.changes().await? {
            let mut from = self.changes.get(&shard).copied().unwrap_or(0);
            if from >= change {
                continue;
            }
            let owner = ports.store.locate(shard).await?;
            self.owners.insert(shard, owner.clone());
            while from < change {
                let page = ports.store.changed_since(shard, from, PAGE).await?;
                let Some(last) = page.last() else { break };
                from = last.change;
                for stored in &page {
                    let Ok(snapshot) = Snapshot::read(stored) else { continue };
                    let seen = Arc::new(Seen { snapshot, owner: owner.clone() });
                    self.visits.insert(stored.visit.clone(), Arc::clone(&seen));
                    news.push((stored.visit.clone(), Change::Visit(seen)));
                }
                self.changes.insert(shard, from);
                if page.len() < PAGE {
                    break;
                }
            }
            self.changes.insert(shard, change);
        }
        Ok(())
    }

    async fn find_gone(
        &mut self,
        ports: &Ports,
        news: &mut Vec<(VisitKey, Change)>,
    ) -> Result<(), StoreError> {
        let mut there = BTreeSet::new();
        let mut after = None;
        loop {
            let page = ports.store.visits(None, after, PAGE).await?;
            there.extend(page.items.into_iter().map(|stored| stored.visit));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let gone: Vec<VisitKey> = self.visits.keys().filter(|key| !there.contains(*key)).cloned().collect();
        for key in gone {
            self.visits.remove(&key);
            news.push((key.clone(), Change::Gone(key)));
        }
        Ok(())
    }
}

impl Actor for OpsHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(LOOK_EVERY, |hub, ctx| hub.look(false, ctx));
        ctx.run_interval(COMPARE_EVERY, |hub, ctx| hub.look(true, ctx));
        let mut hints = self.ports.store.hints();
        let hub = ctx.address().downgrade();
        let listen = async move {
            loop {
                match hints.recv().await {
                    Ok(Hint::Changed(_)) | Err(RecvError::Lagged(_)) => {}
                    Ok(Hint::Journal(_)) => continue,
                    Err(RecvError::Closed) => return,
                }
                let Some(hub) = hub.upgrade() else { return };
                // While the hub is busy a look is coming anyway, so a full mailbox is no loss.
                let _ = hub.try_send(Look);
            }
        };
        ctx.spawn(listen.into_actor(self));
    }
}

/// Look at the change numbers now.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
struct Look;

impl Handler<Look> for OpsHub {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Context<Self>) {
        self.look(false, ctx);
    }
}

/// Open a feed: every visit as it stands, then every change.
#[derive(Message, Clone, Copy)]
#[rtype(result = "Arc<Feed>")]
pub struct Watch;

impl Handler<Watch> for OpsHub {
    type Result = Arc<Feed>;

    fn handle(&mut self, _: Watch, ctx: &mut Context<Self>) -> Arc<Feed> {
        let feed = Arc::new(Feed::default());
        self.feeds.push(Arc::downgrade(&feed));
        self.look(false, ctx);
        feed
    }
}
