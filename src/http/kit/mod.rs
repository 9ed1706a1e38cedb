//! What the doors' tests are built from: an application over the in-memory store, a clock that stands still, and visits as they are stored.

mod log;
mod samples;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use actix::Actor;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;
use vestibule_actors::codec::Format;
use vestibule_actors::desk::Desk;
use vestibule_actors::hub::{Boards, OpsHub};
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::Ports;
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_actors::port::epic::{Epic, EpicAnswer};
use vestibule_actors::port::observer::NoObserver;
use vestibule_actors::port::organizations::{NotifierRules, Organizations};
use vestibule_actors::port::place::Here;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Commit, Committed, Epoch, HistoryLines, Owner, OwnerToken, Ownership,
    ParkedCommand, Record, Store, StoreLimits, VisitWrite,
};
use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_domain::effect::{LaneName, Update};
use vestibule_domain::id::{CommandId, MeetingId, OrganizationId, VisitKey, ZoomUserId};
use vestibule_domain::intent::{IntentOutcome, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::policy::Policy;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::history::Line;

use super::app::{App, Bounds, Readiness};
use super::guest::LinkKeys;
use super::metrics::Metrics;
use crate::audit::{Audit, Writing};
use crate::backup::Backups;
use crate::configuration::{Configuration, Keeping, Looks};
use crate::epic::EpicSites;
use crate::identity::Identity;
use crate::pauses::Pauses;
use crate::sealing::Sealer;
use crate::settings::{Secret, Settings, Sources};
use crate::zoom::webhook::NameKey;
use crate::zoom::{ZoomAccounts, ZoomClient, ZoomConfig};

pub use log::Log;
pub use samples::*;

/// 2026-11-23T17:00:00Z
pub const NOW: Moment = Moment(1_795_453_200_000);
pub const TOKEN: &str = "correct horse battery staple";

const ORGANIZATIONS: &str = r#"
[access]
mode = "token"
tokens = ["correct horse battery staple", "another token"]

[organization.lakeside]
name = "Lakeside Health"
[organization.lakeside.epic]
fhir_base_url = "https://epic.example.org/api/FHIR/R4"
telehealth_base_url = "https://epic.example.org"
client_id = "client-at-epic"
private_key_files = ["key.pem"]
[organization.lakeside.zoom]
account_id = "account-at-zoom"
client_id = "client-at-zoom"
client_secret = "zoom-secret-value"
webhook_secret_tokens = ["webhook-secret-value"]

[organization.hillside.epic]
fhir_base_url = "https://hill.example.org/api/FHIR/R4"
telehealth_base_url = "https://hill.example.org"
client_id = "client-at-epic"
private_key_files = ["key.pem"]
[organization.hillside.zoom]
account_id = "hillside-at-zoom"
client_id = "client-at-zoom"
client_secret = "zoom-secret-value"
webhook_secret_tokens = ["webhook-secret-value"]
"#;

/// Settings of two organizations, with `text` laid over.
pub fn settings(text: &str) -> Settings {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine as _;
    static PEM: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let pem = PEM.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), pem).unwrap();
    let sources = Sources::new(folder.path()).text("a test", ORGANIZATIONS).text("this test", text);
    Settings::load(sources).unwrap()
}

/// A clock that stands until it is moved.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of drawing.
struct Counting(AtomicU64);

impl Randomness for Counting {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn secret(&self) -> String {
        format!("secret-number-{:08}", self.draw())
    }

    fn command_id(&self) -> CommandId {
        CommandId::new(format!("command-{}", self.draw())).unwrap()
    }
}

struct Rules(Arc<Settings>);

impl Organizations for Rules {
    fn policy(&self, organization: &OrganizationId) -> Option<Arc<Policy>> {
        self.0.organizations.get(organization).map(|found| Arc::new(found.policy(&self.0)))
    }

    fn notifier(&self, _: &OrganizationId) -> Option<NotifierRules> {
        None
    }
}

/// Nobody calls out in these tests.
struct Unreachable;

impl Epic for Unreachable {
    fn send<'a>(&'a self, _: &'a VisitKey, _: &'a Update) -> LocalBoxFuture<'a, EpicAnswer> {
        unreachable!("the operators' doors never call Epic")
    }
}

impl Zoom for Unreachable {
    fn call<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: &'a ZoomCall,
        _: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome> {
        unreachable!("the operators' doors never call Zoom")
    }

