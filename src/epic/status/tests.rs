//! Every answer of the status service, and what is sent to it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use vestibule_actors::port::epic::{Epic, Verdict};
use vestibule_domain::effect::Says;
use vestibule_domain::id::{ConferenceId, Csn, ExternalId, ExternalIdType, FhirReference, MeetingId};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::ParticipantKey;

use super::super::testing::{NOW, OUR_KEY, client, client_at, clock, config, lakeside, settings_with};
use super::*;
use crate::epic::hints::{NINE_PERMANENT_CODES, hint_for_code};
use crate::epic::{EpicClient, SigningKeys};
use crate::outbound::testing::{Reply, Server, nowhere};
use crate::settings::{self, Secret};

const CONNECT: &str = "POST /tele/api/epic/2020/Telehealth/Encounter/CONNECT/Connect";
const DISCONNECT: &str = "POST /tele/api/epic/2020/Telehealth/Encounter/DISCONNECT/Disconnect";

fn update(role: Role, connected: bool) -> Update {
    let reference = FhirReference::new("Patient/e1").unwrap();
    Update {
        participant: ParticipantKey::new(role, reference),
        seq: 1,
        says: Says::Connected(connected),
        occurred_at: Moment(0),
        decided_at: Moment(0),
        role,
        external_id: ExternalId::new("WPR/1+2").unwrap(),
        external_id_type: None,
        csn: None,
        meeting: None,
        resend: false,
    }
}

fn visit() -> VisitKey {
    VisitKey { organization: lakeside(), visit: VisitId::Csn(Csn::new("10001").unwrap()) }
}

fn refusal(code: &str) -> Value {
    let message = format!("An error occurred while executing the command: {code}.");
    json!({"Message": "An error has occurred.", "ExceptionMessage": message, "InnerException": {}})
}

/// An Epic with a token endpoint, whose status service answers by `status`.
async fn epic(status: impl Fn(usize) -> Reply + 'static) -> Server {
    let (tokens, asked) = (Cell::new(0), Cell::new(0));
    Server::start(move |seen| match seen.line().as_str() {
        "POST /oauth2/token" => {
            tokens.set(tokens.get() + 1);
            Reply::Json(200, json!({"access_token": format!("token{}", tokens.get()), "expires_in": 3600}))
        }
        "GET /tele/status" | CONNECT | DISCONNECT => {
            asked.set(asked.get() + 1);
            status(asked.get())
        }
        other => panic!("{other}"),
    })
    .await
}

/// The configuration in each dialect.
fn dialects_of(server: &Server) -> [EpicConfig; 2] {
    [StatusDialect::ConnectionStatus2018, StatusDialect::Telehealth2020]
        .map(|status_dialect| EpicConfig { status_dialect, ..config_of(server) })
}

fn config_of(server: &Server) -> EpicConfig {
    let mut config = config(&server.base);
    config.oauth_base_url = Some(format!("{}/oauth2", server.base));
    config
}

async fn send(config: EpicConfig) -> EpicAnswer {
    client(config).send(&visit(), &update(Role::Patient, true)).await
}

#[actix_web::test]
async fn e27_the_request_is_exactly_the_services() {
    let server = epic(|_| Reply::Json(200, json!({"Status": "1"}))).await;
    let client = client(config_of(&server));
    let accepted = EpicAnswer { resp_code: 200, epic_code: None, verdict: Verdict::Accepted };
    assert_eq!(client.send(&visit(), &update(Role::Proxy, true)).await, accepted);
    let group = VisitId::Conference(ConferenceId::new("G&1").unwrap());
    let group = VisitKey { organization: lakeside(), visit: group };
    assert_eq!(client.send(&group, &update(Role::Provider, false)).await, accepted);
    let kind = ExternalIdType::new("EPI/3").ok();
    let told = Update { external_id_type: kind, ..update(Role::Proxy, true) };
    assert_eq!(client.send(&visit(), &told).await, accepted);
    let seen: Vec<_> = server.seen().into_iter().filter(|seen| seen.method == "GET").collect();
    assert!(seen[2].target.contains("&ExternalIDType=EPI%2F3&"), "as the launch said: {}", seen[2].target);
    assert_eq!(
        seen[0].target,
        "/tele/status?ConferenceID=10001&ExternalID=WPR%2F1%2B2&ExternalIDType=2&VendorName=Vestibule%20%26%20Co&ConnectionStatus=1"
    );
    assert_eq!(
        seen[1].target,
        "/tele/status?ConferenceID=G%261&ExternalID=WPR%2F1%2B2&ExternalIDType=1&VendorName=Vestibule%20%26%20Co&ConnectionStatus=2"
    );
    for seen in &seen {
        assert_eq!(seen.header("authorization"), Some("Bearer token1"), "one token serves both");
        assert_eq!(seen.header("epic-client-id"), Some("our-client"));
    }
    let asked = &server.seen()[0];
    assert_eq!(asked.form("grant_type").as_deref(), Some("client_credentials"));
    let assertion = asked.form("client_assertion").unwrap();
    let header = jsonwebtoken::decode_header(&assertion).unwrap();
    let published: Value =
        serde_json::from_str(&SigningKeys::load([&Secret::new(OUR_KEY.as_str())]).unwrap().jwks_json())
            .unwrap();
    assert_eq!(header.kid.as_deref(), published["keys"][0]["kid"].as_str());
    let claims: Value = jsonwebtoken::dangerous::insecure_decode::<Value>(&assertion).unwrap().claims;
    assert_eq!(claims["aud"], format!("{}/oauth2/token", server.base));
}

