//! Whether a server may be trusted with this: asked once, at the start.

use std::collections::HashMap;

use redis::RedisError;
use vestibule_domain::shard::SHARDS;

use super::call::{Call, read};
use super::door::{Door, Servers};
use super::keys::Keys;
use super::one::NOT_PRIMARY;
use super::scripts::META;
use super::trouble::brief;
use super::{Durability, RedisSettings};

/// The format of keys and values that this release reads and writes.
const FORMAT: &str = "1";

/// Why a Redis is not used.
#[derive(Debug, thiserror::Error)]
#[error("{what}. {remedy}")]
pub struct OpenError {
    what: String,
    remedy: String,
}

impl OpenError {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn address(error: &RedisError) -> Self {
        Self::new(format!("the address cannot be used ({})", brief(error)), "Check store.url")
    }

    fn unreachable(error: &RedisError) -> Self {
        if error.to_string().contains(NOT_PRIMARY) {
            let remedy = "Name the primary in store.url, or the Sentinels, which know it";
            return Self::new("the server is a replica, which takes no writes", remedy);
        }
        let remedy = match error.code() {
            Some("WRONGPASS" | "NOAUTH") => "Check the user and the password in store.url",
            Some("NOPERM") => "Let this user run the commands that deploy/README.md lists",
            _ => "See that it runs at the address of store.url, is a primary, and can be reached from here",
        };
        Self::new(format!("Redis does not answer as it should ({})", brief(error)), remedy)
    }
}

/// What a server says of itself.
struct Server(HashMap<String, String>);

