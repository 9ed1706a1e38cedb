//! A node: takes the leases of shards, runs a shard for each, and gives them back when it is told to go.
//!
//! The node is the root of supervision. A shard that panics is started again on a fresh lease; one that ended since the lease was
//! lost is simply acquired again when it is free; one whose state cannot be read is left alone for a while, loudly. A node whose shards
//! panic again and again gives up, so that whatever runs the process can start it afresh.

pub mod crew;
mod held;

use crate::port::clock::instant;
use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, ResponseFuture,
    WrapFuture,
};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::shard::Shard;

use crate::hub::OpsHub;
use crate::lease::{Lease, RENEW_EVERY, TTL};
use crate::notifier::EpicNotifier;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::{Acquired, Hint, Owner, OwnerToken, Ownership, StoreError};
use crate::shard::{Drain, Ended, Engine, Nudge, ShardActor, ShardRules};
use crate::supervise::{Exit, start_at, tell};
use crate::zoom_worker::ZoomWorker;
use crew::Crew;
use held::{Held, Shards};

/// A hand-over waits for what was begun under the lease, up to this: longer than Epic's time-out. What takes longer is made good by the
/// next owner.
const QUIET_WITHIN: Duration = Duration::from_secs(12);
/// What a shard decided last is reported within this, or by the next owner.
const LAST_REPORTS_WITHIN: Duration = Duration::from_secs(1);
/// A node that goes waits so long for the calls to Zoom that it has in hand.
const CALLS_WITHIN: Duration = Duration::from_secs(12);
/// A shard whose state could not be read is tried again after this.
const UNREADABLE_HOLD: Duration = Duration::from_secs(30);
/// So many panics of shards within [`BUDGET_TIME`] are borne; then the node gives up.
const BUDGET: usize = 20;
const BUDGET_TIME: Duration = Duration::from_secs(60);

/// What a node is.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Its name, for people. Two nodes may bear the same: the token tells them apart.
    pub name: String,
    /// This start of the process.
    pub token: OwnerToken,
    /// How its shards work.
    pub shards: ShardRules,
    /// The organizations that it works for.
    pub organizations: Vec<OrganizationId>,
}

/// The actor.
pub struct Node {
    config: NodeConfig,
    ports: Ports,
    crew: Crew,
    shards: Shards,
    panics: Vec<Instant>,
    draining: Option<Vec<oneshot::Sender<()>>>,
    /// Told when the node gives up.
    gave_up: Option<oneshot::Sender<()>>,
}

/// A started node.
pub struct Started {
    /// The node itself.
    pub node: Addr<Node>,
    /// Tells boards what changes.
    pub hub: Addr<OpsHub>,
    /// Resolves when the node has given up and the process should end.
    pub gave_up: oneshot::Receiver<()>,
}

impl Node {
    /// Starts a node, its hub and the actors of its organizations. Answers when they run; leases follow.
    ///
    /// # Errors
    /// When the place has no arbiter any more.
    pub async fn start(config: NodeConfig, ports: Ports) -> Result<Started, StoreError> {
        let gone = || StoreError::Refused("the arbiters are gone".to_owned());
        let hub = start_at(
            ports.place.as_ref(),
            0,
            {
                let ports = ports.clone();
                move || OpsHub::new(ports)
            },
            |_| {},
        );
        let hub = hub.await.ok_or_else(gone)?;
        let (tell, gave_up) = oneshot::channel();
        let place = Arc::clone(&ports.place);
        let make = move || Self {
            config,
            ports,
            crew: Crew::default(),
            shards: Shards::default(),
            panics: Vec::new(),
            draining: None,
            gave_up: Some(tell),
        };
        let node = start_at(place.as_ref(), 0, make, |_| {}).await.ok_or_else(gone)?;
        Ok(Started { node, hub, gave_up })
    }

    // === organizations ===

