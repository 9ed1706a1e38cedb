//! How long a trip lasts, how a result is read, and what happens where the store does not answer.

use actix_web::test::TestRequest;
use vestibule_actors::memory::When;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::id::ExternalId;
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::device_test::{KnownTest, MOST_DEVICE_TESTS, Told};
use vestibule_domain::visit::participant::ParticipantKey;

use super::*;
use crate::http::kit::{Kit, NOW, Told as Answer, anonymous, ask, key, patient, person, waiting};
use crate::http::metrics::TextFormat;

const WITH_TEST: &str = "[organization.lakeside]\ndevice_test_url = \"https://t.example/?back={return_url}\"\n\
                         [limits]\ndevice_test_time = \"10m\"\n";

/// The doors that people come to; these ask neither Epic nor Zoom.
macro_rules! doors {
    ($kit:expr) => {
        actix_web::test::init_service(
            actix_web::App::new()
                .app_data(web::Data::new($kit.app.clone()))
                .wrap(actix_web::middleware::from_fn(crate::http::correlation::correlate))
                .configure(configure),
        )
        .await
    };
}

fn who(participant: ParticipantKey) -> Traveller {
    let external_id = ExternalId::new("WPR1").ok();
    Traveller { participant, patient: None, csn: None, external_id, external_id_type: None }
}

/// Somebody at the vendor's page: the way back and their cookie.
async fn gone(kit: &Kit, participant: ParticipantKey) -> (String, String) {
    let (ports, settings) = (kit.app.desk.ports(), &kit.app.settings);
    let browser = Browser::fresh(ports.randomness.as_ref());
    let organization = &settings.organizations[&key("10001").organization];
    let ends_at = NOW + Span::from_duration(settings.limits.device_test_time);
    let trip = Trip::new(key("10001"), who(participant), &browser, Language::English, ends_at);
    let request = TestRequest::default().to_http_request();
    let sent = send(&kit.app, &request, organization, trip).await.unwrap();
    let to = sent.headers().get("location").unwrap().to_str().unwrap();
    let url = url::Url::parse(to).unwrap();
    let back = url.query_pairs().find(|(name, _)| name == "back").unwrap().1.into_owned();
    let path = back.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    let cookie = browser.set_cookie(settings, organization);
    (path, cookie.split(';').next().unwrap().to_owned())
}

/// What the journal of the visit was told.
async fn handed_in(kit: &Kit) -> Vec<(TestOutcome, i64)> {
    let store = &kit.app.desk.ports().store;
    let shard = Shard::of_visit(&key("10001"));
    let cursor = store.cursor(shard).await.unwrap();
    let lines = store.read(shard, cursor, 100).await.unwrap();
    let entries = lines.iter().map(|line| vestibule_actors::codec::decode::<Entry>(&line.payload).unwrap());
    let test = |entry: Entry| match entry.command {
        Command::DeviceTested { test, .. } => (test.outcome, (test.at - NOW).0 / 1000),
        other => panic!("{other:?}"),
    };
    entries.map(test).collect()
}

fn at(path: &str, cookie: &str) -> TestRequest {
    anonymous(path).insert_header(("cookie", cookie.to_owned()))
}

#[actix_web::test]
async fn e49_a_result_is_read_as_the_settings_say_and_bears_the_time_of_its_first_coming() {
    let kit = Kit::with(WITH_TEST);
    let doors = doors!(kit);
    let (path, cookie) = gone(&kit, patient()).await;
    for (query, outcome) in [
        ("?result=%20PaSs%20", "passed"),
        ("?result=0", "failed"),
        ("?result=", "unclear"),
        ("?Result=passed", "unclear"),
        ("?result=passed&result=passed", "passed"),
        ("?result=passed&result=0", "unclear"),
    ] {
        kit.clock.advance(Span::seconds(10));
        let told: Answer = ask!(doors, at(&format!("{path}{query}"), &cookie));
        assert_eq!(told.status, 200, "{}", told.text());
        assert!(told.text().contains(&format!("data-outcome=\"{outcome}\"")), "{query}: {}", told.text());
    }
    use TestOutcome::{Failed, Passed, Unclear};
    // A copy bears the time of the first, and an address without the parameter is only a look.
    let expected = [(Passed, 10), (Failed, 20), (Unclear, 30), (Unclear, 30), (Passed, 50), (Unclear, 60)];
    assert_eq!(handed_in(&kit).await, expected);
}

