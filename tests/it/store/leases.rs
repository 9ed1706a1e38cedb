//! Who owns a shard, until when, and how clean it was left.

use super::world::{TTL, World, commit, entry, own, shard, stranger, token, visits};
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Commit, Committed, Epoch, Owner, Ownership, Renewed, Seq, Standing,
};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use super::world::{START, organization, patient, record};

/// What an owner has committed that has committed nothing.
const NOTHING: Standing = Standing { cursor: Seq(0), change: 0 };

async fn acquire(world: &World, place: Shard, node: u128, seen: u64) -> Acquired {
    world.store.acquire(place, &format!("node-{node}"), token(node), TTL, Epoch(seen)).await.unwrap()
}

async fn renew(world: &World, place: Shard, owner: Ownership, ttl: Span) -> Renewed {
    world.store.renew(place, owner, ttl, NOTHING).await.unwrap()
}

fn granted(epoch: u64, clean: bool, before: Option<(u128, u64)>) -> Acquired {
    let before = before.map(|(node, epoch)| Ownership { token: token(node), epoch: Epoch(epoch) });
    Acquired::Granted { epoch: Epoch(epoch), clean, before }
}

fn owner(node: u128, epoch: u64) -> Owner {
    Owner { token: token(node), node: format!("node-{node}"), epoch: Epoch(epoch) }
}

pub async fn a_free_shard_is_granted_and_another_token_is_told_who_holds_it(world: &World) {
    let place = shard(5);
    assert_eq!(world.store.locate(place).await.unwrap(), None);
    assert_eq!(acquire(world, place, 1, 0).await, granted(1, true, None));
    assert_eq!(acquire(world, place, 2, 0).await, Acquired::Held(owner(1, 1)));
    assert_eq!(world.store.locate(place).await.unwrap(), Some(owner(1, 1)));
    assert_eq!(world.store.locate(shard(6)).await.unwrap(), None);
}

pub async fn the_own_lease_is_granted_again_under_the_same_epoch(world: &World) {
    acquire(world, shard(5), 1, 0).await;
    world.clock.pass(Span::seconds(4));
    // What was begun under it was not ended, so it is not clean.
    assert_eq!(acquire(world, shard(5), 1, 0).await, granted(1, false, None));
    world.clock.pass(Span::seconds(4));
    assert!(world.store.locate(shard(5)).await.unwrap().is_some(), "it was prolonged");
}

// I3: an owner whose first answer was lost still finds out that nobody has owned the shard since it did.
pub async fn who_asks_again_is_told_who_owned_it_before(world: &World) {
    let first = world.own(shard(5)).await;
    world.clock.pass(TTL);
    for clean in [false; 3] {
        let again = acquire(world, shard(5), 2, 0).await;
        assert_eq!(again, granted(2, clean, Some((1, first.epoch.0))));
    }
    world.clock.pass(TTL);
    assert_eq!(acquire(world, shard(5), 2, 0).await, granted(3, false, Some((2, 2))));
    assert_eq!(acquire(world, shard(5), 2, 0).await, granted(3, false, Some((2, 2))));
}

pub async fn a_lease_that_ran_out_is_nobodys(world: &World) {
    let first = world.own(shard(5)).await;
    world.clock.pass(Span(TTL.0 - 1));
    assert!(world.store.locate(shard(5)).await.unwrap().is_some());
    world.clock.pass(Span(1));
    assert_eq!(world.store.locate(shard(5)).await.unwrap(), None);
    assert_eq!(renew(world, shard(5), first, TTL).await, Renewed::Lost);
    assert!(!world.store.release(shard(5), first).await.unwrap());
    assert_eq!(world.store.commit(commit(shard(5), first, 1)).await.unwrap(), Committed::NotOwner);
    assert_eq!(acquire(world, shard(5), 1, 0).await, granted(2, false, Some((1, 1))));
}

pub async fn only_a_release_makes_the_next_owner_clean(world: &World) {
    let first = world.own(shard(5)).await;
    assert!(world.store.release(shard(5), first).await.unwrap());
    assert_eq!(world.store.locate(shard(5)).await.unwrap(), None);
    assert!(!world.store.release(shard(5), first).await.unwrap(), "it is not ours any more");
    assert_eq!(acquire(world, shard(5), 2, 0).await, granted(2, true, Some((1, 1))));
    world.clock.pass(TTL);
    assert_eq!(acquire(world, shard(5), 3, 0).await, granted(3, false, Some((2, 2))));
}

pub async fn a_lease_is_prolonged_by_its_owner_alone(world: &World) {
    let owner = world.own(shard(5)).await;
    for other in stranger(owner) {
        assert_eq!(renew(world, shard(5), other, Span::hours(1)).await, Renewed::Lost);
    }
    assert_eq!(renew(world, shard(6), owner, TTL).await, Renewed::Lost, "nobody has that one");
    for _ in 0..2 {
        world.clock.pass(Span::seconds(5));
        assert_eq!(renew(world, shard(5), owner, TTL).await, Renewed::Held);
    }
    world.clock.pass(TTL);
    assert_eq!(renew(world, shard(5), owner, TTL).await, Renewed::Lost);
}

// I2: an owner that was left behind by a store that went back must not meet its own epoch again.
pub async fn a_new_epoch_is_above_every_one_that_was_seen(world: &World) {
    assert_eq!(acquire(world, shard(5), 1, 7).await, granted(8, true, None));
    assert_eq!(acquire(world, shard(5), 1, 20).await, granted(8, false, None), "it is still ours");
    world.clock.pass(TTL);
    assert_eq!(acquire(world, shard(5), 2, 3).await, granted(9, false, Some((1, 8))));
}

pub async fn who_renews_sees_that_the_store_went_back(world: &World) {
    let place = shard(5);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    world.append(&visit, &["a"]).await;
    let change = world.commit(Commit { cursor: Seq(1), ..commit(place, owner, 1) }).await;
    let renew = async |cursor, change| {
        world.store.renew(place, owner, TTL, Standing { cursor: Seq(cursor), change }).await.unwrap()
    };
    assert_eq!(renew(1, change).await, Renewed::Held);
    assert_eq!(renew(0, 0).await, Renewed::Held, "a commit may be on its way");
    world.clock.pass(Span::seconds(4));
    assert_eq!(renew(2, change).await, Renewed::WentBack);
    world.clock.pass(Span::seconds(4));
    assert_eq!(renew(1, change + 1).await, Renewed::WentBack);
    assert_eq!(renew(1, change).await, Renewed::Held, "the lease was prolonged all the same");
}

pub async fn all_owners_are_told_of_at_once(world: &World) {
    assert_eq!(world.store.owners().await.unwrap(), []);
    own(world.store.as_ref(), shard(63), 2).await;
    own(world.store.as_ref(), shard(5), 1).await;
    let left = own(world.store.as_ref(), shard(7), 1).await;
    world.store.release(shard(7), left).await.unwrap();
    let owners = world.store.owners().await.unwrap();
    assert_eq!(owners, [(shard(5), owner(1, 1)), (shard(63), owner(2, 1))]);
    world.clock.pass(TTL);
    assert_eq!(world.store.owners().await.unwrap(), []);
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
        lane: patient("a"),
        seq: 1,
        attempts: 1,
        records: vec![record(1, organization(), 1, 1, START)],
        settled: Some(entry(&visit, "settled")),
    };
    world.store.acknowledge(shard(5), owner, vec![acknowledgement]).await.unwrap()
}
