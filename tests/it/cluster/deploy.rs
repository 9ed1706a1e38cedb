//! A rolling deploy under load: nobody is turned away, and no visit is without an owner for long.

use std::time::Duration;

use super::on;
use crate::hospital::load::{Load, RETRIES_SOON, seed, under_load};
use crate::hospital::site::Site;
use crate::redis::Redis;

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
    for node in 0..3 {
        under_load(&load.driver, 30).await;
        site.services[node].terminate();
        let ended = site.services[node].ended(DRAINS_WITHIN).await;
        assert!(ended.success(), "{ended}");
        site.services[node].start().await;
    }
    // One more joins the others while they work, and one leaves for good and comes back.
    under_load(&load.driver, 30).await;
    assert_eq!(load.driver.refused(), Vec::<String>::new(), "an event was turned away");
    load.end(&mut site).await;
    site.fakes.stop().await;
}
