//! OAuth for both kinds of app, and the check of the endpoint's answer to a challenge.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::outbound::encode::with_query;

use super::super::clock::millis;
use super::account::ZoomApp;
use super::answer::Answer;
use super::desk::{Code, Desk};

/// Zoom's lives of a code and of a refresh token.
const CODE_LIFE: Duration = Duration::from_secs(300);
const REFRESH_LIFE: Duration = Duration::from_secs(90 * 86_400);

/// What a token request brings: parameters from the form body or the query, both are taken.
pub(super) struct TokenRequest {
    pub authorization: Option<String>,
    pub parameters: Vec<(String, String)>,
}

/// What the browser brings to the consent page.
#[derive(Debug, Default)]
pub(super) struct ConsentRequest {
    pub response_type: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub state: String,
}

impl ConsentRequest {
    pub fn read(pairs: &[(String, String)]) -> Self {
        let value = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self {
            response_type: value("response_type"),
            client_id: value("client_id"),
            redirect_uri: value("redirect_uri"),
            state: value("state"),
        }
    }
}

fn refused(status: u16, reason: &str, error: &str) -> Answer {
    Answer { status, body: Some(json!({"reason": reason, "error": error})), headers: Vec::new() }
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (name, secret) = plain.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

impl Desk<'_> {
    pub(super) fn issue_token(&mut self, request: &TokenRequest) -> Answer {
        let credentials = request.authorization.as_deref().and_then(basic);
        let Some((client_id, secret)) = credentials else {
            return refused(400, "Missing client credentials", "invalid_request");
        };
        if client_id != self.fixed.client_id || secret != self.fixed.client_secret {
            return refused(400, "Invalid client_id or client_secret", "invalid_client");
        }
        if self.state.account.app_disabled {
            return refused(400, "The app has been disabled", "invalid_client");
        }
        let ask = |name: &str| {
            request.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
        };
        let refresh = match (ask("grant_type"), &self.fixed.app) {
            (Some("account_credentials"), ZoomApp::ServerToServer) => {
                if ask("account_id") != Some(self.fixed.account_id.as_str()) {
                    return refused(400, "Bad Request", "invalid_request");
                }
                None
            }
            (Some("authorization_code"), ZoomApp::AdminManaged { .. }) => {
                match self.redeem(ask("code"), ask("redirect_uri")) {
                    Ok(refresh) => Some(refresh),
                    Err(answer) => return answer,
                }
            }
            (Some("refresh_token"), ZoomApp::AdminManaged { .. }) => {
                match self.rotate(ask("refresh_token")) {
                    Ok(refresh) => Some(refresh),
                    Err(answer) => return answer,
                }
            }
            (Some(_), _) => return refused(400, "unsupported grant type", "unsupported_grant_type"),
            (None, _) => return refused(400, "Missing grant type", "invalid_request"),
        };
        let (token, life) = self.make_access_token();
        *self.state.counts.entry("oauth.token.issued".to_owned()).or_default() += 1;
        let api_url = self.fixed.public_base.clone();
        let mut body = json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": life,
            "scope": self.state.account.scopes.join(" "),
            "api_url": api_url,
        });
        if let (Some(refresh), Some(fields)) = (refresh, body.as_object_mut()) {
            fields.insert("refresh_token".to_owned(), refresh.into());
        }
        Answer::ok(body)
    }

    /// The administrator agrees: where the browser goes back to, or what the page says.
    pub(super) fn consent(&mut self, asked: &ConsentRequest) -> Result<String, &'static str> {
        let back = self.consent_address(asked)?.to_owned();
        let code = self.state.chance.token(24);
        self.give_out(&code);
        let expires_at = self.now + self.clock.scaled_millis(CODE_LIFE);
        let now = self.now;
        self.state.codes.retain(|_, code| code.expires_at > now);
        self.state.codes.insert(code.clone(), Code { redirect_uri: back.clone(), expires_at });
        Ok(with_query(&back, &[("code", &code), ("state", &asked.state)]))
    }

    /// The administrator declines.
    pub(super) fn decline(&self, asked: &ConsentRequest) -> Result<String, &'static str> {
        let back = self.consent_address(asked)?;
        Ok(with_query(back, &[("error", "access_denied"), ("state", &asked.state)]))
    }

    /// What the consent page checks before it asks anybody.
    pub(super) fn consent_address(&self, asked: &ConsentRequest) -> Result<&str, &'static str> {
        let ZoomApp::AdminManaged { redirect_uri } = &self.fixed.app else {
            return Err("This app cannot be added: it belongs to its account. (4700)");
        };
        if asked.client_id != self.fixed.client_id {
            return Err("Invalid client_id. (4702)");
        }
        if asked.response_type != "code" {
            return Err("response_type must be code. (4700)");
        }
        if asked.redirect_uri != *redirect_uri {
            return Err("Invalid redirect url. (4709)");
        }
        Ok(redirect_uri)
    }

    fn redeem(&mut self, code: Option<&str>, redirect_uri: Option<&str>) -> Result<String, Answer> {
        let code = code.unwrap_or_default();
        let found = self.state.codes.remove(code).filter(|found| found.expires_at > self.now);
        let Some(found) = found else {
            return Err(refused(400, &format!("Invalid authorization code {code}"), "invalid_grant"));
        };
        if redirect_uri != Some(found.redirect_uri.as_str()) {
            return Err(refused(400, "Redirect URI mismatch.", "invalid_request"));
        }
        // Zoom keeps one authorization for each account and app; others have seen their older refresh token refused after a new one.
        if self.state.account.consenting_account.is_none() {
            self.state.refresh_tokens.clear();
        }
        Ok(self.make_refresh_token())
    }

    fn rotate(&mut self, token: Option<&str>) -> Result<String, Answer> {
        let found = self.state.refresh_tokens.remove(token.unwrap_or_default());
        if found.is_none_or(|until| until <= self.now) {
            return Err(refused(400, "Invalid Token!", "invalid_grant"));
        }
        *self.state.counts.entry("oauth.token.rotated".to_owned()).or_default() += 1;
        Ok(self.make_refresh_token())
    }

    fn make_refresh_token(&mut self) -> String {
        let token = self.state.chance.token(48);
        let until = self.now + millis(REFRESH_LIFE);
        self.state.refresh_tokens.insert(token.clone(), until);
        self.give_out(&token);
        token
    }

    /// The bearer's scopes, or why the token is not taken.
    pub(super) fn check_token(&self, authorization: Option<&str>) -> Result<&[String], Answer> {
        let bearer = authorization
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = bearer else {
            return Err(Answer::error(401, 124, "This API only supports OAuth2 authorization."));
        };
        let Some(token) = self.state.tokens.get(token.trim()) else {
            return Err(Answer::error(401, 124, "Invalid access token."));
        };
        if token.revoked || self.state.account.app_disabled {
            return Err(Answer::error(401, 124, "Invalid access token."));
        }
        if token.expires_at <= self.now {
            return Err(Answer::error(401, 124, "Access token is expired."));
        }
        Ok(&token.scopes)
    }

    /// Any one of the scopes is enough.
    pub(super) fn check_scope(held: &[String], wanted: &[&str]) -> Result<(), Answer> {
        if wanted.iter().any(|scope| held.iter().any(|have| have == scope)) {
            return Ok(());
        }
        let list = wanted.join(", ");
        Err(Answer::error(400, 4711, format!("Invalid access token, does not contain scopes:[{list}].")))
    }
}

