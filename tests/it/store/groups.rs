//! Group commit: who waits together becomes durable together, and nobody spoils it for the others.

use super::barrier::Barrier;
use super::world::{HandClock, LIMITS, TTL, commit, entry, own, shard, visits};
use futures_util::future::join_all;
use std::sync::Arc;
use tempfile::TempDir;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule_actors::port::store::{
    Appended, Committed, Epoch, NewEntry, Ownership, Renewed, Seq, Space, Standing, Store, StoreError,
    StoreLimits,
};
use vestibule_domain::id::MeetingId;
use vestibule_domain::time::Span;

struct Held {
    store: Arc<EmbeddedStore>,
    barrier: Barrier,
    _folder: TempDir,
}

fn store(change: impl FnOnce(&mut EmbeddedSettings)) -> Held {
    let (folder, barrier) = (TempDir::new().unwrap(), Barrier::new(HandClock::new()));
    let limits = StoreLimits { journal_entries: 10_000, ..LIMITS };
    let mut settings = EmbeddedSettings { limits, ..EmbeddedSettings::new(folder.path()) };
    change(&mut settings);
    let store = Arc::new(EmbeddedStore::open(settings, Arc::new(barrier.clone())).unwrap());
    Held { store, barrier, _folder: folder }
}

impl Held {
    /// Stops the writing thread with a step of its own; everything asked until the barrier opens waits together.
    async fn stop_the_writer(&self) -> tokio::task::JoinHandle<Result<(), StoreError>> {
        self.barrier.close();
        let store = Arc::clone(&self.store);
        let first = tokio::spawn(async move { store.flush().await });
        settle().await;
        self.barrier.until_somebody_waits();
        first
    }

    /// How often something was written to the disk, and how many steps shared it.
    fn batches(&self) -> (u64, u64) {
        let sizes = self.store.stats().read().batch_sizes;
        (sizes.count, sizes.sum)
    }

    fn append(&self, payload: &str) -> tokio::task::JoinHandle<Result<Appended, StoreError>> {
        let [visit] = visits(shard(2));
        let (store, entries) = (Arc::clone(&self.store), vec![entry(&visit, payload)]);
        tokio::spawn(async move { store.append(shard(2), entries).await })
    }
}

/// Lets everything that was spawned on this thread reach the store's queue.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn all_who_wait_share_one_commit() {
    let held = store(|_| {});
    let first = held.stop_the_writer().await;
    let appends: Vec<_> = (0..100).map(|n| held.append(&n.to_string())).collect();
    settle().await;
    held.barrier.open();
    first.await.unwrap().unwrap();
    let places: Vec<u64> = join_all(appends)
        .await
        .into_iter()
        .map(|answer| match answer.unwrap().unwrap() {
            Appended::Done(seq) => seq.0,
            Appended::Full => panic!("the journal has room"),
        })
        .collect();
    assert_eq!(places, (1..=100).collect::<Vec<_>>(), "in the order in which they were asked");
    assert_eq!(held.batches(), (1, 100));
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let held = store(|settings| settings.batch = 8);
    let first = held.stop_the_writer().await;
    let appends: Vec<_> = (0..20).map(|n| held.append(&n.to_string())).collect();
    settle().await;
    held.barrier.open();
    first.await.unwrap().unwrap();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    assert_eq!(held.batches(), (3, 20), "8, 8 and 4");
}

#[tokio::test]
async fn a_step_that_is_refused_spoils_nothing_for_the_others() {
    let held = store(|_| {});
    let [here, _] = visits(shard(2));
    let [elsewhere] = visits(shard(3));
    let owner = own(held.store.as_ref(), shard(2), 1).await;
    let stranger = Ownership { epoch: Epoch(9), ..owner };
    let before = held.batches();
    let first = held.stop_the_writer().await;
    let good = held.append("good");
    let spawn = |entries: Vec<NewEntry>| {
        let store = Arc::clone(&held.store);
        tokio::spawn(async move { store.append(shard(2), entries).await })
    };
    let refused = spawn(vec![entry(&here, "half"), entry(&elsewhere, "bad")]);
    let (store, bad_commit) = (Arc::clone(&held.store), commit(shard(2), stranger, 1));
    let not_owner = tokio::spawn(async move { store.commit(bad_commit).await });
    let too_far = vestibule_actors::port::store::Commit { cursor: Seq(50), ..commit(shard(2), owner, 2) };
    let store = Arc::clone(&held.store);
    let went_back = tokio::spawn(async move { store.commit(too_far).await });
    let also_good = held.append("also good");
    settle().await;
    held.barrier.open();
    first.await.unwrap().unwrap();
    assert!(matches!(good.await.unwrap(), Ok(Appended::Done(Seq(1)))));
    assert!(matches!(refused.await.unwrap(), Err(StoreError::Refused(_))));
    assert_eq!(not_owner.await.unwrap().unwrap(), Committed::NotOwner);
    assert_eq!(went_back.await.unwrap().unwrap(), Committed::WentBack);
    assert!(matches!(also_good.await.unwrap(), Ok(Appended::Done(Seq(2)))));
    assert_eq!(held.batches().0 - before.0, 1, "they were one batch");
    let journal = held.store.read(shard(2), Seq(0), 10).await.unwrap();
    assert_eq!(journal.len(), 2);
}

