//! Providers' Zoom users that are made, found and refused while people launch at once.

use futures_util::future::{join_all, join3};
use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::{UserStatus, ZoomFaultKind};

use super::ground::{Ground, Kept, has_problem};

async fn open(kept: Kept) -> Ground {
    let settings =
        "[page]\nlaunch_wait = \"2s\"\n[organization.lakeside.zoom]\nprovider_action = \"autoCreate\"\n";
    Ground::with(kept, 10, settings, |fakes| fakes.providers_have_accounts = false).await
}

on_both! {
    open;
    a31_launches_at_once_make_one_user_and_one_meeting,
    a32_a_user_who_was_not_found_and_is_there_is_found_again,
    a32_a_user_whose_invitation_is_open_cannot_start_and_is_not_made_twice,
    a33_without_a_seat_it_is_said_and_not_tried_in_a_loop,
}

fn users_of(ground: &Ground, email: &str) -> usize {
    ground.zoom().users().iter().filter(|user| user.email == email).count()
}

async fn a31_launches_at_once_make_one_user_and_one_meeting(ground: &Ground) {
    join_all((0..3).map(|_| async {
        let visit = ground.fresh();
        let (csn, patient) = (&visit.csn, &visit.patient.external_id);
        let provider = &visit.providers[0];
        // The provider presses twice, and the patient is there at the same moment.
        let (seat, _, (mut browser, landing)) = join3(
            ground.starts(csn, &provider.external_id),
            ground.link(LaunchKind::Provider, csn, &provider.external_id),
            ground.launch(LaunchKind::Patient, csn, patient),
        )
        .await;
        let link = ground.link_of_page(&mut browser, &landing).await;
        ground.sits_down(csn, patient, &link);
        ground.until_light(csn, patient, true).await;
        assert_eq!(users_of(ground, &provider.email), 1, "{csn}");
        let meetings = ground.zoom().meetings();
        let own = meetings.iter().filter(|one| one.host_email == provider.email).count();
        assert_eq!(own, 1, "{csn}: with {seat}");
    }))
    .await;
    assert_eq!((ground.zoom().calls("users.create"), ground.zoom().calls("meetings.create")), (3, 3));
}

async fn a32_a_user_who_was_not_found_and_is_there_is_found_again(ground: &Ground) {
    let visit = ground.fresh();
    let provider = &visit.providers[0];
    ground.zoom().add_user(&provider.email, "Made", "Meanwhile", 2, UserStatus::Active);
    let not_there =
        ZoomFaultKind::Status { status: 404, code: 1001, message: "User does not exist".to_owned() };
    ground.zoom_fault("users.get", Some(1), not_there);
    let created = ground.zoom().calls("users.create");
    ground.starts(&visit.csn, &provider.external_id).await;
    assert_eq!(
        ground.zoom().calls("users.create"),
        created + 1,
        "it was tried, and Zoom said that it is there"
    );
    assert_eq!(users_of(ground, &provider.email), 1);
}

async fn a32_a_user_whose_invitation_is_open_cannot_start_and_is_not_made_twice(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0]);
    ground.zoom().add_user(&provider.email, "Not", "Yet", 2, UserStatus::Pending);
    let (_, landing) = ground.launch(LaunchKind::Provider, csn, &provider.external_id).await;
    assert!(landing.ticket().is_some(), "{landing:?}");
    let pending = |visit: &Value| has_problem(visit, "user_pending");
    let shown = ground.until_visit(csn, "why is said", pending).await;
    assert!(shown["meeting"].is_null());
    assert_eq!(users_of(ground, &provider.email), 1);
    assert!(ground.zoom().set_user(&provider.email, UserStatus::Active, 2));
    ground.starts(csn, &provider.external_id).await;
    ground.until_visit(csn, "it is over", |visit| !pending(visit)).await;
    assert_eq!(users_of(ground, &provider.email), 1);
}

async fn a33_without_a_seat_it_is_said_and_not_tried_in_a_loop(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0]);
    ground.zoom().change_settings(|settings| settings.licensed_seats = 0);
    let created = ground.zoom().calls("users.create");
    ground.launch(LaunchKind::Provider, csn, &provider.external_id).await;
    let no_seat = |visit: &Value| has_problem(visit, "no_seat");
    let shown = ground.until_visit(csn, "why is said", no_seat).await;
    assert!(shown["meeting"].is_null());
    // Neither the patient's launch nor time asks for it again.
    ground.launch(LaunchKind::Patient, csn, &visit.patient.external_id).await;
    assert_eq!(ground.zoom().calls("users.create"), created + 1);
    ground.zoom().change_settings(|settings| settings.licensed_seats = 100);
    ground.starts(csn, &provider.external_id).await;
    ground.until_visit(csn, "it is over", |visit| !no_seat(visit)).await;
    assert_eq!(ground.zoom().calls("users.create"), created + 2);
}
