//! Whose join it is: telephones, namesakes, hosts, breakout rooms.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::play::{OFF, ON, Row, Step, opened_and, row};
use super::wire::{ANA1, ANA2, Event, G1, Join, P1, TEL, U1, bound, joined, left, of_join};

fn to(event: Event) -> Step {
    Step::from(event)
}

pub fn rows() -> Vec<Row> {
    [telephones(), names_and_rooms()].into_iter().flatten().collect()
}

fn telephones() -> Vec<Row> {
    let with_phone = |binding: Event| [to(joined(G1, 20)), ON, to(joined(TEL, 25)), to(binding)].into_iter();
    vec![
        row(
            20,
            "the telephone hangs up, the video stays",
            opened_and(with_phone(bound(TEL, G1, 26)).chain([to(left(TEL, 30))])),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            20,
            "the video drops, the telephone stays",
            opened_and(with_phone(bound(TEL, G1, 26)).chain([to(left(G1, 30))])),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            20,
            "bound the other way round, the video drops",
            opened_and(with_phone(bound(G1, TEL, 26)).chain([to(left(G1, 30))])),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            20,
            "bound before anybody was said to have joined, and both leave",
            opened_and([
                to(bound(TEL, G1, 26)),
                to(joined(TEL, 25)),
                to(joined(G1, 20)),
                ON,
                to(left(TEL, 30)),
                to(left(G1, 40)),
                OFF,
            ]),
            "in_progress",
            ("in_meeting", "gone"),
        ),
        row(
            21,
            "a telephone that nobody is known by",
            opened_and([to(joined(TEL, 25))]),
            "in_progress",
            ("in_meeting", "gone"),
        )
        .strangers(1),
    ]
}

fn names_and_rooms() -> Vec<Row> {
    let breakout = |name: &'static str, second: i64| of_join(name, G1, U1, second).in_breakout();
    vec![
        row(
            22,
            "two of the same name",
            opened_and([joined(ANA1, 20), joined(ANA2, 21)].map(to)),
            "in_progress",
            ("in_meeting", "gone"),
        )
        .strangers(2),
        row(
            22,
            "two of the same name, one left",
            opened_and([joined(ANA1, 20), joined(ANA2, 21), left(ANA1, 30)].map(to)),
            "in_progress",
            ("in_meeting", "gone"),
        )
        .strangers(1),
        row(
            22,
            "somebody who calls themselves as the patient is called",
            opened_and([to(joined(Join { name: G1.name, ..ANA1 }, 20))]),
            "in_progress",
            ("in_meeting", "gone"),
        )
        .strangers(1),
        row(
            23,
            "the guest first, then the provider without an address",
            vec![to(joined(G1, 9)), ON, to(joined(P1, 10))],
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            25,
            "into a breakout room and back",
            opened_and([
                to(joined(G1, 20)),
                ON,
                to(breakout("participant_joined_breakout_room", 30)),
                to(breakout("participant_left_breakout_room", 50)),
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            25,
            "a leave out of a breakout room that names its user id alone",
            opened_and([
                to(joined(G1, 20)),
                ON,
                to(breakout("participant_joined_breakout_room", 30)),
                to(of_join("participant_left", G1, U1, 50).in_breakout().by_user_alone()),
                OFF,
            ]),
            "in_progress",
            ("in_meeting", "gone"),
        ),
        row(
            25,
            "the end of the meeting finds somebody in a breakout room",
            opened_and([
                to(joined(G1, 20)),
                ON,
                to(breakout("participant_joined_breakout_room", 30)),
                to(super::wire::of_meeting("ended", U1, 60)),
                OFF,
            ]),
            "ended",
            ("gone", "gone"),
        ),
    ]
}
