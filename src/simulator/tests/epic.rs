//! The fake Epic over HTTP.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::epic::{EpicFault, EpicFaultKind};
use super::super::{LaunchKind, Simulator};
use super::service::Service;
use super::{fakes, read};

const CLIENT: &str = "0f7b9a1e-demo-epic-client";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

/// The query of a right authorization, for the launch behind `launch_url`.
fn right(fakes: &Simulator, launch_url: &str) -> Vec<(&'static str, String)> {
    let url = url::Url::parse(launch_url).expect("a URL");
    let ask =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(ask("iss"), Some(format!("{}/epic/api/FHIR/R4", fakes.url())));
    vec![
        ("response_type", "code".into()),
        ("client_id", CLIENT.into()),
        ("redirect_uri", fakes.epic().site().redirect_uri.clone()),
        ("scope", "launch openid fhirUser".into()),
        ("launch", ask("launch").expect("a launch")),
        ("aud", fakes.epic().site().fhir_base()),
        ("state", "state-1".into()),
        ("nonce", "nonce-1".into()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".into()),
    ]
}

/// Where the browser is sent: the parameters of the redirect.
async fn authorize(fakes: &Simulator, query: &[(&str, String)]) -> Result<Vec<(String, String)>, u16> {
    let http = awc::Client::builder().disable_redirects().finish();
    let request = http.get(format!("{}/epic/oauth2/authorize", fakes.url())).query(&query).expect("a query");
    let response = request.send().await.expect("an answer");
    let Some(location) = response.headers().get("location") else { return Err(response.status().as_u16()) };
    let url = url::Url::parse(location.to_str().expect("text")).expect("a URL");
    Ok(url.query_pairs().into_owned().collect())
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

async fn token(fakes: &Simulator, form: &[(&str, &str)]) -> (u16, Value) {
    let http = awc::Client::default();
    let request = http.post(fakes.epic().site().token_url()).basic_auth(CLIENT, "a secret+with/signs");
    read(request.send_form(&form).await.expect("an answer")).await
}

#[actix_web::test]
async fn a_launch_gives_its_context_once() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let url = fakes.epic().launch_url(LaunchKind::Patient, "WPR1", "10001").expect("a launch");
    assert!(url.starts_with("http://127.0.0.1:1/epic/lakeside/launch/patient?"));
    let query = right(&fakes, &url);
    let back = authorize(&fakes, &query).await.expect("a redirect");
    assert_eq!(value(&back, "state"), Some("state-1"));
    let code = value(&back, "code").expect("a code");
    let redirect = fakes.epic().site().redirect_uri.clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect),
        ("code_verifier", VERIFIER),
    ];
    let (status, answer) = token(&fakes, &form).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((answer["csn"].as_str(), answer["externalid"].as_str()), (Some("10001"), Some("WPR1")));
    assert_eq!((answer["patient"].as_str(), answer["externalidtype"].as_str()), (Some("ePatA"), Some("2")));
    assert!(answer["id_token"].is_string());
    assert_eq!(token(&fakes, &form).await.1["error"], "invalid_grant", "a code is good once");
    let again = authorize(&fakes, &query).await.expect("a redirect");
    assert_eq!(value(&again, "error"), Some("invalid_request"), "a launch is good once");
    fakes.stop().await;
}

#[actix_web::test]
async fn authorization_is_strict() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let cases = [
        ("response_type", "token", Some("unsupported_response_type")),
        ("scope", "openid fhirUser", Some("invalid_scope")),
        ("aud", "https://elsewhere.example/api/FHIR/R4", Some("invalid_request")),
        ("code_challenge_method", "plain", Some("invalid_request")),
        ("code_challenge", "short", Some("invalid_request")),
        ("state", "", Some("invalid_request")),
        ("launch", "unknown", Some("invalid_request")),
        ("client_id", "another", None),
        ("redirect_uri", "http://127.0.0.1:1/epic/callback/", None),
    ];
    for (name, bad, error) in cases {
        let url = fakes.epic().launch_url(LaunchKind::Patient, "WPR1", "10001").expect("a launch");
        let mut query = right(&fakes, &url);
        query.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, value)| *value = bad.to_owned());
        match (authorize(&fakes, &query).await, error) {
            (Ok(back), Some(error)) => assert_eq!(value(&back, "error"), Some(error), "{name}"),
            (Err(status), None) => assert_eq!(status, 400, "{name}"),
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn a_wrong_verifier_burns_the_code() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let url = fakes.epic().launch_url(LaunchKind::Provider, "EMP501", "10001").expect("a launch");
    let back = authorize(&fakes, &right(&fakes, &url)).await.expect("a redirect");
    let (code, redirect) = (value(&back, "code").expect("a code"), fakes.epic().site().redirect_uri.clone());
    for verifier in ["wrong", VERIFIER] {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", verifier),
        ];
        assert_eq!(token(&fakes, &form).await.1["error"], "invalid_grant");
    }
    fakes.stop().await;
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

