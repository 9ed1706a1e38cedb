//! Epic in trouble: whatever it answers, or does not, the last light is right, and no other organization waits for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::zoom::SeatId;

use super::house::{House, has_problem, participant, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

impl House {
    pub fn epic_fault(&self, call: &str, times: Option<u32>, fault: EpicFaultKind) {
        assert!(self.epic().add_fault(EpicFault { call: call.to_owned(), times, fault }));
    }

    /// The provider is inside, and Epic knows.
    pub async fn provider_inside(&self, csn: &str) -> SeatId {
        let host = self.starts(csn, PROVIDER).await;
        self.until_light(csn, PROVIDER, true).await;
        host
    }

    /// Waits until nothing of this person is on its way to Epic.
    pub async fn until_acknowledged(&self, csn: &str, who: &str, on: bool) {
        let settled = |visit: &Value| {
            let one = participant(visit, who);
            one["wanted"] == on && one["connected"] == on
        };
        self.until_visit(csn, "Epic has acknowledged", settled).await;
    }
}

fn outcomes(records: &[Value], role: &str) -> Vec<(u64, String)> {
    let of_role = records.iter().rev().filter(|record| record["role"] == role);
    of_role
        .map(|record| (record["resp_code"].as_u64().unwrap(), record["outcome"].as_str().unwrap().to_owned()))
        .collect()
}

#[actix_web::test]
async fn e34_what_passes_is_tried_again_and_every_attempt_is_on_record() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    let passing = [
        (EpicFaultKind::Status { status: 503 }, 503),
        (EpicFaultKind::Status { status: 500 }, 500),
        (EpicFaultKind::Status { status: 408 }, 408),
        (EpicFaultKind::LockFailed, 400),
        (EpicFaultKind::TooMany { retry_after: 0 }, 429),
    ];
    for (fault, code) in passing {
        let before = outcomes(&house.records(CSN).await, "patient").len();
        house.epic_fault("status", Some(2), fault);
        let seat = house.waits(CSN, PATIENT).await.goes_in().await;
        house.until_light(CSN, PATIENT, true).await;
        house.until_acknowledged(CSN, PATIENT, true).await;
        let records = house.records(CSN).await;
        let told = outcomes(&records, "patient").split_off(before);
        let expected =
            [(code, "retrying".to_owned()), (code, "retrying".to_owned()), (200, "delivered".to_owned())];
        assert_eq!(told, expected, "{code}");
        let of_patient = records.iter().filter(|record| record["role"] == "patient").take(3);
        let attempts: Vec<_> = of_patient.map(|record| (&record["attempt"], &record["attempts"])).collect();
        assert_eq!(json!(attempts), json!([[3, 3], [2, 3], [1, 3]]), "{code}");
        house.leaves(&seat);
        house.until_light(CSN, PATIENT, false).await;
        house.until_acknowledged(CSN, PATIENT, false).await;
    }
    let records = house.records(CSN).await;
    let locked = records.iter().find(|record| record["epic_code"] == "LOCK-FAILED").unwrap();
    assert!(locked["hint"].as_str().is_some_and(|hint| hint.contains("in use")));
    house.close().await;
}

#[actix_web::test]
async fn epic_decides_how_long_is_waited_after_429() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    house.epic_fault("status", Some(1), EpicFaultKind::TooMany { retry_after: 1 });
    house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let requests = house.epic().requests_about(CSN, PATIENT);
    assert_eq!(requests.iter().map(|one| one.answered).collect::<Vec<_>>(), [429, 200]);
    let waited = requests[1].at - requests[0].at;
    assert!((1_000..4_000).contains(&waited), "{waited} ms");
    house.close().await;
}

#[actix_web::test]
async fn what_never_passes_is_parked_with_a_hint_and_shown_on_the_visit() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    for code in ["INVALID-USER-ID", "INVALID-CONFERENCE-ID", "NO-VENDOR-NAME", "SOMETHING-NEW"] {
        house.epic_fault("status", Some(1), EpicFaultKind::Refuse { code: code.to_owned() });
        let seat = house.waits(CSN, PATIENT).await.goes_in().await;
        // I8: every decided update is acknowledged, superseded by a newer one, or parked with an alert.
        let visit =
            house.until_visit(CSN, "the update is parked", |visit| has_problem(visit, "update_parked")).await;
        assert_eq!(participant(&visit, PATIENT)["wanted"], true);
        assert_eq!(participant(&visit, PATIENT)["connected"], false);
        let newest = house.records(CSN).await[0].clone();
        assert_eq!((&newest["outcome"], &newest["epic_code"]), (&json!("parked"), &json!(code)));
        assert_eq!((&newest["resp_code"], &newest["attempt"]), (&json!(400), &json!(1)));
        assert!(newest["hint"].as_str().is_some_and(|hint| hint.contains("Check") || hint.contains("Look")));
        house.leaves(&seat);
        // The next update of the person goes through and takes the alert away.
        house
            .until_visit(CSN, "the alert is over", |visit| {
                !has_problem(visit, "update_parked") && participant(visit, PATIENT)["wanted"] == false
            })
            .await;
    }
    house.close().await;
}

