//! Asking an authorization server for a token: the part that Epic and Zoom have in common.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;
use vestibule_domain::time::{Moment, Span};

use super::client::{HttpClient, NoAnswer, Request, Response};
use super::other_clock::OtherClock;
use super::{Fresh, lenient, retry_after};
use crate::settings::Secret;
use awc::http::Method;

/// A token is renewed this long before it runs out.
const RENEW_BEFORE: Span = Span::seconds(60);
/// Where the server does not say how long a token lives.
const DEFAULT_LIFE: Span = Span::minutes(5);
/// A token is never held longer, whatever the server says.
const LONGEST_LIFE: Span = Span::hours(24);
/// Longer tokens than this are not accepted: no header could carry them.
const LONGEST_TOKEN: usize = 16 * 1024;

/// An access token.
#[derive(Debug)]
pub struct Bearer {
    token: Secret,
    /// What it may be used for, where the server says so.
    scopes: Option<Vec<String>>,
}

impl Bearer {
    /// A token that was fetched before and kept.
    #[must_use]
    pub fn kept(token: Secret, scopes: Option<Vec<String>>) -> Self {
        Self { token, scopes }
    }

    /// The token itself, to be kept.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// What it may be used for; `None` where the server did not say.
    #[must_use]
    pub fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }

    /// The value of the `Authorization` header.
    #[must_use]
    pub fn header(&self) -> String {
        format!("Bearer {}", self.token.expose())
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFailure {
    /// No answer, or one that nobody can read.
    #[error("the token endpoint does not answer")]
    Unavailable,
    /// It asks to wait.
    #[error("the token endpoint asks to wait")]
    Busy {
        /// For how long, where it says so.
        retry_after: Option<Span>,
    },
    /// It does not take our credentials.
    #[error("the token endpoint refuses us with status {status} ({})", error.as_deref().unwrap_or("no code"))]
    Refused {
        status: u16,
        /// The OAuth error code; never a text.
        error: Option<String>,
    },
}

/// The value of a Basic `Authorization` header.
#[must_use]
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Posts a form to a token endpoint at `now`, by our clock, and reads the answer; its time is compared with ours.
///
/// # Errors
/// [`TokenFailure`] for anything but a 2xx with a JSON object.
pub async fn post_form(
    http: &HttpClient,
    url: &str,
    authorization: Option<String>,
    form: &[(&str, &str)],
    deadline: Instant,
    (now, theirs): (Moment, &OtherClock),
) -> Result<Value, TokenFailure> {
    let request = form_request(url, authorization, form, deadline);
    read_answer(theirs.compared(now, http.send(request)).await, now)
}

/// What [`post_form`] sends.
pub fn form_request<'a>(
    url: &'a str,
    authorization: Option<String>,
    form: &[(&str, &str)],
    deadline: Instant,
) -> Request<'a> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    Request {
        method: Method::POST,
        url,
        headers: authorization.map(|value| ("authorization", value)).into_iter().collect(),
        body: Some(("application/x-www-form-urlencoded", Bytes::from(body))),
        deadline,
    }
}

/// Reads what came at `now`.
///
/// # Errors
/// [`TokenFailure`] for anything but a 2xx with a JSON object.
pub fn read_answer(answer: Result<Response, NoAnswer>, now: Moment) -> Result<Value, TokenFailure> {
    let response = match answer {
        Ok(response) => response,
        Err(NoAnswer::NotSent | NoAnswer::InDoubt) => return Err(TokenFailure::Unavailable),
    };
    let (status, body) = (response.status, response.json());
    if status.is_success() {
        return body.filter(Value::is_object).ok_or(TokenFailure::Unavailable);
    }
    if status.as_u16() == 429 {
        let wait = response.header("retry-after").and_then(|value| retry_after::parse(value, now));
        return Err(TokenFailure::Busy { retry_after: wait });
    }
    if status.is_server_error() || status.as_u16() == 408 {
        return Err(TokenFailure::Unavailable);
    }
    let error = body.as_ref().and_then(error_code);
    Err(TokenFailure::Refused { status: status.as_u16(), error })
}

/// The `error` of an OAuth answer, if it is a code and not a text.
#[must_use]
pub fn error_code(body: &Value) -> Option<String> {
    let code = lenient::text(body, "error")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (code.len() <= 64 && code.bytes().all(plain)).then(|| code.to_owned())
}

/// Reads `access_token` and `expires_in`.
///
/// # Errors
/// [`TokenFailure::Unavailable`] where there is no token that a header can carry.
pub fn bearer(body: &Value) -> Result<Fresh<Bearer>, TokenFailure> {
    let token = token(body, "access_token").ok_or(TokenFailure::Unavailable)?;
    let life = lenient::integer(body, "expires_in").map_or(DEFAULT_LIFE, Span::seconds);
    let life = life.clamp(Span::seconds(1), LONGEST_LIFE);
    // A token that lives shorter than the margin is renewed at half its life.
    let renew_after = Span((life.0 - RENEW_BEFORE.0).max(life.0 / 2));
    let scopes = lenient::text(body, "scope").map(|all| all.split_whitespace().map(str::to_owned).collect());
    Ok(Fresh { value: Bearer { token: Secret::new(token), scopes }, renew_after, usable_for: life })
}

/// The `refresh_token` of an answer, where there is one.
#[must_use]
pub fn refresh_token(body: &Value) -> Option<Secret> {
    token(body, "refresh_token").map(Secret::new)
}

fn token<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    lenient::text(body, field)
        .filter(|token| token.len() <= LONGEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_renewed_before_it_runs_out() {
        let fresh = bearer(&json!({"access_token": "t", "expires_in": 3600})).unwrap();
        assert_eq!((fresh.renew_after, fresh.usable_for), (Span::seconds(3540), Span::seconds(3600)));
        assert_eq!(fresh.value.header(), "Bearer t");
        assert!(!format!("{fresh:?}").contains("\"t\"") && fresh.value.scopes().is_none());
        let scoped = bearer(&json!({"access_token": "t", "scope": "a:b  c"})).unwrap();
        assert_eq!(scoped.value.scopes(), Some(["a:b".to_owned(), "c".to_owned()].as_slice()));
        let short = bearer(&json!({"access_token": "t", "expires_in": "30"})).unwrap();
        assert_eq!(short.renew_after, Span::seconds(15));
        let silent = bearer(&json!({"access_token": "t"})).unwrap();
        assert_eq!(silent.usable_for, DEFAULT_LIFE);
        for bad in [json!({}), json!({"access_token": ""}), json!({"access_token": "a b"}), json!([1])] {
            assert!(bearer(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_codes_are_kept_of_an_error() {
        assert_eq!(error_code(&json!({"error": "invalid_client"})).as_deref(), Some("invalid_client"));
        assert_eq!(error_code(&json!({"error": "Patient Ada is unknown"})), None);
        assert_eq!(error_code(&json!({"error": 5})), None);
    }
}
