//! Reads against a small Epic on loopback, and what is taken from what it answers.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::config::EpicConfig;
use super::super::testing::{NOW, client, client_at, clock, config, lakeside};
use super::*;
use crate::epic::keys::SigningKeys;
use crate::outbound::testing::{Reply, Seen, Server, nowhere};

const BASE: &str = "https://epic.example/api/FHIR/R4";
/// In every text of an answer that is a refusal; it must never come out of this edge.
const MARKER: &str = "EPICS-OWN-WORDS";

fn read<R: Resource>(body: &Value) -> R {
    R::read(body, BASE)
}

fn id(text: &str) -> FhirId {
    FhirId::new(text).unwrap()
}

fn revealed(text: Option<&vestibule_domain::name::Phi>) -> Option<&str> {
    text.map(vestibule_domain::name::Phi::reveal)
}

/// An Epic that gives tokens and answers reads so.
async fn epic(answer: impl Fn(&Seen) -> Reply + 'static) -> (Server, EpicConfig) {
    let server = Server::start(move |seen| match seen.line().as_str() {
        "POST /oauth2/token" => Reply::Json(200, json!({"access_token": "t", "expires_in": 3600})),
        _ => answer(seen),
    })
    .await;
    let config =
        EpicConfig { oauth_base_url: Some(format!("{}/oauth2", server.base)), ..config(&server.base) };
    (server, config)
}

fn soon() -> Instant {
    instant() + Duration::from_secs(10)
}

const PATIENT: &str = "GET /api/FHIR/R4/Patient/ePat";

fn patient() -> Value {
    json!({"resourceType": "Patient", "id": "ePat", "name": [{"family": "Hansen", "given": ["Ada"]}]})
}

// === what is taken ===

#[test]
fn the_leader_is_the_attender_then_the_primary_performer_and_nobody_else() {
    let one = |code: &str, who: &str| {
        json!({"type": [{"coding": [{"code": "X"}, {"code": code}]}],
            "individual": {"reference": who, "display": " Dr.  Elena\nRivera "}})
    };
    let leader = |participants: Value| {
        let encounter: Encounter = read(&json!({"participant": participants}));
        encounter.leader.map(|leader| leader.practitioner.as_str().to_owned())
    };
    let (part, perf, attends) = (
        one("PART", "Practitioner/p"),
        one("PPRF", "Practitioner/q"),
        one("ATND", &format!("{BASE}/Practitioner/r")),
    );
    assert_eq!(leader(json!([part, perf, attends])).as_deref(), Some("Practitioner/r"));
    assert_eq!(leader(json!([part, perf])).as_deref(), Some("Practitioner/q"));
    assert_eq!(leader(json!([part])), None);
    for not_ours in [
        "https://other.example/R4/Practitioner/p",
        "PractitionerRole/p",
        "Practitioner/../p",
        "Practitioner/",
        "#p",
    ] {
        assert_eq!(leader(json!([one("ATND", not_ours)])), None, "{not_ours}");
    }
    let versioned = one("ATND", "Practitioner/r/_history/2");
    let encounter: Encounter = read(&json!({"participant": [7, {}, versioned]}));
    let leader = encounter.leader.unwrap();
    assert_eq!(leader.practitioner.as_str(), "Practitioner/r");
    assert_eq!(revealed(leader.name.as_ref()), Some("Dr. Elena Rivera"), "on one line");
    // I15: no name of a person reaches a log.
    assert!(!format!("{leader:?}").contains("Rivera"));
}

