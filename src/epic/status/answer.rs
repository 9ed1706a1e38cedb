//! What follows from each answer of a status service, whichever dialect it speaks: its status, Epic's own code, and whether to try again.

use serde_json::Value;
use vestibule_actors::port::epic::{EpicAnswer, Verdict};
use vestibule_domain::time::{Moment, Span};

use crate::epic::hints::{LOCK_FAILED, NINE_PERMANENT_CODES, hint_for_code, hint_for_status};
use crate::outbound::{Body, NoAnswer, Response, TokenFailure, lenient, retry_after};
use crate::settings::StatusDialect;

/// A code is never longer; what is longer is a text.
const LONGEST_CODE: usize = 64;

pub(super) fn judge(answer: Result<Response, NoAnswer>, dialect: StatusDialect, now: Moment) -> EpicAnswer {
    match answer {
        Ok(response) => judge_response(&response, dialect, now),
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

fn judge_response(response: &Response, dialect: StatusDialect, now: Moment) -> EpicAnswer {
    let resp_code = response.status.as_u16();
    let epic_code = if response.status.is_success() { None } else { response.json().as_ref().and_then(code) };
    let of_code = epic_code.as_deref().and_then(|code| hint_for_code(dialect, code));
    let hint = of_code.unwrap_or_else(|| hint_for_status(dialect, resp_code));
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
pub(super) fn without_token(failure: &TokenFailure) -> EpicAnswer {
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
pub(in crate::epic) fn no_such_organization() -> EpicAnswer {
    nothing_sent("This organization has no Epic in the settings of the node that tried.")
}

/// It was decided under another dialect than the one that is set now.
pub(super) fn no_words() -> EpicAnswer {
    let hint = "The service of 2018 cannot be told of device tests. It was to be told before status_dialect was changed.";
    EpicAnswer { resp_code: 0, epic_code: None, verdict: Verdict::Permanent { hint: hint.to_owned() } }
}

// === Epic's codes ===

/// The code that `ExceptionMessage` ends in, literally; never a text.
pub(in crate::epic) fn code(body: &Value) -> Option<String> {
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

/// Each hint that an attempt can end with, for whoever has to have them all.
#[cfg(test)]
pub(crate) fn every_hint() -> Vec<String> {
    let body = |code: &str| Body::Whole(serde_json::json!({ "ExceptionMessage": code }).to_string().into());
    let codes: Vec<_> = NINE_PERMANENT_CODES.into_iter().chain([LOCK_FAILED, "SOMETHING-ELSE"]).collect();
    let mut answers = vec![no_such_organization(), no_words()];
    for dialect in [StatusDialect::ConnectionStatus2018, StatusDialect::Telehealth2020] {
        for not in [NoAnswer::NotSent, NoAnswer::InDoubt] {
            // Another way to have no answer has to stand above as well.
            match not {
                NoAnswer::NotSent | NoAnswer::InDoubt => answers.push(judge(Err(not), dialect, Moment(0))),
            }
        }
        for (status, code) in (100..600).flat_map(|status| codes.iter().map(move |code| (status, code))) {
            let status = status.try_into().unwrap();
            let response = Response { status, headers: Default::default(), body: body(code) };
            answers.push(judge(Ok(response), dialect, Moment(0)));
        }
    }
    let refused = TokenFailure::Refused { status: 400, error: None };
    for failure in [TokenFailure::Unavailable, TokenFailure::Busy { retry_after: None }, refused] {
        match failure {
            TokenFailure::Unavailable | TokenFailure::Busy { .. } | TokenFailure::Refused { .. } => {
                answers.push(without_token(&failure));
            }
        }
    }
    let hint = |answer: EpicAnswer| match answer.verdict {
        Verdict::Accepted => None,
        Verdict::Permanent { hint } => Some(hint),
        Verdict::Transient { hint, .. } | Verdict::InDoubt { hint } => hint,
    };
    answers.into_iter().filter_map(hint).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_codes_are_read_out_of_messages() {
        let read = |message: &str| code(&json!({ "ExceptionMessage": message }));
        assert_eq!(read("An error occurred: INVALID-USER-ID.").as_deref(), Some("INVALID-USER-ID"));
        assert_eq!(read("LOCK-FAILED").as_deref(), Some("LOCK-FAILED"));
        assert_eq!(read("Refused: NEW-CODE-7.").as_deref(), Some("NEW-CODE-7"));
        for text in ["Something about Ada Smith-Jones.", "Patient: Smith-Jones", "An error has occurred.", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&format!("x: {}-{}", "A".repeat(40), "B".repeat(40))), None);
        assert_eq!(code(&json!({"ExceptionMessage": 5})), None);
        assert_eq!(code(&json!([])), None);
    }
}
