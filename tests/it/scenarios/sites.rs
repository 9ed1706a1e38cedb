//! Sites that are set up otherwise: other ways to authenticate, other names in CONTEXT, other values of a status.

use vestibule::simulator::epic::LaunchOptions;
use vestibule::simulator::people::Landing;
use vestibule::simulator::{LaunchKind, SimulatorConfig};

use super::house::{House, participant};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

/// A visit from end to end.
async fn all_is_well(house: &House) {
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PROVIDER, true).await;
    house.leaves(&seat);
    house.leaves(&host);
    house.until_right().await;
}

#[actix_web::test]
async fn launches_work_with_a_secret_and_with_pkce_alone() {
    let secret = "a secret+with/signs&more";
    let with_secret = |config: &mut SimulatorConfig| {
        config.epic_proof = vestibule::simulator::ClientProof::Secret(secret.to_owned());
    };
    let settings = format!("[organization.lakeside.epic]\nclient_secret = \"{secret}\"\n");
    let house = House::built(&settings, with_secret).await;
    all_is_well(&house).await;
    house.close().await;

    let basic = "[organization.lakeside.epic]\nprivate_key_files = []\nstatus_auth = \"basic\"\nstatus_user = \"VESTIBULE\"\n\
                 status_password = \"demo-status-password\"\n";
    let house =
        House::built(basic, |config| config.epic_proof = vestibule::simulator::ClientProof::Public).await;
    all_is_well(&house).await;
    assert_eq!(house.epic().calls("token.client_credentials"), 0, "no backend token is asked for");
    house.close().await;
}

#[actix_web::test]
async fn the_other_known_path_of_the_status_service_and_another_vendor_name_work() {
    let house = House::with(
        "[organization.lakeside.epic]\nvendor_name = \"Zoom & Söhne\"\n\
         status_path = \"/api/epic/2018/Telehealth/ContextLinking/SetExternalConnectionStatus\"\n",
    )
    .await;
    all_is_well(&house).await;
    let told = house.epic().requests();
    assert!(told.iter().all(|one| one.vendor_name == "Zoom & Söhne"), "{told:?}");
    let types: Vec<_> =
        told.iter().map(|one| (one.external_id.as_str(), one.external_id_type.as_str())).collect();
    assert!(types.iter().all(|pair| [(PATIENT, "2"), (PROVIDER, "1")].contains(pair)), "{types:?}");
    house.close().await;
}

#[actix_web::test]
async fn names_in_context_are_read_without_case_and_may_be_others() {
    let house =
        House::with("[organization.lakeside.epic.context_names]\nexternal_id = \"WHO\"\ncsn = \"Contact\"\n")
            .await;
    let options = LaunchOptions {
        context: [("contact".to_owned(), CSN.to_owned()), ("Who".to_owned(), PATIENT.to_owned())].into(),
        without: vec!["csn".to_owned(), "externalid".to_owned()],
        ..LaunchOptions::default()
    };
    let url = house.epic().launch_url_with(LaunchKind::Patient, PATIENT, CSN, options).unwrap();
    let landing = house.browser().open(&url).await.unwrap();
    assert!(landing.ticket().is_some(), "{}", shown(&landing));
    let visit = house.visit(CSN).await;
    assert_eq!(participant(&visit, PATIENT)["role"], "patient", "{visit:#}");
    house.close().await;
}

#[actix_web::test]
async fn a_conference_id_beside_the_csn_makes_no_group_of_a_visit_of_one() {
    let house = House::open().await;
    let with_conference = |kind, who: &str| {
        let options = LaunchOptions {
            context: [("conferenceid".to_owned(), "CONF9001".to_owned())].into(),
            ..LaunchOptions::default()
        };
        house.epic().launch_url_with(kind, who, CSN, options).unwrap()
    };
    let mut browser = house.browser();
    let landing = browser.open(&with_conference(LaunchKind::Patient, PATIENT)).await.unwrap();
    let mut patient = house.waiting_with(browser, &landing, CSN, PATIENT);
    let landing = house.browser().open(&with_conference(LaunchKind::Provider, PROVIDER)).await.unwrap();
    let Landing::Zoom(link) = landing else { panic!("no start link: {}", shown(&landing)) };
    house.sits_down(CSN, PROVIDER, &link);
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let visit = house.visit(CSN).await;
    assert!(visit["conference_id"].is_null() && visit["csn"] == CSN);
    assert_eq!(house.get("/api/v1/group-visits/lakeside/CONF9001").await.status, 404);
    house.close().await;
}
