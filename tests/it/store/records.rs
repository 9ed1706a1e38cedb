//! Notification records: by organization, CSN and meeting, newest first.

use super::world::{START, World, csn, organization, other_organization, patient, record, shard, visits};
use vestibule_actors::port::store::{
    Acknowledgement, Outcome, Ownership, RECORDS_LOOKED_AT, Record, RecordQuery, Retention, UpdateId,
};
use vestibule_domain::id::MeetingId;
use vestibule_domain::time::{Moment, Span};

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

pub async fn records_are_found_by_outcome_code_and_time(world: &World) {
    let owner = world.own(shard(1)).await;
    let at = |seconds| START + Span::seconds(seconds);
    let of = |n: u32, outcome, resp_code| Record {
        outcome,
        resp_code,
        ..record(n, organization(), u64::from(10 + n % 2), 100, at(i64::from(n)))
    };
    let records = vec![
        of(1, Outcome::Delivered, 200),
        of(2, Outcome::Retrying, 503),
        of(3, Outcome::Retrying, 0),
        of(4, Outcome::Parked, 400),
        of(5, Outcome::Superseded, 0),
        of(6, Outcome::Delivered, 200),
    ];
    write_records(world, owner, records.clone()).await;
    let all = || RecordQuery { organization: Some(organization()), ..query(10) };
    let of_visit = || RecordQuery { csn: Some(csn(10)), ..all() };
    let of_meeting = || RecordQuery { meeting: Some(MeetingId(100)), ..all() };
    let no_index = || query(10);
    for base in [all(), of_meeting(), no_index()] {
        let by = |wanted: RecordQuery| world.records(wanted);
        assert_eq!(by(RecordQuery { outcome: Some(Outcome::Retrying), ..base.clone() }).await, [3, 2]);
        assert_eq!(by(RecordQuery { resp_code: Some(0), ..base.clone() }).await, [5, 3]);
        let both = RecordQuery { outcome: Some(Outcome::Retrying), resp_code: Some(0), ..base.clone() };
        assert_eq!(by(both).await, [3]);
        assert_eq!(by(RecordQuery { since: Some(at(5)), ..base.clone() }).await, [6, 5], "that time is in");
        assert_eq!(by(RecordQuery { until: Some(at(3)), ..base.clone() }).await, [2, 1], "that time is out");
        let between = RecordQuery { since: Some(at(2)), until: Some(at(5)), ..base.clone() };
        assert_eq!(by(between.clone()).await, [4, 3, 2]);
        let first = world.store.records(RecordQuery { limit: 2, ..between.clone() }).await.unwrap();
        assert_eq!(by(RecordQuery { before: first.next, ..between }).await, [2]);
        let nothing = RecordQuery { since: Some(at(5)), until: Some(at(2)), ..base.clone() };
        assert!(by(nothing).await.is_empty(), "a time that ends before it begins");
        let one = RecordQuery {
            id: Some(records[3].id),
            since: Some(at(4)),
            until: Some(Moment(at(4).0 + 1)),
            ..base.clone()
        };
        assert_eq!(by(one.clone()).await, [4]);
        assert!(by(RecordQuery { id: Some(records[2].id), ..one }).await.is_empty());
    }
    let parked = RecordQuery { outcome: Some(Outcome::Parked), ..of_visit() };
    assert_eq!(world.records(parked).await, [4]);
    assert_eq!(world.records(RecordQuery { since: Some(at(3)), ..of_visit() }).await, [6, 4]);
}

// What is rare among many is found all the same, and no search reads them all.
pub async fn a_search_looks_at_so_many_records_and_says_where_to_go_on(world: &World) {
    let owner = world.own(shard(1)).await;
    let rare = Record { outcome: Outcome::Parked, ..record(7, organization(), 10, 100, START) };
    write_records(world, owner, vec![rare]).await;
    let many = u32::try_from(RECORDS_LOOKED_AT).unwrap() + 500;
    let later = |n: u32| START + Span::seconds(1 + i64::from(n));
    for thousand in 0..many.div_ceil(1_000) {
        let numbers = thousand * 1_000..many.min((thousand + 1) * 1_000);
        let records = numbers.map(|n| record(n, organization(), 10, 100, later(n))).collect();
        write_records(world, owner, records).await;
    }
    let mut wanted =
        RecordQuery { organization: Some(organization()), outcome: Some(Outcome::Parked), ..query(10) };
    let mut found = Vec::new();
    loop {
        let page = world.store.records(wanted.clone()).await.unwrap();
        found.extend(page.items.iter().map(|record| record.attempt));
        assert!(page.next.is_none_or(|next| wanted.before.is_none_or(|before| next < before)));
        let Some(next) = page.next else { break };
        wanted.before = Some(next);
    }
    assert_eq!(found, [7]);
}

