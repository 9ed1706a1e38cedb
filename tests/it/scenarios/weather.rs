//! Zoom's events doubled, shuffled, late and lost, and people who do what makes events arrive so: the end is always the truth.

use futures_util::future::join_all;
use serde_json::Value;
use vestibule::settings::{Settings, Sources};
use vestibule::simulator::zoom::{SeatAct, Weather};

use super::house::{House, participant, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

/// A visit with everything in it: waiting, admission, a return to the waiting room, a crash, a second device, two instances.
async fn an_eventful_visit(house: &House) {
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let phone = patient.goes_in().await;
    let act = |seat: &str, act: SeatAct| house.zoom().act(seat, &act).unwrap();
    act(&host, SeatAct::Admit { whom: phone.clone() });
    act(&host, SeatAct::PutBack { whom: phone.clone() });
    act(&host, SeatAct::Admit { whom: phone.clone() });
    act(&phone, SeatAct::Crash { silent: false, noticed_after_millis: None });
    let tablet = house.waits(CSN, PATIENT).await.goes_in().await;
    act(&host, SeatAct::Admit { whom: tablet.clone() });
    house.until_right().await;
    house.until_light(CSN, PATIENT, true).await;
    act(&host, SeatAct::EndForAll);
    house.until_right().await;
    let again = house.starts(CSN, PROVIDER).await;
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    act(&again, SeatAct::Admit { whom: seat.clone() });
    house.until_right().await;
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&seat);
    house.until_right().await;
    house.leaves(&again);
    house.until_right().await;
}

#[actix_web::test]
async fn doubled_shuffled_and_late_events_end_in_the_truth() {
    let house = House::with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
    house.zoom().set_weather(Weather {
        duplicate: 0.5,
        second_subscription: 0.5,
        reorder: 0.5,
        reorder_millis: 250,
        delay_millis: 20,
        non_canonical: 0.5,
        ..Weather::default()
    });
    // I4: any order and duplication of the same facts gives the same state.
    an_eventful_visit(&house).await;
    let visit = house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    for person in visit["participants"].as_array().unwrap() {
        assert_eq!(person["presence"], "gone", "{person}");
    }
    house.close().await;
}

#[actix_web::test]
async fn a_late_leave_of_an_old_device_does_not_turn_the_light_off() {
    // Zoom notices after two or three seconds, so that the patient is back before, however busy the machine is.
    let house = House::built("", |config| config.time_scale = 30.0).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let phone = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().act(&phone, &SeatAct::Crash { silent: false, noticed_after_millis: None }).unwrap();
    house.waits(CSN, PATIENT).await.goes_in().await;
    let left = || house.zoom().deliveries().iter().any(|one| one.event == "meeting.participant_left");
    until("Zoom notices the crash", async || left().then_some(())).await;
    house.until_right().await;
    assert!(house.epic().is_connected(CSN, PATIENT));
    let told = house.epic().requests_about(CSN, PATIENT);
    assert!(told.iter().all(|one| one.connection_status == "1"), "never off in between: {told:?}");
    house.close().await;
}

#[actix_web::test]
async fn of_two_devices_the_last_turns_the_light_off() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let first = patient.goes_in().await;
    let second = house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_right().await;
    house.leaves(&first);
    house.until_right().await;
    assert!(house.epic().is_connected(CSN, PATIENT));
    house.leaves(&second);
    house.until_light(CSN, PATIENT, false).await;
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn a_crash_that_zoom_never_tells_of_ends_with_the_meeting() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().act(&seat, &SeatAct::Crash { silent: true, noticed_after_millis: None }).unwrap();
    house.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    house.until_light(CSN, PATIENT, false).await;
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn e38_a_telephone_that_nobody_is_known_by_turns_no_light_on() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let visit = house.until_inside(CSN, 1).await;
    let meeting: u64 = visit["meeting"]["id"].as_str().unwrap().parse().unwrap();
    let call = house.zoom().dial_in(meeting, "+15550100123").unwrap();
    let visit = house.until_inside(CSN, 2).await;
    let strangers: Vec<&Value> = visit["participants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["role"] == "unidentified")
        .collect();
    assert_eq!(strangers.len(), 1);
    assert_eq!((&strangers[0]["external_id"], &strangers[0]["wanted"]), (&Value::Null, &Value::Bool(false)));
    assert!(!visit.to_string().contains("555"), "no number is shown");
    // The patient comes by video, and the call turns out to be theirs: hanging up takes nothing away.
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().act(&call, &SeatAct::BindTo { whom: seat.clone() }).unwrap();
    house.leaves(&call);
    house.until_right().await;
    assert!(house.epic().is_connected(CSN, PATIENT));
    let told = house.epic().requests();
    assert!(told.iter().all(|one| [PATIENT, PROVIDER].contains(&one.external_id.as_str())), "{told:?}");
    house.close().await;
}

