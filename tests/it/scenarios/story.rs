//! The whole story: a patient waits, the provider starts, the patient goes on, the light goes on and off, and everything is on record.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::simulator::LaunchKind;
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::{Presence, SeatAct};

use super::house::{House, participant, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

#[actix_web::test]
async fn e18_a_patient_waits_and_goes_on_by_itself_when_the_provider_starts() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let state = patient.state().await;
    assert_eq!((&state["can_join"], &state["phase"]), (&json!(false), &json!("waiting_for_host")));
    assert_eq!(state["message"], "Please wait for the host to start this meeting");
    assert!(
        matches!(patient.join().await, Landing::Page { status: 409, .. }),
        "nobody joins before the host"
    );
    assert!(house.zoom().meetings().is_empty(), "a patient's launch makes no meeting");

    let host = house.starts(CSN, PROVIDER).await;
    let events = patient.events_until_can_join().await;
    assert!(events.last().is_some_and(|event| event["phase"] == "in_progress"), "{events:?}");
    assert!(patient.can_join().await, "asking says the same as the events");
    let seat = patient.goes_in().await;
    assert_eq!(house.zoom().seat(&seat).map(|seat| seat.presence), Some(Presence::InMeeting));
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PROVIDER, true).await;
    assert!(house.epic().is_green(CSN));

    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    assert!(house.epic().is_connected(CSN, PROVIDER), "the provider is still there");
    house.leaves(&host);
    house.until_right().await;
    let visit = house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    assert_eq!(participant(&visit, PATIENT)["presence"], "gone");
    house.close().await;
}

// A reload, a second tab, a lost connection, a phone beside a computer: each page goes on by itself, and soon.
#[actix_web::test]
async fn e18_every_page_of_the_patient_goes_on_soon_after_the_host_is_there() {
    let house = House::open().await;
    let (mut phone, mut computer) = (house.waits(CSN, PATIENT).await, house.waits(CSN, PATIENT).await);
    let stream = format!("{}/events", phone.page());
    let mut lost = phone.browser.events(&stream).await.unwrap();
    assert_eq!(lost.next().await.unwrap()["can_join"], false);
    drop(lost);
    let page = phone.page();
    for mut tab in [phone.browser.clone(), phone.browser.clone()] {
        let shown = tab.open(&page).await.unwrap();
        assert_eq!(shown.ticket(), Some(phone.ticket.as_str()));
        assert!(format!("{shown:?}").contains("Please wait for the host to start this meeting"), "{shown:?}");
    }
    let mut open = vec![
        phone.browser.events(&stream).await.unwrap(),
        phone.browser.clone().events(&stream).await.unwrap(),
        computer.browser.events(&format!("{}/events", computer.page())).await.unwrap(),
    ];
    for events in &mut open {
        assert_eq!(events.next().await.unwrap()["can_join"], false);
    }
    house.starts(CSN, PROVIDER).await;
    let goes_on = open.iter_mut().map(
        async |events| {
            while events.next().await.expect("it is told")["can_join"] == false {}
        },
    );
    let told = tokio::time::timeout(Duration::from_secs(3), join_all(goes_on)).await;
    assert_eq!(told.map(|all| all.len()), Ok(3), "not within three seconds of the host's join");
    phone.goes_in().await;
    computer.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.close().await;
}

// What holds when the meeting is made holds for the visit, whatever the settings say later.
#[actix_web::test]
async fn e19_the_policy_of_a_visit_is_that_of_its_beginning() {
    let mut house = House::of_the_program("").await;
    house.start_link(CSN, PROVIDER).await;
    house.restart_with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
    house.starts(CSN, PROVIDER).await;
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    assert_eq!(house.zoom().seat(&seat).map(|seat| seat.presence), Some(Presence::InMeeting));
    let visit = house.until_inside(CSN, 2).await;
    assert_eq!((&visit["meeting"]["waiting_room"], &visit["problems"]), (&json!(false), &json!([])));
    assert_eq!(visit["admittance"], "automatic");
    house.starts("10002", PROVIDER).await;
    let seat = house.waits("10002", "WPR2").await.goes_in().await;
    assert_eq!(house.zoom().seat(&seat).map(|seat| seat.presence), Some(Presence::InWaitingRoom));
    assert_eq!(house.visit("10002").await["admittance"], "manual");
    house.close().await;
}