    /// Starts the notifier of an organization. Ends when the shards can reach it.
    fn start_notifier(
        &self,
        organization: OrganizationId,
        node: Addr<Self>,
    ) -> impl Future<Output = ()> + use<> {
        let slot = slot_of(&organization);
        let (place, crew, ports) = (Arc::clone(&self.ports.place), self.crew.clone(), self.ports.clone());
        let (name, for_actor) = (organization.clone(), organization.clone());
        let exited = move |exit| report_exit(&node, exit, MemberDied::Notifier(organization));
        async move {
            let make = move || EpicNotifier::new(for_actor, ports);
            if let Some(notifier) = start_at(place.as_ref(), slot, make, exited).await {
                crew.set_notifier(name, notifier);
            }
        }
    }

    /// Starts the Zoom worker of an organization. Ends when the shards can reach it.
    fn start_worker(
        &self,
        organization: OrganizationId,
        node: Addr<Self>,
    ) -> impl Future<Output = ()> + use<> {
        let slot = slot_of(&organization);
        let (place, crew, ports) = (Arc::clone(&self.ports.place), self.crew.clone(), self.ports.clone());
        let (name, for_actor) = (organization.clone(), organization.clone());
        let exited = move |exit| report_exit(&node, exit, MemberDied::Worker(organization));
        async move {
            let make = move || ZoomWorker::new(for_actor, ports);
            if let Some(worker) = start_at(place.as_ref(), slot, make, exited).await {
                crew.set_worker(name, worker);
            }
        }
    }

    /// Shards begin only when everybody is there to whom they hand what they find and decide: what is handed to nobody is lost until
    /// the next start.
    fn start_members_then_shards(&self, ctx: &mut Context<Self>) {
        let members = self.config.organizations.iter().map(|organization| {
            let notifier = self.start_notifier(organization.clone(), ctx.address());
            let worker = self.start_worker(organization.clone(), ctx.address());
            async move {
                notifier.await;
                worker.await;
            }
        });
        let all = join_all(members.collect::<Vec<_>>()).into_actor(self);
        ctx.wait(all.map(|_, node, ctx| node.acquire_missing(ctx)));
    }

    // === leases ===

    fn acquire_missing(&mut self, ctx: &mut Context<Self>) {
        if self.draining.is_some() {
            return;
        }
        let free: Vec<Shard> = Shard::all().filter(|shard| self.shards.may_acquire(*shard)).collect();
        for shard in free {
            self.shards.acquiring(shard);
            let (ports, name, token) = (self.ports.clone(), self.config.name.clone(), self.config.token);
            let ask = async move {
                let asked = instant();
                (asked, ports.store.acquire(shard, &name, token, TTL).await)
            };
            ctx.spawn(ask.into_actor(self).map(move |(asked, answer), node, ctx| match answer {
                Ok(Acquired::Granted { epoch, clean }) => {
                    let owner = Ownership { token: node.config.token, epoch };
                    node.run_shard(shard, Lease::granted(owner, asked), clean, ctx);
                }
                Ok(Acquired::Held(Owner { node: other, .. })) => {
                    tracing::debug!(shard = shard.number(), other, "shard is another node's");
                    node.freed(shard);
                }
                Err(error) => {
                    tracing::warn!(shard = shard.number(), %error, "shard cannot be acquired");
                    node.freed(shard);
                }
            }));
        }
    }

    fn run_shard(&mut self, shard: Shard, lease: Lease, clean: bool, ctx: &mut Context<Self>) {
        let (ports, crew, rules) = (self.ports.clone(), self.crew.clone(), self.config.shards);
        let (place, node) = (Arc::clone(&self.ports.place), ctx.address());
        let told = node.clone();
        let own = lease.clone();
        let exited = move |exit| {
            if exit == Exit::Panicked {
                tell(&node, ShardEnded { shard, how: None });
            }
        };
        let make = move || {
            let engine = Engine::new(shard, own, clean, ports, crew, rules);
            ShardActor::new(engine, Box::new(move |how| tell(&told, ShardEnded { shard, how: Some(how) })))
        };
        let start = async move { start_at(place.as_ref(), usize::from(shard.number()), make, exited).await };
        ctx.spawn(start.into_actor(self).map(move |started, node, ctx| {
            let runs = started.is_some_and(|actor| node.shards.runs(shard, Held { lease, actor }));
            if !runs {
                node.freed(shard);
            } else if node.draining.is_some() {
                node.hand_over(shard, ctx);
            }
        }));
    }