    fn start_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        async { Err(LinkRefused::Refused) }.boxed_local()
    }

    fn alternative_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: MeetingId,
        _: &'a ZoomUserId,
        _: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        async { Err(LinkRefused::Refused) }.boxed_local()
    }
}

/// An application over the in-memory store.
pub struct Kit {
    pub app: App,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<TestClock>,
}

impl Kit {
    /// With the token mode of access. Call it inside an actix runtime.
    pub fn new() -> Self {
        Self::with("")
    }

    /// With `text` laid over the settings.
    pub fn with(text: &str) -> Self {
        let settings = Arc::new(settings(text));
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        let store = Arc::new(MemoryStore::new(clock.clone(), StoreLimits::default()));
        let ports = Ports {
            store: store.clone(),
            clock: clock.clone(),
            randomness: Arc::new(Counting(AtomicU64::new(1))),
            place: Arc::new(Here),
            organizations: Arc::new(Rules(settings.clone())),
            epic: Arc::new(|| Rc::new(Unreachable)),
            zoom: Arc::new(|| Rc::new(Unreachable)),
            observer: Arc::new(NoObserver),
            recent: Arc::default(),
            format: Format::default(),
            decide: Arc::new(vestibule_domain::decide),
        };
        let zoom = settings.organizations.iter().map(|(id, o)| (id.clone(), ZoomConfig::from_settings(o)));
        let metrics = Arc::new(Metrics::new());
        let keeping = Keeping::new(
            ports.store.clone(),
            ports.clock.clone(),
            ports.randomness.clone(),
            Sealer::new(&settings.store.sealing_keys),
        );
        let configuration = Configuration::new(settings.clone(), keeping, Looks::new().0);
        let writing = Writing {
            store: ports.store.clone(),
            clock: ports.clock.clone(),
            randomness: ports.randomness.clone(),
            metrics: metrics.clone(),
            node: "node-a".into(),
        };
        let app = App {
            audit: Audit::start(writing, settings.limits.audit_queue),
            zoom: ZoomAccounts::new(zoom, &NameKey::new(Secret::new("a key")), &Sealer::default()),
            limits: Arc::new(Bounds::of(&settings)),
            identity: Identity::of(&settings.access),
            settings,
            boards: Boards::of(OpsHub::new(ports.clone()).start()),
            desk: Desk::new(ports),
            metrics,
            readiness: Arc::new(Readiness::default()),
            node: "node-a".into(),
            epic: EpicSites::new([]),
            name_key: NameKey::new(Secret::new("a key")),
            link_keys: LinkKeys::new(Secret::new("a key"), &[]),
            configuration,
            backups: Backups::none(),
            pauses: Arc::new(Pauses::new(store.clone())),
        };
        Self { app, store, clock }
    }

    /// A caller of Zoom, as a worker thread has it.
    pub fn zoom_client(&self) -> Rc<ZoomClient> {
        let Ports { store, clock, randomness, .. } = self.app.desk.ports();
        let accounts = Arc::clone(&self.app.zoom);
        Rc::new(ZoomClient::new(accounts, Arc::clone(store), Arc::clone(clock), Arc::clone(randomness)))
    }

    /// Takes the lease of a visit's shard as `node-a`, or keeps it.
    pub async fn own(&self, key: &VisitKey) -> Ownership {
        let token = OwnerToken(Uuid::from_u128(7));
        let acquired =
            self.store.acquire(Shard::of_visit(key), "node-a", token, Span::minutes(5), Epoch(0)).await;
        match acquired.unwrap() {
            Acquired::Granted { epoch, .. } => Ownership { token, epoch },
            Acquired::Held(Owner { node, .. }) => panic!("held by {node}"),
        }
    }

    /// Commits a visit as its owner would; `None` removes it.
    pub async fn commit(&self, key: &VisitKey, visit: Option<&Visit>) {
        self.commit_with(key, visit.map(|visit| Format::default().encode(visit).unwrap()), Vec::new()).await;
    }

    /// Commits whatever bytes as a visit.
    pub async fn commit_bytes(&self, key: &VisitKey, state: Vec<u8>) {
        self.commit_with(key, Some(state), Vec::new()).await;
    }

    /// Sets a command of the visit aside.
    pub async fn park(&self, key: &VisitKey, visit: &Visit, parked: ParkedCommand) {
        self.commit_with(key, Some(Format::default().encode(visit).unwrap()), vec![parked]).await;
    }