#[actix_web::test]
async fn e19_under_a_manual_policy_the_provider_admits_from_the_waiting_room() {
    let house = House::with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    assert_eq!(house.zoom().seat(&seat).map(|seat| seat.presence), Some(Presence::InWaitingRoom));
    let visit = house
        .until_visit(CSN, "the patient is in Zoom's waiting room", |visit| {
            participant(visit, PATIENT)["presence"] == "in_waiting_room"
        })
        .await;
    assert_eq!(visit["admittance"], "manual");
    assert_eq!(visit["meeting"]["waiting_room"], true);
    assert_eq!(participant(&visit, PATIENT)["wanted"], false, "waiting is not connected");
    assert!(!house.epic().is_connected(CSN, PATIENT));

    house.zoom().act(&host, &SeatAct::Admit { whom: seat.clone() }).unwrap();
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().act(&host, &SeatAct::PutBack { whom: seat.clone() }).unwrap();
    house.until_light(CSN, PATIENT, false).await;
    house.zoom().act(&host, &SeatAct::Admit { whom: seat }).unwrap();
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn e26_waiting_turns_the_light_on_where_the_organization_wants_that() {
    let house = House::with("[organization.lakeside]\nwaiting_counts_as = \"connected\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.until_light(CSN, PATIENT, true).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    house.close().await;
}

#[actix_web::test]
async fn e20_every_click_of_a_host_gets_a_fresh_link_and_every_patient_their_own() {
    let house = House::open().await;
    let (_, landing) = house.launch(LaunchKind::Provider, CSN, PROVIDER).await;
    let Landing::Zoom(first) = landing else { panic!("not straight on: {landing:?}") };
    assert!(first.contains("/zoom/s/") && first.contains("zak="), "a start link: {first}");
    let second = house.start_link(CSN, PROVIDER).await;
    assert_ne!(first, second, "a start link is fetched at each click");
    assert_eq!(house.zoom().meetings().len(), 1, "the same meeting");
    house.sits_down(CSN, PROVIDER, &second);
    // I6: nobody gets another's link, nor one that the policy does not allow.
    let (mut child, mut parent) = (house.waits("10004", "WPR4").await, house.waits("10004", "WPR14").await);
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts("10004", PROVIDER).await;
    let links = [child.join_link().await, parent.join_link().await, patient.join_link().await];
    assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), 3);
    // Another browser with the same address of the page looks on and does not go in.
    let mut thief = house.browser();
    let stolen = thief.press(&format!("{}/join", patient.page())).await.unwrap();
    assert!(matches!(stolen, Landing::Page { status: 403, .. }), "{stolen:?}");
    house.close().await;
}

#[actix_web::test]
async fn e8_a_proxy_has_a_light_of_their_own() {
    let house = House::open().await;
    let mut parent = house.waits("10004", "WPR14").await;
    house.starts("10004", PROVIDER).await;
    parent.goes_in().await;
    house.until_light("10004", "WPR14", true).await;
    assert!(!house.epic().is_connected("10004", "WPR4"), "the child has not come");
    let visit = house.visit("10004").await;
    assert_eq!(participant(&visit, "WPR14")["role"], "proxy");
    house.close().await;
}

