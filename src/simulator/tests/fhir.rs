//! Who may read what of the fake Epic's FHIR, and what it says.

use serde_json::{Value, json};

use super::super::Simulator;
use super::super::epic::{EpicFault, EpicFaultKind, READABLE};
use super::service::Service;
use super::{fakes, read};

const CLIENT: &str = "0f7b9a1e-demo-epic-client";

/// A backend token, and the scopes that it is given for those that are asked for.
async fn token(fakes: &Simulator, service: &Service, scope: &str) -> (String, String) {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": fakes.epic().site().token_url(),
        "jti": uuid::Uuid::new_v4(), "iat": now, "nbf": now, "exp": now + 240,
    });
    let assertion = service.key.sign(&claims).expect("an assertion");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
        ("scope", scope),
    ];
    let asked = awc::Client::default().post(fakes.epic().site().token_url()).send_form(&form);
    let (status, answer) = read(asked.await.expect("an answer")).await;
    assert_eq!(status, 200, "{answer}");
    let text = |name: &str| answer[name].as_str().expect("text").to_owned();
    (text("access_token"), text("scope"))
}

async fn get(fakes: &Simulator, path: &str, token: &str) -> (u16, Value) {
    let url = format!("{}/{path}", fakes.epic().site().fhir_base());
    read(awc::Client::default().get(url).bearer_auth(token).send().await.expect("an answer")).await
}

#[actix_web::test]
async fn a_token_reads_what_its_client_is_registered_for_and_no_more() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    let (all, scope) = token(&fakes, &service, "").await;
    assert_eq!(scope.split(' ').count(), READABLE.len());
    for path in ["Encounter/eEnc10001", "Appointment/eAppt10001", "Practitioner/eProvRivera", "Patient/ePatA"]
    {
        let (status, found) = get(&fakes, path, &all).await;
        let kind = path.split('/').next().expect("a kind");
        assert_eq!((status, found["resourceType"].as_str()), (200, Some(kind)), "{path}");
    }
    let (_, parent) = get(&fakes, "RelatedPerson/eRelBerg", &all).await;
    assert_eq!(parent["patient"]["reference"], format!("{}/Patient/ePatD", fakes.epic().site().fhir_base()));
    assert_eq!(get(&fakes, "Patient/nobody", &all).await.0, 404);
    assert_eq!(get(&fakes, "Patient/ePatA", "no-token").await.0, 401);
    let (some, scope) = token(&fakes, &service, "system/Patient.read system/Everything.read").await;
    assert_eq!(scope, "system/Patient.read");
    assert_eq!(get(&fakes, "Patient/ePatA", &some).await.0, 200);
    let (status, refusal) = get(&fakes, "Encounter/eEnc10001", &some).await;
    assert_eq!((status, refusal["resourceType"].as_str()), (403, Some("OperationOutcome")));
    assert!(refusal.to_string().contains("EPICS-OWN-WORDS"));
    // What is taken from the client is taken from the tokens that it has.
    fakes.epic().set_read_denied("Encounter", true);
    assert_eq!(get(&fakes, "Encounter/eEnc10001", &all).await.0, 403);
    assert!(!token(&fakes, &service, "").await.1.contains("Encounter"));
    fakes.epic().set_read_denied("Encounter", false);
    assert_eq!(get(&fakes, "Encounter/eEnc10001", &all).await.0, 200);
    fakes.stop().await;
    service.stop().await;
}

#[actix_web::test]
async fn an_appointment_is_called_off_and_moved_as_ordered_and_one_kind_fails_alone() {
    let service = Service::start();
    let fakes = fakes(&service.url).await;
    let (all, _) = token(&fakes, &service, "").await;
    let (_, before) = get(&fakes, "Appointment/eAppt10001", &all).await;
    assert!(before["status"] == "booked" && before["start"].is_string(), "{before}");
    fakes.epic().set_appointment_status("10001", "noshow");
    fakes.epic().set_encounter_status("10001", "cancelled");
    fakes.epic().move_appointment("10001", "2031-11-20T16:30:00Z".parse().expect("a time"));
    let (_, after) = get(&fakes, "Appointment/eAppt10001", &all).await;
    assert_eq!((&after["status"], &after["start"]), (&json!("noshow"), &json!("2031-11-20T16:30:00Z")));
    assert_eq!(get(&fakes, "Encounter/eEnc10001", &all).await.1["status"], "cancelled");
    assert_eq!(get(&fakes, "Appointment/eAppt10002", &all).await.1["status"], "booked", "another's");
    let fault = EpicFaultKind::TooMany { retry_after: 1 };
    assert!(fakes.epic().add_fault(EpicFault { call: "fhir.Patient".to_owned(), times: Some(1), fault }));
    assert_eq!(get(&fakes, "Encounter/eEnc10001", &all).await.0, 200);
    assert_eq!(get(&fakes, "Patient/ePatA", &all).await.0, 429);
    assert_eq!((fakes.epic().calls("fhir"), fakes.epic().calls("fhir.Patient")), (6, 1));
    fakes.stop().await;
    service.stop().await;
}
