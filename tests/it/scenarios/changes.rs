//! What somebody changes in Zoom under a running visit: it is seen, said, and lets nobody in too early.

use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::Fate;

use super::house::{House, has_problem, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

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
