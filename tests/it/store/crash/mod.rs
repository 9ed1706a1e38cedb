//! A process that is killed while it writes: everything that it acknowledged is there when the file is opened again, and nothing is half
//! done.
//!
//! The process is this test binary itself, asked by an environment variable to write until it is killed. It says what was
//! acknowledged on its standard output, one line each.

#![expect(clippy::disallowed_methods, reason = "a child process is told by its environment what to do")]

mod writer;

use super::world::{HandClock, csn, shard, text, token, visits};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule_actors::port::store::{Acquired, Epoch, RecordQuery, Seq, Space, Store, StoreLimits};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use writer::{SHARDS, Taken, csn_of, meeting, settled_record, ticket, write_for_ever};

const FOLDER: &str = "VESTIBULE_TEST_CRASH_FOLDER";
const KILLS: u32 = 12;
const NEW_FILE: &str = "vestibule.redb.new";
const FILE: &str = "vestibule.redb";

fn settings(folder: &Path) -> EmbeddedSettings {
    let limits = StoreLimits { journal_entries: 1_000_000, ..StoreLimits::default() };
    EmbeddedSettings { limits, cache_bytes: 8 << 20, ..EmbeddedSettings::new(folder) }
}

/// What the dead processes had acknowledged of one shard: the newest of each kind.
#[derive(Default, Debug, Clone, Copy)]
struct Acknowledged {
    appended: u64,
    version: u64,
    settled: u64,
    /// An event whose meeting was not indexed yet.
    held: Option<u64>,
    /// Events whose meeting was indexed.
    moved: u64,
    put: u64,
}

