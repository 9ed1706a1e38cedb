//! Stories in one room, told by the person model and checked against what happened.

use super::super::chance::Chance;
use super::happening::{Happening, What};
use super::room::{Room, RoomError, RoomRules};
use super::seat::{Device, HostRight, Identity, Place, Seat};

const T: i64 = 1_785_369_356_750;

fn seat(id: &str, right: HostRight) -> Seat {
    let identity = Identity { name: id.into(), ..Identity::default() };
    Seat::new(id.into(), identity, Device::App, right, T)
}

fn room(waiting_room: bool, join_before_host: bool) -> (Room, Chance) {
    let rules = RoomRules { waiting_room, join_before_host, clear_room_when_host_drops: false };
    (Room { rules, ..Room::default() }, Chance::new(5))
}

fn names(happenings: &[Happening]) -> Vec<&'static str> {
    happenings.iter().map(|happening| happening.what.event().trim_start_matches("meeting.")).collect()
}

#[test]
fn a_guest_before_the_host_waits_and_then_comes_in_alone() {
    let (mut room, mut chance) = room(false, false);
    assert!(room.arrive(seat("G", HostRight::None), T + 30_000, T, &mut chance).is_empty());
    assert!(room.tick(T + 29_999).is_empty());
    assert_eq!(names(&room.tick(T + 30_000)), ["participant_jbh_waiting"]);
    let started = room.arrive(seat("P", HostRight::Original), 0, T + 60_000, &mut chance);
    assert_eq!(names(&started), ["started", "participant_joined", "participant_joined"]);
}

#[test]
fn the_web_client_never_tells_that_it_waits() {
    let (mut room, mut chance) = room(false, false);
    let mut guest = seat("G", HostRight::None);
    guest.device = Device::Web;
    room.arrive(guest, T + 30_000, T, &mut chance);
    assert!(room.tick(T + 60_000).is_empty());
    assert!(room.leave("G", T + 61_000).expect("a seat").is_empty());
}

#[test]
fn only_a_host_lets_people_in() {
    let (mut room, mut chance) = room(true, false);
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    let waits = room.arrive(seat("G", HostRight::None), 0, T + 5_000, &mut chance);
    assert_eq!(names(&waits), ["participant_joined_waiting_room"]);
    assert_eq!(room.admit("G", "G", T + 6_000).expect_err("not a host"), RoomError::NotHost);
    let admitted = room.admit("P", "G", T + 6_000).expect("a host");
    assert_eq!(names(&admitted), ["participant_admitted", "participant_joined"]);
    assert_eq!(room.admit("P", "G", T + 7_000).expect_err("in already"), RoomError::WrongPlace);
    let back = room.put_back("P", "G", T + 8_000).expect("a host");
    assert_eq!(names(&back), ["participant_put_in_waiting_room"]);
    assert_eq!(names(&room.refuse("P", "G", T + 9_000).expect("a host")), ["participant_left_waiting_room"]);
}

#[test]
fn the_meeting_ends_with_its_last_person_and_starts_again_under_another_uuid() {
    let (mut room, mut chance) = room(false, false);
    let first = room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    assert_eq!(names(&room.leave("P", T + 1_000).expect("a seat")), ["participant_left", "ended"]);
    let second = room.arrive(seat("P2", HostRight::Original), 0, T + 60_000, &mut chance);
    let uuid = |told: &[Happening]| told.first().map(|happening| happening.instance.uuid.clone());
    assert_ne!(uuid(&first), uuid(&second));
    assert_eq!(room.past.len(), 1);
}

#[test]
fn a_crash_is_noticed_late_and_the_person_may_be_back_before() {
    let (mut room, mut chance) = room(false, false);
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    room.arrive(seat("G", HostRight::None), 0, T + 1_000, &mut chance);
    room.crash("G", T + 70_000, false, T + 5_000).expect("a seat");
    room.arrive(seat("G2", HostRight::None), 0, T + 20_000, &mut chance);
    assert!(room.seat("G").is_some_and(Seat::is_in), "Zoom has not noticed yet");
    assert_eq!(names(&room.tick(T + 70_000)), ["participant_left"]);
    assert!(room.seat("G2").is_some_and(Seat::is_in));
}

#[test]
fn a_silent_crash_is_never_told() {
    let (mut room, mut chance) = room(false, false);
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    room.arrive(seat("G", HostRight::None), 0, T + 1_000, &mut chance);
    room.crash("G", T + 70_000, true, T + 5_000).expect("a seat");
    assert!(room.tick(T + 70_000).is_empty());
    assert_eq!(names(&room.leave("P", T + 80_000).expect("a seat")), ["participant_left", "ended"]);
}

#[test]
fn the_alternative_host_begins_and_steps_down_when_the_host_comes() {
    let (mut room, mut chance) = room(true, false);
    let started = room.arrive(seat("A", HostRight::Alternative), 0, T, &mut chance);
    assert_eq!(names(&started), ["started", "participant_joined"]);
    let host = room.arrive(seat("P", HostRight::Original), 0, T + 5_000, &mut chance);
    assert_eq!(names(&host), ["participant_role_changed", "participant_joined"]);
    let passed = room.leave("P", T + 6_000).expect("a seat");
    assert_eq!(names(&passed), ["participant_left", "participant_role_changed"]);
    room.end_for_all("A", T + 7_000).expect("the host now");
}

#[test]
fn early_guests_come_in_where_the_account_forces_it() {
    let (mut room, mut chance) = room(false, true);
    let told = room.arrive(seat("G", HostRight::None), 0, T, &mut chance);
    assert_eq!(names(&told), ["started", "participant_jbh_joined", "participant_joined"]);
}

#[test]
fn a_dropped_host_clears_the_room_where_the_account_says_so() {
    let (mut room, mut chance) = room(false, false);
    room.rules.clear_room_when_host_drops = true;
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    room.arrive(seat("G", HostRight::None), 0, T + 1_000, &mut chance);
    let told = room.crash("P", T + 70_000, false, T + 5_000).expect("a seat");
    assert_eq!(names(&told), ["participant_put_in_waiting_room"]);
    assert_eq!(room.seat("G").map(|guest| guest.place.clone()), Some(Place::WaitingRoom));
}

#[test]
fn a_breakout_gives_another_user_id_and_is_left_before_the_meeting() {
    let (mut room, mut chance) = room(false, false);
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    room.arrive(seat("G", HostRight::None), 0, T + 1_000, &mut chance);
    let moved = room.move_breakout("G", Some("b1".into()), T + 5_000, &mut chance).expect("a seat");
    let Some(What::EnteredBreakout { user_id, .. }) = moved.first().map(|told| told.what.clone()) else {
        panic!("it was moved")
    };
    assert_ne!(room.seat("G").map(|guest| guest.user_id.clone()), Some(user_id));
    assert_eq!(
        names(&room.leave("G", T + 9_000).expect("a seat")),
        ["participant_left_breakout_room", "participant_left"]
    );
}

#[test]
fn a_phone_leg_is_bound_to_its_owner() {
    let (mut room, mut chance) = room(false, false);
    room.arrive(seat("P", HostRight::Original), 0, T, &mut chance);
    room.arrive(seat("G", HostRight::None), 0, T, &mut chance);
    let mut leg = seat("L", HostRight::None);
    leg.device = Device::Phone;
    room.arrive(leg, 0, T + 1_000, &mut chance);
    assert_eq!(room.bind("P", "G", T + 2_000).expect_err("no phone"), RoomError::WrongPlace);
    assert_eq!(names(&room.bind("L", "G", T + 2_000).expect("a phone")), ["participant_bind"]);
}
