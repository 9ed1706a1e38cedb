//! The frame around every request: a correlation id, a span in the log, the count of its answer, the headers that every answer has, and
//! what is answered when a handler panics.
//!
//! A span names the matched route pattern and never the path or the query, since a path can hold a CSN or a ticket (I15).

use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use tracing::Instrument;
use vestibule_actors::port::clock::instant;

use super::app::App;
use super::problem::{self, ApiError};
use crate::web::{Language, PagePolicy, security_headers};

/// The header that carries the id back to the caller.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// Routes that are asked so often by machines that the log shows them only when something is wrong.
const QUIET_ROUTES: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/assets/{path:.*}"];

tokio::task_local! {
    static CURRENT: CorrelationId;
}

/// Names one request in answers, pages and the log. Sixteen hexadecimal digits, short enough to be read out on the telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrelationId(Arc<str>);

impl CorrelationId {
    fn draw(app: &App) -> Self {
        Self(format!("{:016x}", app.desk.ports().randomness.draw()).into())
    }

    /// Whether a text looks like one.
    pub fn is_one(text: &str) -> bool {
        text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CorrelationId> for String {
    fn from(id: CorrelationId) -> String {
        (*id.0).to_owned()
    }
}

impl FromRequest for CorrelationId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or(ApiError::Internal("a route outside of the correlation middleware")))
    }
}

/// The id of the request that is being served on this task.
pub fn current() -> CorrelationId {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| CorrelationId("none".into()))
}

/// What is known of a request before it is served. The request itself must not be kept: routing needs it alone.
struct Asked {
    id: CorrelationId,
    method: String,
    route: Option<String>,
    wants_page: bool,
    language: Language,
}

/// The middleware. Wrap the whole application in it: `.wrap(from_fn(correlate))`, as the outermost one.
///
/// # Errors
/// None of its own: whatever goes wrong inside becomes an answer.
pub async fn correlate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Err(ApiError::Internal("the application has no shared state").into());
    };
    let asked = Asked::of(&app, &request);
    request.extensions_mut().insert(asked.id.clone());
    let route = asked.route.as_deref().unwrap_or("none");
    let span =
        tracing::info_span!("request", correlation_id = asked.id.as_str(), method = %asked.method, route);
    let id = asked.id.clone();
    CURRENT.scope(id, serve(app, asked, request, next)).instrument(span).await
}

async fn serve(
    app: web::Data<App>,
    asked: Asked,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = instant();
    let served = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let answer = match served {
        Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
        Ok(Err(error)) => {
            let response = error.error_response();
            Err((error.to_string(), response))
        }
        Err(_) => {
            app.metrics.handler_panicked();
            let error = ApiError::Internal("a handler panicked");
            let response = if asked.wants_page { error.page(asked.language) } else { error.error_response() };
            Err((error.to_string(), response))
        }
    };
    match answer {
        Ok(response) => {
            let mut response = complete(response, &asked);
            say_goodbye(&app, response.response_mut());
            note(&app, &asked, response.status(), began.elapsed());
            Ok(response)
        }
        Err((why, mut response)) => {
            frame(response.headers_mut(), &asked.id);
            say_goodbye(&app, &mut response);
            note(&app, &asked, response.status(), began.elapsed());
            Err(InternalError::from_response(why, response).into())
        }
    }
}

impl Asked {
    fn of(app: &App, request: &ServiceRequest) -> Self {
        Self {
            id: CorrelationId::draw(app),
            method: request.method().as_str().to_owned(),
            route: request.match_pattern(),
            wants_page: problem::wants_page(request.request()),
            language: problem::language(request.request()),
        }
    }
}

/// Sets the headers, and gives an answer of the framework that is a bare status its problem document.
fn complete(response: ServiceResponse<BoxBody>, asked: &Asked) -> ServiceResponse<BoxBody> {
    let bare = is_bare(response.response());
    let problem = problem::of_status(response.status()).filter(|_| bare);
    let mut response = match problem {
        Some(error) => {
            let (request, bare) = response.into_parts();
            let mut told = if asked.wants_page { error.page(asked.language) } else { error.error_response() };
            for (name, value) in bare.headers() {
                let is_its_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name);
                if !is_its_body && !told.headers().contains_key(name) || name == header::SET_COOKIE {
                    told.headers_mut().append(name.clone(), value.clone());
                }
            }
            ServiceResponse::new(request, told)
        }
        None => response,
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        frame(response.headers_mut(), &asked.id);
    }
    response
}

