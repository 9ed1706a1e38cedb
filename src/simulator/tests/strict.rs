//! What the fake Zoom refuses, since the real one does or may.

use serde_json::{Value, json};

use super::super::zoom::{AccountSettings, Device, JoinRefused, Presence, SeatAct, Weather, ZakOnJoin};
use super::service::Service;
use super::zoom::{Caller, HOST, open};
use super::{fakes, read, until};

#[actix_web::test]
async fn times_and_zones_that_make_no_sense_are_refused() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    let path = format!("users/{HOST}/meetings");
    for bad in [
        json!({"start_time": "tomorrow"}),
        json!({"start_time": "2026-11-23 17:00"}),
        json!({"start_time": "2026-02-30T17:00:00Z"}),
        json!({"timezone": "Lakeside/Somewhere"}),
    ] {
        let (status, body) = caller.call("POST", &path, bad.clone()).await;
        assert_eq!((status, body["code"].as_i64()), (400, Some(300)), "{bad}: {body}");
    }
    let good = json!({"start_time": "2026-11-23T17:00:00", "timezone": "America/Chicago"});
    assert_eq!(caller.call("POST", &path, good).await.0, 201);
    fakes.stop().await;
}

#[actix_web::test]
async fn json_that_is_not_called_so_is_none() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    let url = format!("{}/users/{HOST}/meetings", caller.base);
    for (kind, wanted) in
        [(None, 400), (Some("text/plain"), 400), (Some("application/json; charset=utf-8"), 201)]
    {
        let mut request = caller.http.post(&url).bearer_auth(&caller.token);
        if let Some(kind) = kind {
            request = request.insert_header(("content-type", kind));
        }
        let answer = request.send_body("{}").await.expect("an answer");
        assert_eq!(read(answer).await.0, wanted, "{kind:?}");
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn a_second_device_comes_in_by_the_same_link_only_where_the_meeting_says_so() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    for (settings, several) in [
        (json!({"approval_type": 0}), false),
        (json!({"approval_type": 0, "allow_multiple_devices": true}), true),
    ] {
        let meeting = caller.meeting(settings).await;
        let path = format!("meetings/{}/registrants", meeting["id"]);
        let (_, made) = caller.call("POST", &path, json!({"email": "x@p.example", "first_name": "P"})).await;
        let link = made["join_url"].as_str().expect("a link");
        let host = open(fakes.zoom(), &meeting["start_url"]);
        let phone = open(fakes.zoom(), &made["join_url"]);
        let second = fakes.zoom().open(link, "", Device::Web);
        assert_eq!(second.is_ok(), several);
        if !several {
            assert_eq!(second.err(), Some(JoinRefused::OnAnotherDevice));
            fakes.zoom().act(&phone, &SeatAct::Leave).expect("it was there");
            assert!(fakes.zoom().open(link, "", Device::Web).is_ok(), "one after the other");
        }
        fakes.zoom().act(&host, &SeatAct::EndForAll).expect("the host");
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn what_a_token_on_a_join_link_does_can_be_chosen() {
    let fakes = fakes("http://127.0.0.1:1").await;
    let caller = Caller::new(&fakes).await;
    let alternative = "samuel.okafor@lakeside.example";
    let (_, zak) = caller.call("GET", &format!("users/{alternative}/token?type=zak"), Value::Null).await;
    let zak = zak["token"].as_str().expect("a token");
    for (what, wanted) in [
        (ZakOnJoin::Host, Ok(Presence::InMeeting)),
        (ZakOnJoin::Participant, Ok(Presence::WaitingForHost)),
        (ZakOnJoin::Refused, Err(JoinRefused::TokenNotTaken)),
    ] {
        fakes.zoom().set_settings(AccountSettings { zak_on_join: what, ..fakes.zoom().settings() });
        let meeting = caller.meeting(json!({"alternative_hosts": alternative})).await;
        let link = format!("{}&zak={zak}", meeting["join_url"].as_str().expect("a link"));
        let seat = fakes.zoom().open(&link, "", Device::App);
        let came = seat.map(|seat| fakes.zoom().seat(&seat).expect("a seat").presence);
        assert_eq!(came, wanted, "{what:?}");
        let start = open(fakes.zoom(), &meeting["start_url"]);
        assert_eq!(
            fakes.zoom().seat(&start).map(|seat| seat.presence),
            Some(Presence::InMeeting),
            "a start link is another thing"
        );
        fakes.zoom().act(&start, &SeatAct::EndForAll).expect("the host");
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn stamps_and_seconds_may_say_nothing_of_the_order() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    let caller = Caller::new(&fakes).await;
    fakes.zoom().set_weather(Weather { ties: 1.0, ..Weather::default() });
    let meeting = caller.meeting(json!({"waiting_room": true})).await;
    let host = open(fakes.zoom(), &meeting["start_url"]);
    let guest = open(fakes.zoom(), &meeting["join_url"]);
    for _ in 0..2 {
        fakes.zoom().act(&host, &SeatAct::Admit { whom: guest.clone() }).expect("it waits");
        fakes.zoom().act(&host, &SeatAct::PutBack { whom: guest.clone() }).expect("it is in");
    }
    until("all events arrive", || fakes.zoom().deliveries_pending() == 0).await;
    let events: Vec<Value> =
        service.received().iter().map(|one| serde_json::from_str(&one.body).expect("JSON")).collect();
    let stamps: Vec<i64> = events.iter().filter_map(|event| event["event_ts"].as_i64()).collect();
    let apart: std::collections::BTreeSet<i64> = stamps.iter().copied().collect();
    assert!(apart.len() < stamps.len(), "some events share their stamp: {stamps:?}");
    let of = |name: &str, time: &str| -> Vec<String> {
        let named = events.iter().filter(|event| event["event"] == name);
        let person = named.map(|event| &event["payload"]["object"]["participant"]);
        person.filter_map(|one| one[time].as_str().map(str::to_owned)).collect()
    };
    let mut times = of("meeting.participant_put_in_waiting_room", "date_time");
    times.extend(of("meeting.participant_admitted", "date_time"));
    assert_eq!(times.len(), 4);
    // Kept apart, the last of them would lie seconds ahead.
    let now = super::super::clock::to_the_second(super::super::clock::Clock::new(1.0).now());
    assert!(times.iter().all(|time| *time <= now), "{times:?} at {now}");
    fakes.stop().await;
    service.stop().await;
}
