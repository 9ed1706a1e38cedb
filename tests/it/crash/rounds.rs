//! kill -9 at random moments under load.

use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::simulator::chance::Chance;

use crate::hospital::driver::Driver;
use crate::hospital::load::{
    Load, RETRIES_SOON, assert_no_event_is_lost, assert_no_launch_is_lost, number, seed, under_load,
};
use crate::hospital::regulars::Regulars;
use crate::hospital::service::Service;
use crate::hospital::site::Site;
use crate::hospital::truth;

/// Zoom's first retry would come after five minutes, when the test has long ended.
const NO_RETRIES: f64 = 1.0;
/// Before a kill at least so many events were answered 200 since the last one.
const EVENTS_OF_A_ROUND: usize = 30;

/// Kills and starts the process. Mostly it is killed at a random moment under load, one time in four while it starts.
async fn kill_again_and_again(service: &mut Service, driver: &Driver, rounds: u64, chance: &mut Chance) {
    under_load(driver, EVENTS_OF_A_ROUND).await;
    for _ in 0..rounds {
        if chance.hit(0.25) {
            sleep(Duration::from_millis(chance.between(10, 400))).await;
        } else {
            service.ready().await;
            under_load(driver, EVENTS_OF_A_ROUND).await;
            sleep(Duration::from_millis(chance.between(0, 1_500))).await;
        }
        service.kill();
        // Zoom, Epic and people meet a closed door for a moment.
        sleep(Duration::from_millis(chance.between(0, 150))).await;
        service.spawn();
    }
    service.ready().await;
}

// I3, I8, I9, I12
#[actix_web::test]
async fn nothing_is_lost_when_the_process_is_killed_under_load() {
    let seed = seed();
    let mut site = Site::open(seed, 6, RETRIES_SOON).await;
    site.start_all().await;
    let load = Load::begin(&site, seed);
    let rounds = number("VESTIBULE_CRASH_ROUNDS", 6);
    kill_again_and_again(&mut site.services[0], &load.driver, rounds, &mut Chance::new(seed)).await;
    eprintln!("{rounds} kills");
    load.end(&mut site).await;
    site.fakes.stop().await;
}

// I3: nobody sends anything again, so that what was answered 200 is there by itself.
#[actix_web::test]
async fn what_was_answered_is_kept_without_anybody_sending_it_again() {
    let seed = seed();
    let mut site = Site::open(seed, 4, NO_RETRIES).await;
    site.start_all().await;
    let regulars = Regulars::come(site.fakes.world(), seed);
    let driver = Driver::new(site.fakes.zoom());
    let driving = driver.start();
    kill_again_and_again(&mut site.services[0], &driver, 4, &mut Chance::new(seed)).await;
    let launches = regulars.accepted();
    regulars.freeze().await;
    driver.stop(driving).await;
    truth::until_at_rest(&site).await;
    let kept = assert_no_event_is_lost(&mut site, &driver).await;
    assert_no_launch_is_lost(&kept, &launches.take()).await;
    kept.assert_every_update_is_on_record().await;
    site.fakes.stop().await;
}