    fn renew_all(&mut self, ctx: &mut Context<Self>) {
        for (shard, lease) in self.shards.leases() {
            let ports = self.ports.clone();
            let renew = async move {
                let asked = instant();
                match ports.store.renew(shard, lease.owner(), TTL).await {
                    Ok(true) => lease.renewed(asked),
                    Ok(false) => {
                        tracing::warn!(shard = shard.number(), "the lease is another's now");
                        lease.end();
                    }
                    Err(error) => {
                        tracing::warn!(shard = shard.number(), %error, "the lease cannot be renewed")
                    }
                }
            };
            ctx.spawn(renew.into_actor(self));
        }
        self.acquire_missing(ctx);
    }

    fn shard_ended(&mut self, shard: Shard, how: Option<Ended>, ctx: &mut Context<Self>) {
        let Some(held) = self.shards.ended(shard) else { return };
        let clean = how == Some(Ended::Drained);
        match &how {
            Some(Ended::Drained) => {}
            Some(Ended::LeaseLost | Ended::WentBack) => self.ports.observer.observe(Observed::ShardLost),
            Some(Ended::Unreadable(what)) => {
                tracing::error!(
                    shard = shard.number(),
                    what,
                    "the shard stops: the store holds something that this release cannot read"
                );
                self.shards.hold(shard, UNREADABLE_HOLD);
            }
            Some(Ended::TooManyPanics) | None => {
                self.ports.observer.observe(Observed::ShardRestarted);
                tracing::error!(shard = shard.number(), "the shard died and is started again");
                self.count_panic(ctx);
            }
        }
        if clean {
            self.release(shard, held.lease, ctx);
        } else {
            held.lease.end();
            // Our own lease is still in the store: acquiring it again keeps the epoch, and the recovery is a careful one.
            self.freed(shard);
            self.acquire_missing(ctx);
        }
    }

    // === handing over ===

    /// Nothing new is begun under the lease; when what was begun has ended, the shard finishes its work and ends.
    fn hand_over(&mut self, shard: Shard, ctx: &mut Context<Self>) {
        let Some(held) = self.shards.held(shard) else { return };
        let (lease, actor) = (held.lease.clone(), held.actor.clone());
        lease.close();
        let finish = async move {
            if timeout(QUIET_WITHIN, lease.quiet()).await.is_err() {
                tracing::warn!(shard = shard.number(), "the shard is handed over with something under way");
            }
            tell(&actor, Drain);
        };
        ctx.spawn(finish.into_actor(self));
    }

    /// The shard has finished its work: what it still decided is reported, and then the lease goes back.
    fn release(&mut self, shard: Shard, lease: Lease, ctx: &mut Context<Self>) {
        let ports = self.ports.clone();
        let release = async move {
            // Until here it holds, so that nobody takes over in the middle.
            let _ = timeout(LAST_REPORTS_WITHIN, lease.quiet()).await;
            let owner = lease.owner();
            lease.end();
            ports.store.release(shard, owner).await
        };
        ctx.spawn(release.into_actor(self).map(move |released, node, _| {
            if let Err(error) = released {
                tracing::warn!(shard = shard.number(), %error, "the lease could not be given back and runs out by itself");
            }
            node.freed(shard);
        }));
    }

    fn freed(&mut self, shard: Shard) {
        self.shards.free(shard);
        if self.shards.is_empty() {
            for waiting in self.draining.iter_mut().flat_map(std::mem::take) {
                // Whoever asked may have stopped waiting.
                let _ = waiting.send(());
            }
        }
    }

