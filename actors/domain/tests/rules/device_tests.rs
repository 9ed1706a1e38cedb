//! Device tests: the newest result stands in whatever order they come, nobody takes part by one, and Epic is told where that is wanted.

use crate::common::facts::{of, patient};
use crate::common::story::{Story, ada, patient_key, patient_launch, patient_reference, provider_launch};
use crate::common::{at, permutations};
use proptest::prelude::*;
use proptest::sample::select;
use vestibule_domain::command::Command;
use vestibule_domain::effect::{LaneName, Says, Topic, Update};
use vestibule_domain::fact::FactKind::Joined;
use vestibule_domain::id::{Csn, ExternalId};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::device_test::{DeviceTest, MOST_DEVICE_TESTS, Settled, TestOutcome};
use vestibule_domain::visit::participant::{ParticipantKey, Role};
use vestibule_domain::visit::{LaunchOutcome, Phase, Visit};

use TestOutcome::{Failed, Passed, Unclear};

fn test(name: &str, second: i64, outcome: TestOutcome) -> DeviceTest {
    DeviceTest {
        at: at(second),
        outcome,
        patient: Some(patient_reference(name)),
        csn: Csn::new("10001").ok(),
        external_id: ExternalId::new(format!("WPR-{name}")).ok(),
        external_id_type: None,
        tentative: false,
    }
}

fn tested(name: &str, second: i64, outcome: TestOutcome) -> Command {
    Command::DeviceTested { participant: patient_key(name), test: test(name, second, outcome) }
}

fn result(story: &Story, name: &str) -> Option<(TestOutcome, i64)> {
    let known = story.visit.test_of(&patient_key(name))?;
    Some((known.test.outcome, (known.test.at - at(0)).0 / 1000))
}

fn told(story: &Story) -> Vec<(u64, Says)> {
    story.updates.iter().map(|update| (update.seq, update.says)).collect()
}

// What the visit says of tests, whatever it took to get there.
fn results(visit: &Visit) -> Vec<(ParticipantKey, DeviceTest)> {
    visit.device_tests.iter().map(|(key, known)| (key.clone(), known.test.clone())).collect()
}

#[test]
fn e49_in_every_order_and_with_every_copy_the_newest_result_of_each_person_stands() {
    let came = [
        tested("ada", 10, Passed),
        tested("ada", 20, Failed),
        tested("ada", 20, Unclear),
        tested("bob", 15, Unclear),
        tested("bob", 12, Passed),
        tested("ada", 10, Passed),
    ];
    for order in permutations(&came) {
        let mut story = Story::new();
        story.at(100);
        for command in &order {
            story.take(command.clone()).take(command.clone());
        }
        assert_eq!(result(&story, "ada"), Some((Failed, 20)), "{order:?}");
        assert_eq!(result(&story, "bob"), Some((Unclear, 15)), "{order:?}");
        let last = |name| story.updates.iter().rfind(|u| u.participant == patient_key(name)).unwrap();
        assert_eq!(
            (last("ada").says, last("bob").says),
            (Says::DeviceTest(Failed), Says::DeviceTest(Unclear))
        );
    }
}

proptest! {
    #[test]
    fn e49_no_order_and_no_copies_make_a_difference(
        came in prop::collection::vec(
            (select(vec!["ada", "bob", "eve"]), 0..6_i64, select(TestOutcome::ALL.to_vec()), any::<bool>()), 1..12,
        ),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let commands: Vec<Command> = came
            .iter()
            .map(|(name, second, outcome, known)| {
                let test = DeviceTest {
                    external_id: ExternalId::new("WPR1").ok().filter(|_| *known),
                    ..test(name, *second, *outcome)
                };
                Command::DeviceTested { participant: patient_key(name), test }
            })
            .collect();
        let [mut straight, mut mixed] = [(); 2].map(|()| Story::new());
        for story in [&mut straight, &mut mixed] {
            story.at(100);
        }
        for command in &commands {
            straight.take(command.clone());
        }
        for index in order {
            mixed.take(index.get(&commands).clone());
        }
        for command in commands.iter().rev() {
            mixed.take(command.clone());
        }
        prop_assert_eq!(results(&straight.visit), results(&mixed.visit));
        // Of each lane the numbers rise by one, and its last update says what stands, where that is somebody whom Epic knows.
        for story in [&straight, &mixed] {
            for (key, known) in &story.visit.device_tests {
                let lane: Vec<&Update> = story.updates.iter().filter(|u| u.participant == *key).collect();
                let numbers: Vec<u64> = lane.iter().map(|update| update.seq).collect();
                prop_assert_eq!(numbers, (1..=known.told.decided).collect::<Vec<_>>());
                if known.test.external_id.is_some() {
                    let last = lane.last().unwrap();
                    prop_assert_eq!(last.says, Says::DeviceTest(known.test.outcome));
                    prop_assert_eq!(last.occurred_at, known.test.at);
                }
            }
        }
    }
}

