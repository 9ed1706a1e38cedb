//! Keeps a node's leases: says that the node is there, takes the shards that belong on it, prolongs what it has, and gives up what belongs
//! elsewhere.
//!
//! Where a shard belongs is computed by every node for itself ([`super::placement`]) from the list of nodes that are there to stay. A node
//! that comes gets its share handed over by those who have it, a few shards at a time; a node that goes hands all of its over at once; of
//! one that dies the leases run out, and whoever has the next claim takes them. Somebody with a lesser claim takes a shard only when it has
//! been nobody's for some time, since its rightful owner may be unable to.
//!
//! A store that was away, and may have gone back, knows few nodes and leases at first. For a moment each node then takes only what it had
//! itself, since it may hold what the store has lost, and towards the end of it what it gave back and nobody was seen to take. A lease that
//! a node had given back, and has again by the store's word, it only takes to give the store what it held of the shard, and leaves it to
//! whoever had it since. Nothing is taken but on a look at the store as it is.
//!
//! It has an arbiter's first place and does nothing but this, so that no work of visits delays a renewal.

use crate::port::clock::instant;
use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use vestibule_domain::shard::Shard;

use super::leases::{Leases, Releasing};
use super::placement::{rank, target};
use super::{Finish, Granted, Node};
use crate::lease::{Lease, RENEW_EVERY, TTL};
use crate::port::Ports;
use crate::port::store::{
    Acquired, Epoch, Hint, NodeInfo, Owner, OwnerToken, Ownership, Renewed, StoreError,
};
use crate::supervise::{every, tell};

/// Nodes and owners are looked at this often, besides at every hint.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A node with a lesser claim waits so long for each that has a better one.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many shards are handed over at once to nodes that they belong on; a node that goes hands all over at once.
const MOVES: usize = 4;
/// When the store did not answer for this long, leases have run out.
const AWAY_FOR: Duration = Duration::from_secs(3);
/// For so long after it nobody takes what others had: until they have seen what became of their leases, even where they still wait for an
/// answer that will not come, and until those who gave a shard back have had their turn.
const SETTLES_FOR: Duration = Duration::from_secs(6);
/// Who gave a shard back leaves it, for so much of that time, to somebody who took it since.
const YIELDS_FOR: Duration = Duration::from_secs(4);
/// A hand-over waits for what was begun under the lease, up to this: longer than Epic's time-out. What takes longer is made good by the
/// next owner.
const QUIET_WITHIN: Duration = Duration::from_secs(12);
/// What a shard decided last is reported within this, or by the next owner.
const LAST_REPORTS_WITHIN: Duration = Duration::from_secs(1);

/// The actor.
pub(super) struct LeaseKeeper {
    me: NodeInfo,
    ports: Ports,
    node: Addr<Node>,
    leases: Leases,
    /// The nodes that were there at the last look, and since when.
    nodes: BTreeMap<OwnerToken, Instant>,
    owners: BTreeMap<Shard, Owner>,
    /// Since when a shard is nobody's.
    free_since: BTreeMap<Shard, Instant>,
    looking: bool,
    look_again: bool,
    /// When the store last answered.
    answered: Option<Instant>,
    /// It did not answer when this node began.
    began_without: bool,
    /// Which store it is.
    incarnation: Option<String>,
    /// Until then everybody takes only what he had himself.
    settles_until: Option<Instant>,
    drained: Vec<oneshot::Sender<()>>,
}

impl LeaseKeeper {
    pub(super) fn new(me: NodeInfo, ports: Ports, node: Addr<Node>) -> Self {
        Self {
            me,
            ports,
            node,
            leases: Leases::default(),
            nodes: BTreeMap::new(),
            owners: BTreeMap::new(),
            free_since: BTreeMap::new(),
            looking: false,
            look_again: false,
            answered: None,
            began_without: false,
            incarnation: None,
            settles_until: None,
            drained: Vec::new(),
        }
    }