#[actix_web::test]
async fn e27_basic_authentication_is_sent_as_emp() {
    let server = epic(|_| Reply::Json(401, json!({}))).await;
    let mut config = config_of(&server);
    config.status_auth = StatusAuth::Basic { user: "VIDEO".into(), password: Secret::new("p:w") };
    let answer = send(config).await;
    assert!(matches!(answer.verdict, Verdict::Permanent { .. }), "{answer:?}");
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "no token, and no second try");
    // base64 of emp$VIDEO:p:w
    assert_eq!(seen[0].header("authorization"), Some("Basic ZW1wJFZJREVPOnA6dw=="));
}

#[actix_web::test]
async fn e28_each_call_is_filled_from_its_template() {
    let server = epic(|_| Reply::Json(200, json!({}))).await;
    let [_, config] = dialects_of(&server);
    let client = client(config);
    let group = VisitId::Conference(ConferenceId::new("G\"&1").unwrap());
    let group = VisitKey { organization: lakeside(), visit: group };
    let own_csn = Csn::new("10005").ok();
    let told = Update { csn: own_csn, occurred_at: NOW, ..update(Role::Provider, false) };
    assert_eq!(client.send(&visit(), &update(Role::Patient, true)).await.verdict, Verdict::Accepted);
    assert_eq!(client.send(&group, &told).await.verdict, Verdict::Accepted);
    let seen: Vec<_> = server.seen().into_iter().filter(|seen| seen.target.starts_with("/tele")).collect();
    assert_eq!(seen.iter().map(|seen| seen.line()).collect::<Vec<_>>(), [CONNECT, DISCONNECT]);
    for seen in &seen {
        assert_eq!(seen.header("authorization"), Some("Bearer token1"), "one token serves both");
        assert_eq!(seen.header("epic-client-id"), Some("our-client"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
    }
    let bodies: Vec<Value> = seen.iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect();
    let expected = |conference: &str, csn: &str, kind: &str, instant: &str| {
        json!({
            "ConferenceID": conference, "ContactID": csn, "ContactIDType": "CSN", "UserID": "WPR/1+2",
            "UserIDType": kind, "VendorName": "Vestibule & Co", "Instant": instant,
        })
    };
    assert_eq!(bodies[0], expected("10001", "10001", "2", "1970-01-01T00:00:00Z"));
    assert_eq!(bodies[1], expected("G\"&1", "10005", "1", "2026-11-23T17:00:00Z"));
}

/// The dialect as these settings have it.
fn with_calls(server: &Server, calls: &str) -> EpicClient {
    let settings::Epic { telehealth_2020, status_auth, .. } = settings_with(calls);
    let [_, config] = dialects_of(server);
    client(EpicConfig { telehealth_2020, status_auth, ..config })
}

#[actix_web::test]
async fn e28_method_address_and_body_are_what_the_settings_say() {
    let server = Server::start(|_| Reply::With(204, Vec::new(), String::new())).await;
    let client = with_calls(
        &server,
        r#"
[organization.x.epic.telehealth_2020.connect]
method = "PUT"
path = "/visits/{csn}/people/{external_id}?as={role}&in={meeting_id}"
body = '["{external_id}", {"who": "a \"{role}\"", "on": true}]'
[organization.x.epic.telehealth_2020.disconnect]
method = "GET"
path = "/gone/{external_id}"
body = ""
"#,
    );
    let meeting = Some(MeetingId(85_012_345_678));
    let there =
        Update { meeting, external_id: ExternalId::new("W\"/&1").unwrap(), ..update(Role::Proxy, true) };
    let answer = client.send(&visit(), &there).await;
    assert_eq!((answer.resp_code, &answer.verdict), (204, &Verdict::Accepted), "any 2xx is success");
    let gone = Update { says: Says::Connected(false), ..there };
    assert_eq!(client.send(&visit(), &gone).await.verdict, Verdict::Accepted);
    let seen = server.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].target.as_str()),
        ("PUT", "/tele/visits/10001/people/W%22%2F%261?as=proxy&in=85012345678")
    );
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body, json!(["W\"/&1", {"who": "a \"proxy\"", "on": true}]));
    assert_eq!((seen[1].method.as_str(), seen[1].target.as_str()), ("GET", "/tele/gone/W%22%2F%261"));
    assert!(seen[1].body.is_empty() && seen[1].header("content-type").is_none());
    assert_eq!(seen[1].header("authorization"), Some("Basic ZW1wJFZJREVPOnA6dw=="));
}

