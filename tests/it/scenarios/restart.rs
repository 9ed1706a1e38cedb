//! The program is stopped and started in the middle of visits: nothing that was decided or answered is forgotten.

use std::time::{Duration, Instant};

use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::people::connections;

use super::house::{House, participant, read, until};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

#[actix_web::test]
async fn a_visit_goes_on_after_the_program_was_stopped_and_started() {
    let mut house = House::of_the_program("").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let (ticket, mut browser) =
        (patient.ticket.clone(), std::mem::replace(&mut patient.browser, house.browser()));
    let host = house.starts(CSN, PROVIDER).await;
    house.until_light(CSN, PROVIDER, true).await;
    let before = house.visit(CSN).await;
    let ended = house.stop_service().await.unwrap();
    assert_eq!(ended.code(), Some(0), "{}", house.log());

    // While nobody listens the provider leaves; Zoom keeps the event and tries again.
    house.leaves(&host);
    house.start_program().await;
    house.until_light(CSN, PROVIDER, false).await;
    // The patient's page is what it was, and so is the visit.
    let page = format!("{}/visit/{ticket}", house.url);
    let landing = browser.open(&page).await.unwrap();
    assert_eq!(landing.ticket(), Some(ticket.as_str()));
    let host = house.starts(CSN, PROVIDER).await;
    let link = until("the patient can join", async || match browser.press(&format!("{page}/join")).await {
        Ok(vestibule::simulator::people::Landing::Zoom(link)) => Some(link),
        _ => None,
    })
    .await;
    let seat = house.sits_down(CSN, PATIENT, &link);
    house.until_light(CSN, PATIENT, true).await;
    let after = house.visit(CSN).await;
    assert_eq!(after["meeting"]["id"], before["meeting"]["id"], "the same meeting");
    // I1: versions go on, under a new epoch.
    assert!(after["version"].as_u64() > before["version"].as_u64());
    assert!(after["owner"]["epoch"].as_u64() > before["owner"]["epoch"].as_u64());
    house.leaves(&seat);
    house.leaves(&host);
    house.until_right().await;
    assert_eq!(house.stop_service().await.unwrap().code(), Some(0), "{}", house.log());
    house.close().await;
}

// Whoever sends it people and events must be able to see that it goes, on a connection of its own.
#[actix_web::test]
async fn a_node_that_drains_says_so_and_serves_on_until_it_has_been_seen() {
    let mut house = House::of_the_program("[node]\ndrain_settle = \"2s\"\ndrain_timeout = \"8s\"\n").await;
    let launch = house.epic().launch_url(LaunchKind::Patient, PATIENT, CSN).unwrap();
    let (mut browser, url) = (house.browser(), house.url.clone());
    let began = Instant::now();
    let probe = async {
        let draining = until("a new probe sees it", async || {
            let answer = connections().get(format!("{url}/readyz")).send().await;
            let answer = read(answer).await;
            (answer.status == 503).then(|| answer.json())
        });
        assert_eq!(draining.await["status"], "draining");
        // A person who was sent here a moment ago is served as ever.
        let landing = browser.open(&launch).await.unwrap();
        assert!(landing.ticket().is_some(), "{}", shown(&landing));
    };
    let (ended, ()) = futures_util::join!(house.stop_service(), probe);
    assert_eq!(ended.unwrap().code(), Some(0), "{}", house.log());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    house.close().await;
}

#[actix_web::test]
async fn e32_what_epic_has_not_acknowledged_is_sent_after_the_start() {
    let mut house = House::of_the_program("").await;
    let fault =
        EpicFault { call: "status".to_owned(), times: None, fault: EpicFaultKind::Status { status: 503 } };
    house.epic().add_fault(fault);
    house.starts(CSN, PROVIDER).await;
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_inside(CSN, 2).await;
    until("Epic was told in vain", async || (house.epic().calls("status") > 1).then_some(())).await;
    assert_eq!(house.stop_service().await.unwrap().code(), Some(0), "{}", house.log());
    house.epic().clear_faults();
    house.start_program().await;
    // I8: every decided update is acknowledged in the end, also by the next process.
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PROVIDER, true).await;
    let visit = house
        .until_visit(CSN, "Epic has acknowledged", |visit| participant(visit, PATIENT)["connected"] == true)
        .await;
    assert_eq!(visit["problems"], serde_json::json!([]));
    let records = house.records(CSN).await;
    assert!(
        records.iter().any(|record| record["resp_code"] == 503),
        "the attempts before are still on record"
    );
    house.leaves(&seat);
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn a_stop_with_open_pages_and_boards_is_quick() {
    let mut house = House::of_the_program("").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let mut events = patient.browser.events(&format!("{}/events", patient.page())).await.unwrap();
    assert!(events.next().await.is_some());
    drop(patient);
    let address = format!("ws{}/ops/stream", house.url.trim_start_matches("http"));
    let board = house.http.ws(address).connect().await.unwrap();
    let began = std::time::Instant::now();
    let ended = house.stop_service().await.unwrap();
    assert_eq!(ended.code(), Some(0), "{}", house.log());
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    while events.next().await.is_some() {}
    drop(board);
    house.close().await;
}