async fn backend(fakes: &Simulator, assertion: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    read(
        awc::Client::default()
            .post(fakes.epic().site().token_url())
            .send_form(&form)
            .await
            .expect("an answer"),
    )
    .await
}

#[actix_web::test]
async fn backend_assertions_are_checked_in_every_claim() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    let claims = |change: Value| {
        let mut claims = json!({
            "iss": CLIENT, "sub": CLIENT, "aud": fakes.epic().site().token_url(),
            "jti": uuid::Uuid::new_v4(), "iat": now(), "nbf": now(), "exp": now() + 240,
        });
        for (name, value) in change.as_object().expect("changes") {
            claims[name] = value.clone();
        }
        claims
    };
    let good = service.key.sign(&claims(json!({}))).expect("a token");
    assert_eq!(backend(&fakes, &good).await.0, 200);
    assert_eq!(
        backend(&fakes, &good).await,
        (400, json!({"error": "invalid_client", "error_description": null})),
        "jti is used"
    );
    for bad in [
        json!({"iss": "another"}),
        json!({"sub": "another"}),
        json!({"aud": "https://elsewhere.example/token"}),
        json!({"jti": "x".repeat(152)}),
        json!({"exp": now() + 600}),
        json!({"exp": now() - 1}),
        json!({"iat": now() + 60}),
        json!({"nbf": now() - 301, "iat": now() - 301}),
    ] {
        let token = service.key.sign(&claims(bad.clone())).expect("a token");
        assert_eq!(backend(&fakes, &token).await.1["error"], "invalid_client", "{bad}");
    }
    let stranger = super::super::epic::testing::SigningKey::new("client-1").expect("a key");
    let token = stranger.sign(&claims(json!({}))).expect("a token");
    assert_eq!(backend(&fakes, &token).await.1["error"], "invalid_client");
    fakes.stop().await;
    service.stop().await;
}

/// A status request with Basic authentication.
async fn status(fakes: &Simulator, query: &[(&str, &str)], client: Option<&str>) -> (u16, Value) {
    let path =
        "api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus";
    let http = awc::Client::default();
    let mut request = http.get(format!("{}/epic/{path}", fakes.url())).query(&query).expect("a query");
    request = request.basic_auth("emp$VESTIBULE", "demo-status-password");
    if let Some(client) = client {
        request = request.insert_header(("Epic-Client-ID", client));
    }
    read(request.send().await.expect("an answer")).await
}

const ALL: [(&str, &str); 5] = [
    ("ConferenceID", "10001"),
    ("ExternalID", "WPR1"),
    ("ExternalIDType", "2"),
    ("VendorName", "Vestibule"),
    ("ConnectionStatus", "1"),
];

#[actix_web::test]
async fn e50_the_light_follows_what_epic_is_told() {
    let fakes = fakes("http://127.0.0.1:1").await;
    assert_eq!(status(&fakes, &ALL, Some(CLIENT)).await, (200, json!({"Status": "1"})));
    assert!(fakes.epic().is_green("10001") && fakes.epic().is_connected("10001", "WPR1"));
    let mut off = ALL;
    off[4].1 = "2";
    assert_eq!(status(&fakes, &off, Some(CLIENT)).await.0, 200);
    assert!(!fakes.epic().is_green("10001"));
    assert_eq!(fakes.epic().requests_about("10001", "WPR1").len(), 2);
    assert_eq!(status(&fakes, &ALL, None).await.0, 403, "the client id is needed");
    fakes.stop().await;
}

