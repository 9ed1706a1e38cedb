//! What a day leaves in the log of the real program: enough to follow it, and nothing of a person.

use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind, IdTokenFault};
use vestibule::simulator::zoom::{ZoomFault, ZoomFaultKind};

use super::house::{House, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

/// A story with everything in it that is logged: launches, refusals, failures of Epic and of Zoom.
async fn a_day(house: &House) -> Vec<String> {
    let mut secrets = Vec::new();
    let fault = |call: &str, fault| EpicFault { call: call.to_owned(), times: Some(1), fault };
    house.epic().add_fault(fault("status", EpicFaultKind::Status { status: 500 }));
    house.epic().add_fault(fault("status", EpicFaultKind::Refuse { code: "INVALID-USER-ID".to_owned() }));
    let refused =
        ZoomFaultKind::Status { status: 429, code: 300, message: "Elena Rivera is busy".to_owned() };
    house.zoom().add_fault(ZoomFault { call: "users.get".to_owned(), times: Some(1), fault: refused });
    let mut patient = house.waits(CSN, PATIENT).await;
    let link = house.start_link(CSN, PROVIDER).await;
    house.sits_down(CSN, PROVIDER, &link);
    secrets.push(link);
    secrets.push(patient.ticket.clone());
    let link = patient.join_link().await;
    let seat = house.sits_down(CSN, PATIENT, &link);
    secrets.push(link);
    house.until_inside(CSN, 2).await;
    house.leaves(&seat);
    until("Epic has refused, failed and taken something", async || {
        let records = house.records(CSN).await;
        let has = |outcome: &str| records.iter().any(|record| record["outcome"] == outcome);
        (has("parked") && has("retrying") && has("delivered")).then_some(())
    })
    .await;
    house.epic().set_id_token_fault(Some(IdTokenFault::WrongKey));
    house.launch(LaunchKind::Patient, CSN, PATIENT).await;
    house.epic().set_id_token_fault(None);
    house.launch(LaunchKind::Provider, CSN, PATIENT).await;
    house.event_with("{\"user_name\":\"Ada Hansen\"}", Some("v0=00"), Some("1")).await;
    house.event("Ada Hansen is no JSON").await;
    house.get(&format!("/visit/{}x", patient.ticket)).await;
    house.get("/epic/callback?code=Ada-Hansen&state=Ada-Hansen").await;
    secrets
}

/// Everything of the day that names a person or opens a door.
fn never_in_a_log(house: &House) -> Vec<String> {
    let mut never = Vec::new();
    for visit in house.epic().day() {
        for person in [&visit.patient].into_iter().chain(&visit.proxies).chain(&visit.providers) {
            never.extend([person.first_name.clone(), person.last_name.clone(), person.email.clone()]);
            never.extend([person.external_id.clone(), person.fhir_id.clone()]);
        }
        never.push(visit.csn);
    }
    let account = house.zoom().account();
    never.extend([account.client_secret.clone(), account.webhook_secret.clone()]);
    for holder in house.zoom().link_holders() {
        never.extend([holder.join_url, holder.email]);
    }
    never.push("BEGIN PRIVATE KEY".to_owned());
    never.retain(|text| !text.is_empty());
    never
}

/// Parts of a link that are as good as the link.
fn keys_of(link: &str) -> Vec<String> {
    let pairs = url::Url::parse(link).map(|url| url.query_pairs().into_owned().collect::<Vec<_>>());
    pairs.unwrap_or_default().into_iter().map(|(_, value)| value).filter(|value| value.len() > 8).collect()
}

/// A value of a link's query.
fn value_of(link: &str, name: &str) -> String {
    let link = url::Url::parse(link).unwrap();
    let found = link.query_pairs().find(|(key, _)| key == name).expect("it is in the link");
    assert!(found.1.len() > 8, "too short to be looked for");
    found.1.into_owned()
}

#[actix_web::test]
async fn e20_no_name_secret_or_link_reaches_the_log_however_much_is_logged() {
    // Everything that is ours; what is logged at `info` is a part of it.
    let filter = "info,vestibule=trace,vestibule_actors=trace,vestibule_domain=trace";
    let settings = format!("[logging]\nfilter = \"{filter}\"\nformat = \"json\"\n");
    let mut house = House::of_the_program(&settings).await;
    let secrets = a_day(&house).await;
    assert_eq!(house.stop_service().await.unwrap().code(), Some(0));
    let log = house.log();
    // What opens the host's chair is kept nowhere; a patient's own link is kept, so that it can be given again.
    let kept = std::fs::read(house.file("store").join("vestibule.redb")).unwrap();
    let is_kept = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!is_kept(&value_of(&secrets[0], "zak")));
    assert!(is_kept(&value_of(&secrets[2], "tk")), "the look finds what is there");
    // I15: no secret, token or name of a person reaches a log.
    let mut never = never_in_a_log(&house);
    never.extend(secrets.iter().flat_map(|secret| keys_of(secret)));
    never.extend(secrets);
    for text in never {
        let line = log.lines().find(|line| holds(line, &text));
        assert_eq!(line, None, "{filter}: {text}");
    }
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert!(lines.len() > 5, "the day is in the log: {log}");
    let refused = lines.iter().filter(|line| line["message"] == "launch refused");
    assert!(refused.clone().count() >= 3);
    let used = |line: &&Value| line["reason"] == "link-used-or-expired";
    assert!(refused.clone().any(|line| used(&line)), "a state that was not taken");
    assert!(refused.into_iter().all(|line| line["correlation_id"].as_str().is_some_and(|id| id.len() >= 16)));
    house.close().await;
}

/// Whether a line has the text as a word of its own: an id of five digits may be part of some long number.
fn holds(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + text.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}
