//! A store, a clock that the test moves, and short ways to say what a test is about.

use crate::redis::Redis;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;
use vestibule::sealing::Sealer;
use vestibule::settings::Secret;
use vestibule::store::redis::{Address, RedisSettings, RedisStore};
use vestibule::store::{EmbeddedSettings, EmbeddedStore, sealed};
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::{Clock, SharedClock};
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, NewEntry, OutboxEntry, OwnerToken, Ownership, Record, RecordId,
    RecordQuery, Seq, SharedStore, Store, StoreLimits, VisitWrite,
};
use vestibule_domain::effect::{LaneName, Says, Topic};
use vestibule_domain::id::{ConferenceId, Csn, FhirReference, MeetingId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// Where every test begins.
pub const START: Moment = Moment(1_795_000_000_000);
pub const TTL: Span = Span::seconds(6);
pub const LIMITS: StoreLimits =
    StoreLimits { journal_entries: 6, held_events: 3, held_for: Span::minutes(15), history_lines: 4 };

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START.0)))
    }

    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    pub fn pass(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub store: SharedStore,
    pub clock: HandClock,
    home: Home,
}

/// Where a store lives; it lasts as long as the store.
enum Home {
    Memory,
    Folder { _folder: TempDir },
    Redis { _server: Redis },
}

impl World {
    pub fn memory() -> Self {
        let clock = HandClock::new();
        let store = Arc::new(MemoryStore::new(clock.shared(), LIMITS));
        Self { store, clock, home: Home::Memory }
    }

    /// One behind keys, which keeps every promise of the one behind it.
    pub fn sealed() -> Self {
        let world = Self::memory();
        let sealer = Sealer::new(&[Secret::new("k".repeat(40))]);
        Self { store: sealed::over(world.store, sealer, true), ..world }
    }

    pub fn embedded() -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
        let store = Arc::new(open(&folder, &clock));
        Self { store, clock, home: Home::Folder { _folder: folder } }
    }

    pub async fn redis() -> Self {
        let (server, clock) = (Redis::start(), HandClock::new());
        let settings =
            RedisSettings { limits: LIMITS, ..RedisSettings::new(Address::parse(&server.url()).unwrap()) };
        let store = RedisStore::open_with(settings, Some(clock.shared())).await.unwrap();
        Self { store: Arc::new(store), clock, home: Home::Redis { _server: server } }
    }

    pub fn values_leave_by_themselves(&self) -> bool {
        matches!(self.home, Home::Redis { .. })
    }

    /// Takes the lease of a shard.
    pub async fn own(&self, shard: Shard) -> Ownership {
        own(self.store.as_ref(), shard, 1).await
    }

    pub async fn append(&self, visit: &VisitKey, payloads: &[&str]) {
        let entries = payloads.iter().map(|payload| entry(visit, payload)).collect();
        self.store.append(Shard::of_visit(visit), entries).await.unwrap();
    }

    /// What a journal holds, as text.
    pub async fn journal(&self, shard: Shard) -> Vec<String> {
        let entries = self.store.read(shard, Seq(0), 1_000).await.unwrap();
        entries.iter().map(|entry| text(&entry.payload)).collect()
    }

    /// Commits and expects it to be done.
    pub async fn commit(&self, commit: Commit) -> u64 {
        match self.store.commit(commit).await.unwrap() {
            Committed::Done { change, .. } => change,
            other => panic!("{other:?}"),
        }
    }

    pub async fn records(&self, query: RecordQuery) -> Vec<u32> {
        let page = self.store.records(query).await.unwrap();
        page.items.iter().map(|record| record.attempt).collect()
    }
}

pub fn settings(folder: &TempDir) -> EmbeddedSettings {
    EmbeddedSettings { limits: LIMITS, cache_bytes: 4 << 20, ..EmbeddedSettings::new(folder.path()) }
}

pub fn open(folder: &TempDir, clock: &HandClock) -> EmbeddedStore {
    EmbeddedStore::open(settings(folder), clock.shared()).unwrap()
}

pub async fn own(store: &dyn Store, shard: Shard, node: u128) -> Ownership {
    let token = token(node);
    match store.acquire(shard, &format!("node-{node}"), token, TTL, Epoch(0)).await.unwrap() {
        Acquired::Granted { epoch, .. } => Ownership { token, epoch },
        held @ Acquired::Held(_) => panic!("{held:?}"),
    }
}