#[actix_web::test]
async fn e50_every_refusal_has_its_code() {
    let fakes = fakes("http://127.0.0.1:1").await;
    for (name, value, code) in [
        ("ConferenceID", "", "NO-CONFERENCE-ID"),
        ("ExternalID", "", "NO-USER-ID"),
        ("ExternalIDType", "", "NO-USER-ID-TYPE"),
        ("VendorName", "", "NO-VENDOR-NAME"),
        ("ConnectionStatus", "", "NO-CONNECTION-STATUS"),
        ("ConferenceID", "99999", "INVALID-CONFERENCE-ID"),
        ("ExternalID", "WPR2", "INVALID-USER-ID"),
        ("ExternalIDType", "3", "INVALID-USER-ID-TYPE"),
        ("ConnectionStatus", "7", "INVALID-CONNECTION-STATUS"),
    ] {
        let mut query = ALL;
        query.iter_mut().filter(|(key, _)| *key == name).for_each(|pair| pair.1 = value);
        let (http, body) = status(&fakes, &query, Some(CLIENT)).await;
        let message = body["ExceptionMessage"].as_str().unwrap_or_default();
        assert_eq!(
            (http, message),
            (400, format!("An error occurred while executing the command: {code}.").as_str())
        );
    }
    assert!(fakes.epic().lights().is_empty(), "nothing was set");
    fakes.stop().await;
}

#[actix_web::test]
async fn faults_answer_or_break_as_asked() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let once = |fault| EpicFault { call: "status".into(), times: Some(1), fault };
    fakes.epic().add_fault(once(EpicFaultKind::LockFailed));
    let (http, body) = status(&fakes, &ALL, Some(CLIENT)).await;
    assert!(
        http == 400 && body["ExceptionMessage"].as_str().is_some_and(|text| text.ends_with("LOCK-FAILED."))
    );
    fakes.epic().add_fault(once(EpicFaultKind::TooMany { retry_after: 2 }));
    assert_eq!(status(&fakes, &ALL, Some(CLIENT)).await.0, 429);
    assert!(!fakes.epic().is_green("10001"));
    fakes.epic().add_fault(once(EpicFaultKind::DoneThenDrop));
    let path = "api/epic/2018/Telehealth/ContextLinking/SetExternalConnectionStatus";
    let http = awc::Client::default();
    let request = http.get(format!("{}/epic/{path}", fakes.url())).query(&ALL).expect("a query");
    let request =
        request.basic_auth("emp$VESTIBULE", "demo-status-password").insert_header(("Epic-Client-ID", CLIENT));
    assert!(request.send().await.is_err(), "no answer came");
    assert!(fakes.epic().is_green("10001"), "and it was done all the same");
    assert_eq!(
        fakes.epic().requests().last().map(|request| (request.answered, request.applied)),
        Some((0, true))
    );
    fakes.stop().await;
}

#[actix_web::test]
async fn verifiers_are_as_long_as_the_standard_wants_them() {
    for (verifier, right) in [
        ("x".repeat(42), false),
        ("x".repeat(43), true),
        ("x".repeat(128), true),
        ("x".repeat(129), false),
        (format!("{}+", "x".repeat(60)), false),
    ] {
        let fakes = fakes("http://127.0.0.1:1").await;
        let url = fakes.epic().launch_url(LaunchKind::Patient, "WPR1", "10001").expect("a launch");
        let query = right_query(&fakes, &url, &verifier);
        let back = authorize(&fakes, &query).await.expect("a redirect");
        let code = value(&back, "code").expect("a code");
        let redirect = fakes.epic().site().redirect_uri.clone();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let (status, answer) = token(&fakes, &form).await;
        assert_eq!(status, if right { 200 } else { 400 }, "{} characters: {answer}", verifier.len());
        assert_eq!(fakes.epic().tokens_issued(), u64::from(right));
        fakes.stop().await;
    }
}

/// A right authorization under another verifier.
fn right_query(fakes: &Simulator, launch_url: &str, verifier: &str) -> Vec<(&'static str, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let with = |(name, value)| (name, if name == "code_challenge" { challenge.clone() } else { value });
    right(fakes, launch_url).into_iter().map(with).collect()
}
