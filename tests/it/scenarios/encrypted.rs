//! Encrypted launches: whole visits through them, in both ciphers and both forms, and every way in which one breaks.

use url::Url;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{CommandLine, CryptKey, EpicFaultKind, PayloadForm};
use vestibule::simulator::people::{Browser, Landing};

use super::house::{House, participant, until};
use super::launches::is_refused;
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
const TEXT_KEY: &str = "a key that Epic and we share";
const BYTES_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn with_text_key(more: &str) -> String {
    format!("[organization.lakeside.epic]\nlaunch_key = \"{TEXT_KEY}\"\nlaunch_cipher = \"aes-128\"\n{more}")
}

fn record() -> CommandLine {
    CommandLine { key: CryptKey::Text(TEXT_KEY.to_owned()), form: PayloadForm::Linking, fields: Vec::new() }
}

/// The same record with other values in some fields.
fn saying(fields: &[(&str, &str)]) -> CommandLine {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    CommandLine { fields: fields.collect(), ..record() }
}

impl House {
    async fn encrypted(
        &self,
        kind: LaunchKind,
        csn: &str,
        who: &str,
        record: &CommandLine,
    ) -> (Browser, Landing) {
        let mut browser = self.browser();
        let url = self.epic().encrypted_url(kind, who, csn, record).unwrap();
        let landing = browser.open(&url).await.unwrap();
        (browser, landing)
    }

    /// The path and query of a link, for what no browser would do with it.
    fn encrypted_path(&self, kind: LaunchKind, who: &str, record: &CommandLine) -> String {
        let url = Url::parse(&self.epic().encrypted_url(kind, who, CSN, record).unwrap()).unwrap();
        format!("{}?{}", url.path(), url.query().unwrap())
    }

    /// Patient and provider come through encrypted links, are in the meeting, and their lights go on and off.
    async fn whole_visit(&self, record: &CommandLine) {
        let (browser, landing) = self.encrypted(LaunchKind::Patient, CSN, PATIENT, record).await;
        let mut patient = self.waiting_with(browser, &landing, CSN, PATIENT);
        assert!(!patient.can_join().await, "the host is not there");
        let host = match self.encrypted(LaunchKind::Provider, CSN, PROVIDER, record).await.1 {
            Landing::Zoom(link) => self.sits_down(CSN, PROVIDER, &link),
            landing => panic!("no start link: {}", shown(&landing)),
        };
        let seat = patient.goes_in().await;
        self.until_light(CSN, PATIENT, true).await;
        self.until_light(CSN, PROVIDER, true).await;
        let visit = self.until_inside(CSN, 2).await;
        assert_eq!(participant(&visit, PATIENT)["role"], "patient");
        assert_eq!(participant(&visit, PROVIDER)["role"], "provider");
        self.leaves(&seat);
        self.until_light(CSN, PATIENT, false).await;
        self.leaves(&host);
        self.until_right().await;
        assert_eq!(self.epic().calls("authorize"), 0, "nobody went through Epic's authorization server");
        let types: std::collections::BTreeSet<_> = self
            .epic()
            .requests()
            .into_iter()
            .map(|told| (told.external_id, told.external_id_type))
            .collect();
        let expected = [(PROVIDER, "1"), (PATIENT, "2")].map(|(id, kind)| (id.to_owned(), kind.to_owned()));
        assert_eq!(types, expected.into());
    }
}

#[actix_web::test]
async fn e10_a_whole_visit_runs_over_links_under_a_text_key() {
    let house = House::with(&with_text_key("")).await;
    house.whole_visit(&record()).await;
    assert_eq!(house.metric(&["vestibule_launches_total", "outcome=\"accepted\""]).await, 2.0);
    house.close().await;
}

