//! A disk that fails: full, unable to grow a file, or unable to sync. What the store owes then: a clear answer, nothing half done, reads and
//! leases that go on, and writing again by itself when the disk is well again.

use super::disk::{FULL, NO_GROWTH, NO_SYNC, Switch, WELL};
use super::open::Place;
use super::{EmbeddedSettings, EmbeddedStore};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acquired, Appended, Commit, Committed, Epoch, NewEntry, OwnerToken, Ownership, RecordQuery, Renewed, Seq,
    Standing, Store, StoreError, VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        Moment(1_795_000_000_000)
    }
}

struct World {
    store: EmbeddedStore,
    switch: Switch,
    visit: VisitKey,
    shard: Shard,
    owner: Ownership,
    _folder: TempDir,
}

async fn world() -> World {
    let folder = TempDir::new().unwrap();
    let settings = EmbeddedSettings::new(folder.path());
    let switch = Switch::default();
    let mut place = Place::take(&settings.folder, settings.cache_bytes, settings.newest_written).unwrap();
    place.trouble = switch.clone();
    let store = EmbeddedStore::start(place, settings, Arc::new(Still)).unwrap();
    let visit = VisitKey::from_text("lakeside/csn/10001").unwrap();
    let shard = Shard::of_visit(&visit);
    let token = OwnerToken(Uuid::from_u128(1));
    let owner = match store.acquire(shard, "node", token, Span::seconds(6), Epoch(0)).await.unwrap() {
        Acquired::Granted { epoch, .. } => Ownership { token, epoch },
        held @ Acquired::Held(_) => panic!("{held:?}"),
    };
    World { store, switch, visit, shard, owner, _folder: folder }
}

impl World {
    async fn append(&self) -> Result<Appended, StoreError> {
        let entry = NewEntry { visit: self.visit.clone(), payload: vec![1; 10_000] };
        self.store.append(self.shard, vec![entry]).await
    }

    async fn renewed(&self) -> Renewed {
        self.store.renew(self.shard, self.owner, Span::seconds(6), Standing::default()).await.unwrap()
    }

    async fn journal(&self) -> usize {
        self.store.read(self.shard, Seq(0), 1_000).await.unwrap().len()
    }

    fn commit(&self, id: u128, expected: u64) -> Commit {
        Commit {
            shard: self.shard,
            owner: self.owner,
            id: Uuid::from_u128(id),
            expected_cursor: Seq(0),
            cursor: Seq(0),
            visits: vec![VisitWrite {
                visit: self.visit.clone(),
                expected,
                state: Some(vec![1; 10_000]),
                wake: None,
            }],
            outbox: Vec::new(),
            parked: Vec::new(),
            history: Vec::new(),
        }
    }

    /// Waits until the store says that it is well.
    async fn well_again(&self) {
        self.switch.set(WELL);
        let answers = async {
            while self.store.incarnation().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), answers).await.expect("the store stays away");
    }
}

