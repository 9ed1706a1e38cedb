//! A provider on loopback that does not always do as it should. Tokens of every wrong kind are in `tests/it/scenarios/jwt.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jsonwebtoken::{Algorithm, Header, encode};
use serde_json::{Value, json};
use vestibule_actors::port::clock::SharedClock;

use super::testing::{Issuer, NOW_SECONDS, key};
use super::*;
use crate::epic::testing::{Hand, NOW, THEIR_KEY, randomness};
use crate::settings::{OpenId, Secret};

const BACK: &str = "http://127.0.0.1:1/sign-in/openid/callback";

struct World {
    issuer: Issuer,
    provider: Provider,
    clock: SharedClock,
    time: Arc<Hand>,
}

async fn world(settings: impl FnOnce(&mut OpenId)) -> World {
    let issuer = Issuer::start().await;
    let mut openid = OpenId {
        issuer: issuer.url().to_owned(),
        client_id: "vestibule".to_owned(),
        client_secret: Some(Secret::new("s p:a+ce")),
        scopes: vec!["openid".to_owned(), "groups".to_owned()],
        role_claim: "groups".to_owned(),
        name_claim: "sub".to_owned(),
        label: None,
        pages_url: None,
    };
    settings(&mut openid);
    let time = Arc::new(Hand(AtomicI64::new(NOW.0)));
    World { issuer, provider: Provider::new(openid), clock: time.clone(), time }
}

impl World {
    async fn come_back(&self, nonce: &str) -> Result<Named, Trouble> {
        let verifier = Secret::new("v");
        self.provider.come_back(&self.clock, ("c", BACK), (&verifier, nonce), |_| false).await
    }

    /// What is wrong once the id_token has this claim.
    async fn with(&self, name: &str, value: Value) -> Option<Trouble> {
        let before = self.issuer.answers.borrow().clone();
        self.issuer.answers.borrow_mut().claims[name] = value;
        let came = self.come_back("n").await.err();
        *self.issuer.answers.borrow_mut() = before;
        came
    }
}

#[actix_web::test]
async fn a_sign_in_has_a_state_a_nonce_and_a_challenge_and_its_code_is_redeemed_by_us() {
    let world = world(|_| {}).await;
    let begun = world.provider.begin(&world.clock, randomness().as_ref(), BACK, "st").await.unwrap();
    let to = url::Url::parse(&begun.to).unwrap();
    let sent: std::collections::BTreeMap<_, _> = to.query_pairs().into_owned().collect();
    assert_eq!(to.path(), "/authorize");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "vestibule"),
        ("redirect_uri", BACK),
        ("scope", "openid groups"),
        ("state", "st"),
        ("nonce", &begun.nonce),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    assert!(!begun.to.contains(begun.verifier.expose()));
    world.issuer.answers.borrow_mut().claims["nonce"] = json!(begun.nonce);
    let named = world.come_back(&begun.nonce).await.unwrap();
    assert_eq!((named.name.as_str(), named.values.as_slice()), ("u1", ["desk".to_owned()].as_slice()));
    let redeemed = world.issuer.server.seen().into_iter().find(|seen| seen.line() == "POST /token").unwrap();
    assert_eq!(redeemed.form("code_verifier").as_deref(), Some("v"));
    assert_eq!(redeemed.form("redirect_uri").as_deref(), Some(BACK));
    let expected = crate::outbound::oauth::basic("vestibule", "s%20p%3Aa%2Bce");
    assert_eq!(redeemed.header("authorization"), Some(expected.as_str()));
    assert_eq!(world.issuer.server.count("GET /me"), 0, "nothing was lacking");
    assert_eq!(world.issuer.server.count("GET /.well-known/openid-configuration"), 1);
}

#[actix_web::test]
async fn each_claim_of_an_id_token_that_is_wrong_is_noticed() {
    let world = world(|_| {}).await;
    world.issuer.answers.borrow_mut().claims["nonce"] = json!("n");
    assert!(world.come_back("n").await.is_ok());
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("azp", json!("another")),
        ("exp", json!(NOW_SECONDS - 61)),
        ("exp", Value::Null),
        ("nbf", json!(NOW_SECONDS + 61)),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("sub", Value::Null),
    ] {
        let trouble = world.with(name, value.clone()).await;
        assert!(matches!(trouble, Some(Trouble::NotBelieved(_))), "{name} {value}: {trouble:?}");
    }
    world.issuer.answers.borrow_mut().token = Some(json!({"access_token": "a"}));
    assert!(matches!(world.come_back("n").await, Err(Trouble::Unreadable(_))));
    let foreign = encode(
        &Header { kid: Some("ours".to_owned()), ..Header::new(Algorithm::RS256) },
        &world.issuer.answers.borrow().claims,
        &key(&THEIR_KEY),
    );
    world.issuer.answers.borrow_mut().token = Some(json!({"id_token": foreign.unwrap()}));
    assert_eq!(world.come_back("n").await, Err(Trouble::NotBelieved("the signature is wrong")));
}

