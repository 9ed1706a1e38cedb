//! The fake Zoom over HTTP.

use serde_json::{Value, json};

use super::super::lock;
use super::super::zoom::{
    Device, Fate, Group, Presence, SeatAct, UserStatus, Weather, ZoomFault, ZoomFaultKind, signature,
};
use super::super::{FakeZoom, Simulator};
use super::service::Service;
use super::{fakes, read, until};

pub(super) const HOST: &str = "elena.rivera@lakeside.example";

pub(super) struct Caller {
    pub http: awc::Client,
    pub base: String,
    pub token: String,
}

impl Caller {
    pub async fn new(fakes: &Simulator) -> Self {
        let http = awc::Client::default();
        let url = format!("{}/zoom/oauth/token", fakes.url());
        let form = [("grant_type", "account_credentials"), ("account_id", "DemoZoomAccount1")];
        let response =
            http.post(url).basic_auth("DemoZoomClient1", "demo-zoom-client-secret").send_form(&form).await;
        let (status, body) = read(response.expect("an answer")).await;
        assert_eq!(status, 200, "{body}");
        let token = body["access_token"].as_str().expect("a token").to_owned();
        Self { http, base: format!("{}/zoom/v2", fakes.url()), token }
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}/{path}", self.base)).bearer_auth(&self.token);
        read(request.send_json(&body).await.expect("an answer")).await
    }

    pub async fn meeting(&self, settings: Value) -> Value {
        let body = json!({"topic": "Video visit", "type": 2, "agenda": "marker-1", "settings": settings});
        let (status, body) = self.call("POST", &format!("users/{HOST}/meetings"), body).await;
        assert_eq!(status, 201, "{body}");
        body
    }
}

pub(super) fn open(zoom: &FakeZoom, url: &Value) -> String {
    zoom.open(url.as_str().expect("a link"), "", Device::App).expect("let in")
}

#[actix_web::test]
async fn a_token_is_given_for_form_or_query_and_refused_for_a_wrong_secret() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let http = awc::Client::default();
    let url = format!(
        "{}/zoom/oauth/token?grant_type=account_credentials&account_id=DemoZoomAccount1",
        fakes.url()
    );
    let request = http.post(&url).basic_auth("DemoZoomClient1", "demo-zoom-client-secret");
    let (status, body) =
        read(request.content_type("application/json").send().await.expect("an answer")).await;
    assert_eq!((status, body["expires_in"].as_u64()), (200, Some(3600)));
    let wrong = http.post(&url).basic_auth("DemoZoomClient1", "wrong").send().await.expect("an answer");
    let (status, body) = read(wrong).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_client")));
    assert_eq!((fakes.zoom().calls("oauth.token"), fakes.zoom().tokens_issued()), (2, 1));
    fakes.stop().await;
}

#[actix_web::test]
async fn calls_need_a_live_token_and_a_scope() {
    let fakes = fakes("http://127.0.0.1:1").await;
    fakes.zoom().change_settings(|settings| settings.scopes.retain(|scope| scope != "user:write:user:admin"));
    let caller = Caller::new(&fakes).await;
    let (status, body) = caller.call("POST", "users", json!({})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4711)));
    fakes.zoom().revoke_tokens();
    let (status, body) = caller.call("GET", &format!("users/{HOST}"), Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (401, Some(124)));
    fakes.stop().await;
}

#[actix_web::test]
async fn users_are_made_once_and_within_the_seats() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    fakes.zoom().change_settings(|settings| settings.licensed_seats = 4);
    let user =
        |email: &str, action: &str| json!({"action": action, "user_info": {"email": email, "type": 2}});
    assert_eq!(caller.call("POST", "users", user("a@lakeside.example", "ssoCreate")).await.0, 201);
    let (status, body) = caller.call("POST", "users", user("A@lakeside.example", "ssoCreate")).await;
    assert_eq!((status, body["code"].as_i64()), (409, Some(1005)));
    let (status, body) = caller.call("POST", "users", user("b@lakeside.example", "ssoCreate")).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(200)));
    let (status, body) = caller.call("POST", "users", user("not an address", "ssoCreate")).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(300)));
    let (status, body) = caller.call("GET", "users/nobody%40lakeside.example", Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(1001)));
    let pending = json!({"action": "create", "user_info": {"email": "c@lakeside.example", "type": 1}});
    assert_eq!(caller.call("POST", "users", pending).await.0, 201);
    let (_, body) = caller.call("GET", "users/c@lakeside.example", Value::Null).await;
    assert_eq!(body["status"], "pending");
    assert_eq!(
        caller.call("POST", "users/c@lakeside.example/meetings", json!({})).await.0,
        404,
        "cannot host yet"
    );
    assert!(fakes.zoom().set_user("c@lakeside.example", UserStatus::Active, 1));
    assert_eq!(caller.call("POST", "users/c@lakeside.example/meetings", json!({})).await.0, 201);
    fakes.stop().await;
}

