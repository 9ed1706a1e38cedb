//! What a door answers when it does not do what was asked: RFC 9457 problem documents, and the same in plain words for a person.
//!
//! [`ApiError`] is the one list of causes, and [`ApiError::told`] the one place where a cause becomes a status.

use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_actors::desk::DeskError;
use vestibule_actors::port::store::StoreError;

use super::correlation;
use crate::settings::StaffRole;
use crate::web::{Audience, ErrorPage, Language, Page, Reason};

/// The media type of [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";
/// What a caller is asked to wait after something that passes by itself.
const RETRY_AFTER_SECONDS: u32 = 2;

/// Why a request is not served.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    #[error("there is nothing at this address")]
    NotFound,
    #[error("no organization of this name is set up here")]
    UnknownOrganization,
    #[error("no such visit is kept here; it may have left after its time")]
    NoSuchVisit,
    /// Of an organization's settings there is no version of that number, or not any more.
    #[error("there is no such version of these settings, or it is not kept any more")]
    NoSuchVersion,
    #[error("this address does not take requests of this method")]
    MethodNotAllowed,
    /// The text says what to change.
    #[error("{0}")]
    BadRequest(String),
    /// A reason that says nothing, or could not stand on a line. A page shows its form again.
    #[error("say why, in `reason`: 3 to 200 characters on one line, and no name of a patient")]
    NoReason,
    #[error("the body is larger than this address takes")]
    BodyTooLarge,
    #[error("send a valid token as `Authorization: Bearer ...`, or sign in at /sign-in")]
    NotSignedIn,
    /// The text is for the log only.
    #[error("whoever signs the tokens that are taken here does not answer; try again shortly")]
    IssuerUnavailable(String),
    #[error(
        "you are known, and no role is given to you here; ask whoever manages access.grant in the settings"
    )]
    NoRole,
    #[error(
        "this service answers operators on its own machine only, under the name localhost or a loopback address"
    )]
    NotLoopback,
    #[error("this needs the role {} in the organization; ask whoever manages access.grant in the settings", .0.as_str())]
    NotAllowed(StaffRole),
    #[error(
        "this concerns all organizations, and needs the role {} in all of them; ask whoever manages access.grant in the settings",
        .0.as_str()
    )]
    NotEverywhere(StaffRole),
    #[error("the request comes from a page of another site")]
    ForeignOrigin,
    #[error("too many attempts with a wrong token from this address; wait before the next one")]
    TooManyAttempts { retry_after_seconds: u32 },
    /// A limit of this node is reached; the word names it in the metrics.
    #[error("as many requests as this node takes are under way; try again shortly")]
    Overloaded(&'static str),
    #[error("this node is going down; another one answers")]
    Draining,
    /// The text is for the log only.
    #[error("the store does not answer; try again shortly")]
    StoreUnavailable(String),
    /// The text is for the log only.
    #[error("something that is kept here cannot be read; tell the help desk the correlation id")]
    Unreadable(String),
    /// The text is for the log only.
    #[error("no copy of the store could be made; the log says why, under the correlation id")]
    CopyFailed(String),
    /// The text is for the log only.
    #[error("something went wrong; tell the help desk the correlation id")]
    Internal(&'static str),
    /// A status of 400 or above, of the framework or of a door that has nothing to add.
    #[error("no more is known about it; tell the help desk the correlation id")]
    Bare(StatusCode),
}

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; never an address to open.
    #[serde(rename = "type")]
    #[schema(example = "urn:vestibule:problem:bad-request")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What is wrong with this request and what to do.
    detail: String,
    /// Finds the request in the log.
    #[schema(example = "9f0c2b6d51e3a874")]
    correlation_id: String,
}

/// A cause as it is told: status, code and title.
struct Told {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
}

const fn told(status: StatusCode, code: &'static str, title: &'static str) -> Told {
    Told { status, code, title }
}