// What came out is called as Epic calls it, and may stand in the path as well.
#[actix_web::test]
async fn e49_what_came_out_of_a_device_test_is_told_as_the_settings_say() {
    let token = || Reply::Json(200, json!({"access_token": "token1", "expires_in": 3600}));
    let done = || Reply::With(204, Vec::new(), String::new());
    let server = Server::start(move |seen| if seen.method == "POST" { token() } else { done() }).await;
    let client = with_calls(
        &server,
        r#"
[organization.x.epic.telehealth_2020.device_test]
method = "PUT"
path = "/tests/{csn}/{result}"
body = '{"who": "{external_id}", "came": "{result}", "at": "{instant}"}'
passed = "OK/1"
failed = "NOT \"OK\""
"#,
    );
    for outcome in TestOutcome::ALL {
        let told = Update { says: Says::DeviceTest(outcome), ..update(Role::Patient, true) };
        assert_eq!(client.send(&visit(), &told).await.verdict, Verdict::Accepted);
    }
    let seen: Vec<_> = server.seen().into_iter().filter(|seen| seen.method == "PUT").collect();
    let told: Vec<(String, Value)> =
        seen.iter().map(|seen| (seen.target.clone(), serde_json::from_str(&seen.body).unwrap())).collect();
    let expected = [("unclear", "unclear"), ("NOT%20%22OK%22", "NOT \"OK\""), ("OK%2F1", "OK/1")];
    let body = |came: &str| json!({"who": "WPR/1+2", "came": came, "at": "1970-01-01T00:00:00Z"});
    let expected = expected.map(|(path, came)| (format!("/tele/tests/10001/{path}"), body(came)));
    assert_eq!(told, expected);
}

// Decided before the dialect was changed.
#[actix_web::test]
async fn e49_the_service_of_2018_is_never_asked_about_a_device_test() {
    let server = epic(|_| Reply::Json(200, json!({}))).await;
    let client = client(config(&server.base));
    let told = Update { says: Says::DeviceTest(TestOutcome::Passed), ..update(Role::Patient, true) };
    let answer = client.send(&visit(), &told).await;
    assert!(matches!(answer.verdict, Verdict::Permanent { .. }), "{answer:?}");
    assert!(server.seen().iter().all(|seen| !seen.target.starts_with("/tele")));
}

#[actix_web::test]
async fn e30_the_nine_codes_are_permanent_in_any_case_and_kept_literally_in_both_dialects() {
    for code in NINE_PERMANENT_CODES.into_iter().chain(["NO-USER-ID-Type"]) {
        let server = epic(move |_| Reply::Json(400, refusal(code))).await;
        for config in dialects_of(&server) {
            let dialect = config.status_dialect;
            let answer = send(config).await;
            assert_eq!((answer.resp_code, answer.epic_code.as_deref()), (400, Some(code)));
            let Verdict::Permanent { hint } = answer.verdict else { panic!("{code} is not permanent") };
            assert_eq!(Some(hint.as_str()), hint_for_code(dialect, code));
        }
    }
}

