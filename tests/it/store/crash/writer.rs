//! The process that is killed: it takes every kind of step that is acknowledged, on each of a few shards, and says what was.
//!
//! The state of a visit says how far its shard came, so that anything half done would show.

use super::super::world::{
    START, commit, entry, organization, own, patient, record, shard, text, update, visits, write,
};
use std::io::Write;
use std::time::Duration;
use uuid::Uuid;
use vestibule::store::EmbeddedStore;
use vestibule_actors::port::store::{
    Acknowledgement, Appended, Commit, Committed, JournalEntry, Ownership, Record, RecordId, Routed, Seq,
    Space, Store,
};
use vestibule_domain::id::MeetingId;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

/// So many places, each with writers of its own.
pub const SHARDS: u16 = 4;
const SETTLED: &str = "settled";
const HELD: &str = "held ";

/// How far a shard came, as its visits' state says it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Taken {
    pub cursor: u64,
    /// Settlements that were taken in.
    pub settled: u64,
    /// The last event that was held for its meeting and was taken in, and how many were.
    pub held: u64,
    pub last_held: u64,
}

impl Taken {
    pub fn read(state: &str) -> Self {
        let numbers: Vec<u64> = state.split(' ').map(|number| number.parse().unwrap()).collect();
        let [cursor, settled, held, last_held] = numbers.try_into().unwrap();
        Self { cursor, settled, held, last_held }
    }

    pub fn write(&self) -> String {
        let Self { cursor, settled, held, last_held } = self;
        format!("{cursor} {settled} {held} {last_held}")
    }

    pub fn take(&mut self, entry: &JournalEntry) {
        self.cursor = entry.seq.0;
        let payload = text(&entry.payload);
        if payload == SETTLED {
            self.settled += 1;
        } else if let Some(number) = payload.strip_prefix(HELD) {
            self.held += 1;
            self.last_held = number.parse().unwrap();
        }
    }
}

/// The meeting of a held event; no two events share one.
pub fn meeting(number: u64) -> MeetingId {
    MeetingId(85_000_000_000 + number)
}

/// Writes for ever.
pub async fn write_for_ever(store: EmbeddedStore) {
    let store = std::sync::Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for place in (0..SHARDS).map(shard) {
        let (appending, owning) = (store.clone(), store.clone());
        tasks.spawn(async move { append_for_ever(&appending, place).await });
        tasks.spawn(async move { own_for_ever(&owning, place).await });
        let (holding, putting) = (store.clone(), store.clone());
        tasks.spawn(async move { hold_for_ever(&holding, place).await });
        tasks.spawn(async move { put_for_ever(&putting, place).await });
    }
    while tasks.join_next().await.is_some() {}
}

fn acknowledged(what: &str, place: Shard, number: u64) {
    let mut out = std::io::stdout().lock();
    // A parent that has gone away kills this process too.
    if writeln!(out, "\nack {what} {} {number}", place.number()).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// A number that no process before this one has used in this place.
fn first_number(place: Shard) -> u64 {
    u64::from(std::process::id()) << 20 | u64::from(place.number()) << 16
}

async fn append_for_ever(store: &EmbeddedStore, place: Shard) {
    let [visit] = visits(place);
    loop {
        match store.append(place, vec![entry(&visit, &"x".repeat(300))]).await.unwrap() {
            Appended::Done(seq) => acknowledged("appended", place, seq.0),
            Appended::Full => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Each commit takes what the journal holds and decides an update; each update is settled with a record.
async fn own_for_ever(store: &EmbeddedStore, place: Shard) {
    let [visit, other] = visits(place);
    let owner = own(store, place, 1).await;
    let mut id = u128::from(std::process::id()) << 32;
    loop {
        let cursor = store.cursor(place).await.unwrap();
        let stored = store.load(&visit).await.unwrap();
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let mut taken = stored.map_or_else(Taken::default, |stored| Taken::read(&text(&stored.state)));
        store.read(place, cursor, 50).await.unwrap().iter().for_each(|entry| taken.take(entry));
        id += 1;
        let state = taken.write();
        let commit = Commit {
            expected_cursor: cursor,
            cursor: Seq(taken.cursor),
            visits: vec![write(&visit, version, &state), write(&other, version, &state)],
            outbox: vec![update(&visit, patient("p"), version + 1)],
            ..commit(place, owner, id)
        };
        match store.commit(commit).await.unwrap() {
            Committed::Done { .. } => acknowledged("version", place, version + 1),
            other => panic!("{other:?}"),
        }
        settle(store, place, owner, version + 1).await;
    }
}

async fn settle(store: &EmbeddedStore, place: Shard, owner: Ownership, seq: u64) {
    let [visit] = visits(place);
    let report = Acknowledgement {
        visit: visit.clone(),
        lane: patient("p"),
        seq,
        attempts: 1,
        records: vec![settled_record(place, seq)],
        settled: Some(entry(&visit, SETTLED)),
    };
    assert!(store.acknowledge(place, owner, vec![report]).await.unwrap());
    acknowledged("settled", place, seq);
}

/// The record of a settlement, the same whichever process writes it.
pub fn settled_record(place: Shard, seq: u64) -> Record {
    let (attempt, csn_and_meeting) = (u32::try_from(seq).unwrap(), csn_of(place));
    let id = RecordId(Uuid::from_u64_pair(csn_and_meeting, seq));
    Record { id, ..record(attempt, organization(), csn_and_meeting, csn_and_meeting, START) }
}

/// The CSN, and the meeting, under which a place keeps its records.
pub fn csn_of(place: Shard) -> u64 {
    u64::from(place.number()) + 1
}

/// Events that come before their meeting is known, and then it is.
async fn hold_for_ever(store: &EmbeddedStore, place: Shard) {
    let [visit] = visits(place);
    for number in first_number(place).. {
        let payload = format!("{HELD}{number}").into_bytes();
        let routed = store.route_or_hold(&organization(), meeting(number), payload).await.unwrap();
        assert_eq!(routed, Routed::Held);
        acknowledged("held", place, number);
        assert_eq!(store.index_meeting(meeting(number), &visit).await.unwrap(), 1);
        acknowledged("indexed", place, number);
    }
}

async fn put_for_ever(store: &EmbeddedStore, place: Shard) {
    for number in first_number(place).. {
        let value = number.to_be_bytes().to_vec();
        store.put(Space::Ticket, &ticket(number), value, Span::hours(1)).await.unwrap();
        acknowledged("put", place, number);
        // A few at most, so that the file does not grow with nothing else.
        store.take(Space::Ticket, &ticket(number - 3)).await.unwrap();
    }
}

/// The key of a value.
pub fn ticket(number: u64) -> String {
    format!("ticket {number}")
}
