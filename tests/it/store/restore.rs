//! What an owner gives back to a store that went back to before its last commits.

use super::world::{START, World, commit, shard, stranger, token, visits, write};
use vestibule_actors::port::store::{
    Commit, Committed, HeldVisit, Ownership, Renewed, Restore, Restored, Seq, Standing, StoreError,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::{Moment, Span};

const PLACE: u16 = 3;

fn held(visit: &VisitKey, version: u64, state: &str, wake: Option<Moment>) -> HeldVisit {
    HeldVisit { visit: visit.clone(), version, state: state.as_bytes().to_vec(), wake }
}

async fn restore(world: &World, owner: Ownership, change: u64, visits: Vec<HeldVisit>) -> Restored {
    let restore = Restore { shard: shard(PLACE), owner, change, visits };
    world.store.restore(restore).await.unwrap()
}

async fn state(world: &World, visit: &VisitKey) -> Option<(u64, Vec<u8>)> {
    let stored = world.store.load(visit).await.unwrap()?;
    Some((stored.version, stored.state))
}

// I9: states go forward again after a store went back.
pub async fn only_what_is_newer_than_the_store_is_written(world: &World) {
    let place = shard(PLACE);
    let [behind, equal, ahead, lost] = visits(place);
    let owner = world.own(place).await;
    world.append(&behind, &["a", "b"]).await;
    let first = vec![write(&behind, 0, "1"), write(&equal, 0, "1"), write(&ahead, 0, "1")];
    world.commit(Commit { visits: first, cursor: Seq(1), ..commit(place, owner, 1) }).await;
    let second = vec![write(&ahead, 1, "2")];
    let at = Commit { expected_cursor: Seq(1), cursor: Seq(1), ..commit(place, owner, 2) };
    let change = world.commit(Commit { visits: second, ..at.clone() }).await;

    let wake = START + Span::seconds(9);
    let everything = vec![
        held(&behind, 5, "5", Some(wake)),
        held(&equal, 1, "another", Some(wake)),
        held(&ahead, 1, "1", Some(wake)),
        held(&lost, 3, "3", None),
    ];
    let answer = restore(world, owner, 40, everything.clone()).await;
    assert_eq!(
        answer,
        Restored::Done { cursor: Seq(1), change: 42, behind: 2 },
        "above {change} and what boards saw"
    );
    assert_eq!(state(world, &behind).await, Some((5, b"5".to_vec())));
    assert_eq!(state(world, &equal).await, Some((1, b"1".to_vec())));
    assert_eq!(state(world, &ahead).await, Some((2, b"2".to_vec())));
    assert_eq!(state(world, &lost).await, Some((3, b"3".to_vec())));
    assert_eq!(world.store.due(place, wake, 10).await.unwrap(), [(behind.clone(), wake)]);
    assert_eq!(world.journal(place).await, ["b"], "what waits in the journal still waits");
    let changed = world.store.changed_since(place, 40, 10).await.unwrap();
    assert_eq!(changed.iter().map(|changed| &changed.visit).collect::<Vec<_>>(), [&behind, &lost]);
    // Once more does nothing, and the owner goes on from there.
    assert_eq!(
        restore(world, owner, 42, everything).await,
        Restored::Done { cursor: Seq(1), change: 42, behind: 0 }
    );
    let seen = Standing { cursor: Seq(1), change: 42 };
    assert_eq!(world.store.renew(place, owner, Span::seconds(6), seen).await.unwrap(), Renewed::Held);
    let visits = vec![write(&behind, 5, "6"), write(&lost, 3, "4")];
    assert_eq!(world.commit(Commit { visits, id: uuid::Uuid::from_u128(3), ..at }).await, 44);
}

pub async fn a_commit_from_before_is_not_taken_for_done(world: &World) {
    let place = shard(PLACE);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    let first = Commit { visits: vec![write(&visit, 0, "1")], ..commit(place, owner, 1) };
    world.commit(first.clone()).await;
    restore(world, owner, 9, vec![held(&visit, 7, "7", None)]).await;
    assert_eq!(world.store.commit(first).await.unwrap(), Committed::WentBack);
}

pub async fn only_the_owner_restores(world: &World) {
    let place = shard(PLACE);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    for other in stranger(owner) {
        assert_eq!(restore(world, other, 9, vec![held(&visit, 7, "7", None)]).await, Restored::NotOwner);
    }
    assert_eq!(state(world, &visit).await, None);
    world.clock.pass(Span::seconds(6));
    let late = Ownership { token: token(1), epoch: owner.epoch };
    assert_eq!(restore(world, late, 9, vec![held(&visit, 7, "7", None)]).await, Restored::NotOwner);
}

pub async fn visits_of_another_shard_are_not_restored(world: &World) {
    let owner = world.own(shard(PLACE)).await;
    let [ours] = visits(shard(PLACE));
    let [elsewhere] = visits(shard(PLACE + 1));
    let visits = vec![held(&ours, 1, "1", None), held(&elsewhere, 1, "1", None)];
    let restore = Restore { shard: shard(PLACE), owner, change: 0, visits };
    assert!(matches!(world.store.restore(restore).await, Err(StoreError::Refused(_))));
    assert_eq!(state(world, &ours).await, None, "all or none");
}
