//! The file of the embedded store: who may open it, and what happens when it is not what it should be.

use super::world::{
    HandClock, START, World, commit, entry, open, organization, own, record, settings, shard, visits, write,
};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use vestibule::store::{Durability, EmbeddedSettings, EmbeddedStore, OpenError};
use vestibule_actors::codec::{self, Format};
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Commit, Epoch, History, HistoryLines, RecordQuery, Seq, Space, Store,
};
use vestibule_domain::time::Span;

const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("vestibule.redb")
}

fn try_open(folder: &TempDir) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(settings(folder), HandClock::new().shared())
}

/// A store with some of everything in it, closed.
pub async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, &HandClock::new());
    let [a, b] = visits(shard(1));
    let owner = own(&store, shard(1), 1).await;
    for n in 0..20_u32 {
        store.append(shard(1), vec![entry(&a, &format!("{n} {}", "x".repeat(500)))]).await.unwrap();
        let states = vec![write(&a, n.into(), &"a".repeat(2_000)), write(&b, n.into(), &n.to_string())];
        let cursor = Seq(u64::from(n) + 1);
        let commit = Commit {
            expected_cursor: Seq(n.into()),
            cursor,
            visits: states,
            history: vec![HistoryLines { visit: a.clone(), lines: vec![vec![b'h'; 80]] }],
            ..commit(shard(1), owner, u128::from(n) + 1)
        };
        store.commit(commit).await.unwrap();
        let report = Acknowledgement {
            visit: a.clone(),
            lane: super::world::patient("p"),
            seq: 1,
            attempts: n,
            records: vec![record(n, organization(), 1, 1, START)],
            settled: None,
        };
        store.acknowledge(shard(1), owner, vec![report]).await.unwrap();
    }
    store.put(Space::Keys, "key", vec![7; 64], Span::hours(9)).await.unwrap();
    folder
}

/// What a store holds, as text.
pub async fn contents(store: &EmbeddedStore) -> String {
    let visits_there = store.visits(None, None, 1_000).await.unwrap();
    let records = store.records(RecordQuery { limit: 1_000, ..RecordQuery::default() }).await.unwrap();
    let key = store.get(Space::Keys, "key").await.unwrap();
    let cursor = store.cursor(shard(1)).await.unwrap();
    let rest = (store.changes().await.unwrap(), store.read(shard(1), Seq(0), 100).await.unwrap());
    let [visit, _] = visits::<2>(shard(1));
    let history = store.history(&visit).await.unwrap();
    format!("{visits_there:?} {records:?} {key:?} {cursor:?} {rest:?} {history:?}")
}

/// A release that kept no histories leaves a file without their tables, and reads one that has them.
#[tokio::test]
async fn a_file_from_before_there_were_histories_has_none_and_takes_new_ones() {
    let folder = filled().await;
    let file = Database::open(file(&folder)).unwrap();
    let transaction = file.begin_write().unwrap();
    for table in ["history", "histories"] {
        let there = transaction.delete_table(TableDefinition::<&[u8], &[u8]>::new(table)).unwrap();
        assert!(there, "{table}");
    }
    transaction.commit().unwrap();
    drop(file);
    let store = open(&folder, &HandClock::new());
    let [visit] = visits(shard(1));
    assert_eq!(store.history(&visit).await.unwrap(), History::default());
    let owner = own(&store, shard(1), 1).await;
    let history = vec![HistoryLines { visit: visit.clone(), lines: vec![b"new".to_vec()] }];
    let cursor = Seq(20);
    let told = Commit { expected_cursor: cursor, cursor, history, ..commit(shard(1), owner, 99) };
    store.commit(told).await.unwrap();
    assert_eq!(store.history(&visit).await.unwrap().lines, [b"new".to_vec()]);
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_leases_are_void() {
    let folder = filled().await;
    let clock = HandClock::new();
    let store = open(&folder, &clock);
    assert_eq!(store.locate(shard(1)).await.unwrap(), None, "its owner is dead");
    let granted =
        store.acquire(shard(1), "again", super::world::token(1), Span::seconds(6), Epoch(0)).await.unwrap();
    assert_eq!(
        granted,
        Acquired::Granted { epoch: Epoch(2), clean: false, before: None },
        "nobody gave it back"
    );
    let owner = own(&store, shard(1), 1).await;
    assert!(store.release(shard(1), owner).await.unwrap());
    let before = contents(&store).await;
    drop(store);
    let store = open(&folder, &clock);
    assert_eq!(contents(&store).await, before);
    let granted =
        store.acquire(shard(1), "again", super::world::token(2), Span::seconds(6), Epoch(0)).await.unwrap();
    assert_eq!(granted, Acquired::Granted { epoch: Epoch(3), clean: true, before: None });
}

#[tokio::test]
async fn a_second_process_is_told_that_the_file_is_in_use() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, &HandClock::new());
    let error = try_open(&folder).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    let message = error.to_string();
    for part in ["already used by another process", "one file serves one node", "Redis"] {
        assert!(message.contains(part), "{message}");
    }
    store.incarnation().await.unwrap();
    drop(store);
    try_open(&folder).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("data/store");
    drop(EmbeddedStore::open(EmbeddedSettings::new(&folder), HandClock::new().shared()).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("vestibule.redb")), 0o600);
}

