//! Thousands of visits of several hospitals, played by people with habits in bad weather against the real service on the embedded store, and
//! at the end everything that the service says beside what is true:
//! `cargo run --profile simulation --example long -- --visits 10000 --seed 7`.
//!
//! People, settings and weather follow from the seed; what meets what in time does not, since everything runs by real time. Exits with 1
//! where anything is wrong.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a run looks at the clock and prints what it finds"
)]

mod hospital;
mod service;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use vestibule::simulator::people::{MorningSummary, Wrong, verdict};
use vestibule::simulator::zoom::Presence;

use hospital::Hospital;
use service::Service;

/// Once everybody has come to their end, what is on its way may take so long: a retry of Zoom, and pages that were closed.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_secs(2);
const TELL_EVERY: Duration = Duration::from_secs(20);

#[derive(Parser)]
struct Arguments {
    /// Of all hospitals together.
    #[arg(long, default_value_t = 300)]
    visits: usize,
    /// None: a fresh one, which is printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How much faster than life people act. Zoom tells whole seconds, so that much more blurs what is told apart by them.
    #[arg(long, default_value_t = 20.0)]
    speed: f64,
    /// How many providers have their clinic at once. The most that Zoom's limits for these accounts leave room for, at this speed.
    #[arg(long, default_value_t = 700)]
    providers_at_once: usize,
    /// Prints the service's log, such as "warn" or "info,vestibule=debug".
    #[arg(long)]
    log: Option<String>,
}

#[actix_web::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let fresh = u64::try_from(jiff::Timestamp::now().as_millisecond())? % 1_000_000;
    let seed = arguments.seed.unwrap_or(fresh);
    let again = format!(
        "cargo run --profile simulation --example long -- --visits {} --seed {seed} --speed {} --providers-at-once {}",
        arguments.visits, arguments.speed, arguments.providers_at_once
    );
    println!("seed {seed}; again: {again}");
    let began = Instant::now();
    let listen = service::free_address()?;
    let hospitals = Hospital::open_all(listen, seed, arguments.speed).await?;
    let service = Service::start(listen, &hospitals, arguments.log.as_deref()).await?;
    let (visits, speed) = (arguments.visits, arguments.speed);
    let mornings = hospitals.iter().map(|hospital| async move {
        let summary = hospital.morning(visits, speed, arguments.providers_at_once).await;
        let (seconds, name) = (began.elapsed().as_secs(), hospital.name);
        println!(
            "{seconds:>4} s  {name}: {} visits played, {} patients joined",
            summary.visits, summary.joined
        );
        summary
    });
    let telling = actix_web::rt::spawn(tell(service.url().to_owned(), began));
    let summaries = futures_util::future::join_all(mornings).await;
    telling.abort();
    let played = began.elapsed();
    let wrong = settle(&hospitals, &service).await?;
    let right = report(&hospitals, &summaries, &wrong);
    println!("at the end: {}", presences(&hospitals));
    println!("played in {} s, settled after {} s", played.as_secs(), (began.elapsed() - played).as_secs());
    service.stop().await?;
    if !right {
        println!("again: {again}");
    }
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says from time to time how far the service is.
async fn tell(url: String, began: Instant) {
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        if let Ok(told) = service::committed(&url).await {
            println!("{:>4} s  {told}", began.elapsed().as_secs());
        }
    }
}

/// Looks until nothing is wrong or the time is over, and gives what is wrong then in each hospital.
async fn settle(hospitals: &[Hospital], service: &Service) -> anyhow::Result<Vec<Vec<Wrong>>> {
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let mut all = Vec::new();
        let mut on_their_way = 0;
        for hospital in hospitals {
            on_their_way += hospital.world().zoom.deliveries_pending();
            let told = service::visits(service.url(), hospital.name).await?;
            all.push(verdict(hospital.world(), &told));
        }
        let settled = on_their_way == 0 && all.iter().flatten().all(|wrong| wrong.untold);
        if settled || Instant::now() >= deadline {
            if on_their_way > 0 {
                println!("{on_their_way} events are on their way still");
            }
            return Ok(all);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// How many people are where.
fn presences(hospitals: &[Hospital]) -> String {
    let people: Vec<_> = hospitals.iter().flat_map(|hospital| hospital.world().final_truth()).collect();
    let number = |presence| people.iter().filter(|person| person.presence == presence).count();
    format!(
        "{} in a meeting, {} in a waiting room, {} on a waiting page, {} gone",
        number(Presence::InMeeting),
        number(Presence::InWaitingRoom),
        number(Presence::WaitingForHost),
        number(Presence::Gone)
    )
}

/// Prints what is wrong and the sums; false where anything is wrong.
fn report(hospitals: &[Hospital], summaries: &[MorningSummary], wrong: &[Vec<Wrong>]) -> bool {
    let mut failed = 0;
    for ((hospital, summary), wrong) in hospitals.iter().zip(summaries).zip(wrong) {
        for wrong in wrong {
            let word = if wrong.untold { "cannot be known" } else { "WRONG" };
            println!("{word}: {}: {wrong}", hospital.name);
        }
        for (what, times) in summary.launches_failed.iter().chain(&summary.links_refused) {
            println!("WRONG: {}: {what}, {times} times", hospital.name);
            failed += times;
        }
    }
    let sum = |of: fn(&MorningSummary) -> usize| summaries.iter().map(of).sum::<usize>();
    let untold = wrong.iter().flatten().filter(|wrong| wrong.untold).count();
    let wrong = wrong.iter().map(Vec::len).sum::<usize>() - untold;
    println!(
        "{} visits, {} people, {} patients joined, {} launches repeated: {wrong} wrong, \
         {failed} launches or links failed, {untold} cannot be known",
        sum(|one| one.visits),
        sum(|one| one.people),
        sum(|one| one.joined),
        sum(|one| one.told_to_come_again),
    );
    wrong == 0 && failed == 0
}