    /// Writes lines of a visit's history as its owner would, oldest first.
    pub async fn tell(&self, key: &VisitKey, lines: &[Line]) {
        let lines = lines.iter().map(|line| Format::default().encode(line).unwrap()).collect();
        self.tell_bytes(key, lines).await;
    }

    /// Whatever bytes as lines.
    pub async fn tell_bytes(&self, key: &VisitKey, lines: Vec<Vec<u8>>) {
        let history = vec![HistoryLines { visit: key.clone(), lines }];
        self.done(Commit { history, ..self.empty(key).await }).await;
    }

    async fn commit_with(&self, key: &VisitKey, state: Option<Vec<u8>>, parked: Vec<ParkedCommand>) {
        let stands = self.store.load(key).await.unwrap();
        let write = VisitWrite {
            visit: key.clone(),
            expected: stands.map_or(0, |stored| stored.version),
            state,
            wake: None,
        };
        self.done(Commit { visits: vec![write], parked, ..self.empty(key).await }).await;
    }

    /// A commit of nothing, by the owner of a visit's shard.
    async fn empty(&self, key: &VisitKey) -> Commit {
        let shard = Shard::of_visit(key);
        let owner = self.own(key).await;
        let cursor = self.store.cursor(shard).await.unwrap();
        Commit {
            shard,
            owner,
            id: Uuid::from_u128(u128::from(self.app.desk.ports().randomness.draw())),
            expected_cursor: cursor,
            cursor,
            visits: Vec::new(),
            outbox: Vec::new(),
            parked: Vec::new(),
            history: Vec::new(),
        }
    }

    async fn done(&self, commit: Commit) {
        assert!(matches!(self.store.commit(commit).await.unwrap(), Committed::Done { .. }));
    }

    /// Writes records as the notifier would, oldest first.
    pub async fn record(&self, key: &VisitKey, records: Vec<Record>) {
        let owner = self.own(key).await;
        let acknowledgement = Acknowledgement {
            visit: key.clone(),
            lane: LaneName::of_light(patient()),
            seq: 1,
            attempts: 1,
            records,
            settled: None,
        };
        let written = self.store.acknowledge(Shard::of_visit(key), owner, vec![acknowledgement]).await;
        assert!(written.unwrap());
    }
}

/// The whole application as a service, as one listener has it that is both public and internal.
macro_rules! service {
    ($kit:expr) => {{
        let app = $kit.app.clone();
        let operations = app.clone();
        actix_web::test::init_service(
            actix_web::App::new()
                .app_data(actix_web::web::Data::new(app))
                .wrap(actix_web::middleware::from_fn($crate::http::correlation::correlate))
                .configure($crate::http::routes::configure_always)
                .configure(move |config| $crate::http::routes::configure_operations(&operations, config)),
        )
        .await
    }};
}
pub(crate) use service;

/// A request of a program that may see everything.
pub fn get(path: &str) -> actix_web::test::TestRequest {
    anonymous(path).insert_header(("authorization", format!("Bearer {TOKEN}")))
}

/// A request of somebody from somewhere.
pub fn anonymous(path: &str) -> actix_web::test::TestRequest {
    actix_web::test::TestRequest::with_uri(path)
        .peer_addr(([192, 0, 2, 7], 4711).into())
        .insert_header(("host", "video.example.org"))
}

/// What came of a request.
pub struct Told {
    pub status: u16,
    pub headers: actix_web::http::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Told {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The detail of the problem document that it must be.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["correlation_id"], self.header("x-correlation-id"));
        problem["detail"].as_str().unwrap().to_owned()
    }
}

/// Sends a request and reads the whole answer.
macro_rules! ask {
    ($service:expr, $request:expr) => {
        $crate::http::kit::told(actix_web::dev::Service::call(&$service, $request.to_request()).await).await
    };
}
pub(crate) use ask;

/// Reads the whole answer.
pub async fn told<B: actix_web::body::MessageBody + 'static>(
    answer: Result<actix_web::dev::ServiceResponse<B>, actix_web::Error>,
) -> Told {
    let response = match answer {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = actix_web::body::to_bytes(response.into_body()).await;
    Told { status, headers, body: body.ok().unwrap_or_default().to_vec() }
}

/// The status alone, of an answer whose body does not end.
pub fn status<B>(answer: Result<actix_web::dev::ServiceResponse<B>, actix_web::Error>) -> u16 {
    answer.map_or_else(|error| error.as_response_error().status_code(), |response| response.status()).as_u16()
}