#[actix_web::test]
async fn e10_a_whole_visit_runs_over_links_under_a_key_of_bytes_in_the_older_form() {
    let settings = format!(
        "[organization.lakeside.epic]\nlaunch_key = \"{BYTES_KEY}\"\nlaunch_cipher = \"aes-256\"\nlaunch_without_time = true\n"
    );
    let house = House::with(&settings).await;
    let key = CryptKey::Bytes(std::array::from_fn(|byte| u8::try_from(byte).unwrap()));
    house.whole_visit(&CommandLine { key, form: PayloadForm::Older, fields: Vec::new() }).await;
    house.close().await;
}

#[actix_web::test]
async fn e10_a_link_may_be_opened_again_while_it_is_good() {
    let house = House::with(&with_text_key("")).await;
    let url = house.epic().encrypted_url(LaunchKind::Patient, PATIENT, CSN, &record()).unwrap();
    let mut browser = house.browser();
    let first = browser.open(&url).await.unwrap();
    let again = browser.open(&url).await.unwrap();
    // On another device, too.
    let elsewhere = house.browser().open(&url).await.unwrap();
    for landing in [&first, &again, &elsewhere] {
        assert!(landing.ticket().is_some(), "{}", shown(landing));
    }
    let visit = house.visit(CSN).await;
    assert_eq!(visit["participants"].as_array().map(Vec::len), Some(1), "one person, whatever the device");
    house.close().await;
}

#[actix_web::test]
async fn e10_an_organization_is_found_by_its_account_and_told_apart_by_the_key() {
    let live = format!(
        r#"
[organization.lakeside-live]
environment = "production"
epic = {{ fhir_base_url = "https://live.example.org/api/FHIR/R4", telehealth_base_url = "https://live.example.org", client_id = "live", private_key_files = ["key.pem"], launch_key = "{BYTES_KEY}", launch_cipher = "aes-256" }}
zoom = {{ account_id = "DemoZoomAccount1", client_id = "x", client_secret = "x", webhook_secret_tokens = ["x"] }}
"#
    );
    let house = House::with(&format!("{}{live}", with_text_key(""))).await;
    let path = house.encrypted_path(LaunchKind::Patient, PATIENT, &record());
    let (_, query) = path.split_once('?').unwrap();
    let waits = house.get(&format!("/epic/launch/patient?acc_id=DemoZoomAccount1&{query}")).await;
    assert_eq!(waits.status, 303, "{}", waits.text());
    assert_eq!(house.visit(CSN).await["organization"], "lakeside");
    let other = house.get(&format!("/epic/lakeside-live/launch/patient?{query}")).await;
    is_refused(&other, 400, "link-unreadable");
    is_refused(&house.get(&format!("/epic/launch/patient?{query}")).await, 400, "missing-acc-id");
    let nobody = house.get(&format!("/epic/launch/patient?acc_id=Nobody&{query}")).await;
    is_refused(&nobody, 404, "unknown-organization");
    house.close().await;
}

