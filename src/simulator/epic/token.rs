//! The token endpoint: codes for launches, assertions for backend services.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::super::config::ClientProof;
use super::FakeEpic;
use super::faults::IdTokenFault;
use super::keys::SigningKey;
use super::state::{Grant, put_context};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An id_token lives five minutes.
const ID_TOKEN_SECONDS: i64 = 300;

/// A token request, its body read as a form.
pub(super) struct TokenRequest {
    pub authorization: Option<String>,
    pub form: Vec<(String, String)>,
}

impl TokenRequest {
    fn ask(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An OAuth error code; Epic never says more.
pub(super) type Refused = &'static str;

impl FakeEpic {
    pub(super) async fn token(&self, request: &TokenRequest, http: &awc::Client) -> Result<Value, Refused> {
        match request.ask("grant_type") {
            Some("authorization_code") => {
                self.count("token.authorization_code");
                self.check_client(request, http).await?;
                self.redeem(request)
            }
            Some("client_credentials") => {
                self.count("token.client_credentials");
                self.check_assertion_of(request, http).await?;
                let now = self.now();
                let scope = self.backend_scope(request.ask("scope").unwrap_or_default());
                let (token, life) =
                    self.with(|state| (state.make_token(now, true, &scope), state.token_life));
                self.count("token.issued");
                Ok(json!({"access_token": token, "token_type": "bearer", "expires_in": life, "scope": scope}))
            }
            _ => Err("unsupported_grant_type"),
        }
    }

    async fn check_assertion_of(&self, request: &TokenRequest, http: &awc::Client) -> Result<(), Refused> {
        if request.ask("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err("invalid_client");
        }
        let assertion = request.ask("client_assertion").ok_or("invalid_client")?;
        self.check_assertion(assertion, http).await.map_err(|why| {
            tracing::debug!(%why, "the fake Epic refuses an assertion");
            "invalid_client"
        })
    }

    async fn check_client(&self, request: &TokenRequest, http: &awc::Client) -> Result<(), Refused> {
        let me = self.site().client_id.as_str();
        match &self.site().proof {
            ClientProof::Secret(secret) => {
                let given = request.authorization.as_deref().and_then(basic).ok_or("invalid_client")?;
                // Epic's text asks for URL encoding in Basic, others report success only without: both are taken.
                let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
                let fits = |given: &str, held: &str| given == held || plain(given) == held;
                if request.ask("client_id").is_some_and(|id| id != me)
                    || !fits(&given.0, me)
                    || !fits(&given.1, secret)
                {
                    return Err("invalid_client");
                }
                Ok(())
            }
            ClientProof::PrivateKey => self.check_assertion_of(request, http).await,
            ClientProof::Public if request.ask("client_id") == Some(me) => Ok(()),
            ClientProof::Public => Err("invalid_client"),
        }
    }

    fn redeem(&self, request: &TokenRequest) -> Result<Value, Refused> {
        let code = request.ask("code").ok_or("invalid_request")?;
        let now = self.now();
        // A code is taken by the first who shows it, right or wrong.
        let grant = self.with(|state| state.codes.remove(code)).filter(|grant| grant.expires_at > now);
        let grant = grant.ok_or("invalid_grant")?;
        if request.ask("redirect_uri") != Some(grant.redirect_uri.as_str()) {
            return Err("invalid_grant");
        }
        let verifier =
            request.ask("code_verifier").filter(|text| is_verifier(text)).ok_or("invalid_grant")?;
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        if URL_SAFE_NO_PAD.encode(hash.as_ref()) != grant.challenge {
            return Err("invalid_grant");
        }
        self.answer(&grant).ok_or("invalid_grant")
    }

    fn answer(&self, grant: &Grant) -> Option<Value> {
        let now = self.now();
        let launch = &grant.launch;
        let (visit, token, life, fault) = self.with(|state| {
            let visit = state.day.iter().find(|visit| visit.csn == launch.csn).cloned();
            (visit, state.make_token(now, false, &grant.scope), state.token_life, state.id_token_fault)
        });
        let visit = visit?;
        let (person, _) = visit.person(&launch.external_id)?;
        self.count("token.issued");
        let patient = launch.options.patient.clone().unwrap_or_else(|| visit.patient.fhir_id.clone());
        let mut answer = Map::new();
        let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
        put("access_token", json!(token));
        put("token_type", json!("bearer"));
        put("expires_in", json!(life));
        put("scope", json!(grant.scope));
        put("patient", json!(patient));
        put("encounter", json!(visit.encounter_id));
        put("appointment", json!(visit.appointment_id));
        put("need_patient_banner", json!("true"));
        put("smart_style_url", json!(format!("{}/api/epic/2016/EDI/HTTP/style/100", self.site().base)));
        if launch.resource() == "Practitioner" {
            put("loginDepartment", json!(visit.department_id));
        }
        if grant.scope.split(' ').any(|word| word == "openid")
            && let Some(token) = self.id_token(grant, &person.fhir_id, fault)
        {
            put("id_token", json!(token));
        }
        answer.retain(|name, _| !launch.options.without.contains(name));
        put_context(&mut answer, launch.context(&visit, person));
        tracing::trace!(kind = launch.kind.segment(), "the fake Epic answers a launch");
        Some(Value::Object(answer))
    }

    fn id_token(&self, grant: &Grant, subject: &str, fault: Option<IdTokenFault>) -> Option<String> {
        let mut now = self.now().div_euclid(1000);
        if fault == Some(IdTokenFault::Expired) {
            now -= 3600;
        }
        let wrong = |this: IdTokenFault, bad: &str, good: String| {
            if fault == Some(this) { bad.to_owned() } else { good }
        };
        let mut claims = json!({
            "iss": wrong(IdTokenFault::WrongIssuer, "https://another-epic.example/oauth2", self.site().oauth_base()),
            "sub": subject,
            "aud": wrong(IdTokenFault::WrongAudience, "another-client", self.site().client_id.clone()),
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
        });
        let fields = claims.as_object_mut()?;
        if grant.scope.split(' ').any(|word| word == "fhirUser") {
            let user = format!("{}/{}/{subject}", self.site().fhir_base(), grant.launch.resource());
            fields.insert("fhirUser".to_owned(), json!(user));
        }
        if let Some(nonce) = &grant.nonce {
            let nonce = wrong(IdTokenFault::WrongNonce, "a-nonce-of-somebody-else", nonce.clone());
            fields.insert("nonce".to_owned(), json!(nonce));
        }
        self.with_keys(|ring| {
            let kid = ring.newest()?.kid.clone();
            match fault {
                Some(IdTokenFault::Missing) => None,
                Some(IdTokenFault::WrongKey) => ring.stranger()?.sign_as(&kid, &claims),
                Some(IdTokenFault::UnknownKey) => ring.stranger()?.sign(&claims),
                Some(IdTokenFault::Unsigned) => Some(unsigned(&claims)),
                _ => ring.newest().and_then(|key: &SigningKey| key.sign(&claims)),
            }
        })
    }
}

/// RFC 7636: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    let unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    (43..=128).contains(&text.len()) && text.chars().all(unreserved)
}

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
}

/// User and password of a Basic header.
pub(super) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    let plain = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (name, secret) = plain.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (name.to_owned(), secret.to_owned()))
}
