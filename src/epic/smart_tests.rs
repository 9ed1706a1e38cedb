//! Launches against a small Epic on loopback, and against the fake Epic as a browser sees it.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use vestibule_domain::time::Span;

use super::super::config::EpicConfig;
use super::super::testing::{Hand, NOW, client, client_at, clock, config, lakeside, randomness};
use super::*;
use crate::outbound::Pkce;
use crate::outbound::pkce::VERIFIER_CHARACTERS;
use crate::outbound::testing::{Reply, Server, nowhere};
use std::sync::atomic::Ordering;

const REQUEST: AuthorizeRequest<'_> = AuthorizeRequest {
    redirect_uri: "https://v.example/epic/callback",
    launch: "eyJ.a b+c",
    state: "s",
    nonce: "n",
    challenge: "c",
};

fn parameters(url: &str) -> Vec<(String, String)> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

async fn discovered(server: &Server) -> (EpicConfig, String) {
    (config(&server.base), format!("{}/oauth2", server.base))
}

async fn epic(token: impl Fn() -> Reply + 'static) -> Server {
    let base = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
    let own = std::rc::Rc::clone(&base);
    let server = Server::start(move |seen| match seen.line().as_str() {
        "GET /api/FHIR/R4/.well-known/smart-configuration" => {
            let base = own.borrow();
            Reply::Json(
                200,
                json!({"authorization_endpoint": format!("{base}/oauth2/authorize"),
                "token_endpoint": format!("{base}/oauth2/token")}),
            )
        }
        "POST /oauth2/token" => token(),
        other => panic!("{other}"),
    })
    .await;
    base.borrow_mut().clone_from(&server.base);
    server
}

#[actix_web::test]
async fn e5_the_authorize_request_has_exactly_its_parameters() {
    let server = epic(|| Reply::Close).await;
    let (config, oauth) = discovered(&server).await;
    let fhir = config.fhir_base_url.clone();
    let url = client(config).authorize(&lakeside(), &REQUEST).await.unwrap().url();
    assert!(url.starts_with(&format!("{oauth}/authorize?response_type=code&client_id=our-client&")), "{url}");
    assert!(url.contains("scope=launch%20openid%20fhirUser&launch=eyJ.a%20b%2Bc&"), "{url}");
    let expected = [
        ("response_type", "code"),
        ("client_id", "our-client"),
        ("redirect_uri", "https://v.example/epic/callback"),
        ("scope", "launch openid fhirUser"),
        ("launch", "eyJ.a b+c"),
        ("aud", &fhir),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", "c"),
        ("code_challenge_method", "S256"),
    ];
    let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(parameters(&url), expected);
}

#[actix_web::test]
async fn e4_a_configured_server_is_never_looked_for() {
    let mut config = config(&nowhere().await);
    config.oauth_base_url = Some("https://e.example/oauth2".into());
    let url = client(config).authorize(&lakeside(), &REQUEST).await.unwrap().url();
    assert!(url.starts_with("https://e.example/oauth2/authorize?"), "{url}");
}

#[actix_web::test]
async fn e4_metadata_are_fetched_once_and_used_on_while_epic_is_down() {
    let down = std::rc::Rc::new(Cell::new(false));
    let broken = std::rc::Rc::clone(&down);
    let server = Server::start(move |_| match broken.get() {
        true => Reply::With(503, Vec::new(), String::new()),
        false => Reply::Json(
            200,
            json!({"authorization_endpoint": "https://e.example/a", "token_endpoint": "https://e.example/t"}),
        ),
    })
    .await;
    let time = clock();
    let client = client_at(config(&server.base), std::sync::Arc::clone(&time));
    let organization = lakeside();
    let all = (0..10).map(|_| client.authorize(&organization, &REQUEST));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(server.seen().len(), 1);
    down.set(true);
    move_to(&time, NOW + Span::hours(3));
    assert!(client.authorize(&organization, &REQUEST).await.is_ok());
    assert!(client.authorize(&organization, &REQUEST).await.is_ok());
    assert_eq!(server.seen().len(), 2, "asked again once, then not for a while");
    move_to(&time, NOW + Span::hours(24 * 8));
    assert_eq!(client.authorize(&organization, &REQUEST).await, Err(SmartError::Unavailable));
}

