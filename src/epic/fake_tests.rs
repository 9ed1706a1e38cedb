//! A whole launch and its light against the fake Epic, which shares no code with this edge and is as strict as the real one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use vestibule_actors::port::epic::{Epic, Verdict};
use vestibule_domain::effect::{Says, Update};
use vestibule_domain::id::{Csn, ExternalId, VisitId, VisitKey};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::testing::{Hand, OUR_KEY, client_at, config, lakeside, randomness};
use super::*;
use crate::outbound::Pkce;
use crate::outbound::testing::{Reply, Server};
use crate::settings::{Secret, StatusAuth, StatusDialect};
use crate::simulator::epic::{EpicFault, EpicFaultKind, IdTokenFault};
use crate::simulator::{self, LaunchKind, Simulator, SimulatorConfig};

/// The fakes, and a service of which only the key set is there.
struct World {
    fakes: Simulator,
    client: EpicClient,
    clock: Arc<Hand>,
    _service: Server,
}

async fn world() -> World {
    world_with(|_| {}).await
}

async fn world_with(change: impl FnOnce(&mut EpicConfig)) -> World {
    let keys = SigningKeys::load([&Secret::new(OUR_KEY.as_str())]).unwrap().jwks_json();
    let service = Server::start(move |seen| match seen.line().as_str() {
        "GET /epic/lakeside/jwks.json" => {
            Reply::With(200, vec![("content-type", "application/json".into())], keys.clone())
        }
        other => panic!("{other}"),
    })
    .await;
    let set = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), &service.base);
    let client_id = set.epic_client_id.clone();
    let fakes = simulator::start(set).await.unwrap();
    let mut epic = config(&format!("{}/epic", fakes.url()));
    epic.telehealth_base_url = format!("{}/epic", fakes.url());
    epic.client_id = client_id;
    epic.status_path =
        "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus".into();
    epic.status_auth = StatusAuth::Bearer;
    change(&mut epic);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let clock = Arc::new(Hand(i64::try_from(now).unwrap().into()));
    World { fakes, client: client_at(epic, Arc::clone(&clock)), clock, _service: service }
}

impl World {
    /// Follows a launch up to the token, as the front door and the browser do.
    async fn launch(&self, kind: LaunchKind, person: &str, csn: &str) -> (TokenAnswer, String) {
        let launch = self.fakes.epic().launch_url(kind, person, csn).unwrap();
        let launch = url::Url::parse(&launch).unwrap();
        let ask = |url: &url::Url, name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        let own = self.client.sites.config(&lakeside()).unwrap();
        assert!(own.is_own_issuer(&ask(&launch, "iss")));
        let pkce = Pkce::draw(randomness().as_ref());
        let (redirect, nonce) = (self.fakes.epic().site().redirect_uri.clone(), "a-nonce-of-this-launch");
        let request = AuthorizeRequest {
            redirect_uri: &redirect,
            launch: &ask(&launch, "launch"),
            state: "a-state-of-this-launch",
            nonce,
            challenge: &pkce.challenge,
        };
        let there = self.client.authorize(&lakeside(), &request).await.unwrap().url();
        let browser = awc::Client::builder().disable_redirects().finish();
        let answer = browser.get(there).send().await.unwrap();
        let back = url::Url::parse(answer.headers().get("location").unwrap().to_str().unwrap()).unwrap();
        assert_eq!(ask(&back, "state"), "a-state-of-this-launch");
        let code = ask(&back, "code");
        let answer = self.client.exchange(&lakeside(), &code, &redirect, &pkce.verifier).await.unwrap();
        let again = self.client.exchange(&lakeside(), &code, &redirect, &pkce.verifier).await;
        let refused = SmartError::Refused { status: 400, error: Some("invalid_grant".into()) };
        assert_eq!(again.unwrap_err(), refused, "a code is good once");
        (answer, nonce.to_owned())
    }

    async fn light(&self, role: Role, external_id: &str, connected: bool) -> Verdict {
        self.tell(role, external_id, Says::Connected(connected)).await
    }

    async fn tell(&self, role: Role, external_id: &str, says: Says) -> Verdict {
        let visit = VisitKey { organization: lakeside(), visit: VisitId::Csn(Csn::new("10001").unwrap()) };
        let update = Update {
            participant: ParticipantKey::new(role, "Patient/ePatA".to_owned().try_into().unwrap()),
            seq: 1,
            says,
            occurred_at: Moment(0),
            decided_at: Moment(0),
            role,
            external_id: ExternalId::new(external_id).unwrap(),
            external_id_type: None,
            csn: None,
            meeting: None,
            resend: false,
        };
        self.client.send(&visit, &update).await.verdict
    }