#[actix_web::test]
async fn e30_every_status_has_its_verdict_in_both_dialects() {
    let transient = |wait: Option<i64>, alive| (wait.map(Span::seconds), alive);
    for (status, headers, body, expected) in [
        (429, vec![("retry-after", "7".to_owned())], String::new(), Some(transient(Some(7), true))),
        (429, vec![], String::new(), Some(transient(None, true))),
        (503, vec![("retry-after", "2".to_owned())], "<html>".into(), Some(transient(Some(2), false))),
        (500, vec![], String::new(), Some(transient(None, false))),
        (408, vec![], String::new(), Some(transient(None, false))),
        (400, vec![], refusal("LOCK-FAILED").to_string(), Some(transient(None, true))),
        (400, vec![], refusal("lock-failed").to_string(), Some(transient(None, true))),
        (400, vec![], "no JSON".into(), None),
        (400, vec![], "x".repeat(300 * 1024), None),
        (403, vec![], String::new(), None),
        (404, vec![], "<html>".into(), None),
        (422, vec![], String::new(), None),
        (302, vec![("location", "http://127.0.0.1:1/".to_owned())], String::new(), None),
    ] {
        let copy = (headers.clone(), body.clone());
        let server = epic(move |_| Reply::With(status, copy.0.clone(), copy.1.clone())).await;
        for config in dialects_of(&server) {
            let answer = send(config).await;
            assert_eq!(answer.resp_code, status);
            match (answer.verdict, expected) {
                (Verdict::Transient { retry_after, alive, hint }, Some(expected)) => {
                    assert_eq!((retry_after, alive), expected, "{status} {body}");
                    assert!(hint.is_some());
                }
                (Verdict::Permanent { hint }, None) => assert!(!hint.is_empty()),
                (verdict, _) => panic!("{status}: {verdict:?}"),
            }
        }
    }
}

#[actix_web::test]
async fn what_may_have_had_an_effect_is_in_doubt() {
    let half = epic(|_| Reply::Half(400)).await;
    assert!(
        matches!(send(config_of(&half)).await.verdict, Verdict::Transient { alive: true, .. }),
        "a lock, maybe"
    );
    let half = epic(|_| Reply::Half(200)).await;
    assert_eq!(send(config_of(&half)).await.verdict, Verdict::Accepted, "the status line says it");
    for reply in [|_| Reply::Close, |_| Reply::Hang, |_| Reply::With(504, Vec::new(), String::new())] {
        let server = epic(reply).await;
        let mut config = config_of(&server);
        config.timeout = Duration::from_millis(300);
        let answer = send(config).await;
        assert!(matches!(answer.verdict, Verdict::InDoubt { .. }), "{answer:?}");
        assert!(matches!(answer.resp_code, 0 | 504));
    }
}

#[actix_web::test]
async fn nothing_is_in_doubt_that_was_not_sent() {
    let server = epic(|_| Reply::Close).await;
    let mut config = config_of(&server);
    config.telehealth_base_url = nowhere().await;
    let answer = send(config).await;
    assert_eq!(answer.resp_code, 0);
    assert!(matches!(answer.verdict, Verdict::Transient { alive: false, .. }), "{answer:?}");
    for reply in [
        |_: &_| Reply::Json(400, json!({"error": "invalid_client", "error_description": null})),
        |_: &_| Reply::Json(429, json!({})),
        |_: &_| Reply::Json(200, json!({"token_type": "bearer"})),
        |_: &_| Reply::Half(200),
        |_: &_| Reply::Close,
    ] {
        let server = Server::start(reply).await;
        let answer = send(config_of(&server)).await;
        assert_eq!(answer.resp_code, 0);
        assert!(matches!(answer.verdict, Verdict::Transient { alive: false, .. }), "{answer:?}");
        assert_eq!(server.count("GET /tele/status"), 0);
    }
}

#[actix_web::test]
async fn a_refused_token_is_dropped_and_the_request_sent_once_more() {
    let server =
        epic(|time| if time == 1 { Reply::Json(401, json!({})) } else { Reply::Json(200, json!({})) }).await;
    assert_eq!(send(config_of(&server)).await.verdict, Verdict::Accepted);
    assert_eq!((server.count("POST /oauth2/token"), server.count("GET /tele/status")), (2, 2));

    let server = epic(|_| Reply::Json(401, json!({}))).await;
    let answer = send(config_of(&server)).await;
    assert!(matches!(answer.verdict, Verdict::Permanent { .. }) && answer.resp_code == 401, "{answer:?}");
    assert_eq!((server.count("POST /oauth2/token"), server.count("GET /tele/status")), (2, 2));
}

