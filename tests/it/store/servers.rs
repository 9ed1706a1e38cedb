//! Servers that a store on Redis is not made on, and what is said of them.

use std::time::Duration;

use vestibule::store::redis::{Address, Durability, RedisSettings, RedisStore};

use crate::proxy::Proxy;
use crate::redis::Redis;

const SAFE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

fn settings(url: &str) -> RedisSettings {
    let within = Duration::from_secs(2);
    RedisSettings {
        connect_within: within,
        answer_within: within,
        ..RedisSettings::new(Address::parse(url).unwrap())
    }
}

fn and<'a>(options: &[&'a str]) -> Vec<&'a str> {
    SAFE.into_iter().chain(options.iter().copied()).collect()
}

/// What is said of a server that is refused, whether it was only looked at or meant to be used.
async fn refused(settings: RedisSettings) -> String {
    let probed = RedisStore::probe(settings.clone()).await.expect_err("it was found good");
    let opened = RedisStore::open(settings).await.err().expect("it was opened");
    assert_eq!(probed.to_string(), opened.to_string());
    opened.to_string()
}

fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not said: {said}");
    }
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let redis = Redis::start();
    assert!(!RedisStore::probe(settings(&redis.url())).await.unwrap());
    assert_eq!(redis.ask(&["DBSIZE"]).await, redis::Value::Int(0));
    RedisStore::open(settings(&redis.url())).await.unwrap();
    assert!(RedisStore::probe(settings(&redis.url())).await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_what_to_see_to() {
    let mut redis = Redis::start();
    redis.kill();
    says(&refused(settings(&redis.url())).await, &["does not answer", "at the address of store.url"]);
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_one() {
    let redis = Redis::start_with(&and(&["--requirepass", "right"]));
    let advice = ["Check the user and the password"];
    says(&refused(settings(&redis.url())).await, &advice);
    let wrong = format!("redis://:wrong@127.0.0.1:{}", redis.port);
    let said = refused(settings(&wrong)).await;
    says(&said, &advice);
    assert!(!said.contains("wrong@"), "a password is said: {said}");
    let right = format!("redis://:right@127.0.0.1:{}", redis.port);
    RedisStore::open(settings(&right)).await.unwrap();
}

#[tokio::test]
async fn a_replica_is_not_written_to() {
    let primary = Redis::start();
    let replica = Redis::replica_of(primary.port);
    says(&refused(settings(&replica.url())).await, &["is a replica", "Name the primary"]);
}

#[tokio::test]
async fn a_server_of_an_old_version_is_refused() {
    let redis = Redis::start();
    let old = Proxy::to(redis.port);
    let version = asked_version(&redis).await;
    old.rewrite(version, "6.0.16");
    says(&refused(settings(&old.url())).await, &["is Redis 6.0.16", "needs 6.2", "newer server"]);
    let waits = RedisSettings { durability: Durability::WaitAof, ..settings(&redis.url()) };
    if version < "7.2" {
        says(&refused(waits).await, &["waitaof", "needs 7.2"]);
    }
}

/// The version, which is as long as `6.0.16` on every Debian there is.
async fn asked_version(redis: &Redis) -> &'static str {
    let info: String = redis::from_redis_value(redis.ask(&["INFO", "server"]).await).unwrap();
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap();
    Box::leak(version.to_owned().into_boxed_str())
}

#[tokio::test]
async fn a_node_of_a_cluster_is_asked_as_one() {
    let node = Redis::start_with(&and(&["--cluster-enabled", "yes"]));
    says(&refused(settings(&node.url())).await, &["a node of a Redis Cluster", "redis+cluster://"]);
    let alone = Redis::start();
    let address = format!("redis+cluster://127.0.0.1:{}", alone.port);
    RedisStore::open(settings(&address)).await.err().expect("it was opened");
}

#[tokio::test]
async fn a_server_that_may_lose_what_was_acknowledged_needs_a_word() {
    let evicting = ["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"];
    let cases: [(Vec<&str>, &[&str]); 3] = [
        (and(&evicting), &["may throw keys away", "noeviction"]),
        (vec!["--appendonly", "no"], &["keeps no append-only file", "appendonly yes"]),
        (vec!["--appendonly", "yes", "--appendfsync", "everysec"], &["everysec", "appendfsync always"]),
    ];
    for (options, said) in cases {
        let redis = Redis::start_with(&options);
        says(&refused(settings(&redis.url())).await, said);
        RedisStore::open(RedisSettings { accept_unsafe: true, ..settings(&redis.url()) }).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_of_another_shape_is_left_alone() {
    let redis = Redis::start();
    let keys = redis.ask(&["KEYS", "*"]).await;
    assert_eq!(keys, redis::Value::Array(Vec::new()));
    RedisStore::open(settings(&redis.url())).await.unwrap();
    let names: Vec<String> = redis::from_redis_value(redis.ask(&["KEYS", "*"]).await).unwrap();
    let [meta] = names.as_slice() else { panic!("an empty store has other keys: {names:?}") };
    redis.ask(&["HSET", meta, "shards", "128"]).await;
    says(&refused(settings(&redis.url())).await, &["made with 128 shards", "store.redis.prefix"]);
    redis.ask(&["HSET", meta, "shards", "64", "format", "99"]).await;
    says(&refused(settings(&redis.url())).await, &["has format 99", "Run the release that wrote it"]);
}
