//! Death at any byte: whatever the engine asks of the disk is recorded, and the disk is then what it was after each write, after half of it,
//! and after a power cut that lost any of what was not synced. Each time the store opens, holds everything that was answered and nothing
//! half done, and goes on.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;
use vestibule_actors::memory::{MemoryStore, Model};
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acknowledgement, Commit, Epoch, HistoryLines, NewEntry, OutboxEntry, Outcome, OwnerToken, Ownership,
    ParkedCommand, Record, RecordId, RecordQuery, Retention, Seq, Space, Store, StoreLimits, VisitWrite,
};
use vestibule_domain::effect::{LaneName, Says};
use vestibule_domain::id::{Csn, FhirReference, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::disk::{Done, Switch};
use super::open::Place;
use super::{Durability, EmbeddedSettings, EmbeddedStore};

const NOW: Moment = Moment(1_795_000_000_000);
const TTL: Span = Span::seconds(6);
const MEETINGS: [MeetingId; 2] = [MeetingId(85_000_000_001), MeetingId(85_000_000_002)];

struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        NOW
    }
}

fn visit(number: u64) -> VisitKey {
    // Two visits of one shard.
    let keys = (0_u64..).filter_map(|csn| VisitKey::from_text(&format!("lakeside/csn/{csn}")));
    let first = VisitKey::from_text("lakeside/csn/0").unwrap();
    let mut of_shard = keys.filter(|key| Shard::of_visit(key) == Shard::of_visit(&first));
    of_shard.nth(usize::try_from(number).unwrap()).unwrap()
}

fn shard() -> Shard {
    Shard::of_visit(&visit(0))
}

fn organization() -> OrganizationId {
    visit(0).organization
}

fn owner(epoch: u64) -> Ownership {
    Ownership { token: OwnerToken(Uuid::from_u128(1)), epoch: Epoch(epoch) }
}

fn lane(name: &str) -> LaneName {
    LaneName::of_light(ParticipantKey::new(Role::Patient, FhirReference::new(name).unwrap()))
}

fn entries(count: usize, bytes: usize) -> Vec<NewEntry> {
    let entry = |number: u64| NewEntry { visit: visit(number % 2), payload: vec![b'e'; bytes] };
    (0..).map(entry).take(count).collect()
}

fn write(number: u64, expected: u64, state: Option<usize>, wake: Option<Moment>) -> VisitWrite {
    VisitWrite { visit: visit(number), expected, state: state.map(|bytes| vec![b's'; bytes]), wake }
}

fn lines(number: u64, count: usize) -> HistoryLines {
    HistoryLines { visit: visit(number), lines: vec![vec![b'h'; 120]; count] }
}

fn update(name: &str, seq: u64) -> OutboxEntry {
    OutboxEntry { visit: visit(0), lane: lane(name), seq, attempts: 0, payload: vec![b'u'; 80] }
}

fn commit(id: u128, epoch: u64, cursor: (u64, u64), visits: Vec<VisitWrite>) -> Commit {
    let (expected, cursor) = (Seq(cursor.0), Seq(cursor.1));
    let (shard, owner, id) = (shard(), owner(epoch), Uuid::from_u128(id));
    Commit {
        shard,
        owner,
        id,
        expected_cursor: expected,
        cursor,
        visits,
        outbox: Vec::new(),
        parked: Vec::new(),
        history: Vec::new(),
    }
}

fn report(name: &str, seq: u64, settles: bool) -> Vec<Acknowledgement> {
    let record = |attempt: u32| Record {
        id: RecordId(Uuid::from_u128(u128::from(seq) * 8 + u128::from(attempt))),
        at: NOW,
        organization: organization(),
        meeting: Some(MEETINGS[0]),
        csn: Some(Csn::new("0").unwrap()),
        role: Role::Patient,
        says: Says::Connected(true),
        occurred_at: NOW,
        attempt,
        resp_code: 200,
        epic_code: None,
        outcome: Outcome::Delivered,
        latency_ms: 3,
        hint: None,
        resend: false,
        update: None,
        attempts: None,
    };
    let settled = settles.then(|| NewEntry { visit: visit(0), payload: b"settled".to_vec() });
    let (visit, lane) = (visit(0), lane(name));
    vec![Acknowledgement { visit, lane, seq, attempts: 2, records: vec![record(1), record(2)], settled }]
}

