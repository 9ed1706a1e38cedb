//! Tokens of every kind that must not be believed.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::super::testing::{NOW, OUR_KEY, THEIR_KEY, client, config, lakeside};
use super::*;
use crate::epic::SigningKeys;
use crate::jwt::LONGEST_TOKEN;
use crate::outbound::testing::{Reply, Server};

const SECONDS: i64 = NOW.0 / 1000;

fn claims(base: &str) -> Value {
    json!({"iss": format!("{base}/oauth2"), "sub": "e3M", "aud": "our-client", "iat": SECONDS, "exp": SECONDS + 300,
        "nonce": "n", "fhirUser": format!("{base}/api/FHIR/R4/Practitioner/e3M")})
}

fn sign_with(pem: &str, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> Secret {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    Secret::new(encode(&header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap())
}

fn kid_of(pem: &str) -> String {
    let set: Value =
        serde_json::from_str(&SigningKeys::load([&Secret::new(pem)]).unwrap().jwks_json()).unwrap();
    set["keys"][0]["kid"].as_str().unwrap().to_owned()
}

fn jwks(pems: &[&str]) -> Value {
    let secrets: Vec<Secret> = pems.iter().map(|pem| Secret::new(*pem)).collect();
    let mut set: Value = serde_json::from_str(&SigningKeys::load(&secrets).unwrap().jwks_json()).unwrap();
    for key in set["keys"].as_array_mut().unwrap() {
        key["alg"] = json!("RS256");
    }
    set
}

/// An Epic whose published keys are what `keys` says.
async fn epic(keys: impl Fn() -> Value + 'static) -> Server {
    Server::start(move |seen| {
        let base = format!("http://{}", seen.header("host").unwrap_or_default());
        match seen.line().as_str() {
            "GET /api/FHIR/R4/.well-known/smart-configuration" => Reply::Json(
                200,
                json!({"authorization_endpoint": format!("{base}/oauth2/authorize"),
                    "token_endpoint": format!("{base}/oauth2/token")}),
            ),
            "GET /oauth2/.well-known/openid-configuration" => {
                Reply::Json(200, json!({"jwks_uri": format!("{base}/keys")}))
            }
            "GET /keys" => Reply::Json(200, keys()),
            other => panic!("{other}"),
        }
    })
    .await
}

fn published() -> Value {
    jwks(&[OUR_KEY.as_str()])
}

#[actix_web::test]
async fn a_token_of_epics_names_the_person() {
    let server = epic(published).await;
    let client = client(config(&server.base));
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid_of(&OUR_KEY)), &claims(&server.base));
    let user = client.verify_id_token(&lakeside(), &token, "n").await.unwrap();
    assert_eq!((user.kind, user.reference.as_str()), (UserKind::Practitioner, "Practitioner/e3M"));
    client.verify_id_token(&lakeside(), &token, "n").await.unwrap();
    assert_eq!(server.count("GET /keys"), 1);
}