#[test]
fn an_encounter_says_whom_it_is_about_and_whether_it_was_called_off() {
    let encounter: Encounter = read(&json!({
        "status": "planned",
        "subject": {"reference": "Patient/ePat"},
        "identifier": [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.3.698084.8", "value": "10001"}, {"value": "9"}],
        "appointment": [{"reference": "Appointment/eAp"}],
    }));
    assert_eq!(encounter.subject.unwrap().as_str(), "Patient/ePat");
    assert_eq!(encounter.appointment, FhirId::new("eAp"));
    assert_eq!(encounter.csns, ["10001"]);
    for (status, off) in [
        ("planned", false),
        ("in-progress", false),
        ("finished", false),
        ("unknown", false),
        ("cancelled", true),
        ("entered-in-error", true),
    ] {
        assert_eq!(read::<Encounter>(&json!({"status": status})).called_off, off, "{status}");
    }
    for nonsense in
        [json!({}), json!({"status": 7, "participant": "x", "subject": [], "appointment": {}}), json!([])]
    {
        assert_eq!(read::<Encounter>(&nonsense), Encounter::default(), "{nonsense}");
    }
}

#[test]
fn an_appointment_says_when_it_is_and_with_whom() {
    let actor = |who: &str| json!({"actor": {"reference": who}});
    let appointment: Appointment = read(&json!({
        "status": "booked", "start": "2026-11-23T11:00:00-06:00",
        "participant": [actor("Patient/ePat"), actor("Location/l"), actor("Practitioner/p"), actor("Practitioner/q")],
    }));
    assert_eq!(appointment.starts, Some(NOW));
    assert_eq!(appointment.leader.unwrap().practitioner.as_str(), "Practitioner/p");
    assert_eq!(appointment.subject.unwrap().as_str(), "Patient/ePat");
    let two: Appointment = read(&json!({"participant": [actor("Patient/a"), actor("Patient/b")]}));
    assert_eq!(two.subject, None);
    for (status, off) in [
        ("booked", false),
        ("arrived", false),
        ("fulfilled", false),
        ("checked-in", false),
        ("waitlist", false),
        ("cancelled", true),
        ("noshow", true),
        ("entered-in-error", true),
    ] {
        assert_eq!(read::<Appointment>(&json!({"status": status})).called_off, off, "{status}");
    }
    assert_eq!(read::<Appointment>(&json!({"start": "tomorrow"})).starts, None);
}

#[test]
fn a_practitioner_has_a_name_an_address_and_a_number() {
    let practitioner: Practitioner = read(&json!({
        "name": [
            {"use": "old", "family": "Young", "given": ["Elena"]},
            {"use": "official", "family": "Rivera-Young", "given": ["Elena", "M"]},
            {"use": "usual", "family": "Rivera", "given": ["Elena"], "prefix": ["Dr."], "text": "RIVERA, ELENA"},
        ],
        "telecom": [
            {"system": "phone", "value": "1@2.3"},
            {"system": "email", "use": "old", "value": "old@lakeside.example"},
            {"system": "email", "use": "home", "value": "home@example.org"},
            {"system": "email", "use": "work", "value": "not an address@x.y"},
            {"system": "email", "use": "work", "value": "elena@lakeside.example"},
        ],
        "identifier": [
            {"system": "urn:oid:1.2", "value": "1111111111"},
            {"system": "urn:oid:2.16.840.1.113883.4.6", "value": "1234567893"},
        ],
    }));
    assert_eq!(revealed(practitioner.name.first.as_ref()), Some("Elena"));
    assert_eq!(revealed(practitioner.name.last.as_ref()), Some("Rivera"));
    assert_eq!(revealed(practitioner.name.shown.as_ref()), Some("Dr. Elena Rivera"));
    assert_eq!(revealed(practitioner.email.as_ref()), Some("elena@lakeside.example"));
    assert_eq!(practitioner.npi.as_ref().map(vestibule_domain::id::Npi::as_str), Some("1234567893"));
    let shown = format!("{practitioner:?}");
    assert!(!shown.contains("Elena") && !shown.contains("Rivera") && !shown.contains("elena@"), "{shown}");
    let bare: Practitioner = read(&json!({"name": [{"text": "Elena Rivera, MD"}],
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.4.6", "value": "12345678901"}]}));
    assert_eq!(revealed(bare.name.shown.as_ref()), Some("Elena Rivera, MD"));
    assert_eq!((bare.name.first, bare.npi), (None, None));
    let endless = "x".repeat(200);
    let odd: Practitioner = read(
        &json!({"name": [{"family": endless, "given": [7, ""]}], "telecom": [{"system": "email", "value": "a@b"}]}),
    );
    assert_eq!(odd, Practitioner::default());
}

#[test]
fn a_related_person_names_the_patient() {
    let person: RelatedPerson = read(
        &json!({"patient": {"reference": "Patient/ePat"}, "name": [{"family": "Berg", "given": ["Karin"]}]}),
    );
    assert_eq!(person.patient.unwrap().as_str(), "Patient/ePat");
    assert_eq!(revealed(person.name.first.as_ref()), Some("Karin"));
    assert_eq!(read::<RelatedPerson>(&json!({"patient": {"reference": "Person/x"}})).patient, None);
}

#[test]
fn ids_are_fit_for_a_path() {
    assert_eq!(FhirId::new("e3-nF9.N_7").unwrap().as_str(), "e3-nF9.N_7");
    for bad in ["", ".", "..", "a/b", "a?b", "a b", "a%2fb", "ä", &"x".repeat(129)] {
        assert_eq!(FhirId::new(bad), None, "{bad}");
    }
}

// === how it is read ===

#[actix_web::test]
async fn a_resource_is_read_once_for_all_who_wait_and_kept_for_its_time() {
    let (server, config) = epic(|seen| match seen.line().as_str() {
        PATIENT => Reply::Json(200, patient()),
        "GET /api/FHIR/R4/Encounter/eEnc" => Reply::Json(200, json!({"resourceType": "Encounter"})),
        other => panic!("{other}"),
    })
    .await;
    let time = clock();
    let client = client_at(config, Arc::clone(&time));
    let organization = lakeside();
    let (one, encounter) = (id("ePat"), id("eEnc"));
    let all = (0..20).map(|_| client.read::<Patient>(&organization, &one, soon()));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|read| revealed(read.as_ref().unwrap().0.name.last.as_ref()) == Some("Hansen")));
    client.read::<Encounter>(&organization, &encounter, soon()).await.unwrap();
    let seen = server.seen();
    let asked = seen.iter().find(|seen| seen.line() == PATIENT).unwrap();
    assert_eq!(asked.header("authorization"), Some("Bearer t"));
    assert_eq!(asked.header("epic-client-id"), Some("our-client"));
    assert_eq!(asked.header("accept"), Some("application/fhir+json"));
    for (later, patients, encounters) in
        [(Span::seconds(59), 1, 1), (Span::seconds(61), 1, 2), (Span::minutes(61), 2, 3)]
    {
        time.0.store((NOW + later).0, Ordering::SeqCst);
        client.read::<Patient>(&organization, &one, soon()).await.unwrap();
        client.read::<Encounter>(&organization, &encounter, soon()).await.unwrap();
        let counts = (server.count(PATIENT), server.count("GET /api/FHIR/R4/Encounter/eEnc"));
        assert_eq!(counts, (patients, encounters), "{later:?}");
    }
}

#[actix_web::test]
async fn a_token_that_is_not_taken_is_dropped_and_once_more_tried() {
    let answers = Rc::new(Cell::new(0));
    let count = Rc::clone(&answers);
    let (server, config) = epic(move |_| {
        count.set(count.get() + 1);
        if count.get() == 2 {
            Reply::Json(200, patient())
        } else {
            Reply::With(401, Vec::new(), MARKER.into())
        }
    })
    .await;
    let client = client(config);
    client.read::<Patient>(&lakeside(), &id("ePat"), soon()).await.unwrap();
    assert_eq!((server.count(PATIENT), server.count("POST /oauth2/token")), (2, 2));
    let refused = client.read::<Patient>(&lakeside(), &id("eOther"), soon()).await;
    assert_eq!((refused, answers.get()), (Err(Unread::Denied), 4));
}

#[actix_web::test]
async fn every_failure_has_its_name_and_none_tells_of_epics_words() {
    let outcome = || json!({"resourceType": "OperationOutcome", "issue": [{"diagnostics": MARKER}]});
    let other = json!({"resourceType": "Patient", "id": "somebody-else"});
    for (reply, why) in [
        (Reply::Json(403, outcome()), Unread::Denied),
        (Reply::Json(400, outcome()), Unread::Denied),
        (Reply::With(302, vec![("location", "/x".into())], String::new()), Unread::Denied),
        (Reply::Json(404, outcome()), Unread::Missing),
        (Reply::Json(410, outcome()), Unread::Missing),
        (Reply::Json(200, outcome()), Unread::Unreadable),
        (Reply::Json(200, other), Unread::Unreadable),
        (Reply::With(200, Vec::new(), MARKER.into()), Unread::Unreadable),
        (Reply::With(200, Vec::new(), format!("\"{}\"", MARKER.repeat(20_000))), Unread::Unreadable),
        (Reply::Json(500, outcome()), Unread::Unavailable),
        (Reply::With(429, Vec::new(), MARKER.into()), Unread::Unavailable),
        (Reply::Half(200), Unread::Unavailable),
        (Reply::Close, Unread::Unavailable),
    ] {
        let reply = Cell::new(Some(reply));
        let (server, config) = epic(move |_| reply.take().unwrap_or(Reply::Close)).await;
        let client = client(config);
        for _ in 0..2 {
            let refused = client.read::<Patient>(&lakeside(), &id("ePat"), soon()).await.unwrap_err();
            assert_eq!(refused, why);
            assert!(!format!("{refused} {refused:?} {}", refused.code()).contains(MARKER));
        }
        assert_eq!(server.count(PATIENT), 1, "{why:?}: what failed is not asked for again at once");
    }
}

#[actix_web::test]
async fn nothing_is_read_without_a_key_or_when_it_is_turned_off() {
    let (server, on) = epic(|_| Reply::Json(200, patient())).await;
    let keyless = EpicConfig { keys: SigningKeys::default(), ..on.clone() };
    let off = settings::FhirReads { wait: Duration::ZERO, ..on.fhir_reads };
    let off = EpicConfig { fhir_reads: off, ..on };
    for config in [keyless, off] {
        let read = client(config).read::<Patient>(&lakeside(), &id("ePat"), soon()).await;
        assert_eq!(read, Err(Unread::TurnedOff));
    }
    assert!(server.seen().is_empty());
    let nobody = OrganizationId::new("nobody").unwrap();
    let read = client(config("http://127.0.0.1:1")).read::<Patient>(&nobody, &id("ePat"), soon()).await;
    assert_eq!(read, Err(Unread::TurnedOff));
}

#[actix_web::test]
async fn a_launch_that_waits_no_longer_leaves_its_read_to_the_next() {
    let (server, config) = epic(|_| Reply::Slow(Duration::from_millis(200), patient())).await;
    let client = client(config);
    let late = client.read::<Patient>(&lakeside(), &id("ePat"), instant() + Duration::from_millis(50)).await;
    assert_eq!(late, Err(Unread::Late));
    client.read::<Patient>(&lakeside(), &id("ePat"), soon()).await.unwrap();
    assert_eq!(server.count(PATIENT), 1);
}

#[actix_web::test]
async fn reads_have_few_places_and_little_room() {
    let (server, config) = epic(|seen| {
        let own = seen.target.rsplit('/').next().unwrap_or_default().to_owned();
        Reply::Slow(Duration::from_millis(30), json!({"resourceType": "Patient", "id": own}))
    })
    .await;
    let bounds = settings::FhirReads { concurrent: 1, keep: 2, ..config.fhir_reads };
    let client = client(EpicConfig { fhir_reads: bounds, ..config });
    let organization = lakeside();
    let ids: Vec<FhirId> = (0..3).map(|number| id(&format!("e{number}"))).collect();
    // The token is there before, so that all find their way to the places at once.
    client.read::<Patient>(&organization, &id("first"), soon()).await.unwrap();
    let reads = ids.iter().map(|id| client.read::<Patient>(&organization, id, soon()));
    assert!(futures_util::future::join_all(reads).await.iter().all(Result::is_ok));
    let reached = client.read_limits_reached(&organization);
    assert_eq!(reached, LimitsReached { kept: 2, concurrent: 2 });
    assert_eq!(client.read_limits_reached(&organization), LimitsReached::default(), "each is told once");
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "GET").count(), 4);
}