fn move_to(clock: &Hand, at: vestibule_domain::time::Moment) {
    clock.0.store(at.0, Ordering::SeqCst);
}

#[actix_web::test]
async fn metadata_of_every_bad_kind_are_an_error() {
    for (reply, error) in [
        (Reply::Json(200, json!([])), SmartError::Unreadable),
        (Reply::Json(200, json!({})), SmartError::Unreadable),
        (Reply::With(200, Vec::new(), "<html>".into()), SmartError::Unreadable),
        (Reply::Half(200), SmartError::Unreadable),
        (Reply::Json(404, json!({})), SmartError::Refused { status: 404, error: None }),
        (
            Reply::With(302, vec![("location", "/x".into())], String::new()),
            SmartError::Refused { status: 302, error: None },
        ),
        (Reply::Json(500, json!({})), SmartError::Unavailable),
        (Reply::Close, SmartError::Unavailable),
    ] {
        let reply = Cell::new(Some(reply));
        let server = Server::start(move |_| reply.take().unwrap_or(Reply::Close)).await;
        let got = client(config(&server.base)).authorize(&lakeside(), &REQUEST).await;
        assert_eq!(got, Err(error));
    }
    let nobody = vestibule_domain::id::OrganizationId::new("nobody").unwrap();
    let got = client(config("http://127.0.0.1:1")).authorize(&nobody, &REQUEST).await;
    assert_eq!(got, Err(SmartError::UnknownOrganization));
}

async fn redeem(config: EpicConfig) -> Result<TokenAnswer, SmartError> {
    let verifier = Secret::new("the-verifier");
    client(config).exchange(&lakeside(), "the code", "https://v.example/cb", &verifier).await
}

fn answer() -> Reply {
    Reply::Json(
        200,
        json!({"access_token": "at", "token_type": "Bearer", "expires_in": 3240, "id_token": "i.d.t", "patient": "ePat",
            "encounter": "eEnc", "appointment": "a/../b", "CSN": " 10001 ", "ConferenceID": "%CONFERENCEID%", "externalId": "WPR1",
            "externalidtype": 2, "FNAME": "Ada", "lname": "", "state": "x"}),
    )
}

#[actix_web::test]
async fn a_code_is_redeemed_and_the_context_read_whatever_its_case() {
    let server = epic(answer).await;
    let got = redeem(config(&server.base)).await.unwrap();
    assert_eq!(got.id_token.as_ref().unwrap().expose(), "i.d.t");
    assert_eq!(got.patient.as_ref().unwrap().as_str(), "Patient/ePat");
    assert_eq!((&got.encounter, &got.appointment), (&FhirId::new("eEnc"), &None), "no id fit for an address");
    let context = &got.context;
    assert_eq!(context.csn.as_deref(), Some("10001"));
    assert_eq!(context.conference_id, None, "a token that Epic did not fill");
    assert_eq!(context.external_id.as_deref(), Some("WPR1"));
    assert_eq!(context.external_id_type.as_deref(), Some("2"));
    assert_eq!(context.first_name.as_ref().map(Phi::reveal), Some("Ada"));
    assert_eq!(context.last_name, None);
    // I15: neither tokens nor names reach a log.
    let shown = format!("{got:?}");
    assert!(!shown.contains("Ada") && !shown.contains("i.d.t") && !shown.contains("\"at\""), "{shown}");
}

