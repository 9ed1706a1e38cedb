//! When people may come to an appointment, and the meeting that its provider has left.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vestibule::simulator::LaunchKind::Patient;
use vestibule::simulator::epic::{CommandLine, CryptKey, LaunchOptions, PayloadForm};
use vestibule::simulator::people::Landing;

use super::house::{House, has_problem};
use super::launches::is_plain;
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
/// As in the settings by default, and what FHIR says is asked anew at each launch.
const WINDOW: &str = "[organization.lakeside]\nearly_join_minutes = 20\nlate_join_minutes = 40\n\
                      time_zone = \"America/Chicago\"\n[organization.lakeside.epic.fhir_reads]\nbelieve = \"0s\"\n";

fn in_minutes(minutes: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_mins(minutes)
}

fn refused(landing: &Landing, code: &str) -> String {
    let Landing::Page { status, .. } = landing else { panic!("not refused: {landing:?}") };
    assert!([403, 410].contains(status), "{}", shown(landing));
    let page = shown(landing);
    is_plain(&page, code);
    page
}

#[actix_web::test]
async fn e23_a_patient_who_is_too_early_reads_from_when_on_they_may_come() {
    let house = House::with(WINDOW).await;
    house.epic().move_appointment(CSN, in_minutes(30));
    let (_, landing) = house.launch(Patient, CSN, PATIENT).await;
    let page = refused(&landing, "too-early");
    assert!(
        page.contains("You can come in from ") && (page.contains(" CST on.") || page.contains(" CDT on.")),
        "{page}"
    );
    assert_eq!(house.visit(CSN).await["participants"], serde_json::json!([]));
    // The appointment is brought forward; and then a provider opens another visit long before its time.
    house.epic().move_appointment(CSN, in_minutes(10));
    house.waits(CSN, PATIENT).await;
    house.epic().move_appointment("10002", in_minutes(300));
    refused(&house.launch(Patient, "10002", "WPR2").await.1, "too-early");
    house.starts("10002", PROVIDER).await;
    house.waits("10002", "WPR2").await.goes_in().await;
    house.until_light("10002", "WPR2", true).await;
    house.close().await;
}

#[actix_web::test]
async fn e23_a_patient_who_comes_first_when_the_time_is_over_is_told_whom_to_call() {
    let house = House::with(WINDOW).await;
    house.epic().move_appointment(CSN, in_minutes(-41));
    let page = refused(&house.launch(Patient, CSN, PATIENT).await.1, "too-late");
    assert!(
        page.contains("call your clinic") && page.contains("555-0100") && !page.contains("You can come in"),
        "{page}"
    );
    // Whoever was in time may come again as long as the provider is late.
    house.epic().move_appointment("10002", in_minutes(-39));
    house.waits("10002", "WPR2").await;
    house.epic().move_appointment("10002", in_minutes(-60));
    house.waits("10002", "WPR2").await;
    // That no provider has come by then is said to whoever looks.
    house.until_visit("10002", "nobody has come", |visit| has_problem(visit, "provider_no_show")).await;
    house.close().await;
}

#[actix_web::test]
async fn e22_a_meeting_that_its_provider_left_is_ended_for_everybody_and_epic_is_told() {
    let house = House::with("[organization.lakeside]\nprovider_gone = \"1s\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.leaves(&host);
    house.until_light(CSN, PATIENT, false).await;
    let visit = house.until_visit(CSN, "it has ended", |visit| visit["phase"] == "ended").await;
    assert!(visit.get("ends_at").is_none(), "{visit}");
    house.until_right().await;
    // Opened anew it goes on, in the same meeting.
    house.starts(CSN, PROVIDER).await;
    house.until_visit(CSN, "it goes on", |visit| visit["phase"] == "in_progress").await;
    assert_eq!(house.zoom().meetings().len(), 1);
    house.close().await;
}

// Sites that allow no reads, and links without FHIR: the time is the one in the FDI record, by the clock of Epic's server.
#[actix_web::test]
async fn e23_the_time_in_the_context_or_in_an_encrypted_link_has_its_window_too() {
    let zone = TimeZone::get("America/Chicago").unwrap();
    let house = House::with(&format!(
        "{WINDOW}wait = \"0s\"\n[organization.lakeside.epic]\ntime_zone = \"America/Chicago\"\n\
         launch_key = \"some text\"\nlaunch_cipher = \"aes-128\"\n"
    ))
    .await;
    for (minutes, code) in [(30, Some("too-early")), (-41, Some("too-late")), (5, None)] {
        let time = zone.to_datetime(in_minutes(minutes)).strftime("%m/%d/%Y %I:%M %p").to_string();
        let context = [("appointmenttime".to_owned(), time.clone())].into();
        let options = LaunchOptions { context, ..LaunchOptions::default() };
        let smart = house.epic().launch_url_with(Patient, PATIENT, CSN, options).unwrap();
        let record = CommandLine {
            key: CryptKey::Text("some text".to_owned()),
            form: PayloadForm::Linking,
            fields: vec![("AppointmentTime".to_owned(), time)],
        };
        let sealed = house.epic().encrypted_url(Patient, "WPR2", "10002", &record).unwrap();
        for url in [smart, sealed] {
            let landing = house.browser().open(&url).await.unwrap();
            match code {
                Some(code) => drop(refused(&landing, code)),
                None => assert!(landing.ticket().is_some(), "{}", shown(&landing)),
            }
        }
    }
    house.close().await;
}
