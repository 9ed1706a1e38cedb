//! What somebody changes in Zoom under a running visit: it is seen, said, and lets nobody in too early.

use serde_json::{Value, json};
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::Fate;

use super::house::{House, has_problem, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

fn started(meeting: u64, uuid: &str) -> Value {
    json!({
        "event": "meeting.started",
        "event_ts": jiff::Timestamp::now().as_millisecond(),
        "payload": {"account_id": "DemoZoomAccount1", "object": {
            "id": meeting.to_string(), "uuid": uuid, "host_id": "somebody", "topic": "Video visit", "type": 2,
            "start_time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "duration": 30,
            "timezone": "UTC",
        }},
    })
}

#[actix_web::test]
async fn a_late_event_of_a_deleted_meeting_opens_no_way_into_the_new_one() {
    let house = House::open().await;
    house.start_link(CSN, PROVIDER).await;
    let old = house.live_meetings()[0].id;
    assert_eq!(house.as_administrator("DELETE", &format!("meetings/{old}"), Value::Null).await, 204);
    house
        .until_visit(CSN, "the visit knows", |visit| {
            visit["meeting"].is_null() || has_problem(visit, "meeting_deleted")
        })
        .await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let link = house.start_link(CSN, PROVIDER).await;
    let before = house.visit(CSN).await;
    assert_eq!(house.event(&started(old, "oldUuid==").to_string()).await.status, 200);
    house
        .until_visit(CSN, "the event is in", |visit| visit["version"].as_u64() > before["version"].as_u64())
        .await;
    // I12: people of a visit are only ever sent to one live meeting, and nobody has started that one.
    assert!(!patient.can_join().await);
    house.sits_down(CSN, PROVIDER, &link);
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.close().await;
}

#[actix_web::test]
async fn settings_that_somebody_changes_are_a_problem_of_the_visit() {
    let house = House::open().await;
    house.start_link(CSN, PROVIDER).await;
    let meeting = house.live_meetings()[0].id;
    let change = json!({"settings": {"waiting_room": true}});
    assert_eq!(house.as_administrator("PATCH", &format!("meetings/{meeting}"), change).await, 204);
    let visit = house.until_visit(CSN, "the drift shows", |visit| has_problem(visit, "policy_drift")).await;
    assert_eq!(visit["meeting"]["waiting_room"], true, "as it holds at Zoom");
    house.close().await;
}

#[actix_web::test]
async fn the_app_can_be_removed_and_the_visit_keeps_its_state() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.zoom().deauthorize();
    until("the removal is answered", async || {
        let all = house.zoom().deliveries();
        all.into_iter().find(|one| one.event == "app_deauthorized" && one.fate == Fate::Delivered)
    })
    .await;
    assert_eq!(house.visit(CSN).await["phase"], "in_progress");
    // What Zoom still tells is still believed.
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    // Nothing is asked of Zoom, and whoever comes is not lost.
    let asked = house.zoom().all_calls();
    let (_, landing) = house.launch(LaunchKind::Provider, "10002", "EMP501").await;
    assert!(landing.ticket().is_some(), "{landing:?}");
    house.until_visit("10002", "why is said", |visit| has_problem(visit, "zoom_not_connected")).await;
    assert_eq!(house.zoom().all_calls(), asked);
    let page = house.get("/admin/lakeside/zoom").await.text();
    assert!(page.contains("The app was removed") && page.contains("Ask Zoom again"), "{page}");
    // Its administrator switches it on again and says so.
    let again = "/admin/lakeside/zoom/ask-again";
    let refused = house.post(again, &[]).await;
    assert!(
        refused.status == 200 && refused.text().contains("does not take the app’s credentials"),
        "{}",
        refused.text()
    );
    house.zoom().change_settings(|settings| settings.app_disabled = false);
    assert_eq!(house.post(again, &[]).await.status, 303);
    house.starts("10002", "EMP501").await;
    house.until_visit("10002", "it is over", |visit| visit["problems"] == json!([])).await;
    house.close().await;
}