    fn count_panic(&mut self, ctx: &mut Context<Self>) {
        let now = instant();
        self.panics.retain(|at| now.saturating_duration_since(*at) < BUDGET_TIME);
        self.panics.push(now);
        if self.panics.len() > BUDGET {
            tracing::error!("shards die again and again: the node gives up");
            if let Some(tell) = self.gave_up.take() {
                // Nobody listens only when the process is ending already.
                let _ = tell.send(());
            }
            ctx.stop();
        }
    }
}

/// Organizations are spread over arbiters by name.
fn slot_of(organization: &OrganizationId) -> usize {
    usize::from(Shard::of_organization(organization).number())
}

fn report_exit(node: &Addr<Node>, exit: Exit, died: MemberDied) {
    if exit == Exit::Panicked {
        tell(node, died);
    }
}

impl Actor for Node {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
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
        ctx.spawn(listen.into_actor(self));
        ctx.run_interval(RENEW_EVERY.to_duration(), Self::renew_all);
        self.start_members_then_shards(ctx);
    }
}

/// A shard has ended; `how` is absent when it panicked.
#[derive(Message)]
#[rtype(result = "()")]
struct ShardEnded {
    shard: Shard,
    how: Option<Ended>,
}

impl Handler<ShardEnded> for Node {
    type Result = ();

    fn handle(&mut self, ended: ShardEnded, ctx: &mut Context<Self>) {
        self.shard_ended(ended.shard, ended.how, ctx);
    }
}

/// An organization's actor panicked.
#[derive(Message)]
#[rtype(result = "()")]
enum MemberDied {
    Notifier(OrganizationId),
    Worker(OrganizationId),
}

impl Handler<MemberDied> for Node {
    type Result = ();

    fn handle(&mut self, died: MemberDied, ctx: &mut Context<Self>) {
        tracing::error!("an organization's actor died and is started again");
        self.count_panic(ctx);
        match died {
            MemberDied::Notifier(organization) => {
                self.ports.observer.observe(Observed::NotifierRestarted);
                // Shards see by its number that it is another one, and offer it their outbox.
                ctx.spawn(self.start_notifier(organization, ctx.address()).into_actor(self));
            }
            MemberDied::Worker(organization) => {
                self.ports.observer.observe(Observed::ZoomWorkerRestarted);
                ctx.spawn(self.start_worker(organization, ctx.address()).into_actor(self));
            }
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct JournalGrew(Shard);

impl Handler<JournalGrew> for Node {
    type Result = ();

    fn handle(&mut self, JournalGrew(shard): JournalGrew, _: &mut Context<Self>) {
        if let Some(held) = self.shards.held(shard) {
            tell(&held.actor, Nudge);
        }
    }
}

/// Finish the work in hand, give every lease back and take no new one. Resolves when that is done.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DrainNode;

impl Handler<DrainNode> for Node {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: DrainNode, ctx: &mut Context<Self>) -> Self::Result {
        let (done_tx, done) = oneshot::channel();
        if self.shards.is_empty() {
            // The receiver is below.
            let _ = done_tx.send(());
        } else {
            self.draining.get_or_insert_default().push(done_tx);
        }
        self.draining.get_or_insert_default();
        for shard in self.shards.running() {
            self.hand_over(shard, ctx);
        }
        let crew = self.crew.clone();
        Box::pin(async move {
            // The node ended: then there is nothing left to wait for.
            let _ = done.await;
            if timeout(CALLS_WITHIN, crew.calls_made()).await.is_err() {
                tracing::warn!("the node goes while calls to Zoom are under way");
            }
        })
    }
}

/// How many shards this node runs.
#[derive(Message)]
#[rtype(result = "usize")]
pub struct ShardCount;

impl Handler<ShardCount> for Node {
    type Result = usize;

    fn handle(&mut self, _: ShardCount, _: &mut Context<Self>) -> usize {
        self.shards.running().len()
    }
}
