//! A node: the root of supervision. It runs a shard for each lease that its keeper gets, and the actors of its organizations.
//!
//! A shard that panics is started again on a fresh lease; one that ended since the lease was lost is acquired again when it is free;
//! one whose state cannot be read is left alone for a while, loudly. A node whose actors die again and again gives up, so that
//! whatever runs the process can start it afresh.

pub mod crew;
mod keeper;
mod leases;
mod members;
pub mod placement;
mod shards;
mod watch;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, ResponseFuture};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::shard::Shard;

use crate::hub::Boards;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::clock::instant;
use crate::port::store::{Hint, NodeInfo, OwnerToken, Ownership, StoreError};
use crate::shard::{Ended, Memory, ShardRules};
use crate::supervise::{Exit, start_at, tell};
use crew::Crew;
use keeper::LeaseKeeper;
pub use members::WorkFor;
use shards::Shards;
use watch::Watched;

/// A node that goes waits so long for the calls to Zoom that it has in hand.
const CALLS_WITHIN: Duration = Duration::from_secs(12);
/// So many panics of actors within [`BUDGET_TIME`] are borne; then the node gives up.
const BUDGET: usize = 20;
const BUDGET_TIME: Duration = Duration::from_secs(60);

/// What a node is.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Its name, for people. Two nodes may bear the same: the token tells them apart.
    pub name: String,
    /// This start of the process.
    pub token: OwnerToken,
    /// Which release it is.
    pub release: String,
    /// How its shards work.
    pub shards: ShardRules,
    /// The organizations that it works for.
    pub organizations: Vec<OrganizationId>,
}

/// The actor.
pub struct Node {
    config: NodeConfig,
    ports: Ports,
    boards: Boards,
    crew: Crew,
    shards: Shards,
    keeper: Option<Addr<LeaseKeeper>>,
    panics: Vec<Instant>,
    watched: Watched,
    /// Told when the node gives up.
    gave_up: Option<oneshot::Sender<()>>,
}

/// A started node.
pub struct Started {
    /// The node itself.
    pub node: Addr<Node>,
    /// Where boards open their feeds.
    pub boards: Boards,
    /// Resolves when the node has given up and the process should end.
    pub gave_up: oneshot::Receiver<()>,
}

impl Node {
    /// Starts a node. Answers when it runs; its hub, the actors of its organizations and its leases follow.
    ///
    /// # Errors
    /// When the place has no arbiter any more.
    pub async fn start(config: NodeConfig, ports: Ports) -> Result<Started, StoreError> {
        let gone = || StoreError::Refused("the arbiters are gone".to_owned());
        let boards = Boards::default();
        let (tell, gave_up) = oneshot::channel();
        let (place, to_boards) = (Arc::clone(&ports.place), boards.clone());
        let make = move || Self {
            config,
            ports,
            boards: to_boards,
            crew: Crew::default(),
            shards: Shards::default(),
            keeper: None,
            panics: Vec::new(),
            watched: Watched::default(),
            gave_up: Some(tell),
        };
        let node = start_at(place.as_ref(), 0, make, |_| {}).await.ok_or_else(gone)?;
        Ok(Started { node, boards, gave_up })
    }

    fn info(&self) -> NodeInfo {
        let NodeConfig { name, token, release, .. } = &self.config;
        NodeInfo { token: *token, name: name.clone(), draining: false, release: release.clone() }
    }

    fn count_panic(&mut self, ctx: &mut Context<Self>) {
        let now = instant();
        self.panics.retain(|at| now.saturating_duration_since(*at) < BUDGET_TIME);
        self.panics.push(now);
        if self.panics.len() > BUDGET {
            tracing::error!("actors die again and again: the node gives up");
            self.give_up(ctx);
        }
    }

    fn give_up(&mut self, ctx: &mut Context<Self>) {
        if let Some(tell) = self.gave_up.take() {
            // Nobody listens only when the process is ending already.
            let _ = tell.send(());
        }
        ctx.stop();
    }

    /// Tells shards what is new in their journals.
    fn listen(&self, ctx: &mut Context<Self>) {
        let mut hints = self.ports.store.hints();
        let node = ctx.address().downgrade();
        let listen = async move {
            loop {
                let hint = match hints.recv().await {
                    Ok(hint) => hint,
                    // Shards look by themselves, so lost hints only cost time.
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                if let (Hint::Journal(shard), Some(node)) = (hint, node.upgrade()) {
                    tell(&node, JournalGrew(shard));
                }
            }
        };
        ctx.spawn(actix::fut::wrap_future(listen));
    }
}

impl Actor for Node {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.listen(ctx);
        self.watch_store(ctx);
        self.start_members_then_keeper(ctx);
    }
}

/// The keeper got a lease.
#[derive(Message)]
#[rtype(result = "()")]
struct Granted {
    shard: Shard,
    lease: Lease,
    clean: bool,
    before: Option<Ownership>,
    /// It was given back before, and the store has forgotten that.
    returned: bool,
}

impl Handler<Granted> for Node {
    type Result = ();

    fn handle(&mut self, granted: Granted, ctx: &mut Context<Self>) {
        self.run_shard(granted, ctx);
    }
}

/// The shard is to finish its work and end.
#[derive(Message)]
#[rtype(result = "()")]
struct Finish(Shard);

impl Handler<Finish> for Node {
    type Result = ();

    fn handle(&mut self, Finish(shard): Finish, _: &mut Context<Self>) {
        self.shards.finish(shard);
    }
}

/// A shard has ended: how, and what it held; neither when it panicked.
#[derive(Message)]
#[rtype(result = "()")]
struct ShardEnded {
    shard: Shard,
    /// Which run of it on this node.
    run: u64,
    how: Option<(Ended, Memory)>,
}

impl Handler<ShardEnded> for Node {
    type Result = ();

    fn handle(&mut self, ended: ShardEnded, ctx: &mut Context<Self>) {
        self.shard_ended(ended, ctx);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct JournalGrew(Shard);

impl Handler<JournalGrew> for Node {
    type Result = ();

    fn handle(&mut self, JournalGrew(shard): JournalGrew, _: &mut Context<Self>) {
        self.shards.nudge(shard);
    }
}

/// Finish the work in hand, give every lease back and take no new one. Resolves when that is done.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DrainNode;

impl Handler<DrainNode> for Node {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: DrainNode, _: &mut Context<Self>) -> Self::Result {
        let (keeper, crew) = (self.keeper.clone(), self.crew.clone());
        Box::pin(async move {
            if let Some(keeper) = keeper {
                // The keeper ended: then there is nothing left to wait for.
                let _ = keeper.send(keeper::Leave).await;
            }
            if timeout(CALLS_WITHIN, crew.calls_made()).await.is_err() {
                tracing::warn!("the node goes while calls to Zoom are under way");
            }
        })
    }
}

/// How many shards this node has.
#[derive(Message)]
#[rtype(result = "usize")]
pub struct ShardCount;

impl Handler<ShardCount> for Node {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, _: ShardCount, _: &mut Context<Self>) -> Self::Result {
        let keeper = self.keeper.clone();
        Box::pin(async move {
            match keeper {
                Some(keeper) => keeper.send(keeper::HowMany).await.unwrap_or(0),
                None => 0,
            }
        })
    }
}

fn panicked(exit: Exit) -> bool {
    exit == Exit::Panicked
}
