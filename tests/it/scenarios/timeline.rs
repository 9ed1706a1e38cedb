//! What happened to a visit, as whoever answers a support call reads it.

use serde_json::{Value, json};
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::LaunchOptions;
use vestibule::simulator::zoom::{SeatAct, Weather};

use super::house::{House, read, until};

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";

impl House {
    async fn timeline(&self, csn: &str) -> Value {
        self.get(&format!("/api/v1/visits/lakeside/{csn}/timeline")).await.json()
    }

    async fn until_story(&self, csn: &str, what: &str, is_so: impl Fn(&[Value]) -> bool) -> Value {
        until(what, async || {
            let told = self.timeline(csn).await;
            is_so(entries(&told)).then_some(told)
        })
        .await
    }

    /// An event of Zoom's about somebody, as it was delivered.
    fn delivered(&self, name: &str, registrant: bool) -> String {
        let bodies = self.zoom().deliveries().into_iter().filter(|one| one.event == name).map(|one| one.body);
        let of_patient = |body: &String| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["payload"]["object"]["participant"]["registrant_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty())
        };
        bodies.into_iter().find(|body| of_patient(body) == registrant).expect("it was delivered")
    }
}

fn entries(told: &Value) -> &[Value] {
    told["entries"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// An entry in a few words.
fn short(entry: &Value) -> String {
    let who = entry["who"]["external_id"].as_str().unwrap_or_default();
    let what = ["/event/name", "/call/name", "/act/action", "/record/event"];
    let what = what.iter().find_map(|place| entry.pointer(place)?.as_str()).unwrap_or_default();
    let words = [entry["kind"].as_str().unwrap(), who, what, entry["code"].as_str().unwrap_or_default()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// That all of these are there, in this order, with whatever between them.
fn assert_told(told: &Value, expected: &[&str]) {
    let all: Vec<String> = entries(told).iter().map(short).collect();
    let mut rest = all.iter();
    for wanted in expected {
        assert!(rest.any(|entry| entry == wanted), "{wanted} is not where it should be among {all:#?}");
    }
}

fn marked<'a>(told: &'a [Value], mark: &str) -> Vec<&'a Value> {
    let has = |entry: &&Value| entry["marks"].as_array().is_some_and(|marks| marks.contains(&json!(mark)));
    told.iter().filter(has).collect()
}

#[actix_web::test]
async fn a_whole_visit_is_told_in_order_with_who_did_something_about_it() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let url = format!("{}/visits/lakeside/{CSN}/end", house.url);
    let form = [("reason", "the ward rang up")];
    assert_eq!(read(house.http.post(url).send_form(&form).await).await.status, 303);
    house.until_right().await;
    let over = |all: &[Value]| {
        let off = "update_settled WPR1 delivered";
        let told: Vec<String> = all.iter().map(short).collect();
        told.iter().filter(|it| *it == off).count() == 2 && told.iter().any(|it| it == "phase ended")
    };
    let told = house.until_story(CSN, "the light is told to be off", over).await;
    assert_told(
        &told,
        &[
            "launched WPR1",
            "phase waiting_for_host",
            "launched EMP501",
            "call_begun create_meeting",
            "call_ended create_meeting done",
            "meeting_made",
            "call_ended WPR1 register done",
            "phase in_progress",
            "sent_to_zoom WPR1",
            "event WPR1 meeting.participant_joined",
            "moved WPR1 in_meeting",
            "update_decided WPR1",
            "update_settled WPR1 delivered",
            "end_ordered",
            "call_begun end_meeting",
            "update_settled WPR1 delivered",
        ],
    );
    // Zoom's events overtake each other.
    for event in ["event meeting.started", "event WPR1 meeting.participant_left", "event meeting.ended"] {
        assert_told(&told, &[event]);
    }
    let records: Vec<&Value> = entries(&told).iter().filter(|entry| entry["kind"] == "record").collect();
    assert!(
        records.len() >= 4 && records.iter().all(|one| one["record"]["resp_code"] == 200),
        "{records:#?}"
    );
    let act = entries(&told).iter().find(|entry| entry["kind"] == "act").expect("the act");
    assert_eq!((&act["act"]["reason"], &act["act"]["outcome"]), (&json!("the ward rang up"), &json!("done")));
    let times: Vec<&str> = entries(&told).iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by_key(|at| at.parse::<jiff::Timestamp>().unwrap()), "{times:?}");
    // Nobody is named, be it by Epic or by Zoom.
    let page = house.get(&format!("/visits/lakeside/{CSN}")).await.text();
    for text in [told.to_string(), page.clone()] {
        assert!(!text.contains("Ada") && !text.contains("Lovelace") && !text.contains("tk="), "{text}");
    }
    assert!(page.contains("Patient WPR1 launched the visit.") && page.contains("the ward rang up"), "{page}");
    house.close().await;
}

