//! What a decision costs on a typical visit and on a full one, and how many bytes their states take. `cargo bench -p vestibule-domain`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_macros,
    reason = "a benchmark prints, and may fail like a test"
)]

#[path = "../tests/rules/common/mod.rs"]
#[allow(dead_code, reason = "the tests use more of the stories than the benchmark")]
mod common;

use common::at;
use common::facts::{fact, of, patient, provider};
use common::story::{Story, patient_launch, provider_launch};
use divan::{Bencher, black_box};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::decide;
use vestibule_domain::fact::FactKind::{Ended, Joined, Left, Started};
use vestibule_domain::id::{CommandId, Csn};
use vestibule_domain::visit::MOST_PARTICIPANTS;

const VISITS: [&str; 3] = ["waiting", "typical", "full"];
const INSTANCES: i64 = 10;

fn main() {
    for name in VISITS {
        let bytes = serde_json::to_vec(&story(name).visit).unwrap().len();
        println!("a {name} visit takes {bytes} bytes as JSON");
    }
    divan::main();
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

fn entry(command: Command) -> Entry {
    Entry { id: CommandId::new("bench").unwrap(), at: at(20_000), command }
}

fn measure(bencher: Bencher<'_, '_>, name: &str, command: Command) {
    let (story, entry) = (story(name), entry(command));
    bencher.bench(|| decide(black_box(&story.visit), black_box(&entry), story.now, &story.policy));
}

/// A fact that changes the visit: somebody's second device joins.
#[divan::bench(args = VISITS)]
fn a_new_fact(bencher: Bencher<'_, '_>, name: &str) {
    let uuid = if name == "full" { "U9" } else { "U1" };
    measure(bencher, name, Command::Fact(of(&patient("ada", "g9"), Joined, uuid, 9_900)));
}

/// A retry of Zoom's, which changes nothing.
#[divan::bench(args = VISITS)]
fn a_fact_again(bencher: Bencher<'_, '_>, name: &str) {
    let uuid = if name == "full" { "U0" } else { "U1" };
    measure(bencher, name, Command::Fact(fact(Started, uuid, 10)));
}

/// The owner's look at the deadlines.
#[divan::bench(args = VISITS)]
fn a_tick(bencher: Bencher<'_, '_>, name: &str) {
    measure(bencher, name, Command::Tick);
}

/// What a commit adds to a decision: the state as it is stored.
#[divan::bench(args = VISITS)]
fn write_the_state(bencher: Bencher<'_, '_>, name: &str) {
    let story = story(name);
    bencher.bench(|| serde_json::to_vec(black_box(&story.visit)));
}
