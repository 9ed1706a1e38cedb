//! A shard: one slice of all visits, run by whoever holds its lease.
//!
//! The actor only decides *when* to work: at a hint, at a look every [`ShardRules::look_every`], and again at once while there is more.
//! What the work is stands in [`engine`]. A shard that lost its lease, or cannot read what the store holds, ends; [`crate::node`] decides
//! what follows.

mod commit;
mod committing;
mod deciding;
mod engine;
mod live;
mod recovering;
mod restoring;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use std::time::Duration;
use vestibule_domain::shard::Shard;

use crate::supervise::every;
pub use engine::{Beginning, Ended, Engine};
pub use restoring::Memory;

/// How a shard works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShardRules {
    /// Without a hint the journal is looked at this often.
    pub look_every: Duration,
    /// A visit leaves memory when nothing has happened to it for this long.
    pub idle_after: Duration,
    /// At most so many commands in one commit.
    pub batch: usize,
}

impl Default for ShardRules {
    fn default() -> Self {
        Self { look_every: Duration::from_millis(250), idle_after: Duration::from_secs(600), batch: 256 }
    }
}

/// What a step of the engine came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// There may be more at once.
    Again,
    /// Nothing to do until a hint, a look or a deadline.
    Idle,
}

/// The actor of a shard.
pub struct ShardActor {
    shard: Shard,
    rules: ShardRules,
    /// Away while a step is under way: one commit is in flight per shard.
    engine: Option<Engine>,
    nudged: bool,
    draining: bool,
    ended: Option<Box<dyn FnOnce(Ended, Memory)>>,
}

impl ShardActor {
    /// A shard on a fresh engine. `ended` is called when it has ended by itself, with what it held.
    #[must_use]
    pub fn new(engine: Engine, ended: Box<dyn FnOnce(Ended, Memory)>) -> Self {
        Self {
            shard: engine.shard(),
            rules: engine.rules(),
            engine: Some(engine),
            nudged: false,
            draining: false,
            ended: Some(ended),
        }
    }

    fn work(&mut self, ctx: &mut Context<Self>) {
        let Some(mut engine) = self.engine.take() else {
            self.nudged = true;
            return;
        };
        self.nudged = false;
        let last = self.draining;
        let step = async move {
            let came_to = engine.step(last).await;
            (engine, came_to)
        };
        ctx.spawn(step.into_actor(self).map(move |(engine, came_to), shard, ctx| {
            shard.engine = Some(engine);
            match came_to {
                Err(ended) => shard.end(ended, ctx),
                Ok(Step::Idle) if last => shard.end(Ended::Drained, ctx),
                Ok(Step::Idle) if !shard.nudged && !shard.draining => {}
                Ok(Step::Idle | Step::Again) => shard.work(ctx),
            }
        }));
    }

    fn end(&mut self, how: Ended, ctx: &mut Context<Self>) {
        tracing::debug!(shard = self.shard.number(), ?how, "shard ends");
        if let (Some(ended), Some(engine)) = (self.ended.take(), self.engine.take()) {
            ended(how, engine.into_memory());
        }
        ctx.stop();
    }
}

impl Actor for ShardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let look = self.rules.look_every;
        every(ctx, look, Self::work);
        self.work(ctx);
    }
}

/// The journal may have something new.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub struct Nudge;

impl Handler<Nudge> for ShardActor {
    type Result = ();

    fn handle(&mut self, _: Nudge, ctx: &mut Context<Self>) {
        self.work(ctx);
    }
}

/// Finish the work in hand and end.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub struct Drain;

impl Handler<Drain> for ShardActor {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Context<Self>) {
        self.draining = true;
        self.work(ctx);
    }
}
