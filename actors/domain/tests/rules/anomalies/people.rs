//! Whose session it is: telephones, namesakes, hosts, breakout rooms.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::*;

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