#[actix_web::test]
async fn what_an_id_token_lacks_is_asked_for_and_only_of_the_same_person() {
    let world = world(|_| {}).await;
    let claims = json!({"sub": "u1", "aud": "vestibule", "exp": NOW_SECONDS + 300, "nonce": "n"});
    world.issuer.answers.borrow_mut().claims = claims;
    world.issuer.answers.borrow_mut().user_info = json!({"sub": "u1", "groups": ["night"], "nonce": "x"});
    assert_eq!(world.come_back("n").await.unwrap().values, ["night"]);
    let asked = world.issuer.server.seen().into_iter().find(|seen| seen.line() == "GET /me").unwrap();
    assert_eq!(asked.header("authorization"), Some("Bearer a"));
    world.issuer.answers.borrow_mut().user_info = json!({"sub": "u2", "groups": ["chiefs"]});
    assert_eq!(world.come_back("n").await, Err(Trouble::NotBelieved("the provider tells of somebody else")));
}

#[actix_web::test]
async fn metadata_of_another_or_over_the_open_network_are_not_taken() {
    for (metadata, fine) in [
        (json!({}), true),
        (json!({"issuer": "https://other.example"}), false),
        (json!({"token_endpoint": "http://id.example.org/token"}), false),
        (json!({"authorization_endpoint": "javascript:alert(1)"}), false),
        (json!({"jwks_uri": null}), false),
    ] {
        let world = world(|_| {}).await;
        world.issuer.answers.borrow_mut().metadata = metadata.clone();
        let probed = world.provider.probe().await;
        assert_eq!(probed.is_ok(), fine, "{metadata}: {probed:?}");
        let begun = world.provider.begin(&world.clock, randomness().as_ref(), BACK, "st").await;
        assert_eq!(begun.is_ok(), fine, "{metadata}");
    }
}

#[actix_web::test]
async fn a_secret_goes_where_the_provider_takes_it_and_a_public_client_has_none() {
    let world = world(|_| {}).await;
    let ways = json!(["client_secret_post", "none"]);
    world.issuer.answers.borrow_mut().metadata = json!({"token_endpoint_auth_methods_supported": ways});
    world.issuer.answers.borrow_mut().claims["nonce"] = json!("n");
    world.come_back("n").await.unwrap();
    let form = world.issuer.server.seen().into_iter().find(|seen| seen.line() == "POST /token").unwrap();
    assert_eq!(form.form("client_secret").as_deref(), Some("s p:a+ce"));
    assert_eq!(form.header("authorization"), None);

    let world = self::world(|openid| openid.client_secret = None).await;
    world.issuer.answers.borrow_mut().claims["nonce"] = json!("n");
    world.come_back("n").await.unwrap();
    let form = world.issuer.server.seen().into_iter().find(|seen| seen.line() == "POST /token").unwrap();
    assert_eq!((form.form("client_id").as_deref(), form.form("client_secret")), (Some("vestibule"), None));
}

#[actix_web::test]
async fn what_is_known_of_a_provider_is_used_on_while_it_is_away() {
    let World { issuer, provider, clock, time } = world(|_| {}).await;
    let out = provider.sign_out_url(&clock, "http://127.0.0.1:1/sign-in").await.unwrap();
    assert!(
        out.ends_with(
            "/end?client_id=vestibule&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fsign-in"
        )
    );
    issuer.answers.borrow_mut().down = true;
    time.0.fetch_add(2 * 3_600_000, Ordering::SeqCst);
    assert!(provider.begin(&clock, randomness().as_ref(), BACK, "st").await.is_ok());
    time.0.fetch_add(24 * 3_600_000, Ordering::SeqCst);
    let begun = provider.begin(&clock, randomness().as_ref(), BACK, "st").await;
    assert_eq!(begun.err(), Some(Trouble::Unavailable));
}