#[actix_web::test]
async fn e7_each_claim_that_is_wrong_is_noticed() {
    let server = epic(published).await;
    let client = client(config(&server.base));
    let kid = kid_of(&OUR_KEY);
    let base = server.base.clone();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&base);
        claims[name] = value;
        claims
    };
    for (changed, error) in [
        (with("iss", json!("https://other.example/oauth2")), IdTokenError::WrongIssuer),
        (with("iss", Value::Null), IdTokenError::WrongIssuer),
        (with("aud", json!("another")), IdTokenError::WrongAudience),
        (with("aud", json!(["another"])), IdTokenError::WrongAudience),
        (with("aud", Value::Null), IdTokenError::WrongAudience),
        (with("azp", json!("another")), IdTokenError::WrongAudience),
        (with("exp", json!(SECONDS - 61)), IdTokenError::WrongTime),
        (with("exp", Value::Null), IdTokenError::WrongTime),
        (with("exp", json!("soon")), IdTokenError::WrongTime),
        (with("iat", json!(SECONDS + 61)), IdTokenError::WrongTime),
        (with("iat", Value::Null), IdTokenError::WrongTime),
        (with("nbf", json!(SECONDS + 61)), IdTokenError::WrongTime),
        (with("nonce", json!("other")), IdTokenError::WrongNonce),
        (with("nonce", Value::Null), IdTokenError::WrongNonce),
        (with("fhirUser", json!("https://other.example/api/FHIR/R4/Practitioner/e3M")), IdTokenError::NoUser),
        (with("fhirUser", json!("Device/1")), IdTokenError::NoUser),
    ] {
        let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &changed);
        assert_eq!(client.verify_id_token(&lakeside(), &token, "n").await, Err(error), "{changed}");
    }
    for fine in [
        with("exp", json!(SECONDS - 60)),
        with("iat", json!(SECONDS + 60)),
        with("iss", json!(format!("{base}/oauth2/token"))),
        with("aud", json!(["x", "our-client"])),
    ] {
        let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &fine);
        assert!(client.verify_id_token(&lakeside(), &token, "n").await.is_ok(), "{fine}");
    }
    let mut silent = claims(&base);
    silent.as_object_mut().unwrap().remove("nonce");
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &silent);
    assert!(client.verify_id_token(&lakeside(), &token, "n").await.is_ok(), "Epic need not send it back");
    let strict = EpicConfig { require_nonce: true, ..config(&base) };
    let refused = super::super::testing::client(strict).verify_id_token(&lakeside(), &token, "n").await;
    assert_eq!(refused, Err(IdTokenError::WrongNonce), "where it must");
    let mut by_subject = with("sub", json!("Patient/ePat"));
    by_subject.as_object_mut().unwrap().remove("fhirUser");
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &by_subject);
    let user = client.verify_id_token(&lakeside(), &token, "n").await.unwrap();
    assert_eq!(user.kind, UserKind::Patient);
}

#[actix_web::test]
async fn a_configured_issuer_is_the_only_one() {
    let server = epic(published).await;
    let mut config = config(&server.base);
    config.id_token_issuers = vec!["https://proxy.example/oauth2".into()];
    let client = client(config);
    let mut claims = claims(&server.base);
    let kid = kid_of(&OUR_KEY);
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &claims);
    assert_eq!(client.verify_id_token(&lakeside(), &token, "n").await, Err(IdTokenError::WrongIssuer));
    claims["iss"] = json!("https://proxy.example/oauth2");
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid), &claims);
    assert!(client.verify_id_token(&lakeside(), &token, "n").await.is_ok());
}

#[actix_web::test]
async fn e7_a_token_that_epic_did_not_sign_is_not_believed() {
    let server = epic(published).await;
    let client = client(config(&server.base));
    let (ours, theirs) = (kid_of(&OUR_KEY), kid_of(&THEIR_KEY));
    let claims = claims(&server.base);
    let public = published()["keys"][0]["n"].as_str().unwrap().to_owned();
    let hmac = {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(ours.clone());
        Secret::new(encode(&header, &claims, &EncodingKey::from_secret(public.as_bytes())).unwrap())
    };
    let good = sign_with(&OUR_KEY, Algorithm::RS256, Some(&ours), &claims);
    let unsigned = {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","kid":"{ours}"}}"#));
        Secret::new(format!("{head}.{}.", good.expose().split('.').nth(1).unwrap()))
    };
    let cut = Secret::new(good.expose().rsplit_once('.').unwrap().0);
    for (token, error) in [
        (sign_with(&THEIR_KEY, Algorithm::RS256, Some(&ours), &claims), IdTokenError::WrongSignature),
        (sign_with(&THEIR_KEY, Algorithm::RS256, Some(&theirs), &claims), IdTokenError::UnknownKey),
        (sign_with(&THEIR_KEY, Algorithm::RS256, Some("invented"), &claims), IdTokenError::UnknownKey),
        (sign_with(&OUR_KEY, Algorithm::RS512, Some(&ours), &claims), IdTokenError::Malformed),
        (sign_with(&OUR_KEY, Algorithm::RS256, None, &claims), IdTokenError::Malformed),
        (hmac, IdTokenError::Malformed),
        (unsigned, IdTokenError::Malformed),
        (cut, IdTokenError::Malformed),
        (Secret::new(""), IdTokenError::Malformed),
        (Secret::new("a.b.c"), IdTokenError::Malformed),
        (Secret::new("x".repeat(LONGEST_TOKEN + 1)), IdTokenError::Malformed),
    ] {
        assert_eq!(client.verify_id_token(&lakeside(), &token, "n").await, Err(error));
    }
    assert_eq!(server.count("GET /keys"), 2, "invented keys do not make us ask again and again");
}