fn change_number(folder: &TempDir, key: &str, to: Option<u64>) {
    let database = Database::open(file(folder)).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let mut meta = writing.open_table(META).unwrap();
        match to {
            Some(to) => meta.insert(key.as_bytes(), to.to_be_bytes().as_slice()).unwrap(),
            None => meta.remove(key.as_bytes()).unwrap(),
        };
    }
    writing.commit().unwrap();
}

#[tokio::test]
async fn a_file_of_an_unknown_format_is_refused() {
    for found in [0, 1, 3, u64::MAX] {
        let folder = filled().await;
        change_number(&folder, "format", Some(found));
        let error = try_open(&folder).err().unwrap();
        assert!(matches!(error, OpenError::Format { found: seen, .. } if seen == found), "{error}");
        assert!(error.to_string().contains("this release reads format 2"), "{error}");
    }
    let folder = filled().await;
    change_number(&folder, "format", None);
    assert!(matches!(try_open(&folder), Err(OpenError::Damaged { .. })));
}

fn number(folder: &TempDir, key: &str) -> Option<u64> {
    let database = Database::open(file(folder)).unwrap();
    let meta = database.begin_read().unwrap().open_table(META).unwrap();
    let value = meta.get(key.as_bytes()).unwrap()?;
    Some(u64::from_be_bytes(value.value().try_into().unwrap()))
}

/// States and records have a format of their own. Without this every shard would find out by itself, visit by visit.
#[tokio::test]
async fn a_file_with_states_of_another_release_is_refused() {
    let ours = u64::from(Format::Previous.number());
    let newest = u64::from(codec::NEWEST_READ);
    let folder = filled().await;
    assert_eq!(number(&folder, "codec"), Some(ours), "the release before may have to open it");
    for found in [newest + 1, u64::from(codec::OLDEST_READ) - 1] {
        change_number(&folder, "codec", Some(found));
        let error = try_open(&folder).err().unwrap();
        assert!(matches!(error, OpenError::Codec { found: seen, .. } if seen == found), "{error}");
        let message = error.to_string();
        assert!(message.contains("run the release that wrote it"), "{message}");
        assert_eq!(number(&folder, "codec"), Some(found), "it was left as it is");
    }
    // A file from before the number was kept holds nothing but the first format.
    change_number(&folder, "codec", None);
    try_open(&folder).unwrap();
    assert_eq!(number(&folder, "codec"), Some(ours));
    // From when the newest was to be written, the release before can read it no more.
    let settings =
        EmbeddedSettings { newest_written: codec::NEWEST_READ, ..EmbeddedSettings::new(folder.path()) };
    drop(EmbeddedStore::open(settings, HandClock::new().shared()).unwrap());
    assert_eq!(number(&folder, "codec"), Some(newest));
    try_open(&folder).unwrap();
    assert_eq!(number(&folder, "codec"), Some(newest), "what was written stays written");
}

#[tokio::test]
async fn a_file_made_for_other_shards_is_refused() {
    let folder = filled().await;
    change_number(&folder, "shards", Some(128));
    let error = try_open(&folder).err().unwrap();
    assert!(matches!(error, OpenError::Shards { found: 128, .. }), "{error}");
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let bytes: [&[u8]; 3] = [b"", b"hello", &[0x5a; 100_000]];
    for content in bytes {
        let folder = TempDir::new().unwrap();
        fs::write(file(&folder), content).unwrap();
        let error = try_open(&folder).err().unwrap();
        assert!(matches!(error, OpenError::Damaged { .. }), "{} bytes: {error}", content.len());
        assert!(error.to_string().contains("restore the file from a backup"), "{error}");
        assert_eq!(fs::read(file(&folder)).unwrap(), content);
    }
    let folder = TempDir::new().unwrap();
    drop(Database::create(file(&folder)).unwrap());
    assert!(matches!(try_open(&folder), Err(OpenError::Damaged { .. })), "an empty file of the same engine");
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("blocked"), "a file").unwrap();
    let settings = EmbeddedSettings::new(folder.path().join("blocked/store"));
    let error = EmbeddedStore::open(settings, HandClock::new().shared()).err().unwrap();
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
    assert!(error.to_string().contains("writable"), "{error}");
}

