//! Both dialects of the status service: visits over each, and each of Epic's codes.

use serde_json::json;
use vestibule::epic::NINE_PERMANENT_CODES;
use vestibule::simulator::epic::EpicFaultKind;

use super::house::{House, has_problem};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
const DIALECTS: [&str; 2] = ["connection-status-2018", "telehealth-2020"];

async fn house_of(dialect: &str) -> House {
    House::with(&format!("[organization.lakeside.epic]\nstatus_dialect = \"{dialect}\"\n")).await
}

#[actix_web::test]
async fn e28_a_whole_visit_runs_over_the_services_of_2020() {
    let house = house_of("telehealth-2020").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PROVIDER, true).await;
    assert!(house.epic().is_green(CSN));
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    house.leaves(&host);
    house.until_right().await;
    house.until_acknowledged(CSN, PATIENT, false).await;
    let calls = house.epic().calls("status");
    assert_eq!(house.epic().calls("status.2020"), calls, "the service of 2018 was never asked");
    let records = house.records(CSN).await;
    assert!(records.iter().all(|record| record["resp_code"] == 200 && record["outcome"] == "delivered"));
    house.close().await;
}

#[actix_web::test]
async fn e30_each_code_that_never_passes_is_parked_with_its_hint_in_both_dialects() {
    let each = DIALECTS.map(|dialect| async move {
        let house = house_of(dialect).await;
        house.provider_inside(CSN).await;
        for code in NINE_PERMANENT_CODES {
            house.epic_fault("status", Some(1), EpicFaultKind::Refuse { code: code.to_owned() });
            let seat = house.waits(CSN, PATIENT).await.goes_in().await;
            house.until_visit(CSN, "the update is parked", |visit| has_problem(visit, "update_parked")).await;
            let newest = house.records(CSN).await[0].clone();
            assert_eq!((&newest["outcome"], &newest["epic_code"]), (&json!("parked"), &json!(code)));
            assert_eq!(
                (&newest["resp_code"], &newest["attempt"]),
                (&json!(400), &json!(1)),
                "not tried again"
            );
            let hint = newest["hint"].as_str().unwrap();
            assert!(hint.contains("Check"), "{hint}");
            house.leaves(&seat);
            house.until_visit(CSN, "the alert is over", |visit| !has_problem(visit, "update_parked")).await;
            house.until_acknowledged(CSN, PATIENT, false).await;
        }
        house.close().await;
    });
    futures_util::future::join_all(each).await;
}

#[actix_web::test]
async fn e30_a_lock_passes_and_is_tried_again_in_both_dialects() {
    for dialect in DIALECTS {
        let house = house_of(dialect).await;
        house.provider_inside(CSN).await;
        house.epic_fault("status", Some(2), EpicFaultKind::LockFailed);
        house.waits(CSN, PATIENT).await.goes_in().await;
        house.until_light(CSN, PATIENT, true).await;
        house.until_acknowledged(CSN, PATIENT, true).await;
        let records = house.records(CSN).await;
        let of_patient: Vec<_> = records.iter().rev().filter(|record| record["role"] == "patient").collect();
        let told = |record: &&serde_json::Value| (record["outcome"].clone(), record["epic_code"].clone());
        let locked = (json!("retrying"), json!("LOCK-FAILED"));
        let expected = vec![locked.clone(), locked, (json!("delivered"), json!(null))];
        assert_eq!(of_patient.iter().map(told).collect::<Vec<_>>(), expected, "{dialect}");
        house.close().await;
    }
}