impl ApiError {
    fn told(&self) -> Told {
        match self {
            Self::NotFound => told(StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::UnknownOrganization => {
                told(StatusCode::NOT_FOUND, "unknown-organization", "Unknown organization")
            }
            Self::NoSuchVisit => told(StatusCode::NOT_FOUND, "no-such-visit", "No such visit"),
            Self::NoSuchVersion => told(StatusCode::NOT_FOUND, "no-such-version", "No such version"),
            Self::MethodNotAllowed => {
                told(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::BadRequest(_) | Self::NoReason => {
                told(StatusCode::BAD_REQUEST, "bad-request", "Bad request")
            }
            Self::BodyTooLarge => told(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large"),
            Self::NotSignedIn => told(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in"),
            Self::IssuerUnavailable(_) => {
                told(StatusCode::SERVICE_UNAVAILABLE, "issuer-unavailable", "Issuer does not answer")
            }
            Self::NoRole => told(StatusCode::FORBIDDEN, "no-role", "No role here"),
            Self::NotLoopback => told(StatusCode::FORBIDDEN, "not-loopback", "Not from this machine"),
            Self::NotAllowed(_) | Self::NotEverywhere(_) => {
                told(StatusCode::FORBIDDEN, "not-allowed", "Not allowed")
            }
            Self::ForeignOrigin => told(StatusCode::FORBIDDEN, "foreign-origin", "From another site"),
            Self::TooManyAttempts { .. } => {
                told(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "Too many attempts")
            }
            Self::Overloaded(_) => told(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded"),
            Self::Draining => told(StatusCode::SERVICE_UNAVAILABLE, "draining", "Going down"),
            Self::StoreUnavailable(_) => {
                told(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "Store does not answer")
            }
            Self::Unreadable(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", "Unreadable"),
            Self::CopyFailed(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "copy-failed", "No copy was made"),
            Self::Internal(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong"),
            Self::Bare(status) => told(*status, "status", status.canonical_reason().unwrap_or("Refused")),
        }
    }

    /// A short stable code, for the problem's type, the log and the metrics.
    pub fn code(&self) -> &'static str {
        self.told().code
    }

    /// The kind in a few words.
    pub(super) fn title(&self) -> &'static str {
        self.told().title
    }

    /// What is wrong and what to do, as a sentence.
    pub(super) fn sentence(&self) -> String {
        sentence(&self.to_string())
    }

    fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::TooManyAttempts { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Overloaded(_) | Self::Draining | Self::StoreUnavailable(_) | Self::IssuerUnavailable(_) => {
                Some(RETRY_AFTER_SECONDS)
            }
            _ => None,
        }
    }

    /// Writes what only the operator may read, with the request's correlation id by its span.
    pub(super) fn log(&self) {
        match self {
            Self::StoreUnavailable(why) => tracing::warn!(%why, "the store does not answer"),
            Self::IssuerUnavailable(why) => tracing::warn!(%why, "an issuer of tokens is not to be had"),
            Self::Unreadable(why) => tracing::error!(%why, "something stored cannot be read"),
            Self::CopyFailed(why) => tracing::error!(%why, "the store could not be copied"),
            Self::Internal(why) => tracing::error!(%why, "a request failed"),
            Self::Overloaded(limit) => tracing::warn!(%limit, "a limit is reached"),
            _ => {}
        }
    }

    /// The reason that a page for a person gives.
    fn reason(&self) -> Reason {
        match self {
            Self::UnknownOrganization => Reason::UnknownOrganization,
            Self::NotFound | Self::NoSuchVisit | Self::NoSuchVersion | Self::MethodNotAllowed => {
                Reason::NotFound
            }
            Self::NotSignedIn => Reason::NotSignedIn,
            Self::TooManyAttempts { .. }
            | Self::Overloaded(_)
            | Self::Draining
            | Self::StoreUnavailable(_)
            | Self::IssuerUnavailable(_) => Reason::Overloaded,
            Self::BadRequest(_)
            | Self::NoReason
            | Self::BodyTooLarge
            | Self::NotLoopback
            | Self::NoRole
            | Self::NotAllowed(_)
            | Self::NotEverywhere(_)
            | Self::ForeignOrigin
            | Self::Unreadable(_)
            | Self::CopyFailed(_)
            | Self::Internal(_) => Reason::SomethingWentWrong,
            Self::Bare(StatusCode::SERVICE_UNAVAILABLE) => Reason::Overloaded,
            Self::Bare(_) => Reason::SomethingWentWrong,
        }
    }

    /// The same in plain words, as a page.
    pub fn page(&self, language: Language) -> HttpResponse {
        self.log();
        let correlation_id = correlation::current();
        let page = ErrorPage {
            language,
            reason: self.reason(),
            audience: Audience::Unknown,
            organization: None,
            correlation_id: correlation_id.as_str(),
            help_phone: None,
            opens: None,
        };
        match page.render() {
            Ok(html) => self.head().content_type("text/html; charset=utf-8").body(html),
            Err(_) => self.document(),
        }
    }

    /// A page where the caller is a browser that shows pages, else a problem document.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        if wants_page(request) { self.page(language(request)) } else { self.error_response() }
    }

    /// The status, with the headers that go with it.
    pub(super) fn head(&self) -> actix_web::HttpResponseBuilder {
        let mut builder = HttpResponse::build(self.told().status);
        if let Some(seconds) = self.retry_after_seconds() {
            builder.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if matches!(self, Self::NotSignedIn) {
            builder.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"vestibule\""));
        }
        builder
    }

    fn document(&self) -> HttpResponse {
        self.head().content_type(PROBLEM_JSON).body(self.document_bytes())
    }

    /// The document alone.
    pub(super) fn document_bytes(&self) -> Bytes {
        let told = self.told();
        let problem = Problem {
            kind: format!("urn:vestibule:problem:{}", told.code),
            title: told.title,
            status: told.status.as_u16(),
            detail: self.sentence(),
            correlation_id: correlation::current().into(),
        };
        // A body that cannot be written would be a mistake in the program; the status still says what happened.
        serde_json::to_vec(&problem).unwrap_or_default().into()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.told().status
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        self.document()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) | StoreError::Refused(why) => Self::StoreUnavailable(why),
            StoreError::Corrupt(why) => Self::Unreadable(why),
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Full => Self::Overloaded("journal"),
            DeskError::Unavailable(why) => Self::StoreUnavailable(why),
            DeskError::Unreadable(why) => Self::Unreadable(why),
        }
    }
}

/// The problem for an answer that has a status and nothing else; its status is the same.
pub(super) fn of_status(status: StatusCode) -> Option<ApiError> {
    match status {
        StatusCode::NOT_FOUND => Some(ApiError::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(ApiError::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Some(ApiError::BodyTooLarge),
        StatusCode::BAD_REQUEST => Some(ApiError::BadRequest("the request cannot be read".to_owned())),
        status if status.is_client_error() || status.is_server_error() => Some(ApiError::Bare(status)),
        _ => None,
    }
}

/// Whether the caller is a browser that navigates, and so shows pages.
pub fn wants_page(request: &HttpRequest) -> bool {
    text_header(request, &header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// The language of pages for this caller.
pub fn language(request: &HttpRequest) -> Language {
    Language::choose(None, text_header(request, &header::ACCEPT_LANGUAGE), Language::default())
}

fn text_header<'a>(request: &'a HttpRequest, name: &header::HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// Begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}