/// An answer as text, whatever it is of.
fn text<'a, T: std::fmt::Debug + 'a>(answer: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, String> {
    answer.map(|answer| format!("{answer:?}")).boxed()
}

const STEPS: usize = 26;
/// These are asked at once, so that some share a transaction.
const AT_ONCE: usize = 20;

/// The steps of a small life, with every kind of them in it.
fn step(store: &dyn Store, number: usize) -> BoxFuture<'_, String> {
    let parked = |seq| ParkedCommand {
        seq: Seq(seq),
        visit: visit(0),
        payload: b"poison".to_vec(),
        reason: "it killed its visit".to_owned(),
        at: NOW,
    };
    let wake = Some(NOW + TTL);
    match number {
        0 => text(store.acquire(shard(), "node", owner(1).token, TTL, Epoch(0))),
        1 => text(store.append(shard(), entries(3, 300))),
        2 => text(async { store.route_or_hold(&organization(), MEETINGS[0], b"held".to_vec()).await }),
        3 => {
            let visits = vec![write(0, 0, Some(900), wake), write(1, 0, Some(5_000), wake)];
            let outbox = vec![update("a", 1), update("a", 2), update("b", 1)];
            let history = vec![lines(0, 3), lines(1, 1)];
            text(store.commit(Commit { outbox, history, ..commit(1, 1, (0, 2), visits) }))
        }
        4 => text(store.acknowledge(shard(), owner(1), report("b", 1, false))),
        5 => text(async { store.index_meeting(MEETINGS[0], &visit(0)).await }),
        6 => text(store.acknowledge(shard(), owner(1), report("a", 2, true))),
        7 => text(store.put(Space::Ticket, "ticket", vec![7; 40], Span::hours(1))),
        8 => text(store.put_if_absent(Space::Keys, "key", vec![8; 40], Span::hours(1))),
        9 => text(async { store.organization_put(&organization(), "field", 0, vec![9; 40]).await }),
        10 => text(store.count_try(shard(), owner(1), Seq(3))),
        11 => {
            let visits = vec![write(0, 1, Some(1_200), None), write(1, 1, None, None)];
            let (parked, history) = (vec![parked(3)], vec![lines(0, 2)]);
            text(store.commit(Commit { parked, history, ..commit(2, 1, (2, 4), visits) }))
        }
        12 => text(store.take(Space::Ticket, "ticket")),
        13 => text(async { store.route_or_hold(&organization(), MEETINGS[0], b"routed".to_vec()).await }),
        // The file has to grow for this.
        14 => text(store.append(shard(), entries(2, 60_000))),
        15 => text(store.commit(commit(3, 1, (4, 8), vec![write(0, 2, Some(70_000), wake)]))),
        16 => text(store.commit(commit(4, 1, (8, 8), vec![write(0, 3, Some(500), wake)]))),
        // One part of it has something to do.
        17 => text(store.sweep(Retention {
            records: Span::hours(1),
            records_of: BTreeMap::new(),
            records_per_organization: 1,
        })),
        18 => text(store.release(shard(), owner(1))),
        19 => text(store.acquire(shard(), "node", owner(1).token, TTL, Epoch(0))),
        20 => text(store.append(shard(), entries(4, 200))),
        21 => text(async { store.route_or_hold(&organization(), MEETINGS[1], b"held".to_vec()).await }),
        22 => text(store.commit(commit(5, 2, (8, 10), vec![write(0, 4, Some(600), None)]))),
        23 => text(store.put(Space::Session, "session", vec![1; 30], Span::hours(1))),
        24 => {
            text(store.commit(Commit { outbox: vec![update("c", 1)], ..commit(6, 2, (10, 11), Vec::new()) }))
        }
        _ => text(store.append(shard(), entries(1, 200))),
    }
}