/// Whether `body` is the right answer to a challenge, which is the body that was sent.
pub(super) fn answers_challenge(secret: &str, challenge: &str, body: &[u8]) -> bool {
    let challenge: Value = serde_json::from_str(challenge).unwrap_or_default();
    let plain = challenge.pointer("/payload/plainToken").and_then(Value::as_str);
    plain.is_some_and(|plain| answers(secret, plain, body))
}

fn answers(secret: &str, plain: &str, body: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let expected = hex::encode(hmac::sign(&key, plain.as_bytes()).as_ref());
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return false };
    let text = |name: &str| {
        answer.get(name).and_then(Value::as_str)
            == Some(match name {
                "plainToken" => plain,
                _ => expected.as_str(),
            })
    };
    text("plainToken") && text("encryptedToken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_checked_against_the_published_scheme() {
        let (secret, plain) = ("zoom-test-secret", "qgg8vlvZRS6UYooatFL8Aw");
        let right = r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"ae7c940e5051b2a17c1c49f4818fff9a88e210f5d820ff3c862635e27c93a4d9"}"#;
        let challenge = |plain: &str| format!(r#"{{"payload":{{"plainToken":"{plain}"}}}}"#);
        assert!(answers_challenge(secret, &challenge(plain), right.as_bytes()));
        assert!(!answers_challenge(secret, &challenge("other"), right.as_bytes()));
        assert!(!answers_challenge(secret, &challenge(plain), b"{}"));
    }
}
