//! The rules of folding and the known anomalies of Zoom's events, each by its number, each in every order and with every fact doubled.
//!
//! Those about meetings and calls are in [`super::meetings`], [`super::calls`] and [`super::readings`]. No rule of a visit, and tried at
//! the edges instead: 35 to 41 (tokens, signatures, bodies, an answer only after the store has it, a slow Epic), 43 (app removed), 45 (url
//! validation), 47 (past participants) and R9; of 17 and 46 the reading of ids and the coding of paths. The whole service is tried with all of
//! them over HTTP beside the program.

mod folding;
mod people;
mod rooms;

use crate::common::facts::{anonymous, bound_to, by_user_only, fact, of, patient, phone, provider, unnamed};
use crate::common::story::{Story, ada, dr, provider_launch};
use crate::common::{at, folded, orders};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{
    Admitted, Breakout, Ended, Joined, JoinedBeforeHost, JoinedWaitingRoom, Left, LeftWaitingForHost,
    LeftWaitingRoom, PutInWaitingRoom, RoleChanged, Started, WaitingForHost,
};
use vestibule_domain::fact::{Fact, SessionKeys};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::time::Span;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::Phase::{InProgress, WaitingForHost as Waits};
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::participant::Presence::{Gone, InMeeting, InWaitingRoom, Waiting};

struct Row {
    name: &'static str,
    facts: Vec<Fact>,
    phase: Phase,
    dr: Presence,
    ada: Presence,
    /// What Epic is told of ada when the facts come in the order of the row.
    told: &'static [bool],
    strangers: usize,
}

fn row(
    name: &'static str,
    facts: Vec<Fact>,
    phase: Phase,
    dr: Presence,
    ada: Presence,
    told: &'static [bool],
) -> Row {
    Row { name, facts, phase, dr, ada, told, strangers: 0 }
}

/// Both have launched, all calls are answered, and ada has left the page for Zoom.
fn on_the_way() -> Story {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    story
}

fn check(row: &Row) {
    let mut expected = on_the_way();
    expected.facts(row.facts.clone());
    assert_eq!(expected.lights(&ada()), row.told, "{}: what Epic is told", row.name);
    for order in orders(&row.facts) {
        let mut story = on_the_way();
        for fact in &order {
            story.fact(fact.clone());
            let before = story.visit.clone();
            story.fact(fact.clone());
            assert_eq!(story.visit, before, "{}: a duplicate changes nothing", row.name);
        }
        let seen = (story.visit.phase, story.presence(&dr()), story.presence(&ada()));
        assert_eq!(seen, (row.phase, row.dr, row.ada), "{}: {:?}", row.name, kinds(&order));
        assert_eq!(story.visit.strangers(&story.policy, story.now).len(), row.strangers, "{}", row.name);
        // I4: any order and duplication of the same facts gives the same state.
        assert_eq!(folded(&story.visit), folded(&expected.visit), "{}: {:?}", row.name, kinds(&order));
        let wanted = story.visit.participants[&ada()].light.wanted;
        assert_eq!(story.lights(&ada()).last().copied().unwrap_or(false), wanted, "{}", row.name);
    }
}

fn kinds(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(|fact| format!("{:?}@{}", fact.kind, (fact.at - at(0)).0 / 1000)).collect()
}

fn check_all(rows: Vec<Row>) {
    rows.iter().for_each(check);
}

fn g1() -> SessionKeys {
    patient("ada", "g1")
}

fn g2() -> SessionKeys {
    patient("ada", "g2")
}

fn p1() -> SessionKeys {
    provider("dr", "p1")
}

/// The provider alone in the meeting.
fn opened() -> Vec<Fact> {
    vec![fact(Started, "U1", 10), of(&p1(), Joined, "U1", 10)]
}

fn opened_and(more: impl IntoIterator<Item = Fact>) -> Vec<Fact> {
    opened().into_iter().chain(more).collect()
}

#[test]
fn a03_fifty_copies_have_one_effect() {
    let mut story = on_the_way();
    story.facts(opened());
    let version = {
        story.fact(of(&g1(), Joined, "U1", 20));
        story.visit.clone()
    };
    for _ in 0..50 {
        story.fact(of(&g1(), Joined, "U1", 20));
    }
    assert_eq!(story.visit, version);
    assert_eq!(story.lights(&ada()), [true]);
}

#[test]
fn a05_the_start_is_the_one_that_events_repeat() {
    let mut story = on_the_way();
    let joined = of(&p1(), Joined, "U1", 12);
    story.fact(Fact { instance_started: Some(at(9)), ..joined });
    assert_eq!(story.visit.instances.values().next().unwrap().started(), Some(at(9)));
}

#[test]
fn a16_the_first_arrival_is_kept() {
    let mut story = on_the_way();
    story.facts([10, 41, 72].map(|second| of(&unnamed(&g1()), WaitingForHost, "U0", second)));
    assert_eq!(story.visit.participants[&ada()].since, at(10));
}

#[test]
fn a24_an_alternative_host_starts() {
    let mut story = on_the_way();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    let eve = crate::common::story::provider_key("eve");
    story.facts([fact(Started, "U1", 10), of(&provider("eve", "e1"), Joined, "U1", 10)]);
    assert_eq!(
        (story.visit.phase, story.presence(&eve), story.presence(&dr())),
        (InProgress, InMeeting, Gone)
    );
}

#[test]
fn a42_a_restart_between_any_two_events_changes_nothing() {
    let facts = opened_and([
        of(&unnamed(&g1()), WaitingForHost, "U0", 8),
        of(&g1(), JoinedWaitingRoom, "U1", 15),
        of(&g1(), Admitted, "U1", 20),
        of(&phone("+1"), Joined, "U1", 25),
        of(&phone("+1"), bound_to(&g1()), "U1", 26),
        of(&g1(), Left, "U1", 30),
        fact(Ended, "U1", 60),
    ]);
    let (mut kept, mut restarted) = (on_the_way(), on_the_way());
    for fact in facts {
        kept.fact(fact.clone());
        let written = serde_json::to_vec(&restarted.visit).unwrap();
        restarted.visit = serde_json::from_slice(&written).unwrap();
        restarted.fact(fact);
        assert_eq!(kept.visit, restarted.visit);
    }
    assert_eq!(restarted.visit.phase, Phase::Ended);
}

#[test]
fn a46_a_uuid_may_hold_slashes() {
    let mut story = on_the_way();
    story.fact(fact(Started, "/ajXp112//QmuoKj48+4875==", 10));
    assert_eq!(story.visit.phase, InProgress);
}
