//! The long run: seed after seed until one fails, or one seed with its trace.
//!
//! `cargo run --release -p vestibule-simulation -- [--seeds N] [--from SEED] [--seed SEED] [--logs FILTER]`

use std::collections::BTreeMap;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use vestibule_simulation::run::run;

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

fn many(from: u64, seeds: u64, keep_going: bool) -> ExitCode {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut done, mut failed) = (0_u64, 0_u64);
    for seed in from..from.saturating_add(seeds) {
        let outcome = run(seed, false);
        done += 1;
        for (what, times) in &outcome.counts {
            *counts.entry(what).or_default() += times;
        }
        if let Some((violation, _)) = &outcome.failure {
            failed += 1;
            if !keep_going {
                println!("{outcome}");
                return ExitCode::FAILURE;
            }
            println!(
                "seed {seed} at {:?}: {} {}",
                violation.at, violation.breach.invariant, violation.breach.what
            );
        }
        if done.is_multiple_of(500) {
            println!("{done} seeds, {failed} failed");
        }
    }
    for (what, times) in counts {
        println!("{times:>10}  {what}");
    }
    println!("{done} seeds from {from}, {failed} failed");
    if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
