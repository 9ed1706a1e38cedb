//! Notification records: by organization, CSN and meeting, newest first.

use super::world::{START, World, csn, organization, other_organization, patient, record, shard, visits};
use vestibule_actors::port::store::{Acknowledgement, Ownership, Record, RecordQuery};
use vestibule_domain::id::MeetingId;

/// Writes records as a notifier does.
pub async fn write_records(world: &World, owner: Ownership, records: Vec<Record>) {
    let [visit] = visits(shard(1));
    let report = Acknowledgement { visit, lane: patient("p"), seq: 1, attempts: 1, records, settled: None };
    assert!(world.store.acknowledge(shard(1), owner, vec![report]).await.unwrap());
}

fn query(limit: usize) -> RecordQuery {
    RecordQuery { limit, ..RecordQuery::default() }
}

pub async fn records_are_found_by_organization_csn_and_meeting(world: &World) {
    let owner = world.own(shard(1)).await;
    let (ours, theirs) = (organization(), other_organization());
    let records = vec![
        record(1, ours.clone(), 10, 100, START),
        record(2, ours.clone(), 10, 200, START),
        record(3, theirs.clone(), 10, 100, START),
        record(4, ours.clone(), 11, 100, START),
        record(5, ours.clone(), 0, 0, START),
        // A CSN and a meeting that begin like others.
        record(6, ours.clone(), 1, 1, START),
        record(7, ours.clone(), 101, 1_000, START),
    ];
    write_records(world, owner, records.clone()).await;
    let ten = query(10);
    let by = |organization: bool, visit: Option<u64>, meeting: Option<u64>| RecordQuery {
        organization: organization.then(|| ours.clone()),
        csn: visit.map(csn),
        meeting: meeting.map(MeetingId),
        ..ten.clone()
    };
    assert_eq!(world.records(ten.clone()).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(world.records(by(true, None, None)).await, [7, 6, 5, 4, 2, 1]);
    assert_eq!(world.records(by(false, Some(10), None)).await, [3, 2, 1]);
    assert_eq!(world.records(by(true, Some(10), None)).await, [2, 1]);
    assert_eq!(world.records(by(false, None, Some(100))).await, [4, 3, 1]);
    assert_eq!(world.records(by(true, None, Some(100))).await, [4, 1]);
    assert_eq!(world.records(by(true, Some(10), Some(200))).await, [2]);
    assert!(world.records(by(true, Some(12), None)).await.is_empty());
    let whole = world.store.records(by(true, Some(11), None)).await.unwrap();
    assert_eq!((whole.items, whole.next), (vec![records[3].clone()], None));
}

pub async fn records_are_paged_newest_first(world: &World) {
    let owner = world.own(shard(1)).await;
    write_records(world, owner, (1..=5).map(|n| record(n, organization(), 10, 100, START)).collect()).await;
    let of_csn = RecordQuery { csn: Some(csn(10)), ..query(0) };
    let of_meeting = RecordQuery { meeting: Some(MeetingId(100)), ..query(0) };
    let of_organization = RecordQuery { organization: Some(organization()), ..query(0) };
    for base in [query(0), of_csn, of_meeting, of_organization] {
        for limit in 0..=6 {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = world.store.records(RecordQuery { before, limit, ..base.clone() }).await.unwrap();
                assert!(page.items.len() <= limit.max(1));
                seen.extend(page.items.iter().map(|record| record.attempt));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(seen, [5, 4, 3, 2, 1], "pages of {limit} of {base:?}");
        }
    }
}

pub async fn a_page_stays_where_it_was_while_records_come(world: &World) {
    let owner = world.own(shard(1)).await;
    write_records(world, owner, (1..=3).map(|n| record(n, organization(), 10, 100, START)).collect()).await;
    let first = world.store.records(query(2)).await.unwrap();
    write_records(world, owner, vec![record(4, organization(), 10, 100, START)]).await;
    assert_eq!(world.records(RecordQuery { before: first.next, ..query(2) }).await, [1]);
}
