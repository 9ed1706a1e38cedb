//! Events that come late, early, doubled or never.

#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use super::play::{OFF, ON, Row, Step, opened_and, row};
use super::wire::{Event, G1, G2, P1, P2, SLASHED, U1, U2, joined, left, of_join, of_meeting};

const STARTED: Event = of_meeting("started", U1, 10);
const ENDED: Event = of_meeting("ended", U1, 50);

pub fn rows() -> Vec<Row> {
    let to = |event: Event| Step::from(event);
    let g_joined = || [to(joined(G1, 20)), ON];
    vec![
        row(
            1,
            "a leave that is told again after the return",
            opened_and([
                to(joined(G1, 20)),
                ON,
                to(left(G1, 60)),
                OFF,
                to(joined(G2, 70)),
                ON,
                to(left(G1, 60).sent_later()),
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            2,
            "a leave before its join",
            opened_and([left(G1, 60), joined(G1, 20)].map(to)),
            "in_progress",
            ("in_meeting", "gone"),
        ),
        row(
            3,
            "fifty copies at once",
            opened_and([Step::TellsAtOnce(50, joined(G1, 20)), ON]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            4,
            "a fact of two subscriptions, in other bytes and sent at another time",
            opened_and([to(joined(G1, 20)), ON, to(joined(G1, 20).sent_later())]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            5,
            "no start at all",
            vec![to(joined(P1, 10)), to(joined(G1, 20)), ON, to(ENDED), OFF],
            "ended",
            ("gone", "gone"),
        ),
        row(
            6,
            "joined before started",
            vec![to(joined(P1, 11)), to(joined(G1, 12)), ON, to(STARTED)],
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            7,
            "ended, and nobody was said to have left",
            opened_and(g_joined().into_iter().chain([to(ENDED), OFF])),
            "ended",
            ("gone", "gone"),
        ),
        row(
            8,
            "a crash of which nothing is told, in a meeting that lives",
            opened_and(g_joined()),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            8,
            "a crash of which nothing is told, and the end of the meeting",
            opened_and(g_joined().into_iter().chain([to(left(P1, 49)), to(ENDED), OFF])),
            "ended",
            ("gone", "gone"),
        ),
        row(
            9,
            "the provider alone first, then both in a second instance",
            opened_and([
                to(left(P1, 30)),
                to(of_meeting("ended", U1, 30)),
                to(of_meeting("started", U2, 90)),
                to(of_join("participant_joined", P2, U2, 90)),
                to(of_join("participant_joined", G1, U2, 95)),
                ON,
            ]),
            "in_progress",
            ("in_meeting", "in_meeting"),
        ),
        row(
            26,
            "people's events without a time of sending",
            opened_and([
                to(joined(G1, 20).without_a_time_of_sending()),
                ON,
                to(left(G1, 40).without_a_time_of_sending()),
                OFF,
            ]),
            "in_progress",
            ("in_meeting", "gone"),
        ),
        row(
            26,
            "a deletion without a time of sending",
            vec![to(of_meeting("deleted", U1, 30).without_a_time_of_sending())],
            "waiting_for_host",
            ("gone", "gone"),
        )
        .problem("meeting_deleted"),
        row(
            46,
            "an instance whose uuid begins with a slash and holds two",
            vec![
                to(of_meeting("started", SLASHED, 10)),
                to(of_join("participant_joined", P1, SLASHED, 10)),
                to(of_join("participant_joined", G1, SLASHED, 20)),
                ON,
                to(of_join("participant_left", G1, SLASHED, 30)),
                OFF,
            ],
            "in_progress",
            ("in_meeting", "gone"),
        ),
    ]
}