#[actix_web::test]
async fn a_doubled_and_a_late_event_are_marked() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_right().await;
    let joined = house.delivered("meeting.participant_joined", true);
    assert_eq!(house.event(&joined).await.status, 200);
    let told = house
        .until_story(CSN, "the second of two is marked", |all| !marked(all, "duplicate").is_empty())
        .await;
    let [double] = marked(entries(&told), "duplicate")[..] else { panic!("not one: {told:#}") };
    assert_eq!(short(double), "event WPR1 meeting.participant_joined");
    assert_eq!(double["event"]["changed"], false);
    // The patient came by a second device 42 s ago, and that is told only now.
    let mut late: Value = serde_json::from_str(&joined).unwrap();
    let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(42);
    let person = &mut late["payload"]["object"]["participant"];
    person["participant_uuid"] = json!("SECOND-DEVICE-1");
    person["user_id"] = json!("99990001");
    person["join_time"] = json!(ago.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    assert_eq!(house.event(&late.to_string()).await.status, 200);
    let told = house.until_story(CSN, "the late one is marked", |all| !marked(all, "late").is_empty()).await;
    let [late] = marked(entries(&told), "late")[..] else { panic!("not one: {told:#}") };
    let after = late["event"]["came_after_s"].as_i64().unwrap();
    assert!((42..60).contains(&after) && late["who"]["external_id"] == PATIENT, "{late:#}");
    let page = house.get(&format!("/visits/lakeside/{CSN}")).await.text();
    assert!(
        page.contains(&format!("late by {after} s</span>")) && page.contains(">duplicate</span>"),
        "{page}"
    );
    house.close().await;
}

#[actix_web::test]
async fn a_repair_is_marked() {
    let house = House::with("[page]\ncheck_after = \"1s\"\ncheck_every = \"1s\"\n").await;
    house.zoom().set_weather(Weather { lose: 1.0, ..Weather::default() });
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    let told = house.until_story(CSN, "it is told", |all| !marked(all, "repaired").is_empty()).await;
    let [repair] = marked(entries(&told), "repaired")[..] else { panic!("not one: {told:#}") };
    assert_eq!(short(repair), "repaired start");
    assert_told(&told, &["meeting_made", "repaired start", "phase in_progress"]);
    house.close().await;
}

#[actix_web::test]
async fn a_refused_launch_is_there_with_its_reason() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    let stranger =
        LaunchOptions { context: [("csn".to_owned(), CSN.to_owned())].into(), ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(LaunchKind::Patient, "WPR2", "10002", stranger).unwrap();
    house.browser().open(&url).await.unwrap();
    let told = house.timeline(CSN).await;
    assert_told(&told, &["launched WPR1", "launch_refused WPR2 wrong_patient"]);
    house.close().await;
}

#[actix_web::test]
async fn a_timeline_outlives_the_program_and_is_bounded() {
    let mut house = House::of_the_program("").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let before = house
        .until_story(CSN, "it is told", |all| {
            all.iter().any(|one| short(one).starts_with("update_settled WPR1"))
        })
        .await;
    house.restart_with("[limits]\nhistory_lines = 16\n").await;
    let after = house.timeline(CSN).await;
    for entry in entries(&before) {
        assert!(entries(&after).contains(entry), "{entry:#} is gone: {after:#}");
    }
    assert_eq!(after["dropped"], 0, "what is there stays until something is added");
    house.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    house.until_right().await;
    let told =
        house.until_story(CSN, "it has ended", |all| all.iter().any(|one| short(one) == "phase ended")).await;
    let lines = entries(&told).iter().filter(|one| one["kind"] != "record" && one["kind"] != "act").count();
    let dropped = told["dropped"].as_u64().unwrap();
    assert!(lines <= 16 && dropped > 0, "{lines} lines, {dropped} dropped");
    assert!(house.metric(&["vestibule_swept_total", "history_lines"]).await >= 1.0);
    let page = house.get(&format!("/visits/lakeside/{CSN}")).await.text();
    assert!(page.contains("limits.history_lines"), "{page}");
    house.close().await;
}
