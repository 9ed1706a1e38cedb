//! Tokens that somebody else signs: what is believed of them, what is not, and what they let programs and people do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use vestibule::epic::{KeyBits, fresh_private_key};

use super::house::{Answer, House, read};

const ISSUER: &str = "https://id.example.org/";
const AUDIENCE: &str = "vestibule";

/// A key of an issuer, and how it is published.
struct Key {
    algorithm: Algorithm,
    private: EncodingKey,
    kid: &'static str,
}

static RSA: LazyLock<Key> = LazyLock::new(|| rsa("rsa"));
static OTHER_RSA: LazyLock<Key> = LazyLock::new(|| rsa("rsa"));
static LATER: LazyLock<Key> = LazyLock::new(|| rsa("later"));
static CURVE: LazyLock<Key> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let private = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    Key { algorithm: Algorithm::ES256, private, kid: "curve" }
});

fn rsa(kid: &'static str) -> Key {
    let pem = fresh_private_key(KeyBits::Bits2048).unwrap();
    let private = EncodingKey::from_rsa_pem(pem.expose().as_bytes()).unwrap();
    Key { algorithm: Algorithm::RS256, private, kid }
}

impl Key {
    fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.private, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&Header { kid: Some(self.kid.to_owned()), ..Header::new(self.algorithm) }, claims)
    }

    fn sign_as(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.private).unwrap()
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "nightly-report", "exp": now() + 600, "iat": now(),
        "scope": "reports lakeside-read"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// What an issuer publishes, and how often it was asked.
