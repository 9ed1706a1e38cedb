//! A busy morning: many visits at once, played by people with habits, and at the end the truth beside Epic's lights.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::super::chance::Chance;
use super::super::clock::{Millis, millis};
use super::super::day::{Appointment, LaunchKind, VISITS_PER_PROVIDER, busy_day};
use super::super::zoom::{PersonTruth, Presence, UserStatus};
use super::browser::{Browser, BrowserError, Landing, connections};
use super::ledger::World;
use super::tally::{MorningSummary, Tally};
use super::{patient, provider};

/// After how long somebody presses the button again who was told to, by real time.
const COMES_AGAIN_AFTER: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);
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
    /// The last visit of a provider goes on when the morning is over.
    pub overruns: f64,
    /// The provider does not come to the last visit, whose patient waits on when the morning is over.
    pub provider_no_show: f64,
    /// Has no Zoom user yet, so that the service makes one.
    pub without_user: f64,
    /// Has an address that is another Zoom account's, so that a default host stands in, where the settings have any.
    pub foreign: f64,
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
            overruns: 0.0,
            provider_no_show: 0.0,
            without_user: 0.0,
            foreign: 0.0,
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
    /// How many providers have their clinic at once; the others begin when one has ended.
    pub providers_at_once: usize,
    /// How long somebody at least waits for a link, and presses the button again, by real time: what the service does after a lost answer
    /// takes its time however fast people live.
    pub least_patience: Duration,
    /// Over how long, in the morning's time, clinics begin.
    pub begins_within: Duration,
}

impl Default for MorningConfig {
    fn default() -> Self {
        Self {
            visits: 12,
            speed: 20.0,
            habits: Habits::default(),
            settle: Duration::from_secs(60),
            mail_domain: "lakeside.example".to_owned(),
            providers_at_once: Semaphore::MAX_PERMITS,
            least_patience: Duration::from_secs(20),
            begins_within: Duration::ZERO,
        }
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
    pub least_patience: Duration,
    /// It goes on when the morning is over: nobody leaves for good.
    pub overruns: bool,
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

    /// Presses the button in Epic or MyChart, and again where that is asked for, or nothing answers.
    pub async fn launch(
        &self,
        browser: &mut Browser,
        kind: LaunchKind,
        who: &str,
        tally: &Tally,
    ) -> Option<Result<Landing, BrowserError>> {
        let begun = tokio::time::Instant::now();
        loop {
            let url = self.world.epic.launch_url(kind, who, &self.appointment.csn).ok()?;
            let landing = browser.open(&url).await;
            // A page that does not load is loaded again as well.
            let comes_again = landing.as_ref().map_or(true, Landing::asks_to_come_again);
            if !comes_again || self.over() || begun.elapsed() > self.least_patience {
                return Some(landing);
            }
            tally.told_to_come_again();
            tokio::time::sleep(COMES_AGAIN_AFTER).await;
        }
    }

    pub fn over(&self) -> bool {
        self.over.get()
    }

    /// The provider has gone for good: who waits gives up.
    pub fn close(&self) {
        self.over.set(true);
    }
}

/// Plays a morning to its end. Runs on the caller's thread, which must be one of actix'. Who still sits in a meeting or on a waiting page
/// then stays there for as long as that thread runs.
pub async fn play(world: &World, config: &MorningConfig) -> MorningSummary {
    let tally = Tally::default();
    let mut chance = Chance::new(world.seed ^ 0x4D4F_524E);
    let Some(day) = book(world, config, &mut chance) else {
        tally.day_is_full(config.visits);
        return tally.summary();
    };
    let http = connections();
    let rooms = Rc::new(Semaphore::new(config.providers_at_once.max(1)));
    let mut running = Vec::new();
    let mut overrunning = BTreeSet::new();
    for team in day.chunks(VISITS_PER_PROVIDER) {
        let team = Team::draw(team, world, &http, config, &mut chance);
        overrunning.extend(team.overrunning().map(str::to_owned));
        let (tally, rooms) = (tally.clone(), Rc::clone(&rooms));
        running.push(actix_web::rt::spawn(async move {
            // The semaphore is never closed.
            let _room = rooms.acquire().await;
            team.work(tally).await;
        }));
    }
    for team in running {
        let _ = team.await;
    }
    let people = || people_of(world, &day);
    let over = |person: &PersonTruth| !overrunning.contains(&person.csn);
    everybody_gone(world, || people().into_iter().filter(over)).await;
    let settled_after_millis = settle(world, &people, config.settle).await;
    let mut summary = tally.summary();
    let people = people();
    summary.visits = day.len();
    summary.people = people.len();
    summary.wrong_lights = people.into_iter().filter(|person| !person.right()).collect();
    summary.settled_after_millis = settled_after_millis;
    summary
}

/// A provider and their patients, with what each will do.
struct Team {
    begins_after: Duration,
    visits: Vec<(Visit, Option<provider::Plan>, Option<patient::Plan>)>,
}

impl Team {
    fn draw(
        team: &[Appointment],
        world: &World,
        http: &awc::Client,
        config: &MorningConfig,
        chance: &mut Chance,
    ) -> Self {
        let habits = &config.habits;
        let last = team.len().saturating_sub(1);
        let visit = |(number, appointment): (usize, &Appointment)| {
            let comes = !chance.hit(habits.no_show);
            let patient = comes.then(|| patient::Plan::draw(chance, habits));
            let provider = provider::Plan::draw(chance, habits);
            let (overruns, absent) = (chance.hit(habits.overruns), chance.hit(habits.provider_no_show));
            let absent = absent && number == last;
            let visit = Visit {
                world: world.clone(),
                appointment: appointment.clone(),
                http: http.clone(),
                speed: config.speed.max(0.01),
                over: Rc::default(),
                least_patience: config.least_patience,
                overruns: (overruns || absent) && number == last,
            };
            (visit, (!absent).then_some(provider), patient)
        };
        let visits = team.iter().enumerate().map(visit).collect();
        let begins_after = Duration::from_secs(chance.between(0, config.begins_within.as_secs()));
        Self { begins_after, visits }
    }