pub async fn a_page_stays_where_it_was_while_records_come(world: &World) {
    let owner = world.own(shard(1)).await;
    write_records(world, owner, (1..=3).map(|n| record(n, organization(), 10, 100, START)).collect()).await;
    let first = world.store.records(query(2)).await.unwrap();
    write_records(world, owner, vec![record(4, organization(), 10, 100, START)]).await;
    assert_eq!(world.records(RecordQuery { before: first.next, ..query(2) }).await, [1]);
}

pub async fn records_are_found_by_epics_own_code(world: &World) {
    let owner = world.own(shard(1)).await;
    let of = |n: u32, code: Option<&str>| Record {
        epic_code: code.map(str::to_owned),
        ..record(n, organization(), 10, 100, START)
    };
    let codes = [Some("INVALID-USER-ID"), None, Some("Invalid-User-Id"), Some("INVALID-USER-ID-2")];
    let records = (1..).zip(codes).map(|(n, code)| of(n, code)).collect();
    write_records(world, owner, records).await;
    for base in [query(10), RecordQuery { csn: Some(csn(10)), ..query(10) }] {
        let by = |code: &str| RecordQuery { epic_code: Some(code.to_owned()), ..base.clone() };
        assert_eq!(world.records(by("INVALID-USER-ID")).await, [3, 1]);
        assert_eq!(world.records(by("invalid-user-id-2")).await, [4]);
        assert!(world.records(by("INVALID-USER")).await.is_empty(), "the whole code or nothing");
    }
}

// However few of an update's records a page holds, each says how many attempts there are.
pub async fn each_record_says_of_how_many_attempts(world: &World) {
    let owner = world.own(shard(1)).await;
    let of = |update: u64, attempt: u32, seconds: i64| Record {
        update: Some(UpdateId(update)),
        outcome: if attempt < 3 { Outcome::Retrying } else { Outcome::Delivered },
        ..record(attempt, organization(), 10, 100, START + Span::seconds(seconds))
    };
    let of_before = Record { update: None, ..of(1, 1, 0) };
    let never_sent = Record { outcome: Outcome::Superseded, ..of(2, 0, 2) };
    write_records(world, owner, vec![of_before, of(1, 1, 1), never_sent, of(1, 2, 3)]).await;
    let told = async |query: RecordQuery| -> Vec<(u32, Option<u32>)> {
        let page = world.store.records(query).await.unwrap();
        page.items.iter().map(|record| (record.attempt, record.attempts)).collect()
    };
    assert_eq!(told(query(10)).await, [(2, Some(2)), (0, None), (1, Some(2)), (1, None)]);
    let third = of(1, 3, 4);
    write_records(world, owner, vec![third.clone(), of(u64::MAX, 1, 5)]).await;
    // Reported again, since the answer was lost.
    write_records(world, owner, vec![third]).await;
    let retrying = RecordQuery { outcome: Some(Outcome::Retrying), ..query(10) };
    assert_eq!(told(retrying).await, [(1, Some(1)), (2, Some(3)), (1, Some(3)), (1, None)]);
    let of_csn = RecordQuery { csn: Some(csn(10)), until: Some(START + Span::seconds(2)), ..query(1) };
    assert_eq!(told(of_csn).await, [(1, Some(3))]);
    let first = RecordQuery { since: Some(START + Span::seconds(4)), ..query(10) };
    assert_eq!(told(first).await, [(1, Some(1)), (3, Some(3))]);
    // The count stays for as long as there is a record of the newest attempt.
    let all_but = |records_per_organization| Retention {
        records: Span::hours(24 * 365),
        records_of: [].into(),
        records_per_organization,
    };
    world.store.sweep(all_but(3)).await.unwrap();
    assert_eq!(told(query(10)).await, [(1, Some(1)), (3, Some(3)), (2, Some(3))]);
    world.store.sweep(all_but(1)).await.unwrap();
    write_records(world, owner, vec![of(1, 2, 6)]).await;
    assert_eq!(told(query(10)).await, [(2, Some(2)), (1, Some(1))], "a count left with its records");
}