#[actix_web::test]
async fn the_api_shows_the_visit_and_its_records_as_other_programs_expect_them() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    let visit = house
        .until_visit(CSN, "Epic has acknowledged", |visit| {
            participant(visit, PATIENT)["connected"] == false
                && participant(visit, PROVIDER)["connected"] == true
        })
        .await;
    visit_is_of_the_contract(&visit);
    let meeting = visit["meeting"]["id"].as_str().unwrap();
    let spaced = format!("{}%20{}%20{}", &meeting[..3], &meeting[3..7], &meeting[7..]);
    let records = house.records(CSN).await;
    records_are_of_the_contract(&records, meeting);
    for query in [format!("meeting_id={meeting}"), format!("meeting_id={spaced}")] {
        let found = house.get(&format!("/api/v1/notifications?organization=lakeside&{query}")).await.json();
        assert_eq!(found["notifications"], json!(records), "{query}");
    }
    let path = format!("/api/v1/notifications?organization=lakeside&csn={CSN}");
    let csv = house.get_with(&path, &[("accept", "text/csv")]).await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert_eq!(
        csv.text().trim_end().lines().count(),
        records.len() + 1,
        "a heading and a line for each record"
    );
    let all = house.get("/api/v1/visits?organization=lakeside&phase=in_progress").await.json();
    assert_eq!(all["visits"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["visits"][0], house.visit(CSN).await);
    let ended = house.get("/api/v1/visits?organization=lakeside&phase=ended").await.json();
    assert_eq!(ended["visits"], json!([]));
    assert_eq!(house.get("/api/v1/visits/lakeside/99999").await.status, 404);
    house.close().await;
}

fn visit_is_of_the_contract(visit: &Value) {
    let mut visit = visit.clone();
    // Only where the time is known.
    visit.as_object_mut().unwrap().remove("appointment");
    let visit = &visit;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        keys(visit),
        named(&[
            "organization",
            "csn",
            "conference_id",
            "phase",
            "version",
            "admittance",
            "meeting",
            "participants",
            "owner",
            "problems",
            "updated_at",
        ])
    );
    let meeting = &visit["meeting"];
    assert_eq!(keys(meeting), named(&["id", "uuid", "host_id", "waiting_room", "join_before_host"]));
    assert!(meeting["id"].is_string() && meeting["uuid"].is_string());
    assert_eq!((&meeting["waiting_room"], &meeting["join_before_host"]), (&json!(false), &json!(false)));
    let patient = participant(visit, PATIENT);
    assert_eq!(
        keys(patient),
        named(&["role", "csn", "external_id", "presence", "wanted", "connected", "since"])
    );
    assert_eq!((&patient["role"], &patient["csn"]), (&json!("patient"), &json!(CSN)));
    assert_eq!((&visit["organization"], &visit["csn"]), (&json!("lakeside"), &json!(CSN)));
    assert_eq!((&visit["conference_id"], &visit["problems"]), (&Value::Null, &json!([])));
    assert!(visit["owner"]["node"].is_string() && visit["owner"]["epoch"].as_u64() >= Some(1));
    for time in [&visit["updated_at"], &patient["since"]] {
        assert!(
            time.as_str().is_some_and(|time| time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok())
        );
    }
}

fn records_are_of_the_contract(records: &[Value], meeting: &str) {
    let told = |role: &str, event: &str| {
        let found = records.iter().find(|record| record["role"] == role && record["event"] == event);
        found.unwrap_or_else(|| panic!("no record of {role} {event}: {records:#?}")).clone()
    };
    for record in [told("provider", "joined"), told("patient", "joined"), told("patient", "left")] {
        assert_eq!(record["organization"], "lakeside");
        assert_eq!(record["csn"], CSN);
        assert_eq!(record["meeting_id"], meeting);
        assert_eq!((&record["attempt"], &record["resp_code"]), (&json!(1), &json!(200)));
        assert_eq!((&record["outcome"], &record["epic_code"]), (&json!("delivered"), &Value::Null));
        assert!(record["latency_ms"].is_u64() && record["hint"].is_null());
        for time in ["at", "occurred_at"] {
            assert!(record[time].as_str().is_some_and(|time| time.ends_with('Z')));
        }
    }
    let times: Vec<&str> = records.iter().filter_map(|record| record["at"].as_str()).collect();
    let parsed: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
    assert!(parsed.is_sorted_by(|newer, older| newer >= older), "newest first: {times:?}");
}

