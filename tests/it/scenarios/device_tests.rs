//! Device tests: to the vendor's page and back, what a visit keeps of them, and what Epic is told.

use serde_json::{Value, json};
use url::Url;
use vestibule::simulator::LaunchKind::{self, DeviceTest, GroupPatient, GroupProvider, Patient};
use vestibule::simulator::epic::{CommandLine, CryptKey, EpicFaultKind, LaunchOptions, PayloadForm};
use vestibule::simulator::people::{Browser, Landing};

use super::house::{House, until};
use super::launches::is_refused;
use super::people::shown;

const CSN: &str = "10001";
const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const TOLD: &str = "[organization.lakeside]\ndevice_test_write_back = true\n\
                    epic.status_dialect = \"telehealth-2020\"\n";
/// Something that the vendor sends and that nobody may find anywhere.
const SENT: &str = "camera-7 <b>";

fn text(landing: &Landing) -> (u16, String) {
    match landing {
        Landing::Page { status, body, .. } => (*status, String::from_utf8_lossy(body).into_owned()),
        Landing::Zoom(link) => panic!("a link of Zoom's: {link}"),
    }
}

/// Somebody at the vendor's page.
struct Tester {
    browser: Browser,
    /// Where the vendor sends people back to.
    back: String,
}

impl Tester {
    /// At the page on which a launch, or a link, has ended.
    fn at(browser: Browser, landing: &Landing) -> Self {
        let Landing::Page { url, status: 200, .. } = landing else { panic!("{}", shown(landing)) };
        let url = Url::parse(url).unwrap();
        assert_eq!(url.path(), "/demo/device-test", "{url}");
        let back = url.query_pairs().find(|(name, _)| name == "return_url").unwrap().1.into_owned();
        Self { browser, back }
    }

    /// Comes back with something in the address; the words of the page.
    async fn comes_back(&mut self, query: &str) -> String {
        let (status, page) = text(&self.browser.open(&format!("{}{query}", self.back)).await.unwrap());
        assert_eq!(status, 200, "{page}");
        page
    }
}

impl House {
    async fn tests(&self, csn: &str, who: &str) -> Tester {
        let (browser, landing) = self.launch(DeviceTest, csn, who).await;
        Tester::at(browser, &landing)
    }

    /// Waits until a visit shows this result of a person.
    async fn until_tested(&self, csn: &str, who: &str, outcome: &str) -> Value {
        let is_so = |visit: &Value| tested(visit, who)["outcome"] == json!(outcome);
        self.until_visit(csn, &format!("{who} has tested: {outcome}"), is_so).await
    }

    async fn until_told(&self, csn: &str, who: &str, result: &str) {
        until(&format!("Epic knows that {who} came back with {result}"), async || {
            self.epic().device_test(csn, who).filter(|told| told.result == result).map(|_| ())
        })
        .await;
    }
}

fn tested<'a>(visit: &'a Value, who: &str) -> &'a Value {
    let all = visit["device_tests"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|one| one["external_id"] == json!(who)).unwrap_or(&Value::Null)
}

fn no_meeting_and_nobody(house: &House, visit: &Value) {
    assert_eq!((&visit["phase"], &visit["participants"]), (&json!("scheduled"), &json!([])));
    assert_eq!((&visit["meeting"], &visit["problems"]), (&Value::Null, &json!([])));
    assert!(house.zoom().meetings().is_empty());
}

