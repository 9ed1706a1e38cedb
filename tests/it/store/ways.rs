//! How a store's steps get to its server.

use futures_util::future::join_all;
use vestibule::store::redis::{Address, RedisSettings, RedisStore};
use vestibule_actors::port::store::{Appended, NewEntry, Store};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use crate::redis::Redis;

/// A server that syncs every write syncs once for what it has read of all connections, and reads no more than 16 KB of each. On one connection
/// a sync would be shared by a handful of commits.
#[tokio::test]
async fn steps_of_many_callers_share_several_connections() {
    let redis = Redis::start();
    let settings = RedisSettings::new(Address::parse(&redis.url()).unwrap());
    let store = RedisStore::open(settings).await.unwrap();
    let appends = (0..64).map(async |number| {
        let visit = VisitKey::from_text(&format!("lakeside/csn/{number}")).unwrap();
        let entry = NewEntry { visit: visit.clone(), payload: b"event".to_vec() };
        store.append(Shard::of_visit(&visit), vec![entry]).await.unwrap()
    });
    let appended = join_all(appends).await;
    assert!(appended.iter().all(|done| matches!(done, Appended::Done(_))), "{appended:?}");
    let clients: String = redis::from_redis_value(redis.ask(&["CLIENT", "LIST"]).await).unwrap();
    let used = clients.lines().filter(|client| client.contains(" cmd=evalsha ")).count();
    assert!((2..=16).contains(&used), "{used} connections brought them:\n{clients}");
}
