//! Zoom's waiting room, and its screen before the host.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::play::{OFF, ON, Row, Step, opened_and, row};
use super::wire::{ANA1, Event, G1, P1, P2, U0, U1, joined, left, of_join};

fn of_g(name: &'static str, second: i64) -> Event {
    of_join(name, G1, U1, second)
}

fn waits(second: i64) -> Event {
    of_join("participant_jbh_waiting", G1, U0, second)
}

fn gives_up(second: i64) -> Event {
    of_join("participant_jbh_waiting_left", G1, U0, second)
}

fn to(event: Event) -> Step {
    Step::from(event)
}

pub fn rows() -> Vec<Row> {
    [waiting_room(), before_the_host()].into_iter().flatten().collect()
}

fn waiting_room() -> Vec<Row> {
    let waits = || to(of_g("participant_joined_waiting_room", 20));
    let admitted = || [waits(), to(of_g("participant_admitted", 30)), ON];
    let back = |second| to(of_g("participant_put_in_waiting_room", second));
    vec![
        row(
            10,
            "waits, is admitted, joins",
            opened_and(admitted().into_iter().chain([to(joined(G1, 31))])),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            11,
            "left the waiting room in the second of the admission, and did not come",
            opened_and(admitted().into_iter().chain([to(of_g("participant_left_waiting_room", 30))])),
            "in_progress",
            ("in_meeting", "in_meeting"),
        )
        .problem("admitted_not_entered"),
        row(
            11,
            "left the waiting room after the admission, told before it",
            opened_and([
                waits(),
                to(of_g("participant_left_waiting_room", 32)),
                to(of_g("participant_admitted", 30)),
                ON,
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        )
        .problem("admitted_not_entered"),
        row(
            12,
            "refused",
            opened_and([waits(), to(of_g("participant_left_waiting_room", 30))]),
            "in_progress",
            ("in_meeting", "gone"),
        ),
        row(
            13,
            "sent back to the waiting room",
            opened_and([to(joined(G1, 20)), ON, back(30), OFF]),
            "in_progress",
            ("in_meeting", "in_waiting_room"),
        ),
        row(
            14,
            "sent back and admitted again: told once",
            opened_and([
                to(joined(G1, 20)),
                ON,
                back(30),
                OFF,
                to(of_g("participant_admitted", 40)),
                ON,
                to(joined(G1, 41)),
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            15,
            "the host's crash sends everybody to the waiting room, the host comes back",
            opened_and([
                to(joined(G1, 20)),
                ON,
                back(50),
                OFF,
                to(joined(P2, 110)),
                to(left(P1, 130)),
                to(of_g("participant_admitted", 140)),
                ON,
                to(joined(G1, 141)),
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
    ]
}

fn before_the_host() -> Vec<Row> {
    vec![
        row(
            16,
            "said three times that somebody waits",
            vec![to(waits(10)), to(waits(41)), to(waits(72))],
            "waiting_for_host",
            ("gone", "waiting"),
        ),
        row(
            17,
            "given up, the meeting's id a number",
            vec![to(waits(10)), to(gives_up(50))],
            "waiting_for_host",
            ("gone", "gone"),
        ),
        row(
            17,
            "given up, told by the name alone",
            vec![to(waits(10)), to(gives_up(50).by_name_alone())],
            "waiting_for_host",
            ("gone", "gone"),
        ),
        row(
            17,
            "somebody else gave up",
            vec![to(waits(10)), to(of_join("participant_jbh_waiting_left", ANA1, U0, 50).by_name_alone())],
            "waiting_for_host",
            ("gone", "waiting"),
        ),
        row(
            18,
            "no word before the join",
            vec![to(joined(G1, 20)), ON],
            "in_progress",
            ("gone", "in_meeting"),
        ),
        row(
            19,
            "in before the host, told without the join",
            vec![to(of_join("participant_jbh_joined", G1, U1, 20)), ON],
            "in_progress",
            ("gone", "in_meeting"),
        )
        .problem("no_provider_seen"),
        row(
            19,
            "in before the host, told both ways, and left",
            vec![
                to(of_join("participant_jbh_joined", G1, U1, 20)),
                ON,
                to(joined(G1, 20)),
                to(left(G1, 60)),
                OFF,
            ],
            "in_progress",
            ("gone", "gone"),
        ),
    ]
}
