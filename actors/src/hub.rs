//! Tells boards what changes, as it is committed, on whatever node.
//!
//! Each commit raises its shard's change number. While anybody watches, the hub looks at those numbers at every hint and once a second,
//! loads what changed and lays it into every feed. No reader can make the hub wait or grow without bound.

mod boards;
mod feed;
mod known;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

pub use boards::Boards;
pub use feed::{Change, Feed, News, Seen};
use known::Known;

use crate::port::Ports;
use crate::port::store::Hint;
use crate::supervise::every;

/// Without a hint the change numbers are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// All visits are compared with the store this often: one that left long ago is not told of any more, and a hub may have been away.
const COMPARE_EVERY: Duration = Duration::from_secs(300);
/// After so many looks in a row that the store did not answer, boards are told; a single one may be an accident.
const AWAY_AFTER: u32 = 2;

/// The actor.
pub struct OpsHub {
    ports: Ports,
    feeds: Vec<Weak<Feed>>,
    known: Known,
    looking: bool,
    look_again: bool,
    /// The next look compares.
    compare: bool,
    /// Looks in a row that the store did not answer.
    unanswered: u32,
}

impl OpsHub {
    /// A hub on a node's ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self {
            ports,
            feeds: Vec::new(),
            known: Known::default(),
            looking: false,
            look_again: false,
            compare: false,
            unanswered: 0,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
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
        let compare = std::mem::take(&mut self.compare);
        let (store, known) = (Arc::clone(&self.ports.store), std::mem::take(&mut self.known));
        let look = async move { known.catch_up(store.as_ref(), compare).await };
        ctx.spawn(look.into_actor(self).map(move |(known, looked), hub, ctx| {
            hub.known = known;
            hub.looking = false;
            hub.compare |= compare && !looked.compared;
            hub.unanswered = if looked.caught_up { 0 } else { hub.unanswered.saturating_add(1) };
            for feed in hub.feeds.iter().filter_map(Weak::upgrade) {
                feed.store_answers(hub.unanswered < AWAY_AFTER);
                if feed.is_filled() {
                    looked.news.iter().for_each(|change| feed.lay_in(change));
                } else if looked.caught_up {
                    // Opened since the last look: it gets everything that stands, once that is known.
                    feed.fill(hub.known.visits());
                }
            }
            if std::mem::take(&mut hub.look_again) {
                hub.look(ctx);
            }
        }));
    }
}

/// Whoever reads a feed learns that it needs another one, of the hub that comes after.
impl Drop for OpsHub {
    fn drop(&mut self) {
        self.feeds.iter().filter_map(Weak::upgrade).for_each(|feed| feed.end());
    }
}

impl Actor for OpsHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        every(ctx, LOOK_EVERY, Self::look);
        every(ctx, COMPARE_EVERY, |hub, ctx| {
            hub.compare = true;
            hub.look(ctx);
        });
        let mut hints = self.ports.store.hints();
        let hub = ctx.address().downgrade();
        let listen = async move {
            loop {
                match hints.recv().await {
                    Ok(Hint::Changed(_)) | Err(RecvError::Lagged(_)) => {}
                    Ok(Hint::Journal(_) | Hint::Released(_) | Hint::Nodes) => continue,
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
        self.look(ctx);
    }
}

/// Open a feed: every visit as it stands, as soon as the store has told, then every change.
#[derive(Message, Clone, Copy)]
#[rtype(result = "Arc<Feed>")]
pub struct Watch;

impl Handler<Watch> for OpsHub {
    type Result = Arc<Feed>;

    fn handle(&mut self, _: Watch, ctx: &mut Context<Self>) -> Arc<Feed> {
        let feed = Arc::new(Feed::new());
        self.feeds.push(Arc::downgrade(&feed));
        self.look(ctx);
        feed
    }
}
