//! What Epic says of the appointment: who hosts, who is named to the patient, and what becomes of a visit that was called off or moved.

use serde_json::{Value, json};
use vestibule::simulator::LaunchKind;
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::{ZoomFault, ZoomFaultKind};

use super::house::{House, has_problem, until};
use super::launches::is_plain;
use super::people::shown;

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
/// Leads the encounter.
const RIVERA: &str = "EMP501";
const OKAFOR: &str = "EMP502";
const RIVERAS_USER: &str = "elena.rivera@lakeside.example";
const OKAFORS_USER: &str = "samuel.okafor@lakeside.example";
/// Every launch reads anew what may have changed.
const FRESH: &str =
    "[organization.lakeside]\ntime_zone = \"America/Chicago\"\nepic.fhir_reads.believe = \"0s\"\n";

fn host_of(house: &House) -> String {
    let meetings = house.live_meetings();
    let [meeting] = meetings.as_slice() else { panic!("not one meeting: {meetings:#?}") };
    meeting.host_email.clone()
}

fn cancelled(landing: &Landing) {
    let Landing::Page { status: 410, body, .. } = landing else { panic!("not refused: {}", shown(landing)) };
    is_plain(&String::from_utf8_lossy(body), "visit-cancelled");
}

impl House {
    async fn is_cancelled_for(&self, kind: LaunchKind, who: &str) {
        cancelled(&self.launch(kind, CSN, who).await.1);
    }

    async fn until_no_meeting(&self) {
        until("the meeting is deleted", async || self.live_meetings().is_empty().then_some(())).await;
    }
}

// === number 13: host = the encounter provider, else the first provider to launch ===

#[actix_web::test]
async fn e13_the_encounter_provider_hosts_although_another_launched_first() {
    let house = House::open().await;
    // Zoom is slow to say who the first provider is, so that both have launched before the meeting is made.
    let slow = ZoomFault {
        call: "users.get".to_owned(),
        times: Some(1),
        fault: ZoomFaultKind::Slow { millis: 700 },
    };
    house.zoom().add_fault(slow);
    let first = house.launch(LaunchKind::Provider, CSN, OKAFOR);
    let second = async {
        house.until_visit(CSN, "the first has launched", |visit| visit["participants"] != json!([])).await;
        house.launch(LaunchKind::Provider, CSN, RIVERA).await
    };
    let ((_, first), (_, second)) = futures_util::future::join(first, second).await;
    assert_eq!(host_of(&house), RIVERAS_USER);
    for (who, landing) in [(OKAFOR, first), (RIVERA, second)] {
        assert!(matches!(landing, Landing::Zoom(_)), "{who}: {}", shown(&landing));
    }
    house.close().await;
}

#[actix_web::test]
async fn e13_the_first_provider_hosts_where_the_encounter_provider_does_not_come() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    house.start_link(CSN, OKAFOR).await;
    assert_eq!(host_of(&house), OKAFORS_USER);
    house.close().await;
}

#[actix_web::test]
async fn e13_once_the_meeting_is_made_the_encounter_provider_joins_the_same_one() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, OKAFOR).await;
    house.starts(CSN, RIVERA).await;
    assert_eq!(host_of(&house), OKAFORS_USER);
    patient.goes_in().await;
    house.until_inside(CSN, 3).await;
    house.close().await;
}

#[actix_web::test]
async fn e13_without_reads_the_first_provider_hosts() {
    let house = House::open().await;
    for kind in ["Encounter", "Appointment"] {
        house.epic().set_read_denied(kind, true);
    }
    house.start_link(CSN, OKAFOR).await;
    assert_eq!(host_of(&house), OKAFORS_USER);
    house.close().await;
}

// === number 14: a patient who launches first makes no meeting and reads whom they wait for ===

#[actix_web::test]
async fn e14_a_patient_who_comes_first_waits_without_a_meeting_and_reads_who_will_see_them() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    assert!(house.zoom().meetings().is_empty());
    let state = patient.state().await;
    assert_eq!(state["message"], "Please wait for the host to start this meeting");
    assert_eq!(state["about"], "Elena Rivera will see you.");
    let path = format!("/visit/{}", patient.ticket);
    assert!(house.get(&path).await.text().contains(">Elena Rivera will see you.<"));
    assert!(house.get(&format!("{path}?lang=es")).await.text().contains(">Elena Rivera le atenderá.<"));
    // The name is for the people of the visit: no board, record or API has it.
    for path in ["/ops", "/records", "/api/v1/visits?organization=lakeside", "/metrics"] {
        assert!(!house.get(path).await.text().contains("Rivera"), "{path}");
    }
    house.starts(CSN, RIVERA).await;
    patient.until_can_join().await;
    assert!(patient.state().await.get("about").is_none(), "they are there");
    house.close().await;
}