#[actix_web::test]
async fn an_epic_that_does_not_answer_is_left_alone_for_a_moment() {
    let down = Rc::new(Cell::new(true));
    let broken = Rc::clone(&down);
    let (server, config) = epic(move |seen| match broken.get() {
        true => Reply::Json(503, json!({})),
        false => Reply::Json(200, json!({"resourceType": "Patient", "id": seen.target.rsplit('/').next()})),
    })
    .await;
    let time = clock();
    let client = client_at(config, Arc::clone(&time));
    let asked = async |name: &str| client.read::<Patient>(&lakeside(), &id(name), soon()).await.err();
    for name in ["a", "b", "c"] {
        assert_eq!(asked(name).await, Some(Unread::Unavailable));
    }
    let before = server.seen().len();
    down.set(false);
    assert_eq!(asked("d").await, Some(Unread::Resting));
    assert_eq!(server.seen().len(), before, "nothing was asked");
    time.0.store((NOW + REST).0, Ordering::SeqCst);
    for name in ["a", "d"] {
        assert_eq!(asked(name).await, None);
    }
    // Without a token nothing can be read either.
    let config =
        EpicConfig { oauth_base_url: Some(nowhere().await), ..crate::epic::testing::config(&server.base) };
    let tokenless = crate::epic::testing::client(config).read::<Patient>(&lakeside(), &id("a"), soon()).await;
    assert_eq!(tokenless, Err(Unread::NoToken));
}