#[test]
fn a_first_start_that_was_cut_off_leaves_nothing_in_the_way() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("vestibule.redb.new"), [0x5a; 5_000]).unwrap();
    try_open(&folder).unwrap();
    assert!(!folder.path().join("vestibule.redb.new").exists());
}

/// Whatever hides the file, none is made in its place: only one that is not there may be made.
#[cfg(unix)]
#[test]
fn a_file_that_is_hidden_is_never_replaced() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().unwrap();
    let elsewhere = folder.path().join("not-mounted/vestibule.redb");
    for target in [elsewhere.as_path(), Path::new("vestibule.redb")] {
        symlink(target, file(&folder)).unwrap();
        let error = try_open(&folder).err().unwrap();
        let message = error.to_string();
        assert!(message.contains("a link whose target cannot be reached"), "{message}");
        assert!(message.contains("vestibule.redb") && message.contains("remove the link"), "{message}");
        assert_eq!(fs::read_link(file(&folder)).unwrap(), target, "the link is as it was");
        assert!(!folder.path().join("vestibule.redb.new").exists());
        fs::remove_file(file(&folder)).unwrap();
    }
    fs::create_dir(file(&folder)).unwrap();
    assert!(matches!(try_open(&folder), Err(OpenError::Io { .. })));
    assert!(file(&folder).is_dir());
}

/// A link to a file that is there is how some keep their data on another disk.
#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_is_followed() {
    let (folder, other) = (TempDir::new().unwrap(), filled().await);
    std::os::unix::fs::symlink(file(&other), file(&folder)).unwrap();
    let store = try_open(&folder).unwrap();
    assert_eq!(store.cursor(shard(1)).await.unwrap(), Seq(20));
}

/// Opens a damaged copy: either the damage is told, or everything is there. Whether it was told.
async fn told_or_harmless(bytes: &[u8], whole: &str, what: &str) -> bool {
    let folder = TempDir::new().unwrap();
    fs::write(file(&folder), bytes).unwrap();
    match std::panic::catch_unwind(AssertUnwindSafe(|| try_open(&folder))) {
        Ok(Ok(store)) => {
            assert_eq!(contents(&store).await, whole, "{what}: something was lost silently");
            false
        }
        Ok(Err(OpenError::Damaged { .. })) => true,
        Ok(Err(other)) => panic!("{what}: {other}"),
        Err(_) => panic!("{what}: panicked"),
    }
}

#[tokio::test]
async fn a_damaged_copy_is_told_and_never_a_silent_loss() {
    let folder = filled().await;
    let (whole, as_a_crash_leaves_it) = {
        let store = try_open(&folder).unwrap();
        let [visit] = visits(shard(1));
        for n in 0..3 {
            store.append(shard(1), vec![entry(&visit, &n.to_string())]).await.unwrap();
        }
        (contents(&store).await, fs::read(file(&folder)).unwrap())
    };
    let closed = fs::read(file(&folder)).unwrap();
    for (bytes, how) in [(as_a_crash_leaves_it, "after a crash"), (closed, "closed")] {
        assert!(!told_or_harmless(&bytes, &whole, how).await, "{how}: the copy itself is fine");
        let mut told = 0;
        for parts in 0..24 {
            let length = bytes.len() * parts / 24;
            told += usize::from(
                told_or_harmless(&bytes[..length], &whole, &format!("{how}, {length} bytes")).await,
            );
        }
        assert_eq!(told, 24, "{how}: a file that was cut is never whole");
        // Bytes all over the file: in the header, in the newest commit, in what is not used at all.
        let places = (0..320).step_by(3).chain((4_096..bytes.len()).step_by(bytes.len() / 200));
        let mut told = 0;
        for place in places {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x55;
            told += usize::from(told_or_harmless(&damaged, &whole, &format!("{how}, byte {place}")).await);
        }
        assert!(told > 20, "{how}: only {told} were told");
    }
}

#[tokio::test]
async fn a_second_of_grace_still_keeps_everything_over_a_clean_end() {
    let folder = TempDir::new().unwrap();
    let grace = EmbeddedSettings { durability: Durability::EverySecond, ..settings(&folder) };
    let [visit] = visits(shard(1));
    {
        let store = EmbeddedStore::open(grace, HandClock::new().shared()).unwrap();
        for n in 0..6 {
            store.append(shard(1), vec![entry(&visit, &n.to_string())]).await.unwrap();
        }
        assert_eq!(store.read(shard(1), Seq(0), 10).await.unwrap().len(), 6);
    }
    let world = World::memory();
    let store = open(&folder, &world.clock);
    assert_eq!(store.read(shard(1), Seq(0), 10).await.unwrap().len(), 6);
}