#[actix_web::test]
async fn e14_the_name_comes_from_whatever_epic_lets_us_read() {
    // Only the encounter names its provider; by the appointment the practitioner is asked for.
    for (denied, expected) in [
        (vec!["Appointment", "Practitioner"], Some("Elena Rivera will see you.")),
        (vec!["Encounter"], Some("Elena Rivera will see you.")),
        (vec!["Encounter", "Practitioner"], None),
        (vec!["Encounter", "Appointment"], None),
    ] {
        let house = House::open().await;
        for kind in &denied {
            house.epic().set_read_denied(kind, true);
        }
        let mut patient = house.waits(CSN, PATIENT).await;
        let state = patient.state().await;
        assert_eq!(state.get("about").and_then(Value::as_str), expected, "{denied:?}");
        assert_eq!(state["message"], "Please wait for the host to start this meeting");
        house.close().await;
    }
}

// === called off ===

#[actix_web::test]
async fn a_visit_that_was_called_off_lets_nobody_in_however_epic_says_so() {
    for (appointment, encounter) in [
        ("cancelled", "planned"),
        ("noshow", "planned"),
        ("entered-in-error", "planned"),
        ("booked", "cancelled"),
    ] {
        let house = House::open().await;
        house.epic().set_appointment_status(CSN, appointment);
        house.epic().set_encounter_status(CSN, encounter);
        house.is_cancelled_for(LaunchKind::Patient, PATIENT).await;
        house.is_cancelled_for(LaunchKind::Provider, RIVERA).await;
        assert!(house.zoom().meetings().is_empty());
        let visit = house.visit(CSN).await;
        assert!(has_problem(&visit, "called_off") && visit["participants"] == json!([]), "{visit:#}");
        assert_eq!(house.metric(&["vestibule_launches_total", "outcome=\"visit-cancelled\""]).await, 2.0);
        house.close().await;
    }
}

#[actix_web::test]
async fn whoever_waits_reads_that_it_was_called_off_and_the_meeting_goes() {
    let house = House::with(FRESH).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.start_link(CSN, RIVERA).await;
    assert_eq!(house.live_meetings().len(), 1);
    house.epic().set_appointment_status(CSN, "cancelled");
    house.is_cancelled_for(LaunchKind::Provider, RIVERA).await;
    let state = patient.state().await;
    let expected = json!({"phase": "waiting_for_host", "can_join": false, "message": "This visit was cancelled.", "cancelled": true});
    assert_eq!(state, expected);
    house.until_no_meeting().await;
    let page = house.get(&format!("/visit/{}", patient.ticket)).await.text();
    assert!(page.contains("This visit was cancelled.") && page.contains("call your clinic"), "{page}");
    let Landing::Page { status: 409, body, .. } = patient.join().await else { panic!("let in") };
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(body.contains("This visit was cancelled."), "{body}");
    assert!(body.contains("id=\"note\" class=\"note\" hidden"), "nothing keeps waiting: {body}");
    // It stands again: the same visit goes on, in another meeting.
    house.epic().set_appointment_status(CSN, "booked");
    house.starts(CSN, RIVERA).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    assert!(!has_problem(&house.visit(CSN).await, "called_off"));
    house.close().await;
}

#[actix_web::test]
async fn a_meeting_that_runs_is_left_to_those_who_are_in_it() {
    let house = House::with(FRESH).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, RIVERA).await;
    let seat = patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.epic().set_appointment_status(CSN, "noshow");
    house.is_cancelled_for(LaunchKind::Patient, PATIENT).await;
    let Landing::Page { status: 409, .. } = patient.join().await else { panic!("let in") };
    let meeting = house.live_meetings().remove(0);
    assert!(meeting.uuid.is_some() && house.zoom().calls("meetings.delete") == 0, "{meeting:#?}");
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&seat);
    house.leaves(&host);
    house.until_no_meeting().await;
    house.until_light(CSN, PATIENT, false).await;
    house.until_right().await;
    house.close().await;
}

// === moved ===

#[actix_web::test]
async fn a_patient_reads_for_when_the_visit_was_moved_as_the_clocks_there_show_it() {
    let house = House::with(FRESH).await;
    // 2031-11-20 10:30 in Chicago.
    let later: jiff::Timestamp = "2031-11-20T16:30:00Z".parse().unwrap();
    let mut patient = house.waits(CSN, PATIENT).await;
    assert_eq!(patient.state().await["about"], "Elena Rivera will see you.");
    house.epic().move_appointment(CSN, later);
    // A new launch is too early now, and says so; the page that is open tells it as well.
    let (_, landing) = house.launch(LaunchKind::Patient, CSN, PATIENT).await;
    let shown = shown(&landing);
    assert!(shown.contains("You can come in from November 19 at 10:30 AM CST on."), "{shown}");
    let expected = "Elena Rivera will see you. This visit was moved to November 20 at 10:30 AM CST.";
    assert_eq!(patient.state().await["about"], expected);
    // What lies behind is nothing to wait for.
    house.epic().move_appointment(CSN, "2026-01-01T08:00:00Z".parse().unwrap());
    let mut patient = house.waits(CSN, PATIENT).await;
    assert_eq!(patient.state().await["about"], "Elena Rivera will see you.");
    house.close().await;
}