    // === looking ===

    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.me.draining && self.leases.is_empty() {
            // It has nothing left, and would be announced again after it has left.
            return;
        }
        if self.looking {
            self.look_again = true;
            return;
        }
        self.looking = true;
        let (ports, me) = (self.ports.clone(), self.me.clone());
        let look = async move {
            let nodes = ports.store.announce(&me, TTL).await?;
            let owners = ports.store.owners().await?;
            // Asked last, so that what was seen before it is what this store says.
            let incarnation = ports.store.incarnation().await?;
            Ok::<_, StoreError>((nodes, owners, incarnation))
        };
        ctx.spawn(look.into_actor(self).map(|seen, keeper, ctx| {
            keeper.looking = false;
            match seen {
                Ok((nodes, owners, incarnation)) => {
                    keeper.saw(nodes, owners, incarnation);
                    keeper.act(ctx);
                }
                // Nothing is taken on what was seen before: the store that answers next may be another.
                Err(error) => {
                    tracing::warn!(%error, "the other nodes cannot be seen");
                    keeper.began_without |= keeper.answered.is_none();
                }
            }
            if std::mem::take(&mut keeper.look_again) {
                keeper.look(ctx);
            }
        }));
    }

    fn saw(&mut self, nodes: Vec<NodeInfo>, owners: Vec<(Shard, Owner)>, incarnation: String) {
        let now = instant();
        let last = self.answered.replace(now);
        let was_away = last.is_some_and(|last| now.saturating_duration_since(last) >= AWAY_FOR);
        let other = self.incarnation.as_ref().is_some_and(|before| *before != incarnation);
        if was_away || other || std::mem::take(&mut self.began_without) {
            self.settles_until = Some(now + SETTLES_FOR);
            self.leases.store_was_away();
        }
        if other {
            self.leases.all().into_iter().for_each(|(_, lease)| lease.went_back());
        }
        self.incarnation = Some(incarnation);
        let before = std::mem::take(&mut self.nodes);
        let stay = nodes.into_iter().filter(|node| !node.draining).map(|node| node.token);
        self.nodes = stay.map(|token| (token, before.get(&token).copied().unwrap_or(now))).collect();
        self.owners = owners.into_iter().collect();
        let owners = &self.owners;
        self.free_since.retain(|shard, _| !owners.contains_key(shard));
        for shard in Shard::all().filter(|shard| !owners.contains_key(shard)) {
            self.free_since.entry(shard).or_insert(now);
        }
        for (shard, _) in owners.iter().filter(|(_, owner)| owner.token != self.me.token) {
            self.leases.is_anothers(*shard);
        }
    }

    /// Takes what belongs here and is nobody's, and hands over what belongs elsewhere, right after a look.
    fn act(&mut self, ctx: &mut Context<Self>) {
        if self.me.draining {
            return;
        }
        let nodes: Vec<OwnerToken> = self.nodes.keys().copied().collect();
        for shard in Shard::all() {
            if self.leases.may_acquire(shard) && self.may_take(shard, &nodes) {
                self.acquire(shard, ctx);
            }
        }
        let leaving = self.leases.leaving();
        let misplaced: Vec<Shard> =
            self.leases.held().into_iter().filter(|shard| self.belongs_elsewhere(*shard, &nodes)).collect();
        for shard in misplaced.into_iter().take(MOVES.saturating_sub(leaving)) {
            self.hand_over(shard, ctx);
        }
    }

    fn may_take(&self, shard: Shard, nodes: &[OwnerToken]) -> bool {
        match self.owners.get(&shard) {
            // A lease of this process that it knows nothing of any more, as after a shard that died or a store that went back.
            Some(owner) => owner.token == self.me.token,
            None if self.settles_for() > Duration::ZERO => {
                let late = self.settles_for() <= SETTLES_FOR.saturating_sub(YIELDS_FOR);
                self.leases.was_lost(shard) || (late && self.leases.is_untaken(shard))
            }
            None => {
                let Some(rank) = rank(shard, nodes, self.me.token) else { return false };
                let patience = PATIENCE.saturating_mul(u32::try_from(rank).unwrap_or(u32::MAX));
                // Nobody could take it before that was over.
                let since = self
                    .free_since
                    .get(&shard)
                    .map(|since| self.settles_until.map_or(*since, |s| s.max(*since)));
                let free_for = since.map(|since| instant().saturating_duration_since(since));
                rank == 0 || free_for.is_some_and(|free_for| free_for >= patience)
            }
        }
    }

    fn settles_for(&self) -> Duration {
        self.settles_until.map(|until| until.saturating_duration_since(instant())).unwrap_or_default()
    }

    /// Whether another node should have the shard, and has been there for more than a moment.
    fn belongs_elsewhere(&self, shard: Shard, nodes: &[OwnerToken]) -> bool {
        let Some(other) = target(shard, nodes).filter(|node| *node != self.me.token) else { return false };
        let settled = self.nodes.get(&other).is_some_and(|since| *since < instant());
        settled && nodes.contains(&self.me.token)
    }

    // === taking and prolonging ===

    fn acquire(&mut self, shard: Shard, ctx: &mut Context<Self>) {
        let seen =
            self.leases.acquiring(shard).max(self.owners.get(&shard).map_or(Epoch(0), |owner| owner.epoch));
        let (ports, name, token) = (self.ports.clone(), self.me.name.clone(), self.me.token);
        let ask = async move {
            let asked = instant();
            (asked, ports.store.acquire(shard, &name, token, TTL, seen).await)
        };
        ctx.spawn(ask.into_actor(self).map(move |(asked, answer), keeper, ctx| match answer {
            Ok(Acquired::Granted { epoch, clean, before }) => {
                let returned = keeper.leases.was_given_back(shard, epoch);
                let owner = Ownership { token: keeper.me.token, epoch };
                let lease = Lease::granted(owner, asked);
                keeper.leases.granted(shard, lease.clone());
                keeper.free_since.remove(&shard);
                tell(&keeper.node, Granted { shard, lease, clean, before, returned });
                if keeper.me.draining {
                    keeper.hand_over(shard, ctx);
                }
            }
            Ok(Acquired::Held(owner)) => {
                tracing::debug!(shard = shard.number(), other = owner.node, "shard is another node's");
                keeper.freed(shard);
            }
            Err(error) => {
                tracing::debug!(shard = shard.number(), %error, "shard cannot be acquired");
                keeper.freed(shard);
            }
        }));
    }

    fn renew_all(&mut self, ctx: &mut Context<Self>) {
        for (shard, lease) in self.leases.all() {
            let ports = self.ports.clone();
            let renew = async move {
                let asked = instant();
                match ports.store.renew(shard, lease.owner(), TTL, lease.standing()).await {
                    Ok(Renewed::Held) => lease.renewed(asked),
                    Ok(Renewed::WentBack) => {
                        lease.renewed(asked);
                        lease.went_back();
                    }
                    Ok(Renewed::Lost) => {
                        // One that was given back while this was asked is lost to nobody.
                        if lease.is_valid() {
                            tracing::warn!(shard = shard.number(), "the lease is another's now");
                        }
                        lease.end();
                    }
                    Err(error) => {
                        tracing::debug!(shard = shard.number(), %error, "the lease cannot be renewed")
                    }
                }
            };
            ctx.spawn(renew.into_actor(self));
        }
    }

    // === handing over ===

    /// Nothing new is begun under the lease; when what was begun has ended, the shard finishes its work and ends.
    fn hand_over(&mut self, shard: Shard, ctx: &mut Context<Self>) {
        let Some(lease) = self.leases.leave(shard) else { return };
        lease.close();
        let node = self.node.clone();
        let finish = async move {
            if timeout(QUIET_WITHIN, lease.quiet()).await.is_err() {
                tracing::warn!(shard = shard.number(), "the shard is handed over with something under way");
            }
            tell(&node, Finish(shard));
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
        ctx.spawn(release.into_actor(self).map(move |released, keeper, ctx| {
            match released {
                Ok(true) => keeper.leases.given_back(shard),
                // It ran out, or the store went back to before it: then it is this node that must have it again.
                Ok(false) => tracing::warn!(shard = shard.number(), "the store knows nothing of the lease that was given back"),
                Err(error) => {
                    tracing::warn!(shard = shard.number(), %error, "the lease could not be given back and runs out by itself");
                    keeper.leases.given_back(shard);
                }
            }
            keeper.freed(shard);
            // What goes next is decided on what the store says now: it may be another than the one that was seen last.
            keeper.look(ctx);
        }));
    }

    fn freed(&mut self, shard: Shard) {
        self.leases.free(shard);
        if self.me.draining && self.leases.is_empty() {
            for waiting in self.drained.drain(..) {
                // Whoever asked may have stopped waiting.
                let _ = waiting.send(());
            }
        }
    }
}

