//! How long people wait at a node that owns their visit, and at one that does not.
//!
//! Timed are the way back from Epic (the launch itself, with the fake Epic's token in it), the click that leads to Zoom, and a look at the visit.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use vestibule::simulator::people::World;
use vestibule::simulator::{Appointment, LaunchKind};
use vestibule::store::redis::Durability;
use vestibule_domain::shard::Shard;

use super::common::Noise;
use super::nodes::{name, settled};
use super::people::{Person, hospital};
use super::server::Server;
use super::visits::key;

const VISITS: usize = 32;
const ROUNDS: usize = 12;
/// People who come at once.
const AT_ONCE: [usize; 2] = [1, 8];
const GOAL: f64 = 2.0;

/// What was timed, whether the node owned the visit, and milliseconds.
type Times = BTreeMap<(&'static str, bool), Vec<f64>>;

pub async fn measure(noise: &mut Noise) {
    let redis = Server::start(Durability::EverySecond).unwrap();
    let store = redis.store().await.unwrap();
    let mut site = hospital(&redis, 2, VISITS, 1.0).await;
    site.start_all().await;
    let owners = settled(&store, &[0, 1]).await;
    let world = site.fakes.world().clone();
    let day = world.epic.day();
    for visit in &day {
        begin(&world, visit).await;
    }
    let doors: Vec<String> = site.services.iter().map(|service| service.url().to_owned()).collect();
    let is_local = |visit: &Appointment, node: usize| {
        let visit = key(visit.csn.parse().unwrap()).unwrap();
        owners[&Shard::of_visit(&visit)] == name(node)
    };
    for at_once in AT_ONCE {
        let mut times = Times::new();
        // One round does not count: connections, caches.
        for round in 0..=ROUNDS {
            noise.sample();
            for (node, door) in doors.iter().enumerate() {
                for some in day.chunks(at_once) {
                    let people = some.iter().map(|visit| {
                        let (world, visit, door) = (world.clone(), visit.clone(), door.clone());
                        spawn(async move { come(&world, &visit, &door).await })
                    });
                    let people: Vec<_> = people.collect();
                    for (person, visit) in people.into_iter().zip(some) {
                        let [launch, join, look] = person.await.unwrap();
                        for (what, time) in [("launch", launch), ("join", join), ("GET visit", look)] {
                            if round > 0 {
                                let all = times.entry((what, is_local(visit, node))).or_default();
                                all.push(time.as_secs_f64() * 1e3);
                            }
                        }
                    }
                }
            }
        }
        print(&times, at_once);
    }
    site.end_all(Duration::from_secs(20)).await;
    site.fakes.stop().await;
}

/// The provider sits in the meeting and the patient has a link, so that whoever comes later is led in at once.
async fn begin(world: &World, visit: &Appointment) {
    let mut provider = Person::new(world, visit, LaunchKind::Provider);
    let landing = provider.launch().await;
    let link = provider.go_on(landing).await;
    provider.sit_down(&link);
    let mut patient = Person::new(world, visit, LaunchKind::Patient);
    let landing = patient.launch().await;
    patient.go_on(landing).await;
}

/// A patient comes by one node alone: how long the launch, the click and a look took.
async fn come(world: &World, visit: &Appointment, door: &str) -> [Duration; 3] {
    let public = world.service_url.as_str();
    let mut person = Client::new();
    let url = world.epic.launch_url(LaunchKind::Patient, &visit.patient.external_id, &visit.csn).unwrap();
    let authorize = person.get(&url.replace(public, door), 302).await.0;
    let callback = person.get(&authorize, 302).await.0;
    let (page, launch) = person.get(&callback.replace(public, door), 303).await;
    let ticket = page.rsplit('/').next().unwrap().to_owned();
    let join = person.press(&format!("{door}/visit/{ticket}/join"), public).await;
    let look = person.get(&format!("{door}/api/v1/visits/lakeside/{}", visit.csn), 200).await.1;
    [launch, join, look]
}

/// A browser that goes nowhere by itself.
struct Client {
    http: awc::Client,
    cookie: String,
}

thread_local! {
    static HTTP: awc::Client = awc::Client::builder().disable_redirects().timeout(Duration::from_secs(20)).finish();
}

impl Client {
    fn new() -> Self {
        Self { http: HTTP.with(Clone::clone), cookie: String::new() }
    }

    async fn get(&mut self, url: &str, expected: u16) -> (String, Duration) {
        let request = self.http.get(url).insert_header(("cookie", self.cookie.as_str()));
        self.send(request, expected).await
    }

    async fn press(&mut self, url: &str, origin: &str) -> Duration {
        let request = self.http.post(url).insert_header(("cookie", self.cookie.as_str()));
        self.send(request.insert_header(("origin", origin)), 303).await.1
    }

    /// Where it leads, and how long the answer took.
    async fn send(&mut self, request: awc::ClientRequest, expected: u16) -> (String, Duration) {
        let began = Instant::now();
        let mut answer = request.send().await.unwrap();
        let body = answer.body().await.unwrap();
        let took = began.elapsed();
        assert_eq!(answer.status().as_u16(), expected, "{}", String::from_utf8_lossy(&body));
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (location.unwrap_or_default(), took)
    }
}

fn print(times: &Times, at_once: usize) {
    println!(
        "two nodes on one Redis, {at_once} at once, ms; the goal is a remote p99 of at most {GOAL} times the local"
    );
    println!(
        "  {:12} {:>7} {:>8} {:>8} {:>8}   {:>7} {:>8} {:>8} {:>8}   {:>6} {:>6}",
        "", "local", "p50", "p99", "max", "remote", "p50", "p99", "max", "p50", "p99"
    );
    for what in ["launch", "join", "GET visit"] {
        let (local, remote) = (Spread::of(&times[&(what, true)]), Spread::of(&times[&(what, false)]));
        println!(
            "  {what:12} {:>7} {:>8.2} {:>8.2} {:>8.2}   {:>7} {:>8.2} {:>8.2} {:>8.2}   {:>6.2} {:>6.2}",
            local.count,
            local.p50,
            local.p99,
            local.max,
            remote.count,
            remote.p50,
            remote.p99,
            remote.max,
            remote.p50 / local.p50,
            remote.p99 / local.p99
        );
    }
    println!();
}

struct Spread {
    count: usize,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Spread {
    fn of(times: &[f64]) -> Self {
        let mut times = times.to_vec();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        Self { count: times.len(), p50: at(50), p99: at(99), max: at(100) }
    }
}
