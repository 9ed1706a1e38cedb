//! Watches which store this is. When it is another than before, as after a failover, it may have lost what it had answered: then this
//! node's doors append again what they took in the last minutes.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use std::time::Duration;

use super::Node;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::StoreError;
use crate::supervise::every;

/// The store is asked this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is known of the store.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    incarnation: Option<String>,
    looking: bool,
}

impl Node {
    pub(super) fn watch_store(&mut self, ctx: &mut Context<Self>) {
        every(ctx, LOOK_EVERY, |node, ctx| {
            if std::mem::replace(&mut node.watched.looking, true) {
                return;
            }
            let (ports, before) = (node.ports.clone(), node.watched.incarnation.clone());
            let look = async move { look(&ports, before).await };
            ctx.spawn(look.into_actor(node).map(|seen, node, _| {
                node.watched.looking = false;
                match seen {
                    Ok(incarnation) => node.watched.incarnation = Some(incarnation),
                    Err(error) => tracing::debug!(%error, "the store is away"),
                }
            }));
        });
    }
}

/// Which store it is now. An error leaves everything to the next look.
async fn look(ports: &Ports, before: Option<String>) -> Result<String, StoreError> {
    let incarnation = ports.store.incarnation().await?;
    if before.is_some_and(|before| before != incarnation) {
        let facts = ports.recent.all();
        tracing::warn!(
            facts = facts.len(),
            "the store is another than before; recent events are appended again"
        );
        for fact in &facts {
            // A full journal or a full hold refuses it as it would have then; Zoom has been answered, so it is tried at the next look.
            let payload = fact.payload.clone();
            ports.store.route_or_hold(&fact.organization, fact.meeting, payload).await?;
        }
        ports.observer.observe(Observed::AppendedAgain { facts: facts.len() });
    }
    Ok(incarnation)
}