impl Actor for LeaseKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let mut hints = self.ports.store.hints();
        let keeper = ctx.address().downgrade();
        let listen = async move {
            loop {
                match hints.recv().await {
                    // Hints that were missed may have been of any kind.
                    Ok(Hint::Released(_) | Hint::Nodes) | Err(RecvError::Lagged(_)) => {}
                    Ok(Hint::Journal(_) | Hint::Changed(_)) => continue,
                    Err(RecvError::Closed) => return,
                }
                let Some(keeper) = keeper.upgrade() else { return };
                tell(&keeper, Heard);
            }
        };
        ctx.spawn(listen.into_actor(self));
        every(ctx, RENEW_EVERY.to_duration(), Self::renew_all);
        every(ctx, LOOK_EVERY, Self::look);
        self.look(ctx);
    }
}

/// A shard was given back, or the nodes changed. What has become of it, and in which store, is looked up.
#[derive(Message)]
#[rtype(result = "()")]
struct Heard;

impl Handler<Heard> for LeaseKeeper {
    type Result = ();

    fn handle(&mut self, _: Heard, ctx: &mut Context<Self>) {
        self.look(ctx);
    }
}

/// A shard has ended on this node.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Ended {
    pub(super) shard: Shard,
    /// It has finished its work, so that nothing is left half done.
    pub(super) clean: bool,
    /// It is not to be taken again before this has passed.
    pub(super) rest: Option<Duration>,
}

