//! One node over the memory store in one thread under tokio's paused clock, with an Epic and a Zoom that a test scripts.

use crate::zoom::{ScriptedZoom, ZoomScript};
use actix::Addr;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;
use vestibule_actors::desk::{Desk, Snapshot};
use vestibule_actors::hub::Boards;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::node::{DrainNode, Node, NodeConfig, Started};
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_actors::port::epic::{Epic, EpicAnswer, Verdict};
use vestibule_actors::port::observer::{Observed, Observer};
use vestibule_actors::port::organizations::{NotifierRules, Organizations, SharedOrganizations};
use vestibule_actors::port::place::{Here, SharedPlace};
use vestibule_actors::port::store::{OwnerToken, Record, RecordQuery, Store, StoreLimits};
use vestibule_actors::port::zoom::Zoom;
use vestibule_actors::port::{Decider, Ports};
use vestibule_actors::shard::ShardRules;
use vestibule_domain::backoff::Backoff;
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::effect::Says;
use vestibule_domain::effect::Update;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::gate::Limits;
use vestibule_domain::id::*;
use vestibule_domain::lane::LaneRules;
use vestibule_domain::name::Phi;
use vestibule_domain::policy::{Admittance, GuestRules, MarkerRules, PatientRules, Policy, WaitingCountsAs};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::guest::Invitation;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// The time of day at which every test begins.
pub const DAWN: i64 = 1_795_420_800_000;

pub struct TestClock(Instant);

