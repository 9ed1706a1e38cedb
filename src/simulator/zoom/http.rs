//! The fake Zoom on HTTP: token, limits, scopes and faults around the calls.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::Value;

use super::super::connection::break_off;
use super::answer::Answer;
use super::api_past::List;
use super::calls::{Call, route};
use super::desk::Desk;
use super::faults::ZoomFaultKind;
use super::oauth::TokenRequest;
use super::{FakeZoom, limits, pages};
use super::{client, consent};

/// A caller that waits for an answer that never comes is cut off after this long, to bound what the fake holds.
const HANG: Duration = Duration::from_secs(120);

/// Largest body that the API takes.
const MAX_BODY: usize = 1024 * 1024;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .service(web::resource("/oauth/token").route(web::post().to(token)))
        .service(web::scope("/v2").default_service(web::to(api)));
    consent::configure(config);
    client::configure(config);
    pages::configure(config);
}

pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The form body, or the query with any body at all: real clients do either.
async fn token(request: HttpRequest, body: web::Bytes, zoom: web::Data<FakeZoom>) -> HttpResponse {
    let mut parameters = pairs(request.query_string());
    parameters.extend(pairs(&String::from_utf8_lossy(&body)));
    let asked =
        TokenRequest { authorization: header(&request, "authorization").map(str::to_owned), parameters };
    serve(&request, &zoom, "oauth.token", |desk| desk.issue_token(&asked)).await
}

async fn api(request: HttpRequest, body: web::Bytes, zoom: web::Data<FakeZoom>) -> HttpResponse {
    let raw = request.uri().path().split_once("/v2/").map(|(_, rest)| rest).unwrap_or_default();
    let Some(call) = route(request.method().as_str(), raw) else {
        return put(Answer::error(404, 404, "This API endpoint is not recognized."), &zoom);
    };
    let terms = call.terms();
    let authorization = header(&request, "authorization").map(str::to_owned);
    let query = pairs(request.query_string());
    let is_create = call == Call::CreateUser;
    let is_json = header(&request, "content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    let response = serve(&request, &zoom, terms.name, |desk| {
        let body = match checked(desk, authorization.as_deref(), &call, &body, is_json) {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        let plan = desk.state.account.plan;
        let left = match desk.state.limits.take(plan, terms.label, desk.now) {
            Ok(left) => left,
            Err(answer) => return answer,
        };
        perform(desk, &call, &body, &query)
            .with("X-RateLimit-Category", terms.label.word())
            .with("X-RateLimit-Limit", plan.per_second(terms.label).to_string())
            .with("X-RateLimit-Remaining", left.to_string())
    })
    .await;
    if is_create {
        hold_new_user(&zoom).await;
    }
    response
}

/// While a user is being made, every other call about this user is refused.
async fn hold_new_user(zoom: &FakeZoom) {
    let (wait, ids) = zoom.at_desk(|desk| {
        let locked = desk.state.users.values().filter(|user| user.locked).map(|user| user.id.clone());
        (desk.state.account.create_user_millis, locked.collect::<Vec<_>>())
    });
    if !ids.is_empty() {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        zoom.at_desk(|desk| ids.iter().for_each(|id| desk.unlock_user(id)));
    }
}

fn checked(
    desk: &Desk<'_>,
    authorization: Option<&str>,
    call: &Call,
    body: &[u8],
    is_json: bool,
) -> Result<Value, Answer> {
    let held = desk.check_token(authorization)?;
    Desk::check_scope(held, call.terms().scopes)?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let bad = || Answer::error(400, 300, "Request Body should be a valid JSON object.");
    // A body is JSON only where it is called so.
    if is_json { serde_json::from_slice(body).map_err(|_| bad()) } else { Err(bad()) }
}