    fn fault(&self, call: &str, fault: EpicFaultKind) {
        assert!(self.fakes.epic().add_fault(EpicFault { call: call.to_owned(), times: Some(1), fault }));
    }
}

#[actix_web::test]
async fn people_launch_as_who_they_are() {
    let world = world().await;
    for (kind, person, csn, user, reference) in [
        (LaunchKind::Patient, "WPR1", "10001", UserKind::Patient, "Patient/ePatA"),
        (LaunchKind::Provider, "EMP501", "10001", UserKind::Practitioner, "Practitioner/eProvRivera"),
        (LaunchKind::Patient, "WPR14", "10004", UserKind::RelatedPerson, "RelatedPerson/eRelBerg"),
    ] {
        let (answer, nonce) = world.launch(kind, person, csn).await;
        assert_eq!(answer.context.csn.as_deref(), Some(csn));
        assert_eq!(answer.context.external_id.as_deref(), Some(person));
        let token = answer.id_token.unwrap();
        let got = world.client.verify_id_token(&lakeside(), &token, &nonce).await.unwrap();
        assert_eq!((got.kind, got.reference.as_str()), (user, reference));
    }
    assert_eq!((world.fakes.epic().calls("discovery"), world.fakes.epic().calls("jwks")), (1, 1));
    world.fakes.stop().await;
}

#[actix_web::test]
async fn e29_one_token_serves_all_who_write_and_is_renewed_before_it_ends() {
    let world = world().await;
    let epic = world.fakes.epic();
    let people = ["WPR1", "EMP501", "EMP502"].map(|who| {
        let role = if who.starts_with("EMP") { Role::Provider } else { Role::Patient };
        world.light(role, who, true)
    });
    for verdict in join_all(people).await {
        assert_eq!(verdict, Verdict::Accepted);
    }
    assert_eq!(epic.calls("token.client_credentials"), 1, "one refresh at a time, and its token for all");
    let key = SigningKeys::load([&Secret::new(OUR_KEY.as_str())]).unwrap().public_keys().next().unwrap();
    assert_eq!(epic.assertion_key(), Some(key.id), "the assertion names its key");

    // Epic still takes the token for a minute when it is renewed.
    let seconds = 3240 - 59;
    world.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    epic.set_clock_ahead(seconds);
    assert_eq!(world.light(Role::Patient, "WPR1", false).await, Verdict::Accepted);
    assert_eq!(epic.calls("token.client_credentials"), 2);
    assert!(epic.requests().iter().all(|one| one.answered == 200), "no write was refused");
    world.fakes.stop().await;
}

#[actix_web::test]
async fn every_fault_of_an_id_token_is_noticed() {
    let world = world().await;
    for (fault, error) in [
        (IdTokenFault::WrongKey, IdTokenError::WrongSignature),
        (IdTokenFault::UnknownKey, IdTokenError::UnknownKey),
        (IdTokenFault::Expired, IdTokenError::WrongTime),
        (IdTokenFault::WrongAudience, IdTokenError::WrongAudience),
        (IdTokenFault::WrongNonce, IdTokenError::WrongNonce),
        (IdTokenFault::WrongIssuer, IdTokenError::WrongIssuer),
        (IdTokenFault::Unsigned, IdTokenError::Malformed),
    ] {
        world.fakes.epic().set_id_token_fault(Some(fault));
        let (answer, nonce) = world.launch(LaunchKind::Patient, "WPR1", "10001").await;
        let token = answer.id_token.unwrap();
        let got = world.client.verify_id_token(&lakeside(), &token, &nonce).await;
        assert_eq!(got, Err(error), "{fault:?}");
    }
    world.fakes.epic().set_id_token_fault(Some(IdTokenFault::Missing));
    let (answer, _) = world.launch(LaunchKind::Patient, "WPR1", "10001").await;
    assert!(answer.id_token.is_none());
    world.fakes.stop().await;
}