#[actix_web::test]
async fn e7_a_new_key_is_fetched_when_a_token_names_it() {
    use super::super::testing::{client_at, clock};
    use std::sync::atomic::Ordering;
    let rotated = std::rc::Rc::new(std::cell::Cell::new(false));
    let state = std::rc::Rc::clone(&rotated);
    let server = epic(move || if state.get() { jwks(&[THEIR_KEY.as_str()]) } else { published() }).await;
    let time = clock();
    let client = client_at(config(&server.base), std::sync::Arc::clone(&time));
    let claims = claims(&server.base);
    let old = sign_with(&OUR_KEY, Algorithm::RS256, Some(&kid_of(&OUR_KEY)), &claims);
    let new = sign_with(&THEIR_KEY, Algorithm::RS256, Some(&kid_of(&THEIR_KEY)), &claims);
    client.verify_id_token(&lakeside(), &old, "n").await.unwrap();
    rotated.set(true);
    client.verify_id_token(&lakeside(), &new, "n").await.expect("a rotation is noticed at the first token");
    rotated.set(false);
    let again = client.verify_id_token(&lakeside(), &old, "n").await;
    assert_eq!(again, Err(IdTokenError::UnknownKey), "too soon after a fetch for a missing key");
    time.0.fetch_add(31_000, Ordering::SeqCst);
    let organization = lakeside();
    let all = (0..5).map(|_| client.verify_id_token(&organization, &old, "n"));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(server.count("GET /keys"), 3, "one fetch for all");
}

#[actix_web::test]
async fn without_keys_nobody_is_believed() {
    let server = epic(|| json!({"keys": "none"})).await;
    let client = client(config(&server.base));
    let token = sign_with(&OUR_KEY, Algorithm::RS256, Some("k"), &claims(&server.base));
    let got = client.verify_id_token(&lakeside(), &token, "n").await;
    assert_eq!(got, Err(IdTokenError::KeysUnavailable(SmartError::Unreadable)));
}

#[test]
fn users_are_read_relative_to_the_own_fhir_base() {
    let base = "https://epic.example/api/FHIR/R4";
    let read = |text: &str| fhir_user(text, base).map(|user| (user.kind, user.reference.to_string()));
    let own = |kind, reference: &str| Some((kind, reference.to_owned()));
    assert_eq!(read("Practitioner/e3M.x-1"), own(UserKind::Practitioner, "Practitioner/e3M.x-1"));
    assert_eq!(
        read("https://EPIC.example/api/FHIR/R4/RelatedPerson/r"),
        own(UserKind::RelatedPerson, "RelatedPerson/r")
    );
    for bad in [
        "",
        "e3M",
        "Practitioner/",
        "/Practitioner/1",
        "Practitioner/1/_history/2",
        "practitioner/1",
        "Practitioner/a b",
        "Practitioner/..%2f",
        "https://epic.example/api/FHIR/R4/Practitioner/1/x",
        "https://epic.example/api/FHIR/STU3/Practitioner/1",
        "https://epic.example.evil.example/api/FHIR/R4/Practitioner/1",
        "//epic.example/api/FHIR/R4/Practitioner/1",
        "urn:uuid:Practitioner/1",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