#[actix_web::test]
async fn a_refusal_of_an_old_token_is_not_for_good_while_there_is_no_new_one() {
    for no_token in [
        |_: &_| Reply::Json(503, json!({})),
        |_: &_| Reply::Json(400, json!({"error": "invalid_client"})),
        |_: &_| Reply::With(429, vec![("retry-after", "7".to_owned())], String::new()),
        |_: &_| Reply::Close,
        |_: &_| Reply::Hang,
    ] {
        let tokens = Cell::new(0);
        let server = Server::start(move |seen| match seen.line().as_str() {
            "POST /oauth2/token" => {
                tokens.set(tokens.get() + 1);
                let first = json!({"access_token": "old", "expires_in": 3600});
                if tokens.get() == 1 { Reply::Json(200, first) } else { no_token(seen) }
            }
            _ => Reply::Json(401, json!({})),
        })
        .await;
        let mut config = config_of(&server);
        config.timeout = Duration::from_millis(500);
        let client = client(config);
        // The first is refused and finds no second token; the next has none to begin with.
        for resp_code in [401, 0] {
            let answer = client.send(&visit(), &update(Role::Patient, true)).await;
            assert!(matches!(answer.verdict, Verdict::Transient { alive: false, .. }), "{answer:?}");
            assert_eq!(answer.resp_code, resp_code, "{answer:?}");
        }
        assert_eq!(server.count("GET /tele/status"), 1, "nothing is sent without a token");
    }
}

#[actix_web::test]
async fn many_updates_at_once_ask_for_one_token() {
    let server = epic(|_| Reply::Json(200, json!({}))).await;
    let client = Rc::new(client(config_of(&server)));
    let updates: Vec<_> = (0..30).map(|_| (visit(), update(Role::Patient, true))).collect();
    let sent = updates.iter().map(|(visit, update)| client.send(visit, update));
    let answers = futures_util::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.verdict == Verdict::Accepted));
    assert_eq!((server.count("POST /oauth2/token"), server.count("GET /tele/status")), (1, 30));
}

/// The breaker's default.
const PROBE_EVERY: Span = Span::seconds(5);

#[actix_web::test]
async fn the_second_probe_at_the_latest_goes_through_when_all_of_epic_was_down_for_minutes() {
    // Epic comes back at any time between two probes, and a launch may have met it just before.
    for back_after in [0, 1, 1_000, 2_400, 2_600, 4_000, 4_999] {
        let (works, clock) = (Rc::new(Cell::new(false)), clock());
        let seen = Rc::clone(&works);
        let server = Server::start(move |asked| match asked.line().as_str() {
            _ if !seen.get() => Reply::Json(503, json!({})),
            "GET /api/FHIR/R4/.well-known/smart-configuration" => {
                let base = format!("http://{}", asked.header("host").unwrap());
                Reply::Json(200, json!({"authorization_endpoint": format!("{base}/a"), "token_endpoint": format!("{base}/t")}))
            }
            "POST /t" => Reply::Json(200, json!({"access_token": "t", "expires_in": 3600})),
            _ => Reply::Json(200, json!({})),
        })
        .await;
        let client = client_at(config(&server.base), Arc::clone(&clock));
        let accepted =
            async || client.send(&visit(), &update(Role::Patient, true)).await.verdict == Verdict::Accepted;
        let to = |millis: i64| clock.0.store(NOW.0 + millis, Ordering::SeqCst);
        for probe in 0..=24 {
            to(probe * PROBE_EVERY.0);
            assert!(!accepted().await);
        }
        to(24 * PROBE_EVERY.0 + back_after);
        assert!(client.probe_authorization(&lakeside()).await.is_err(), "a launch is as little served");
        works.set(true);
        to(25 * PROBE_EVERY.0);
        let first = accepted().await;
        to(26 * PROBE_EVERY.0);
        assert!(first || accepted().await, "back after {back_after} ms");
    }
}

#[actix_web::test]
async fn an_attempt_always_ends() {
    let server = Server::start(|_| Reply::Hang).await;
    let mut config = config_of(&server);
    config.timeout = Duration::from_millis(200);
    let began = instant();
    let answer = send(config).await;
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(
        matches!(answer.verdict, Verdict::Transient { alive: false, .. }),
        "no token, nothing sent: {answer:?}"
    );
}
