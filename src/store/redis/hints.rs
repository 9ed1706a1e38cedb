//! Hints, as published messages: losing one costs time and nothing else, so nothing here is retried for its own sake.
//!
//! The channels of shards lie in the shards' slots, so that a Cluster sends a message only where it is listened to.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::{Notify, broadcast};
use tokio::time::{sleep, timeout};
use vestibule_actors::port::store::Hint;
use vestibule_domain::shard::Shard;

use super::door::{Door, Servers};
use super::keys::{Keys, Of};

/// After the subscription was lost it is made again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Whether the subscription still stands is looked at this often, in case nobody said that it does not.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Takes what servers send unasked.
pub(super) struct Listener {
    keys: Keys,
    hints: broadcast::Sender<Hint>,
    /// A connection was lost, which may have been the one that was subscribed.
    lost: Notify,
}

impl Listener {
    pub(super) fn new(keys: Keys, hints: broadcast::Sender<Hint>) -> Self {
        Self { keys, hints, lost: Notify::new() }
    }

    /// What a connection calls with everything that comes unasked.
    pub(super) fn ear(
        self: Arc<Self>,
    ) -> impl Fn(PushInfo) -> Result<(), Infallible> + Send + Sync + 'static {
        move |push| {
            self.take(&push);
            Ok(())
        }
    }

    fn take(&self, push: &PushInfo) {
        if push.kind == PushKind::Disconnection {
            self.lost.notify_one();
            return;
        }
        let [channel, word] = match (&push.kind, push.data.as_slice()) {
            (PushKind::PMessage, [_, channel, word]) => [channel, word],
            (PushKind::Message | PushKind::SMessage, [channel, word]) => [channel, word],
            _ => return,
        };
        if let (Some(channel), Some(word)) = (text(channel), text(word))
            && let Some(hint) = self.hint(&channel, &word)
        {
            // Nobody listening is no loss.
            let _ = self.hints.send(hint);
        }
    }

    fn hint(&self, channel: &str, word: &str) -> Option<Hint> {
        if word == "nodes" {
            return Some(Hint::Nodes);
        }
        let number = channel.strip_prefix(&format!("{{{}:", self.keys.prefix()))?.split('}').next()?;
        let shard = Shard::new(number.parse().ok()?)?;
        match word {
            "journal" => Some(Hint::Journal(shard)),
            "changed" => Some(Hint::Changed(shard)),
            "released" => Some(Hint::Released(shard)),
            _ => None,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    redis::from_redis_value(value.clone()).ok()
}

/// Keeps subscribed as long as somebody has the store.
pub(super) async fn listen(door: &Door, listener: &Arc<Listener>) {
    // Whoever opened the store hears of everything that comes after.
    let mut first = Some(subscribe(door.servers(), &listener.keys).await);
    let (servers, listener) = (Arc::downgrade(door.servers()), Arc::downgrade(listener));
    tokio::spawn(async move {
        loop {
            let (Some(servers), Some(listener)) = (servers.upgrade(), listener.upgrade()) else { return };
            let subscribed = match first.take() {
                Some(first) => first,
                None => subscribe(&servers, &listener.keys).await,
            };
            drop(servers);
            match subscribed {
                // The connection is held until it is lost, and given up then.
                Ok(subscription) => {
                    let _ = timeout(LOOK_EVERY, listener.lost.notified()).await;
                    drop(subscription);
                }
                Err(error) => {
                    tracing::debug!(
                        error = super::trouble::brief(&error),
                        "hints cannot be had; looks do without"
                    );
                }
            }
            drop(listener);
            sleep(AGAIN_AFTER).await;
        }
    });
}

/// What keeps a subscription.
enum Subscription {
    /// Taken out of the pool, since a subscribed connection is of no other use.
    One(#[expect(dead_code, reason = "it is held, not used")] redis::aio::MultiplexedConnection),
    /// The library subscribes again by itself.
    Cluster,
}

async fn subscribe(servers: &Servers, keys: &Keys) -> Result<Subscription, RedisError> {
    match servers {
        Servers::One(one) => {
            let mut connection = deadpool_redis::Connection::take(one.live().await?.pooled().await?);
            connection.psubscribe(format!("{{{}:*}}:hints", keys.prefix())).await?;
            Ok(Subscription::One(connection))
        }
        Servers::Cluster(cluster) => {
            let channels = Shard::all().map(|shard| keys.shard(shard, Of::Hints));
            let channels: Vec<String> = channels.chain([keys.node_hints()]).collect();
            cluster.subscribe(&channels).await?;
            Ok(Subscription::Cluster)
        }
    }
}
