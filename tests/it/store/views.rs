//! What boards and owners look at: changes, all visits, and what is due.

use super::world::{
    START, World, commit, entry, group_visit, organization, other_organization, patient, record, shard,
    visit_of, visits, write,
};
use std::collections::BTreeMap;
use tokio::sync::broadcast::Receiver;
use vestibule_actors::port::store::{
    Acknowledgement, Changed, Commit, GONE_TOLD_FOR, Hint, Ownership, Retention, Routed, Space, VisitWrite,
};
use vestibule_domain::id::{MeetingId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

async fn write_all(
    world: &World,
    owner: Ownership,
    place: Shard,
    visits: &[VisitKey],
    expected: u64,
    id: u128,
) {
    let visits = visits.iter().map(|visit| write(visit, expected, "state")).collect();
    world.commit(Commit { visits, ..commit(place, owner, id) }).await;
}

pub async fn changes_are_followed_without_a_gap_whatever_the_page(world: &World) {
    let place = shard(9);
    let keys: [VisitKey; 7] = visits(place);
    let owner = world.own(place).await;
    write_all(world, owner, place, &keys[..5], 0, 1).await;
    write_all(world, owner, place, &keys[5..], 0, 2).await;
    for page in 1..=8 {
        let (mut seen, mut from) = (Vec::new(), 0);
        loop {
            let changed = world.store.changed_since(place, from, page).await.unwrap();
            assert!(changed.len() <= page);
            let Some(last) = changed.last() else { break };
            from = last.change;
            seen.extend(changed.into_iter().map(|stored| stored.visit));
        }
        assert_eq!(seen, keys, "with pages of {page}");
        assert_eq!(world.store.changes().await.unwrap(), [(place, from)]);
    }
}

pub async fn a_visit_appears_once_at_its_last_change(world: &World) {
    let place = shard(9);
    let keys: [VisitKey; 3] = visits(place);
    let owner = world.own(place).await;
    write_all(world, owner, place, &keys, 0, 1).await;
    write_all(world, owner, place, &keys[..1], 1, 2).await;
    let changed = world.store.changed_since(place, 0, 10).await.unwrap();
    let order: Vec<_> = changed.iter().map(|stored| (stored.visit.clone(), version_of(stored))).collect();
    assert_eq!(order, [(keys[1].clone(), 1), (keys[2].clone(), 1), (keys[0].clone(), 2)]);
    assert_eq!(world.store.changed_since(place, 3, 10).await.unwrap().len(), 1);
    assert!(world.store.changed_since(place, 4, 10).await.unwrap().is_empty());
    assert!(world.store.changed_since(place, 0, 0).await.unwrap().is_empty());
    assert!(world.store.changed_since(shard(10), 0, 10).await.unwrap().is_empty());
}

fn version_of(changed: &Changed) -> u64 {
    changed.stored.as_ref().map_or(0, |stored| stored.version)
}

// A board that was away learns which visits have left.
pub async fn a_visit_that_left_is_told_of_for_a_while(world: &World) {
    let place = shard(9);
    let keys: [VisitKey; 2] = visits(place);
    let owner = world.own(place).await;
    write_all(world, owner, place, &keys, 0, 1).await;
    let gone = vec![VisitWrite { state: None, ..write(&keys[0], 1, "") }];
    world.commit(Commit { visits: gone, ..commit(place, owner, 2) }).await;
    let told = async |after| world.store.changed_since(place, after, 10).await.unwrap();
    let left = Changed { visit: keys[0].clone(), change: 3, stored: None };
    assert_eq!(told(2).await, std::slice::from_ref(&left));
    assert_eq!(told(0).await.iter().map(|changed| &changed.visit).collect::<Vec<_>>(), [&keys[1], &keys[0]]);
    let keep =
        Retention { records: Span::hours(1), records_of: BTreeMap::new(), records_per_organization: 1 };
    world.clock.pass(Span(GONE_TOLD_FOR.0 - 1));
    world.store.sweep(keep.clone()).await.unwrap();
    assert_eq!(told(2).await, [left]);
    // It comes back, and leaves again: only the last time counts.
    let owner = world.own(place).await;
    world.commit(Commit { visits: vec![write(&keys[0], 0, "new")], ..commit(place, owner, 3) }).await;
    assert_eq!(told(2).await.iter().map(version_of).collect::<Vec<_>>(), [1]);
    world.clock.pass(Span(1));
    world.store.sweep(keep.clone()).await.unwrap();
    assert_eq!(told(2).await.len(), 1, "one that is back is not forgotten");
    let gone = vec![VisitWrite { state: None, ..write(&keys[0], 1, "") }];
    world.commit(Commit { visits: gone, ..commit(place, owner, 4) }).await;
    world.clock.pass(GONE_TOLD_FOR);
    world.store.sweep(keep).await.unwrap();
    assert_eq!(told(0).await.iter().map(|changed| &changed.visit).collect::<Vec<_>>(), [&keys[1]]);
    assert_eq!(world.store.changes().await.unwrap(), [(place, 5)], "numbers are never used again");
}

pub async fn visits_are_paged_by_key(world: &World) {
    let mut all = vec![
        visit_of(organization(), 1),
        visit_of(organization(), 10),
        visit_of(organization(), 2),
        visit_of(other_organization(), 1),
        group_visit("1"),
        group_visit("0"),
    ];
    for (number, visit) in all.iter().enumerate() {
        let place = Shard::of_visit(visit);
        let owner = world.own(place).await;
        write_all(world, owner, place, std::slice::from_ref(visit), 0, number as u128 + 1).await;
    }
    all.sort();
    for limit in 0..=7 {
        assert_eq!(paged(world, None, limit).await, all, "pages of {limit}");
    }
    let ours: Vec<VisitKey> =
        all.iter().filter(|visit| visit.organization == organization()).cloned().collect();
    let organization = organization();
    assert_eq!(paged(world, Some(&organization), 2).await, ours);
    let whole = world.store.visits(Some(&organization), None, 5).await.unwrap();
    assert_eq!((whole.items.len(), whole.next), (5, None), "a page that just fits is the last");
    let nobody = vestibule_domain::id::OrganizationId::new("nobody").unwrap();
    assert!(world.store.visits(Some(&nobody), None, 5).await.unwrap().items.is_empty());
}

async fn paged(
    world: &World,
    organization: Option<&vestibule_domain::id::OrganizationId>,
    limit: usize,
) -> Vec<VisitKey> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = world.store.visits(organization, after, limit).await.unwrap();
        assert!(page.items.len() <= limit.max(1));
        seen.extend(page.items.into_iter().map(|stored| stored.visit));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

pub async fn due_visits_come_earliest_first(world: &World) {
    let place = shard(9);
    let [a, b, c] = visits(place);
    let owner = world.own(place).await;
    let wake = |visit: &VisitKey, expected, at: Option<Moment>| VisitWrite {
        wake: at,
        ..write(visit, expected, "state")
    };
    let (soon, later, long_ago) = (START + Span::seconds(1), START + Span::seconds(2), Moment(-5));
    let visits = vec![wake(&a, 0, Some(later)), wake(&b, 0, Some(soon)), wake(&c, 0, Some(long_ago))];
    world.commit(Commit { visits, ..commit(place, owner, 1) }).await;
    let due = async |until, max| world.store.due(place, until, max).await.unwrap();
    assert_eq!(due(later, 10).await, [(c.clone(), long_ago), (b.clone(), soon), (a.clone(), later)]);
    assert_eq!(due(soon, 10).await.len(), 2, "one that is due just now is due");
    assert_eq!(due(later, 1).await, [(c.clone(), long_ago)]);
    assert_eq!(due(Moment(i64::MAX), 10).await.len(), 3);
    assert!(due(Moment(i64::MIN), 10).await.is_empty());
    // A new wake-up takes the place of the old one; none at all ends it.
    let visits = vec![wake(&b, 1, None), wake(&c, 1, Some(later)), wake(&a, 1, Some(later))];
    world.commit(Commit { visits, ..commit(place, owner, 2) }).await;
    assert_eq!(due(later, 10).await, [(a, later), (c, later)]);
    assert!(due(soon, 10).await.is_empty());
}

pub async fn hints_tell_of_journals_and_changes(world: &World) {
    let place = shard(9);
    let [visit] = visits(place);
    let mut hints = world.store.hints();
    let owner = world.own(place).await;
    world.append(&visit, &["1"]).await;
    write_all(world, owner, place, std::slice::from_ref(&visit), 0, 1).await;
    world.store.append(place, vec![entry(&visit, "2")]).await.unwrap();
    let expected = [Hint::Journal(place), Hint::Changed(place), Hint::Journal(place)];
    for hint in expected {
        assert_eq!(next(&mut hints).await, hint);
    }
}

/// Whether no hint is waiting: one that is ordered now comes next.
async fn silent(world: &World, hints: &mut Receiver<Hint>) -> bool {
    let marker = shard(1);
    let [visit] = visits(marker);
    world.store.append(marker, vec![entry(&visit, "marker")]).await.unwrap();
    next(hints).await == Hint::Journal(marker)
}

async fn next(hints: &mut Receiver<Hint>) -> Hint {
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), hints.recv()).await;
    told.expect("no hint came").unwrap()
}