#[actix_web::test]
async fn locks_coerce_without_a_word_and_start_links_are_fresh() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    fakes.zoom().change_settings(|settings| settings.waiting_room_lock = Some(true));
    let meeting =
        caller.meeting(json!({"waiting_room": false, "join_before_host": true, "approval_type": 0})).await;
    assert_eq!(meeting["settings"]["waiting_room"], true);
    assert_eq!(meeting["settings"]["join_before_host"], false, "the waiting room switches it off");
    let path = format!("meetings/{}", meeting["id"]);
    assert_eq!(caller.call("PATCH", &path, json!({"settings": {"waiting_room": false}})).await.0, 204);
    let (_, again) = caller.call("GET", &path, Value::Null).await;
    assert_eq!(again["settings"]["waiting_room"], true, "the update was left out without a word");
    // A group's lock binds its members, where the account leaves them free.
    fakes.zoom().change_settings(|settings| {
        let lock = |members: &[&str], room| Group {
            members: members.iter().map(|&it| it.to_owned()).collect(),
            waiting_room_lock: Some(room),
            ..Group::default()
        };
        settings.waiting_room_lock = None;
        settings.groups =
            vec![lock(&["somebody@lakeside.example"], false), lock(&[&HOST.to_uppercase()], true)];
    });
    let (_, again) = caller.call("GET", &path, Value::Null).await;
    assert_eq!(again["settings"]["waiting_room"], true);
    fakes.zoom().change_settings(|settings| settings.groups.clear());
    let (_, again) = caller.call("GET", &path, Value::Null).await;
    assert_eq!(again["settings"]["waiting_room"], false, "what was asked for");
    assert_ne!(meeting["start_url"], again["start_url"]);
    assert!((1_000_000_000..100_000_000_000).contains(&meeting["id"].as_i64().expect("a number")));
    fakes.stop().await;
}

#[actix_web::test]
async fn a_host_has_a_hundred_plans_a_day_and_the_account_a_limit_per_second() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    fakes.zoom().change_settings(|settings| settings.meetings_per_host_and_day = 1);
    caller.meeting(json!({})).await;
    let request =
        caller.http.post(format!("{}/users/{HOST}/meetings", caller.base)).bearer_auth(&caller.token);
    let response = request.send_json(&json!({})).await.expect("an answer");
    let retry = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    assert_eq!(response.status(), 429);
    assert!(retry.ends_with("T00:00:00Z"), "a date, not seconds: {retry}");
    fakes.zoom().change_settings(|settings| settings.plan = super::super::zoom::Plan::Free);
    let mut refused = 0;
    for _ in 0..12 {
        refused += u32::from(caller.call("GET", &format!("users/{HOST}"), Value::Null).await.0 == 429);
    }
    assert!(refused > 0, "four a second");
    fakes.stop().await;
}

