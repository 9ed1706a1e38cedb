//! The long run: seed after seed until one fails, or one seed with its trace.
//!
//! `cargo run --profile simulation -p vestibule-simulation -- [--seeds N] [--from SEED] [--keep-going] | --seed SEED [--logs FILTER]`

use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing_subscriber::EnvFilter;
use vestibule_simulation::run::{Outcome, run};

const USAGE: &str =
    "vestibule-simulation [--seeds N] [--from SEED] [--keep-going] | --seed SEED [--logs FILTER]";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seeds, mut from, mut one, mut keep_going) = (u64::MAX, 0_u64, None, false);
    while let Some(name) = arguments.next() {
        if name == "--keep-going" {
            keep_going = true;
            continue;
        }
        let Some(value) = arguments.next() else { return wrong(&name) };
        let number = value.parse::<u64>();
        match (name.as_str(), number) {
            ("--seeds", Ok(number)) => seeds = number,
            ("--from", Ok(number)) => from = number,
            ("--seed", Ok(number)) => one = Some(number),
            ("--logs", _) => log(&value),
            _ => return wrong(&name),
        }
    }
    match one {
        Some(seed) => {
            let outcome = run(seed, true);
            println!("{outcome}");
            if outcome.failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        None => many(from, seeds, keep_going),
    }
}

fn wrong(name: &str) -> ExitCode {
    eprintln!("{name}: unknown, or without a value; use: {USAGE}");
    ExitCode::from(64)
}

/// What the nodes log goes between the lines of the trace.
fn log(filter: &str) {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).without_time().with_ansi(false).init();
}

/// Seeds are played by as many threads as there are cores; each run has one to itself.
fn many(from: u64, seeds: u64, keep_going: bool) -> ExitCode {
    let next = AtomicU64::new(from);
    let all = Mutex::new(All::default());
    let play = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let failed = lock(&all).failed > 0;
            if seed >= from.saturating_add(seeds) || (failed && !keep_going) {
                return;
            }
            let outcome = run(seed, false);
            lock(&all).played(&outcome, keep_going);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(play);
        }
    });
    let all = lock(&all);
    for (what, times) in &all.counts {
        println!("{times:>10}  {what}");
    }
    println!("{} seeds from {from}, {} failed", all.done, all.failed);
    if all.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What came of all runs.
#[derive(Default)]
struct All {
    counts: BTreeMap<&'static str, u64>,
    done: u64,
    failed: u64,
}

impl All {
    fn played(&mut self, outcome: &Outcome, briefly: bool) {
        self.done += 1;
        for (what, times) in &outcome.counts {
            *self.counts.entry(what).or_default() += times;
        }
        if let Some((violation, _)) = &outcome.failure {
            self.failed += 1;
            match briefly {
                true => println!(
                    "seed {} at {:?}: {} {}",
                    outcome.seed, violation.at, violation.breach.invariant, violation.breach.what
                ),
                false => println!("{outcome}"),
            }
        }
        if self.done.is_multiple_of(500) {
            println!("{} seeds, {} failed", self.done, self.failed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