#[actix_web::test]
async fn e49_after_its_time_nobody_comes_back() {
    let kit = Kit::with(WITH_TEST);
    let doors = doors!(kit);
    let (path, cookie) = gone(&kit, patient()).await;
    kit.clock.advance(Span::minutes(9));
    assert_eq!(ask!(doors, at(&format!("{path}?result=passed"), &cookie)).status, 200);
    // Coming back does not make it longer.
    kit.clock.advance(Span::minutes(1));
    for path in [format!("{path}?result=passed"), format!("{path}/go")] {
        let told: Answer = ask!(doors, at(&path, &cookie));
        assert_eq!(told.status, 400);
        assert!(told.text().contains(">link-used-or-expired<"), "{}", told.text());
    }
    assert_eq!(handed_in(&kit).await.len(), 1);
}

#[actix_web::test]
async fn e49_while_the_store_does_not_answer_the_same_address_may_be_loaded_again() {
    let kit = Kit::with(WITH_TEST);
    let doors = doors!(kit);
    let (path, cookie) = gone(&kit, patient()).await;
    let path = format!("{path}?result=passed");
    kit.store.faults().fail_always(None, When::Before);
    let told: Answer = ask!(doors, at(&path, &cookie));
    assert!(told.status == 503 && told.header("retry-after") == "5", "{}", told.text());
    kit.store.faults().heal();
    assert_eq!(ask!(doors, at(&path, &cookie)).status, 200);
    assert_eq!(handed_in(&kit).await.len(), 1);
}

#[actix_web::test]
async fn e49_what_a_visit_would_not_keep_is_shown_and_counted_and_what_it_knows_is_not_handed_in_again() {
    let kit = Kit::with(WITH_TEST);
    let doors = doors!(kit);
    let (path, cookie) = gone(&kit, patient()).await;
    let known = |at| {
        let test = who(patient()).result(Noted { at, outcome: TestOutcome::Passed }, false);
        KnownTest { test, told: Told::default(), untold: false }
    };
    let mut visit = waiting(key("10001"));
    visit.device_tests.insert(patient(), known(NOW));
    kit.commit(&key("10001"), Some(&visit)).await;
    assert_eq!(ask!(doors, at(&format!("{path}?result=passed"), &cookie)).status, 200);
    visit.device_tests = (0..MOST_DEVICE_TESTS)
        .map(|n| (person(Role::Patient, &format!("Patient/p{n}")), known(NOW)))
        .collect();
    kit.commit(&key("10001"), Some(&visit)).await;
    let told: Answer = ask!(doors, at(&format!("{path}?result=failed"), &cookie));
    assert!(told.text().contains("data-outcome=\"failed\""), "{}", told.text());
    assert_eq!(handed_in(&kit).await, []);
    let metrics = kit.app.metrics.render(TextFormat::Prometheus).unwrap();
    assert!(metrics.contains("vestibule_refused_total{limit=\"device_tests\"} 1"), "{metrics}");
}

// Providers and guests find the link on their waiting pages too; nobody keeps how their devices fare.
#[actix_web::test]
async fn e49_only_the_patients_side_is_kept() {
    let kit = Kit::with(WITH_TEST);
    let doors = doors!(kit);
    for role in [Role::Provider, Role::Guest] {
        let (path, cookie) = gone(&kit, person(role, "Practitioner/eDr")).await;
        assert_eq!(ask!(doors, at(&format!("{path}?result=passed"), &cookie)).status, 200);
    }
    assert_eq!(handed_in(&kit).await, []);
}
