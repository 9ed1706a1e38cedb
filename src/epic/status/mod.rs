//! The status service of 2018: one GET that sets one person's connection status, and what follows from each answer.

use std::sync::Arc;

use awc::http::Method;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::epic::{EpicAnswer, Verdict};
use vestibule_domain::effect::Update;
use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::Role;

use super::client::{EpicClient, EpicSite};
use super::config::EpicConfig;
use super::hints::{LOCK_FAILED, NINE_PERMANENT_CODES, hint_for_code, hint_for_status};
use crate::outbound::client::until;
use crate::outbound::encode::with_query;
use crate::outbound::{Body, NoAnswer, Request, Response, TokenFailure, lenient, oauth, retry_after};
use crate::settings::StatusAuth;

/// A code is never longer; what is longer is a text.
const LONGEST_CODE: usize = 64;

impl EpicClient {
    /// One attempt: token and request within the organization's time-out, and once more with a new token after a 401.
    pub(super) async fn send_status(
        &self,
        site: &Arc<EpicSite>,
        visit: &VisitKey,
        update: &Update,
    ) -> EpicAnswer {
        let config = &site.config;
        let deadline = instant() + config.timeout;
        let url = status_url(config, visit, update);
        if let StatusAuth::Basic { user, password } = &config.status_auth {
            let authorization = oauth::basic(&emp(user), password.expose());
            let answer = self.get_status(config, &url, authorization, deadline).await;
            return judge(answer, self.clock.now());
        }
        // The status of the first answer, where it was that our token is not taken.
        let mut refused = None;
        loop {
            let token = timeout_at(deadline, self.backend_token(site)).await;
            let token = match token.unwrap_or(Err(TokenFailure::Unavailable)) {
                Ok(token) => token,
                // The 401 before it may have been about an old token; only one with a fresh token tells of us.
                Err(failure) => {
                    return EpicAnswer { resp_code: refused.unwrap_or(0), ..without_token(&failure) };
                }
            };
            let answer = self.get_status(config, &url, token.header(), deadline).await;
            let unauthorized = answer.as_ref().is_ok_and(|answer| answer.status.as_u16() == 401);
            if unauthorized {
                site.backend.forget(&token);
            }
            if !unauthorized || refused.is_some() {
                return judge(answer, self.clock.now());
            }
            refused = Some(401);
        }
    }

    async fn get_status(
        &self,
        config: &EpicConfig,
        url: &str,
        authorization: String,
        deadline: Instant,
    ) -> Result<Response, NoAnswer> {
        let headers = vec![("authorization", authorization), ("epic-client-id", config.client_id.clone())];
        let deadline = until(config.timeout, deadline);
        self.http.send(Request { method: Method::GET, url, headers, body: None, deadline }).await
    }
}

/// How Epic wants to be told a user of its own.
pub(super) fn emp(user: &str) -> String {
    format!("emp${user}")
}

/// The request, exactly as the service has it. The key of the visit is its conference id, whichever kind it is.
fn status_url(config: &EpicConfig, visit: &VisitKey, update: &Update) -> String {
    let key = match &visit.visit {
        VisitId::Csn(csn) => csn.as_str(),
        VisitId::Conference(id) => id.as_str(),
    };
    let by_role = match update.role {
        Role::Provider => &config.external_id_types.provider,
        Role::Patient | Role::Proxy | Role::Guest | Role::Unidentified => &config.external_id_types.patient,
    };
    let kind = update.external_id_type.as_ref().map_or(by_role.as_str(), |kind| kind.as_str());
    let values = config.status_values;
    let status = if update.connected { values.connected } else { values.disconnected };
    with_query(
        &format!("{}{}", config.telehealth_base_url, config.status_path),
        &[
            ("ConferenceID", key),
            ("ExternalID", update.external_id.as_str()),
            ("ExternalIDType", kind),
            ("VendorName", &config.vendor_name),
            ("ConnectionStatus", &status.to_string()),
        ],
    )
}

// === what follows ===