/// Of a node that drains each answer is the last one of its connection, so that whoever keeps connections open makes the next one to
/// another node, and is not caught by the end of this one.
fn say_goodbye(app: &App, response: &mut HttpResponse<BoxBody>) {
    if app.readiness.is_draining() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// Whether nothing was said, or only what the framework says of its own in plain text.
fn is_bare(response: &HttpResponse<BoxBody>) -> bool {
    let empty = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    match response.headers().get(header::CONTENT_TYPE) {
        None => empty,
        Some(kind) => response.error().is_some() && kind.as_bytes().starts_with(b"text/plain"),
    }
}

/// The headers of every answer: the id, and the strict security headers where the handler chose none of its own.
fn frame(headers: &mut HeaderMap, id: &CorrelationId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(CORRELATION_HEADER, value);
    }
    // A handler that chose its content policy has decided about framing too.
    let framing_chosen = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    for (name, value) in security_headers(&PagePolicy::default()) {
        let name = HeaderName::from_static(name);
        let chosen = headers.contains_key(&name) || (framing_chosen && name == header::X_FRAME_OPTIONS);
        if let (false, Ok(value)) = (chosen, HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
}

/// Counts the answer and writes its line in the log.
fn note(app: &App, asked: &Asked, status: StatusCode, took: Duration) {
    app.metrics.request(&asked.method, asked.route.as_deref(), status.as_u16(), took);
    let (status, latency_ms) = (status.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let quiet = asked.route.as_deref().is_some_and(|route| QUIET_ROUTES.contains(&route));
    if status >= 500 && !quiet {
        tracing::warn!(status, latency_ms, "answered");
    } else if quiet {
        tracing::debug!(status, latency_ms, "answered");
    } else {
        tracing::info!(status, latency_ms, "answered");
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App as Application, HttpResponse, web};

    use super::*;
    use crate::http::kit::{Kit, Log, anonymous, ask, get, service};
    use crate::http::metrics::TextFormat;
    use crate::http::routes::configure_always;

    /// The application with doors that misbehave.
    macro_rules! with_doors {
        ($kit:expr) => {
            actix_web::test::init_service(
                Application::new()
                    .app_data(web::Data::new($kit.app.clone()))
                    .wrap(from_fn(correlate))
                    .configure(configure_always)
                    .route("/panics/{csn}", web::get().to(|| async { panics() }))
                    .route("/bare", web::get().to(|| async { HttpResponse::InternalServerError().finish() }))
                    .route("/busy", web::get().to(busy))
                    .route("/id", web::get().to(|id: CorrelationId| async move { String::from(id) }))
                    .route("/framed", web::get().to(framed)),
            )
            .await
        };
    }

    fn panics() -> HttpResponse {
        panic!("on purpose")
    }

    async fn busy() -> HttpResponse {
        HttpResponse::ServiceUnavailable().insert_header(("retry-after", "10")).finish()
    }

    async fn framed() -> HttpResponse {
        HttpResponse::Ok()
            .insert_header(("content-security-policy", "frame-ancestors https://a.example"))
            .finish()
    }

    #[actix_web::test]
    async fn a_node_that_drains_ends_its_connections_with_their_next_answer() {
        let kit = Kit::new();
        let service = with_doors!(kit);
        for (drains, kept) in [(false, ConnectionType::KeepAlive), (true, ConnectionType::Close)] {
            if drains {
                kit.app.readiness.drain();
            }
            for path in ["/id", "/bare"] {
                let request = anonymous(path).to_request();
                let answer = actix_web::test::call_service(&service, request).await;
                let told = answer.response().head().connection_type();
                assert!(told == kept, "{path}: {told:?}");
            }
        }
    }

    #[actix_web::test]
    async fn a_handler_that_panics_is_a_500_and_counted() {
        let kit = Kit::new();
        let service = with_doors!(kit);
        let told = ask!(service, anonymous("/panics/10001"));
        assert!(told.problem(500).contains("correlation id"));
        assert!(!told.text().contains("on purpose"));
        let page = ask!(service, anonymous("/panics/10001").insert_header(("accept", "text/html")));
        assert_eq!((page.status, page.header("content-type")), (500, "text/html; charset=utf-8"));
        assert!(page.text().contains(page.header("x-correlation-id")));
        let metrics = kit.app.metrics.render(TextFormat::Prometheus).unwrap();
        assert!(metrics.contains("vestibule_handler_panics_total 2"), "{metrics}");
        let line = "vestibule_http_requests_total{method=\"GET\",route=\"/panics/{csn}\",status=\"500\"} 2";
        assert!(metrics.contains(line) && !metrics.contains("10001"), "{metrics}");
        assert_eq!(ask!(service, anonymous("/healthz")).status, 200, "the worker lives on");
    }

    #[actix_web::test]
    async fn every_answer_has_its_own_id_and_the_strict_headers() {
        let kit = Kit::new();
        let service = service!(kit);
        let mut ids = std::collections::BTreeSet::new();
        for (request, status) in [
            (get("/ops"), 200),
            (get("/api/v1/visits"), 200),
            (anonymous("/api/v1/visits"), 401),
            (anonymous("/ops"), 303),
            (anonymous("/healthz"), 200),
            (anonymous("/nothing"), 404),
        ] {
            let told = ask!(service, request);
            assert_eq!(told.status, status);
            assert!(told.header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(told.header("x-content-type-options"), "nosniff");
            assert_eq!(told.header("x-frame-options"), "DENY");
            assert_eq!(told.header("cache-control"), "no-store");
            assert_eq!(told.header("x-correlation-id").len(), 16);
            assert!(ids.insert(told.header("x-correlation-id").to_owned()));
        }
    }

    #[actix_web::test]
    async fn a_handler_sees_the_id_and_may_choose_its_framing() {
        let kit = Kit::new();
        let service = with_doors!(kit);
        let told = ask!(service, anonymous("/id"));
        assert_eq!(told.text(), told.header("x-correlation-id"));
        let told = ask!(service, anonymous("/framed"));
        assert_eq!(told.header("content-security-policy"), "frame-ancestors https://a.example");
        assert_eq!(told.header("x-frame-options"), "");
    }

    #[actix_web::test]
    async fn bare_answers_become_problems_or_pages() {
        let kit = Kit::new();
        let service = with_doors!(kit);
        ask!(service, anonymous("/bare")).problem(500);
        let busy = ask!(service, anonymous("/busy"));
        busy.problem(503);
        assert_eq!(busy.header("retry-after"), "10");
        ask!(service, anonymous("/nothing")).problem(404);
        let page = ask!(service, anonymous("/nothing").insert_header(("accept", "text/html,*/*")));
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
        ask!(service, anonymous("/healthz").method(actix_web::http::Method::DELETE)).problem(405);
    }

    // I15: what a request carries in its path, its query and its headers does not reach the log.
    #[actix_web::test]
    async fn the_log_names_the_route_and_nothing_of_the_request() {
        let kit = Kit::new();
        let (log, guard) = Log::keep();
        let service = service!(kit);
        for path in [
            "/api/v1/visits/lakeside/SECRET-CSN?SECRET-NAME=SECRET-VALUE",
            "/api/v1/notifications?organization=lakeside&csn=SECRET",
            "/records?organization=lakeside&csn=SECRET",
            "/visit/SECRET-TICKET",
            "/SECRET?code=SECRET",
        ] {
            ask!(service, get(path));
            ask!(service, anonymous(path).insert_header(("authorization", "Bearer SECRET")));
            ask!(service, anonymous(path).insert_header(("cookie", "vestibule_session=SECRET")));
        }
        drop(guard);
        let log = log.text();
        assert!(log.contains("\"route\":\"/api/v1/visits/{organization}/{csn}\""), "{log}");
        assert!(log.contains("\"correlation_id\"") && log.contains("\"latency_ms\""), "{log}");
        assert!(!log.contains("SECRET") && !log.contains("battery staple"), "{log}");
    }

    #[actix_web::test]
    async fn a_method_that_is_not_taken_is_told_which_are() {
        let kit = Kit::new();
        let service = service!(kit);
        for (path, allowed) in [
            ("/healthz", "GET, HEAD"),
            ("/sign-in", "GET, HEAD, POST"),
            ("/sign-out", "POST"),
            ("/api/v1/visits", "GET, HEAD"),
        ] {
            let told = ask!(service, get(path).method(actix_web::http::Method::PUT));
            told.problem(405);
            assert_eq!(told.header("allow"), allowed, "{path}");
        }
    }
}
