//! Server-to-server OAuth, and the check of the endpoint's answer to a challenge.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::Answer;
use super::desk::Desk;

/// What a token request brings: parameters from the form body or the query, both are taken.
pub(super) struct TokenRequest {
    pub authorization: Option<String>,
    pub parameters: Vec<(String, String)>,
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
        match ask("grant_type") {
            Some("account_credentials") => {}
            Some(_) => return refused(400, "unsupported grant type", "unsupported_grant_type"),
            None => return refused(400, "Missing grant type", "invalid_request"),
        }
        if ask("account_id") != Some(self.fixed.account_id.as_str()) {
            return refused(400, "Bad Request", "invalid_request");
        }
        let (token, life) = self.make_access_token();
        *self.state.counts.entry("oauth.token.issued".to_owned()).or_default() += 1;
        let api_url = self.fixed.public_base.clone();
        Answer::ok(json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": life,
            "scope": self.state.account.scopes.join(" "),
            "api_url": api_url,
        }))
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
