//! The updates that Epic has not acknowledged.

use super::world::{
    START, World, commit, device_test, entry, organization, patient, provider, record, shard, stranger, text,
    update, visits,
};
use vestibule_actors::port::store::{Acknowledgement, Appended, Commit, OutboxEntry, Ownership, RecordQuery};
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

const PLACE: u16 = 11;

fn place() -> Shard {
    shard(PLACE)
}

async fn filled(world: &World) -> ([VisitKey; 2], Ownership) {
    let [a, b] = visits(place());
    let owner = world.own(place()).await;
    let outbox = vec![
        update(&b, patient("p"), 1),
        update(&a, patient("p"), 2),
        update(&a, patient("p"), 1),
        update(&a, patient("p"), 10),
        update(&a, provider("z"), 1),
        update(&a, patient("pa"), 1),
        update(&a, device_test("p"), 2),
        update(&a, device_test("p"), 1),
    ];
    world.commit(Commit { outbox, ..commit(place(), owner, 1) }).await;
    ([a, b], owner)
}

type Place = (VisitKey, LaneName, u64);

async fn places(world: &World, page: usize) -> Vec<Place> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let entries = world.store.outbox(place(), after, page).await.unwrap();
        let Some(last) = entries.last() else { return seen };
        after = Some(place_of(last));
        seen.extend(entries.iter().map(place_of));
    }
}

fn place_of(entry: &OutboxEntry) -> Place {
    (entry.visit.clone(), entry.lane.clone(), entry.seq)
}

fn report(visit: &VisitKey, lane: LaneName, seq: u64, settles: bool) -> Acknowledgement {
    Acknowledgement {
        visit: visit.clone(),
        lane,
        seq,
        attempts: 3,
        records: vec![record(3, organization(), 1, 1, START)],
        settled: settles.then(|| entry(visit, &format!("settled {seq}"))),
    }
}

pub async fn the_outbox_is_read_in_lane_order_and_by_pages(world: &World) {
    let ([a, b], _) = filled(world).await;
    let expected = [
        (a.clone(), provider("z"), 1),
        (a.clone(), patient("p"), 1),
        (a.clone(), patient("p"), 2),
        (a.clone(), patient("p"), 10),
        (a.clone(), patient("pa"), 1),
        (a.clone(), device_test("p"), 1),
        (a, device_test("p"), 2),
        (b, patient("p"), 1),
    ];
    for page in 1..=9 {
        assert_eq!(places(world, page).await, expected, "pages of {page}");
    }
    assert!(world.store.outbox(place(), None, 0).await.unwrap().is_empty());
    assert!(world.store.outbox(shard(PLACE + 1), None, 10).await.unwrap().is_empty());
    let first = world.store.outbox(place(), None, 2).await.unwrap().pop().unwrap();
    assert_eq!((first.attempts, text(&first.payload)), (0, "update 1".to_owned()));
}

pub async fn a_settled_lane_is_done_up_to_its_number(world: &World) {
    let ([a, b], owner) = filled(world).await;
    let reports = vec![report(&a, patient("p"), 2, true)];
    assert!(world.store.acknowledge(place(), owner, reports).await.unwrap());
    let left = [
        (a.clone(), provider("z"), 1),
        (a.clone(), patient("p"), 10),
        (a.clone(), patient("pa"), 1),
        (a.clone(), device_test("p"), 1),
        (a, device_test("p"), 2),
        (b, patient("p"), 1),
    ];
    assert_eq!(places(world, 10).await, left);
    assert_eq!(world.journal(place()).await, ["settled 2"]);
    assert_eq!(world.records(Default::default()).await, [3]);
}

pub async fn attempts_are_kept(world: &World) {
    let ([a, _], owner) = filled(world).await;
    let reports = vec![report(&a, provider("z"), 1, false), report(&a, provider("nobody"), 1, false)];
    assert!(world.store.acknowledge(place(), owner, reports).await.unwrap());
    let first = world.store.outbox(place(), None, 1).await.unwrap().pop().unwrap();
    assert_eq!((first.attempts, text(&first.payload)), (3, "update 1".to_owned()));
    assert_eq!(places(world, 10).await.len(), 8, "nothing was settled, and nothing came from nowhere");
    let all = RecordQuery { limit: 10, ..RecordQuery::default() };
    assert_eq!(world.records(all).await.len(), 2);
    assert!(world.journal(place()).await.is_empty());
}

pub async fn a_settlement_is_journalled_even_when_the_journal_is_full(world: &World) {
    let ([a, _], owner) = filled(world).await;
    world.append(&a, &["1", "2", "3", "4", "5", "6"]).await;
    let more = vec![entry(&a, "7")];
    assert_eq!(world.store.append(place(), more).await.unwrap(), Appended::Full);
    assert!(world.store.acknowledge(place(), owner, vec![report(&a, patient("p"), 1, true)]).await.unwrap());
    assert_eq!(world.journal(place()).await.last().map(String::as_str), Some("settled 1"));
}

pub async fn reports_of_a_lost_lease_change_nothing(world: &World) {
    let ([a, _], owner) = filled(world).await;
    for other in stranger(owner) {
        let reports = vec![report(&a, patient("p"), 2, true)];
        assert!(!world.store.acknowledge(place(), other, reports).await.unwrap());
    }
    assert_eq!(places(world, 10).await.len(), 8);
    assert!(world.records(Default::default()).await.is_empty());
    let [elsewhere] = visits(shard(PLACE + 1));
    let reports = vec![report(&a, patient("p"), 2, true), report(&elsewhere, patient("p"), 1, true)];
    assert!(world.store.acknowledge(place(), owner, reports).await.is_err(), "all or none");
    assert_eq!(places(world, 10).await.len(), 8);
    assert!(world.store.acknowledge(place(), owner, Vec::new()).await.unwrap(), "nothing to report");
}
