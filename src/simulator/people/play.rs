//! A busy morning: many visits at once, played by people with habits, and at the end the truth beside Epic's lights.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use super::super::chance::Chance;
use super::super::clock::{Millis, millis};
use super::super::day::{Appointment, VISITS_PER_PROVIDER, busy_day};
use super::super::zoom::{JoinRefused, PersonTruth, Presence, UserStatus};
use super::browser::{Browser, BrowserError, Landing, connections};
use super::ledger::World;
use super::{patient, provider};

/// The longest that Zoom takes to notice a dead client.
const ZOOM_NOTICES_WITHIN: Duration = Duration::from_secs(90);

/// How likely people are to do what makes a morning busy (0 to 1).
#[derive(Clone, Debug)]
pub struct Habits {
    pub late: f64,
    pub polls: f64,
    pub drops_out: f64,
    pub crashes: f64,
    /// The phone dies on the waiting page, whose connection stays.
    pub dies_waiting: f64,
    pub phones_in: f64,
    pub second_device: f64,
    /// Joins by the web client, which tells less.
    pub web: f64,
    pub sends_back: f64,
    pub ends_for_all: f64,
    pub host_drops_out: f64,
    pub no_show: f64,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            late: 0.3,
            polls: 0.3,
            drops_out: 0.25,
            crashes: 0.2,
            dies_waiting: 0.1,
            phones_in: 0.15,
            second_device: 0.15,
            web: 0.3,
            sends_back: 0.15,
            ends_for_all: 0.7,
            host_drops_out: 0.15,
            no_show: 0.05,
        }
    }
}

#[derive(Clone, Debug)]
pub struct MorningConfig {
    pub visits: usize,
    /// How much faster than life people act.
    pub speed: f64,
    pub habits: Habits,
    /// How long, by real time, lights may take to be right once everybody has gone.
    pub settle: Duration,
    pub mail_domain: String,
}

impl Default for MorningConfig {
    fn default() -> Self {
        Self {
            visits: 12,
            speed: 20.0,
            habits: Habits::default(),
            settle: Duration::from_secs(60),
            mail_domain: "lakeside.example".to_owned(),
        }
    }
}

/// What came of a morning.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MorningSummary {
    pub visits: usize,
    /// Patients who got into their meeting.
    pub joined: usize,
    /// Launches that ended elsewhere than they should, by what was answered.
    pub launches_failed: BTreeMap<String, usize>,
    /// Links that Zoom did not take.
    pub links_refused: BTreeMap<String, usize>,
    /// People of this morning whose light is not what is true.
    pub wrong_lights: Vec<PersonTruth>,
    pub people: usize,
    pub settled_after_millis: Millis,
}

impl MorningSummary {
    pub fn right(&self) -> bool {
        self.wrong_lights.is_empty() && self.launches_failed.is_empty() && self.links_refused.is_empty()
    }

    pub fn sentence(&self) -> String {
        let failed: usize = self.launches_failed.values().chain(self.links_refused.values()).sum();
        format!(
            "{} visits played, {} patients joined, {failed} launches or links failed, {} of {} lights are wrong.",
            self.visits,
            self.joined,
            self.wrong_lights.len(),
            self.people,
        )
    }
}

/// One visit as its people see it.
#[derive(Clone)]
pub(super) struct Visit {
    pub world: World,
    pub appointment: Appointment,
    http: awc::Client,
    speed: f64,
    over: Rc<Cell<bool>>,
}