#[actix_web::test]
async fn e49_a_test_before_any_launch_is_there_when_the_visit_is_launched() {
    let house = House::open().await;
    let mut ada = house.tests(CSN, PATIENT).await;
    assert_eq!(
        house.get(&format!("/api/v1/visits/lakeside/{CSN}")).await.status,
        404,
        "nobody came back yet"
    );
    let page = ada.comes_back("?result=passed").await;
    assert!(page.contains("Your device is ready") && page.contains("go back to MyChart"), "{page}");
    assert!(page.contains("Help with the test") && page.contains("555-0100"), "{page}");
    let visit = house.until_tested(CSN, PATIENT, "passed").await;
    no_meeting_and_nobody(&house, &visit);
    let known = tested(&visit, PATIENT);
    assert_eq!(
        (&known["role"], &known["csn"], &known["told"]),
        (&json!("patient"), &json!(CSN), &json!(false))
    );

    // The visit itself goes on as ever, and both sides see the result.
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let visit = house.until_tested(CSN, PATIENT, "passed").await;
    assert_eq!(visit["phase"], "in_progress");
    let tools = house.launch(LaunchKind::VisitTools, CSN, PROVIDER).await.1;
    assert!(text(&tools).1.contains("Device test passed, 0 min ago"), "{}", shown(&tools));
    house.leaves(&seat);
    house.leaves(&host);
    house.until_right().await;
    // Epic is told of tests only where that is set.
    assert!(house.epic().requests().iter().all(|told| told.result.is_none()));
    assert!(house.records(CSN).await.iter().all(|record| record["event"] != "device_test"));
    assert_eq!(house.metric(&["vestibule_device_tests_total", "lakeside", "passed"]).await, 1.0);
    assert_eq!(house.metric(&["launches_total", "device-test", "accepted"]).await, 1.0);
    house.close().await;
}

#[actix_web::test]
async fn e49_the_newest_result_stands_and_a_reload_is_harmless() {
    let house = House::open().await;
    let mut first = house.tests(CSN, PATIENT).await;
    assert!(first.comes_back("?result=FAIL").await.contains("Something does not work yet"));
    let failed = house.until_tested(CSN, PATIENT, "failed").await;
    let again = first.comes_back("?result=fail&x=1").await;
    assert!(again.contains("Something does not work yet"), "{again}");
    // Without the parameter it is only looked at.
    assert!(first.comes_back("").await.contains("Something does not work yet"));
    assert_eq!(tested(&house.visit(CSN).await, PATIENT)["at"], tested(&failed, PATIENT)["at"]);

    let mut second = house.tests(CSN, PATIENT).await;
    second.comes_back("?result=passed").await;
    let passed = house.until_tested(CSN, PATIENT, "passed").await;
    // The old page says what came out there, and does not bring it back.
    assert!(first.comes_back("?result=fail").await.contains("Something does not work yet"));
    second.comes_back("?result=passed").await;
    assert_eq!(house.visit(CSN).await["version"], passed["version"]);
    // Whoever tests once more under the same name comes back with something new.
    assert!(second.comes_back(&format!("?result={SENT}")).await.contains("cannot tell how the test went"));
    house.until_tested(CSN, PATIENT, "unclear").await;
    assert_eq!(house.metric(&["vestibule_device_tests_total"]).await, 3.0);
    house.close().await;
}

#[actix_web::test]
async fn e49_what_nobody_knows_is_unclear_and_nothing_of_it_is_found_anywhere() {
    let house = House::of_the_program("[logging]\nfilter = \"debug\"\n").await;
    for (who, csn, query) in [
        (PATIENT, CSN, format!("?result={SENT}&name={SENT}")),
        ("WPR2", "10002", String::new()),
        ("WPR3", "10003", "?result=passed&result=failed".to_owned()),
    ] {
        let mut tester = house.tests(csn, who).await;
        let page = tester.comes_back(&query).await;
        assert!(page.contains("cannot tell how the test went") && !page.contains("camera-7"), "{page}");
        let visit = house.until_tested(csn, who, "unclear").await;
        assert!(!visit.to_string().contains("camera-7"));
        let spanish = tester.comes_back("?lang=es").await;
        assert!(spanish.contains("<html lang=\"es\">") && spanish.contains("No sabemos"), "{spanish}");
    }
    let log = house.log();
    assert!(log.contains("/device-test/{name}") && !log.contains("camera-7"), "{log}");
    house.close().await;
}

