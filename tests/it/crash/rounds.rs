//! kill -9 at random moments under load.

use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use actix_web::rt::time::{sleep, timeout};
use vestibule::simulator::chance::Chance;
use vestibule::simulator::people::{MorningConfig, play};
use vestibule_domain::time::Moment;

use super::driver::{Driver, never_sent};
use super::kept::{Facts, Kept};
use super::regulars::{Accepted, Regulars};
use super::service::Service;
use super::site::Site;
use super::{truth, until};

/// Zoom's waits pass so much faster than life: its first retry comes after a second.
const RETRIES_SOON: f64 = 300.0;
/// Zoom's first retry would come after five minutes, when the test has long ended.
const NO_RETRIES: f64 = 1.0;
const SETTLES_DOWN_WITHIN: Duration = Duration::from_secs(20);
/// Before a kill at least so many events were answered 200 since the last one.
const EVENTS_OF_A_ROUND: usize = 30;
const LOAD_COMES_WITHIN: Duration = Duration::from_secs(20);
const DRAINS_WITHIN: Duration = Duration::from_secs(15);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

fn seed() -> u64 {
    let fresh = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
    let seed = number("VESTIBULE_CRASH_SEED", fresh);
    eprintln!("repeat with VESTIBULE_CRASH_SEED={seed}");
    seed
}

/// Kills and starts the process. Mostly it is killed at a random moment under load, one time in four while it starts.
async fn kill_again_and_again(service: &mut Service, driver: &Driver, rounds: u64, chance: &mut Chance) {
    // However slow the machine, nobody is killed before there is something to lose.
    let under_load = async |more: usize| {
        let enough = driver.acknowledged().len() + more;
        let look = async || (driver.acknowledged().len() >= enough).then_some(());
        until("events to be answered 200", LOAD_COMES_WITHIN, look).await;
    };
    under_load(EVENTS_OF_A_ROUND).await;
    for _ in 0..rounds {
        if chance.hit(0.25) {
            sleep(Duration::from_millis(chance.between(10, 400))).await;
        } else {
            service.ready().await;
            under_load(EVENTS_OF_A_ROUND).await;
            sleep(Duration::from_millis(chance.between(0, 1_500))).await;
        }
        service.kill();
        // Zoom, Epic and people meet a closed door for a moment.
        sleep(Duration::from_millis(chance.between(0, 150))).await;
        service.spawn();
    }
    service.ready().await;
}

/// What the fake Zoom was answered 200 for, whether at the first try or later.
fn answered_200(site: &Site) -> Vec<String> {
    assert_eq!(site.fakes.zoom().deliveries_forgotten(), 0);
    let all = site.fakes.zoom().deliveries().into_iter();
    let done = all.filter(|one| one.attempts.iter().any(|attempt| attempt.status == 200));
    done.map(|one| one.body).collect()
}

/// Ends the last process and looks into the store: whatever was answered 200 is there.
async fn assert_nothing_is_lost(site: &mut Site, driver: &Driver, launches: &[Accepted]) -> (Facts, usize) {
    let live = site.fakes.zoom().meetings().into_iter().find_map(|m| Some((m.id, m.uuid?)));
    let (meeting, uuid) = live.expect("a meeting that runs");
    site.service.terminate();
    let ended = site.service.ended(DRAINS_WITHIN).await;
    assert!(ended.success(), "{ended}");
    let kept = Kept::open(&site.store_folder(), &site.settings()).await;
    kept.assert_settled().await;
    assert!(!kept.has(&never_sent(site.fakes.zoom(), meeting, &uuid)), "the check finds what is missing");
    let mut bodies = answered_200(site);
    bodies.extend(driver.acknowledged().iter().cloned());
    let facts = kept.facts(&bodies);
    assert!(
        facts.lost.is_empty(),
        "{} facts were answered 200 and lost: {:#?}",
        facts.lost.len(),
        facts.lost
    );
    let lost = kept.lost_launches(launches).await;
    assert!(lost.is_empty(), "{} launches were accepted and lost: {lost:#?}", lost.len());
    assert!(launches.iter().any(|launch| launch.ticket.is_some()), "nobody came to the waiting page");
    let never = Accepted { sent: Moment(i64::MAX), answered: Moment(i64::MAX), ..launches[0].clone() };
    let other = Accepted { ticket: Some("never given".to_owned()), ..launches[0].clone() };
    assert_eq!(kept.lost_launches(&[never, other]).await.len(), 2, "the check finds what is missing");
    (facts, kept.assert_every_update_is_on_record().await)
}

// I3, I8, I9, I12
#[actix_web::test]
async fn nothing_is_lost_when_the_process_is_killed_under_load() {
    let seed = seed();
    let began = Instant::now();
    let mut site = Site::open(seed, 6, RETRIES_SOON).await;
    site.service.start().await;
    let regulars = Regulars::come(site.fakes.world(), seed);
    let accepted = regulars.accepted();
    let world = site.fakes.world().clone();
    let morning =
        MorningConfig { visits: 6, speed: 200.0, settle: Duration::ZERO, ..MorningConfig::default() };
    let morning = spawn(async move { play(&world, &morning).await });
    let driver = Driver::new(site.fakes.zoom());
    let driving = driver.start();

    let rounds = number("VESTIBULE_CRASH_ROUNDS", 6);
    kill_again_and_again(&mut site.service, &driver, rounds, &mut Chance::new(seed)).await;

    let settled = timeout(SETTLES_DOWN_WITHIN, regulars.settle_down()).await;
    settled.expect("everybody gets in once the service stays");
    driver.stop(driving).await;
    let morning = timeout(SETTLES_DOWN_WITHIN, morning).await.expect("the morning ends").unwrap();
    truth::until_at_rest(&site).await;
    truth::assert_agreement(&site).await;
    assert!(truth::people_inside(&site.fakes) >= 4, "some stay to the end");
    truth::assert_one_meeting_for_each_visit(&site).await;
    let launches = accepted.take();
    let (facts, updates) = assert_nothing_is_lost(&mut site, &driver, &launches).await;
    assert!(facts.reflected >= driver.acknowledged().len(), "{facts:?}");
    eprintln!(
        "{rounds} kills, {:.0} s: {} launches accepted, {} of {} posted events answered 200; {facts:?}; {updates} updates on record; {}",
        began.elapsed().as_secs_f32(),
        launches.len(),
        driver.acknowledged().len(),
        driver.posted(),
        morning.sentence(),
    );
    site.fakes.stop().await;
}

// I3: nobody sends anything again, so that what was answered 200 is there by itself.
#[actix_web::test]
async fn what_was_answered_is_kept_without_anybody_sending_it_again() {
    let seed = seed();
    let mut site = Site::open(seed, 4, NO_RETRIES).await;
    site.service.start().await;
    let regulars = Regulars::come(site.fakes.world(), seed);
    let driver = Driver::new(site.fakes.zoom());
    let driving = driver.start();
    kill_again_and_again(&mut site.service, &driver, 4, &mut Chance::new(seed)).await;
    let launches = regulars.accepted();
    regulars.freeze().await;
    driver.stop(driving).await;
    truth::until_at_rest(&site).await;
    let (facts, _) = assert_nothing_is_lost(&mut site, &driver, &launches.take()).await;
    assert!(facts.reflected >= driver.acknowledged().len(), "{facts:?}");
    site.fakes.stop().await;
}