#[actix_web::test]
async fn e10_whatever_does_not_decrypt_is_answered_alike() {
    let house = House::with(&with_text_key("")).await;
    let sealed = |text: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        format!("data={}", query.append_pair("", &record().seal(text)).finish().trim_start_matches('='))
    };
    let other_key = CommandLine { key: CryptKey::Text("another key".to_owned()), ..record() };
    let foreign = house.encrypted_path(LaunchKind::Patient, PATIENT, &other_key);
    let mut seen = std::collections::BTreeSet::new();
    for query in [
        "data=no%20base64%21".to_owned(),
        "data=AAAA".to_owned(),
        "data=AAAAAAAAAAAAAAAAAAAAAA%3D%3D".to_owned(),
        "extData=%ff%fe".to_owned(),
        format!("data={}", "A".repeat(7_000)),
        foreign.split_once('?').unwrap().1.to_owned(),
        sealed("nothing of use"),
        sealed("ConferenceID=10001&ExternalID=WPR1&ExternalIDType=9"),
        sealed("ConferenceID=10001&ExternalID=WPR1&ExternalIDType=2&Timestamp=then"),
        sealed("ConferenceID=&ExternalID=WPR1&ExternalIDType=2"),
        "data=AAAA&extData=BBBB".to_owned(),
    ] {
        let answer = house.get(&format!("/epic/lakeside/launch/patient?{query}")).await;
        is_refused(&answer, 400, "link-unreadable");
        let reference = answer.header("x-correlation-id").to_owned();
        seen.insert(answer.text().replace(&reference, ""));
    }
    assert_eq!(seen.len(), 1, "the reference aside, all pages are the same");
    assert_eq!(
        house.metric(&["vestibule_launches_total", "kind=\"patient\"", "outcome=\"link-unreadable\""]).await,
        11.0
    );
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e10_a_link_runs_out_after_the_time_in_it() {
    let house =
        House::with(&with_text_key("launch_validity = \"1h\"\ntime_zone = \"America/Chicago\"\n")).await;
    let now = jiff::Timestamp::now();
    let seconds_ago = |seconds: i64| (now.as_second() - seconds).to_string();
    let in_chicago = |hours_ago: i64| {
        let time = now - jiff::SignedDuration::from_hours(hours_ago);
        time.in_tz("America/Chicago").unwrap().strftime("%m/%d/%Y %I:%M %p").to_string()
    };
    let patient = async |fields: &[(&str, &str)]| {
        house.get(&house.encrypted_path(LaunchKind::Patient, PATIENT, &saying(fields))).await
    };
    for old in [
        saying(&[("Timestamp", &seconds_ago(3_700))]),
        saying(&[("Timestamp", ""), ("AppointmentTime", &in_chicago(2))]),
        saying(&[("Timestamp", &seconds_ago(120)), ("LinkValidityPeriod", "1")]),
    ] {
        let path = house.encrypted_path(LaunchKind::Patient, PATIENT, &old);
        let refused = house.get(&path).await;
        is_refused(&refused, 400, "link-too-old");
        assert!(refused.text().contains("open the visit again from MyChart"), "{}", refused.text());
    }
    is_refused(&patient(&[("Timestamp", "")]).await, 400, "link-without-time");
    house.nothing_changed().await;
    let soon = in_chicago(-1);
    for good in [
        vec![("Timestamp", ""), ("AppointmentTime", soon.as_str())],
        vec![("Timestamp", &seconds_ago(3_700)), ("LinkValidityPeriod", "90")],
        vec![],
    ] {
        let waits = patient(&good).await;
        assert_eq!(waits.status, 303, "{good:?}: {}", waits.text());
    }
    house.close().await;
}

#[actix_web::test]
async fn e10_a_link_is_for_its_own_side_its_own_person_and_its_own_visit() {
    let house = House::with(&with_text_key("")).await;
    // The path of one kind with the payload of the other.
    for (kind, who, other) in
        [(LaunchKind::Patient, PATIENT, "provider"), (LaunchKind::Provider, PROVIDER, "patient")]
    {
        for form in [PayloadForm::Linking, PayloadForm::Older] {
            let path = house.encrypted_path(kind, who, &CommandLine { form, ..record() });
            let (_, query) = path.split_once('?').unwrap();
            let refused = house.get(&format!("/epic/lakeside/launch/{other}?{query}")).await;
            is_refused(&refused, 403, "role-mismatch");
        }
    }
    house.nothing_changed().await;
    // Nothing beside the payload says which visit it is.
    let path = house.encrypted_path(LaunchKind::Patient, PATIENT, &record());
    let waits =
        house.get(&format!("{path}&ConferenceID=10002&csn=10002&ExternalID=WPR2&conferenceid=10003")).await;
    assert_eq!(waits.status, 303, "{}", waits.text());
    let visit = house.visit(CSN).await;
    assert_eq!(visit["participants"][0]["external_id"], PATIENT);
    assert_eq!(house.get("/api/v1/visits/lakeside/10002").await.status, 404);
    // The visit is this patient's from now on, however another comes.
    let another = house.encrypted_path(LaunchKind::Patient, PATIENT, &saying(&[("ExternalID", "WPR2")]));
    is_refused(&house.get(&another).await, 403, "other-patient");
    let (_, landing) = house.launch(LaunchKind::Patient, CSN, PATIENT).await;
    assert!(matches!(landing, Landing::Page { status: 403, .. }), "by FHIR id: {}", shown(&landing));
    assert_eq!(house.visit(CSN).await["participants"].as_array().map(Vec::len), Some(1));
    house.close().await;
}