#[derive(Clone)]
struct Published {
    keys: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

impl Published {
    /// On loopback, for as long as the test runs; its address comes with it.
    fn start(keys: &[&Key]) -> (Self, String) {
        let set = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
        let published = Self { keys: Arc::new(Mutex::new(set)), asked: Arc::default() };
        let shared = published.clone();
        let server = HttpServer::new(move || {
            let shared = shared.clone();
            let answer = move || {
                let shared = shared.clone();
                async move {
                    shared.asked.fetch_add(1, Ordering::SeqCst);
                    HttpResponse::Ok().json(&*shared.keys.lock().unwrap())
                }
            };
            App::new().route("/keys", web::get().to(answer))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        (published, url)
    }
}

fn settings(keys_url: &str, more: &str) -> String {
    format!(
        "[access]\nmode = \"jwt\"\njwt = {{ issuer = \"{ISSUER}\", audience = \"{AUDIENCE}\", jwks_url = \"{keys_url}\" }}\n{more}"
    )
}

async fn visits(house: &House, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    house.get_with("/api/v1/visits", &[("authorization", &bearer)]).await
}

/// A peer that tries many wrong ones is slowed, so that each house sees but a few.
async fn refused(url: &str, tokens: &[(&str, String)]) {
    for some in tokens.chunks(9) {
        let house = House::with(&settings(url, "")).await;
        for (what, token) in some {
            let answer = visits(&house, token).await;
            assert_eq!(answer.status, 401, "{what}: {}", answer.text());
            assert!(!answer.text().contains(token.as_str()) || token.is_empty(), "{what}");
        }
        assert_eq!(visits(&house, &RSA.sign(&claims())).await.status, 200, "a good one, among those");
        house.close().await;
    }
}

#[actix_web::test]
async fn a_token_that_is_signed_for_us_and_for_now_is_believed() {
    let (_, url) = Published::start(&[&RSA, &CURVE]);
    let house = House::with(&settings(&url, "")).await;
    for (what, token) in [
        ("RS256", RSA.sign(&claims())),
        ("ES256", CURVE.sign(&claims())),
        ("one of several audiences", RSA.sign(&with("aud", json!(["another", AUDIENCE])))),
        ("a clock that is a little apart", RSA.sign(&with("exp", json!(now() - 30)))),
        ("valid from a moment that is about to come", RSA.sign(&with("nbf", json!(now() + 30)))),
    ] {
        assert_eq!(visits(&house, &token).await.status, 200, "{what}");
    }
    // Without a role claim whoever has a token for this audience may do everything.
    let bearer = format!("Bearer {}", RSA.sign(&claims()));
    assert_eq!(house.get_with("/metrics", &[("authorization", &bearer)]).await.status, 200);
    assert_eq!(house.get("/metrics").await.status, 401);
    house.close().await;
}

#[actix_web::test]
async fn a_token_of_another_or_for_another_time_or_place_is_not_believed() {
    let (_, url) = Published::start(&[&RSA, &CURVE]);
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        RSA.sign(&claims)
    };
    refused(
        &url,
        &[
            ("another issuer", RSA.sign(&with("iss", json!("https://id.example.org")))),
            ("no issuer", without("iss")),
            ("an issuer that is a list", RSA.sign(&with("iss", json!([ISSUER])))),
            ("another audience", RSA.sign(&with("aud", json!("another")))),
            ("other audiences", RSA.sign(&with("aud", json!(["one", "another"])))),
            ("no audience", without("aud")),
            ("an end that is past", RSA.sign(&with("exp", json!(now() - 120)))),
            ("no end", without("exp")),
            ("an end that is no time", RSA.sign(&with("exp", json!("2099-01-01")))),
            ("not valid yet", RSA.sign(&with("nbf", json!(now() + 120)))),
            ("issued tomorrow", RSA.sign(&with("iat", json!(now() + 86_400)))),
            ("nobody's", without("sub")),
            ("somebody whose name breaks lines", RSA.sign(&with("sub", json!("a\nb")))),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_token_that_is_not_signed_as_it_should_be_is_not_believed() {
    let (_, url) = Published::start(&[&RSA, &CURVE]);
    let good = RSA.sign(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let head = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
    let header = |algorithm| Header { kid: Some("rsa".to_owned()), ..Header::new(algorithm) };
    let public = RSA.jwk()["n"].as_str().unwrap().to_owned();
    let shared = EncodingKey::from_secret(public.as_bytes());
    let more = URL_SAFE_NO_PAD.encode(with("aud", json!([AUDIENCE, "more"])).to_string());
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..header(Algorithm::RS256) };
    refused(
        &url,
        &[
            ("no signature at all", format!("{}.{}.", head(json!({"alg": "none", "kid": "rsa"})), parts[1])),
            (
                "none in other letters",
                format!("{}.{}.", head(json!({"alg": "NoNe", "kid": "rsa"})), parts[1]),
            ),
            (
                "a secret made of the public key",
                encode(&header(Algorithm::HS256), &claims(), &shared).unwrap(),
            ),
            ("another's key under the same name", OTHER_RSA.sign(&claims())),
            ("a key that is not published", LATER.sign(&claims())),
            ("another algorithm than the set names", RSA.sign_as(&header(Algorithm::RS512), &claims())),
            (
                "the name of a key of another kind",
                RSA.sign_as(
                    &Header { kid: Some("curve".to_owned()), ..Header::new(Algorithm::RS256) },
                    &claims(),
                ),
            ),
            ("a header that has to be understood", RSA.sign_as(&critical, &claims())),
            ("other claims under the signature", format!("{}.{more}.{}", parts[0], parts[2])),
            ("a cut signature", good[..good.len() - 8].to_owned()),
            ("two parts", format!("{}.{}", parts[0], parts[1])),
            ("five parts", format!("{good}.a.b")),
            ("nothing", String::new()),
            ("a text", "correct-horse-battery-staple".to_owned()),
            ("one that is far too long", "x".repeat(17 * 1024)),
        ],
    )
    .await;
}

#[actix_web::test]
async fn keys_are_fetched_once_and_again_only_for_a_name_that_is_not_known() {
    let (published, url) = Published::start(&[&RSA]);
    let house = House::with(&settings(&url, "")).await;
    for _ in 0..5 {
        assert_eq!(visits(&house, &RSA.sign(&claims())).await.status, 200);
    }
    assert_eq!(published.asked.load(Ordering::SeqCst), 1);
    *published.keys.lock().unwrap() = json!({"keys": [RSA.jwk(), LATER.jwk()]});
    assert_eq!(visits(&house, &LATER.sign(&claims())).await.status, 200, "a new key is noticed at once");
    for n in 0..8 {
        let invented = Header { kid: Some(format!("invented-{n}")), ..Header::new(Algorithm::RS256) };
        assert_eq!(visits(&house, &RSA.sign_as(&invented, &claims())).await.status, 401);
    }
    assert_eq!(
        published.asked.load(Ordering::SeqCst),
        2,
        "invented names do not make us ask again and again"
    );
    house.check().await.1.passes("sign-in: keys of access.jwt", "answers, with 2 keys");
    house.close().await;

    let house = House::with(&settings("http://127.0.0.1:1/keys", "")).await;
    let nobody = visits(&house, &RSA.sign(&claims())).await;
    assert_eq!((nobody.status, nobody.header("retry-after")), (503, "2"), "that is not the caller's fault");
    assert!(!nobody.text().contains("127.0.0.1"), "{}", nobody.text());
    let (status, report) = house.check().await;
    report.fails("sign-in: keys of access.jwt", "does not answer");
    assert_eq!(status, 69);
    house.close().await;
}

#[actix_web::test]
async fn a_scope_gives_the_role_that_the_settings_say_and_no_other() {
    let (_, url) = Published::start(&[&RSA]);
    let grants = "role_claim = \"scope\"\n\
        [access.grant.reports]\nclaim = [\"lakeside-read\"]\nrole = \"viewer\"\norganizations = [\"lakeside\"]\n\
        [access.grant.program]\ntoken = \"a-token-of-the-settings\"\nrole = \"administrator\"\norganizations = [\"*\"]\n";
    let jwt = format!(
        "[access]\nmode = \"jwt\"\n[access.jwt]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks_url = \"{url}\"\n{grants}"
    );
    let (house, other) = House::beside_another(&jwt).await;
    let reader = RSA.sign(&claims());
    let get = async |token: &str, path: &str| {
        let bearer = format!("Bearer {token}");
        house.get_with(path, &[("authorization", &bearer)]).await
    };
    assert_eq!(get(&reader, "/api/v1/visits?organization=lakeside").await.status, 200);
    assert_eq!(get(&reader, "/admin/lakeside/fdi").await.status, 403);
    let foreign = get(&reader, "/api/v1/visits/hillside/10001").await;
    assert_eq!(foreign.status, 404);
    assert_eq!(foreign.json()["type"], get(&reader, "/api/v1/visits/nowhere/10001").await.json()["type"]);
    for stranger in
        [with("scope", json!("reports")), with("scope", Value::Null), with("scope", json!("lakeside-readX"))]
    {
        let answer = get(&RSA.sign(&stranger), "/api/v1/visits").await;
        assert_eq!(
            (answer.status, answer.json()["type"].clone()),
            (403, json!("urn:vestibule:problem:no-role"))
        );
    }
    assert_eq!(get("a-token-of-the-settings", "/api/v1/visits").await.status, 401, "only what is signed");
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn a_person_who_brings_such_a_token_is_signed_in_for_no_longer_than_it_is_good() {
    let (_, url) = Published::start(&[&RSA]);
    let house = House::with(&settings(&url, "")).await;
    let form = async |token: &str| {
        let request = house.http.post(format!("{}/sign-in", house.url));
        read(request.send_form(&[("token", token), ("next", "/ops")]).await).await
    };
    let signed_in = form(&RSA.sign(&with("exp", json!(now() + 120)))).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/ops"));
    let set = signed_in.header("set-cookie");
    let life: i64 = set.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!((100..=120).contains(&life), "{set}");
    let cookie = set.split(';').next().unwrap();
    assert_eq!(house.get_with("/ops", &[("cookie", cookie)]).await.status, 200);
    let wrong = form(&OTHER_RSA.sign(&claims())).await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    house.close().await;
}
