//! Random histories of one room: what it tells, in any order and any number, folds to who is truly in the meeting.
//!
//! The folding here is the shortest reading of the events that can be right: per session the newest fact counts, and an ended
//! instance holds nobody. Where the room told facts that contradict each other, this would show it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::chance::Chance;
use super::happening::{Happening, What};
use super::room::{Room, RoomRules};
use super::seat::{Device, HostRight, Identity, Seat};

const BEGIN: i64 = 1_785_369_356_750;
const HISTORIES: u64 = 400;
const ACTS: u64 = 40;

/// The rank of a fact among those of one second, and whether it says "in the meeting"; none for what moves nobody.
fn reading(what: &What) -> Option<(u8, bool)> {
    match what {
        What::EnteredWaitingRoom => Some((0, false)),
        What::Admitted => Some((1, false)),
        What::Joined | What::EnteredBreakout { .. } | What::LeftBreakout { .. } => Some((2, true)),
        What::PutBack => Some((3, false)),
        What::Left { .. } => Some((4, false)),
        _ => None,
    }
}

/// Participant uuids of those who are in the meeting, by what was told.
fn fold(told: &[Happening]) -> BTreeSet<String> {
    let mut newest: BTreeMap<(String, String), (i64, u8, bool)> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for happening in told {
        if happening.what == What::Ended {
            ended.insert(happening.instance.uuid.clone());
        }
        let (Some(seat), Some((rank, inside))) = (&happening.seat, reading(&happening.what)) else {
            continue;
        };
        let second = happening.time.div_euclid(1000);
        let key = (happening.instance.uuid.clone(), seat.participant_uuid.clone());
        let entry = newest.entry(key).or_insert((second, rank, inside));
        if (second, rank) >= (entry.0, entry.1) {
            *entry = (second, rank, inside);
        }
    }
    newest
        .into_iter()
        .filter(|((uuid, _), fact)| fact.2 && !ended.contains(uuid))
        .map(|((_, one), _)| one)
        .collect()
}

fn truth(room: &Room) -> BTreeSet<String> {
    room.seats.iter().filter(|seat| seat.is_in()).map(|seat| seat.participant_uuid.clone()).collect()
}

/// One random act of anybody; what cannot be done is refused, and that is fine.
fn act(room: &mut Room, number: u64, now: i64, chance: &mut Chance) -> Vec<Happening> {
    let seats: Vec<String> =
        room.seats.iter().filter(|seat| !seat.is_gone()).map(|seat| seat.id.clone()).collect();
    let mut anybody = || {
        let index = usize::try_from(chance.between(0, seats.len() as u64)).unwrap_or(0);
        seats.get(index).cloned().unwrap_or_default()
    };
    let (one, other) = (anybody(), anybody());
    let outcome = match chance.between(0, 12) {
        0..=3 => {
            let right = match chance.between(0, 4) {
                0 => HostRight::Original,
                1 => HostRight::Alternative,
                _ => HostRight::None,
            };
            let device = if chance.hit(0.2) { Device::Phone } else { Device::App };
            let seat = Seat::new(format!("seat-{number}"), Identity::default(), device, right, now);
            Ok(room.arrive(seat, now + 30_000, now, chance))
        }
        4 | 5 => room.admit(&one, &other, now),
        6 => room.put_back(&one, &other, now),
        7 => room.refuse(&one, &other, now),
        8 => room.leave(&one, now),
        9 => room.crash(&one, now + 60_000, false, now),
        10 => room.move_breakout(&one, chance.hit(0.6).then(|| "b1".to_owned()), now, chance),
        _ if chance.hit(0.2) => room.end_for_all(&one, now),
        _ => room.bind(&one, &other, now),
    };
    outcome.unwrap_or_default()
}

fn shuffled(mut told: Vec<Happening>, chance: &mut Chance) -> Vec<Happening> {
    let again: Vec<Happening> = told.iter().filter(|_| chance.hit(0.3)).cloned().collect();
    told.extend(again);
    for index in (1..told.len()).rev() {
        let other = usize::try_from(chance.between(0, index as u64 + 1)).unwrap_or(0);
        told.swap(index, other);
    }
    told
}

#[test]
fn what_is_told_folds_to_the_truth_in_any_order() {
    let mut lively = 0;
    for seed in 0..HISTORIES {
        let mut chance = Chance::new(seed);
        let rules = RoomRules {
            waiting_room: chance.hit(0.5),
            join_before_host: chance.hit(0.3),
            clear_room_when_host_drops: chance.hit(0.3),
        };
        let mut room = Room { rules, ..Room::default() };
        let (mut told, mut now) = (Vec::new(), BEGIN);
        for number in 0..ACTS {
            // Often within one second, sometimes long after.
            now += i64::try_from(chance.between(10, 700)).unwrap_or(0);
            if chance.hit(0.1) {
                now += 70_000;
            }
            told.extend(room.tick(now));
            told.extend(act(&mut room, number, now, &mut chance));
            assert_eq!(fold(&told), truth(&room), "seed {seed}, act {number}, in order");
            let other_order = shuffled(told.clone(), &mut chance);
            assert_eq!(fold(&other_order), truth(&room), "seed {seed}, act {number}, in another order");
        }
        lively += room.past.len();
    }
    assert!(lively > 200, "the histories see meetings end and start again: {lively}");
}
