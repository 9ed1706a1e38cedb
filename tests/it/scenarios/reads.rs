//! Reads of FHIR: what a launch lacks is found there, what is found there is believed, and whatever Epic denies, every launch goes on.

use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind, LaunchOptions, READABLE};
use vestibule::simulator::people::Landing;

use super::house::{House, participant};
use super::launches::is_plain;
use super::people::{Waiting, shown};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
/// A child's visit, and who may act for the child.
const CHILDS_CSN: &str = "10004";
const PARENT: &str = "WPR14";
/// What people are named by in Zoom.
const NAMED: &str = "[organization.lakeside]\npatient_display_name = \"full_name\"\n";

/// A launch whose token response lacks these.
fn without(keys: &[&str]) -> LaunchOptions {
    LaunchOptions { without: keys.iter().map(|key| (*key).to_owned()).collect(), ..LaunchOptions::default() }
}

impl House {
    async fn launch_with(&self, kind: LaunchKind, csn: &str, who: &str, options: LaunchOptions) -> Landing {
        let url = self.epic().launch_url_with(kind, who, csn, options).unwrap();
        self.browser().open(&url).await.unwrap()
    }

    async fn waits_with(&self, csn: &str, who: &str, options: LaunchOptions) -> Waiting<'_> {
        let mut browser = self.browser();
        let url = self.epic().launch_url_with(LaunchKind::Patient, who, csn, options).unwrap();
        let landing = browser.open(&url).await.unwrap();
        self.waiting_with(browser, &landing, csn, who)
    }

    fn fhir_fault(&self, kind: &str, fault: EpicFaultKind) {
        assert!(self.epic().add_fault(EpicFault { call: format!("fhir.{kind}"), times: None, fault }));
    }

    async fn reads(&self, kind: &str, outcome: &str) -> f64 {
        let (kind, outcome) = (format!("resource=\"{kind}\""), format!("outcome=\"{outcome}\""));
        self.metric(&["vestibule_fhir_reads_total", &kind, &outcome]).await
    }

    /// Under which names Zoom knows the people of the one meeting.
    async fn names_in_zoom(&self, csn: &str, who: &str, options: LaunchOptions) -> Vec<String> {
        let mut patient = self.waits_with(csn, who, options).await;
        self.starts(csn, PROVIDER).await;
        patient.goes_in().await;
        self.zoom().link_holders().into_iter().map(|holder| holder.name).collect()
    }
}

#[actix_web::test]
async fn a_provider_whom_the_launch_does_not_name_is_found_by_what_fhir_says() {
    let house = House::open().await;
    let options = without(&["fname", "lname", "email"]);
    let landing = house.launch_with(LaunchKind::Provider, CSN, PROVIDER, options).await;
    assert!(matches!(landing, Landing::Zoom(_)), "{}", shown(&landing));
    assert_eq!(house.live_meetings()[0].host_email, "elena.rivera@lakeside.example");
    assert_eq!(participant(&house.visit(CSN).await, PROVIDER)["npi"], "1000000501");
    assert_eq!(house.reads("Practitioner", "read").await, 1.0);
    house.close().await;
}

#[actix_web::test]
async fn what_the_launch_says_is_not_asked_for() {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    house.start_link(CSN, PROVIDER).await;
    for kind in ["Practitioner", "Patient", "RelatedPerson"] {
        assert_eq!(house.epic().calls(&format!("fhir.{kind}")), 0, "{kind}");
    }
    assert!(participant(&house.visit(CSN).await, PROVIDER)["npi"].is_null());
    house.close().await;
}

#[actix_web::test]
async fn a_patient_is_shown_by_the_name_in_fhir_where_the_organization_wants_a_name() {
    let nameless = || without(&["fname", "lname"]);
    let house = House::with(NAMED).await;
    assert_eq!(house.names_in_zoom(CSN, PATIENT, nameless()).await, ["Ada Hansen"]);
    house.close().await;
    let house = House::with(NAMED).await;
    assert_eq!(house.names_in_zoom(CHILDS_CSN, PARENT, nameless()).await, ["Karin Berg"], "a proxy's own");
    house.close().await;
    let house = House::open().await;
    house.names_in_zoom(CSN, PATIENT, nameless()).await;
    assert_eq!(house.epic().calls("fhir.Patient"), 0, "no name is asked for that nobody shall see");
    house.close().await;
}

// Number 11: the launching user belongs to the conference; a proxy is tied to the patient.
#[actix_web::test]
async fn e11_a_proxy_of_another_patient_is_refused_and_nothing_changes() {
    let house = House::open().await;
    let options = LaunchOptions { patient: Some("ePatA".to_owned()), ..LaunchOptions::default() };
    let landing = house.launch_with(LaunchKind::Patient, CHILDS_CSN, PARENT, options).await;
    let Landing::Page { status: 403, body, .. } = &landing else {
        panic!("not refused: {}", shown(&landing))
    };
    is_plain(&String::from_utf8_lossy(body), "other-patient");
    house.nothing_changed().await;
    assert_eq!(house.reads("RelatedPerson", "contradictory").await, 1.0);
    house.waits(CHILDS_CSN, PARENT).await;
    assert_eq!(participant(&house.visit(CHILDS_CSN).await, PARENT)["role"], "proxy");
    house.close().await;
}

