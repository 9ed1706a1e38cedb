//! Nodes on one Redis, each a process, whose Epic and Zoom answer to nobody; and who owns what.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vestibule::store::redis::{Durability, RedisStore};
use vestibule_actors::port::store::Store;
use vestibule_domain::shard::{SHARDS, Shard};

use super::hospital::service::{Service, free_address};
use super::hospital::until;
use super::server::Server;
use super::visits;

/// When owners have not changed for so long, everybody has what belongs to him.
const SETTLED: Duration = Duration::from_secs(2);
const SETTLES_WITHIN: Duration = Duration::from_secs(40);

pub struct Nodes {
    pub services: Vec<Service>,
    pub store: RedisStore,
    pub redis: Server,
    _folder: TempDir,
}

impl Nodes {
    /// So many, none of them started.
    pub async fn new(count: usize) -> Self {
        let redis = Server::start(Durability::EverySecond).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let services = (0..count).map(|number| {
            let address = free_address();
            let settings = visits::settings(&address.to_string(), &redis.settings());
            let more = format!("[node]\nname = \"{}\"\n[logging]\nfilter = \"warn\"\n", name(number));
            let file = folder.path().join(format!("settings-{number}.toml"));
            fs::write(&file, settings + &more).unwrap();
            Service::new(address, &file)
        });
        let services = services.collect();
        let store = redis.store().await.unwrap();
        Self { services, store, redis, _folder: folder }
    }
}

pub fn name(number: usize) -> String {
    format!("node-{number}")
}

/// Which node owns which shard.
pub async fn owners(store: &RedisStore) -> BTreeMap<Shard, String> {
    let owners = store.owners().await.unwrap().into_iter();
    owners.map(|(shard, owner)| (shard, owner.node)).collect()
}

/// Until every shard is owned, each of these nodes owns some, and nothing has moved for a while.
pub async fn settled(store: &RedisStore, nodes: &[usize]) -> BTreeMap<Shard, String> {
    let (mut last, mut since) = (BTreeMap::new(), Instant::now());
    until("the nodes to have their shards", SETTLES_WITHIN, async || {
        let now = owners(store).await;
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let share = |number: &usize| last.values().any(|owner| *owner == name(*number));
        let all = last.len() == usize::from(SHARDS) && nodes.iter().all(share);
        (all && since.elapsed() >= SETTLED).then(|| last.clone())
    })
    .await
}
