//! Starting actors so that their parent learns how they end.
//!
//! actix's own `Supervisor` does not restart an actor that panics, so the parent keeps what tells it: a child's context runs as a
//! future of ours, and whoever started it is told whether that future panicked.

use actix::{Actor, Addr, AsyncContext, Context};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::port::place::Place;

/// How an actor ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It stopped by itself, or nobody held its address any more.
    Stopped,
    /// It panicked.
    Panicked,
}

/// Starts an actor on the caller's thread. `exited` is called there when it has ended.
pub fn start_here<A>(actor: A, exited: impl FnOnce(Exit) + 'static) -> Addr<A>
where
    A: Actor<Context = Context<A>>,
{
    let context = Context::new();
    let address = context.address();
    tokio::task::spawn_local(async move {
        let ended = AssertUnwindSafe(context.into_future(actor)).catch_unwind().await;
        exited(if ended.is_err() { Exit::Panicked } else { Exit::Stopped });
    });
    address
}

/// Starts an actor on the arbiter of a slot. `make` runs there; `exited` is called there when the actor has ended.
///
/// `None` when the arbiter is gone, which only happens while the process ends.
pub async fn start_at<A>(
    place: &dyn Place,
    slot: usize,
    make: impl FnOnce() -> A + Send + 'static,
    exited: impl FnOnce(Exit) + Send + 'static,
) -> Option<Addr<A>>
where
    A: Actor<Context = Context<A>>,
{
    let (tell, told) = oneshot::channel();
    place.run(
        slot,
        Box::new(move || {
            Box::pin(async move {
                // Nobody waits for the address any more only when the node itself is going down.
                let _ = tell.send(start_here(make(), exited));
            })
        }),
    );
    told.await.ok()
}

/// Does something again and again, a period after it was last done. actix's own interval makes up for every time that it missed, all at
/// once, when the process was stopped for a while.
pub fn every<A>(ctx: &mut Context<A>, period: Duration, act: fn(&mut A, &mut Context<A>))
where
    A: Actor<Context = Context<A>>,
{
    ctx.run_later(period, move |actor, ctx| {
        act(actor, ctx);
        every(ctx, period, act);
    });
}

/// Tells an actor something without waiting for it to be handled.
///
/// It ignores the bound of the mailbox, so it is only for messages whose number is bounded elsewhere (by commits, by shards) or whose
/// loss with a dying actor is made good by its successor.
pub fn tell<A, M>(address: &Addr<A>, message: M)
where
    A: Actor + actix::Handler<M>,
    A::Context: actix::dev::ToEnvelope<A, M>,
    M: actix::Message + Send + 'static,
    M::Result: Send,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the helper; its doc says what it may be used for"
    )]
    address.do_send(message);
}
