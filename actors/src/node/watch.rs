//! Watches which store this is. When it is another than before, as after a failover, it may have lost what it had answered: then this
//! node's doors append again what they took in the last minutes, the newest first, since those are the likeliest to be lost.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::join_all;
use std::time::Duration;
use vestibule_domain::shard::Shard;

use super::Node;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::{NewEntry, StoreError};
use crate::recent::{Answered, Goes};
use crate::supervise::every;

/// The store is asked this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many facts are appended again at once: the store has others to serve besides.
const AT_ONCE: usize = 64;

/// What is known of the store.
#[derive(Debug, Default)]
pub(super) struct Watched {
    incarnation: Option<String>,
    /// It did not answer once.
    missed: bool,
    looking: bool,
    /// What is to be appended again, oldest first.
    again: Vec<Answered>,
}

impl Node {
    pub(super) fn watch_store(&mut self, ctx: &mut Context<Self>) {
        // At once, since doors answer from now on.
        self.look_at_store(ctx);
        every(ctx, LOOK_EVERY, Self::look_at_store);
    }

    fn look_at_store(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.watched.looking, true) {
            return;
        }
        let (ports, mut watched) = (self.ports.clone(), std::mem::take(&mut self.watched));
        let look = async move {
            if let Err(error) = watched.look(&ports).await {
                tracing::debug!(%error, "the store is away");
                watched.missed = true;
            }
            Watched { looking: false, ..watched }
        };
        // Until then nobody looks.
        self.watched.looking = true;
        ctx.spawn(look.into_actor(self).map(|watched, node, _| node.watched = watched));
    }
}

impl Watched {
    /// Which store it is now, and what is to be done since. An error leaves the rest to the next look.
    async fn look(&mut self, ports: &Ports) -> Result<(), StoreError> {
        let incarnation = ports.store.incarnation().await?;
        // Where the first look failed, what doors have answered since may have gone to another store, too.
        let other = match &self.incarnation {
            Some(before) => *before != incarnation,
            None => self.missed,
        };
        if other {
            self.again = ports.recent.all();
            let facts = self.again.len();
            tracing::warn!(facts, "the store may be another than before; recent events are appended again");
        }
        self.incarnation = Some(incarnation);
        while !self.again.is_empty() {
            self.append_some(ports).await?;
        }
        Ok(())
    }

    /// A full journal or a full hold refuses a fact as it would have then; Zoom has been answered, so it is tried at the next look.
    async fn append_some(&mut self, ports: &Ports) -> Result<(), StoreError> {
        let some = self.again.split_off(self.again.len().saturating_sub(AT_ONCE));
        let answers = join_all(some.iter().map(|fact| append(ports, fact))).await;
        let (mut done, mut trouble) = (0, Ok(()));
        for (fact, answer) in some.into_iter().zip(answers) {
            match answer {
                Ok(()) => done += 1,
                Err(error) => {
                    self.again.push(fact);
                    trouble = Err(error);
                }
            }
        }
        ports.observer.observe(Observed::AppendedAgain { facts: done });
        trouble
    }
}

async fn append(ports: &Ports, fact: &Answered) -> Result<(), StoreError> {
    let payload = fact.payload.clone();
    match &fact.goes {
        Goes::ByMeeting(organization, meeting) => {
            ports.store.route_or_hold(organization, *meeting, payload).await.map(|_| ())
        }
        Goes::To(visit) => {
            let entry = NewEntry { visit: visit.clone(), payload };
            ports.store.append(Shard::of_visit(visit), vec![entry]).await.map(|_| ())
        }
    }
}
