//! The JSON, letter by letter.

use serde_json::{Value, json, to_value};
use uuid::Uuid;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Epoch, Outcome, Owner, OwnerToken, Record};
use vestibule_domain::effect::Says;
use vestibule_domain::id::ExternalId;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::device_test::{DeviceTest, KnownTest, TestOutcome, Told};

use super::{RecordView, VisitView, timestamp};
use crate::http::kit::{
    NOW, end, group, group_key, key, patient, record, settings, start_with_a_stranger, waiting,
};

fn policy() -> Policy {
    let settings = settings("");
    settings.organization("lakeside").unwrap().1.policy(&settings)
}

fn view(visit: Visit, owner: Option<&Owner>) -> Value {
    let snapshot = Snapshot { visit, version: 7, epoch: Epoch(3) };
    to_value(VisitView::new(&snapshot, owner, &policy(), NOW)).unwrap()
}

fn owner(epoch: u64) -> Owner {
    Owner { token: OwnerToken(Uuid::from_u128(7)), node: "node-a".into(), epoch: Epoch(epoch) }
}

#[test]
fn a_visit_has_the_names_that_programs_rely_on() {
    let mut visit = waiting(key("10001"));
    visit.problems.insert(ProblemCode::WaitingRoomLocked, NOW);
    assert_eq!(
        view(visit, Some(&owner(3))),
        json!({
            "organization": "lakeside", "csn": "10001", "conference_id": null, "phase": "waiting_for_host",
            "version": 7, "admittance": "automatic",
            "meeting": {"id": "85012345678", "uuid": null, "host_id": "host-at-zoom", "waiting_room": false,
                "join_before_host": false},
            "participants": [{"role": "patient", "csn": "10001", "external_id": "WPR1", "presence": "waiting",
                "wanted": false, "connected": false, "since": "2026-11-23T17:00:00Z"}],
            "owner": {"node": "node-a", "epoch": 3},
            "problems": [{"code": "waiting_room_locked", "message": ProblemCode::WaitingRoomLocked.message()}],
            "expected": {"who": "provider", "by": "2026-11-23T17:40:00Z"},
            "updated_at": "2026-11-23T17:00:00Z"
        })
    );
}

#[test]
fn whoever_is_there_and_not_known_is_shown_without_a_light() {
    let mut visit = waiting(key("10001"));
    start_with_a_stranger(&mut visit, "4444AAAiAAAAAiAiAiiAii==");
    let shown = view(visit, Some(&owner(3)));
    assert_eq!(shown["phase"], "in_progress");
    assert_eq!(shown["meeting"]["uuid"], "4444AAAiAAAAAiAiAiiAii==");
    assert_eq!(
        shown["participants"][1],
        json!({"role": "unidentified", "csn": "10001", "external_id": null, "presence": "in_meeting",
            "wanted": false, "connected": false, "since": "2026-11-23T17:00:30Z"})
    );
}

#[test]
fn the_time_of_an_appointment_is_shown_with_its_window_and_the_end_that_comes_by_itself() {
    let mut visit = waiting(key("10001"));
    let plain = view(visit.clone(), None);
    assert_eq!((plain.get("appointment"), plain.get("ends_at")), (None, None));
    visit.bookings.entry(String::new()).or_default().starts = Some(NOW);
    start_with_a_stranger(&mut visit, "4444AAAiAAAAAiAiAiiAii==");
    let shown = view(visit, None);
    assert_eq!(
        shown["appointment"],
        json!({"starts_at": "2026-11-23T17:00:00Z", "opens_at": "2026-11-23T16:40:00Z",
            "closes_at": "2026-11-23T17:40:00Z"})
    );
    assert_eq!(shown["ends_at"], "2026-11-24T01:00:00Z", "eight hours after it began without a provider");
    assert_eq!(shown.get("reopens_until"), None, "it has not ended");
    let mut ended = waiting(key("10001"));
    start_with_a_stranger(&mut ended, "4444AAAiAAAAAiAiAiiAii==");
    end(&mut ended, "4444AAAiAAAAAiAiAiiAii==");
    assert_eq!(view(ended, None)["reopens_until"], "2026-11-24T05:02:00Z", "twelve hours after the end");
}

#[test]
fn e49_device_tests_are_shown_with_the_visit() {
    let mut visit = waiting(key("10001"));
    let test = DeviceTest {
        at: NOW,
        outcome: TestOutcome::Failed,
        patient: None,
        csn: None,
        external_id: ExternalId::new("WPR1").ok(),
        external_id_type: None,
        tentative: false,
    };
    let told = Told { decided: 2, acknowledged: 2, settled: 2, ..Told::default() };
    visit.device_tests.insert(patient(), KnownTest { test, told, untold: false });
    assert_eq!(
        view(visit, None)["device_tests"],
        json!([{"role": "patient", "csn": "10001", "external_id": "WPR1", "outcome": "failed",
            "at": "2026-11-23T17:00:00Z", "told": true}])
    );
    let told = Record { says: Says::DeviceTest(TestOutcome::Passed), ..record(NOW, Outcome::Delivered) };
    let told = to_value(RecordView::from(&told)).unwrap();
    assert_eq!((&told["event"], &told["device_test"]), (&json!("device_test"), &json!("passed")));
}

#[test]
fn a_group_visit_has_no_csn_and_its_people_have_theirs() {
    let shown = view(group(group_key("conf-1"), &["20001", "20002"]), None);
    assert_eq!((&shown["csn"], &shown["conference_id"]), (&Value::Null, &json!("conf-1")));
    assert_eq!(shown["meeting"], Value::Null);
    let csns: Vec<&Value> = shown["participants"].as_array().unwrap().iter().map(|p| &p["csn"]).collect();
    assert_eq!(csns, ["20001", "20002"]);
}

// I13: the epoch that is shown never goes back, even where the owner is not known or what is known of it is old.
#[test]
fn the_greater_epoch_is_shown() {
    let shown = |owner: Option<&Owner>| view(waiting(key("1")), owner)["owner"].clone();
    assert_eq!(shown(Some(&owner(5))), json!({"node": "node-a", "epoch": 5}));
    assert_eq!(shown(Some(&owner(2))), json!({"node": null, "epoch": 3}));
    assert_eq!(shown(None), json!({"node": null, "epoch": 3}));
}

// I15: neither names nor links leave through the operators' view.
#[test]
fn no_name_and_no_link_is_shown() {
    let text = view(waiting(key("10001")), None).to_string();
    for secret in ["Ada", "Lovelace", "pwd=", "zoom.example.org", "Patient/ePat"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn e34_a_record_has_the_names_that_programs_rely_on() {
    let mut told = record(NOW, Outcome::Delivered);
    told.occurred_at = Moment(NOW.0 - 1_500);
    assert_eq!(
        to_value(RecordView::from(&told)).unwrap(),
        json!({"id": told.place().to_string(), "at": "2026-11-23T17:00:00Z", "organization": "lakeside", "meeting_id": "85012345678",
            "csn": "10001", "role": "patient", "event": "joined", "occurred_at": "2026-11-23T16:59:58.5Z",
            "attempt": 1, "attempts": null, "resp_code": 200, "epic_code": null, "outcome": "delivered", "latency_ms": 34,
            "hint": null})
    );
}

#[test]
fn a_time_that_nobody_can_write_becomes_the_nearest() {
    for moment in [Moment(i64::MIN), Moment(i64::MAX)] {
        assert!(timestamp(moment).0.to_string().ends_with('Z'));
    }
    assert!(timestamp(Moment(i64::MIN)) < timestamp(Moment(i64::MAX)));
}
