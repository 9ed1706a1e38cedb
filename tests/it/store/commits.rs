//! The owner's atomic write.

use super::world::{START, World, commit, own, patient, shard, text, update, visits, write};
use std::collections::BTreeMap;
use uuid::Uuid;
use vestibule_actors::port::store::{
    Commit, Committed, Epoch, HistoryLines, NewEntry, PARKED_KEPT, ParkedCommand, Retention, Seq, StoreError,
    StoredVisit, VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

const PLACE: u16 = 7;

fn waking(visit: &VisitKey, expected: u64, at: Moment) -> VisitWrite {
    VisitWrite { wake: Some(at), ..write(visit, expected, "state") }
}

pub async fn a_commit_writes_states_wakes_outbox_cursor_and_change(world: &World) {
    let [a, b] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    world.append(&a, &["1", "2"]).await;
    let change = world
        .commit(Commit {
            cursor: Seq(2),
            visits: vec![write(&a, 0, "a1"), waking(&b, 0, START)],
            outbox: vec![update(&a, patient("p"), 1)],
            ..commit(shard(PLACE), owner, 1)
        })
        .await;
    assert_eq!(change, 2, "one for each visit");
    let stored = world.store.load(&a).await.unwrap().unwrap();
    let expected =
        StoredVisit { visit: a.clone(), version: 1, epoch: owner.epoch, change: 1, state: b"a1".to_vec() };
    assert_eq!(stored, expected);
    assert_eq!(world.store.cursor(shard(PLACE)).await.unwrap(), Seq(2));
    assert!(world.journal(shard(PLACE)).await.is_empty());
    assert_eq!(world.store.due(shard(PLACE), START, 10).await.unwrap(), [(b, START)]);
    assert_eq!(world.store.outbox(shard(PLACE), None, 10).await.unwrap().len(), 1);
    assert_eq!(world.store.changes().await.unwrap(), [(shard(PLACE), 2)]);
    let empty = Commit { expected_cursor: Seq(2), cursor: Seq(2), ..commit(shard(PLACE), owner, 2) };
    assert_eq!(world.commit(empty).await, 3, "a commit of nothing counts too");
}

pub async fn a_repeated_commit_is_done_once(world: &World) {
    let [visit] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    let first = Commit { visits: vec![write(&visit, 0, "1")], ..commit(shard(PLACE), owner, 1) };
    let change = world.commit(first.clone()).await;
    assert_eq!(world.commit(first.clone()).await, change, "the answer of the first time");
    assert_eq!(world.store.load(&visit).await.unwrap().unwrap().version, 1);
    world.commit(Commit { visits: vec![write(&visit, 1, "2")], ..commit(shard(PLACE), owner, 2) }).await;
    let late = world.store.commit(first.clone()).await.unwrap();
    assert_eq!(late, Committed::WentBack, "only the last one is known by its id");
    world.clock.pass(Span::hours(1));
    let second = Commit { visits: vec![write(&visit, 1, "2")], ..commit(shard(PLACE), owner, 2) };
    let without_lease = world.store.commit(second).await.unwrap();
    assert_eq!(without_lease, Committed::NotOwner, "who lost the lease learns that first");
}

// I1: at most one commit succeeds per (visit, version).
pub async fn a_version_is_written_once(world: &World) {
    let [visit] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    let at = |expected, id| Commit {
        visits: vec![write(&visit, expected, "x")],
        ..commit(shard(PLACE), owner, id)
    };
    world.commit(at(0, 1)).await;
    for expected in [0, 2, 7] {
        assert_eq!(world.store.commit(at(expected, 2)).await.unwrap(), Committed::WentBack, "{expected}");
    }
    world.commit(at(1, 3)).await;
    let stored = world.store.load(&visit).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.epoch), (2, Epoch(1)));
    // Under the next lease versions go on.
    world.store.release(shard(PLACE), owner).await.unwrap();
    let owner = own(world.store.as_ref(), shard(PLACE), 2).await;
    world.commit(Commit { owner, ..at(2, 4) }).await;
    let stored = world.store.load(&visit).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.epoch), (3, Epoch(2)));
}

