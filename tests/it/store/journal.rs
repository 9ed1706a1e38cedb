//! Journals, and events that only know their meeting.

use super::world::{
    LIMITS, World, commit, entry, group_visit, organization, other_organization, own, shard, text, visit_of,
    visits,
};
use vestibule_actors::port::store::{Appended, Commit, Routed, Seq, StoreError};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

const MEETING: MeetingId = MeetingId(85_012_345_678);

async fn route(world: &World, payload: &str) -> Routed {
    route_to(world, &organization(), payload).await
}

async fn route_to(world: &World, organization: &OrganizationId, payload: &str) -> Routed {
    world.store.route_or_hold(organization, MEETING, payload.as_bytes().to_vec()).await.unwrap()
}

async fn append(world: &World, visit: &VisitKey, payloads: &[&str]) -> Appended {
    let entries = payloads.iter().map(|payload| entry(visit, payload)).collect();
    world.store.append(Shard::of_visit(visit), entries).await.unwrap()
}

pub async fn entries_are_read_in_order_from_any_place(world: &World) {
    let [a, b] = visits(shard(3));
    let both = vec![entry(&a, "one"), entry(&b, "two")];
    assert_eq!(world.store.append(shard(3), both).await.unwrap(), Appended::Done(Seq(2)));
    assert_eq!(append(world, &a, &["three"]).await, Appended::Done(Seq(3)));
    assert_eq!(append(world, &a, &[]).await, Appended::Done(Seq(3)), "nothing to append");
    let read = world.store.read(shard(3), Seq(1), 10).await.unwrap();
    let read: Vec<_> = read.into_iter().map(|e| (e.seq.0, e.visit, text(&e.payload))).collect();
    assert_eq!(read, [(2, b, "two".to_owned()), (3, a, "three".to_owned())]);
    assert_eq!(world.store.read(shard(3), Seq(0), 2).await.unwrap().len(), 2);
    assert!(world.store.read(shard(3), Seq(0), 0).await.unwrap().is_empty());
    assert!(world.store.read(shard(3), Seq(3), 10).await.unwrap().is_empty());
    assert!(world.store.read(shard(4), Seq(0), 10).await.unwrap().is_empty(), "another shard");
    assert_eq!(world.store.cursor(shard(3)).await.unwrap(), Seq(0), "appending moves no cursor");
}

pub async fn an_append_is_all_or_none(world: &World) {
    let [visit] = visits(shard(3));
    append(world, &visit, &["1", "2", "3", "4", "5"]).await;
    assert_eq!(append(world, &visit, &["6", "7"]).await, Appended::Full);
    assert_eq!(world.journal(shard(3)).await.len(), 5, "nothing of it was written");
    assert_eq!(append(world, &visit, &["6"]).await, Appended::Done(Seq(6)));
}

pub async fn entries_of_another_shard_are_refused(world: &World) {
    let ([here], [there]) = (visits(shard(3)), visits(shard(4)));
    let mixed = vec![entry(&here, "here"), entry(&there, "there")];
    let answer = world.store.append(shard(3), mixed).await;
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    assert!(world.journal(shard(3)).await.is_empty());
}

pub async fn a_full_journal_takes_no_more_until_the_cursor_moves(world: &World) {
    let [visit] = visits(shard(3));
    let owner = world.own(shard(3)).await;
    append(world, &visit, &["1", "2", "3", "4", "5", "6"]).await;
    assert_eq!(append(world, &visit, &["7"]).await, Appended::Full);
    world.commit(Commit { cursor: Seq(2), ..commit(shard(3), owner, 1) }).await;
    assert_eq!(world.store.cursor(shard(3)).await.unwrap(), Seq(2));
    assert_eq!(world.journal(shard(3)).await, ["3", "4", "5", "6"], "what was taken in has left");
    assert_eq!(append(world, &visit, &["7", "8"]).await, Appended::Done(Seq(8)), "places never come again");
    assert_eq!(append(world, &visit, &["9"]).await, Appended::Full);
}

// I3: what was acknowledged before its visit is known reaches the visit.
pub async fn an_event_is_held_until_its_meeting_is_indexed(world: &World) {
    let visit = group_visit("42/b");
    assert_eq!(route(world, "one").await, Routed::Held);
    assert_eq!(route(world, "two").await, Routed::Held);
    assert_eq!(world.store.index_meeting(MEETING, &visit).await.unwrap(), 2);
    assert_eq!(route(world, "three").await, Routed::Appended(visit.clone()));
    assert_eq!(world.journal(Shard::of_visit(&visit)).await, ["one", "two", "three"], "in their order");
    assert_eq!(world.store.index_meeting(MEETING, &visit).await.unwrap(), 0, "repeating is harmless");
    assert_eq!(world.journal(Shard::of_visit(&visit)).await.len(), 3);
}