impl Visit {
    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.world.public_url)
    }

    pub fn scaled(&self, real: Duration) -> Duration {
        Duration::try_from_secs_f64(real.as_secs_f64() / self.speed).unwrap_or(real)
    }

    /// People take their time.
    pub async fn beat(&self, real: Duration) {
        tokio::time::sleep(self.scaled(real)).await;
    }

    /// Looks until `done`, at most `patience` of the morning's time, or until the visit is over.
    pub async fn until(&self, patience: Duration, done: impl Fn() -> bool) {
        let most = self.scaled(patience).max(Duration::from_secs(5));
        // The time-out is the patience that ends.
        let _ = tokio::time::timeout(most, async {
            while !done() && !self.over() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }

    pub fn over(&self) -> bool {
        self.over.get()
    }

    /// The provider has gone for good: who waits gives up.
    pub fn close(&self) {
        self.over.set(true);
    }
}

/// What is counted while people act.
#[derive(Clone, Default)]
pub(super) struct Tally(Rc<RefCell<MorningSummary>>);

impl Tally {
    pub fn joined(&self) {
        self.0.borrow_mut().joined += 1;
    }

    pub fn launch_failed(&self, who: &str, landing: &Result<Landing, BrowserError>) {
        let what = match landing {
            Ok(Landing::Page { status, .. }) => format!("{who}: {status}"),
            Ok(Landing::Zoom(_)) => format!("{who}: sent to Zoom at once"),
            Err(why) => format!("{who}: {why}"),
        };
        *self.0.borrow_mut().launches_failed.entry(what).or_default() += 1;
    }

    pub fn zoom_refused(&self, why: JoinRefused) {
        *self.0.borrow_mut().links_refused.entry(why.to_string()).or_default() += 1;
    }
}

/// Plays a morning to its end. Runs on the caller's thread, which must be one of actix'.
pub async fn play(world: &World, config: &MorningConfig) -> MorningSummary {
    let tally = Tally::default();
    let Some(day) = book(world, config) else {
        tally
            .0
            .borrow_mut()
            .launches_failed
            .insert("Epic's day is full: start the fakes afresh".to_owned(), config.visits);
        return tally.0.borrow().clone();
    };
    let http = connections();
    let mut chance = Chance::new(world.seed ^ 0x4D4F_524E);
    let mut running = Vec::new();
    for team in day.chunks(VISITS_PER_PROVIDER) {
        let visits: Vec<(Visit, provider::Plan, Option<patient::Plan>)> = team
            .iter()
            .map(|appointment| {
                let visit = Visit {
                    world: world.clone(),
                    appointment: appointment.clone(),
                    http: http.clone(),
                    speed: config.speed.max(0.01),
                    over: Rc::default(),
                };
                let comes = !chance.hit(config.habits.no_show);
                let patient = comes.then(|| patient::Plan::draw(&mut chance, &config.habits));
                (visit, provider::Plan::draw(&mut chance, &config.habits), patient)
            })
            .collect();
        let tally = tally.clone();
        // A provider sees one after another; each patient comes around their own time.
        running.push(actix_web::rt::spawn(async move {
            for (visit, provider, patient) in visits {
                let patient = patient
                    .map(|plan| actix_web::rt::spawn(patient::attend(visit.clone(), plan, tally.clone())));
                provider::see(visit, provider, tally.clone()).await;
                if let Some(patient) = patient {
                    // A patient's task that died would show as a seat that stays: the truth tells.
                    let _ = patient.await;
                }
            }
        }));
    }
    for team in running {
        let _ = team.await;
    }
    everybody_gone(world, &day).await;
    let settled_after_millis = settle(world, &day, config.settle).await;
    let mut summary = tally.0.borrow().clone();
    let people = people_of(world, &day);
    summary.visits = day.len();
    summary.people = people.len();
    summary.wrong_lights = people.into_iter().filter(|person| !person.right()).collect();
    summary.settled_after_millis = settled_after_millis;
    summary
}

/// Puts the morning's visits into Epic, and their providers into Zoom; none where Epic's day is full.
fn book(world: &World, config: &MorningConfig) -> Option<Vec<Appointment>> {
    let booked = world.epic.day().len();
    // A team begins at a multiple, so that no two mornings share a provider.
    let first = booked.div_ceil(VISITS_PER_PROVIDER) * VISITS_PER_PROVIDER;
    let day = busy_day(first, config.visits, &config.mail_domain);
    if !world.epic.add_appointments(day.clone()) {
        return None;
    }
    for provider in day.iter().step_by(VISITS_PER_PROVIDER).filter_map(|visit| visit.providers.first()) {
        world.zoom.add_user(
            &provider.email,
            &provider.first_name,
            &provider.last_name,
            2,
            UserStatus::Active,
        );
    }
    Some(day)
}

fn people_of(world: &World, day: &[Appointment]) -> Vec<PersonTruth> {
    let csns: std::collections::BTreeSet<&str> = day.iter().map(|visit| visit.csn.as_str()).collect();
    world.final_truth().into_iter().filter(|person| csns.contains(person.csn.as_str())).collect()
}

/// A device that died sits in Zoom until Zoom notices, 90 seconds at most by the fakes' clock.
async fn everybody_gone(world: &World, day: &[Appointment]) {
    let most = world.clock.scaled(ZOOM_NOTICES_WITHIN) + Duration::from_secs(1);
    // Who is still there after that is a fault of the person model, and the summary shows it.
    let _ = tokio::time::timeout(most, async {
        while people_of(world, day).iter().any(|person| person.presence != Presence::Gone) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

/// Waits until every light is right and nothing is on its way, at most `most`; gives how long it took.
async fn settle(world: &World, day: &[Appointment], most: Duration) -> Millis {
    let begun = world.clock.now();
    // Running out of time is no error here: the summary names the lights that are wrong.
    let _ = tokio::time::timeout(most, async {
        while world.zoom.deliveries_pending() > 0
            || people_of(world, day).iter().any(|person| !person.right())
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    (world.clock.now() - begun).min(millis(most))
}
