//! What boards and owners look at: changes, all visits, and what is due.

use super::world::{
    START, World, commit, entry, group_visit, organization, other_organization, patient, record, shard,
    visit_of, visits, write,
};
use tokio::sync::broadcast::Receiver;
use vestibule_actors::port::store::{Acknowledgement, Commit, Hint, Ownership, Routed, Space, VisitWrite};
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
    let order: Vec<_> = changed.iter().map(|stored| (stored.visit.clone(), stored.version)).collect();
    assert_eq!(order, [(keys[1].clone(), 1), (keys[2].clone(), 1), (keys[0].clone(), 2)]);
    assert_eq!(world.store.changed_since(place, 3, 10).await.unwrap().len(), 1);
    assert!(world.store.changed_since(place, 4, 10).await.unwrap().is_empty());
    assert!(world.store.changed_since(place, 0, 0).await.unwrap().is_empty());
    assert!(world.store.changed_since(shard(10), 0, 10).await.unwrap().is_empty());
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
        assert_eq!(hints.recv().await.unwrap(), hint);
    }
}

/// Whether no hint is waiting. A hint follows its answer; it is there once the next step is answered.
async fn silent(world: &World, hints: &mut Receiver<Hint>) -> bool {
    world.store.ping().await.unwrap();
    hints.try_recv().is_err()
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
    assert_eq!(hints.recv().await.unwrap(), Hint::Journal(place), "it moved");
    assert_eq!(world.store.index_meeting(meeting, &visit).await.unwrap(), 0);
    assert_eq!(route().await, Routed::Appended(visit.clone()));
    assert_eq!(hints.recv().await.unwrap(), Hint::Journal(place), "the second indexing moved nothing");
    let report = |settled: Option<&str>| Acknowledgement {
        visit: visit.clone(),
        participant: patient("p"),
        seq: 1,
        attempts: 1,
        records: vec![record(1, organization(), 1, 1, START)],
        settled: settled.map(|payload| entry(&visit, payload)),
    };
    assert!(world.store.acknowledge(place, owner, vec![report(None)]).await.unwrap());
    assert!(silent(world, &mut hints).await, "an attempt alone is no entry");
    assert!(world.store.acknowledge(place, owner, vec![report(Some("settled"))]).await.unwrap());
    assert_eq!(hints.recv().await.unwrap(), Hint::Journal(place));
    world.store.put(Space::Ticket, "k", vec![1], Span::minutes(1)).await.unwrap();
    world.store.append(place, Vec::new()).await.unwrap();
    world.store.release(place, owner).await.unwrap();
    assert!(silent(world, &mut hints).await, "nothing else is told");
}
