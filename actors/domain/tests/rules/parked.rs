//! What somebody on duty decides about updates that are parked.

use crate::common::facts::{fact, of, patient};
use crate::common::story::{Story, ada, dr, patient_launch, patient_reference};
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::effect::{Says, Topic};
use vestibule_domain::fact::FactKind::{Ended, Joined, Left};
use vestibule_domain::id::ExternalId;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::device_test::{DeviceTest, TestOutcome};
use vestibule_domain::visit::participant::ParticipantKey;

/// Epic has the provider's light and has refused the patient's.
fn refused() -> Story {
    let mut story = Story::talking();
    story.take(Command::StatusDelivered { participant: dr(), seq: 1, connected: true });
    story.take(Command::StatusParked { participant: ada(), seq: 1 });
    story
}

fn parked(story: &Story) -> Vec<(ParticipantKey, Says, u64)> {
    story.visit.parked_updates().map(|it| (it.participant.clone(), it.says, it.seq)).collect()
}

fn is_problem(story: &Story) -> bool {
    story.visit.problems.contains_key(&ProblemCode::UpdateParked)
}

fn resend(seq: u64) -> Command {
    Command::ParkedResent { participant: ada(), topic: Topic::Light, seq }
}

fn drop(seq: u64) -> Command {
    Command::ParkedDropped { participant: ada(), topic: Topic::Light, seq }
}

#[test]
fn an_update_that_is_sent_again_is_decided_once_more() {
    let mut story = refused();
    assert_eq!(parked(&story), [(ada(), Says::Connected(true), 1)]);
    let before = story.visit.clone();
    // Another than the parked one.
    story.take(resend(2)).take(Command::ParkedResent { participant: dr(), topic: Topic::Light, seq: 1 });
    story.take(Command::ParkedResent { participant: ada(), topic: Topic::DeviceTest, seq: 1 });
    assert_eq!(story.visit, before);
    story.take(resend(1));
    let newest = story.updates.last().unwrap();
    assert_eq!((&newest.participant, newest.seq, newest.says), (&ada(), 2, Says::Connected(true)));
    assert!(newest.resend && !story.updates[0].resend, "it is marked");
    assert!(parked(&story).is_empty() && is_problem(&story), "until Epic has it");
    // A copy sends it no second time.
    let before = story.visit.clone();
    story.take(resend(1));
    assert_eq!(story.visit, before);
    // Epic may refuse it again, and take it the next time.
    story.take(Command::StatusParked { participant: ada(), seq: 2 });
    assert_eq!(parked(&story), [(ada(), Says::Connected(true), 2)]);
    story.take(resend(2)).take(Command::StatusDelivered { participant: ada(), seq: 3, connected: true });
    assert!(parked(&story).is_empty() && !is_problem(&story));
}

#[test]
fn an_update_that_is_dropped_is_no_problem_any_more_and_the_next_is_told_as_ever() {
    let mut story = refused();
    story.take(drop(2));
    assert!(is_problem(&story), "there is none such");
    let updates = story.updates.len();
    story.take(drop(1));
    assert!(parked(&story).is_empty() && !is_problem(&story));
    assert_eq!(story.updates.len(), updates, "Epic is told nothing");
    assert!(!story.visit.participants[&ada()].light.connected);
    let before = story.visit.clone();
    story.take(drop(1)).take(resend(1)).take(Command::StatusParked { participant: ada(), seq: 1 });
    assert_eq!(story.visit, before, "it is given up for good");
    story.fact(of(&patient("ada", "g1"), Left, "U1", 30));
    assert_eq!(story.lights(&ada()), [true, false]);
    story.take(Command::StatusParked { participant: ada(), seq: 2 });
    assert!(is_problem(&story) && parked(&story).len() == 1, "that is another");
    // A dropped update keeps no visit.
    story.take(drop(2)).fact(fact(Ended, "U1", 60));
    story.take(Command::StatusDelivered { participant: dr(), seq: 2, connected: false });
    story.at(60 + 40 * 3_600).tick();
    assert_eq!(story.forgotten, 1);
}

#[test]
fn a_launch_that_mends_an_id_has_a_dropped_update_told_after_all() {
    let mut story = refused();
    story.take(drop(1)).at(30);
    story.launch(Launch { external_id: ExternalId::new("WPR-new").ok(), ..patient_launch("ada") });
    assert_eq!(story.updates.last().unwrap().external_id.as_str(), "WPR-new");
}