#[actix_web::test]
async fn e49_epic_is_told_where_that_is_set_beside_the_light() {
    let house = House::with(TOLD).await;
    // The first attempt fails, and the next takes its place.
    house.epic_fault("status", Some(1), EpicFaultKind::Status { status: 500 });
    house.tests(CSN, PATIENT).await.comes_back("?result=failed").await;
    house.until_told(CSN, PATIENT, "failed").await;
    let visit = house.until_visit(CSN, "that is known", |visit| tested(visit, PATIENT)["told"] == true).await;
    no_meeting_and_nobody(&house, &visit);

    let host = house.provider_inside(CSN).await;
    let seat = house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    // The light goes off while Epic hangs over the next result: neither waits for the other, and neither takes the other's place.
    house.epic_fault("status", Some(1), EpicFaultKind::DoneThenHang);
    house.tests(CSN, PATIENT).await.comes_back("?result=passed").await;
    house.until_told(CSN, PATIENT, "passed").await;
    house.leaves(&seat);
    house.until_light(CSN, PATIENT, false).await;
    house.until_visit(CSN, "Epic has it", |visit| tested(visit, PATIENT)["told"] == true).await;
    house.leaves(&host);
    house.until_right().await;

    let records = house.records(CSN).await;
    let of = |event: &str| -> Vec<&Value> { records.iter().filter(|r| r["event"] == event).collect() };
    let told: Vec<_> = of("device_test").iter().rev().map(|r| (&r["device_test"], &r["outcome"])).collect();
    let said = |outcome: &str, became: &str| (json!(outcome), json!(became));
    let expected = [said("failed", "retrying"), said("failed", "delivered")];
    assert!(told.starts_with(&expected.each_ref().map(|(a, b)| (a, b))), "{told:?}");
    let last = said("passed", "delivered");
    assert_eq!(told.last(), Some(&(&last.0, &last.1)), "{told:?}");
    assert!(of("joined").iter().chain(&of("left")).all(|record| record["device_test"].is_null()));
    let csv = house.get(&format!("/api/v1/notifications?organization=lakeside&csn={CSN}&format=csv")).await;
    assert!(csv.text().contains(",patient,device_test,"), "{}", csv.text());
    let page = house.get(&format!("/records?organization=lakeside&csn={CSN}")).await.text();
    assert!(page.contains("device test: passed"), "{page}");
    house.close().await;
}

#[actix_web::test]
async fn e49_a_result_that_epic_refuses_is_parked_until_the_next_is_taken() {
    let house = House::with(TOLD).await;
    house.epic_fault("status", Some(1), EpicFaultKind::Refuse { code: "INVALID-USER-ID".to_owned() });
    house.tests(CSN, PATIENT).await.comes_back("?result=failed").await;
    let parked = |visit: &Value| visit["problems"].to_string().contains("update_parked");
    let visit = house.until_visit(CSN, "the update is parked", parked).await;
    assert_eq!(tested(&visit, PATIENT)["told"], false);
    assert!(house.epic().device_test(CSN, PATIENT).is_none());
    house.tests(CSN, PATIENT).await.comes_back("?result=passed").await;
    house.until_told(CSN, PATIENT, "passed").await;
    house.until_visit(CSN, "the alert is over", |visit| !parked(visit)).await;
    house.close().await;
}

