//! What the metrics say of visits, where it is easily not what their names claim.

use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::EpicFaultKind;

use super::house::{House, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

impl House {
    /// The value of one metric with its labels.
    async fn counted(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub(super) async fn until_counted(&self, name: &str, times: f64) {
        let so = async || ((self.counted(name).await - times).abs() < f64::EPSILON).then_some(());
        until(&format!("{name} is {times}"), so).await;
    }
}

#[actix_web::test]
async fn a_wait_is_over_when_the_person_first_goes_in_and_not_when_they_come_back() {
    const WAITS: &str = "vestibule_waited_seconds_count{role=\"patient\"}";
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.until_counted(WAITS, 1.0).await;
    house.leaves(&seat);
    house.until_inside(CSN, 1).await;
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    house.until_counted(WAITS, 1.0).await;
    // A new launch is a new wait.
    house.on_waiting_page(LaunchKind::Patient, CSN, PATIENT).await.goes_in().await;
    house.until_counted(WAITS, 2.0).await;
    house.close().await;
}

#[actix_web::test]
async fn an_event_that_is_held_took_its_time_like_any_other() {
    const AGES: &str = "vestibule_webhook_event_to_answer_seconds_count";
    let house = House::open().await;
    let (ages, appends) = (house.counted(AGES).await, house.counted("vestibule_append_seconds_count").await);
    let now = jiff::Timestamp::now();
    let event = json!({
        "event": "meeting.started",
        "event_ts": now.as_millisecond(),
        "payload": {"account_id": "DemoZoomAccount1", "object": {
            "id": "85999999999", "uuid": "AAAA==", "host_id": "somebody", "topic": "x", "type": 2, "duration": 30,
            "start_time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "timezone": "UTC",
        }},
    });
    assert_eq!(house.event(&event.to_string()).await.status, 200);
    assert!(
        (house.counted("vestibule_webhook_events_total{organization=\"lakeside\",fate=\"held\"}").await
            - 1.0)
            .abs()
            < f64::EPSILON
    );
    house.until_counted(AGES, ages + 1.0).await;
    house.until_counted("vestibule_append_seconds_count", appends + 1.0).await;
    house.close().await;
}

#[actix_web::test]
async fn e47_launches_waits_lights_and_epics_answers_are_counted() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.epic_fault("status", Some(1), EpicFaultKind::Status { status: 503 });
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.launch(LaunchKind::Patient, CSN, PROVIDER).await;
    for (metric, least) in [
        ("vestibule_launches_total{kind=\"patient\",outcome=\"accepted\"}", 1.0),
        ("vestibule_launches_total{kind=\"patient\",outcome=\"role-mismatch\"}", 1.0),
        ("vestibule_launches_total{kind=\"provider\",outcome=\"accepted\"}", 1.0),
        ("vestibule_waited_seconds_count{role=\"patient\"}", 1.0),
        ("vestibule_webhook_event_to_answer_seconds_count", 3.0),
        ("vestibule_told_seconds_count{organization=\"lakeside\"}", 2.0),
        (
            "vestibule_epic_attempts_total{organization=\"lakeside\",resp_code=\"503\",outcome=\"retrying\"}",
            1.0,
        ),
        (
            "vestibule_epic_attempts_total{organization=\"lakeside\",resp_code=\"200\",outcome=\"delivered\"}",
            2.0,
        ),
    ] {
        let so = async || (house.counted(metric).await >= least).then_some(());
        until(&format!("{metric} is at least {least}"), so).await;
    }
    house.until_counted("vestibule_epic_queue_age_seconds{organization=\"lakeside\"}", 0.0).await;
    let there = house.get("/metrics").await.text();
    assert!(there.contains("vestibule_epic_queue_age_seconds{organization=\"lakeside\"}"), "{there}");
    assert!(there.contains("vestibule_epic_breaker_open{organization=\"lakeside\"} 0"), "{there}");
    house.close().await;
}
