//! Zoom's waiting room, and its screen before the host.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::*;

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

// 11: somebody who was admitted and does not come is a problem after a minute, until they come, leave or are sent back.
#[test]
fn a11_whoever_was_admitted_is_expected_in_the_meeting() {
    let mut story = on_the_way();
    story.facts(opened_and([of(&g1(), JoinedWaitingRoom, "U1", 20), of(&g1(), Admitted, "U1", 30)])).at(31);
    assert_eq!(problems(&story), []);
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(at(90)));
    story.at(90).tick();
    assert_eq!(problems(&story), [ProblemCode::AdmittedNotEntered]);
    for next in [Joined, Left, PutInWaitingRoom] {
        let mut then = story.clone();
        then.at(95).fact(of(&g1(), next, "U1", 94));
        assert_eq!(problems(&then), []);
    }
}

// 19: Zoom lets people in before the host although it was asked not to, and no setting says so.
#[test]
fn a19_a_meeting_without_a_provider_is_a_problem_after_a_minute() {
    for first in [of(&g1(), Joined, "U1", 20), of(&unnamed(&g1()), JoinedBeforeHost, "U1", 20)] {
        let mut story = on_the_way();
        story.at(20).fact(first);
        assert_eq!(problems(&story), []);
        story.at(80).tick();
        assert_eq!(problems(&story), [ProblemCode::NoProviderSeen]);
        story.at(81).fact(of(&p1(), Joined, "U1", 81));
        assert_eq!(problems(&story), []);
        story.at(200).fact(of(&p1(), Left, "U1", 199)).tick();
        assert_eq!(problems(&story), [], "a provider was there, and may come back");
    }
}

fn problems(story: &Story) -> Vec<ProblemCode> {
    story.visit.problems.keys().copied().collect()
}