#[tokio::test]
async fn steps_of_a_batch_see_one_another() {
    let held = store(|_| {});
    let first = held.stop_the_writer().await;
    let both: Vec<_> = (0..2)
        .map(|n| {
            let store = Arc::clone(&held.store);
            tokio::spawn(
                async move { store.put_if_absent(Space::Keys, "k", vec![n], Span::minutes(1)).await },
            )
        })
        .collect();
    settle().await;
    held.barrier.open();
    first.await.unwrap().unwrap();
    for answer in join_all(both).await {
        assert_eq!(answer.unwrap().unwrap(), [0]);
    }
}

#[tokio::test]
async fn a_full_queue_turns_doors_away_and_lets_owners_wait() {
    let held = store(|settings| settings.queue = 2);
    let owner = own(held.store.as_ref(), shard(2), 1).await;
    let first = held.stop_the_writer().await;
    let fits: Vec<_> = (0..2).map(|n| held.append(&n.to_string())).collect();
    settle().await;
    let turned_away = held.append("too many").await.unwrap();
    assert!(matches!(turned_away, Err(StoreError::Unavailable(_))), "{turned_away:?}");
    let organization = super::world::organization();
    let routed = held.store.route_or_hold(&organization, MeetingId(1), vec![1]).await;
    assert!(matches!(routed, Err(StoreError::Unavailable(_))), "{routed:?}");
    let store = Arc::clone(&held.store);
    let waits = tokio::spawn(async move { store.renew(shard(2), owner, TTL, Standing::default()).await });
    settle().await;
    assert!(!waits.is_finished());
    held.barrier.open();
    first.await.unwrap().unwrap();
    assert_eq!(waits.await.unwrap().unwrap(), Renewed::Held, "the owner was served");
    for append in fits {
        append.await.unwrap().unwrap();
    }
    assert_eq!(held.store.stats().read().refused_full, 2);
    assert_eq!(
        held.store.read(shard(2), Seq(0), 10).await.unwrap().len(),
        2,
        "what was turned away is not there"
    );
}

#[tokio::test]
async fn who_goes_away_while_waiting_harms_nobody() {
    let held = store(|_| {});
    let first = held.stop_the_writer().await;
    let gone = held.append("gone");
    settle().await;
    gone.abort();
    let stays = held.append("stays");
    settle().await;
    held.barrier.open();
    first.await.unwrap().unwrap();
    assert!(
        matches!(stays.await.unwrap(), Ok(Appended::Done(Seq(2)))),
        "what was asked is done all the same"
    );
}

#[tokio::test]
async fn reads_cost_no_commit() {
    let held = store(|_| {});
    own(held.store.as_ref(), shard(2), 1).await;
    let before = held.batches();
    held.store.flush().await.unwrap();
    held.store.take(Space::Ticket, "guess").await.unwrap();
    held.store.append(shard(2), Vec::new()).await.unwrap();
    assert_eq!(held.batches(), before);
}

/// The port's futures must work on any thread and on none in particular.
#[test]
fn arbiters_and_many_threads_may_ask() {
    let held = store(|_| {});
    let ask = |store: Arc<EmbeddedStore>, payload: &'static str| async move {
        let [visit] = visits(shard(2));
        store.append(shard(2), vec![entry(&visit, payload)]).await.unwrap();
        store.read(shard(2), Seq(0), 10).await.unwrap().len()
    };
    let on_arbiter = actix_rt::System::new().block_on(ask(Arc::clone(&held.store), "arbiter"));
    assert_eq!(on_arbiter, 1);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let on_threads = threads.block_on(async {
        let asked = (0..4).map(|_| tokio::spawn(ask(Arc::clone(&held.store), "threads")));
        join_all(asked).await.into_iter().map(Result::unwrap).max()
    });
    assert_eq!(on_threads, Some(5));
}