#[actix_web::test]
async fn e49_who_may_test_and_where() {
    let house = House::open().await;
    let (status, body) = text(&house.launch(DeviceTest, CSN, PROVIDER).await.1);
    assert!(status == 403 && body.contains(">role-mismatch<"), "{status} {body}");
    // A proxy tests for themselves.
    house.tests("10004", "WPR14").await.comes_back("?result=passed").await;
    let visit = house.until_tested("10004", "WPR14", "passed").await;
    assert_eq!(tested(&visit, "WPR14")["role"], "proxy");
    // Once the visit is one patient's, another has no test there.
    house.waits(CSN, PATIENT).await;
    let other = LaunchOptions { patient: Some("ePatB".to_owned()), ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(DeviceTest, PATIENT, CSN, other).unwrap();
    let (status, body) = text(&house.browser().open(&url).await.unwrap());
    assert!(status == 403 && body.contains(">other-patient<"), "{status} {body}");
    let nameless = LaunchOptions { without: vec!["csn".to_owned()], ..LaunchOptions::default() };
    let url = house.epic().launch_url_with(DeviceTest, PATIENT, CSN, nameless).unwrap();
    let (status, body) = text(&house.browser().open(&url).await.unwrap());
    assert!(status == 400 && body.contains(">missing-visit-context<"), "{status} {body}");

    // Nobody else comes back with somebody's result.
    let tester = house.tests(CSN, PATIENT).await;
    let path = tester.back.strip_prefix(&house.url).unwrap().to_owned();
    for path in [format!("{path}?result=passed"), path.clone(), format!("{path}/go")] {
        is_refused(&house.get(&path).await, 403, "not-this-browser");
    }
    for path in ["/device-test/nothing?result=passed", "/device-test/nothing/go"] {
        is_refused(&house.get(path).await, 400, "link-used-or-expired");
    }
    assert!(tested(&house.visit(CSN).await, PATIENT).is_null());
    house.close().await;
}

#[actix_web::test]
async fn e49_without_a_page_to_test_at_a_launch_is_told_so() {
    let house = House::with("[organization.lakeside]\ndevice_test_url = \"\"\n").await;
    let url = house.epic().launch_url(DeviceTest, PATIENT, CSN).unwrap();
    let query = Url::parse(&url).unwrap().query().unwrap().to_owned();
    let account = &house.zoom().account().account_id;
    for path in ["/epic/lakeside/launch/device-test?", &format!("/epic/launch/device-test?acc_id={account}&")]
    {
        is_refused(&house.get(&format!("{path}{query}")).await, 404, "no-device-test");
    }
    assert_eq!(house.epic().calls("authorize"), 0, "nobody is sent to Epic for nothing");
    let (mut browser, landing) = house.launch(Patient, CSN, PATIENT).await;
    assert!(!text(&landing).1.contains("/device-test"), "{}", shown(&landing));
    let page = format!("{}/visit/{}/device-test", house.url, landing.ticket().unwrap());
    let (status, body) = text(&browser.open(&page).await.unwrap());
    assert!(status == 404 && body.contains(">no-device-test<"), "{status} {body}");
    house.close().await;
}

#[actix_web::test]
async fn e49_the_waiting_page_leads_to_the_test_and_back() {
    let house = House::with(TOLD).await;
    let mut patient = house.waits(CSN, PATIENT).await;
    let page = patient.page();
    let (_, waiting) = text(&patient.browser.open(&page).await.unwrap());
    assert!(waiting.contains(&format!("/visit/{}/device-test?lang=en\" target=\"_blank\"", patient.ticket)));
    let landing = patient.browser.open(&format!("{page}/device-test")).await.unwrap();
    let mut tester = Tester::at(patient.browser, &landing);
    let said = tester.comes_back("?result=passed").await;
    assert!(said.contains(&format!("href=\"/visit/{}?lang=en\"", patient.ticket)), "{said}");
    // Once more from there.
    let landing = tester.browser.open(&format!("{}/go", tester.back)).await.unwrap();
    let mut tester = Tester::at(tester.browser, &landing);
    assert!(tester.comes_back("?result=failed").await.contains("Something does not work yet"));
    let visit = house.until_tested(CSN, PATIENT, "failed").await;
    assert_eq!(visit["participants"][0]["presence"], "waiting");
    house.until_told(CSN, PATIENT, "failed").await;
    let (status, body) = text(&house.browser().open(&format!("{page}/device-test")).await.unwrap());
    assert!(status == 403 && body.contains(">not-this-browser<"), "{status} {body}");
    house.close().await;
}

fn record() -> CommandLine {
    let key = CryptKey::Text("a key that Epic and we share".to_owned());
    CommandLine { key, form: PayloadForm::Linking, fields: Vec::new() }
}

const ENCRYPTED: &str = "[organization.lakeside]\nframing_hosts = [\"https://mychart.example.org\"]\n\
                         epic.launch_key = \"a key that Epic and we share\"\nepic.launch_cipher = \"aes-128\"\n";

#[actix_web::test]
async fn e49_an_encrypted_link_leads_to_the_test_as_well() {
    let house = House::with(ENCRYPTED).await;
    let mut browser = house.browser();
    let url = house.epic().encrypted_url(DeviceTest, PATIENT, CSN, &record()).unwrap();
    let landing = browser.open(&url).await.unwrap();
    Tester::at(browser, &landing).comes_back("?result=passed").await;
    let visit = house.until_tested(CSN, PATIENT, "passed").await;
    no_meeting_and_nobody(&house, &visit);
    // The person who launches afterwards by such a link is the same.
    let url = house.epic().encrypted_url(Patient, PATIENT, CSN, &record()).unwrap();
    let mut browser = house.browser();
    assert!(browser.open(&url).await.unwrap().ticket().is_some());
    house.until_tested(CSN, PATIENT, "passed").await;
    let url = house.epic().encrypted_url(DeviceTest, PROVIDER, CSN, &record()).unwrap();
    let (status, body) = text(&house.browser().open(&url).await.unwrap());
    assert!(status == 403 && body.contains(">role-mismatch<"), "{status} {body}");
    house.close().await;
}

// A frame's cookies stay in the frame, so that the window that is opened out of it takes the frame's place; one window does.
#[actix_web::test]
async fn e49_out_of_a_frame_the_test_opens_in_a_window() {
    let house = House::with(ENCRYPTED).await;
    let url = Url::parse(&house.epic().encrypted_url(DeviceTest, PATIENT, CSN, &record()).unwrap()).unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let framed = house.get_with(&path, &[("sec-fetch-dest", "iframe")]).await;
    assert_eq!(framed.status, 200, "{}", framed.text());
    let page = framed.text();
    assert!(page.contains("Open the test") && page.contains("target=\"_blank\""), "{page}");
    assert!(framed.header("content-security-policy").contains("frame-ancestors https://mychart.example.org"));
    let link = page.split("href=\"").find(|rest| rest.contains("/device-test/")).unwrap();
    let link = link.split('"').next().unwrap().to_owned();
    let mut window = house.browser();
    let landing = window.open(&link).await.unwrap();
    let mut tester = Tester::at(window, &landing);
    assert!(tester.comes_back("?result=passed").await.contains("Your device is ready"));
    house.until_tested(CSN, PATIENT, "passed").await;
    // Whoever has the link afterwards has nothing of it.
    let (status, body) = text(&house.browser().open(&link).await.unwrap());
    assert!(status == 403 && body.contains(">not-this-browser<"), "{status} {body}");
    Tester::at(house.browser(), &tester.browser.open(&link).await.unwrap());
    house.close().await;
}

#[actix_web::test]
async fn e49_a_test_for_a_group_is_found_with_the_group() {
    let house = House::with(TOLD).await;
    let (csn, who) = ("10005", "WPR5");
    house.tests(csn, who).await.comes_back("?result=failed").await;
    // Nobody knows yet that it is a group: its own visit has it, and the conference's; Epic knows one of them alone.
    assert_eq!(house.until_tested(csn, who, "failed").await["conference_id"], Value::Null);
    assert!(house.epic().requests().is_empty());
    house.on_waiting_page(GroupPatient, csn, who).await;
    house.until_told(csn, who, "failed").await;
    house.launch(GroupProvider, csn, PROVIDER).await;
    let of_group = |visit: &Value| visit["conference_id"] == json!("CONF7001");
    let visit = house.until_visit(csn, "the CSN leads to the group", of_group).await;
    assert_eq!(visit["device_tests"][0]["outcome"], "failed", "{visit}");
    let tools = house.launch(LaunchKind::VisitTools, csn, PROVIDER).await.1;
    let page = text(&tools).1;
    assert!(page.contains("Device test failed") && page.contains("Olivia"), "{page}");
    // From now on it is the group's alone, which tells Epic.
    house.tests(csn, who).await.comes_back("?result=passed").await;
    house.until_told(csn, who, "passed").await;
    house.until_visit(csn, "the group has it", |visit| visit["device_tests"][0]["outcome"] == "passed").await;
    house.close().await;
}

#[actix_web::test]
async fn e49_what_was_tested_survives_a_restart() {
    let mut house = House::of_the_program("").await;
    let mut ada = house.tests(CSN, PATIENT).await;
    ada.comes_back("?result=passed").await;
    house.until_tested(CSN, PATIENT, "passed").await;
    house.restart_with("").await;
    house.until_tested(CSN, PATIENT, "passed").await;
    assert!(ada.comes_back("").await.contains("Your device is ready"), "the page is there as well");
    house.close().await;
}