/// Whatever brings an entry into a journal says so, and nothing else does.
pub async fn hints_tell_of_every_way_into_a_journal(world: &World) {
    let place = shard(9);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    let meeting = MeetingId(85_012_345_678);
    let mut hints = world.store.hints();
    let route = async || world.store.route_or_hold(&organization(), meeting, vec![1]).await.unwrap();
    assert_eq!(route().await, Routed::Held);
    assert!(silent(world, &mut hints).await, "a held event is in no journal");
    assert_eq!(world.store.index_meeting(meeting, &visit).await.unwrap(), 1);
    assert_eq!(next(&mut hints).await, Hint::Journal(place), "it moved");
    assert_eq!(world.store.index_meeting(meeting, &visit).await.unwrap(), 0);
    assert_eq!(route().await, Routed::Appended(visit.clone()));
    assert_eq!(next(&mut hints).await, Hint::Journal(place), "the second indexing moved nothing");
    let report = |settled: Option<&str>| Acknowledgement {
        visit: visit.clone(),
        lane: patient("p"),
        seq: 1,
        attempts: 1,
        records: vec![record(1, organization(), 1, 1, START)],
        settled: settled.map(|payload| entry(&visit, payload)),
    };
    assert!(world.store.acknowledge(place, owner, vec![report(None)]).await.unwrap());
    assert!(silent(world, &mut hints).await, "an attempt alone is no entry");
    assert!(world.store.acknowledge(place, owner, vec![report(Some("settled"))]).await.unwrap());
    assert_eq!(next(&mut hints).await, Hint::Journal(place));
    world.store.put(Space::Ticket, "k", vec![1], Span::minutes(1)).await.unwrap();
    world.store.append(place, Vec::new()).await.unwrap();
    assert!(silent(world, &mut hints).await, "nothing else is told");
    world.store.release(place, owner).await.unwrap();
    assert_eq!(next(&mut hints).await, Hint::Released(place));
}
