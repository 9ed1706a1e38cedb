//! The shards that a node runs, and what it remembers of those that it has had.

use actix::{ActorFutureExt, Addr, AsyncContext, Context, WrapFuture};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::shard::Shard;

use super::{Granted, Node, ShardEnded, keeper, panicked};
use crate::port::clock::instant;
use crate::port::observer::Observed;
use crate::port::store::Ownership;
use crate::shard::{Beginning, Drain, Ended, Engine, Memory, Nudge, ShardActor};
use crate::supervise::{start_at, tell};

/// A shard whose state could not be read is tried again after this.
const UNREADABLE_REST: Duration = Duration::from_secs(30);
/// What a shard held is remembered for so long after its lease was lost or given back.
const REMEMBERED: Duration = Duration::from_secs(300);

/// The shards of a node.
#[derive(Default)]
pub(super) struct Shards {
    running: BTreeMap<Shard, Running>,
    memories: BTreeMap<Shard, (Memory, Instant)>,
    runs: u64,
}

struct Running {
    /// Tells this run of the shard from those before it.
    run: u64,
    /// Not there while it starts.
    actor: Option<Addr<ShardActor>>,
    /// It is to finish as soon as it is there.
    finish: bool,
}

impl Shards {
    fn starts(&mut self, shard: Shard) -> u64 {
        self.runs += 1;
        self.running.insert(shard, Running { run: self.runs, actor: None, finish: false });
        self.runs
    }

    fn runs(&mut self, shard: Shard, run: u64, actor: Addr<ShardActor>) {
        // One that has ended already is not entered any more.
        if let Some(running) = self.running.get_mut(&shard).filter(|running| running.run == run) {
            if running.finish {
                tell(&actor, Drain);
            }
            running.actor = Some(actor);
        }
    }

    pub(super) fn finish(&mut self, shard: Shard) {
        if let Some(running) = self.running.get_mut(&shard) {
            running.finish = true;
            if let Some(actor) = &running.actor {
                tell(actor, Drain);
            }
        }
    }

    pub(super) fn nudge(&self, shard: Shard) {
        if let Some(actor) = self.running.get(&shard).and_then(|running| running.actor.as_ref()) {
            tell(actor, Nudge);
        }
    }

    /// Takes a run out; `false` when it was not entered.
    fn ended(&mut self, shard: Shard, run: u64) -> bool {
        let this = self.running.get(&shard).is_some_and(|running| running.run == run);
        if this {
            self.running.remove(&shard);
        }
        this
    }

    fn remember(&mut self, shard: Shard, memory: Memory) {
        let now = instant();
        self.memories.retain(|_, (_, since)| now.saturating_duration_since(*since) < REMEMBERED);
        self.memories.insert(shard, (memory, now));
    }

    /// What is remembered of a shard, if nobody else has owned it since.
    fn recall(&mut self, shard: Shard, lease: Ownership, before: Option<Ownership>) -> Option<Memory> {
        let (memory, since) = self.memories.remove(&shard)?;
        let fresh = instant().saturating_duration_since(since) < REMEMBERED;
        Some(memory).filter(|memory| fresh && memory.holds_under(lease, before))
    }
}

impl Node {
    pub(super) fn run_shard(&mut self, granted: Granted, ctx: &mut Context<Self>) {
        let Granted { shard, lease, clean, before, returned } = granted;
        let memory = self.shards.recall(shard, lease.owner(), before);
        let run = self.shards.starts(shard);
        self.ports.observer.observe(Observed::ShardsHeld(self.shards.running.len()));
        let (ports, crew, rules) = (self.ports.clone(), self.crew.clone(), self.config.shards);
        let (place, node) = (Arc::clone(&self.ports.place), ctx.address());
        let told = node.clone();
        let exited = move |exit| {
            if panicked(exit) {
                tell(&node, ShardEnded { shard, run, how: None });
            }
        };
        let make = move || {
            let beginning = Beginning { lease, clean, before, memory, returned };
            let engine = Engine::new(shard, beginning, ports, crew, rules);
            let ended = move |how, memory| tell(&told, ShardEnded { shard, run, how: Some((how, memory)) });
            ShardActor::new(engine, Box::new(ended))
        };
        // The first place is the keeper's.
        let slot = usize::from(shard.number()) + 1;
        let start = async move { start_at(place.as_ref(), slot, make, exited).await };
        ctx.spawn(start.into_actor(self).map(move |started, node, ctx| match started {
            Some(actor) => node.shards.runs(shard, run, actor),
            // The arbiter is gone, since the process ends.
            None => node.shard_ended(ShardEnded { shard, run, how: None }, ctx),
        }));
    }

    pub(super) fn shard_ended(&mut self, ended: ShardEnded, ctx: &mut Context<Self>) {
        let ShardEnded { shard, run, how } = ended;
        if !self.shards.ended(shard, run) {
            return;
        }
        self.ports.observer.observe(Observed::ShardsHeld(self.shards.running.len()));
        self.ports.observer.observe(Observed::Visits { shard: shard.number(), in_memory: 0 });
        let mut told = keeper::Ended { shard, clean: false, rest: None };
        match how {
            Some((Ended::Drained, memory)) => {
                told.clean = true;
                self.shards.remember(shard, memory);
            }
            Some((Ended::LeaseLost | Ended::WentBack, memory)) => {
                self.ports.observer.observe(Observed::ShardLost);
                self.shards.remember(shard, memory);
            }
            Some((Ended::Unreadable(what), _)) => {
                tracing::error!(
                    shard = shard.number(),
                    what,
                    "the shard stops: the store holds something that this release cannot read"
                );
                self.ports.observer.observe(Observed::ShardStopped);
                told.rest = Some(UNREADABLE_REST);
            }
            Some((Ended::TooManyPanics, _)) | None => {
                self.ports.observer.observe(Observed::ShardRestarted);
                tracing::error!(shard = shard.number(), "the shard died and is started again");
                self.count_panic(ctx);
            }
        }
        if let Some(keeper) = &self.keeper {
            tell(keeper, told);
        }
    }
}