/// Everything that can be read.
async fn contents(store: &dyn Store) -> String {
    let shard = shard();
    let all = RecordQuery { limit: 100, ..RecordQuery::default() };
    let by_csn = RecordQuery { csn: Some(Csn::new("0").unwrap()), ..all.clone() };
    let by_meeting = RecordQuery { meeting: Some(MEETINGS[0]), ..all.clone() };
    let organization = organization();
    let parts = [
        text(store.locate(shard)).await,
        text(store.cursor(shard)).await,
        text(store.read(shard, Seq(0), 100)).await,
        text(store.due(shard, Moment(i64::MAX), 100)).await,
        text(store.outbox(shard, None, 100)).await,
        text(store.changes()).await,
        text(store.changed_since(shard, 0, 100)).await,
        text(store.visits(None, None, 100)).await,
        text(store.parked(100)).await,
        text(async { store.history(&visit(0)).await }).await,
        text(async { store.history(&visit(1)).await }).await,
        text(store.records(all)).await,
        text(store.records(by_csn)).await,
        text(store.records(by_meeting)).await,
        text(store.get(Space::Ticket, "ticket")).await,
        text(store.get(Space::Keys, "key")).await,
        text(store.get(Space::Session, "session")).await,
        text(store.organization_get(&organization, "field")).await,
    ];
    parts.join("\n")
}

/// Reads everything, goes on with steps that depend on what only they can see, and reads everything again.
async fn seen(store: &dyn Store) -> String {
    let before = contents(store).await;
    let mut answers = vec![before, text(store.acquire(shard(), "next", owner(1).token, TTL, Epoch(0))).await];
    for meeting in MEETINGS {
        answers.push(text(store.index_meeting(meeting, &visit(0))).await);
    }
    for epoch in 1..=3 {
        answers.push(text(store.count_try(shard(), owner(epoch), Seq(3))).await);
    }
    answers.push(text(store.append(shard(), entries(1, 50))).await);
    answers.push(contents(store).await);
    answers.join("\n")
}

/// A life on a recorded disk.
struct Life {
    base: Vec<u8>,
    done: Vec<Done>,
}

fn place(folder: &TempDir) -> Place {
    Place::take(folder.path(), 4 << 20, vestibule_actors::codec::Format::default().number()).unwrap()
}

fn settings(folder: &TempDir, durability: Durability) -> EmbeddedSettings {
    EmbeddedSettings { durability, ..EmbeddedSettings::new(folder.path()) }
}

impl Life {
    async fn live(durability: Durability, model: &MemoryStore) -> Self {
        let folder = TempDir::new().unwrap();
        let mut place = place(&folder);
        let base = std::fs::read(folder.path().join("vestibule.redb")).unwrap();
        let switch = Switch::default();
        place.trouble = switch.clone();
        switch.record();
        let store = EmbeddedStore::start(place, settings(&folder, durability), Arc::new(Still)).unwrap();
        for number in 0..AT_ONCE {
            assert_eq!(step(&store, number).await, step(model, number).await, "step {number}");
            if durability == Durability::Fsync {
                switch.say(number + 1);
            } else if number % 5 == 4 {
                store.flush().await.unwrap();
                switch.say(number + 1);
            }
        }
        let answers = join_all((AT_ONCE..STEPS).map(|number| step(&store, number))).await;
        for (number, answer) in (AT_ONCE..).zip(answers) {
            assert_eq!(answer, step(model, number).await, "step {number}");
        }
        store.flush().await.unwrap();
        switch.say(STEPS);
        drop(store);
        Self { base, done: switch.recorded() }
    }

    /// The disk after these of the things that were done to it.
    fn image<'a>(&'a self, done: impl IntoIterator<Item = &'a Done>) -> Vec<u8> {
        let mut image = self.base.clone();
        done.into_iter().for_each(|done| apply(&mut image, done));
        image
    }

    /// How many steps had surely been answered before this.
    fn answered(&self, before: usize) -> usize {
        let said = self.done[..before].iter().filter_map(|done| match done {
            Done::Said(word) => Some(*word),
            _ => None,
        });
        said.max().unwrap_or(0)
    }
}

fn apply(image: &mut Vec<u8>, done: &Done) {
    match done {
        Done::Wrote(at, data) => {
            let at = usize::try_from(*at).unwrap();
            let end = at + data.len();
            image.resize(image.len().max(end), 0);
            image[at..end].copy_from_slice(data);
        }
        Done::SetLen(len) => image.resize(usize::try_from(*len).unwrap(), 0),
        Done::Synced | Done::Said(_) => {}
    }
}