impl Server {
    fn read(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        Self(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn version(&self) -> (u32, u32) {
        let mut parts = self.get("redis_version").split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

/// Whether the server can be trusted with a store, and the store on it be used; one that is not there yet is made.
pub(super) async fn check(door: &Door, keys: &Keys, settings: &RedisSettings) -> Result<(), OpenError> {
    check_servers(door, settings).await?;
    let call = Call::new(&META, String::new()).key(keys.meta());
    let call = call.arg("format").arg(FORMAT).arg("shards").arg(SHARDS.to_string());
    let answer = door.write(call).await.map_err(|error| {
        OpenError::new(
            format!("Redis takes no writes ({error})"),
            "See that it is a primary with the replicas that it needs",
        )
    })?;
    check_meta(answer)
}

/// The same without changing anything. Whether a store is there.
pub(super) async fn probe(door: &Door, keys: &Keys, settings: &RedisSettings) -> Result<bool, OpenError> {
    check_servers(door, settings).await?;
    let mut meta = redis::cmd("HGETALL");
    let key = keys.meta();
    meta.arg(&key);
    let answer = door.servers().send(&key, meta).await.map_err(|error| OpenError::unreachable(&error))?;
    let there = !matches!(&answer, redis::Value::Array(pairs) if pairs.is_empty())
        && !matches!(&answer, redis::Value::Map(pairs) if pairs.is_empty());
    if there { check_meta(answer).map(|()| true) } else { Ok(false) }
}

async fn check_servers(door: &Door, settings: &RedisSettings) -> Result<(), OpenError> {
    let servers = infos(door).await.map_err(|error| OpenError::unreachable(&error))?;
    for server in &servers {
        check_kind(server, settings)?;
        check_version(server, settings)?;
        let doubts = doubts(server, settings, &configuration(door, settings).await?);
        if settings.accept_unsafe {
            doubts.iter().for_each(|doubt| tracing::warn!("{doubt}; store.accept_unsafe lets it pass"));
        } else if let Some(doubt) = doubts.into_iter().next() {
            return Err(doubt);
        }
    }
    Ok(())
}

/// What every primary says of itself.
async fn infos(door: &Door) -> Result<Vec<Server>, RedisError> {
    // Without counters of commands and the like, since it is asked every second.
    let info = redis::cmd("INFO");
    let answers = match door.servers().as_ref() {
        Servers::One(one) => vec![one.send(info).await?],
        Servers::Cluster(cluster) => cluster.ask_all(info).await?,
    };
    answers.into_iter().map(|answer| Ok(Server::read(&redis::from_redis_value::<String>(answer)?))).collect()
}

/// Which servers these are: another text whenever one of them may have lost something.
pub(super) async fn incarnation(door: &Door) -> Result<String, RedisError> {
    let servers = infos(door).await?;
    let names =
        servers.iter().map(|server| format!("{}/{}", server.get("run_id"), server.get("master_replid")));
    Ok(names.collect::<Vec<_>>().join(" "))
}

fn check_kind(server: &Server, settings: &RedisSettings) -> Result<(), OpenError> {
    match (server.get("cluster_enabled") == "1", settings.address.is_cluster()) {
        (true, false) => Err(OpenError::new(
            "the server is a node of a Redis Cluster",
            "Write redis+cluster:// in store.url",
        )),
        (false, true) => Err(OpenError::new(
            "the server is not a node of a Redis Cluster",
            "Write redis:// in store.url, or redis+sentinel:// for Sentinels",
        )),
        _ => Ok(()),
    }
}

fn check_version(server: &Server, settings: &RedisSettings) -> Result<(), OpenError> {
    let version = server.version();
    let needed = match (settings.durability, settings.address.is_cluster()) {
        (Durability::WaitAof, _) => (7, 2),
        (_, true) => (7, 0),
        _ => (6, 2),
    };
    if version >= needed {
        return Ok(());
    }
    let (major, minor) = needed;
    let why = if needed == (7, 2) { "store.durability = \"waitaof\" needs" } else { "this release needs" };
    Err(OpenError::new(
        format!("the server is Redis {}, and {why} {major}.{minor}", server.get("redis_version")),
        "Use a newer server, or another store.durability",
    ))
}

/// What the server was told about syncing; nothing where it does not say.
async fn configuration(door: &Door, settings: &RedisSettings) -> Result<Option<String>, OpenError> {
    if settings.config_forbidden {
        return Ok(None);
    }
    let mut config = redis::cmd("CONFIG");
    config.arg("GET").arg("appendfsync");
    match door.servers().send("", config).await {
        Ok(answer) => {
            let found: HashMap<String, String> = redis::from_redis_value(answer).unwrap_or_default();
            Ok(found.get("appendfsync").cloned())
        }
        Err(error) => Err(OpenError::new(
            format!("the server does not tell its configuration ({})", brief(&error)),
            "Where CONFIG is forbidden, see to appendfsync yourself and set store.redis.config_forbidden = true",
        )),
    }
}

fn doubts(server: &Server, settings: &RedisSettings, appendfsync: &Option<String>) -> Vec<OpenError> {
    let mut doubts = Vec::new();
    let policy = server.get("maxmemory_policy");
    let bounded = server.get("maxmemory") != "0";
    if bounded && policy != "noeviction" {
        doubts.push(OpenError::new(
            format!("the server may throw keys away when its memory is full (maxmemory-policy {policy})"),
            "Set maxmemory-policy noeviction",
        ));
    }
    if server.get("aof_enabled") != "1" {
        doubts.push(OpenError::new(
            "the server keeps no append-only file, so that a restart loses what was acknowledged",
            "Set appendonly yes",
        ));
    }
    let synced = appendfsync.as_deref();
    let wanted: &[&str] = match settings.durability {
        Durability::EverySecond => &["everysec", "always"],
        Durability::Fsync => &["always"],
        Durability::Replica | Durability::WaitAof => &["everysec", "always"],
    };
    if synced.is_some_and(|synced| !wanted.contains(&synced)) {
        doubts.push(OpenError::new(
            format!(
                "the server syncs its append-only file \"{}\", less than store.durability asks for",
                synced.unwrap_or_default()
            ),
            format!("Set appendfsync {}, or another store.durability", wanted.last().unwrap_or(&"always")),
        ));
    }
    doubts
}

/// The number of shards and the format are fixed when a store is first used.
fn check_meta(answer: redis::Value) -> Result<(), OpenError> {
    let shards = SHARDS.to_string();
    let meta: HashMap<String, String> = read("what the store is", answer)
        .map_err(|error| OpenError::new(error.to_string(), "See whether another system uses this prefix"))?;
    let (format, there) = (meta.get("format"), meta.get("shards"));
    if there != Some(&shards) {
        return Err(OpenError::new(
            format!(
                "the store was made with {} shards, and this release has {shards}",
                there.map_or("no", |n| n)
            ),
            "Run a release with that many, or give this one another store.redis.prefix",
        ));
    }
    if format.map(String::as_str) != Some(FORMAT) {
        return Err(OpenError::new(
            format!("the store has format {}, and this release reads {FORMAT}", format.map_or("none", |n| n)),
            "Run the release that wrote it, or give this one another store.redis.prefix",
        ));
    }
    Ok(())
}
