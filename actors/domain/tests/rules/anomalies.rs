//! The rules of folding and the known anomalies of Zoom's events, each by its number, each in every order and with every fact doubled.
//!
//! Those about meetings and calls are in [`super::meetings`], [`super::calls`] and [`super::readings`]. No rule of a visit, and tried at
//! the edges instead: 35 to 40 (tokens, signatures, bodies, an answer only after the store has it), 43 (app removed), 45 (url validation), 47 (past participants) and R9;
//! of 11 the flag for somebody who was admitted and never came, of 17 and 46 the reading of ids and the coding of paths.

use crate::common::facts::{anonymous, bound_to, by_user_only, fact, of, patient, phone, provider, unnamed};
use crate::common::story::{Story, ada, dr, provider_launch};
use crate::common::{at, folded, orders};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{
    Admitted, Breakout, Ended, Joined, JoinedBeforeHost, JoinedWaitingRoom, Left, LeftWaitingForHost,
    LeftWaitingRoom, PutInWaitingRoom, RoleChanged, Started, WaitingForHost,
};
use vestibule_domain::fact::{Fact, SessionKeys};
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
fn rules_of_folding() {
    let sent_later = |fact: Fact| Fact { sent: fact.sent + Span::minutes(5), ..fact };
    check_all(vec![
        row(
            "R1, 4: the same fact by two subscriptions is the same fact",
            opened_and([of(&g1(), Joined, "U1", 20), sent_later(of(&g1(), Joined, "U1", 20))]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "R2: of one second, leaving wins over joining",
            opened_and([of(&g1(), Left, "U1", 20), of(&g1(), Joined, "U1", 20)]),
            InProgress,
            InMeeting,
            Gone,
            &[],
        ),
        row(
            "R2: of one second, being put back wins over being admitted",
            opened_and([of(&g1(), PutInWaitingRoom, "U1", 20), of(&g1(), Admitted, "U1", 20)]),
            InProgress,
            InMeeting,
            InWaitingRoom,
            &[],
        ),
        row(
            "R2: roles and bindings move nothing",
            vec![of(&p1(), RoleChanged, "U1", 12), of(&g1(), bound_to(&p1()), "U1", 13)],
            Waits,
            Gone,
            Gone,
            &[],
        ),
        row(
            "R3: a leave closes only its own session",
            opened_and([of(&g1(), Joined, "U1", 20), of(&g2(), Joined, "U1", 21), of(&g1(), Left, "U1", 30)]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "R4: an end closes the sessions of its own instance only",
            vec![
                of(&g1(), Joined, "U1", 10),
                fact(Ended, "U1", 50),
                fact(Started, "U2", 60),
                of(&g2(), Joined, "U2", 61),
            ],
            InProgress,
            Gone,
            InMeeting,
            &[true, false, true],
        ),
        row(
            "R5, I5: a join of an ended instance creates no presence, not even a later one",
            vec![fact(Started, "U1", 10), fact(Ended, "U1", 50), of(&g1(), Joined, "U1", 70)],
            Phase::Ended,
            Gone,
            Gone,
            &[],
        ),
        row(
            "R6: waiting before the host proves no start",
            vec![of(&unnamed(&g1()), WaitingForHost, "U0", 10)],
            Waits,
            Gone,
            Waiting,
            &[],
        ),
        row(
            "R6: whoever is in the waiting room proves a start",
            vec![of(&g1(), JoinedWaitingRoom, "U1", 10)],
            InProgress,
            Gone,
            InWaitingRoom,
            &[],
        ),
        row(
            "R7: joining ends the wait before the host, and leaving does not bring it back",
            opened_and([
                of(&unnamed(&g1()), WaitingForHost, "U0", 8),
                of(&g1(), Joined, "U1", 11),
                of(&g1(), Left, "U1", 40),
            ]),
            InProgress,
            InMeeting,
            Gone,
            &[true, false],
        ),
        row(
            "R7: the waiting room ends the wait before the host",
            opened_and([
                of(&unnamed(&g1()), WaitingForHost, "U0", 8),
                of(&g1(), JoinedWaitingRoom, "U1", 11),
                of(&g1(), LeftWaitingRoom, "U1", 40),
            ]),
            InProgress,
            InMeeting,
            Gone,
            &[],
        ),
    ]);
}

#[test]
fn late_lost_and_early_events() {
    check_all(vec![
        row(
            "1: a leave that is retried after the rejoin",
            vec![
                of(&g1(), Joined, "U1", 20),
                of(&g1(), Left, "U1", 60),
                of(&g2(), Joined, "U1", 70),
                of(&g1(), Left, "U1", 60),
            ],
            InProgress,
            Gone,
            InMeeting,
            &[true, false, true],
        ),
        row(
            "2: the leave before its join",
            opened_and([of(&g1(), Left, "U1", 60), of(&g1(), Joined, "U1", 20)]),
            InProgress,
            InMeeting,
            Gone,
            &[],
        ),
        row(
            "5: no started at all",
            vec![of(&p1(), Joined, "U1", 10), of(&g1(), Joined, "U1", 20), fact(Ended, "U1", 50)],
            Phase::Ended,
            Gone,
            Gone,
            &[true, false],
        ),
        row(
            "6: joined before started",
            vec![of(&p1(), Joined, "U1", 11), fact(Started, "U1", 10)],
            InProgress,
            InMeeting,
            Gone,
            &[],
        ),
        row(
            "7: ended, and nobody was said to have left",
            opened_and([of(&g1(), Joined, "U1", 20), fact(Ended, "U1", 50)]),
            Phase::Ended,
            Gone,
            Gone,
            &[true, false],
        ),
        row(
            "8: a crash without a leave in a live meeting",
            opened_and([of(&g1(), Joined, "U1", 20)]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "9: the provider alone first, then both in a second instance",
            opened_and([
                of(&p1(), Left, "U1", 30),
                fact(Ended, "U1", 30),
                fact(Started, "U2", 90),
                of(&provider("dr", "p2"), Joined, "U2", 90),
                of(&g1(), Joined, "U2", 95),
            ]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "9: the first instance's end was lost",
            opened_and([of(&g1(), Joined, "U1", 20), fact(Started, "U2", 90)]),
            InProgress,
            Gone,
            Gone,
            &[true, false],
        ),
    ]);
}

#[test]
fn the_waiting_room() {
    let admitted = [of(&g1(), JoinedWaitingRoom, "U1", 20), of(&g1(), Admitted, "U1", 30)];
    check_all(vec![
        row(
            "10: waiting, admitted, joined",
            opened_and(admitted.clone().into_iter().chain([of(&g1(), Joined, "U1", 31)])),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "11: left the waiting room in the second of the admission",
            opened_and(admitted.clone().into_iter().chain([of(&g1(), LeftWaitingRoom, "U1", 30)])),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "11: left the waiting room after the admission",
            opened_and(admitted.into_iter().chain([of(&g1(), LeftWaitingRoom, "U1", 32)])),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "12: refused",
            opened_and([of(&g1(), JoinedWaitingRoom, "U1", 20), of(&g1(), LeftWaitingRoom, "U1", 30)]),
            InProgress,
            InMeeting,
            Gone,
            &[],
        ),
        row(
            "13: sent back",
            opened_and([of(&g1(), Joined, "U1", 20), of(&g1(), PutInWaitingRoom, "U1", 30)]),
            InProgress,
            InMeeting,
            InWaitingRoom,
            &[true, false],
        ),
        row(
            "14: sent back and admitted again: told once",
            opened_and([
                of(&g1(), Joined, "U1", 20),
                of(&g1(), PutInWaitingRoom, "U1", 30),
                of(&g1(), Admitted, "U1", 40),
                of(&g1(), Joined, "U1", 41),
            ]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true, false, true],
        ),
        row(
            "15: the host's crash sends everybody to the waiting room",
            opened_and([
                of(&g1(), Joined, "U1", 20),
                of(&g1(), PutInWaitingRoom, "U1", 50),
                of(&p1(), Left, "U1", 130),
                of(&provider("dr", "p2"), Joined, "U1", 110),
                of(&g1(), Admitted, "U1", 140),
            ]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true, false, true],
        ),
    ]);
}

#[test]
fn before_the_host() {
    let name_only = SessionKeys { registrant: None, ..unnamed(&g1()) };
    check_all(vec![
        row(
            "16: said three times",
            [10, 41, 72].map(|second| of(&unnamed(&g1()), WaitingForHost, "U0", second)).to_vec(),
            Waits,
            Gone,
            Waiting,
            &[],
        ),
        row(
            "17: given up",
            vec![
                of(&unnamed(&g1()), WaitingForHost, "U0", 10),
                of(&unnamed(&g1()), LeftWaitingForHost, "U0", 50),
            ],
            Waits,
            Gone,
            Gone,
            &[],
        ),
        row(
            "17: given up, told by the name alone",
            vec![of(&unnamed(&g1()), WaitingForHost, "U0", 10), of(&name_only, LeftWaitingForHost, "U0", 50)],
            Waits,
            Gone,
            Gone,
            &[],
        ),
        row(
            "17: somebody else gave up",
            vec![
                of(&unnamed(&g1()), WaitingForHost, "U0", 10),
                of(&unnamed(&patient("bob", "b1")), LeftWaitingForHost, "U0", 50),
            ],
            Waits,
            Gone,
            Waiting,
            &[],
        ),
        row(
            "18: no word before the join",
            vec![of(&g1(), Joined, "U1", 20)],
            InProgress,
            Gone,
            InMeeting,
            &[true],
        ),
        row(
            "19: in before the host, told without the join",
            vec![of(&unnamed(&g1()), JoinedBeforeHost, "U1", 20)],
            InProgress,
            Gone,
            InMeeting,
            &[true],
        ),
        row(
            "19: in before the host, told both ways, and left",
            vec![
                of(&unnamed(&g1()), JoinedBeforeHost, "U1", 20),
                of(&g1(), Joined, "U1", 20),
                of(&g1(), Left, "U1", 60),
            ],
            InProgress,
            Gone,
            Gone,
            &[true, false],
        ),
        row(
            "19: left, and then in before the host again",
            vec![
                of(&g1(), Joined, "U1", 20),
                of(&g1(), Left, "U1", 30),
                of(&unnamed(&g1()), JoinedBeforeHost, "U1", 60),
            ],
            InProgress,
            Gone,
            InMeeting,
            &[true, false, true],
        ),
    ]);
}

#[test]
fn whose_session_it_is() {
    let tel = phone("+1");
    let with_phone =
        || [of(&g1(), Joined, "U1", 20), of(&tel, Joined, "U1", 25), of(&tel, bound_to(&g1()), "U1", 26)];
    let turned =
        [of(&g1(), Joined, "U1", 20), of(&tel, Joined, "U1", 25), of(&g1(), bound_to(&tel), "U1", 26)];
    let two = |more: &[Fact]| {
        opened_and([
            of(&anonymous("Ana", "x1"), Joined, "U1", 20),
            of(&anonymous("Ana", "x2"), Joined, "U1", 21),
        ])
        .into_iter()
        .chain(more.iter().cloned())
        .collect::<Vec<_>>()
    };
    check_all(vec![
        row(
            "20: the phone hangs up, the video stays",
            with_phone().into_iter().chain([of(&tel, Left, "U1", 30)]).collect(),
            InProgress,
            Gone,
            InMeeting,
            &[true],
        ),
        row(
            "20: the video drops, the bound phone stays",
            with_phone().into_iter().chain([of(&g1(), Left, "U1", 30)]).collect(),
            InProgress,
            Gone,
            InMeeting,
            &[true],
        ),
        row(
            "20: bound the other way round",
            turned.into_iter().chain([of(&g1(), Left, "U1", 30)]).collect(),
            InProgress,
            Gone,
            InMeeting,
            &[true],
        ),
        Row {
            strangers: 1,
            ..row(
                "21: a phone that nobody bound",
                vec![of(&tel, Joined, "U1", 25)],
                InProgress,
                Gone,
                Gone,
                &[],
            )
        },
        Row { strangers: 2, ..row("22: two of the same name", two(&[]), InProgress, InMeeting, Gone, &[]) },
        Row {
            strangers: 1,
            ..row(
                "22: two of the same name, one left",
                two(&[of(&anonymous("Ana", "x1"), Left, "U1", 30)]),
                InProgress,
                InMeeting,
                Gone,
                &[],
            )
        },
        row(
            "23: the guest first, then the provider by user id",
            vec![of(&g1(), Joined, "U1", 9), of(&p1(), Joined, "U1", 10)],
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "25: into a breakout room and back",
            opened_and([
                of(&g1(), Joined, "U1", 20),
                of(&in_breakout(), Breakout, "U1", 30),
                of(&in_breakout(), Breakout, "U1", 50),
            ]),
            InProgress,
            InMeeting,
            InMeeting,
            &[true],
        ),
        row(
            "25: a leave from the breakout room that names its user id alone",
            opened_and([
                of(&g1(), Joined, "U1", 20),
                of(&in_breakout(), Breakout, "U1", 30),
                of(&by_user_only(&in_breakout()), Left, "U1", 50),
            ]),
            InProgress,
            InMeeting,
            Gone,
            &[true, false],
        ),
    ]);
}

/// The same join in a breakout room: a new user id, the same participant.
fn in_breakout() -> SessionKeys {
    SessionKeys { user: anonymous("ada", "breakout").user, ..g1() }
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
