//! What Zoom is answered, row by row, and what becomes of the event.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vestibule::simulator::zoom::{Fate, signature};

use super::house::{Answer, House, WITHIN, participant, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// An event of a meeting, as Zoom writes it.
fn meeting_event(name: &str, account: &str, meeting: &str, uuid: &str) -> Value {
    json!({
        "event": name,
        "event_ts": jiff::Timestamp::now().as_millisecond(),
        "payload": {"account_id": account, "object": {
            "id": meeting, "uuid": uuid, "host_id": "somebody", "topic": "Video visit", "type": 2,
            "start_time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "duration": 30, "timezone": "UTC",
        }},
    })
}

/// Somebody whom nobody knows has joined.
fn stranger_joined(meeting: &str, uuid: &str, number: usize) -> Value {
    let mut event = meeting_event("meeting.participant_joined", "DemoZoomAccount1", meeting, uuid);
    event["payload"]["object"]["participant"] = json!({
        "user_id": format!("{}", 90_000_000 + number), "user_name": "Somebody", "id": "", "email": "",
        "participant_uuid": format!("STRANGER-{number}"), "participant_user_id": "", "registrant_id": "",
        "join_time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    event
}

impl House {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.strip_prefix("http://").unwrap()).await.unwrap()
    }

    /// The visit is running; gives its meeting and instance.
    async fn running(&self) -> (String, String) {
        let mut patient = self.waits(CSN, PATIENT).await;
        self.starts(CSN, PROVIDER).await;
        patient.goes_in().await;
        let visit = self.until_inside(CSN, 2).await;
        let text = |name: &str| visit["meeting"][name].as_str().unwrap().to_owned();
        (text("id"), text("uuid"))
    }
}

#[actix_web::test]
async fn e37_the_signature_is_over_the_raw_bytes_and_its_time_is_near() {
    let house = House::open().await;
    let secret = house.zoom().account().webhook_secret.clone();
    let body = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==").to_string();
    assert_eq!(house.event(&body).await.status, 200);
    let spaced = body.replace("\":", "\" :  ").replace("Video visit", "Visita \u{2014} Pe\u{f1}a");
    assert_eq!(house.event(&spaced).await.status, 200, "other bytes, signed as they are");
    for away in [-299, 299] {
        assert_eq!(house.event_at(&body, now() + away).await.status, 200, "{away} s");
    }
    for away in [-305, 305, -86_400] {
        assert_eq!(house.event_at(&body, now() + away).await.status, 401, "{away} s");
    }
    let time = now().to_string();
    let good = signature(&secret, now(), &body);
    let other = signature("somebody-elses-secret", now(), &body);
    let of_other_body = signature(&secret, now(), "{}");
    for (given, at) in [
        (None, Some(time.as_str())),
        (Some(good.as_str()), None),
        (None, None),
        (Some(""), Some(time.as_str())),
        (Some("v0="), Some(time.as_str())),
        (Some(other.as_str()), Some(time.as_str())),
        (Some(of_other_body.as_str()), Some(time.as_str())),
        (Some(&good[3..]), Some(time.as_str())),
        (Some(good.as_str()), Some("yesterday")),
        (Some(good.as_str()), Some("")),
    ] {
        assert_eq!(house.event_with(&body, given, at).await.status, 401, "{given:?} {at:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn a_second_secret_is_taken_while_secrets_are_rotated() {
    let house =
        House::with("[organization.lakeside.zoom]\nwebhook_secret_tokens = [\"the-next-one\", \"demo-zoom-webhook-secret\"]\n")
            .await;
    let body = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==").to_string();
    assert_eq!(house.event(&body).await.status, 200);
    let next = signature("the-next-one", now(), &body);
    assert_eq!(house.event_with(&body, Some(&next), Some(&now().to_string())).await.status, 200);
    house.zoom().validate();
    until("the challenge is answered", async || house.zoom().validation()).await;
    assert!(
        house.zoom().validation().is_some_and(|answer| answer.accepted),
        "under the secret that signed it"
    );
    house.close().await;
}

#[actix_web::test]
async fn e37_the_challenge_is_answered_by_the_secret() {
    let mut house = House::of_the_program("").await;
    let checked = ["zoom_webhook_checked", "lakeside"];
    // Our own preflight is no sign of Zoom's.
    house.check().await.1.passes("zoom: webhook", "answers");
    assert!(house.metric(&checked).await < 1.0);
    let page = "/admin/lakeside/zoom";
    assert!(house.get(page).await.text().contains("Zoom has not checked it yet"));
    house.zoom().validate();
    let answer = until("the challenge is answered", async || house.zoom().validation()).await;
    assert_eq!((answer.status, answer.accepted), (200, true));
    let unsigned =
        json!({"event": "endpoint.url_validation", "event_ts": 1, "payload": {"plainToken": "abc"}});
    assert_eq!(house.event_with(&unsigned.to_string(), None, None).await.status, 401);
    let empty = json!({"event": "endpoint.url_validation", "event_ts": 1, "payload": {}});
    let answer = house.event(&empty.to_string()).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""), "there is nothing to prove");
    until("that it was asked is kept", async || (house.metric(&checked).await > 1.7e9).then_some(())).await;
    house.restart_with("").await;
    until("any process knows it", async || (house.metric(&checked).await > 1.7e9).then_some(())).await;
    let shown = house.get(page).await.text();
    assert!(shown.contains("Last checked by Zoom:") && !shown.contains("has not checked"), "{shown}");
    house.close().await;
}

#[actix_web::test]
async fn what_is_no_event_is_refused_and_what_we_do_not_know_is_not() {
    let house = House::open().await;
    for body in ["", "not JSON", "{", "[]", "17", "\"text\"", "{\"event\":5}", "{}", "\u{feff}{}"] {
        assert_eq!(house.event(body).await.status, 400, "{body}");
    }
    let broken = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==");
    for spoil in ["/payload", "/payload/object", "/payload/object/id"] {
        let mut event = broken.clone();
        *event.pointer_mut(spoil).unwrap() = Value::Null;
        assert_eq!(
            house.event(&event.to_string()).await.status,
            200,
            "{spoil}: an event without its meeting"
        );
    }
    assert_eq!(house.metric(&["vestibule_webhook_events_total", "\"ignored\""]).await, 3.0);
    let strange = json!({"event": "phone.callee_ringing", "event_ts": 1, "payload": {"account_id": "DemoZoomAccount1"}});
    assert_eq!(
        house.event(&strange.to_string()).await.status,
        200,
        "another product's event is nothing to us"
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(house.event(&deep).await.status, 400);
    let elsewhere = house.http.post(format!("{}/zoom/nowhere/webhook", house.url)).send_body("{}").await;
    assert_eq!(elsewhere.unwrap().status().as_u16(), 404);
    house.close().await;
}

#[actix_web::test]
async fn a_body_over_a_mebibyte_is_too_large_whether_it_says_so_or_not() {
    let house = House::open().await;
    let mut event = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==");
    event["payload"]["object"]["topic"] = json!("x".repeat(1_000_000));
    assert_eq!(house.event(&event.to_string()).await.status, 200, "under the limit");
    event["payload"]["object"]["topic"] = json!("x".repeat(1_048_576));
    assert_eq!(house.event(&event.to_string()).await.status, 413);
    // In chunks nothing announces the length. The answer is read while there is still something to send.
    let head = signed_head(&house, CHUNKED);
    let (mut read, mut write) = house.connect().await.into_split();
    let sending = async move {
        write.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
        // The other side closes when it has heard enough.
        while write.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let reading = async move {
        let mut answer = String::new();
        while !answer.contains("\r\n\r\n") {
            let mut some = [0; 1024];
            let number = read.read(&mut some).await.expect("an answer");
            assert!(number > 0, "closed after: {answer}");
            answer.push_str(std::str::from_utf8(&some[..number]).unwrap());
        }
        answer
    };
    let (_, answer) =
        tokio::time::timeout(WITHIN, futures_util::future::join(sending, reading)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(house.get("/healthz").await.status, 200);
    house.close().await;
}

#[actix_web::test]
async fn duplicates_strangers_and_other_accounts_are_answered_200_and_change_nothing() {
    let house = House::open().await;
    let (meeting, uuid) = house.running().await;
    until("all events are in", async || (house.zoom().deliveries_pending() == 0).then_some(())).await;
    house.until_right().await;
    let settled = house
        .until_visit(CSN, "Epic has acknowledged", |visit| {
            participant(visit, PATIENT)["connected"] == true
                && participant(visit, PROVIDER)["connected"] == true
        })
        .await;
    // I4: any order and duplication of the same facts gives the same state.
    let bodies: Vec<String> = house.zoom().deliveries().into_iter().map(|delivery| delivery.body).collect();
    assert!(bodies.len() >= 4);
    for body in bodies.iter().rev().chain(&bodies) {
        assert_eq!(house.event(body).await.status, 200);
    }
    let foreign = meeting_event("meeting.ended", "SomebodyElse", &meeting, &uuid);
    assert_eq!(house.event(&foreign.to_string()).await.status, 200);
    house.zoom().send_foreign_event();
    until("the foreign event is answered", async || {
        let sent =
            house.zoom().deliveries().into_iter().rev().find(|one| one.body.contains("SomebodyElsesAccount"));
        sent.filter(|one| one.fate == Fate::Delivered).map(|_| ())
    })
    .await;
    assert_eq!(house.metric(&["vestibule_webhook_events_total", "\"foreign\""]).await, 2.0);
    // A journal is read in order: when the stranger who joined last is seen, everything before has been taken in.
    assert_eq!(house.event(&stranger_joined(&meeting, &uuid, 1).to_string()).await.status, 200);
    let is_stranger = |one: &Value| one["role"] == "unidentified";
    let seen = |visit: &Value| visit["participants"].as_array().unwrap().iter().any(is_stranger);
    let visit = house.until_visit(CSN, "the stranger is seen", seen).await;
    let same = |visit: &Value| {
        let mut visit = visit.clone();
        visit["participants"].as_array_mut().unwrap().retain(|one| !is_stranger(one));
        let fields = visit.as_object_mut().unwrap();
        fields.remove("version");
        fields.remove("updated_at");
        visit
    };
    assert_eq!(same(&visit), same(&settled));
    // Nothing new for Epic: when the next true news of each has come through, it is the second that Epic ever heard of them.
    for who in [PATIENT, PROVIDER] {
        for seat in house.fakes.ledger().seats_of(CSN, who) {
            house.leaves(&seat);
        }
        house.until_light(CSN, who, false).await;
        let told = house.epic().requests_about(CSN, who);
        let told: Vec<&str> = told.iter().map(|one| one.connection_status.as_str()).collect();
        assert_eq!(told, ["1", "2"], "{who}");
    }
    house.close().await;
}

#[actix_web::test]
async fn e37_events_of_a_meeting_that_is_not_known_yet_are_held_within_bounds() {
    let house = House::with("[limits]\nheld_events = 5\n").await;
    for number in 0..8 {
        let event =
            meeting_event("meeting.started", "DemoZoomAccount1", &format!("8500000000{number}"), "abc==");
        assert_eq!(house.event(&event.to_string()).await.status, 200, "kept for the time being");
    }
    assert_eq!(house.metric(&["webhook_events", "\"held\""]).await, 5.0);
    assert_eq!(
        house.metric(&["webhook_events", "\"held_dropping_oldest\""]).await,
        3.0,
        "let go, and counted"
    );
    assert_eq!(house.get("/api/v1/visits?organization=lakeside").await.json()["visits"], json!([]));
    house.close().await;
}

#[actix_web::test]
async fn e37_an_event_that_is_held_is_let_go_when_its_time_is_over_and_counted() {
    let house = House::with("[limits]\nheld_event_life = \"1s\"\n").await;
    let event =
        |meeting: &str| meeting_event("meeting.started", "DemoZoomAccount1", meeting, "abc==").to_string();
    assert_eq!(house.event(&event("85000000001")).await.status, 200);
    assert_eq!(house.metric(&["webhook_events", "\"held\""]).await, 1.0);
    until("it is let go, which whatever is held next finds", async || {
        assert_eq!(house.event(&event("85000000002")).await.status, 200);
        (house.metric(&["swept", "\"held_events\""]).await >= 1.0).then_some(())
    })
    .await;
    house.close().await;
}

#[actix_web::test]
async fn e37_a_full_journal_is_a_503_and_nothing_that_was_answered_200_is_lost() {
    let house = House::with("[limits]\njournal_entries = 16\n").await;
    let (meeting, uuid) = house.running().await;
    let bodies = (0..300).map(|number| stranger_joined(&meeting, &uuid, number).to_string());
    let answers: Vec<Answer> = futures_util::future::join_all(bodies.map(|body| async {
        let body = body;
        house.event(&body).await
    }))
    .await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let others: Vec<&Answer> = answers.iter().filter(|answer| !matches!(answer.status, 200 | 503)).collect();
    assert!(others.is_empty(), "{:?}", others.first());
    assert!(of(200) > 0);
    assert!(of(503) > 0, "400 at once do not fit into 16 places");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    }
    // I3: every event of a meeting of ours that was answered 2xx is reflected in the state, and no other.
    let strangers = |visit: &Value| {
        let all = visit["participants"].as_array().unwrap();
        all.iter().filter(|one| one["role"] == "unidentified" && one["presence"] == "in_meeting").count()
    };
    house
        .until_visit(CSN, &format!("all {} who joined are seen", of(200)), |visit| {
            strangers(visit) == of(200)
        })
        .await;
    for seat in house.fakes.ledger().seats_of(CSN, PATIENT) {
        house.leaves(&seat);
    }
    house.until_light(CSN, PATIENT, false).await;
    assert_eq!(strangers(&house.visit(CSN).await), of(200));
    house.close().await;
}

/// The head of a webhook that may be Zoom's, as far as a head tells.
fn signed_head(house: &House, more: &str) -> String {
    let address = house.url.strip_prefix("http://").unwrap();
    format!(
        "POST /zoom/lakeside/webhook HTTP/1.1\r\nhost: {address}\r\n{more}\r\nx-zm-signature: v0={}\r\n\
         x-zm-request-timestamp: {}\r\n\r\n",
        "0".repeat(64),
        now()
    )
}

/// A webhook whose head is right and whose body dribbles: a byte, and then nothing for as long as the connection is held.
async fn dribbles(house: &House, framing: &str) -> TcpStream {
    let mut stream = house.connect().await;
    let first = if framing.starts_with("transfer-encoding") { "1\r\n{\r\n" } else { "{" };
    stream.write_all(format!("{}{first}", signed_head(house, framing)).as_bytes()).await.unwrap();
    stream
}

const SIZED: &str = "content-length: 500";
const CHUNKED: &str = "transfer-encoding: chunked";

/// Everything that comes until the other side closes.
async fn all_of(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let read = tokio::time::timeout(WITHIN, stream.read_to_string(&mut answer)).await;
    read.expect("the connection is closed").unwrap();
    answer
}

#[actix_web::test]
async fn bodies_that_dribble_shut_nobody_out_and_are_given_up() {
    let house = House::with("[limits]\nconcurrent_webhooks = 2\nwebhook_body_time = \"1s\"\n").await;
    let slow = futures_util::future::join_all(
        [SIZED, CHUNKED].repeat(4).into_iter().map(|framing| dribbles(&house, framing)),
    )
    .await;
    until("they are being read", async || {
        (house.metric(&["webhook_bodies_being_read"]).await >= 8.0).then_some(())
    })
    .await;
    let body = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==").to_string();
    assert_eq!(house.event(&body).await.status, 200, "eight who dribble are in nobody's way");
    for answer in futures_util::future::join_all(slow.into_iter().map(all_of)).await {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
    }
    assert_eq!(house.metric(&["refused", "webhook_body_time"]).await, 8.0);
    house.close().await;
}

#[actix_web::test]
async fn more_bodies_at_once_than_the_limit_are_told_to_come_again() {
    let house = House::with("[limits]\nconcurrent_webhook_bodies = 2\nwebhook_body_time = \"2s\"\n").await;
    let held = [dribbles(&house, SIZED).await, dribbles(&house, CHUNKED).await];
    until("both places are taken", async || {
        (house.metric(&["webhook_bodies_being_read"]).await >= 2.0).then_some(())
    })
    .await;
    let body = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==").to_string();
    let refused = house.event(&body).await;
    assert_eq!((refused.status, refused.header("retry-after").is_empty()), (503, false));
    assert_eq!(house.metric(&["refused", "\"webhook_bodies\""]).await, 1.0);
    // Whoever could not have signed the body takes no place at all.
    assert_eq!(house.event_with(&body, None, Some(&now().to_string())).await.status, 401);
    assert_eq!(house.event_at(&body, now() - 900).await.status, 401);
    drop(held);
    until("the places are free again", async || (house.event(&body).await.status == 200).then_some(())).await;
    house.close().await;
}

#[actix_web::test]
async fn more_webhooks_at_once_than_the_limit_are_told_to_come_again() {
    let house = House::with("[limits]\nconcurrent_webhooks = 1\n").await;
    let body = meeting_event("meeting.started", "DemoZoomAccount1", "85000000001", "abc==").to_string();
    let answers = futures_util::future::join_all((0..64).map(|_| house.event(&body))).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 503)));
    assert!(answers.iter().any(|answer| answer.status == 200));
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty() && refused.iter().all(|answer| !answer.header("retry-after").is_empty()));
    house.close().await;
}
