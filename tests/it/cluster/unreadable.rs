//! A store that answers something that nobody wrote.

use std::time::Duration;

use super::{counted, on};
use crate::hospital::load::{Load, RETRIES_SOON, seed, under_load};
use crate::hospital::service::Service;
use crate::hospital::site::Site;
use crate::hospital::until;
use crate::redis::Redis;

#[actix_web::test]
async fn a_shard_of_garbage_stops_and_says_so_and_the_nodes_live() {
    let redis = Redis::start_syncing_later();
    let seed = seed();
    let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &[on(&redis.url()), on(&redis.url())]).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    under_load(&load.driver, 30).await;
    let visit = visit_in_progress(&site).await;
    let keys = redis.ask(&["KEYS", &format!("*:visit:*{visit}*")]).await;
    let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
    // What is in memory goes with the processes, and would be written over it.
    site.services.iter_mut().for_each(Service::kill);
    redis.ask(&["HSET", &keys[0], "state", "garbage"]).await;
    site.start_all().await;
    until("the shard to stop", Duration::from_secs(30), async || {
        (counted(&site, "vestibule_shards_stopped_total").await > 0).then_some(())
    })
    .await;
    // The others go on.
    under_load(&load.driver, 60).await;
    for service in &mut site.services {
        service.ready().await;
        assert!(
            service.log().contains("cannot read") || !service.log().contains("ERROR"),
            "{}",
            service.log()
        );
    }
    site.fakes.stop().await;
}

/// The CSN of a visit that events come for.
async fn visit_in_progress(site: &Site) -> String {
    until("a visit to be in progress", Duration::from_secs(30), async || {
        let url = format!("http://{}/api/v1/visits?phase=in_progress&limit=1", site.address);
        let mut answer = awc::Client::default().get(url).send().await.ok()?;
        let page: serde_json::Value = answer.json().await.ok()?;
        Some(page["visits"][0]["csn"].as_str()?.to_owned())
    })
    .await
}
