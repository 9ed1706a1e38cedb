//! What a decision costs on a waiting, a typical and a full visit, beside what must be done with every state anyhow: copying it, and writing
//! it as JSON, as a commit does. `cargo bench -p vestibule-domain`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock, prints, and may fail like a test"
)]

#[path = "../../../benches/common/mod.rs"]
mod bench;
#[path = "../tests/rules/common/mod.rs"]
#[allow(dead_code, reason = "the tests use more of the stories than the benchmark")]
mod common;

use bench::{Noise, Table};
use common::at;
use common::facts::{fact, of, patient, provider};
use common::story::{Story, patient_launch, provider_launch};
use std::hint::black_box;
use std::time::{Duration, Instant};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::decide;
use vestibule_domain::fact::FactKind::{Ended, Joined, Left, Started};
use vestibule_domain::id::{CommandId, Csn};
use vestibule_domain::visit::MOST_PARTICIPANTS;

const VISITS: [&str; 3] = ["waiting", "typical", "full"];
const INSTANCES: i64 = 10;

const PASSES: usize = 15;
/// Each pass of a row goes on for so long.
const PASS: Duration = Duration::from_millis(15);

fn main() {
    let mut noise = Noise::listen();
    for name in VISITS {
        measure(name, &mut noise);
    }
    noise.print();
}

fn measure(name: &str, noise: &mut Noise) {
    let story = story(name);
    let visit = &story.visit;
    let bytes = serde_json::to_vec(visit).unwrap().len();
    let (newest, again) = if name == "full" { ("U9", "U0") } else { ("U1", "U1") };
    let entry = |command| Entry { id: CommandId::new("bench").unwrap(), at: at(20_000), command };
    // Somebody's second device joins; a retry of Zoom's, which changes nothing; the owner's look at the deadlines.
    let new = entry(Command::Fact(of(&patient("ada", "g9"), Joined, newest, 9_900)));
    let known = entry(Command::Fact(fact(Started, again, 10)));
    let tick = entry(Command::Tick);
    let decided =
        |entry: &Entry| each(|| decide(black_box(visit), black_box(entry), story.now, &story.policy));
    let mut table = Table::new(format!("a {name} visit of {bytes} bytes as JSON"), "us");
    for _ in 0..PASSES {
        noise.sample();
        table.add("the state copied", each(|| black_box(visit).clone()));
        table.add("the state written as JSON", each(|| serde_json::to_vec(black_box(visit))));
        table.add("decided on a new fact", decided(&new));
        table.add("decided on a fact again", decided(&known));
        table.add("decided on a tick", decided(&tick));
    }
    table.print();
}

/// Microseconds that it takes, over one pass. Dropping what it made is part of it.
fn each<T>(mut work: impl FnMut() -> T) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    while began.elapsed() < PASS {
        for _ in 0..8 {
            black_box(work());
        }
        times += 8;
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}

fn story(name: &str) -> Story {
    match name {
        "waiting" => Story::ready(),
        "typical" => typical(),
        _ => full(),
    }
}

/// A patient and a provider who met, of whom one came back once.
fn typical() -> Story {
    let mut story = Story::ready();
    story.facts([
        fact(Started, "U1", 10),
        of(&provider("dr", "p1"), Joined, "U1", 10),
        of(&patient("ada", "g1"), Joined, "U1", 12),
        of(&patient("ada", "g1"), Left, "U1", 40),
        of(&patient("ada", "g2"), Joined, "U1", 60),
    ]);
    story
}

/// As many people as a group visit takes, all of them in each of ten instances.
fn full() -> Story {
    let mut story = Story::group();
    story.launch(provider_launch("dr"));
    let names: Vec<String> = (1..MOST_PARTICIPANTS).map(|n| format!("patient-{n}")).collect();
    for name in &names {
        story.launch(Launch { csn: Csn::new(name).ok(), ..patient_launch(name) });
    }
    story.zoom_answers();
    for instance in 0..INSTANCES {
        let (uuid, begin) = (format!("U{instance}"), 10 + instance * 1000);
        story.fact(fact(Started, &uuid, begin));
        for name in &names {
            let keys = patient(name, &format!("364B3A17-05C0-6B63-F4FA-{name}-{instance}"));
            story.facts([of(&keys, Joined, &uuid, begin + 1), of(&keys, Left, &uuid, begin + 500)]);
        }
        if instance + 1 < INSTANCES {
            story.fact(fact(Ended, &uuid, begin + 600));
        }
    }
    story
}
