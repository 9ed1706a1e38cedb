//! The fake Epic on HTTP.

use std::future::Future;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{DATE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::connection::break_off;
use super::authorize::Authorized;
use super::faults::EpicFaultKind;
use super::fhir::{FHIR_JSON, READABLE};
use super::status::{Caller, Parameters, StatusAnswer, refusal};
use super::token::TokenRequest;
use super::{FakeEpic, OWN_WORDS, discovery, telehealth};

/// A caller that waits for an answer that never comes is cut off after this long, to bound what the fake holds.
const HANG: Duration = Duration::from_secs(120);

const STATUS_PATHS: [&str; 2] = [
    "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus",
    "/api/epic/2018/Telehealth/ContextLinking/SetExternalConnectionStatus",
];

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    for path in STATUS_PATHS {
        config.service(web::resource(path).route(web::get().to(status)));
    }
    for path in [telehealth::CONNECT, telehealth::DISCONNECT, telehealth::DEVICE_TEST] {
        config.service(web::resource(path).route(web::post().to(telehealth_status)));
    }
    config
        .service(web::resource("/api/FHIR/R4/.well-known/smart-configuration").route(web::get().to(smart)))
        .service(web::resource("/api/FHIR/R4/.well-known/openid-configuration").route(web::get().to(openid)))
        .service(web::resource("/oauth2/.well-known/openid-configuration").route(web::get().to(openid)))
        .service(web::resource("/oauth2/jwks").route(web::get().to(jwks)))
        .service(
            web::resource("/oauth2/authorize")
                .route(web::get().to(authorize))
                .route(web::post().to(authorize)),
        )
        .service(web::resource("/oauth2/token").route(web::post().to(token)))
        .service(web::resource("/api/FHIR/R4/{kind}").route(web::get().to(search)))
        .service(web::resource("/api/FHIR/R4/{kind}/{id}").route(web::get().to(fhir)));
}

/// Every answer says what time it is here.
pub(crate) async fn dated(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let now = request.app_data::<web::Data<FakeEpic>>().map(|epic| epic.now());
    let mut answer = next.call(request).await?;
    let date = now.and_then(|now| {
        let at = Timestamp::from_millisecond(now).ok()?;
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
        HeaderValue::try_from(text).ok()
    });
    if let Some(date) = date {
        answer.headers_mut().insert(DATE, date);
    }
    Ok(answer)
}

fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// A fault around calls that change nothing worth keeping apart.
async fn around(
    request: &HttpRequest,
    epic: &FakeEpic,
    name: &str,
    work: impl Future<Output = HttpResponse>,
) -> HttpResponse {
    epic.count(name);
    let fault = epic.with(|state| state.faults.meet(name));
    match fault {
        None => work.await,
        Some(EpicFaultKind::Slow { millis }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            work.await
        }
        Some(EpicFaultKind::DoneThenDrop) => {
            work.await;
            broken(request)
        }
        Some(EpicFaultKind::DoneThenHang) => {
            work.await;
            hang(request).await
        }
        Some(fault) => before(request, epic, fault).await,
    }
}

/// Faults that answer before anything is done.
async fn before(request: &HttpRequest, epic: &FakeEpic, fault: EpicFaultKind) -> HttpResponse {
    match fault {
        EpicFaultKind::Status { status } => plain(status),
        EpicFaultKind::TooMany { retry_after } => {
            HttpResponse::TooManyRequests().insert_header(("retry-after", retry_after.to_string())).finish()
        }
        EpicFaultKind::LockFailed => HttpResponse::BadRequest().json(refusal("LOCK-FAILED")),
        EpicFaultKind::Refuse { code } => HttpResponse::BadRequest().json(refusal(&code)),
        EpicFaultKind::Revoked => {
            epic.revoke_tokens();
            plain(401)
        }
        EpicFaultKind::Hang => hang(request).await,
        _ => broken(request),
    }
}

fn plain(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponseBuilder::new(status)
        .content_type("text/html")
        .body(format!("<html><body>The service is not available. {OWN_WORDS}</body></html>"))
}

async fn hang(request: &HttpRequest) -> HttpResponse {
    tokio::time::sleep(HANG).await;
    broken(request)
}

fn broken(request: &HttpRequest) -> HttpResponse {
    break_off(request);
    HttpResponse::InternalServerError().force_close().finish()
}

async fn smart(request: HttpRequest, epic: web::Data<FakeEpic>) -> HttpResponse {
    around(&request, &epic, "discovery", async {
        HttpResponse::Ok().json(discovery::smart_configuration(epic.site()))
    })
    .await
}

async fn openid(request: HttpRequest, epic: web::Data<FakeEpic>) -> HttpResponse {
    around(&request, &epic, "openid", async {
        HttpResponse::Ok().json(discovery::openid_configuration(epic.site()))
    })
    .await
}

async fn jwks(request: HttpRequest, epic: web::Data<FakeEpic>) -> HttpResponse {
    around(&request, &epic, "jwks", async {
        HttpResponse::Ok().json(epic.with_keys(|ring| ring.published()))
    })
    .await
}

/// By query, or by form since long launch tokens do not fit a URL everywhere.
async fn authorize(request: HttpRequest, body: web::Bytes, epic: web::Data<FakeEpic>) -> HttpResponse {
    let mut parameters = pairs(request.query_string());
    parameters.extend(pairs(&String::from_utf8_lossy(&body)));
    around(&request, &epic, "authorize", async {
        match epic.authorize(&parameters) {
            Authorized::Redirect(to) => HttpResponse::Found().insert_header(("location", to)).finish(),
            Authorized::ErrorPage(why) => {
                HttpResponse::BadRequest().content_type("text/html; charset=utf-8").body(format!(
                    "<!doctype html><title>OAuth2 Error</title><h1>OAuth2 Error</h1><p>{why} {OWN_WORDS}</p>"
                ))
            }
        }
    })
    .await
}