#[tokio::test]
async fn a_full_disk_is_answered_and_nothing_is_half_done() {
    let world = world().await;
    world.append().await.unwrap();
    world.switch.set(FULL);
    for _ in 0..3 {
        let answer = world.append().await;
        assert!(matches!(&answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    let answer = world.store.commit(world.commit(1, 0)).await;
    assert!(matches!(&answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(matches!(world.store.incarnation().await, Err(StoreError::Unavailable(_))), "readiness is told");
    assert!(world.store.stats().read().failed_batches >= 1);
    world.well_again().await;
    assert_eq!(world.journal().await, 1, "only what was acknowledged is there");
    assert!(world.store.load(&world.visit).await.unwrap().is_none());
    assert!(matches!(world.append().await, Ok(Appended::Done(Seq(2)))));
    let done = world.store.commit(world.commit(1, 0)).await.unwrap();
    assert_eq!(done, Committed::Done { change: 1, dropped: 0 }, "the lease outlived the trouble");
}

/// Everything that needs no write is served, at once and for as long as it takes.
async fn assert_serves_reads_and_leases(world: &World, entries: usize) {
    for _ in 0..50 {
        assert_eq!(world.journal().await, entries);
        assert!(world.store.load(&world.visit).await.unwrap().is_none());
        assert!(world.store.records(RecordQuery::default()).await.unwrap().items.is_empty());
        let renewed =
            world.store.renew(world.shard, world.owner, Span::seconds(6), Standing::default()).await;
        assert_eq!(renewed.unwrap(), Renewed::Held);
        assert!(world.store.locate(world.shard).await.unwrap().is_some());
    }
    let again = world.store.acquire(world.shard, "node", world.owner.token, Span::seconds(6), Epoch(0)).await;
    assert!(matches!(again, Ok(Acquired::Granted { clean: false, .. })), "{again:?}");
}

#[tokio::test]
async fn while_nothing_can_be_written_reads_and_leases_go_on_and_writes_are_refused_without_a_try() {
    let world = world().await;
    world.append().await.unwrap();
    world.switch.set(FULL);
    assert!(world.append().await.is_err());
    let tried = world.switch.failures();
    assert_serves_reads_and_leases(&world, 1).await;
    for _ in 0..50 {
        let answer = world.append().await;
        assert!(
            matches!(&answer, Err(StoreError::Unavailable(why)) if why.contains("no space")),
            "{answer:?}"
        );
        assert!(world.store.incarnation().await.is_err(), "readiness is told");
    }
    assert_eq!(world.switch.failures(), tried, "the disk was left alone");
    world.well_again().await;
    assert!(matches!(world.append().await, Ok(Appended::Done(Seq(2)))));
    assert_serves_reads_and_leases(&world, 2).await;
}

#[tokio::test]
async fn a_try_that_fails_again_interrupts_nobody() {
    let world = world().await;
    world.append().await.unwrap();
    world.switch.set(FULL);
    assert!(world.append().await.is_err());
    let tried = world.switch.failures();
    let tries_again = async {
        while world.switch.failures() == tried {
            assert_serves_reads_and_leases(&world, 1).await;
            assert!(world.append().await.is_err());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), tries_again).await.expect("it is tried again");
    assert_serves_reads_and_leases(&world, 1).await;
    world.well_again().await;
    assert!(matches!(world.append().await, Ok(Appended::Done(Seq(2)))));
}

#[tokio::test]
async fn a_file_that_cannot_grow_serves_what_it_has() {
    let world = world().await;
    world.switch.set(NO_GROWTH);
    let mut entries = 0;
    while world.append().await.is_ok() {
        entries += 1;
    }
    assert!(entries > 0, "what fits is written");
    assert_serves_reads_and_leases(&world, entries).await;
    world.well_again().await;
    assert!(world.append().await.is_ok());
    assert_serves_reads_and_leases(&world, entries + 1).await;
}

#[tokio::test]
async fn what_may_not_be_on_the_disk_is_not_shown() {
    let world = world().await;
    world.switch.set(NO_SYNC);
    assert!(world.append().await.is_err());
    let read = world.store.read(world.shard, Seq(0), 10).await;
    assert!(matches!(&read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert_eq!(world.renewed().await, Renewed::Held);
    world.well_again().await;
    assert!(world.journal().await <= 1, "it is there or not");
}

// I1: a commit whose answer was lost is asked again by its id, and is done once.
#[tokio::test]
async fn a_commit_that_could_not_be_synced_may_be_repeated() {
    let world = world().await;
    world.switch.set(NO_SYNC);
    let answer = world.store.commit(world.commit(1, 0)).await;
    assert!(matches!(&answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    world.well_again().await;
    assert_eq!(
        world.store.commit(world.commit(1, 0)).await.unwrap(),
        Committed::Done { change: 1, dropped: 0 }
    );
    let stored = world.store.load(&world.visit).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.change), (1, 1));
    assert_eq!(
        world.store.commit(world.commit(2, 1)).await.unwrap(),
        Committed::Done { change: 2, dropped: 0 }
    );
}

#[tokio::test]
async fn a_lease_changes_hands_on_the_disk_or_not_at_all() {
    let world = world().await;
    let other = Shard::all().find(|shard| *shard != world.shard).unwrap();
    let token = OwnerToken(Uuid::from_u128(2));
    world.switch.set(FULL);
    assert!(world.store.acquire(other, "node", token, Span::seconds(6), Epoch(0)).await.is_err());
    assert!(world.store.release(world.shard, world.owner).await.is_err());
    world.well_again().await;
    assert_eq!(world.store.locate(other).await.unwrap(), None, "it was never granted");
    assert_eq!(world.renewed().await, Renewed::Held, "it is still ours");
    assert!(world.store.release(world.shard, world.owner).await.unwrap());
}

#[tokio::test]
async fn trouble_at_the_end_does_not_hang_the_process() {
    let world = world().await;
    world.append().await.unwrap();
    world.switch.set(FULL);
    drop(world);
}