fn perform(desk: &mut Desk<'_>, call: &Call, body: &Value, query: &[(String, String)]) -> Answer {
    match call {
        Call::GetUser(user) => desk.get_user(user),
        Call::ListUsers => desk.list_users(query),
        Call::CheckEmail => desk.check_email(query),
        Call::CreateUser => desk.create_user(body),
        Call::UpdateUser(user) => desk.update_user(user, body),
        Call::DeleteUser(user) => desk.delete_user(user),
        Call::UserToken(user) => desk.user_token(user, query),
        Call::CreateMeeting(user) => desk.create_meeting(user, body),
        Call::ListMeetings(user) => desk.list_meetings(user, query),
        Call::GetMeeting(id) => desk.get_meeting(*id),
        Call::UpdateMeeting(id) => desk.update_meeting(*id, body),
        Call::DeleteMeeting(id) => desk.delete_meeting(*id),
        Call::MeetingStatus(id) => desk.meeting_status(*id, body),
        Call::AddRegistrant(id) => desk.add_registrant(*id, body),
        Call::ListRegistrants(id) => desk.list_registrants(*id, query),
        Call::RegistrantStatus(id) => desk.registrant_status(*id, body),
        Call::DeleteRegistrant(id, who) => desk.delete_registrant(*id, who),
        Call::InviteLinks(id) => desk.invite_links(*id, body),
        Call::PastMeeting(key) => desk.past_meeting(key),
        Call::PastParticipants(key) => desk.past_participants(key, List::Past),
        Call::Report(key) => desk.past_participants(key, List::Report),
        Call::PastInstances(id) => desk.past_instances(*id),
        Call::LiveParticipants(key) => desk.live_participants(key),
        Call::LockSettings => desk.lock_settings(query),
        Call::AccountSettings => desk.account_settings(query),
        Call::ListGroups => desk.list_groups(query),
        Call::GroupLockSettings(group) => desk.group_lock_settings(group, query),
        Call::GroupSettings(group) => desk.group_settings(group, query),
        Call::PlanUsage => desk.plan_usage(),
    }
}

/// Counts the call, lets it meet its fault, does it, and puts the answer on the wire.
async fn serve(
    request: &HttpRequest,
    zoom: &FakeZoom,
    name: &'static str,
    work: impl FnOnce(&mut Desk<'_>) -> Answer,
) -> HttpResponse {
    let fault = zoom.at_desk(|desk| {
        *desk.state.counts.entry(name.to_owned()).or_default() += 1;
        desk.state.faults.meet(name)
    });
    match fault {
        None => put(zoom.at_desk(work), zoom),
        Some(ZoomFaultKind::Status { status, code, message }) => {
            put(Answer::error(status, code, message), zoom)
        }
        Some(ZoomFaultKind::Html { status }) => html(status),
        Some(ZoomFaultKind::Slow { millis }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            put(zoom.at_desk(work), zoom)
        }
        Some(ZoomFaultKind::Hang) => hang(request).await,
        Some(ZoomFaultKind::Drop) => broken(request),
        Some(ZoomFaultKind::DoneThenDrop) => {
            zoom.at_desk(work);
            broken(request)
        }
        Some(ZoomFaultKind::DoneThenHang) => {
            zoom.at_desk(work);
            hang(request).await
        }
        Some(ZoomFaultKind::DoneThenSlow { millis }) => {
            let answer = zoom.at_desk(work);
            tokio::time::sleep(Duration::from_millis(millis)).await;
            put(answer, zoom)
        }
        Some(ZoomFaultKind::HalfBody) => half(zoom.at_desk(work)),
        Some(ZoomFaultKind::TooManyPerSecond) => {
            let now = zoom.clock().now();
            put(limits::per_second(super::account::Label::Light, 80, now / 1000 + 1), zoom)
        }
        Some(ZoomFaultKind::TooManyToday) => {
            let now = zoom.clock().now();
            put(limits::daily(super::account::Label::Light, 6000, now), zoom)
        }
        Some(ZoomFaultKind::Unauthorized) => put(Answer::error(401, 124, "Invalid access token."), zoom),
    }
}

async fn hang(request: &HttpRequest) -> HttpResponse {
    tokio::time::sleep(HANG).await;
    broken(request)
}

fn broken(request: &HttpRequest) -> HttpResponse {
    break_off(request);
    HttpResponse::InternalServerError().force_close().finish()
}

fn html(status: u16) -> HttpResponse {
    HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
        .content_type("text/html")
        .body("<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>")
}

/// The headers and length of a whole answer, and half of its bytes.
fn half(answer: Answer) -> HttpResponse {
    let body = answer.body.map(|body| body.to_string()).unwrap_or_default().into_bytes();
    let length = body.len() as u64;
    let first: Vec<u8> = body.iter().take(body.len() / 2).copied().collect();
    let parts = [Ok(web::Bytes::from(first)), Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe))];
    let stream = futures_util::stream::iter(parts);
    HttpResponseBuilder::new(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK))
        .insert_header((CONTENT_TYPE, "application/json;charset=UTF-8"))
        .body(actix_web::body::SizedStream::new(length, stream))
}

fn put(answer: Answer, zoom: &FakeZoom) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponseBuilder::new(status);
    let tracking = zoom.at_desk(|desk| desk.state.chance.hex(16));
    builder.insert_header(("x-zm-trackingid", format!("v=2.0;clid=us02;rid=WEB_{tracking}")));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
        {
            builder.insert_header((name, value));
        }
    }
    match answer.body {
        Some(body) => {
            builder.insert_header((CONTENT_TYPE, "application/json;charset=UTF-8")).body(body.to_string())
        }
        None => builder.finish(),
    }
}
