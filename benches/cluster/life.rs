//! What a visit's whole life asks of Redis: commands, bytes over the network, bytes of its file.
//!
//! A node asks something of Redis also when nothing happens. That is measured for as long just before, and told by itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::StreamExt;
use vestibule::simulator::people::World;
use vestibule::simulator::zoom::SeatAct;
use vestibule::simulator::{Appointment, LaunchKind};
use vestibule::store::redis::Durability;

use super::hospital::until;
use super::people::{Person, hospital};
use super::server::Server;

const VISITS: usize = 60;
/// Visits that go on at once.
const AT_ONCE: usize = 6;
const IDLE: Duration = Duration::from_secs(10);
const SETTLES: Duration = Duration::from_secs(3);
const WITHIN: Duration = Duration::from_secs(60);

pub async fn measure() {
    let redis = Server::start(Durability::EverySecond).unwrap();
    let mut site = hospital(&redis, 1, VISITS, 1.0).await;
    site.start_all().await;
    let world = site.fakes.world().clone();
    let day = world.epic.day();
    sleep(SETTLES).await;
    let before = Used::of(&redis).await;
    sleep(IDLE).await;
    let idle = Used::of(&redis).await.since(&before).each(IDLE.as_secs_f64());

    let (began, before) = (Instant::now(), Used::of(&redis).await);
    let visits = day.iter().map(|visit| live(&world, visit));
    futures_util::stream::iter(visits).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    until("Zoom's events to be delivered", WITHIN, async || {
        (world.zoom.deliveries_pending() == 0).then_some(())
    })
    .await;
    sleep(SETTLES).await;
    let (took, after) = (began.elapsed().as_secs_f64(), Used::of(&redis).await);
    let events = world.zoom.deliveries().len() as f64 / VISITS as f64;
    let wrong = site.fakes.final_truth().iter().filter(|person| !person.right()).count();
    assert_eq!(wrong, 0, "lights are wrong at the end");
    after.since(&before).less(&idle.clone().times(took)).each(VISITS as f64).print(&format!(
        "of a visit's life (patient launches, provider launches, both join, both leave, the end; {events:.1} events of Zoom), {VISITS} visits in {took:.0} s, without what an idle node asks"
    ));
    idle.print("of a second of an idle node with all shards");
    site.end_all(Duration::from_secs(20)).await;
    site.fakes.stop().await;
}

async fn live(world: &World, visit: &Appointment) {
    let mut patient = Person::new(world, visit, LaunchKind::Patient);
    let mut provider = Person::new(world, visit, LaunchKind::Provider);
    let waits = patient.launch().await;
    let landing = provider.launch().await;
    let link = provider.go_on(landing).await;
    let host = provider.sit_down(&link);
    let link = patient.go_on(waits).await;
    let guest = patient.sit_down(&link);
    world.zoom.act(&guest, &SeatAct::Leave).unwrap();
    world.zoom.act(&host, &SeatAct::EndForAll).unwrap();
}

/// What a server has done so far, or in a time.
#[derive(Clone)]
struct Used {
    commands: BTreeMap<String, f64>,
    bytes: [f64; 3],
}

impl Used {
    async fn of(redis: &Server) -> Self {
        let info = redis.info().await.unwrap();
        let calls = info.iter().filter_map(|(name, value)| {
            let calls = value.strip_prefix("calls=")?.split(',').next()?;
            Some((name.strip_prefix("cmdstat_")?.to_owned(), calls.parse().unwrap()))
        });
        let number = |name: &str| info[name].parse().unwrap();
        Self {
            commands: calls.collect(),
            bytes: ["total_net_input_bytes", "total_net_output_bytes", "aof_current_size"].map(number),
        }
    }

    fn with(self, other: &Self, by: impl Fn(f64, f64) -> f64) -> Self {
        let of_other = |name: &String| other.commands.get(name).copied().unwrap_or(0.0);
        let commands =
            self.commands.into_iter().map(|(name, calls)| (name.clone(), by(calls, of_other(&name))));
        let mut theirs = other.bytes.into_iter();
        Self {
            commands: commands.collect(),
            bytes: self.bytes.map(|own| by(own, theirs.next().unwrap_or(0.0))),
        }
    }

    fn since(self, before: &Self) -> Self {
        self.with(before, |after, before| after - before)
    }

    fn less(self, other: &Self) -> Self {
        self.since(other)
    }

    fn times(self, factor: f64) -> Self {
        let same = self.clone();
        self.with(&same, |own, _| own * factor)
    }

    fn each(self, of: f64) -> Self {
        self.times(1.0 / of)
    }

    fn print(&self, what: &str) {
        let [received, sent, file] = self.bytes;
        println!("{what}:");
        let calls: f64 = self.commands.values().sum();
        let mut commands: Vec<_> = self.commands.iter().filter(|(_, calls)| **calls >= 0.05).collect();
        commands.sort_by(|a, b| b.1.total_cmp(a.1));
        let told = commands.iter().map(|(name, calls)| format!("{name} {calls:.1}"));
        println!(
            "  {calls:.0} commands, those that scripts call among them: {}",
            told.collect::<Vec<_>>().join(", ")
        );
        println!("  {received:.0} bytes received, {sent:.0} sent, {file:.0} of its file\n");
    }
}
