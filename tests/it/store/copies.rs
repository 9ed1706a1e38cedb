//! Copies of the embedded store: whole whatever is written meanwhile, verified before they are believed, and put back without losing what
//! there was.

use super::files::{contents, filled};
use super::world::{HandClock, entry, open, shard, text, visits};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use vestibule::store::{EmbeddedSettings, EmbeddedStore, OpenError, PutBackError, PuttingBack, verify_copy};
use vestibule_actors::port::store::{Appended, Seq, Store};

#[tokio::test]
async fn a_copy_holds_what_the_store_held_and_nobody_else_may_read_it() {
    let (folder, elsewhere) = (filled().await, TempDir::new().unwrap());
    let clock = HandClock::new();
    let store = open(&folder, &clock);
    let before = contents(&store).await;
    let path = elsewhere.path().join("copy");
    let copied = store.copy_to(&path).unwrap();
    assert_eq!(verify_copy(&path).unwrap(), Some(copied.at));
    let seen = fs::metadata(&path).unwrap();
    assert_eq!((seen.permissions().mode() & 0o777, seen.len()), (0o600, copied.bytes));
    // What comes later is not in it, and a name that is taken is not written over.
    let [a] = visits(shard(1));
    store.append(shard(1), vec![entry(&a, "later")]).await.unwrap();
    assert!(store.copy_to(&path).is_err());
    assert_ne!(contents(&store).await, before);
    drop(store);
    let back = PuttingBack::begin(&path, &elsewhere.path().join("back"), false).unwrap();
    assert_eq!(back.finish("then").unwrap(), None);
    let opened = EmbeddedStore::open(EmbeddedSettings::new(elsewhere.path().join("back")), clock.shared());
    assert_eq!(contents(&opened.unwrap()).await, before);
}

// Everything that was answered before the copy began is in it, and of what is answered meanwhile a beginning or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_whatever_is_written_meanwhile() {
    let (folder, elsewhere) = (filled().await, TempDir::new().unwrap());
    let opened = EmbeddedStore::open(EmbeddedSettings::new(folder.path()), HandClock::new().shared());
    let store = Arc::new(opened.unwrap());
    let [a] = visits(shard(2));
    let (answered, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writes = {
        let (store, a) = (Arc::clone(&store), a.clone());
        let (answered, ended) = (Arc::clone(&answered), Arc::clone(&ended));
        tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                let payload = format!("{} {}", answered.load(Ordering::SeqCst), "x".repeat(2_000));
                let done = store.append(shard(2), vec![entry(&a, &payload)]).await.unwrap();
                assert!(matches!(done, Appended::Done(_)), "{done:?}");
                answered.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let mut before = 0;
    for copies in 0..4 {
        // Commits go on, also after each copy.
        while answered.load(Ordering::SeqCst) <= before + 20 {
            tokio::task::yield_now().await;
        }
        before = answered.load(Ordering::SeqCst);
        let path = elsewhere.path().join(format!("copy-{copies}"));
        let copying = (Arc::clone(&store), path.clone());
        tokio::task::spawn_blocking(move || copying.0.copy_to(&copying.1)).await.unwrap().unwrap();
        let back = elsewhere.path().join(format!("back-{copies}"));
        PuttingBack::begin(&path, &back, false).unwrap().finish("then").unwrap();
        let settings = EmbeddedSettings::new(&back);
        let copy = EmbeddedStore::open(settings, HandClock::new().shared()).unwrap();
        let journal = copy.read(shard(2), Seq(0), 100_000).await.unwrap();
        assert!(journal.len() >= before, "{} of {before}", journal.len());
        for (place, line) in journal.iter().enumerate() {
            assert!(text(&line.payload).starts_with(&format!("{place} ")), "{place}");
        }
    }
    ended.store(true, Ordering::SeqCst);
    writes.await.unwrap();
}

#[tokio::test]
async fn a_copy_that_was_damaged_or_cut_off_is_refused_and_nothing_is_changed() {
    let (folder, elsewhere) = (filled().await, TempDir::new().unwrap());
    let store = open(&folder, &HandClock::new());
    let before = contents(&store).await;
    let path = elsewhere.path().join("copy");
    store.copy_to(&path).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    // Somewhere in the middle of what is kept: the state of a visit.
    let place = whole.windows(8).position(|some| some == b"aaaaaaaa").unwrap();
    let mut damaged = whole.clone();
    damaged[place] = b'b';
    let cut = whole[..whole.len() / 2].to_vec();
    for bad in [damaged, cut, Vec::new(), b"no store at all".repeat(1_000)] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(verify_copy(&path), Err(OpenError::Damaged { .. })));
        let refused = PuttingBack::begin(&path, folder.path(), true);
        assert!(matches!(refused, Err(PutBackError::File(OpenError::Damaged { .. }))), "{refused:?}");
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "the store and its lock");
    }
    assert_eq!(contents(&open(&folder, &HandClock::new())).await, before);
}

#[tokio::test]
async fn a_store_that_is_there_or_runs_is_not_replaced_unasked_and_is_kept() {
    let (folder, elsewhere) = (filled().await, TempDir::new().unwrap());
    let path = elsewhere.path().join("copy");
    let store = open(&folder, &HandClock::new());
    store.copy_to(&path).unwrap();
    let running = PuttingBack::begin(&path, folder.path(), true);
    assert!(matches!(running, Err(PutBackError::File(OpenError::InUse { .. }))), "{running:?}");
    let [a] = visits(shard(1));
    store.append(shard(1), vec![entry(&a, "later")]).await.unwrap();
    let later = contents(&store).await;
    drop(store);
    let unasked = PuttingBack::begin(&path, folder.path(), false);
    assert!(matches!(unasked, Err(PutBackError::Exists { .. })), "{unasked:?}");
    // One that is given up leaves the store as it was.
    drop(PuttingBack::begin(&path, folder.path(), true).unwrap());
    assert_eq!(contents(&open(&folder, &HandClock::new())).await, later);
    let kept = PuttingBack::begin(&path, folder.path(), true).unwrap().finish("1").unwrap().unwrap();
    assert_ne!(contents(&open(&folder, &HandClock::new())).await, later);
    // What was there can be had back in the same way.
    PuttingBack::begin(&kept, folder.path(), true).unwrap().finish("2").unwrap();
    assert_eq!(contents(&open(&folder, &HandClock::new())).await, later);
}
