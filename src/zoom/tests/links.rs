//! Links that let people in.

use super::*;
use crate::simulator::zoom::Device;
use vestibule_actors::port::zoom::LinkRefused;
use vestibule_domain::id::MeetingId;

fn register(meeting: MeetingId, name: &str) -> ZoomCall {
    ZoomCall::Register {
        participant: ParticipantKey::new(Role::Patient, FhirReference::new("Patient/ePatA").unwrap()),
        meeting,
        display_name: Phi::new(name),
        by: Personal::Registrant,
    }
}

#[actix_web::test]
async fn a_patient_gets_a_link_of_his_own_by_which_zoom_names_him() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-reg").await;
    let long = "N".repeat(100);
    let mut links = Vec::new();
    // More often than Zoom lets one address register in a day.
    for name in ["Patient", "", long.as_str(), "Peña \n Ada", "Patient"] {
        let outcome = call(&setup, &register(made.meeting, name)).await;
        let IntentOutcome::Registered { registrant, link } = outcome else { panic!("{outcome:?}") };
        links.push((registrant, link));
    }
    let distinct: std::collections::BTreeSet<_> =
        links.iter().map(|(registrant, _)| registrant.clone()).collect();
    assert_eq!(distinct.len(), links.len());
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    fakes.zoom().open(start.reveal(), "Dr. Rivera", Device::App).unwrap();
    let (registrant, link) = &links[0];
    let seat = fakes.zoom().open(link.reveal(), "whatever", Device::Web).unwrap();
    assert_eq!(fakes.zoom().seat(&seat).unwrap().registrant, registrant.as_str());
    fakes.stop().await;
}

#[actix_web::test]
async fn what_stands_in_the_way_of_a_registration_is_named() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let host = host(&setup).await;
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: false };
    let open = ZoomCall::CreateMeeting { host, marker: Marker::new("vst-open").unwrap(), settings };
    let IntentOutcome::Made(open) = call(&setup, &open).await else { panic!("not made") };
    assert!(!open.effective.registration);
    let outcome = call(&setup, &register(open.meeting, "Patient")).await;
    assert_eq!(outcome, failed(ProblemCode::RegistrationUnavailable, Retry::Never));
    let outcome = call(&setup, &register(MeetingId(12_345_678_901), "Patient")).await;
    assert_eq!(outcome, IntentOutcome::MeetingGone);
    let made = made(&setup, "vst-reg2").await;
    let unlicensed =
        ZoomFaultKind::Status { status: 400, code: 200, message: "Only available for Paid".into() };
    fault(&fakes, "registrants.add", Some(1), unlicensed);
    let outcome = call(&setup, &register(made.meeting, "Patient")).await;
    assert_eq!(outcome, failed(ProblemCode::HostUnlicensed, Retry::Never));
    for kind in [ZoomFaultKind::DoneThenDrop, ZoomFaultKind::HalfBody, ZoomFaultKind::Html { status: 502 }] {
        fault(&fakes, "registrants.add", Some(1), kind.clone());
        let before = fakes.zoom().calls("registrants.add");
        assert_eq!(
            call(&setup, &register(made.meeting, "Patient")).await,
            IntentOutcome::Ambiguous,
            "{kind:?}"
        );
        assert_eq!(fakes.zoom().calls("registrants.add"), before + 1);
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn a_start_link_makes_whoever_opens_it_the_host_and_is_fresh_each_time() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-start").await;
    let first = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    let second = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    assert_ne!(first.reveal(), second.reveal());
    assert!(fakes.zoom().open(second.reveal(), "Dr. Rivera", Device::App).is_ok());
    let refused = setup.client.start_link(&lakeside(), MeetingId(12_345_678_901)).await;
    assert_eq!(refused.unwrap_err(), LinkRefused::Gone);
    fault(&fakes, "meetings.get", None, ZoomFaultKind::Html { status: 503 });
    let refused = setup.client.start_link(&lakeside(), made.meeting).await;
    assert_eq!(refused.unwrap_err(), LinkRefused::Unavailable);
    fakes.zoom().clear_faults();
    fakes.zoom().change_settings(|settings| settings.app_disabled = true);
    let refused = super::setup(with(&fakes)).client.start_link(&lakeside(), made.meeting).await;
    assert_eq!(refused.unwrap_err(), LinkRefused::Refused);
    let nobody = OrganizationId::new("nobody").unwrap();
    assert_eq!(setup.client.start_link(&nobody, made.meeting).await.unwrap_err(), LinkRefused::Refused);
    fakes.stop().await;
}