pub async fn a_store_that_went_back_is_seen(world: &World) {
    let [visit] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    world.append(&visit, &["1", "2"]).await;
    let moved = |expected, cursor, id| Commit {
        expected_cursor: Seq(expected),
        cursor: Seq(cursor),
        ..commit(shard(PLACE), owner, id)
    };
    let answers = [
        world.store.commit(moved(1, 2, 1)).await.unwrap(),
        // An owner that has read further than the journal goes: entries were lost.
        world.store.commit(moved(0, 3, 2)).await.unwrap(),
    ];
    assert_eq!(answers, [Committed::WentBack; 2]);
    world.commit(moved(0, 2, 3)).await;
    assert_eq!(world.store.commit(moved(0, 2, 4)).await.unwrap(), Committed::WentBack);
}

pub async fn a_commit_that_contradicts_itself_is_refused(world: &World) {
    let [visit] = visits(shard(PLACE));
    let [elsewhere] = visits(shard(PLACE + 1));
    let owner = world.own(shard(PLACE)).await;
    let base = commit(shard(PLACE), owner, 1);
    let bad = [
        Commit { visits: vec![write(&visit, 0, "1"), write(&visit, 1, "2")], ..base.clone() },
        Commit { visits: vec![write(&elsewhere, 0, "1")], ..base.clone() },
        Commit { outbox: vec![update(&elsewhere, patient("p"), 1)], ..base.clone() },
        Commit { parked: vec![parked(&elsewhere, 1, START)], ..base.clone() },
        Commit {
            history: vec![HistoryLines { visit: elsewhere.clone(), lines: Vec::new() }],
            ..base.clone()
        },
        Commit { expected_cursor: Seq(1), cursor: Seq(0), ..base.clone() },
    ];
    for commit in bad {
        let answer = world.store.commit(commit).await;
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    }
    world.commit(base).await;
}

pub async fn a_refused_commit_writes_nothing(world: &World) {
    let [a, b] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    world.append(&a, &["1"]).await;
    let half = Commit {
        cursor: Seq(1),
        // The first is fine, the second is not.
        visits: vec![waking(&a, 0, START), write(&b, 3, "b")],
        outbox: vec![update(&a, patient("p"), 1)],
        parked: vec![parked(&a, 1, START)],
        ..commit(shard(PLACE), owner, 1)
    };
    assert_eq!(world.store.commit(half).await.unwrap(), Committed::WentBack);
    assert_eq!(world.store.load(&a).await.unwrap(), None);
    assert!(world.store.due(shard(PLACE), START, 10).await.unwrap().is_empty());
    assert!(world.store.outbox(shard(PLACE), None, 10).await.unwrap().is_empty());
    assert!(world.store.parked(10).await.unwrap().is_empty());
    assert!(world.store.changes().await.unwrap().is_empty());
    assert_eq!(world.journal(shard(PLACE)).await, ["1"]);
}

pub async fn a_removed_visit_leaves_with_its_wake(world: &World) {
    let [visit] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    let with = |write, id| Commit { visits: vec![write], ..commit(shard(PLACE), owner, id) };
    world.commit(with(waking(&visit, 0, START), 1)).await;
    let gone = VisitWrite { visit: visit.clone(), expected: 1, state: None, wake: Some(START) };
    assert_eq!(world.commit(with(gone, 2)).await, 2);
    assert_eq!(world.store.load(&visit).await.unwrap(), None);
    assert!(world.store.due(shard(PLACE), START, 10).await.unwrap().is_empty());
    let changed = world.store.changed_since(shard(PLACE), 0, 10).await.unwrap();
    assert!(changed.iter().all(|changed| changed.stored.is_none()), "{changed:?}");
    assert!(world.store.visits(None, None, 10).await.unwrap().items.is_empty());
    world.commit(with(write(&visit, 0, "anew"), 3)).await;
    assert_eq!(text(&world.store.load(&visit).await.unwrap().unwrap().state), "anew");
}

