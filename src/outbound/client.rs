//! One attempt of one HTTP request. The caller learns what it must know to go on: whether the request can have had an effect.

use std::time::Duration;

use awc::Connector;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use awc::http::{Method, StatusCode, Version, header};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::instant;

/// How we name ourselves.
const USER_AGENT: &str = concat!("Vestibule/", env!("CARGO_PKG_VERSION"));
/// No answer that we read is nearly as long; a longer one is not read.
pub const LONGEST_BODY: usize = 256 * 1024;
/// TCP (with the name's look-up) and TLS have this long each. Below a call's own time-out, so that a host that cannot be
/// reached is told apart from one that does not answer.
const CONNECT: Duration = Duration::from_secs(4);
/// Below what load balancers keep an idle connection for, so that a request is rarely sent into a closing one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Connections of one thread to all hosts together. Far above what the callers' own limits allow, so that the requests that
/// hang at one organization never keep another's waiting.
const MOST_CONNECTIONS: usize = 4_096;

/// An HTTP client; it belongs to its thread. Copies share its connections.
#[derive(Clone)]
pub struct HttpClient {
    inner: awc::Client,
}

/// A request. It has no `Debug`: its headers hold credentials.
pub struct Request<'a> {
    pub method: Method,
    /// Complete, with what stands in path and query already encoded.
    pub url: &'a str,
    pub headers: Vec<(&'a str, String)>,
    /// The content type and the body.
    pub body: Option<(&'static str, Bytes)>,
    /// Everything, the reading of the body too, ends at this time.
    pub deadline: Instant,
}

/// An answer: at least a status line and headers came.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: Body,
}

/// The body of an answer. Its `Debug` shows its length only.
#[derive(Clone)]
pub enum Body {
    Whole(Bytes),
    /// Longer than [`LONGEST_BODY`].
    TooLong,
    /// The connection broke, or the deadline came, in the middle.
    Cut,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The other side was not reached, so nothing happened there.
    #[error("the host cannot be reached")]
    NotSent,
    /// The request, or a part of it, was sent: it may have had an effect, now or later.
    #[error("no answer came in time")]
    InDoubt,
}

thread_local! {
    /// Made at the first use on a thread: reading the system's certificates takes some milliseconds.
    static OF_THIS_THREAD: HttpClient = HttpClient::new();
}

// === impl HttpClient ===

impl HttpClient {
    /// The client of the calling thread.
    #[must_use]
    pub fn of_this_thread() -> Self {
        OF_THIS_THREAD.with(Clone::clone)
    }

    fn new() -> Self {
        let connector = Connector::new()
            // Several requests on one HTTP/2 connection would fail together, each then in doubt.
            .max_http_version(Version::HTTP_11)
            .timeout(CONNECT)
            .handshake_timeout(CONNECT)
            .conn_keep_alive(KEEP_ALIVE)
            .limit(MOST_CONNECTIONS);
        // A redirect would carry credentials to a host that nobody configured.
        let inner =
            awc::Client::builder().connector(connector).disable_redirects().disable_timeout().finish();
        Self { inner }
    }

    /// Makes one attempt. It ends at the request's deadline at the latest.
    ///
    /// # Errors
    /// [`NoAnswer`] where no status came.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, NoAnswer> {
        let deadline = request.deadline;
        if deadline <= instant() {
            return Err(NoAnswer::NotSent);
        }
        let mut sent = self
            .inner
            .request(request.method, request.url)
            .insert_header((header::USER_AGENT, USER_AGENT))
            .insert_header((header::ACCEPT, "application/json"));
        for header in request.headers {
            sent = sent.insert_header(header);
        }
        let sent = match request.body {
            Some((content_type, body)) => {
                sent.insert_header((header::CONTENT_TYPE, content_type)).send_body(body)
            }
            None => sent.send(),
        };
        let mut answer = match timeout_at(deadline, sent).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(classify(&error)),
            Err(_) => return Err(NoAnswer::InDoubt),
        };
        let body = match timeout_at(deadline, answer.body().limit(LONGEST_BODY)).await {
            Ok(Ok(bytes)) if is_short(&bytes, &answer) => Body::Cut,
            Ok(Ok(bytes)) => Body::Whole(bytes),
            Ok(Err(PayloadError::Overflow)) => Body::TooLong,
            Ok(Err(_)) | Err(_) => Body::Cut,
        };
        Ok(Response { status: answer.status(), headers: answer.headers().clone(), body })
    }
}

/// The client takes the end of the connection for the end of the body; only the announced length tells them apart. A body in
/// chunks has none: whoever needs it whole notices that it is no JSON.
fn is_short<S>(bytes: &Bytes, answer: &awc::ClientResponse<S>) -> bool {
    let announced = answer.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.trim().parse::<usize>().ok());
    announced.is_some_and(|announced| bytes.len() < announced)
}

/// Whether the request can have reached the other side.
fn classify(error: &SendRequestError) -> NoAnswer {
    match error {
        // By this the client also says that the other side closed the connection in place of an answer.
        SendRequestError::Connect(ConnectError::Disconnected) => NoAnswer::InDoubt,
        SendRequestError::Url(_)
        | SendRequestError::Connect(_)
        | SendRequestError::Http(_)
        | SendRequestError::TunnelNotSupported => NoAnswer::NotSent,
        _ => NoAnswer::InDoubt,
    }
}

// === impl Response ===

impl Response {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON, where it is whole and is JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        match &self.body {
            Body::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Body::TooLong | Body::Cut => None,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::TooLong => f.write_str("TooLong"),
            Self::Cut => f.write_str("Cut"),
        }
    }
}

/// The moment after which an attempt that may take this long ends, but never later than `deadline`.
#[must_use]
pub fn until(timeout: Duration, deadline: Instant) -> Instant {
    deadline.min(instant() + timeout)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