impl Handler<Ended> for LeaseKeeper {
    type Result = ();

    fn handle(&mut self, Ended { shard, clean, rest }: Ended, ctx: &mut Context<Self>) {
        let Some(Releasing(lease)) = self.leases.ended(shard) else { return };
        if clean {
            return self.release(shard, lease, ctx);
        }
        lease.end();
        self.freed(shard);
        if let Some(rest) = rest {
            self.leases.rest(shard, rest);
        }
        // Our own lease may still be in the store; acquiring it again keeps the epoch, and the recovery is a careful one.
        self.look(ctx);
    }
}

/// Take nothing more and hand everything over. Resolves when that is done.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Leave;

impl Handler<Leave> for LeaseKeeper {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Leave, ctx: &mut Context<Self>) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.me.draining = true;
        if self.leases.is_empty() {
            // The receiver is below.
            let _ = done.send(());
        } else {
            self.drained.push(done);
        }
        // The others are told first, so that they know where the shards belong when they are given back.
        let (ports, me) = (self.ports.clone(), self.me.clone());
        let announce = async move { timeout(LAST_REPORTS_WITHIN, ports.store.announce(&me, TTL)).await };
        ctx.spawn(announce.into_actor(self).map(|_, keeper, ctx| {
            for shard in keeper.leases.held() {
                keeper.hand_over(shard, ctx);
            }
        }));
        let (ports, token) = (self.ports.clone(), self.me.token);
        Box::pin(async move {
            // The keeper ended: then there is nothing left to wait for.
            let _ = drained.await;
            if let Ok(Err(error)) = timeout(LAST_REPORTS_WITHIN, ports.store.leave(token)).await {
                tracing::debug!(%error, "the node is forgotten by itself");
            }
        })
    }
}

/// How many shards this node has leases of.
#[derive(Message)]
#[rtype(result = "usize")]
pub(super) struct HowMany;

impl Handler<HowMany> for LeaseKeeper {
    type Result = usize;

    fn handle(&mut self, _: HowMany, _: &mut Context<Self>) -> usize {
        self.leases.all().len()
    }
}
