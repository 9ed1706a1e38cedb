//! The rules of folding, and events that come late, early or never.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::*;

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
            "R4: of two ends of one instance the later counts",
            vec![
                of(&g1(), Joined, "U1", 10),
                fact(Ended, "U1", 50),
                fact(Ended, "U1", 55),
                of(&unnamed(&g1()), WaitingForHost, "U0", 52),
            ],
            Phase::Ended,
            Gone,
            Gone,
            &[true, false],
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
