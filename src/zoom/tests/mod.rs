//! Calls against the fake Zoom over HTTP, and against servers that answer what no real Zoom should.

mod attendance;
mod connection;
mod default_hosts;
mod links;
mod meetings;
mod odd;
mod patients;
mod providers;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::{Clock, Randomness, SharedClock};
use vestibule_actors::port::store::{SharedStore, StoreLimits};
use vestibule_actors::port::zoom::Zoom;
use vestibule_domain::id::{CommandId, FhirReference, Marker, MeetingId, OrganizationId, ZoomUserId};
use vestibule_domain::intent::{
    CallFailure, IntentOutcome, MadeMeeting, MeetingSettings, Personal, ProblemCode, Retry, ZoomCall,
};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::PatientIdentity;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::default_host::HostChoice;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::webhook::NameKey;
use super::{PerSecond, ZoomAccounts, ZoomClient, ZoomConfig};
use crate::sealing::Sealer;
use crate::settings::{
    AlternativeHostLink, Authorization, ProviderAction, ProviderFallback, ProviderUserType, Secret,
};
use crate::simulator::{self, Simulator, SimulatorConfig, zoom::ZoomFault, zoom::ZoomFaultKind};

const WITHIN: Span = Span::seconds(10);
/// The encounter provider of the fake day, who has a licensed Zoom account.
const RIVERA: &str = "elena.rivera@lakeside.example";

pub(super) struct Wall;

impl Clock for Wall {
    fn now(&self) -> Moment {
        Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
    }
}

pub(super) struct Counting(pub AtomicU64);

impl Randomness for Counting {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn secret(&self) -> String {
        format!("{:032x}", self.draw())
    }

    fn command_id(&self) -> CommandId {
        CommandId::new(format!("c{}", self.draw())).unwrap()
    }
}

/// A client with a store of its own.
struct Setup {
    client: ZoomClient,
    store: SharedStore,
}

fn lakeside() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

fn names() -> NameKey {
    NameKey::new(Secret::new("a key"))
}

fn setup(config: ZoomConfig) -> Setup {
    let clock: SharedClock = Arc::new(Wall);
    let store: SharedStore = Arc::new(MemoryStore::new(Arc::clone(&clock), StoreLimits::default()));
    let accounts = ZoomAccounts::new([(lakeside(), config)], &names(), &Sealer::default());
    let client = ZoomClient::new(accounts, Arc::clone(&store), clock, Arc::new(Counting(AtomicU64::new(1))));
    Setup { client, store }
}

/// For a Zoom whose API is at `{base}/v2` and whose OAuth is at `base`.
fn config(base: &str) -> ZoomConfig {
    let fakes = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), "");
    ZoomConfig {
        api_base_url: format!("{base}/v2"),
        oauth_base_url: base.to_owned(),
        account_id: fakes.zoom_account_id,
        client_id: fakes.zoom_client_id,
        client_secret: Secret::new(fakes.zoom_client_secret),
        authorization: Authorization::ServerToServer,
        forget_after: Duration::from_secs(9 * 24 * 3600),
        timeout: Duration::from_secs(5),
        provider_user_type: ProviderUserType::Licensed,
        provider_action: ProviderAction::AutoCreate,
        provider_email_domain: Some("lakeside.example".to_owned()),
        license_found_users: false,
        patient_identity: PatientIdentity::Registrant,
        temporary_user_action: ProviderAction::CustCreate,
        fallback: ProviderFallback::NONE,
        alternative_host_link: AlternativeHostLink::Zak,
        registrant_email_domain: "patients.lakeside.example".to_owned(),
        visit_duration: Duration::from_secs(3600),
        meeting_reads_per_second: 10,
        per_second: PerSecond { light: 30, medium: 20 },
        meetings_per_host_and_day: 100,
    }
}

/// The fakes, with nobody behind their webhooks.
async fn fakes() -> Simulator {
    simulator::start(SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), "http://127.0.0.1:1")).await.unwrap()
}

fn with(fakes: &Simulator) -> ZoomConfig {
    config(&format!("{}/zoom", fakes.url()))
}

fn fault(fakes: &Simulator, call: &str, times: Option<u32>, fault: ZoomFaultKind) {
    assert!(fakes.zoom().add_fault(ZoomFault { call: call.to_owned(), times, fault }));
}

async fn call(setup: &Setup, call: &ZoomCall) -> IntentOutcome {
    setup.client.call(&lakeside(), call, WITHIN).await
}

fn provider(fhir: &str, email: Option<&str>) -> ZoomCall {
    ZoomCall::EnsureProvider {
        provider: ParticipantKey::new(Role::Provider, FhirReference::new(fhir).unwrap()),
        email: email.map(Phi::new),
        first_name: Some(Phi::new("Elena")),
        last_name: Some(Phi::new("Rivera")),
        host_choice: HostChoice::default(),
    }
}

async fn host(setup: &Setup) -> ZoomUserId {
    match call(setup, &provider("Practitioner/eProvRivera", Some(RIVERA))).await {
        IntentOutcome::Provider { user, licensed: true } => user,
        other => panic!("{other:?}"),
    }
}

fn create(host: &ZoomUserId, marker: &str) -> ZoomCall {
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
    ZoomCall::CreateMeeting { host: host.clone(), marker: Marker::new(marker).unwrap(), settings }
}

fn alternatives(meeting: MeetingId, others: &[&ZoomUserId]) -> ZoomCall {
    let others = others.iter().map(|user| (*user).clone()).collect();
    ZoomCall::SetAlternativeHosts { meeting, host: ZoomUserId::new("its-host").unwrap(), others }
}

fn find(host: &ZoomUserId, marker: &str) -> ZoomCall {
    ZoomCall::FindMeetings { host: host.clone(), marker: Marker::new(marker).unwrap() }
}

async fn made(setup: &Setup, marker: &str) -> MadeMeeting {
    let host = host(setup).await;
    match call(setup, &create(&host, marker)).await {
        IntentOutcome::Made(made) => made,
        other => panic!("{other:?}"),
    }
}

fn failed(problem: ProblemCode, retry: Retry) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry })
}

fn problem(outcome: &IntentOutcome) -> Option<ProblemCode> {
    if let IntentOutcome::Failed(failure) = outcome { Some(failure.problem) } else { None }
}
