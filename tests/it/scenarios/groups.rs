//! Group visits: one meeting for a conference, each patient under their own CSN.

use serde_json::{Value, json};
use vestibule::simulator::LaunchKind::{GroupPatient, GroupProvider, Patient, Provider};
use vestibule::simulator::epic::LaunchOptions;
use vestibule::simulator::people::Landing;

use super::house::{House, participant};
use super::people::shown;

const CONFERENCE: &str = "CONF7001";
const OLIVIA: (&str, &str) = ("10005", "WPR5");
const TOMAS: (&str, &str) = ("10006", "WPR6");
const PROVIDER: &str = "EMP501";

fn without(name: &str) -> LaunchOptions {
    LaunchOptions { without: vec![name.to_owned()], ..LaunchOptions::default() }
}

// The behaviours that are asked of an Epic integration are numbered; e9 is: the visit is known by its CSN, a group by its conference id.
#[actix_web::test]
async fn e9_a_group_has_one_meeting_and_each_patient_their_own_light() {
    let house = House::with("[organization.lakeside]\npatient_display_name = \"full_name\"\n").await;
    let mut olivia = house.on_waiting_page(GroupPatient, OLIVIA.0, OLIVIA.1).await;
    let mut tomas = house.on_waiting_page(GroupPatient, TOMAS.0, TOMAS.1).await;
    let Landing::Zoom(start) = house.launch(GroupProvider, OLIVIA.0, PROVIDER).await.1 else {
        panic!("the provider is not sent to Zoom");
    };
    let provider = house.sits_down(OLIVIA.0, PROVIDER, &start);
    let olivias = olivia.goes_in().await;
    let tomass = tomas.goes_in().await;
    for (csn, who) in [OLIVIA, TOMAS] {
        house.until_light(csn, who, true).await;
    }
    let meetings = house.live_meetings();
    assert_eq!(meetings.len(), 1, "{meetings:?}");
    // Everybody in the group sees these names.
    for seat in meetings[0].seats.iter().filter(|seat| !seat.registrant.is_empty()) {
        assert_eq!(seat.name.trim(), "Patient", "{seat:?}");
    }
    let visit = house.get(&format!("/api/v1/group-visits/lakeside/{CONFERENCE}")).await.json();
    assert_eq!((&visit["csn"], &visit["conference_id"]), (&Value::Null, &json!(CONFERENCE)));
    for (csn, who) in [OLIVIA, TOMAS] {
        assert_eq!(participant(&visit, who)["csn"], json!(csn));
        assert_eq!(house.visit(csn).await["conference_id"], json!(CONFERENCE), "found by each CSN");
        let told = house.epic().requests_about(csn, who);
        assert!(told.iter().all(|request| request.conference_id == CONFERENCE), "{told:?}");
        let records = house.records(csn).await;
        assert!(records.iter().any(|r| r["role"] == "patient" && r["resp_code"] == 200), "{records:?}");
        assert!(records.iter().all(|r| r["role"] != "patient" || r["csn"] == json!(csn)), "{records:?}");
    }
    house.leaves(&tomass);
    house.until_light(TOMAS.0, TOMAS.1, false).await;
    assert!(house.epic().is_connected(OLIVIA.0, OLIVIA.1), "one who leaves turns off only their own light");
    house.leaves(&olivias);
    house.leaves(&provider);
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn e9_no_patient_of_a_group_is_shown_another() {
    let house = House::with("[organization.lakeside]\npatient_display_name = \"full_name\"\n").await;
    let mut olivia = house.on_waiting_page(GroupPatient, OLIVIA.0, OLIVIA.1).await;
    house.on_waiting_page(GroupPatient, TOMAS.0, TOMAS.1).await;
    let Landing::Zoom(_) = house.launch(GroupProvider, TOMAS.0, PROVIDER).await.1 else { panic!("no link") };
    let page = olivia.page();
    let Landing::Page { body, .. } = olivia.browser.open(&page).await.unwrap() else { panic!("no page") };
    let shown = format!("{} {}", String::from_utf8_lossy(&body), olivia.state().await);
    for foreign in ["Tom", "Ruiz", TOMAS.0, TOMAS.1] {
        assert!(!shown.contains(foreign), "{foreign} on {shown}");
    }
    house.close().await;
}

#[actix_web::test]
async fn e9_the_kind_of_the_launch_says_whose_conference_it_is() {
    let house = House::open().await;
    // An Epic may give a conference id to any visit; a record for one-to-one visits does not mean it.
    house.on_waiting_page(Patient, OLIVIA.0, OLIVIA.1).await;
    assert_eq!(house.visit(OLIVIA.0).await["csn"], json!(OLIVIA.0));
    assert_eq!(house.get(&format!("/api/v1/group-visits/lakeside/{CONFERENCE}")).await.status, 404);
    // Without its conference a group is nothing; without a CSN a patient of it cannot be told to Epic.
    for (kind, who, missing) in [
        (GroupPatient, OLIVIA.1, "conferenceid"),
        (GroupPatient, OLIVIA.1, "csn"),
        (GroupProvider, PROVIDER, "conferenceid"),
        (Provider, PROVIDER, "csn"),
    ] {
        let url = house.epic().launch_url_with(kind, who, OLIVIA.0, without(missing)).unwrap();
        let landing = house.browser().open(&url).await.unwrap();
        let Landing::Page { status, body, .. } = landing else { panic!("{kind:?} goes on") };
        assert_eq!(status, 400, "{kind:?} without {missing}");
        assert!(String::from_utf8_lossy(&body).contains(">missing-visit-context<"));
    }
    // A provider of a group may come without one.
    let url = house.epic().launch_url_with(GroupProvider, PROVIDER, OLIVIA.0, without("csn")).unwrap();
    assert!(matches!(house.browser().open(&url).await.unwrap(), Landing::Zoom(_)));
    house.close().await;
}

#[actix_web::test]
async fn e11_each_csn_of_a_group_belongs_to_one_patient() {
    let house = House::open().await;
    house.on_waiting_page(GroupPatient, OLIVIA.0, OLIVIA.1).await;
    house.on_waiting_page(GroupPatient, TOMAS.0, TOMAS.1).await;
    let foreign = LaunchOptions {
        context: [("csn".to_owned(), OLIVIA.0.to_owned())].into(),
        ..LaunchOptions::default()
    };
    let url = house.epic().launch_url_with(GroupPatient, TOMAS.1, TOMAS.0, foreign).unwrap();
    let Landing::Page { status, body, .. } = house.browser().open(&url).await.unwrap() else {
        panic!("another patient's appointment is opened");
    };
    assert_eq!(status, 403);
    assert!(String::from_utf8_lossy(&body).contains(">other-patient<"));
    let visit = house.visit(OLIVIA.0).await;
    assert_eq!(visit["participants"].as_array().map(Vec::len), Some(2), "{visit}");
    house.close().await;
}

#[actix_web::test]
async fn e9_a_conference_that_is_named_like_the_csn_is_warned_of() {
    let house = House::of_the_program("").await;
    let warned = || house.log().matches("look at conferenceid in the CONTEXT line").count();
    house.launch(GroupPatient, "10004", "WPR4").await;
    assert_eq!(warned(), 0);
    let context = [("conferenceid".to_owned(), "10004".to_owned())].into();
    let miscopied = LaunchOptions { context, ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(GroupPatient, "WPR4", "10004", miscopied).unwrap();
    let landing = house.browser().open(&url).await.unwrap();
    assert!(landing.ticket().is_some(), "it is a visit all the same: {}", shown(&landing));
    assert_eq!(warned(), 1);
    assert!(!house.log().contains("10004"), "the log names no CSN");
    house.close().await;
}