#[actix_web::test]
async fn registrants_have_personal_links_that_events_know_them_by() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    let caller = Caller::new(&fakes).await;
    let meeting = caller.meeting(json!({"approval_type": 0})).await;
    let path = format!("meetings/{}/registrants", meeting["id"]);
    let (status, first) =
        caller.call("POST", &path, json!({"email": "x1@p.example", "first_name": "Patient"})).await;
    assert_eq!(status, 201, "{first}");
    let (_, same) =
        caller.call("POST", &path, json!({"email": "X1@p.example", "first_name": "Patient"})).await;
    assert_eq!(first["registrant_id"], same["registrant_id"], "one address is one registrant");
    let join = meeting["join_url"].as_str().expect("a link");
    assert!(fakes.zoom().open(join, "Stranger", Device::App).is_err(), "registration is asked for");
    let guest = open(fakes.zoom(), &first["join_url"]);
    assert_eq!(fakes.zoom().seat(&guest).map(|seat| seat.presence), Some(Presence::WaitingForHost));
    let host = open(fakes.zoom(), &meeting["start_url"]);
    assert_eq!(
        fakes.zoom().presence_of(first["registrant_id"].as_str().expect("an id")),
        Presence::InMeeting
    );
    fakes.zoom().act(&host, &SeatAct::EndForAll).expect("the host");
    until("all events arrive", || fakes.zoom().deliveries_pending() == 0).await;
    let events = service.received();
    let named = |name: &str| {
        events.iter().filter(|event| event.body.contains(&format!("\"event\":\"{name}\""))).count()
    };
    assert_eq!(
        (named("meeting.started"), named("meeting.participant_joined"), named("meeting.ended")),
        (1, 2, 1)
    );
    for event in &events {
        assert_eq!(event.signature, signature("demo-zoom-webhook-secret", event.timestamp, &event.body));
    }
    let joined = events
        .iter()
        .find(|event| event.body.contains("participant_joined") && event.body.contains("x1@p.example"));
    let joined = &joined.expect("the guest's join").body;
    assert!(joined.starts_with("{\"payload\":"), "the order of real traffic: {joined}");
    assert!(joined.contains("\"participant_user_id\":\"\""), "empty, not absent: {joined}");
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn a_failed_delivery_comes_again_with_the_same_body_and_another_signature() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    lock(&service.inbox).answers.extend([500, 503]);
    fakes.zoom().send_foreign_event();
    until("the delivery is taken", || fakes.zoom().deliveries_pending() == 0).await;
    let tries = service.received();
    assert_eq!(tries.len(), 3);
    assert!(
        tries
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.body == b.body && a.request_id == b.request_id))
    );
    let (first, last) = (&tries[0], &tries[2]);
    assert!(first.timestamp < last.timestamp && first.signature != last.signature);
    lock(&service.inbox).answers.push_back(401);
    fakes.zoom().send_foreign_event();
    until("the refusal is final", || fakes.zoom().deliveries_pending() == 0).await;
    assert_eq!(
        fakes.zoom().deliveries().last().map(|record| (record.fate, record.attempts.len())),
        Some((Fate::Refused, 1))
    );
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn other_bytes_are_signed_as_they_are() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    fakes.zoom().set_weather(Weather { non_canonical: 1.0, ..Weather::default() });
    fakes.zoom().send_foreign_event();
    until("the event arrives", || fakes.zoom().deliveries_pending() == 0).await;
    let events = service.received();
    let event = events.first().expect("an event");
    let canonical = serde_json::from_str::<Value>(&event.body).expect("JSON").to_string();
    assert_ne!(event.body.len(), canonical.len());
    assert_eq!(event.signature, signature("demo-zoom-webhook-secret", event.timestamp, &event.body));
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn a_broken_create_has_made_the_meeting_all_the_same() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    let once = |fault| ZoomFault { call: "meetings.create".into(), times: Some(1), fault };
    assert!(fakes.zoom().add_fault(once(ZoomFaultKind::DoneThenDrop)));
    let url = format!("{}/users/{HOST}/meetings", caller.base);
    let body = json!({"topic": "Video visit", "agenda": "marker-9"});
    let broken = caller.http.post(&url).bearer_auth(&caller.token).send_json(&body).await;
    assert!(broken.is_err(), "no answer came");
    assert_eq!(fakes.zoom().meetings_with("marker-9").len(), 1);
    let (_, list) = caller.call("GET", &format!("users/{HOST}/meetings?page_size=300"), Value::Null).await;
    assert!(list["meetings"].as_array().expect("rows").iter().any(|row| row["agenda"] == "marker-9"));
    assert!(fakes.zoom().add_fault(once(ZoomFaultKind::Drop)));
    assert!(caller.http.post(&url).bearer_auth(&caller.token).send_json(&body).await.is_err());
    assert_eq!(fakes.zoom().meetings_with("marker-9").len(), 1, "nothing was done this time");
    assert!(fakes.zoom().add_fault(once(ZoomFaultKind::HalfBody)));
    let half = caller.http.post(&url).bearer_auth(&caller.token).send_json(&body).await;
    let torn = match half {
        Ok(mut response) => response.body().await.is_err(),
        Err(_) => true,
    };
    assert!(torn, "half a body is no body");
    fakes.stop().await;
}

#[actix_web::test]
async fn an_instance_is_found_by_its_doubly_encoded_uuid() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    let mut awkward = None;
    for _ in 0..40 {
        let meeting = caller.meeting(json!({})).await;
        let host = open(fakes.zoom(), &meeting["start_url"]);
        let _guest = open(fakes.zoom(), &meeting["join_url"]);
        let id = meeting["id"].as_u64().expect("a number");
        let uuid = fakes.zoom().meeting(id).and_then(|truth| truth.uuid).expect("it runs");
        fakes.zoom().act(&host, &SeatAct::EndForAll).expect("the host");
        if uuid.starts_with('/') {
            awkward = Some(uuid);
            break;
        }
    }
    let uuid = awkward.expect("a fourth of all uuids begin with a slash");
    let once: String = url::form_urlencoded::byte_serialize(uuid.as_bytes()).collect();
    let twice: String = url::form_urlencoded::byte_serialize(once.as_bytes()).collect();
    assert_eq!(caller.call("GET", &format!("past_meetings/{once}/participants"), Value::Null).await.0, 404);
    let (status, body) =
        caller.call("GET", &format!("past_meetings/{twice}/participants"), Value::Null).await;
    assert_eq!((status, body["participants"].as_array().map(Vec::len)), (200, Some(2)), "{body}");
    fakes.stop().await;
}