fn judge(answer: Result<Response, NoAnswer>, now: Moment) -> EpicAnswer {
    match answer {
        Ok(response) => judge_response(&response, now),
        Err(NoAnswer::NotSent) => {
            nothing_sent("Epic cannot be reached. Check telehealth_base_url and the network.")
        }
        Err(NoAnswer::InDoubt) => EpicAnswer {
            resp_code: 0,
            epic_code: None,
            verdict: Verdict::InDoubt {
                hint: Some("Epic did not answer in time; it is tried again.".into()),
            },
        },
    }
}

fn judge_response(response: &Response, now: Moment) -> EpicAnswer {
    let resp_code = response.status.as_u16();
    let epic_code = if response.status.is_success() { None } else { response.json().as_ref().and_then(code) };
    let hint = epic_code.as_deref().and_then(hint_for_code).unwrap_or_else(|| hint_for_status(resp_code));
    let wait = || response.header("retry-after").and_then(|value| retry_after::parse(value, now));
    let is = |known: &str| epic_code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(known));
    let verdict = match resp_code {
        200..=299 => Verdict::Accepted,
        429 => transient(wait(), true, hint),
        _ if is(LOCK_FAILED) => transient(wait(), true, hint),
        // The gateway gave up waiting; what it passed on may still be under way.
        504 => Verdict::InDoubt { hint: Some(hint.to_owned()) },
        408 | 500..=599 => transient(wait(), false, hint),
        // Without its body it may have been a lock.
        400 if is_torn(response) => transient(None, true, hint),
        _ => Verdict::Permanent { hint: hint.to_owned() },
    };
    EpicAnswer { resp_code, epic_code, verdict }
}

/// The beginning of an object whose end did not come.
fn is_torn(response: &Response) -> bool {
    match &response.body {
        Body::Cut => true,
        Body::Whole(bytes) => bytes.trim_ascii_start().starts_with(b"{") && response.json().is_none(),
        Body::TooLong => false,
    }
}

fn transient(retry_after: Option<Span>, alive: bool, hint: &str) -> Verdict {
    Verdict::Transient { retry_after, alive, hint: Some(hint.to_owned()) }
}

fn nothing_sent(hint: &str) -> EpicAnswer {
    EpicAnswer { resp_code: 0, epic_code: None, verdict: transient(None, false, hint) }
}

/// Without a token nothing was sent. It goes on being tried: a client id may take hours to be known in all of Epic.
fn without_token(failure: &TokenFailure) -> EpicAnswer {
    match failure {
        TokenFailure::Unavailable => nothing_sent(
            "Epic's authorization server does not answer. Check oauth_base_url or fhir_base_url and the network.",
        ),
        TokenFailure::Busy { retry_after } => EpicAnswer {
            resp_code: 0,
            epic_code: None,
            verdict: transient(*retry_after, false, "Epic's authorization server asks for fewer requests."),
        },
        TokenFailure::Refused { .. } => nothing_sent(
            "Epic's authorization server gives us no token. Check the client id, that Epic has the public key of the first \
             private key file, and that our clock is right.",
        ),
    }
}

/// The organization is not configured on this node (any more); another node may know it.
pub(super) fn no_such_organization() -> EpicAnswer {
    nothing_sent("This organization has no Epic in the settings of the node that tried.")
}

// === Epic's codes ===

/// The code that `ExceptionMessage` ends in, literally; never a text.
pub(super) fn code(body: &Value) -> Option<String> {
    let message = lenient::text(body, "ExceptionMessage")?;
    let word = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    let known = |word: &&str| {
        word.eq_ignore_ascii_case(LOCK_FAILED)
            || NINE_PERMANENT_CODES.iter().any(|code| word.eq_ignore_ascii_case(code))
    };
    let found = message.split(word).rev().find(known);
    found.or_else(|| unknown_code(message)).map(str::to_owned)
}

/// A single word of capitals with dashes behind the last colon is a code, if one that we do not know.
fn unknown_code(message: &str) -> Option<&str> {
    let (_, end) = message.rsplit_once(": ")?;
    let end = end.trim().trim_end_matches('.');
    let plain = end.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    (plain && end.contains('-') && end.len() <= LONGEST_CODE).then_some(end)
}

#[cfg(test)]
#[path = "status2018_tests.rs"]
mod tests;
