//! Sentinels that let a replica take over.

use std::time::Duration;

use super::counted;
use crate::hospital::load::{Load, RETRIES_SOON, seed, under_load};
use crate::hospital::site::Site;
use crate::hospital::until;
use crate::proxy::Proxy;
use crate::redis::{Redis, SERVICE};

const STARTS_WITHIN: Duration = Duration::from_secs(30);

struct Watched {
    primary: Redis,
    /// The way from the primary to each replica.
    ways: Vec<Proxy>,
    _replicas: Vec<Redis>,
    sentinels: Vec<Redis>,
}

impl Watched {
    async fn start(replicas: usize) -> Self {
        let primary = Redis::start_syncing_later();
        let ways: Vec<Proxy> = (0..replicas).map(|_| Proxy::to(primary.port)).collect();
        let replicas: Vec<Redis> = ways.iter().map(|way| Redis::replica_of(way.port)).collect();
        for replica in &replicas {
            let follows = async || says(replica, "replication", "master_link_status:up").await;
            until("the replicas to follow", STARTS_WITHIN, follows).await;
        }
        let sentinels: Vec<Redis> = (0..3).map(|_| Redis::sentinel_of(&primary)).collect();
        for sentinel in &sentinels {
            let all = format!("slaves={},sentinels=3", replicas.len());
            until("the Sentinels to know all", STARTS_WITHIN, async || {
                says(sentinel, "sentinel", &all).await
            })
            .await;
        }
        Self { primary, ways, _replicas: replicas, sentinels }
    }

    fn store(&self, durability: &str) -> String {
        let sentinels: Vec<String> =
            self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port)).collect();
        let url = format!("redis+sentinel://{}/{SERVICE}", sentinels.join(","));
        format!("url = \"{url}\"\ndurability = \"{durability}\"")
    }
}

/// Whether a server says a word of itself.
async fn says(server: &Redis, section: &str, word: &str) -> Option<()> {
    let answer = server.try_ask(&["INFO", section]).await.ok()?;
    let info: String = redis::from_redis_value(answer).unwrap();
    info.contains(word).then_some(())
}

// I1, I3, I9, I12: with a replica that has every write before it is answered, a failover loses nothing.
#[actix_web::test]
async fn nothing_is_lost_when_a_replica_takes_over() {
    let seed = seed();
    let mut watched = Watched::start(2).await;
    let mut site =
        Site::of_nodes(seed, 6, RETRIES_SOON, &[watched.store("replica"), watched.store("replica")]).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    under_load(&load.driver, 60).await;
    watched.primary.kill();
    under_load(&load.driver, 60).await;
    // What was the primary comes back and has to follow.
    watched.primary.restart();
    under_load(&load.driver, 60).await;
    until("the old primary to follow", STARTS_WITHIN, async || {
        says(&watched.primary, "replication", "role:slave").await
    })
    .await;
    load.end(&mut site).await;
    site.fakes.stop().await;
}

// I9, I12: a replica that had not received the last writes takes over; the owners give it back what they hold, and it is counted.
#[actix_web::test]
async fn what_a_failover_lost_is_given_back() {
    let seed = seed();
    let mut watched = Watched::start(1).await;
    let store = watched.store("everysec");
    let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &[store.clone(), store]).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    under_load(&load.driver, 60).await;
    // The replica hears no more, until it is the only one left.
    watched.ways[0].cut();
    under_load(&load.driver, 60).await;
    watched.primary.kill();
    under_load(&load.driver, 60).await;
    until("the owners to see that the store went back", STARTS_WITHIN, async || {
        (counted(&site, "vestibule_visits_restored_total").await > 0).then_some(())
    })
    .await;
    load.end_after_a_loss(&mut site).await;
    site.fakes.stop().await;
}
