//! Users who stand for patients.

use super::*;
use crate::simulator::zoom::{Device, UserStatus};
use vestibule_domain::id::MeetingId;

fn stand_in(tag: &str) -> ZoomCall {
    ZoomCall::Register {
        participant: ParticipantKey::new(Role::Patient, FhirReference::new("Patient/ePatA").unwrap()),
        meeting: MeetingId(85_012_345_678),
        display_name: Phi::new("Patient 2"),
        by: Personal::TemporaryUser { tag: Marker::new(tag).unwrap() },
    }
}

fn remove(tag: &str, user: Option<ZoomUserId>) -> ZoomCall {
    let participant = ParticipantKey::new(Role::Patient, FhirReference::new("Patient/ePatA").unwrap());
    ZoomCall::RemoveUser { participant, tag: Marker::new(tag).unwrap(), user }
}

fn by_user(fakes: &Simulator) -> ZoomConfig {
    ZoomConfig { patient_identity: PatientIdentity::TemporaryUser, ..with(fakes) }
}

async fn made_user(setup: &Setup, tag: &str) -> ZoomUserId {
    match call(setup, &stand_in(tag)).await {
        IntentOutcome::UserMade { user } => user,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn a_patient_comes_in_as_a_user_of_their_own_until_it_is_removed() {
    let fakes = fakes().await;
    // Whoever comes in as a user of ours cannot sign in as that user, whatever is set for providers.
    let config = ZoomConfig { alternative_host_link: AlternativeHostLink::SignIn, ..by_user(&fakes) };
    let setup = setup(config);
    let made = made(&setup, "vst-user").await;
    let user = made_user(&setup, "vestibule-c1-7").await;
    assert_eq!(made_user(&setup, "vestibule-c1-7").await, user, "one for a tag");
    assert_eq!(fakes.zoom().calls("users.create"), 1);
    assert_ne!(made_user(&setup, "vestibule-c1-8").await, user);
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    fakes.zoom().open(start.reveal(), "", Device::App).unwrap();
    let fresh = async || setup.client.patient_link(&lakeside(), made.meeting, &user, &made.join_url).await;
    let (first, second) = (fresh().await.unwrap(), fresh().await.unwrap());
    assert_ne!(first, second, "the token is fetched at each click");
    let seat = fakes.zoom().open(first.reveal(), "", Device::Web).unwrap();
    let seat = fakes.zoom().seat(&seat).unwrap();
    assert_eq!((seat.user.as_str(), seat.name.as_str()), (user.as_str(), "Patient 2"));
    // Found by the tag where no answer ever named the user.
    assert_eq!(call(&setup, &remove("vestibule-c1-8", None)).await, IntentOutcome::UserRemoved);
    assert_eq!(call(&setup, &remove("vestibule-c1-7", Some(user.clone()))).await, IntentOutcome::UserRemoved);
    assert_eq!(
        call(&setup, &remove("vestibule-c1-7", Some(user.clone()))).await,
        IntentOutcome::UserRemoved,
        "or gone before"
    );
    assert!(fakes.zoom().open(second.reveal(), "", Device::Web).is_err(), "whose token is good no more");
    assert!(fresh().await.is_err());
    fakes.stop().await;
}

#[actix_web::test]
async fn a_user_whose_making_is_in_doubt_is_found_and_not_made_twice() {
    let fakes = fakes().await;
    let setup = setup(by_user(&fakes));
    for (tag, kind) in [("a", ZoomFaultKind::DoneThenDrop), ("b", ZoomFaultKind::HalfBody)] {
        fault(&fakes, "users.create", Some(1), kind);
        let user = made_user(&setup, tag).await;
        assert_eq!(made_user(&setup, tag).await, user);
    }
    fault(&fakes, "users.create", Some(1), ZoomFaultKind::Drop);
    assert_eq!(
        call(&setup, &stand_in("c")).await,
        IntentOutcome::Ambiguous,
        "not there, and perhaps on its way"
    );
    made_user(&setup, "c").await;
    assert_eq!(fakes.zoom().calls("users.create"), 4);
    fakes.stop().await;
}

#[actix_web::test]
async fn what_stands_in_the_way_of_a_user_is_named() {
    let fakes = fakes().await;
    let config = by_user(&fakes);
    let setup = super::setup(config.clone());
    let never = |problem| failed(problem, Retry::Never);
    fakes.zoom().change_settings(|settings| settings.basic_seats = 0);
    assert_eq!(call(&setup, &stand_in("a")).await, never(ProblemCode::PatientNoSeat));
    fakes.zoom().change_settings(|settings| (settings.basic_seats, settings.api_partner) = (100, false));
    assert_eq!(
        call(&setup, &stand_in("a")).await,
        never(ProblemCode::PatientNoSeat),
        "custCreate is not allowed"
    );
    fakes.zoom().change_settings(|settings| {
        (settings.api_partner, settings.blocked_domains) =
            (true, vec!["patients.lakeside.example".to_owned()]);
    });
    assert_eq!(call(&setup, &stand_in("a")).await, never(ProblemCode::PatientUserRefused));
    fakes.zoom().change_settings(|settings| settings.blocked_domains.clear());
    let user = made_user(&setup, "a").await;
    for (status, problem) in [
        (UserStatus::Pending, ProblemCode::PatientUserPending),
        (UserStatus::Inactive, ProblemCode::PatientUserRefused),
    ] {
        assert!(fakes.zoom().set_user(user.as_str(), status, 1));
        assert_eq!(call(&setup, &stand_in("a")).await, never(problem));
    }
    let managed = ZoomConfig {
        temporary_user_action: ProviderAction::AutoCreate,
        registrant_email_domain: "lakeside.example".to_owned(),
        ..config
    };
    made_user(&super::setup(managed), "b").await;
    fakes.zoom().change_settings(|settings| settings.scopes.retain(|scope| !scope.contains("delete:user")));
    fakes.zoom().revoke_tokens();
    assert_eq!(problem(&call(&setup, &remove("a", Some(user))).await), Some(ProblemCode::ZoomUnauthorized));
    fakes.stop().await;
}