#[actix_web::test]
async fn an_alternative_host_starts_the_same_meeting_with_his_own_token() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-alt-link").await;
    let okafor = provider("Practitioner/eProvOkafor", Some("samuel.okafor@lakeside.example"));
    let IntentOutcome::Provider { user, .. } = call(&setup, &okafor).await else { panic!("no user") };
    let set = alternatives(made.meeting, &[&user]);
    assert_eq!(call(&setup, &set).await, IntentOutcome::AlternativesSet { stand: vec![user.clone()] });
    let link = setup.client.alternative_link(&lakeside(), made.meeting, &user, &made.join_url).await.unwrap();
    assert!(link.reveal().starts_with(made.join_url.reveal()));
    let seat = fakes.zoom().open(link.reveal(), "Dr. Okafor", Device::App).unwrap();
    assert_eq!(fakes.zoom().seat(&seat).unwrap().user, user.as_str());
    let stranger = ZoomUserId::new("no/such user").unwrap();
    let lakeside = lakeside();
    let refused = setup.client.alternative_link(&lakeside, made.meeting, &stranger, &made.join_url).await;
    assert_eq!(refused.unwrap_err(), LinkRefused::Refused);
    let gone = setup.client.alternative_link(&lakeside, MeetingId(12_345_678_901), &user, &made.join_url);
    assert_eq!(gone.await.unwrap_err(), LinkRefused::Gone);
    fakes.stop().await;
}

fn invite(meeting: MeetingId, name: &str, good_for: Span) -> ZoomCall {
    ZoomCall::Register {
        participant: ParticipantKey::new(Role::Patient, FhirReference::new("Patient/ePatA").unwrap()),
        meeting,
        display_name: Phi::new(name),
        by: Personal::InviteLink { good_for },
    }
}

#[actix_web::test]
async fn a_link_by_name_is_known_by_that_name_and_runs_out() {
    let fakes = fakes().await;
    let setup = setup(ZoomConfig { patient_identity: PatientIdentity::InviteLink, ..with(&fakes) });
    let host = host(&setup).await;
    // Neither a licence nor registration is needed.
    assert!(fakes.zoom().set_user(RIVERA, crate::simulator::zoom::UserStatus::Active, 1));
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: false };
    let open = ZoomCall::CreateMeeting { host, marker: Marker::new("vst-named").unwrap(), settings };
    let IntentOutcome::Made(made) = call(&setup, &open).await else { panic!("not made") };
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    fakes.zoom().open(start.reveal(), "Dr. Rivera", Device::App).unwrap();
    let before = Wall.now();
    let mut hashes = Vec::new();
    for name in ["Patient", "Patient 2", "Patient"] {
        let outcome = call(&setup, &invite(made.meeting, name, Span::minutes(30))).await;
        let IntentOutcome::Invited { name_hash, link, good_until } = outcome else { panic!("{outcome:?}") };
        assert!(good_until >= before + Span::minutes(30) && good_until <= Wall.now() + Span::minutes(30));
        let seat = fakes.zoom().open(link.reveal(), "", Device::Web).unwrap();
        let seat = fakes.zoom().seat(&seat).unwrap();
        assert_eq!((seat.name.as_str(), seat.registrant.as_str(), seat.user.as_str()), (name, "", ""));
        assert_eq!(names().hash(&seat.name), Some(name_hash), "as events hash it");
        hashes.push(name_hash);
    }
    assert!(hashes[0] == hashes[2] && hashes[0] != hashes[1]);
    let outcome = call(&setup, &invite(made.meeting, "Patient", Span(1))).await;
    let IntentOutcome::Invited { link, .. } = outcome else { panic!("{outcome:?}") };
    let runs_out = tokio::time::timeout(Duration::from_secs(5), async {
        while fakes.zoom().open(link.reveal(), "", Device::Web).is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(runs_out.await.is_ok(), "it has run out");
    fakes.stop().await;
}

#[actix_web::test]
async fn what_stands_in_the_way_of_a_link_by_name_is_named() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-named2").await;
    let patient = invite(made.meeting, "Patient", Span::hours(2));
    let gone = call(&setup, &invite(MeetingId(12_345_678_901), "Patient", Span::hours(2))).await;
    assert_eq!(gone, IntentOutcome::MeetingGone);
    for code in [300, 3000, 3161] {
        let refusal = ZoomFaultKind::Status { status: 400, code, message: "No.".into() };
        fault(&fakes, "meetings.invite_links", Some(1), refusal);
        assert_eq!(
            call(&setup, &patient).await,
            failed(ProblemCode::InviteLinkRefused, Retry::Never),
            "{code}"
        );
    }
    // Another link of the same name harms nobody, so that one whose answer is lost is simply asked for again.
    for kind in [ZoomFaultKind::DoneThenDrop, ZoomFaultKind::HalfBody, ZoomFaultKind::Html { status: 502 }] {
        fault(&fakes, "meetings.invite_links", Some(1), kind.clone());
        let expected = failed(ProblemCode::ZoomUnavailable, Retry::After(None));
        assert_eq!(call(&setup, &patient).await, expected, "{kind:?}");
    }
    fakes.zoom().change_settings(|settings| settings.scopes.retain(|scope| !scope.contains("invite_links")));
    fakes.zoom().revoke_tokens();
    assert_eq!(problem(&call(&setup, &patient).await), Some(ProblemCode::ZoomUnauthorized));
    fakes.stop().await;
}
