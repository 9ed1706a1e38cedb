//! A morning's load on a hospital, and the verdict once it is over.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use actix_web::rt::{spawn, task::JoinHandle};
use vestibule::simulator::people::{MorningConfig, MorningSummary, play};
use vestibule_domain::time::Moment;

use super::driver::{Driver, never_sent};
use super::kept::Kept;
use super::regulars::{Accepted, Regulars};
use super::site::Site;
use super::{truth, until};

/// Zoom's waits pass so much faster than life: its first retry comes after a second.
pub const RETRIES_SOON: f64 = 300.0;
const SETTLES_DOWN_WITHIN: Duration = Duration::from_secs(60);
const LOAD_COMES_WITHIN: Duration = Duration::from_secs(20);
const DRAINS_WITHIN: Duration = Duration::from_secs(15);

/// A number from the environment.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

/// Of this run; said, so that it can be repeated.
pub fn seed() -> u64 {
    let fresh = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
    let seed = number("VESTIBULE_CRASH_SEED", fresh);
    eprintln!("repeat with VESTIBULE_CRASH_SEED={seed}");
    seed
}

/// People who never give up, a busy morning, and events of made-up guests.
pub struct Load {
    regulars: Regulars,
    accepted: Rc<RefCell<Vec<Accepted>>>,
    morning: JoinHandle<MorningSummary>,
    pub driver: Driver,
    driving: Vec<JoinHandle<()>>,
    began: Instant,
}

impl Load {
    pub fn begin(site: &Site, seed: u64) -> Self {
        let regulars = Regulars::come(site.fakes.world(), seed);
        let accepted = regulars.accepted();
        let world = site.fakes.world().clone();
        let morning =
            MorningConfig { visits: 6, speed: 200.0, settle: Duration::ZERO, ..MorningConfig::default() };
        let morning = spawn(async move { play(&world, &morning).await });
        let driver = Driver::new(site.fakes.zoom());
        let driving = driver.start();
        Self { regulars, accepted, morning, driver, driving, began: Instant::now() }
    }

    /// Everybody comes to their end, and it is looked at: nothing is lost, the lights are right, each visit has one meeting.
    pub async fn end(self, site: &mut Site) {
        self.end_as(site, true).await;
    }

    /// The same where the store went back: what nobody holds in memory besides it is gone. Those are tickets of pages and outcomes of launches,
    /// and whoever misses them launches again; and records of updates that Epic had acknowledged, while the light is right all the same.
    pub async fn end_after_a_loss(self, site: &mut Site) {
        self.end_as(site, false).await;
    }

    async fn end_as(self, site: &mut Site, nothing_is_gone: bool) {
        let settled = timeout(SETTLES_DOWN_WITHIN, self.regulars.settle_down()).await;
        settled.expect("everybody gets in once the service stays");
        self.driver.stop(self.driving).await;
        let morning = timeout(SETTLES_DOWN_WITHIN, self.morning).await.expect("the morning ends").unwrap();
        truth::until_at_rest(site).await;
        truth::assert_agreement(site).await;
        assert!(truth::people_inside(&site.fakes) >= 4, "some stay to the end");
        let launches = self.accepted.take();
        let kept = assert_no_event_is_lost(site, &self.driver).await;
        if nothing_is_gone {
            assert_no_launch_is_lost(&kept, &launches).await;
        }
        kept.assert_every_light_stands();
        let updates = if nothing_is_gone { kept.assert_every_update_is_on_record().await } else { 0 };
        let facts = kept.facts(&self.driver.acknowledged());
        eprintln!(
            "{:.0} s: {} launches accepted, {} of {} posted events answered 200; {facts:?}; {updates} updates on record; {}",
            self.began.elapsed().as_secs_f32(),
            launches.len(),
            self.driver.acknowledged().len(),
            self.driver.posted(),
            morning.sentence(),
        );
    }
}

/// However slow the machine, nobody is killed before there is something to lose: waits for so many more events to be answered 200.
pub async fn under_load(driver: &Driver, more: usize) {
    let enough = driver.acknowledged().len() + more;
    let look = async || (driver.acknowledged().len() >= enough).then_some(());
    until("events to be answered 200", LOAD_COMES_WITHIN, look).await;
}

/// What the fake Zoom was answered 200 for, whether at the first try or later.
fn answered_200(site: &Site) -> Vec<String> {
    assert_eq!(site.fakes.zoom().deliveries_forgotten(), 0);
    let all = site.fakes.zoom().deliveries().into_iter();
    let done = all.filter(|one| one.attempts.iter().any(|attempt| attempt.status == 200));
    done.map(|one| one.body).collect()
}

/// Ends the last processes and looks into the store: every event that was answered 200 is there.
pub async fn assert_no_event_is_lost(site: &mut Site, driver: &Driver) -> Kept {
    let live = site.fakes.zoom().meetings().into_iter().find_map(|m| Some((m.id, m.uuid?)));
    let (meeting, uuid) = live.expect("a meeting that runs");
    site.end_all(DRAINS_WITHIN).await;
    let kept = Kept::open(&site.settings()).await;
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
    assert!(facts.reflected >= driver.acknowledged().len(), "{facts:?}");
    kept
}

pub async fn assert_no_launch_is_lost(kept: &Kept, launches: &[Accepted]) {
    let lost = kept.lost_launches(launches).await;
    assert!(lost.is_empty(), "{} launches were accepted and lost: {lost:#?}", lost.len());
    assert!(launches.iter().any(|launch| launch.ticket.is_some()), "nobody came to the waiting page");
    let never = Accepted { sent: Moment(i64::MAX), answered: Moment(i64::MAX), ..launches[0].clone() };
    let other = Accepted { ticket: Some("never given".to_owned()), ..launches[0].clone() };
    assert_eq!(kept.lost_launches(&[never, other]).await.len(), 2, "the check finds what is missing");
}