#[test]
fn e49_a_test_is_no_launch() {
    let mut story = Story::new();
    story.at(5).take(tested("ada", 5, Passed));
    let visit = &story.visit;
    assert_eq!(visit.phase, Phase::Scheduled);
    assert!(visit.participants.is_empty() && visit.bound.is_empty() && visit.launches.is_empty());
    assert!(visit.meeting.is_none() && visit.wants_meeting.is_none() && visit.problems.is_empty());
    assert!(story.begun.is_empty());
    let provider = ParticipantKey::new(Role::Provider, patient_reference("dr"));
    story.take(Command::DeviceTested { participant: provider, test: test("ada", 6, Passed) });
    assert_eq!(story.visit.device_tests.len(), 1, "only the patient's side tests");
    // The launch that comes later is anybody's whom the appointment belongs to.
    assert!(matches!(story.at(60).launch(patient_launch("ada")), LaunchOutcome::Accepted { .. }));
    assert_eq!(result(&story, "ada"), Some((Passed, 5)));
    assert_eq!(story.visit.phase, Phase::WaitingForHost);
}

#[test]
fn e49_once_a_patient_is_bound_nobody_elses_result_counts() {
    for bound_first in [true, false] {
        let mut story = Story::new();
        if bound_first {
            story.launch(patient_launch("ada"));
        }
        story.at(5).take(tested("bob", 5, Passed)).take(tested("ada", 5, Failed));
        if !bound_first {
            assert_eq!(result(&story, "bob"), Some((Passed, 5)), "nobody knows yet whose visit it is");
            story.launch(patient_launch("ada"));
        }
        assert_eq!((result(&story, "ada"), result(&story, "bob")), (Some((Failed, 5)), None));
        assert_eq!(story.visit.tests().count(), 1);
    }
}

#[test]
fn e49_a_result_is_kept_for_days_before_the_launch_and_as_long_as_the_visit_after_it() {
    let days = |days: i64| days * 24 * 3_600;
    let mut story = Story::new();
    story.take(tested("ada", 0, Passed));
    let lane_ends = story.updates[0].delivered();
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(at(days(14))));
    story.at(days(14) - 1).tick();
    assert_eq!(story.forgotten, 0);
    story.at(days(14)).tick();
    assert_eq!(story.forgotten, 0, "Epic has not been told");
    story.take(lane_ends.clone()).tick();
    assert_eq!(story.forgotten, 1);

    let mut story = Story::new();
    story.take(tested("ada", 0, Passed)).take(lane_ends).at(days(3));
    story.launch(patient_launch("ada"));
    let leaves_at = at(days(3)) + story.policy.reopen + story.policy.keep;
    assert_eq!(story.visit.leaves_at(&story.policy), leaves_at);
}

#[test]
fn e49_epic_is_told_in_a_lane_of_its_own() {
    let mut story = Story::ready();
    story.at(10).take(tested("ada", 10, Failed));
    story.at(20).fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    story.at(30).take(tested("ada", 30, Passed));
    let lanes: Vec<(LaneName, u64)> = story.updates.iter().map(|u| (u.lane(), u.seq)).collect();
    let lane = |topic| LaneName { topic, participant: ada() };
    let expected = [(lane(Topic::DeviceTest), 1), (lane(Topic::Light), 1), (lane(Topic::DeviceTest), 2)];
    assert_eq!(lanes, expected);
    let update = story.updates.last().unwrap().clone();
    assert_eq!((update.occurred_at, update.decided_at, update.role), (at(30), at(30), Role::Patient));
    assert_eq!(update.external_id.as_str(), "WPR-ada");
    assert_eq!(update.csn, Csn::new("10001").ok());
    assert!(update.meeting.is_some(), "the record is found by the meeting, where there is one");

    // What settles one lane says nothing of the other.
    story.take(story.updates[1].delivered());
    let told = |story: &Story| story.visit.device_tests[&ada()].told;
    assert!(!story.visit.is_told() && !told(&story).is_settled());
    assert!(story.visit.participants[&ada()].light.connected);
    story.take(story.updates[0].superseded()).take(update.delivered());
    assert!(story.visit.is_told() && told(&story).stands());
}

#[test]
fn e49_where_epic_is_not_told_or_does_not_know_the_person_the_result_is_kept_all_the_same() {
    let mut quiet = Story::new();
    quiet.policy.tell_device_tests = false;
    quiet.take(tested("ada", 0, Passed));
    let mut nameless = Story::new();
    let test = DeviceTest { external_id: None, ..test("ada", 0, Passed) };
    nameless.take(Command::DeviceTested { participant: ada(), test });
    for mut story in [quiet, nameless] {
        assert_eq!(result(&story, "ada"), Some((Passed, 0)));
        // Nothing was told, so that nothing has to be told again.
        story.take(Command::StoreWentBack).take(Command::DeviceTestOutlived { participant: ada() });
        assert_eq!(told(&story), []);
        assert!(story.visit.is_told());
    }
}

