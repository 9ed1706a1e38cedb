//! An issuer on loopback that answers whatever a test wants. What a real provider does is in `tests/browser/openid.test.mjs`.

use std::cell::RefCell;
use std::rc::Rc;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::epic::testing::{NOW, OUR_KEY};
use crate::outbound::testing::{Reply, Server};

pub const NOW_SECONDS: i64 = NOW.0 / 1000;

pub fn key(pem: &str) -> EncodingKey {
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

/// What it answers.
#[derive(Clone)]
pub struct Answers {
    /// Laid over its metadata.
    pub metadata: Value,
    /// Of the id_token; `iss` is its own where there is none.
    pub claims: Value,
    /// In place of the answer that those claims make.
    pub token: Option<Value>,
    pub user_info: Value,
    pub down: bool,
}

pub struct Issuer {
    pub server: Server,
    pub answers: Rc<RefCell<Answers>>,
}

impl Issuer {
    pub async fn start() -> Self {
        let claims = json!({"sub": "u1", "aud": "vestibule", "exp": NOW_SECONDS + 300, "iat": NOW_SECONDS, "groups": ["desk"]});
        let user_info = json!({"sub": "u1"});
        let answers = Answers { metadata: json!({}), claims, token: None, user_info, down: false };
        let answers = Rc::new(RefCell::new(answers));
        let told = Rc::clone(&answers);
        let server = Server::start(move |seen| {
            let base = format!("http://{}", seen.header("host").unwrap_or_default());
            answer(&seen.line(), &base, told.borrow().clone())
        })
        .await;
        Self { server, answers }
    }

    pub fn url(&self) -> &str {
        &self.server.base
    }
}

fn answer(line: &str, base: &str, answers: Answers) -> Reply {
    match line {
        _ if answers.down => Reply::Json(503, json!({})),
        "GET /.well-known/openid-configuration" => {
            let mut metadata = json!({"issuer": base, "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
                "userinfo_endpoint": format!("{base}/me"), "end_session_endpoint": format!("{base}/end")});
            for (name, value) in answers.metadata.as_object().unwrap() {
                metadata[name] = value.clone();
            }
            Reply::Json(200, metadata)
        }
        "GET /keys" => {
            let jwk = Jwk::from_encoding_key(&key(&OUR_KEY), Algorithm::RS256).unwrap();
            let mut jwk = serde_json::to_value(jwk).unwrap();
            jwk["kid"] = json!("ours");
            Reply::Json(200, json!({"keys": [jwk]}))
        }
        "GET /me" => Reply::Json(200, answers.user_info),
        "POST /token" => {
            let mut claims = answers.claims;
            if claims.get("iss").is_none() {
                claims["iss"] = json!(base);
            }
            let header = Header { kid: Some("ours".to_owned()), ..Header::new(Algorithm::RS256) };
            let id_token = encode(&header, &claims, &key(&OUR_KEY)).unwrap();
            let signed = json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
            Reply::Json(200, answers.token.unwrap_or(signed))
        }
        other => panic!("{other}"),
    }
}