/// Opens disks and looks at what the store makes of them.
struct Bench {
    folder: TempDir,
    /// What is seen after so many steps.
    expected: Vec<String>,
    opened: BTreeSet<usize>,
    tries: usize,
}

impl Bench {
    async fn new() -> Self {
        let model = MemoryStore::new(Arc::new(Still), StoreLimits::default());
        let mut expected = vec![look_at(&model).await];
        for number in 0..STEPS {
            step(&model, number).await;
            expected.push(look_at(&model).await);
        }
        let folder = TempDir::new().unwrap();
        drop(place(&folder));
        Self { folder, expected, opened: BTreeSet::new(), tries: 0 }
    }

    /// The store opens and holds what it held after some number of steps that lies in this range.
    async fn assert_opens(&mut self, image: Vec<u8>, steps: RangeInclusive<usize>, what: &str) {
        let mut place = place(&self.folder);
        place.trouble = Switch::holding(image);
        let store = EmbeddedStore::start(place, settings(&self.folder, Durability::Fsync), Arc::new(Still))
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let seen = seen(&store).await;
        let held = steps.clone().find(|steps| self.expected[*steps] == seen);
        let held = held.unwrap_or_else(|| panic!("{what}: none of {steps:?} steps left this:\n{seen}"));
        self.opened.insert(held);
        self.tries += 1;
    }
}

/// What is seen of the model by the next process.
async fn look_at(model: &MemoryStore) -> String {
    let before: Model = model.snapshot();
    let mut reopened = before.clone();
    reopened.reopen();
    model.go_back(reopened);
    let seen = seen(model).await;
    model.go_back(before);
    seen
}

async fn die_everywhere(durability: Durability) {
    let mut bench = Bench::new().await;
    let model = MemoryStore::new(Arc::new(Still), StoreLimits::default());
    let life = Life::live(durability, &model).await;
    let mut random = 7_u64;
    let mut draw = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    let mut synced = 0;
    for (number, done) in life.done.iter().enumerate() {
        let steps = life.answered(number)..=STEPS;
        let what = format!("{number} of {}", life.done.len());
        match done {
            Done::Wrote(at, data) => {
                // kill -9 before it, and in the midst of it.
                bench.assert_opens(life.image(&life.done[..number]), steps.clone(), &what).await;
                let cut = usize::try_from(draw()).unwrap() % data.len();
                let torn = Done::Wrote(*at, data[..cut].to_vec());
                let image = life.image(life.done[..number].iter().chain([&torn]));
                bench.assert_opens(image, steps.clone(), &format!("{what}, torn at {cut}")).await;
                // A power cut: of what was not synced some is there, the torn one perhaps among it.
                let (kept, open) = life.done[..number].split_at(synced);
                let lucky = open.iter().chain([&torn]).filter(|_| draw() % 2 == 0);
                let image = life.image(kept.iter().chain(lucky));
                bench.assert_opens(image, steps, &format!("{what}, power cut after {synced}")).await;
            }
            Done::SetLen(_) => bench.assert_opens(life.image(&life.done[..number]), steps, &what).await,
            Done::Synced => {
                let image = life.image(&life.done[..synced]);
                bench.assert_opens(image, steps, &format!("{what}, nothing since {synced} is there")).await;
                synced = number + 1;
            }
            Done::Said(_) => {}
        }
    }
    bench.assert_opens(life.image(&life.done), STEPS..=STEPS, "the end").await;
    println!("{} deaths; the store held what it held after {:?} steps", bench.tries, bench.opened);
    assert!(life.done.iter().any(|done| matches!(done, Done::SetLen(_))), "the file did not grow");
    let least = if durability == Durability::Fsync { AT_ONCE } else { 4 };
    assert!(bench.opened.len() >= least, "deaths were met after {:?} steps only", bench.opened);
}

// I3: what was answered survives death at any moment.
#[tokio::test]
async fn nothing_that_was_answered_is_lost_by_death_at_any_byte() {
    die_everywhere(Durability::Fsync).await;
}

#[tokio::test]
async fn with_a_second_of_grace_death_at_any_byte_leaves_a_whole_past_and_what_was_flushed() {
    die_everywhere(Durability::EverySecond).await;
}