#[actix_web::test]
async fn an_answer_that_is_lost_after_the_light_was_set_leaves_the_light_right() {
    let house =
        House::with("[organization.lakeside.epic]\ntimeout = \"300ms\"\nbreaker = { failures = 50, probe_every = \"100ms\" }\n")
            .await;
    house.provider_inside(CSN).await;
    for fault in
        [EpicFaultKind::DoneThenDrop, EpicFaultKind::DoneThenHang, EpicFaultKind::Hang, EpicFaultKind::Drop]
    {
        let before = house.epic().calls("status");
        house.epic_fault("status", Some(2), fault.clone());
        let seat = house.waits(CSN, PATIENT).await.goes_in().await;
        until("Epic is told", async || (house.epic().calls("status") > before).then_some(())).await;
        // The person leaves while it is still in doubt whether Epic knows that they came.
        let left_at = jiff::Timestamp::now().as_millisecond();
        house.leaves(&seat);
        until("that they left is told", async || {
            let told = house.epic().requests_about(CSN, PATIENT);
            told.last()
                .filter(|last| last.at >= left_at && last.connection_status == "2" && last.answered == 200)
                .map(|_| ())
        })
        .await;
        house.until_acknowledged(CSN, PATIENT, false).await;
        // I9: once nothing is in doubt, the last status at Epic equals the derived one.
        let told = house.epic().requests_about(CSN, PATIENT);
        assert_eq!(told.last().map(|last| last.connection_status.as_str()), Some("2"), "{fault:?}");
        assert!(!house.epic().is_connected(CSN, PATIENT), "{fault:?}");
        house.epic().clear_faults();
    }
    house.close().await;
}

#[actix_web::test]
async fn e31_a_slow_epic_gets_the_newest_status_and_not_the_history() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    house.epic_fault("status", Some(1), EpicFaultKind::Slow { millis: 1_000 });
    let mut seats = Vec::new();
    for number in 1..=3 {
        let seat = house.waits(CSN, PATIENT).await.goes_in().await;
        house.until_inside(CSN, 2).await;
        house.leaves(&seat);
        house.until_inside(CSN, 1).await;
        seats.push((number, seat));
    }
    house.until_acknowledged(CSN, PATIENT, false).await;
    // I7: one attempt of a person at a time, the newest after it; what came between was superseded.
    let told = house.epic().requests_about(CSN, PATIENT);
    assert!(told.len() < 6, "six changes, fewer requests: {}", told.len());
    let records = house.records(CSN).await;
    let superseded: Vec<&Value> = records.iter().filter(|one| one["outcome"] == "superseded").collect();
    assert!(!superseded.is_empty());
    for record in superseded {
        assert_eq!((&record["attempt"], &record["resp_code"]), (&json!(0), &json!(0)));
    }
    house.close().await;
}

#[actix_web::test]
async fn e33_an_open_breaker_only_probes_and_lets_go_as_soon_as_epic_is_back() {
    let house =
        House::with("[organization.lakeside.epic]\nbreaker = { failures = 3, probe_every = \"400ms\" }\n")
            .await;
    house.epic_fault("status", None, EpicFaultKind::Status { status: 503 });
    for (csn, who) in [("10001", "WPR1"), ("10002", "WPR2"), ("10003", "WPR3")] {
        let mut patient = house.waits(csn, who).await;
        house.starts(csn, PROVIDER).await;
        patient.goes_in().await;
        house.until_inside(csn, 2).await;
    }
    let calls = || house.epic().calls("status");
    until("the breaker opens", async || (calls() >= 3).then_some(())).await;
    // I11: an open breaker consumes no attempts. Six lanes wait, and three more calls take three probes.
    until("what was under way has ended", async || {
        house
            .epic()
            .requests()
            .last()
            .is_some_and(|last| jiff::Timestamp::now().as_millisecond() - last.at > 200)
            .then_some(())
    })
    .await;
    let (begun, before) = (Instant::now(), calls());
    until("three probes", async || (calls() >= before + 3).then_some(())).await;
    assert!(begun.elapsed() >= Duration::from_millis(700), "{:?}", begun.elapsed());
    let back = Instant::now();
    house.epic().clear_faults();
    house.until_right().await;
    assert!(back.elapsed() < Duration::from_secs(4), "{:?}", back.elapsed());
    house.close().await;
}

