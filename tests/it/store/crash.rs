//! A process that is killed while it writes: everything that it acknowledged is there when the file is opened again, and nothing is half
//! done.
//!
//! The process is this test binary itself, asked by an environment variable to write until it is killed. It says what was
//! acknowledged on its standard output, one line each.

#![expect(clippy::disallowed_methods, reason = "a child process is told by its environment what to do")]

use super::world::{HandClock, commit, entry, own, shard, text, visits, write};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule_actors::port::store::{Acquired, Appended, Commit, Committed, Seq, Store, StoreLimits};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

const FOLDER: &str = "VESTIBULE_TEST_CRASH_FOLDER";
const SHARDS: u16 = 4;
const KILLS: u32 = 12;

fn settings(folder: &Path) -> EmbeddedSettings {
    let limits = StoreLimits { journal_entries: 1_000_000, ..StoreLimits::default() };
    EmbeddedSettings { limits, cache_bytes: 8 << 20, ..EmbeddedSettings::new(folder) }
}

/// What the dead process had acknowledged, per shard.
#[derive(Default, Debug, Clone, Copy)]
struct Acknowledged {
    appended: u64,
    version: u64,
}

/// Writes until it is killed. Asked for by the test below; by itself it has nothing to do.
#[test]
fn writer_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = EmbeddedStore::open(settings(Path::new(&folder)), HandClock::new().shared()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = std::sync::Arc::new(store);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..SHARDS {
            let (appender, owner) = (store.clone(), store.clone());
            tasks.spawn(async move { append_for_ever(&appender, shard(number)).await });
            tasks.spawn(async move { commit_for_ever(&owner, shard(number)).await });
        }
        while tasks.join_next().await.is_some() {}
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that has gone away kills this process too.
    if writeln!(out, "\n{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

async fn append_for_ever(store: &EmbeddedStore, place: Shard) {
    let [visit] = visits(place);
    loop {
        match store.append(place, vec![entry(&visit, &"x".repeat(300))]).await.unwrap() {
            Appended::Done(seq) => say(&format!("ack appended {} {}", place.number(), seq.0)),
            Appended::Full => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Each commit takes what the journal holds and says in the state how far it came, so that a half-done commit would show.
async fn commit_for_ever(store: &EmbeddedStore, place: Shard) {
    let [visit, other] = visits(place);
    let owner = own(store, place, 1).await;
    let mut id = u128::from(std::process::id()) << 32;
    loop {
        let cursor = store.cursor(place).await.unwrap();
        let last = store.read(place, cursor, 50).await.unwrap().last().map_or(cursor, |entry| entry.seq);
        let version = store.load(&visit).await.unwrap().map_or(0, |stored| stored.version);
        id += 1;
        let state = last.0.to_string();
        let commit = Commit {
            expected_cursor: cursor,
            cursor: last,
            visits: vec![write(&visit, version, &state), write(&other, version, &state)],
            ..commit(place, owner, id)
        };
        match store.commit(commit).await.unwrap() {
            Committed::Done { .. } => say(&format!("ack version {} {}", place.number(), version + 1)),
            other => panic!("{other:?}"),
        }
    }
}

fn start(folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::writer_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn note(line: &str, acknowledged: &mut BTreeMap<u16, Acknowledged>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["ack", what, shard, number] = words.as_slice() else { return };
    let (shard, number) = (shard.parse().unwrap(), number.parse().unwrap());
    let entry: &mut Acknowledged = acknowledged.entry(shard).or_default();
    match *what {
        "appended" => entry.appended = entry.appended.max(number),
        _ => entry.version = entry.version.max(number),
    }
}

/// Runs the writer, kills it `after` its first word, and gives what it had acknowledged by then.
fn run_and_kill(folder: &Path, after: Duration, acknowledged: &mut BTreeMap<u16, Acknowledged>) {
    let (mut child, mut out) = start(folder);
    let mut line = String::new();
    while out.read_line(&mut line).unwrap() > 0 && !line.starts_with("ack") {
        line.clear();
    }
    note(&line, acknowledged);
    let began = Instant::now();
    // The pipe is read all the time, so that the writer never waits for us.
    let reader = std::thread::spawn(move || {
        let mut lines = Vec::new();
        lines.extend(out.lines().map_while(Result::ok).filter(|line| line.starts_with("ack")));
        lines
    });
    std::thread::sleep(after.saturating_sub(began.elapsed()));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut lines = reader.join().unwrap();
    // A last line may have been cut off in the middle of its number.
    lines.pop();
    lines.iter().for_each(|line| note(line, acknowledged));
}

async fn verify(folder: &Path, acknowledged: &BTreeMap<u16, Acknowledged>) {
    let store = EmbeddedStore::open(settings(folder), HandClock::new().shared()).unwrap();
    for number in 0..SHARDS {
        let place = shard(number);
        let acknowledged = acknowledged.get(&number).copied().unwrap_or_default();
        let cursor = store.cursor(place).await.unwrap();
        let journal = store.read(place, cursor, usize::MAX).await.unwrap();
        let places: Vec<u64> = journal.iter().map(|entry| entry.seq.0).collect();
        let last = cursor.0 + places.len() as u64;
        assert_eq!(places, (cursor.0 + 1..=last).collect::<Vec<_>>(), "the journal has a gap");
        assert!(last >= acknowledged.appended, "shard {number} lost appends: {last} of {acknowledged:?}");
        assert!(store.read(place, Seq(0), 1).await.unwrap().first().is_none_or(|entry| entry.seq > cursor));
        let [visit, other] = visits(place);
        let (visit, other) = (store.load(&visit).await.unwrap(), store.load(&other).await.unwrap());
        let version = visit.as_ref().map_or(0, |stored| stored.version);
        assert!(
            version >= acknowledged.version,
            "shard {number} lost commits: {version} of {acknowledged:?}"
        );
        assert_eq!(other.as_ref().map_or(0, |stored| stored.version), version, "a commit is half done");
        for stored in visit.iter().chain(&other) {
            assert_eq!(text(&stored.state), cursor.0.to_string(), "state and cursor are of one commit");
        }
        assert!(store.due(place, Moment(i64::MAX), 10).await.unwrap().is_empty());
        if version > 0 {
            let token = super::world::token(9);
            let span = vestibule_domain::time::Span::seconds(1);
            let granted = store.acquire(place, "after", token, span).await.unwrap();
            assert!(matches!(granted, Acquired::Granted { clean: false, .. }), "{granted:?}");
        }
    }
}

// I3: what was acknowledged survives kill -9 at any moment.
#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = BTreeMap::new();
    let mut random = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos());
    println!("times of the kills follow from {random}");
    for _ in 0..KILLS {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        run_and_kill(folder.path(), Duration::from_millis(u64::from(random >> 16) % 120), &mut acknowledged);
        verify(folder.path(), &acknowledged).await;
    }
    let appended: u64 = acknowledged.values().map(|a| a.appended).sum();
    let versions: u64 = acknowledged.values().map(|a| a.version).sum();
    assert!(appended > 100 && versions > 50, "the writer hardly wrote: {acknowledged:?}");
    println!(
        "{appended} appends and {versions} commits were acknowledged before {KILLS} kills, and are there"
    );
}

/// A process that dies while it makes the file leaves one that the next can start with.
#[tokio::test]
async fn a_first_start_may_be_killed_at_any_moment() {
    for delay in [0, 1, 2, 4, 8, 12, 16, 20, 30] {
        let folder = TempDir::new().unwrap();
        let (mut child, _out) = start(folder.path());
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        verify(folder.path(), &BTreeMap::new()).await;
    }
}