#[test]
fn the_result_of_a_device_test_is_sent_again_or_dropped_in_a_lane_of_its_own() {
    let test = |outcome, second| DeviceTest {
        at: crate::common::at(second),
        outcome,
        patient: Some(patient_reference("ada")),
        csn: None,
        external_id: ExternalId::new("WPR-ada").ok(),
        external_id_type: None,
        tentative: false,
    };
    let tested = |outcome, second| Command::DeviceTested { participant: ada(), test: test(outcome, second) };
    let of_test = |seq| (ada(), Topic::DeviceTest, seq);
    let mut story = refused();
    story.at(25).take(tested(TestOutcome::Failed, 25));
    let update = story.updates.last().unwrap().clone();
    story.take(update.parked());
    let both = [(ada(), Says::Connected(true), 1), (ada(), Says::DeviceTest(TestOutcome::Failed), 1)];
    assert_eq!(parked(&story), both);
    story.take(drop(1));
    assert!(is_problem(&story), "the other is still there");
    let (participant, topic, seq) = of_test(1);
    story.take(Command::ParkedResent { participant, topic, seq });
    assert!(parked(&story).is_empty());
    let update = story.updates.last().unwrap().clone();
    assert_eq!((update.says, update.seq), (Says::DeviceTest(TestOutcome::Failed), 2));
    story.take(update.parked());
    let (participant, topic, seq) = of_test(2);
    story.take(Command::ParkedDropped { participant, topic, seq });
    assert!(parked(&story).is_empty() && !is_problem(&story));
    story.at(40).take(tested(TestOutcome::Passed, 40));
    assert_eq!(story.updates.last().unwrap().says, Says::DeviceTest(TestOutcome::Passed));
}

#[test]
fn a_visit_whose_parked_commands_were_dropped_has_that_problem_no_more() {
    let mut story = Story::ready();
    story.take(Command::CommandParked);
    assert!(story.visit.problems.contains_key(&ProblemCode::CommandParked));
    story.take(Command::ParkedCommandsDropped);
    assert!(story.visit.problems.is_empty());
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 30)).take(Command::CommandParked);
    assert!(story.visit.problems.contains_key(&ProblemCode::CommandParked));
}

#[test]
fn whatever_epic_was_told_is_told_once_more_with_what_is_true_by_now() {
    let again = |participant, seq| Command::SentAgain { participant, topic: Topic::Light, seq };
    let mut story = refused();
    let lanes = |story: &Story| {
        story.visit.told_lanes().map(|told| (told.lane.participant, told.seq)).collect::<Vec<_>>()
    };
    assert_eq!(lanes(&story), [(dr(), 1), (ada(), 1)]);
    // What Epic has acknowledged as well, and nothing of what it was never told.
    story.take(again(dr(), 1));
    let newest = story.updates.last().unwrap();
    assert_eq!((&newest.participant, newest.seq, newest.resend), (&dr(), 2, true));
    let before = story.visit.clone();
    story.take(Command::SentAgain { participant: dr(), topic: Topic::DeviceTest, seq: 0 });
    // Nor a second time by a copy of the same order.
    story.take(again(dr(), 1));
    assert_eq!(story.visit, before);
    // Never the status of long ago.
    story.fact(of(&patient("ada", "g1"), Left, "U1", 30));
    let told = story.updates.last().unwrap().clone();
    assert!(!told.resend && told.says == Says::Connected(false));
    story.take(again(ada(), 2));
    let newest = story.updates.last().unwrap();
    assert_eq!((newest.seq, newest.says, newest.resend), (3, Says::Connected(false), true));
    // A visit that is over is told of for as long as it is kept.
    story.fact(fact(Ended, "U1", 60)).take(again(dr(), 3));
    let newest = story.updates.last().unwrap();
    assert_eq!((&newest.participant, newest.seq, newest.says), (&dr(), 4, Says::Connected(false)));
    story.take(Command::StatusParked { participant: ada(), seq: 3 });
    assert!(is_problem(&story));
    story.take(again(ada(), 3));
    story.take(Command::StatusDelivered { participant: ada(), seq: 4, connected: false });
    assert!(parked(&story).is_empty());
}