#[actix_web::test]
async fn the_first_update_leaves_soon_after_an_epic_is_back_that_gave_no_token_either() {
    // Launches read nothing, so that there is no token yet when the first update wants one.
    let house = House::with(
        "[organization.lakeside.epic]\nbreaker = { failures = 3, probe_every = \"200ms\" }\nfhir_reads.wait = \"0s\"\n",
    )
    .await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let link = house.start_link(CSN, PROVIDER).await;
    house.epic_fault("token", None, EpicFaultKind::Status { status: 503 });
    house.sits_down(CSN, PROVIDER, &link);
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    // Two minutes of probes at the default of one in five seconds. None goes further than the token endpoint.
    until("two minutes of probes", async || (house.records(CSN).await.len() >= 24).then_some(())).await;
    assert_eq!(house.epic().calls("status"), 0);
    let back = Instant::now();
    house.epic().clear_faults();
    until("the first update", async || (house.epic().calls("status") > 0).then_some(())).await;
    assert!(back.elapsed() < Duration::from_millis(1_000), "two probes and some: {:?}", back.elapsed());
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn one_token_serves_all_and_is_refreshed_once() {
    let house = House::open().await;
    let visits = [("10001", "WPR1"), ("10002", "WPR2"), ("10003", "WPR3")];
    let mut seats = Vec::new();
    for (csn, who) in visits {
        let mut patient = house.waits(csn, who).await;
        house.starts(csn, PROVIDER).await;
        seats.push(patient.goes_in().await);
    }
    house.until_right().await;
    assert_eq!(house.epic().calls("token.client_credentials"), 1, "six updates, one token");
    house.epic().revoke_tokens();
    for seat in &seats {
        house.leaves(seat);
    }
    house.until_right().await;
    for (csn, who) in visits {
        house.until_acknowledged(csn, who, false).await;
    }
    assert_eq!(house.epic().calls("token.client_credentials"), 2, "three refusals, one refresh");
    // The refusal itself is no attempt that failed: the token is what was wrong.
    let failed = visits.map(|(csn, _)| csn);
    for csn in failed {
        let records = house.records(csn).await;
        assert!(records.iter().all(|record| record["outcome"] == "delivered"), "{records:#?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn epic_checks_our_assertions_with_the_keys_that_we_publish() {
    let house = House::open().await;
    house.provider_inside(CSN).await;
    let published = house.get("/epic/lakeside/jwks.json").await;
    assert_eq!(published.status, 200);
    let keys = published.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    assert_eq!((&keys[0]["kty"], &keys[0]["alg"]), (&json!("RSA"), &json!("RS384")));
    assert!(keys[0]["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    assert!(keys[0].get("d").is_none(), "the private half stays here");
    assert_eq!(house.get("/epic/nowhere/jwks.json").await.status, 404);
    // Epic rotates its own keys: the next id_token is signed by one that we have not seen.
    assert!(house.epic().rotate_keys());
    house.waits(CSN, PATIENT).await;
    house.close().await;
}

#[actix_web::test]
async fn e33_a_dead_epic_of_one_organization_delays_no_other() {
    let (house, other) = House::beside_another("").await;
    house.epic_fault("status", None, EpicFaultKind::Hang);
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_inside(CSN, 2).await;
    until("the first Epic hangs", async || (house.epic().calls("status") > 0).then_some(())).await;

    let began = Instant::now();
    let url = other.epic().launch_url(vestibule::simulator::LaunchKind::Provider, PROVIDER, CSN).unwrap();
    let mut browser = vestibule::simulator::people::Browser::new(house.http.clone(), other.url());
    let landing = browser.open(&url).await.unwrap();
    let vestibule::simulator::people::Landing::Zoom(link) = landing else { panic!("no start link") };
    other.zoom().open(&link, "", vestibule::simulator::zoom::Device::App).unwrap();
    until("the other light is on", async || other.epic().is_connected(CSN, PROVIDER).then_some(())).await;
    assert!(began.elapsed() < Duration::from_millis(1_900), "{:?}", began.elapsed());
    // Nor does Zoom wait for its answers.
    let slowest = |fakes: &vestibule::simulator::FakeZoom| {
        let attempts = fakes.deliveries().into_iter().flat_map(|delivery| delivery.attempts);
        attempts.map(|attempt| attempt.latency_millis).max()
    };
    assert!(slowest(house.zoom()) < Some(1_500) && slowest(other.zoom()) < Some(1_500));
    assert!(!house.epic().is_connected(CSN, PATIENT));
    // The same CSN at two organizations is two visits.
    let visit = house.get(&format!("/api/v1/visits/hillside/{CSN}")).await.json();
    assert_eq!(
        (&visit["organization"], visit["participants"].as_array().map(Vec::len)),
        (&json!("hillside"), Some(1))
    );
    house.epic().clear_faults();
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn updates_leave_no_faster_than_the_organization_allows() {
    let house = House::with("[organization.lakeside.epic]\nrequests_per_second = 2\n").await;
    for (csn, who) in [("10001", "WPR1"), ("10002", "WPR2"), ("10003", "WPR3")] {
        let mut patient = house.waits(csn, who).await;
        house.starts(csn, PROVIDER).await;
        patient.goes_in().await;
        house.until_inside(csn, 2).await;
    }
    house.until_right().await;
    // I10: grants never exceed the organization's rate; the way to Epic may press two seconds' requests a little together.
    let at: Vec<i64> = house.epic().requests().iter().map(|request| request.at).collect();
    for window in at.windows(4) {
        assert!(window[3] - window[0] >= 900, "four within {} ms: {at:?}", window[3] - window[0]);
    }
    house.close().await;
}