#[actix_web::test]
async fn e10_without_a_key_an_encrypted_launch_is_refused_in_words_of_its_own() {
    let house = House::open().await;
    let path = house.encrypted_path(LaunchKind::Provider, PROVIDER, &record());
    is_refused(&house.get(&path).await, 400, "no-launch-key");
    let spanish = house.get(&format!("{path}&lang=es")).await;
    assert!(spanish.text().contains("clave"), "{}", spanish.text());
    // An empty payload is none.
    let empty = house.get("/epic/lakeside/launch/patient?extDataType=1&extData=&data=").await;
    is_refused(&empty, 400, "missing-visit-context");
    // A launch by SMART may carry whatever else an FDI record holds.
    let smart = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let answer = house.get(&format!("{}?{}&data=AAAA", smart.path(), smart.query().unwrap())).await;
    assert_eq!(answer.status, 302);
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e10_a_link_leads_nowhere_once_the_visit_is_over() {
    let house = House::with(&with_text_key("[organization.lakeside]\nreopen_hours = 0\n")).await;
    house.whole_visit(&record()).await;
    house.until_visit(CSN, "the visit has ended", |visit| visit["phase"] == "ended").await;
    let patient = house.encrypted_path(LaunchKind::Patient, PATIENT, &record());
    let over = until("a launch is told so", async || {
        Some(house.get(&patient).await).filter(|answer| answer.status != 303)
    });
    is_refused(&over.await, 410, "visit-over");
    let provider = house.encrypted_path(LaunchKind::Provider, PROVIDER, &record());
    is_refused(&house.get(&provider).await, 410, "visit-over");
    assert_eq!(house.live_meetings().len(), 1, "no other meeting was made");
    house.close().await;
}

#[actix_web::test]
async fn e10_one_encrypted_launch_too_many_is_told_to_come_again() {
    let house = House::with(&with_text_key("[limits]\nconcurrent_launches = 1\n")).await;
    let slow = EpicFaultKind::Slow { millis: 1_000 };
    house.epic_fault("token", Some(1), slow);
    let path = house.encrypted_path(LaunchKind::Patient, PATIENT, &record());
    let first = house.launch(LaunchKind::Patient, "10002", "WPR2");
    let meanwhile = async {
        until("the first is under way", async || (house.epic().calls("token") > 0).then_some(())).await;
        is_refused(&house.get(&path).await, 503, "overloaded");
    };
    futures_util::join!(first, meanwhile);
    assert_eq!(house.get(&path).await.status, 303, "the same link works a moment later");
    house.close().await;
}

#[actix_web::test]
async fn e10_nothing_of_a_payload_reaches_the_log() {
    let mut house = House::of_the_program(&with_text_key("[logging]\nfilter = \"debug\"\n")).await;
    let secret = saying(&[("FirstName", "NobodyShallRead")]);
    let path = house.encrypted_path(LaunchKind::Patient, PATIENT, &secret);
    assert_eq!(house.get(&path).await.status, 303);
    let refused = house.get(&path.replacen("extData=", "extData=A", 1)).await;
    is_refused(&refused, 400, "link-unreadable");
    let reference = refused.header("x-correlation-id").to_owned();
    house.stop_service().await;
    let log = house.log();
    let payload = path.split_once("extData=").unwrap().1;
    for never in ["NobodyShallRead", TEXT_KEY, &payload[..40]] {
        assert!(!log.contains(never), "{never}");
    }
    let told = |line: &&str| line.contains(&reference) && line.contains("does not decrypt");
    assert!(log.lines().any(|line| told(&line)), "the log says that it did not decrypt:\n{log}");
    house.close().await;
}
