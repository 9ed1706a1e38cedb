//! Who owns a shard, until when, and how clean it was left.

use super::world::{TTL, World, commit, entry, own, shard, stranger, token, visits};
use vestibule_actors::port::store::{Acknowledgement, Acquired, Committed, Epoch, Owner, Ownership, Seq};
use vestibule_domain::time::Span;

use super::world::{START, organization, patient, record};

pub async fn a_free_shard_is_granted_and_another_token_is_told_who_holds_it(world: &World) {
    let (store, place) = (&world.store, shard(5));
    assert_eq!(store.locate(place).await.unwrap(), None);
    let granted = store.acquire(place, "node-1", token(1), TTL).await.unwrap();
    assert_eq!(granted, Acquired::Granted { epoch: Epoch(1), clean: true });
    let holder = Owner { node: "node-1".to_owned(), epoch: Epoch(1) };
    let held = store.acquire(place, "node-2", token(2), TTL).await.unwrap();
    assert_eq!(held, Acquired::Held(holder.clone()));
    assert_eq!(store.locate(place).await.unwrap(), Some(holder));
    assert_eq!(store.locate(shard(6)).await.unwrap(), None);
}

pub async fn the_own_lease_is_granted_again_under_the_same_epoch(world: &World) {
    let first = world.own(shard(5)).await;
    world.clock.pass(Span::seconds(4));
    let again = world.store.acquire(shard(5), "node-1", token(1), TTL).await.unwrap();
    // What was begun under it was not ended, so it is not clean.
    assert_eq!(again, Acquired::Granted { epoch: first.epoch, clean: false });
    world.clock.pass(Span::seconds(4));
    assert!(world.store.locate(shard(5)).await.unwrap().is_some(), "it was prolonged");
}

pub async fn a_lease_that_ran_out_is_nobodys(world: &World) {
    let first = world.own(shard(5)).await;
    world.clock.pass(Span(TTL.0 - 1));
    assert!(world.store.locate(shard(5)).await.unwrap().is_some());
    world.clock.pass(Span(1));
    assert_eq!(world.store.locate(shard(5)).await.unwrap(), None);
    assert!(!world.store.renew(shard(5), first, TTL).await.unwrap());
    assert!(!world.store.release(shard(5), first).await.unwrap());
    assert_eq!(world.store.commit(commit(shard(5), first, 1)).await.unwrap(), Committed::NotOwner);
    let second = world.store.acquire(shard(5), "node-1", token(1), TTL).await.unwrap();
    assert_eq!(second, Acquired::Granted { epoch: Epoch(2), clean: false });
}

pub async fn only_a_release_makes_the_next_owner_clean(world: &World) {
    let first = world.own(shard(5)).await;
    assert!(world.store.release(shard(5), first).await.unwrap());
    assert_eq!(world.store.locate(shard(5)).await.unwrap(), None);
    assert!(!world.store.release(shard(5), first).await.unwrap(), "it is not ours any more");
    let second = world.store.acquire(shard(5), "node-2", token(2), TTL).await.unwrap();
    assert_eq!(second, Acquired::Granted { epoch: Epoch(2), clean: true });
    world.clock.pass(TTL);
    let third = world.store.acquire(shard(5), "node-3", token(3), TTL).await.unwrap();
    assert_eq!(third, Acquired::Granted { epoch: Epoch(3), clean: false });
}

pub async fn a_lease_is_prolonged_by_its_owner_alone(world: &World) {
    let owner = world.own(shard(5)).await;
    for other in stranger(owner) {
        assert!(!world.store.renew(shard(5), other, Span::hours(1)).await.unwrap());
    }
    assert!(!world.store.renew(shard(6), owner, TTL).await.unwrap(), "nobody has that one");
    world.clock.pass(Span::seconds(5));
    assert!(world.store.renew(shard(5), owner, TTL).await.unwrap());
    world.clock.pass(Span::seconds(5));
    assert!(world.store.renew(shard(5), owner, TTL).await.unwrap());
    world.clock.pass(TTL);
    assert!(!world.store.renew(shard(5), owner, TTL).await.unwrap());
}

// I2: no write succeeds with a token that is not the lease's, nor with another epoch.
pub async fn no_write_succeeds_with_anything_but_the_lease(world: &World) {
    let (store, place) = (&world.store, shard(5));
    let [visit] = visits(place);
    let owner = world.own(place).await;
    world.append(&visit, &["a"]).await;
    for other in stranger(owner) {
        assert!(!store.release(place, other).await.unwrap());
        assert_eq!(store.commit(commit(place, other, 1)).await.unwrap(), Committed::NotOwner);
        assert_eq!(store.count_try(place, other, Seq(1)).await.unwrap(), None);
        assert!(!acknowledge(world, other).await);
    }
    assert_eq!(store.count_try(place, owner, Seq(1)).await.unwrap(), Some(1), "nobody counted a try");
    assert_eq!(world.journal(place).await, ["a"]);
    assert!(world.records(Default::default()).await.is_empty());
    // The lease changes hands, and the one before is a stranger too.
    store.release(place, owner).await.unwrap();
    own(store.as_ref(), place, 2).await;
    assert_eq!(store.commit(commit(place, owner, 2)).await.unwrap(), Committed::NotOwner);
    assert!(!acknowledge(world, owner).await);
}

async fn acknowledge(world: &World, owner: Ownership) -> bool {
    let [visit] = visits(shard(5));
    let acknowledgement = Acknowledgement {
        visit: visit.clone(),
        participant: patient("a"),
        seq: 1,
        attempts: 1,
        records: vec![record(1, organization(), 1, 1, START)],
        settled: Some(entry(&visit, "settled")),
    };
    world.store.acknowledge(shard(5), owner, vec![acknowledgement]).await.unwrap()
}