fn parked(visit: &VisitKey, seq: u64, at: Moment) -> ParkedCommand {
    ParkedCommand {
        seq: Seq(seq),
        visit: visit.clone(),
        payload: b"poison".to_vec(),
        reason: "it killed its visit three times".to_owned(),
        at,
    }
}

pub async fn parked_commands_are_listed_newest_first(world: &World) {
    let place = shard(PLACE);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    for id in 1..=3 {
        let commit = Commit {
            parked: vec![parked(&visit, 2 * id - 1, START), parked(&visit, 2 * id, START)],
            ..commit(place, owner, u128::from(id))
        };
        world.commit(commit).await;
    }
    let seqs = |parked: Vec<ParkedCommand>| parked.iter().map(|p| p.seq.0).collect::<Vec<_>>();
    assert_eq!(seqs(world.store.parked(4).await.unwrap()), [6, 5, 4, 3]);
    assert_eq!(world.store.parked(10).await.unwrap().last(), Some(&parked(&visit, 1, START)));
    assert!(world.store.parked(0).await.unwrap().is_empty());
}

pub async fn a_parked_command_is_dropped_by_its_visit_and_place(world: &World) {
    let place = shard(PLACE);
    let [visit, other] = visits(place);
    let owner = world.own(place).await;
    let all = [parked(&visit, 1, START), parked(&other, 2, START), parked(&visit, 3, START)];
    world.commit(Commit { parked: all.to_vec(), ..commit(place, owner, 1) }).await;
    let store = &world.store;
    for (visit, seq, there) in [(&other, 1, false), (&visit, 4, false), (&visit, 1, true), (&visit, 1, false)]
    {
        assert_eq!(store.drop_parked(visit, Seq(seq)).await.unwrap(), there, "{visit:?} {seq}");
    }
    let left = |parked: Vec<ParkedCommand>| parked.into_iter().map(|it| it.seq.0).collect::<Vec<_>>();
    assert_eq!(left(store.parked(10).await.unwrap()), [3, 2]);
    world.commit(Commit { parked: vec![parked(&visit, 5, START)], ..commit(place, owner, 2) }).await;
    assert_eq!(left(store.parked(10).await.unwrap()), [5, 3, 2]);
}

pub async fn parked_commands_are_bounded(world: &World) {
    let place = shard(PLACE);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    let kept = u64::try_from(PARKED_KEPT).unwrap();
    let each = 1_000;
    for id in 0..=kept / each {
        let parked = (1..=each).map(|number| parked(&visit, id * each + number, START));
        let parked = Commit { parked: parked.collect(), ..commit(place, owner, u128::from(id) + 1) };
        world.commit(parked).await;
    }
    let listed = world.store.parked(usize::MAX).await.unwrap();
    assert_eq!(listed.len(), PARKED_KEPT);
    let ends = [listed.first(), listed.last()].map(|parked| parked.unwrap().seq.0);
    assert_eq!(ends, [kept + each, each + 1], "those parked first have left");
    // A sweep makes room, and the count knows of it.
    world.clock.pass(Span::hours(2));
    let keep =
        Retention { records: Span::hours(1), records_of: BTreeMap::new(), records_per_organization: 1 };
    world.store.sweep(keep).await.unwrap();
    let owner = world.own(place).await;
    world.commit(Commit { parked: vec![parked(&visit, 1, START)], ..commit(place, owner, 99) }).await;
    assert_eq!(world.store.parked(usize::MAX).await.unwrap().len(), 1);
}

/// The last commit of a shard is known by its id on whichever node asks.
pub async fn ids_of_commits_belong_to_their_shard(world: &World) {
    let places: Vec<Shard> = Shard::all().take(2).collect();
    for place in &places {
        let owner = world.own(*place).await;
        let [visit] = visits(*place);
        let entries = vec![NewEntry { visit: visit.clone(), payload: Vec::new() }];
        world.store.append(*place, entries).await.unwrap();
        let same_id = Commit { id: Uuid::from_u128(7), cursor: Seq(1), ..commit(*place, owner, 7) };
        world.commit(same_id).await;
        assert_eq!(world.store.cursor(*place).await.unwrap(), Seq(1));
    }
}