impl TestClock {
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(DAWN + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

#[derive(Default)]
pub struct Counter(AtomicU64);

impl Randomness for Counter {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
    fn secret(&self) -> String {
        format!("secret-{}", self.0.fetch_add(1, Ordering::Relaxed))
    }
    fn command_id(&self) -> CommandId {
        CommandId::new(format!("c{}", self.0.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
}

pub struct OneOrganization;

impl Organizations for OneOrganization {
    fn policy(&self, _: &OrganizationId) -> Option<Arc<Policy>> {
        Some(Arc::new(Policy {
            admittance: Admittance::Automatic,
            waiting_counts_as: WaitingCountsAs::Nothing,
            reopen: Span::hours(12),
            page_presence: Span::seconds(90),
            keep: Span::hours(24),
            early: Span::minutes(20),
            late: Span::minutes(40),
            provider_gone: Span::minutes(15),
            longest: Span::hours(8),
            keep_tested: Span::hours(14 * 24),
            tell_device_tests: true,
            check_after: Span::seconds(10),
            check_every: Span::seconds(15),
            call: Span::seconds(20),
            margin: Span::seconds(5),
            patients: PatientRules::default(),
            guests: GuestRules::default(),
            markers: MarkerRules::default(),
        }))
    }
    fn notifier(&self, _: &OrganizationId) -> Option<NotifierRules> {
        let limits = Limits {
            per_second: 10,
            concurrent: 5,
            failures: 5,
            probe_every: Span::seconds(5),
            unused: Span::seconds(1),
            permit_life: Span::seconds(15),
            longest_pause: Span::minutes(10),
        };
        let backoff = Backoff { first: Span(500), most: Span::seconds(30) };
        Some(NotifierRules {
            limits,
            lane: LaneRules { backoff, give_up_after: Span::hours(24), doubt: Span::seconds(10) },
        })
    }
}

/// What Epic does with the next attempts; when the script is empty it accepts.
#[derive(Default)]
pub struct EpicScript {
    pub next: VecDeque<EpicAnswer>,
    /// How long the next attempts take; 20 ms when it is empty.
    pub takes: VecDeque<Duration>,
    /// So many of the next attempts make whoever asks panic.
    pub panics: u32,
    /// When an attempt was answered, for whom, and what it said.
    pub received: Vec<(Moment, String, bool)>,
    /// When each attempt of [`EpicScript::received`] began.
    pub began: Vec<Moment>,
}

struct ScriptedEpic(Arc<Mutex<EpicScript>>, Arc<TestClock>);

impl Epic for ScriptedEpic {
    fn send<'a>(&'a self, _: &'a VisitKey, update: &'a Update) -> LocalBoxFuture<'a, EpicAnswer> {
        async move {
            let began = self.1.now();
            let takes = {
                let mut script = self.0.lock().unwrap();
                let panics = script.panics > 0;
                script.panics = script.panics.saturating_sub(1);
                // The lock is given back first.
                let takes = script.takes.pop_front().unwrap_or(Duration::from_millis(20));
                (!panics).then_some(takes)
            };
            tokio::time::sleep(takes.expect("this Epic makes its caller panic")).await;
            let mut script = self.0.lock().unwrap();
            script.began.push(began);
            script.received.push((
                self.1.now(),
                update.external_id.to_string(),
                update.says == Says::Connected(true),
            ));
            script.next.pop_front().unwrap_or_else(accepted)
        }
        .boxed_local()
    }
}

pub fn accepted() -> EpicAnswer {
    EpicAnswer { resp_code: 200, epic_code: None, verdict: Verdict::Accepted }
}

#[derive(Default)]
pub struct Seen {
    counts: Mutex<BTreeMap<&'static str, u64>>,
    in_memory: Mutex<BTreeMap<u16, usize>>,
}

impl Seen {
    pub fn count(&self, what: &'static str) -> u64 {
        self.counts.lock().unwrap().get(what).copied().unwrap_or(0)
    }

    /// How many visits the shards had in memory when they last said so.
    pub fn in_memory(&self) -> usize {
        self.in_memory.lock().unwrap().values().sum()
    }
}

impl Observer for Seen {
    fn observe(&self, what: Observed) {
        let name = match what {
            Observed::VisitRestarted => "visit restarted",
            Observed::ShardRestarted => "shard restarted",
            Observed::HubRestarted => "hub restarted",
            Observed::CommandParked => "command parked",
            Observed::CommitRetried => "commit retried",
            Observed::Committed { .. } => "committed",
            Observed::AttemptOutlived { .. } => "attempt outlived",
            Observed::Visits { shard, in_memory } => {
                self.in_memory.lock().unwrap().insert(shard, in_memory);
                return;
            }
            _ => return,
        };
        *self.counts.lock().unwrap().entry(name).or_default() += 1;
    }
}

/// What outlives a node.
pub struct World {
    pub store: Arc<MemoryStore>,
    pub epic: Arc<Mutex<EpicScript>>,
    pub zoom: Arc<Mutex<ZoomScript>>,
    pub seen: Arc<Seen>,
    pub ports: Ports,
    next_fact: RefCell<i64>,
}

/// A node that runs.
pub struct Running {
    pub node: Addr<Node>,
    pub boards: Boards,
    pub gave_up: oneshot::Receiver<()>,
}

pub fn organization() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

pub fn visit(csn: &str) -> VisitKey {
    VisitKey { organization: organization(), visit: VisitId::Csn(Csn::new(csn).unwrap()) }
}

impl World {
    pub fn new() -> Rc<Self> {
        Self::with(Arc::new(vestibule_domain::decide), StoreLimits::default())
    }

    pub fn with(decide: Decider, limits: StoreLimits) -> Rc<Self> {
        Self::built(decide, limits, Arc::new(OneOrganization))
    }

    /// With organizations of the test's.
    pub fn of(organizations: SharedOrganizations) -> Rc<Self> {
        Self::built(Arc::new(vestibule_domain::decide), StoreLimits::default(), organizations)
    }

    fn built(decide: Decider, limits: StoreLimits, organizations: SharedOrganizations) -> Rc<Self> {
        let clock = Arc::new(TestClock::new());
        let store = Arc::new(MemoryStore::new(clock.clone(), limits));
        let epic = Arc::new(Mutex::new(EpicScript::default()));
        let zoom = Arc::new(Mutex::new(ZoomScript::default()));
        let seen = Arc::new(Seen::default());
        let (epic_script, zoom_script, epic_clock) = (epic.clone(), zoom.clone(), clock.clone());
        let ports = Ports {
            store: store.clone(),
            clock,
            randomness: Arc::new(Counter::default()),
            place: Arc::new(Here),
            organizations,
            epic: Arc::new(move || {
                Rc::new(ScriptedEpic(epic_script.clone(), epic_clock.clone())) as Rc<dyn Epic>
            }),
            zoom: Arc::new(move || Rc::new(ScriptedZoom(zoom_script.clone())) as Rc<dyn Zoom>),
            observer: seen.clone(),
            recent: Arc::default(),
            format: vestibule_actors::codec::Format::default(),
            decide,
        };
        Rc::new(Self { store, epic, zoom, seen, ports, next_fact: RefCell::new(0) })
    }

    pub async fn start(&self) -> Running {
        self.start_at(Arc::new(Here)).await
    }

    /// A node whose shards work by rules of the test's.
    pub async fn start_with(&self, shards: ShardRules) -> Running {
        self.start_as(Arc::new(Here), shards).await
    }

    /// A node whose actors run at a place of the test's.
    pub async fn start_at(&self, place: SharedPlace) -> Running {
        self.start_as(place, ShardRules::default()).await
    }

    async fn start_as(&self, place: SharedPlace, shards: ShardRules) -> Running {
        let config = NodeConfig {
            name: "test".to_owned(),
            release: "test".to_owned(),
            token: OwnerToken(Uuid::from_u128(u128::from(self.ports.randomness.draw()))),
            shards,
            organizations: vec![organization()],
        };
        let Started { node, boards, gave_up } =
            Node::start(config, Ports { place, ..self.ports.clone() }).await.unwrap();
        Running { node, boards, gave_up }
    }

    pub fn desk(&self) -> Desk {
        Desk::new(self.ports.clone())
    }

    /// Waits until something holds of the visit.
    pub async fn until<T>(&self, csn: &str, what: &str, holds: impl Fn(&Snapshot) -> Option<T>) -> T {
        let found = self.desk().wait_for(&visit(csn), Duration::from_secs(120), holds).await;
        found.unwrap_or_else(|| panic!("waited in vain for {what}")).0
    }

    pub async fn launch(&self, csn: &str, role: Role, person: &str) -> ParticipantKey {
        let launch = launch(csn, role, person);
        let key = ParticipantKey::new(role, launch.fhir_user.clone());
        if role == Role::Guest {
            let expires_at = self.ports.clock.now() + Span::hours(1);
            let invitation = Invitation { name: None, expires_at, patient_csn: None };
            let invite = Command::GuestInvited { link: GuestLinkId::new(person).unwrap(), invitation };
            self.desk().submit(&visit(csn), invite).await.unwrap();
        }
        self.desk().launch(&visit(csn), launch, Duration::from_secs(5)).await.unwrap();
        key
    }

    /// A patient and a provider have launched; the meeting is there and the patient has a link.
    pub async fn ready(&self, csn: &str) -> (ParticipantKey, MeetingId) {
        let patient = self.launch(csn, Role::Patient, &format!("WPR{csn}")).await;
        self.launch(csn, Role::Provider, &format!("EMP{csn}")).await;
        let indexed = |s: &Snapshot| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id);
        let meeting = self.until(csn, "a meeting", indexed).await;
        self.until(csn, "a link", |s| s.visit.participants[&patient].link.as_ref().map(|_| ())).await;
        (patient, meeting)
    }

    /// The patient joins by the link, or leaves.
    pub async fn joins(&self, patient: &ParticipantKey, meeting: MeetingId, joins: bool) {
        let kind = if joins { FactKind::Joined } else { FactKind::Left };
        self.fact(meeting, kind, by_link(patient, 1)).await;
    }

    /// Waits until Epic has taken a status of the patient's.
    pub async fn lit(&self, csn: &str, patient: &ParticipantKey, on: bool) {
        let told = |s: &Snapshot| {
            let light = &s.visit.participants[patient].light;
            (light.wanted == on && light.connected == on && light.is_settled()).then_some(())
        };
        self.until(csn, "the light", told).await;
    }

    pub async fn fact(&self, meeting: MeetingId, kind: FactKind, session: Option<SessionKeys>) {
        *self.next_fact.borrow_mut() += 1000;
        let at = Moment(DAWN + *self.next_fact.borrow());
        let fact = Fact {
            meeting,
            instance: Some(InstanceUuid::new("AAAA==").unwrap()),
            instance_started: Some(Moment(DAWN)),
            host: None,
            kind,
            session,
            at,
            sent: at,
        };
        self.desk().submit_fact(&organization(), fact).await.unwrap();
    }

    pub async fn records(&self, csn: &str) -> Vec<Record> {
        let query = RecordQuery { csn: Some(Csn::new(csn).unwrap()), limit: 100, ..RecordQuery::default() };
        let mut records = self.store.records(query).await.unwrap().items;
        records.reverse();
        records
    }
}

impl Running {
    pub async fn drain(self) {
        self.node.send(DrainNode).await.unwrap();
    }
}

pub fn launch(csn: &str, role: Role, person: &str) -> Launch {
    let kind = match role {
        Role::Provider => "Practitioner",
        Role::Guest => "Guest",
        _ => "Patient",
    };
    Launch {
        role,
        fhir_user: FhirReference::new(format!("{kind}/{person}")).unwrap(),
        patient: None,
        external_id: Some(ExternalId::new(person).unwrap()),
        external_id_type: None,
        csn: Some(Csn::new(csn).unwrap()),
        display_name: Phi::new("Patient"),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        booking: None,
    }
}

/// A join through the personal link of a participant.
pub fn by_link(participant: &ParticipantKey, device: u32) -> Option<SessionKeys> {
    Some(SessionKeys {
        participant: Some(ParticipantUuid::new(format!("device-{device}")).unwrap()),
        registrant: Some(RegistrantId::new(format!("registrant of {participant:?}")).unwrap()),
        ..SessionKeys::default()
    })
}