#[actix_web::test]
async fn e11_where_epic_denies_the_related_person_the_launch_alone_is_believed() {
    let house = House::open().await;
    house.epic().set_read_denied("RelatedPerson", true);
    house.waits(CHILDS_CSN, PARENT).await;
    assert_eq!(participant(&house.visit(CHILDS_CSN).await, PARENT)["role"], "proxy");
    assert_eq!(house.reads("RelatedPerson", "denied").await, 1.0);
    house.close().await;
}

/// A visit of a child with a parent as proxy, in which every launch lacks all that could be read.
async fn lacks_everything(house: &House) -> Vec<String> {
    let nameless = || without(&["fname", "lname"]);
    let mut child = house.waits_with(CHILDS_CSN, "WPR4", nameless()).await;
    let mut parent = house.waits_with(CHILDS_CSN, PARENT, nameless()).await;
    let mut pages = vec![child.state().await.to_string(), parent.state().await.to_string()];
    for page in [child.page(), parent.page()] {
        pages.push(house.get(page.strip_prefix(&house.url).unwrap()).await.text());
    }
    let landing = house.launch_with(LaunchKind::Provider, CHILDS_CSN, PROVIDER, nameless()).await;
    let Landing::Zoom(link) = landing else { panic!("no link: {}", shown(&landing)) };
    house.sits_down(CHILDS_CSN, PROVIDER, &link);
    child.goes_in().await;
    parent.goes_in().await;
    house.until_light(CHILDS_CSN, "WPR4", true).await;
    pages.push(house.get("/ops").await.text());
    pages.push(house.visit(CHILDS_CSN).await.to_string());
    pages.extend(house.records(CHILDS_CSN).await.iter().map(Value::to_string));
    pages
}

#[actix_web::test]
async fn whatever_epic_denies_or_answers_every_launch_goes_on_and_no_page_has_its_words() {
    for kind in READABLE {
        let house = House::with(NAMED).await;
        house.epic().set_read_denied(kind, true);
        let pages = lacks_everything(&house).await;
        assert!(pages.iter().all(|page| !page.contains("EPICS-OWN-WORDS")), "{kind}: {pages:#?}");
        assert!(house.reads(kind, "denied").await >= 1.0, "{kind}");
        house.close().await;
    }
    for (fault, outcome) in [
        (EpicFaultKind::Status { status: 404 }, "missing"),
        (EpicFaultKind::Status { status: 500 }, "unavailable"),
        (EpicFaultKind::Drop, "unavailable"),
        (EpicFaultKind::Hang, "late"),
    ] {
        let house = House::with(&format!("{NAMED}epic.fhir_reads.wait = \"100ms\"\n")).await;
        assert!(house.epic().add_fault(EpicFault { call: "fhir".to_owned(), times: None, fault }));
        lacks_everything(&house).await;
        assert!(house.metric(&["vestibule_fhir_reads_total", outcome]).await >= 1.0, "{outcome}");
        house.close().await;
    }
}

#[actix_web::test]
async fn a_site_without_a_key_and_one_that_wants_no_reads_are_never_asked() {
    let basic = "[organization.lakeside.epic]\nprivate_key_files = []\nstatus_auth = \"basic\"\nstatus_user = \"VESTIBULE\"\n\
                 status_password = \"demo-status-password\"\n";
    let off = "[organization.lakeside.epic]\nfhir_reads.wait = \"0s\"\n";
    for (settings, public) in [(basic, true), (off, false)] {
        let house = House::built(settings, |config| {
            if public {
                config.epic_proof = vestibule::simulator::ClientProof::Public;
            }
        })
        .await;
        lacks_everything(&house).await;
        assert_eq!(house.epic().calls("fhir"), 0);
        assert!(house.metric(&["vestibule_fhir_reads_total", "turned_off"]).await >= 1.0);
        house.close().await;
    }
}

#[actix_web::test]
async fn slow_reads_are_waited_for_a_little_and_never_hold_up_a_status() {
    let house = House::with(NAMED).await;
    house.fhir_fault("Patient", EpicFaultKind::Slow { millis: 300 });
    assert_eq!(house.names_in_zoom(CSN, PATIENT, without(&["fname", "lname"])).await, ["Ada Hansen"]);
    house.epic().clear_faults();
    house.fhir_fault("Patient", EpicFaultKind::Hang);
    let mut patient = house.waits_with("10002", "WPR2", without(&["fname", "lname"])).await;
    house.starts("10002", PROVIDER).await;
    patient.goes_in().await;
    house.until_light("10002", "WPR2", true).await;
    assert_eq!(house.reads("Patient", "late").await, 1.0);
    house.close().await;
}
