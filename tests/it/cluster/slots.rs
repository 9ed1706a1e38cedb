//! A Redis Cluster of three primaries.

use std::time::Duration;

use actix_web::rt::time::sleep;

use crate::hospital::load::{Load, RETRIES_SOON, seed, under_load};
use crate::hospital::site::Site;
use crate::redis::Redis;

// I1, I2, I3, I9, I12
#[actix_web::test]
async fn nothing_is_lost_on_a_redis_cluster_whose_primaries_die() {
    let seed = seed();
    let mut primaries = Redis::cluster().await;
    let hosts: Vec<String> = primaries.iter().map(|one| format!("127.0.0.1:{}", one.port)).collect();
    let store = format!("url = \"redis+cluster://{}\"\ndurability = \"everysec\"", hosts.join(","));
    let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &[store.clone(), store]).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    for primary in &mut primaries {
        under_load(&load.driver, 30).await;
        primary.kill();
        sleep(Duration::from_millis(700)).await;
        primary.restart();
    }
    under_load(&load.driver, 30).await;
    site.services[0].kill();
    site.services[0].start().await;
    under_load(&load.driver, 30).await;
    load.end(&mut site).await;
    site.fakes.stop().await;
}
