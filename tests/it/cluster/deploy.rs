//! A rolling deploy under load: nobody is turned away, and no visit is without an owner for long.

use std::time::Duration;

use vestibule_actors::codec;

use super::on;
use crate::hospital::load::{Load, RETRIES_SOON, seed, under_load};
use crate::hospital::site::Site;
use crate::hospital::until;
use crate::redis::Redis;

const WRITTEN_WITHIN: Duration = Duration::from_secs(20);
const DRAINS_WITHIN: Duration = Duration::from_secs(15);

// I3
#[actix_web::test]
async fn a_rolling_deploy_turns_no_event_away() {
    let seed = seed();
    let redis = Redis::start_syncing_later();
    let stores = vec![on(&redis.url()); 3];
    let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &stores).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    roll(&mut site, &load).await;
    assert_eq!(load.driver.refused(), Vec::<String>::new(), "an event was turned away");
    load.end(&mut site).await;
    site.fakes.stop().await;
}

// I1, I3, I9: a deploy of a release that writes another format, its being told to write it, and its rollback.
#[actix_web::test]
async fn formats_change_and_change_back_under_load() {
    let seed = seed();
    let redis = Redis::start_syncing_later();
    let stores = vec![on(&redis.url()); 3];
    let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &stores).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    under_load(&load.driver, 30).await;
    assert!(
        formats(&redis).await.iter().all(|first| *first == b'{'),
        "the release before could not read all"
    );
    let steps = [
        ("write_format = \"newest\"\n", 2),
        ("write_format = \"newest\"\nseal_visits = true\n", codec::SEALED),
        ("seal_visits = false\n", b'{'),
    ];
    let mut before = "";
    for (now, wanted) in steps {
        let keys = format!("sealing_keys = [\"{}\"]\n", "k".repeat(40));
        site.change_settings(|text| {
            let text = text.replacen(&format!("[store]\n{before}"), "[store]\n", 1).replacen(&keys, "", 1);
            text.replacen("[store]\n", &format!("[store]\n{now}{keys}"), 1)
        });
        before = now;
        roll(&mut site, &load).await;
        until("states to be in the other format", WRITTEN_WITHIN, async || {
            formats(&redis).await.contains(&wanted).then_some(())
        })
        .await;
    }
    load.end(&mut site).await;
    site.fakes.stop().await;
}

/// Every node is told to end and is followed by another, one after the other.
async fn roll(site: &mut Site, load: &Load) {
    for service in &mut site.services {
        under_load(&load.driver, 30).await;
        service.terminate();
        let ended = service.ended(DRAINS_WITHIN).await;
        assert!(ended.success(), "{ended}");
        service.start().await;
    }
    under_load(&load.driver, 30).await;
}

/// The first byte of every state.
async fn formats(redis: &Redis) -> Vec<u8> {
    let visits: Vec<String> = redis::from_redis_value(redis.ask(&["KEYS", "*:visit:*"]).await).unwrap();
    let mut first = Vec::new();
    for visit in visits {
        let state: Option<Vec<u8>> =
            redis::from_redis_value(redis.ask(&["HGET", &visit, "state"]).await).unwrap();
        first.extend(state.and_then(|state| state.first().copied()));
    }
    first
}