#[actix_web::test]
async fn the_light_follows_what_is_sent() {
    let world = world().await;
    let epic = world.fakes.epic();
    assert_eq!(world.light(Role::Patient, "WPR1", true).await, Verdict::Accepted);
    assert!(epic.is_green("10001"));
    assert_eq!(world.light(Role::Patient, "WPR1", false).await, Verdict::Accepted);
    assert!(!epic.is_green("10001"));
    assert_eq!(world.light(Role::Provider, "EMP501", true).await, Verdict::Accepted);
    assert!(epic.is_connected("10001", "EMP501") && !epic.is_green("10001"));
    assert_eq!(epic.calls("token.client_credentials"), 1);

    epic.revoke_tokens();
    assert_eq!(world.light(Role::Patient, "WPR1", true).await, Verdict::Accepted, "a new token, once more");
    assert_eq!(epic.calls("token.client_credentials"), 2);
    let stranger = world.light(Role::Patient, "WPR99", true).await;
    assert!(matches!(stranger, Verdict::Permanent { .. }), "{stranger:?}");
    world.fault("status", EpicFaultKind::LockFailed);
    let locked = world.light(Role::Patient, "WPR1", true).await;
    assert!(matches!(locked, Verdict::Transient { alive: true, .. }), "{locked:?}");
    world.fault("status", EpicFaultKind::DoneThenDrop);
    let lost = world.light(Role::Patient, "WPR1", false).await;
    assert!(matches!(lost, Verdict::InDoubt { .. }), "{lost:?}");
    assert!(!epic.is_green("10001"), "it was done all the same");
    world.fakes.stop().await;
}

#[actix_web::test]
async fn e27_both_addresses_of_2018_set_the_light_by_bearer_and_by_basic() {
    let fakes = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), "");
    let (user, password) = (fakes.epic_status_user, Secret::new(fakes.epic_status_password));
    let basic = StatusAuth::Basic { user, password };
    let wrong = StatusAuth::Basic { user: "VESTIBULE".to_owned(), password: Secret::new("wrong") };
    for path in [
        "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus",
        "/api/epic/2018/Telehealth/ContextLinking/SetExternalConnectionStatus",
    ] {
        for (auth, taken) in [(&StatusAuth::Bearer, true), (&basic, true), (&wrong, false)] {
            let world = world_with(|epic| {
                (epic.status_path, epic.status_auth) = (path.to_owned(), auth.clone());
            })
            .await;
            let answer = world.light(Role::Patient, "WPR1", true).await;
            assert_eq!(answer == Verdict::Accepted, taken, "{path} {auth:?}: {answer:?}");
            assert_eq!(world.fakes.epic().is_green("10001"), taken);
            world.fakes.stop().await;
        }
    }
}

#[actix_web::test]
async fn e28_the_assumed_calls_of_2020_set_the_light() {
    let world = world_with(|epic| epic.status_dialect = StatusDialect::Telehealth2020).await;
    let epic = world.fakes.epic();
    for on in [true, false, true] {
        assert_eq!(world.light(Role::Patient, "WPR1", on).await, Verdict::Accepted);
        assert_eq!(epic.is_green("10001"), on);
    }
    let stranger = world.light(Role::Patient, "WPR99", true).await;
    assert!(matches!(stranger, Verdict::Permanent { .. }), "{stranger:?}");
    assert_eq!((epic.calls("status.2020"), epic.calls("status")), (4, 4));
    let told = world.client.probe_status_service(&lakeside()).await;
    assert_eq!(
        told.as_deref(),
        Ok("takes our credentials (status 400, NO-CONFERENCE-ID, as nothing was asked)")
    );
    world.fakes.stop().await;
}

#[actix_web::test]
async fn e49_the_assumed_call_of_2020_tells_of_a_device_test_and_only_of_a_patients() {
    let world = world_with(|epic| epic.status_dialect = StatusDialect::Telehealth2020).await;
    let epic = world.fakes.epic();
    for (outcome, times) in [(TestOutcome::Failed, 1), (TestOutcome::Unclear, 2), (TestOutcome::Passed, 3)] {
        let told = world.tell(Role::Patient, "WPR1", Says::DeviceTest(outcome)).await;
        assert_eq!(told, Verdict::Accepted);
        let known = epic.device_test("10001", "WPR1").unwrap();
        assert_eq!((known.result.as_str(), known.times), (outcome.as_str(), times));
    }
    assert!(!epic.is_green("10001"), "a test is no light");
    for (role, who) in [(Role::Patient, "WPR99"), (Role::Provider, "EMP501")] {
        let told = world.tell(role, who, Says::DeviceTest(TestOutcome::Passed)).await;
        assert!(matches!(told, Verdict::Permanent { .. }), "{who}: {told:?}");
    }
    assert_eq!(epic.device_tests().len(), 1);
}