pub async fn a_meeting_belongs_to_one_visit_for_ever(world: &World) {
    let [first, second] = visits(shard(3));
    world.store.index_meeting(MEETING, &first).await.unwrap();
    let answer = world.store.index_meeting(MEETING, &second).await;
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    assert_eq!(route(world, "event").await, Routed::Appended(first));
}

pub async fn organizations_do_not_share_meetings(world: &World) {
    let ours = visit_of(organization(), 1);
    let theirs = visit_of(other_organization(), 1);
    assert_eq!(route_to(world, &other_organization(), "theirs").await, Routed::Held);
    assert_eq!(world.store.index_meeting(MEETING, &ours).await.unwrap(), 0, "it is not ours");
    assert_eq!(route(world, "ours").await, Routed::Appended(ours));
    assert_eq!(world.store.index_meeting(MEETING, &theirs).await.unwrap(), 1);
    assert_eq!(world.journal(Shard::of_visit(&theirs)).await, ["theirs"]);
}

pub async fn an_event_is_held_for_a_bounded_time(world: &World) {
    let visit = visit_of(organization(), 1);
    route(world, "old").await;
    world.clock.pass(Span::minutes(10));
    route(world, "new").await;
    world.clock.pass(Span(LIMITS.held_for.0 - Span::minutes(10).0));
    assert_eq!(world.store.index_meeting(MEETING, &visit).await.unwrap(), 1);
    assert_eq!(world.journal(Shard::of_visit(&visit)).await, ["new"]);
}

pub async fn the_oldest_held_event_makes_room(world: &World) {
    let visit = visit_of(organization(), 1);
    for payload in ["1", "2", "3"] {
        assert_eq!(route(world, payload).await, Routed::Held);
    }
    let other = route_to(world, &other_organization(), "x").await;
    assert_eq!(other, Routed::Held, "the bound is each organization's own");
    assert_eq!(route(world, "4").await, Routed::held(1, 0));
    world.clock.pass(LIMITS.held_for);
    assert_eq!(route(world, "5").await, Routed::held(0, 3), "what has expired takes no room");
    assert_eq!(world.store.index_meeting(MEETING, &visit).await.unwrap(), 1);
    assert_eq!(world.journal(Shard::of_visit(&visit)).await, ["5"]);
}

pub async fn held_events_move_even_into_a_full_journal(world: &World) {
    let [visit] = visits(shard(3));
    append(world, &visit, &["1", "2", "3", "4", "5", "6"]).await;
    route(world, "held").await;
    assert_eq!(world.store.index_meeting(MEETING, &visit).await.unwrap(), 1);
    assert_eq!(world.journal(shard(3)).await.last().map(String::as_str), Some("held"));
}

pub async fn a_full_journal_refuses_routed_events(world: &World) {
    let [visit] = visits(shard(3));
    world.store.index_meeting(MEETING, &visit).await.unwrap();
    append(world, &visit, &["1", "2", "3", "4", "5", "6"]).await;
    assert_eq!(route(world, "late").await, Routed::Full);
    assert_eq!(world.journal(shard(3)).await.len(), 6);
}

pub async fn tries_are_counted_by_process_until_the_cursor_passes(world: &World) {
    let [visit] = visits(shard(3));
    let first = world.own(shard(3)).await;
    append(world, &visit, &["1", "2"]).await;
    let count = async |owner, seq| world.store.count_try(shard(3), owner, Seq(seq)).await;
    assert_eq!(count(first, 1).await.unwrap(), Some(1));
    assert_eq!(count(first, 1).await.unwrap(), Some(1), "the same process still tries");
    world.store.release(shard(3), first).await.unwrap();
    let second = own(world.store.as_ref(), shard(3), 2).await;
    assert_eq!(count(second, 1).await.unwrap(), Some(2));
    assert_eq!(count(second, 2).await.unwrap(), Some(1));
    assert!(matches!(count(second, 3).await, Err(StoreError::Refused(_))), "there is no such entry");
    world.commit(Commit { cursor: Seq(1), ..commit(shard(3), second, 1) }).await;
    assert!(matches!(count(second, 1).await, Err(StoreError::Refused(_))), "it was taken in");
    world.store.release(shard(3), second).await.unwrap();
    let third = own(world.store.as_ref(), shard(3), 3).await;
    assert_eq!(count(third, 2).await.unwrap(), Some(2), "the next one keeps its count");
}