#[actix_web::test]
async fn a_break_out_room_is_part_of_the_meeting() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    for room in [Some("Room 1".to_owned()), None] {
        house.zoom().act(&seat, &SeatAct::Breakout { room }).unwrap();
        house.until_right().await;
        assert!(house.epic().is_connected(CSN, PATIENT));
    }
    let told = house.epic().requests_about(CSN, PATIENT);
    assert!(told.iter().all(|one| one.connection_status == "1"), "{told:?}");
    house.close().await;
}

#[actix_web::test]
async fn e39_with_every_event_lost_the_patient_can_still_join() {
    let house = House::with("[page]\ncheck_after = \"1s\"\ncheck_every = \"1s\"\n").await;
    house.zoom().set_weather(Weather { lose: 1.0, ..Weather::default() });
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    let visit = house.visit(CSN).await;
    assert_eq!(visit["phase"], "in_progress");
    let repairs = visit["repairs"].as_array().unwrap();
    assert!(repairs.len() == 1 && repairs[0]["missing"] == "start", "{visit}");
    let reads = house.zoom().calls("meetings.get");
    // Once the meeting is known to run nothing is read any more for this patient.
    assert!(reads <= 6, "{reads} reads");
    house.close().await;
}

#[test]
fn e39_by_the_reference_of_settings_the_wait_for_lost_events_is_under_half_a_minute() {
    let least = r#"
[organization.lakeside]
epic = { fhir_base_url = "https://e.example.org/api/FHIR/R4", telehealth_base_url = "https://e.example.org", client_id = "x", client_secret = "x", status_auth = "basic", status_user = "x", status_password = "x" }
zoom = { account_id = "x", client_id = "x", client_secret = "x", webhook_secret_tokens = ["x"] }
"#;
    let settings = Settings::load(Sources::new("/").text("a test", least)).unwrap();
    let (_, organization) = settings.organization("lakeside").unwrap();
    let policy = organization.policy(&settings);
    // A host who starts right after the first look is seen by the second.
    let longest = policy.check_after.0 + policy.check_every.0;
    assert!(longest <= 25_000, "{longest} ms leave nothing for the call and the page");
}

#[actix_web::test]
async fn e39_events_lost_one_kind_at_a_time_are_made_up_for_by_the_others() {
    // They mostly wait, so they do it together.
    let each = ["meeting.started", "meeting.participant_admitted", "meeting.participant_joined_waiting_room"]
        .map(|lost| async move {
            let house = House::with("[organization.lakeside]\nadmittance = \"manual\"\n").await;
            let lose_events = [lost.to_owned()].into();
            house.zoom().set_weather(Weather { lose_events, ..Weather::default() });
            let mut patient = house.waits(CSN, PATIENT).await;
            let host = house.starts(CSN, PROVIDER).await;
            let seat = patient.goes_in().await;
            house.zoom().act(&host, &SeatAct::Admit { whom: seat.clone() }).unwrap();
            house.until_light(CSN, PATIENT, true).await;
            house.leaves(&seat);
            house.until_light(CSN, PATIENT, false).await;
            let visit = house.visit(CSN).await;
            assert_eq!(participant(&visit, PROVIDER)["presence"], "in_meeting", "{lost}");
            house.close().await;
        });
    join_all(each).await;
}