#[test]
fn e49_of_a_test_that_may_have_been_for_another_visit_epic_is_told_once_somebody_launches_this_one() {
    let tentative = |second, outcome| Command::DeviceTested {
        participant: ada(),
        test: DeviceTest { tentative: true, ..test("ada", second, outcome) },
    };
    let mut story = Story::new();
    story.take(tentative(0, Failed)).at(5).take(tentative(5, Passed));
    assert_eq!(told(&story), []);
    assert!(story.visit.is_told(), "it keeps no visit that nobody launches");
    story.at(60).launch(provider_launch("dr"));
    assert_eq!(told(&story), [(1, Says::DeviceTest(Passed))], "only of the newest");
    // Nobody is told of who turned out not to belong here.
    let stranger = DeviceTest { tentative: true, ..test("bob", 1, Passed) };
    let mut other = Story::new();
    other.at(1).take(Command::DeviceTested { participant: patient_key("bob"), test: stranger });
    other.launch(patient_launch("ada"));
    assert_eq!(told(&other), []);
    story.at(70).take(tentative(70, Failed));
    assert_eq!(told(&story).last(), Some(&(2, Says::DeviceTest(Failed))));
}

#[test]
fn e49_a_parked_result_is_a_problem_until_everything_stands() {
    let mut story = Story::new();
    story.take(tested("ada", 0, Failed));
    let parked = story.updates[0].parked();
    story.take(parked.clone());
    assert!(story.visit.problems.contains_key(&ProblemCode::UpdateParked));
    story.at(9).take(tested("ada", 9, Passed));
    assert!(story.visit.problems.contains_key(&ProblemCode::UpdateParked));
    story.take(story.updates[1].delivered());
    assert!(story.visit.problems.is_empty());
    // A copy of the parking does not bring it back, and what was never decided settles nothing.
    story.take(parked);
    let never = Command::DeviceTestSettled { participant: ada(), seq: 3, how: Settled::Parked };
    story.take(never);
    assert!(story.visit.problems.is_empty());
}

// I9: what may have landed after the newest is told once more.
#[test]
fn e49_an_attempt_that_outlived_its_lease_makes_the_newest_result_be_told_again() {
    for again in [Command::DeviceTestOutlived { participant: ada() }, Command::StoreWentBack] {
        let mut story = Story::new();
        story.take(tested("ada", 0, Failed)).at(5).take(tested("ada", 5, Passed)).take(again);
        assert_eq!(
            told(&story),
            [(1, Says::DeviceTest(Failed)), (2, Says::DeviceTest(Passed)), (3, Says::DeviceTest(Passed))]
        );
    }
}

#[test]
fn e49_a_door_whose_clock_is_ahead_does_not_outweigh_the_next_test() {
    let mut story = Story::new();
    story.at(10).take(tested("ada", 500, Failed)).at(20).take(tested("ada", 20, Passed));
    assert_eq!(result(&story, "ada"), Some((Passed, 20)));
}

#[test]
fn e49_a_visit_keeps_the_results_of_so_many_people() {
    let mut story = Story::group();
    for n in 0..MOST_DEVICE_TESTS + 1 {
        story.take(tested(&format!("p{n}"), 0, Passed));
    }
    assert_eq!(story.visit.device_tests.len(), MOST_DEVICE_TESTS);
    assert!(!story.visit.has_room_for_test(&patient_key("one-more")));
    story.at(5).take(tested("p0", 5, Failed));
    assert_eq!(result(&story, "p0"), Some((Failed, 5)), "whoever is there may test again");
}

#[test]
fn e49_a_state_from_before_there_were_tests_is_read_and_one_without_is_written_as_before() {
    let mut story = Story::ready();
    let written = serde_json::to_value(&story.visit).unwrap();
    assert!(written.get("device_tests").is_none());
    let read: Visit = serde_json::from_value(written).unwrap();
    assert_eq!(read, story.visit);
    story.launch(provider_launch("dr"));
    story.at(9).take(tested("ada", 9, Unclear));
    let read: Visit = serde_json::from_value(serde_json::to_value(&story.visit).unwrap()).unwrap();
    assert_eq!(read, story.visit);
}

#[test]
fn e49_a_light_is_written_as_ever_and_a_result_cannot_be_taken_for_one() {
    let [on, off] = [true, false].map(|on| serde_json::to_value(Says::Connected(on)).unwrap());
    assert_eq!((on, off), (serde_json::json!(true), serde_json::json!(false)));
    for outcome in TestOutcome::ALL {
        let written = serde_json::to_value(Says::DeviceTest(outcome)).unwrap();
        assert_eq!(written, serde_json::json!(outcome.as_str()));
        assert!(serde_json::from_value::<bool>(written.clone()).is_err());
        assert_eq!(serde_json::from_value::<Says>(written).unwrap(), Says::DeviceTest(outcome));
    }
}