#[actix_web::test]
async fn e6_each_kind_of_client_proves_itself_in_its_own_way() {
    let server = epic(answer).await;
    let with = |proof: ClientProof| EpicConfig { client_proof: proof, ..config(&server.base) };
    let secret = |encoding| ClientProof::Secret { secret: Secret::new("s+/:1"), encoding };
    redeem(with(secret(BasicEncoding::UrlEncoded))).await.unwrap();
    redeem(with(secret(BasicEncoding::Plain))).await.unwrap();
    redeem(with(ClientProof::Public)).await.unwrap();
    redeem(with(ClientProof::PrivateKey)).await.unwrap();
    let posts: Vec<_> = server.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    for post in &posts {
        assert_eq!(post.form("grant_type").as_deref(), Some("authorization_code"));
        assert_eq!(post.form("code").as_deref(), Some("the code"));
        assert_eq!(post.form("redirect_uri").as_deref(), Some("https://v.example/cb"));
        assert_eq!(post.form("code_verifier").as_deref(), Some("the-verifier"));
        assert_eq!(post.header("content-type"), Some("application/x-www-form-urlencoded"));
    }
    let [encoded, plain, public, key] = posts.as_slice() else { panic!("{}", posts.len()) };
    assert_eq!(encoded.header("authorization"), Some(oauth::basic("our-client", "s%2B%2F%3A1").as_str()));
    assert_eq!(plain.header("authorization"), Some(oauth::basic("our-client", "s+/:1").as_str()));
    assert_eq!((encoded.form("client_id"), plain.form("client_id")), (None, None));
    assert_eq!(
        (public.form("client_id").as_deref(), public.header("authorization")),
        (Some("our-client"), None)
    );
    assert_eq!(key.form("client_assertion_type").as_deref(), Some(ASSERTION_TYPE));
    assert!(key.form("client_assertion").is_some() && key.form("client_id").is_none());
}

#[actix_web::test]
async fn e6_refusals_keep_their_code_and_never_their_text() {
    let server = epic(|| {
        Reply::Json(
            400,
            json!({"error": "invalid_grant", "error_description": "the code of Ada Lovelace ran out"}),
        )
    })
    .await;
    let error = redeem(config(&server.base)).await.unwrap_err();
    assert_eq!(error, SmartError::Refused { status: 400, error: Some("invalid_grant".into()) });
    assert!(!format!("{error} {error:?}").contains("Ada"));
    for reply in [
        || Reply::Json(200, json!({"error": "x"})),
        || Reply::Json(200, json!([])),
        || Reply::Half(200),
        || Reply::Json(503, json!({})),
        || Reply::Close,
    ] {
        let server = epic(reply).await;
        let error = redeem(config(&server.base)).await.unwrap_err();
        assert!(matches!(error, SmartError::Unavailable | SmartError::Unreadable), "{error:?}");
        assert_eq!(server.count("POST /oauth2/token"), 1, "a code is shown once");
    }
}

#[test]
fn pkce_is_as_the_rfc_has_it() {
    let pkce = Pkce::draw(randomness().as_ref());
    let verifier = pkce.verifier.expose();
    assert_eq!(verifier.len(), VERIFIER_CHARACTERS);
    assert!(verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    assert_eq!(pkce.challenge, URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
    assert!(!format!("{pkce:?}").contains(verifier));
}

#[test]
fn a_patient_is_a_plain_id() {
    assert_eq!(patient("ePat").unwrap().as_str(), "Patient/ePat");
    assert_eq!(patient("Patient/ePat").unwrap().as_str(), "Patient/ePat");
    for bad in ["", "a/b", "https://x.example/Patient/1", "a b"] {
        assert_eq!(patient(bad), None, "{bad}");
    }
}

/// Any JSON, with the names that a token response has.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(Value::from("%CSN%")),
        Just(Value::from("x".repeat(513))),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let name = "(access_token|id_token|expires_in|patient|encounter|csn|CSN|externalid|fname|\\PC{0,6})";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_token_response_panics_and_what_is_read_of_it_is_bounded(body in any_json()) {
        let names = config("http://127.0.0.1:1").context_names;
        if let Ok(answer) = TokenAnswer::read(&body, &names) {
            prop_assert!(answer.access.is_some() || answer.id_token.is_some());
            prop_assert!(answer.context.csn.is_none_or(|csn| csn.len() <= 512 && csn != "%CSN%"));
        }
    }
}