async fn token(
    request: HttpRequest,
    body: web::Bytes,
    epic: web::Data<FakeEpic>,
    http: web::Data<awc::Client>,
) -> HttpResponse {
    let is_form = header(&request, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let asked = TokenRequest {
        authorization: header(&request, "authorization").map(str::to_owned),
        form: if is_form { pairs(&String::from_utf8_lossy(&body)) } else { Vec::new() },
    };
    around(&request, &epic, "token", async {
        let outcome = if is_form { epic.token(&asked, &http).await } else { Err("invalid_client") };
        match outcome {
            Ok(answer) => HttpResponse::Ok()
                .insert_header(("cache-control", "no-store"))
                .insert_header(("pragma", "no-cache"))
                .json(answer),
            Err(error) => {
                HttpResponse::BadRequest().json(json!({"error": error, "error_description": Value::Null}))
            }
        }
    })
    .await
}

async fn fhir(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    epic: web::Data<FakeEpic>,
) -> HttpResponse {
    let (kind, id) = path.into_inner();
    let read = async {
        match epic.read(header(&request, "authorization"), &kind, &id) {
            Ok(found) => HttpResponse::Ok().content_type(FHIR_JSON).body(found.to_string()),
            Err(refusal) => refusal.answer(),
        }
    };
    let Some(kind) = READABLE.into_iter().find(|known| *known == kind) else {
        return around(&request, &epic, "fhir", read).await;
    };
    let name = format!("fhir.{kind}");
    around(&request, &epic, "fhir", around(&request, &epic, &name, read)).await
}

/// By `identifier`, which is all that is played: `system|value`, or the value alone.
async fn search(request: HttpRequest, kind: web::Path<String>, epic: web::Data<FakeEpic>) -> HttpResponse {
    around(&request, &epic, "fhir", async {
        if let Err(refusal) = epic.may_read(header(&request, "authorization"), &kind) {
            return refusal.answer();
        }
        let asked = pairs(request.query_string()).into_iter().find(|(name, _)| name == "identifier");
        let Some((_, value)) = asked else { return HttpResponse::BadRequest().finish() };
        let found = epic.identified(&kind, value.rsplit('|').next().unwrap_or_default());
        HttpResponse::Ok().content_type(FHIR_JSON).body(bundle(found.as_ref()).to_string())
    })
    .await
}

fn bundle(found: Option<&Value>) -> Value {
    let entry: Vec<Value> = found.into_iter().map(|one| json!({"resource": one})).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": entry.len(), "entry": entry})
}

async fn status(request: HttpRequest, epic: web::Data<FakeEpic>) -> HttpResponse {
    set_status(&request, &epic, &Parameters::read(&pairs(request.query_string()))).await
}

async fn telehealth_status(
    request: HttpRequest,
    body: web::Bytes,
    epic: web::Data<FakeEpic>,
) -> HttpResponse {
    epic.count("status.2020");
    if header(&request, "content-type").is_none_or(|kind| !kind.starts_with("application/json")) {
        return HttpResponse::UnsupportedMediaType().finish();
    }
    match epic.read_telehealth(&body, request.path()) {
        Some(parameters) => set_status(&request, &epic, &parameters).await,
        None => HttpResponse::BadRequest()
            .json(json!({"Message": format!("The request is invalid. {OWN_WORDS}")})),
    }
}

/// Every request is kept, with what it was answered and whether the light was set.
async fn set_status(request: &HttpRequest, epic: &FakeEpic, parameters: &Parameters) -> HttpResponse {
    epic.count("status");
    let caller = Caller {
        authorization: header(request, "authorization"),
        client_id: header(request, "epic-client-id"),
    };
    let fault = epic.with(|state| state.faults.meet("status"));
    let silent = matches!(fault, Some(EpicFaultKind::DoneThenDrop | EpicFaultKind::DoneThenHang));
    match fault {
        None
        | Some(EpicFaultKind::DoneThenDrop | EpicFaultKind::DoneThenHang | EpicFaultKind::Slow { .. }) => {
            if let Some(EpicFaultKind::Slow { millis }) = fault {
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            let answer = epic.set_status(&caller, parameters);
            let answered = if silent { 0 } else { answer.http_status() };
            epic.keep(parameters, answered, answer.code(), answer == StatusAnswer::Done);
            match fault {
                Some(EpicFaultKind::DoneThenDrop) => broken(request),
                Some(EpicFaultKind::DoneThenHang) => hang(request).await,
                _ => put(&answer),
            }
        }
        Some(fault) => {
            let (answered, code) = match &fault {
                EpicFaultKind::Status { status } => (*status, None),
                EpicFaultKind::TooMany { .. } => (429, None),
                EpicFaultKind::LockFailed => (400, Some("LOCK-FAILED".to_owned())),
                EpicFaultKind::Refuse { code } => (400, Some(code.clone())),
                EpicFaultKind::Revoked => (401, None),
                _ => (0, None),
            };
            epic.keep(parameters, answered, code.as_deref(), false);
            before(request, epic, fault).await
        }
    }
}

fn put(answer: &StatusAnswer) -> HttpResponse {
    match answer {
        StatusAnswer::Done => HttpResponse::Ok().json(json!({"Status": "1"})),
        StatusAnswer::Unauthorized => {
            HttpResponse::Unauthorized().insert_header(("www-authenticate", "Bearer")).finish()
        }
        StatusAnswer::UnknownClient => HttpResponse::Forbidden().finish(),
        StatusAnswer::Refused(code) => HttpResponse::BadRequest().json(refusal(code)),
    }
}