pub fn token(node: u128) -> OwnerToken {
    OwnerToken(Uuid::from_u128(node))
}

pub fn organization() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

pub fn other_organization() -> OrganizationId {
    OrganizationId::new("lakeside-north").unwrap()
}

pub fn csn(number: u64) -> Csn {
    Csn::new(number.to_string()).unwrap()
}

pub fn visit_of(organization: OrganizationId, number: u64) -> VisitKey {
    VisitKey { organization, visit: VisitId::Csn(csn(number)) }
}

pub fn group_visit(name: &str) -> VisitKey {
    VisitKey { organization: organization(), visit: VisitId::Conference(ConferenceId::new(name).unwrap()) }
}

/// So many visits of one shard.
pub fn visits<const N: usize>(shard: Shard) -> [VisitKey; N] {
    let numbers = 10_000_u64..;
    let mut keys =
        numbers.map(|number| visit_of(organization(), number)).filter(|key| Shard::of_visit(key) == shard);
    std::array::from_fn(|_| keys.next().unwrap())
}

pub fn shard(number: u16) -> Shard {
    Shard::new(number).unwrap()
}

pub fn entry(visit: &VisitKey, payload: &str) -> NewEntry {
    NewEntry { visit: visit.clone(), payload: payload.as_bytes().to_vec() }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A commit of nothing; its id comes from `id`.
pub fn commit(shard: Shard, owner: Ownership, id: u128) -> Commit {
    Commit {
        shard,
        owner,
        id: Uuid::from_u128(id),
        expected_cursor: Seq(0),
        cursor: Seq(0),
        visits: Vec::new(),
        outbox: Vec::new(),
        parked: Vec::new(),
        history: Vec::new(),
    }
}

pub fn write(visit: &VisitKey, expected: u64, state: &str) -> VisitWrite {
    VisitWrite { visit: visit.clone(), expected, state: Some(state.as_bytes().to_vec()), wake: None }
}

/// The lane of a patient's light.
pub fn patient(name: &str) -> LaneName {
    let patient = FhirReference::new(format!("Patient/{name}")).unwrap();
    LaneName::of_light(ParticipantKey::new(Role::Patient, patient))
}

/// The lane of a provider's light.
pub fn provider(name: &str) -> LaneName {
    let provider = FhirReference::new(format!("Practitioner/{name}")).unwrap();
    LaneName::of_light(ParticipantKey::new(Role::Provider, provider))
}

/// The lane of a patient's device test.
pub fn device_test(name: &str) -> LaneName {
    LaneName { topic: Topic::DeviceTest, ..patient(name) }
}

pub fn update(visit: &VisitKey, lane: LaneName, seq: u64) -> OutboxEntry {
    let payload = format!("update {seq}").into_bytes();
    OutboxEntry { visit: visit.clone(), lane, seq, attempts: 0, payload }
}

/// Of two records of one time the one that was made later has the higher id.
static NEXT_RECORD: AtomicU64 = AtomicU64::new(1);

/// A record that is told apart by its attempt.
pub fn record(attempt: u32, organization: OrganizationId, visit: u64, meeting: u64, at: Moment) -> Record {
    Record {
        id: RecordId(Uuid::from_u128(u128::from(NEXT_RECORD.fetch_add(1, Ordering::SeqCst)))),
        at,
        organization,
        meeting: (meeting > 0).then_some(MeetingId(meeting)),
        csn: (visit > 0).then(|| csn(visit)),
        role: Role::Patient,
        says: Says::Connected(true),
        occurred_at: at,
        attempt,
        resp_code: 200,
        epic_code: None,
        outcome: vestibule_actors::port::store::Outcome::Delivered,
        latency_ms: 12,
        hint: None,
        resend: false,
        update: None,
        attempts: None,
    }
}

pub fn stranger(owner: Ownership) -> [Ownership; 2] {
    [
        Ownership { token: token(99), epoch: owner.epoch },
        Ownership { token: owner.token, epoch: Epoch(owner.epoch.0 + 1) },
    ]
}
