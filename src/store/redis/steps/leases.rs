//! Leases, and the nodes that may have them.

use futures_util::future::try_join_all;
use redis::Value;
use uuid::Uuid;
use vestibule_actors::port::store::{
    Acquired, Epoch, NodeInfo, Owner, OwnerToken, Ownership, Renewed, Standing, StoreError,
};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::Of;
use super::super::scripts::{ACQUIRE, ANNOUNCE, RELEASE, RENEW};

/// What the head of a shard says of its lease: token, node, epoch, until.
type Lease = (Option<String>, Option<String>, Option<u64>, Option<i64>);

impl RedisStore {
    pub(in super::super) async fn acquire(
        &self,
        shard: Shard,
        node: &str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Result<Acquired, StoreError> {
        let call = self.call(&ACQUIRE).key(self.keys.shard(shard, Of::Head));
        let call = call.arg(text_of(token)).arg(node).number(ttl.0).number(seen.0);
        let answer: Vec<Value> = read("a lease", self.door.write(call).await?)?;
        let [granted, first, second, third, fourth] =
            <[Value; 5]>::try_from(answer).map_err(|_| unreadable("a lease"))?;
        if read::<i64>("a lease", granted)? == 0 {
            let token = token_of(&read::<String>("a lease", first)?)?;
            let epoch = Epoch(read("an epoch", second)?);
            return Ok(Acquired::Held(Owner { token, node: read("a node's name", third)?, epoch }));
        }
        let (epoch, clean) = (Epoch(read("an epoch", first)?), read::<i64>("a lease", second)? == 1);
        let before = match read::<String>("a lease", third)?.as_str() {
            "" => None,
            token => Some(Ownership { token: token_of(token)?, epoch: Epoch(read("an epoch", fourth)?) }),
        };
        Ok(Acquired::Granted { epoch, clean, before })
    }

    pub(in super::super) async fn renew(
        &self,
        shard: Shard,
        owner: Ownership,
        ttl: Span,
        seen: Standing,
    ) -> Result<Renewed, StoreError> {
        let call = self.call(&RENEW).key(self.keys.shard(shard, Of::Head));
        let call = call.arg(text_of(owner.token)).number(owner.epoch.0).number(ttl.0);
        let call = call.number(seen.cursor.0).number(seen.change);
        match read::<i64>("a renewal", self.door.ask(call).await?)? {
            0 => Ok(Renewed::Lost),
            1 => Ok(Renewed::Held),
            2 => Ok(Renewed::WentBack),
            _ => Err(unreadable("a renewal")),
        }
    }

    pub(in super::super) async fn release(&self, shard: Shard, owner: Ownership) -> Result<bool, StoreError> {
        let keys = [self.keys.shard(shard, Of::Head), self.keys.shard(shard, Of::Hints)];
        let call = self.call(&RELEASE).keys(keys);
        let call = call.arg(text_of(owner.token)).number(owner.epoch.0).arg(self.publish);
        Ok(read::<i64>("a release", self.door.write(call).await?)? == 1)
    }

    pub(in super::super) async fn locate(&self, shard: Shard) -> Result<Option<Owner>, StoreError> {
        let now = self.server_time(&self.keys.shard(shard, Of::Head)).await?;
        self.owner_at(shard, now).await
    }

    /// Servers of one Cluster differ by moments, which a lease that was asked for makes good: whoever asks is judged by the right one.
    pub(in super::super) async fn owners(&self) -> Result<Vec<(Shard, Owner)>, StoreError> {
        let now = self.server_time(&self.keys.nodes()).await?;
        let located =
            Shard::all().map(async |shard| Ok::<_, StoreError>((shard, self.owner_at(shard, now).await?)));
        let located = try_join_all(located).await?;
        Ok(located.into_iter().filter_map(|(shard, owner)| Some((shard, owner?))).collect())
    }

    async fn owner_at(&self, shard: Shard, now: Moment) -> Result<Option<Owner>, StoreError> {
        let mut command = redis::cmd("HMGET");
        let head = self.keys.shard(shard, Of::Head);
        command.arg(&head).arg(&["token", "node", "epoch", "until"]);
        let lease: Lease = read("a lease", self.door.command("locate", &head, command).await?)?;
        owner_of(lease, now)
    }

    /// The time of whoever has a key. Leases are judged by it, not by ours.
    pub(super) async fn server_time(&self, key: &str) -> Result<Moment, StoreError> {
        if let Some(clock) = &self.clock {
            return Ok(clock.now());
        }
        let time = self.door.command("time", key, redis::cmd("TIME")).await?;
        let (seconds, micros): (i64, i64) = read("the time", time)?;
        Ok(Moment(seconds.saturating_mul(1_000).saturating_add(micros / 1_000)))
    }

    pub(in super::super) async fn announce(
        &self,
        node: &NodeInfo,
        ttl: Span,
    ) -> Result<Vec<NodeInfo>, StoreError> {
        let what = serde_json::to_vec(node).map_err(|_| unreadable("a node"))?;
        let there: Vec<(String, Vec<u8>)> = self.announced(node.token, what, ttl).await?;
        let nodes = there
            .into_iter()
            .map(|(_, what)| serde_json::from_slice(&what).map_err(|_| unreadable("a node")));
        let mut nodes = nodes.collect::<Result<Vec<NodeInfo>, _>>()?;
        nodes.sort_by_key(|node| node.token);
        Ok(nodes)
    }

    pub(in super::super) async fn leave(&self, token: OwnerToken) -> Result<(), StoreError> {
        self.announced(token, Vec::new(), Span(0)).await.map(drop)
    }

    async fn announced(
        &self,
        token: OwnerToken,
        what: Vec<u8>,
        ttl: Span,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let call = self.call(&ANNOUNCE).keys([self.keys.nodes(), self.keys.node_hints()]);
        let call = call.arg(self.publish).arg(text_of(token)).arg(what).number(ttl.0);
        read("the nodes", self.door.ask(call).await?)
    }
}

fn owner_of((token, node, epoch, until): Lease, now: Moment) -> Result<Option<Owner>, StoreError> {
    let (Some(token), Some(node), Some(epoch), Some(until)) = (token, node, epoch, until) else {
        return Ok(None);
    };
    let owner = Owner { token: token_of(&token)?, node, epoch: Epoch(epoch) };
    Ok((Moment(until) > now).then_some(owner))
}

pub(super) fn text_of(token: OwnerToken) -> String {
    token.0.simple().to_string()
}

fn token_of(text: &str) -> Result<OwnerToken, StoreError> {
    Uuid::parse_str(text).map(OwnerToken).map_err(|_| unreadable("an owner's token"))
}