    fn overrunning(&self) -> impl Iterator<Item = &str> {
        self.visits
            .iter()
            .filter(|(visit, ..)| visit.overruns)
            .map(|(visit, ..)| visit.appointment.csn.as_str())
    }

    /// A provider sees one after another; each patient comes around their own time.
    async fn work(self, tally: Tally) {
        if let Some((visit, ..)) = self.visits.first() {
            visit.beat(self.begins_after).await;
        }
        for (visit, provider, patient) in self.visits {
            let Some(provider) = provider else {
                if let Some(plan) = patient {
                    patient::wait_on(visit, plan, tally.clone()).await;
                }
                continue;
            };
            let patient =
                patient.map(|plan| actix_web::rt::spawn(patient::attend(visit.clone(), plan, tally.clone())));
            provider::see(visit, provider, tally.clone()).await;
            if let Some(patient) = patient {
                // A patient's task that died would show as a seat that stays: the truth tells.
                let _ = patient.await;
            }
        }
    }
}

/// Puts the morning's visits into Epic, and their providers into Zoom; none where Epic's day is full.
fn book(world: &World, config: &MorningConfig, chance: &mut Chance) -> Option<Vec<Appointment>> {
    let booked = world.epic.day().len();
    // A team begins at a multiple, so that no two mornings share a provider.
    let first = booked.div_ceil(VISITS_PER_PROVIDER) * VISITS_PER_PROVIDER;
    let day = busy_day(first, config.visits, &config.mail_domain);
    if !world.epic.add_appointments(day.clone()) {
        return None;
    }
    for provider in day.iter().step_by(VISITS_PER_PROVIDER).filter_map(|visit| visit.providers.first()) {
        let (without, foreign) = (chance.hit(config.habits.without_user), chance.hit(config.habits.foreign));
        if foreign {
            let address = provider.email.clone();
            world.zoom.change_settings(|account| account.foreign_addresses.push(address));
        }
        if without || foreign {
            continue;
        }
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
    let csns: BTreeSet<&str> = day.iter().map(|visit| visit.csn.as_str()).collect();
    world.final_truth().into_iter().filter(|person| csns.contains(person.csn.as_str())).collect()
}

/// A device that died sits in Zoom until Zoom notices, 90 seconds at most by the fakes' clock.
async fn everybody_gone<P: Iterator<Item = PersonTruth>>(world: &World, people: impl Fn() -> P) {
    let most = world.clock.scaled(ZOOM_NOTICES_WITHIN) + Duration::from_secs(1);
    // Who is still there after that is a fault of the person model, and the summary shows it.
    let _ = tokio::time::timeout(most, async {
        while people().any(|person| person.presence != Presence::Gone) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
    .await;
}

/// Waits until every light is right and nothing is on its way, at most `most`; gives how long it took.
async fn settle(world: &World, people: impl Fn() -> Vec<PersonTruth>, most: Duration) -> Millis {
    let begun = world.clock.now();
    // Running out of time is no error here: the summary names the lights that are wrong.
    let _ = tokio::time::timeout(most, async {
        while world.zoom.deliveries_pending() > 0 || people().iter().any(|person| !person.right()) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
    .await;
    (world.clock.now() - begun).min(millis(most))
}
