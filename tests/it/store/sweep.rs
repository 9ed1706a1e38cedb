//! What leaves in time, and what must not.

use super::records::write_records;
use super::world::{
    LIMITS, START, World, commit, organization, other_organization, record, shard, visit_of, visits, write,
};
use std::collections::BTreeMap;
use vestibule_actors::port::store::{
    Commit, ParkedCommand, RecordQuery, Retention, Routed, Seq, Space, Swept, VisitWrite,
};
use vestibule_domain::id::MeetingId;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

const KEEP: Retention =
    Retention { records: Span::hours(24), records_of: BTreeMap::new(), records_per_organization: 1_000 };

async fn sweep(world: &World, keep: Retention) -> Swept {
    world.store.sweep(keep).await.unwrap()
}

pub async fn a_sweep_removes_what_has_expired_and_nothing_else(world: &World) {
    let owner = world.own(shard(1)).await;
    let later = START + Span::hours(1);
    let records = vec![record(1, organization(), 1, 1, START), record(2, organization(), 1, 1, later)];
    write_records(world, owner, records).await;
    // More than a store may want to remove in one go.
    for n in 0..700 {
        world.store.put(Space::Ticket, &format!("short {n}"), vec![1], Span::minutes(1)).await.unwrap();
    }
    world.store.put(Space::Keys, "long", vec![1], Span::hours(100)).await.unwrap();
    world.store.route_or_hold(&organization(), MeetingId(5), vec![1]).await.unwrap();
    assert_eq!(sweep(world, KEEP).await, Swept::default(), "nothing has expired yet");
    world.clock.pass(Span(LIMITS.held_for.0));
    world.store.route_or_hold(&other_organization(), MeetingId(5), vec![1]).await.unwrap();
    // Where values leave by themselves there is nothing to sweep.
    let values = if world.values_leave_by_themselves() { 0 } else { 700 };
    let expected = Swept { values, held: 1, ..Swept::default() };
    assert_eq!(sweep(world, KEEP).await, expected);
    world.clock.pass(Span(KEEP.records.0 - LIMITS.held_for.0));
    assert_eq!(sweep(world, KEEP).await.records_old, 0, "a record of just that age stays");
    world.clock.pass(Span(1));
    assert_eq!(sweep(world, KEEP).await.records_old, 1);
    assert_eq!(world.records(RecordQuery { limit: 10, ..RecordQuery::default() }).await, [2]);
    let by_csn = RecordQuery { csn: Some(super::world::csn(1)), limit: 10, ..RecordQuery::default() };
    assert_eq!(world.records(by_csn).await, [2]);
    assert_eq!(world.store.get(Space::Keys, "long").await.unwrap(), Some(vec![1]));
    assert_eq!(sweep(world, KEEP).await, Swept::default());
}

pub async fn an_index_entry_stays_while_its_visit_is_there(world: &World) {
    let (living, gone) = (visit_of(organization(), 1), visit_of(organization(), 2));
    world.store.index_meeting(MeetingId(1), &living).await.unwrap();
    world.store.index_meeting(MeetingId(2), &gone).await.unwrap();
    let place = Shard::of_visit(&living);
    let owner = world.own(place).await;
    world.commit(Commit { visits: vec![write(&living, 0, "x")], ..commit(place, owner, 1) }).await;
    world.clock.pass(Span(KEEP.records.0));
    sweep(world, KEEP).await;
    let route = async |meeting| {
        world.store.route_or_hold(&organization(), MeetingId(meeting), vec![1]).await.unwrap()
    };
    assert_eq!(route(2).await, Routed::Appended(gone), "it is just that old, and stays");
    world.clock.pass(Span(1));
    assert_eq!(sweep(world, KEEP).await.index, 1, "the other's visit is there");
    assert_eq!(route(1).await, Routed::Appended(living.clone()));
    assert_eq!(route(2).await, Routed::Held);
    // The visit leaves, and the entry with the next sweep.
    let owner = world.own(place).await;
    let gone = VisitWrite { visit: living, expected: 1, state: None, wake: None };
    world.commit(Commit { visits: vec![gone], ..commit(place, owner, 2) }).await;
    sweep(world, KEEP).await;
    assert_eq!(route(1).await, Routed::Held);
}

pub async fn records_above_the_cap_leave_oldest_first(world: &World) {
    let owner = world.own(shard(1)).await;
    let ours = (1..=5).map(|n| record(n, organization(), 1, 1, START));
    let theirs = (11..=13).map(|n| record(n, other_organization(), 1, 1, START));
    write_records(world, owner, ours.chain(theirs).collect()).await;
    let keep = Retention { records_per_organization: 3, ..KEEP };
    assert_eq!(sweep(world, keep.clone()).await, Swept { records_above_cap: 2, ..Swept::default() });
    let all = RecordQuery { limit: 100, ..RecordQuery::default() };
    assert_eq!(world.records(all.clone()).await, [13, 12, 11, 5, 4, 3]);
    write_records(world, owner, vec![record(6, organization(), 1, 1, START)]).await;
    assert_eq!(sweep(world, keep.clone()).await.records_above_cap, 1, "the count goes on from there");
    assert_eq!(world.records(all.clone()).await, [6, 13, 12, 11, 5, 4]);
    let none = Retention { records_per_organization: 0, ..KEEP };
    assert_eq!(sweep(world, none).await.records_above_cap, 6);
    assert!(world.records(all).await.is_empty());
}

pub async fn parked_commands_leave_with_the_records(world: &World) {
    let place = shard(1);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    let parked = |seq, at: Moment| ParkedCommand {
        seq: Seq(seq),
        visit: visit.clone(),
        payload: Vec::new(),
        reason: "poison".to_owned(),
        at,
    };
    let both = vec![parked(1, START), parked(2, START + Span(1))];
    world.commit(Commit { parked: both, ..commit(place, owner, 1) }).await;
    world.clock.pass(Span(KEEP.records.0 + 1));
    sweep(world, KEEP).await;
    assert_eq!(world.store.parked(10).await.unwrap(), [parked(2, START + Span(1))]);
}