/// Writes until it is killed. Asked for by the tests below; by itself it has nothing to do.
#[test]
fn writer_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = EmbeddedStore::open(settings(Path::new(&folder)), HandClock::new().shared()).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(write_for_ever(store));
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
    let of_shard: &mut Acknowledged = acknowledged.entry(shard).or_default();
    match *what {
        "appended" => of_shard.appended = number,
        "version" => of_shard.version = number,
        "settled" => of_shard.settled = number,
        "held" => of_shard.held = Some(number),
        "indexed" => {
            assert_eq!(of_shard.held.take(), Some(number));
            of_shard.moved += 1;
        }
        "put" => of_shard.put = number,
        other => panic!("{other}"),
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

async fn verify(folder: &Path, acknowledged: &mut BTreeMap<u16, Acknowledged>) {
    let store = EmbeddedStore::open(settings(folder), HandClock::new().shared()).unwrap();
    for place in (0..SHARDS).map(shard) {
        let acknowledged = acknowledged.entry(place.number()).or_default();
        let taken = verify_journal(&store, place, acknowledged).await;
        verify_settlements(&store, place, *acknowledged, &taken).await;
        verify_held(&store, place, acknowledged, &taken).await;
        if acknowledged.put > 0 {
            let value = store.get(Space::Ticket, &ticket(acknowledged.put)).await.unwrap();
            assert_eq!(value, Some(acknowledged.put.to_be_bytes().to_vec()), "{acknowledged:?}");
        }
        assert!(store.due(place, Moment(i64::MAX), 10).await.unwrap().is_empty());
        if acknowledged.version > 0 {
            let granted = store.acquire(place, "after", token(9), Span::seconds(1), Epoch(0)).await.unwrap();
            assert!(matches!(granted, Acquired::Granted { clean: false, .. }), "{granted:?}");
        }
    }
}

/// Entries without a gap, and states that say just what was taken in; what was taken in and what waits, together.
async fn verify_journal(store: &EmbeddedStore, place: Shard, acknowledged: &Acknowledged) -> Taken {
    let cursor = store.cursor(place).await.unwrap();
    let journal = store.read(place, cursor, usize::MAX).await.unwrap();
    let places: Vec<u64> = journal.iter().map(|entry| entry.seq.0).collect();
    let last = cursor.0 + places.len() as u64;
    assert_eq!(places, (cursor.0 + 1..=last).collect::<Vec<_>>(), "the journal has a gap");
    assert!(last >= acknowledged.appended, "appends were lost: {last} of {acknowledged:?}");
    assert!(store.read(place, Seq(0), 1).await.unwrap().first().is_none_or(|entry| entry.seq > cursor));
    let [visit, other] = visits(place);
    let (visit, other) = (store.load(&visit).await.unwrap(), store.load(&other).await.unwrap());
    let version = visit.as_ref().map_or(0, |stored| stored.version);
    assert!(version >= acknowledged.version, "commits were lost: {version} of {acknowledged:?}");
    assert_eq!(other.as_ref().map_or(0, |stored| stored.version), version, "a commit is half done");
    let mut taken = visit.as_ref().map_or_else(Taken::default, |stored| Taken::read(&text(&stored.state)));
    for stored in visit.iter().chain(&other) {
        assert_eq!(Taken::read(&text(&stored.state)), taken);
    }
    assert_eq!(taken.cursor, cursor.0, "state and cursor are of one commit");
    journal.iter().for_each(|entry| taken.take(entry));
    taken
}

/// Each settlement is an entry, a record and a lane that is done, or none of them.
async fn verify_settlements(store: &EmbeddedStore, place: Shard, acknowledged: Acknowledged, taken: &Taken) {
    let query = RecordQuery { csn: Some(csn(csn_of(place))), limit: usize::MAX, ..RecordQuery::default() };
    let records = store.records(query).await.unwrap().items;
    assert_eq!(records.len() as u64, taken.settled, "a settlement is half done");
    let newest = records.first().map_or(0, |record| u64::from(record.attempt));
    assert!(newest >= acknowledged.settled, "settlements were lost: {newest} of {acknowledged:?}");
    let waiting = store.outbox(place, None, 100).await.unwrap();
    assert!(waiting.iter().all(|entry| entry.seq > newest), "a settled lane is not done: {waiting:?}");
    if let Some(first) = records.first() {
        assert_eq!(*first, settled_record(place, newest));
    }
}

/// An event that was held waits for its meeting or is in the journal, once.
async fn verify_held(store: &EmbeddedStore, place: Shard, acknowledged: &mut Acknowledged, taken: &Taken) {
    assert!(taken.held >= acknowledged.moved, "moved events were lost: {taken:?} of {acknowledged:?}");
    if let Some(number) = acknowledged.held.take() {
        let [visit] = visits(place);
        let moved = store.index_meeting(meeting(number), &visit).await.unwrap();
        let arrived = usize::from(taken.last_held == number);
        assert_eq!(moved + arrived, 1, "a held event is there once: {taken:?}, {acknowledged:?}");
        acknowledged.moved += 1;
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
        verify(folder.path(), &mut acknowledged).await;
    }
    let sum = |of: fn(&Acknowledged) -> u64| acknowledged.values().map(of).sum::<u64>();
    let (appended, versions, settled) = (sum(|a| a.appended), sum(|a| a.version), sum(|a| a.settled));
    let (held, put) = (sum(|a| a.moved), acknowledged.values().filter(|a| a.put > 0).count());
    let what = format!("{appended} appends, {versions} commits, {settled} settlements, {held} held events");
    assert!(appended > 100 && versions > 50 && settled > 50 && held > 50, "the writer hardly wrote: {what}");
    assert_eq!(put, usize::from(SHARDS));
    println!("{what} were acknowledged before {KILLS} kills, and are there");
}

/// A process that dies while it makes the file leaves one that the next can start with.
#[tokio::test]
async fn a_first_start_may_be_killed_at_any_moment() {
    let mut fell_into_making = 0;
    for kill in 0..24_u64 {
        let folder = TempDir::new().unwrap();
        let (mut child, _out) = start(folder.path());
        let there = |name: &str| folder.path().join(name).exists();
        // As soon as the file is begun, or a little later. A busy machine may look again only when it is made.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !there(NEW_FILE) && !there(FILE) {
            assert!(Instant::now() < deadline, "the file is never begun");
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(kill % 8 * 400));
        child.kill().unwrap();
        child.wait().unwrap();
        fell_into_making += usize::from(there(NEW_FILE) && !there(FILE));
        verify(folder.path(), &mut BTreeMap::new()).await;
    }
    println!("{fell_into_making} of 24 kills fell into the making of the file");
    assert!(fell_into_making >= 3, "only {fell_into_making} kills fell into the making of the file");
}