#[actix_web::test]
async fn the_board_gets_a_snapshot_and_then_whole_visits_in_order() {
    let house = House::open().await;
    let mut early = house.waits("10002", "WPR2").await;
    let address = format!("ws{}/ops/stream", house.url.trim_start_matches("http"));
    let (_, mut stream) = house.http.ws(address).connect().await.unwrap();
    let snapshot = next_message(&mut stream).await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["visits"][0]["csn"], "10002");
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    // I13: a board never sees an older (epoch, version) of a visit after a newer.
    let mut last = (0, 0);
    let deadline = std::time::Instant::now() + super::house::WITHIN;
    loop {
        let message = next_message(&mut stream).await;
        assert_eq!(message["type"], "visit", "{message}");
        let visit = &message["visit"];
        if visit["csn"] == CSN {
            let now = (visit["owner"]["epoch"].as_u64().unwrap(), visit["version"].as_u64().unwrap());
            assert!(now > last, "{now:?} after {last:?}");
            last = now;
            if participant(visit, PATIENT)["connected"] == true {
                break;
            }
        }
        assert!(std::time::Instant::now() < deadline, "the board was never told");
    }
    assert!(!early.can_join().await, "one visit's start is nothing to another");
    house.close().await;
}

pub async fn next_message(
    stream: &mut (impl futures_util::Stream<Item = Result<awc::ws::Frame, awc::error::WsProtocolError>> + Unpin),
) -> Value {
    loop {
        let frame =
            tokio::time::timeout(super::house::WITHIN, stream.next()).await.unwrap().unwrap().unwrap();
        if let awc::ws::Frame::Text(text) = frame
            && !text.starts_with(b"{\"type\":\"alive\"")
        {
            return serde_json::from_slice(&text).unwrap();
        }
    }
}

#[actix_web::test]
async fn e21_a_visit_goes_on_after_everybody_left_and_keeps_its_meeting() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    let ended = house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    house.until_light(CSN, PATIENT, false).await;
    // I5: the ended instance never lives again; the visit goes on with a new one of the same meeting.
    let mut again = house.waits(CSN, PATIENT).await;
    assert!(!again.can_join().await);
    house.starts(CSN, PROVIDER).await;
    again.goes_in().await;
    let visit = house.until_inside(CSN, 2).await;
    assert_eq!(visit["phase"], "in_progress");
    assert_eq!(visit["meeting"]["id"], ended["meeting"]["id"]);
    assert_ne!(visit["meeting"]["uuid"], ended["meeting"]["uuid"]);
    assert!(visit["version"].as_u64() > ended["version"].as_u64(), "the same visit goes on");
    house.until_light(CSN, PATIENT, true).await;
    assert_eq!(house.zoom().meetings().len(), 1);
    house.close().await;
}

#[actix_web::test]
async fn a_page_that_is_closed_no_longer_waits() {
    let house = House::with("[organization.lakeside]\npage_presence_seconds = 1\n").await;
    let patient = house.waits(CSN, PATIENT).await;
    let is =
        |presence: &'static str| move |visit: &Value| participant(visit, PATIENT)["presence"] == presence;
    house.until_visit(CSN, "the patient waits", is("waiting")).await;
    drop(patient);
    house.until_visit(CSN, "the patient is gone", is("gone")).await;
    let none = until("nothing is told to Epic", async || Some(house.epic().requests().len())).await;
    assert_eq!(none, 0);
    house.close().await;
}

#[actix_web::test]
async fn a_page_left_open_behind_does_not_wait_once_its_person_has_gone_in() {
    let house = House::with("[organization.lakeside]\nwaiting_counts_as = \"connected\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let mut open = patient.browser.events(&format!("{}/events", patient.page())).await.unwrap();
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    actix_web::rt::spawn(async move { while open.next().await.is_some() {} });
    house.until_inside(CSN, 2).await;
    house.leaves(&seat);
    house
        .until_visit(CSN, "the patient is gone", |visit| participant(visit, PATIENT)["presence"] == "gone")
        .await;
    house.until_light(CSN, PATIENT, false).await;
    house.close().await;
}
