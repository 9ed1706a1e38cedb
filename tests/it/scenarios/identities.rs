//! Patients who are known by something else than a registration.

use std::collections::BTreeSet;

use serde_json::Value;
use vestibule::simulator::zoom::{Device, JoinRefused, LinkHolder};

use super::house::{House, has_problem, participant, until};

const CSN: &str = "10004";
const CHILD: &str = "WPR4";
const PARENT: &str = "WPR14";
const PROVIDER: &str = "EMP501";

const BY_NAME: &str =
    "[organization.lakeside]\npatient_identity = \"invite_link\"\nprovider_user_type = \"basic\"\n";

/// Zoom tells whole seconds, so that who came before whom is only known across them.
async fn next_second() {
    let began = jiff::Timestamp::now().as_second();
    until("a second is over", async || (jiff::Timestamp::now().as_second() > began).then_some(())).await;
}

fn strangers(visit: &Value) -> usize {
    let all = visit["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|one| one["role"] == "unidentified").count()
}

#[actix_web::test]
async fn e38_by_a_link_with_their_name_each_light_is_that_of_its_own_person() {
    let house = House::with(&format!("{BY_NAME}patient_display_name = \"initials\"\n")).await;
    // The host has no licence, with which nobody could be registered.
    let users = house.zoom();
    let (mut child, mut parent) = (house.waits(CSN, CHILD).await, house.waits(CSN, PARENT).await);
    let host = house.starts(CSN, PROVIDER).await;
    let room = users.room_of(&host);
    assert!(users.set_user(&room[0].user, vestibule::simulator::zoom::UserStatus::Active, 1));
    let link = child.join_link().await;
    let first = house.sits_down(CSN, CHILD, &link);
    house.until_light(CSN, CHILD, true).await;
    assert!(!house.epic().is_connected(CSN, PARENT), "not mixed up");
    let second = parent.goes_in().await;
    house.until_light(CSN, PARENT, true).await;
    let names: Vec<String> = [&first, &second].map(|seat| users.seat(seat).unwrap().name).to_vec();
    assert_ne!(names[0], names[1], "both have the same initials or none");
    assert!(names.iter().all(|name| name.chars().count() < 20), "{names:?}: no more than the setting allows");

    next_second().await;
    // Somebody else types the child's name, on a link that was passed on by a third.
    let stranger = users.open(&link, &names[0], Device::Web).unwrap();
    house.until_visit(CSN, "the stranger is seen", |visit| strangers(visit) == 1).await;
    house.leaves(&first);
    house.until_light(CSN, CHILD, false).await;
    let visit = house.visit(CSN).await;
    assert_eq!((strangers(&visit), &participant(&visit, CHILD)["presence"]), (1, &Value::from("gone")));
    next_second().await;
    // The child comes back by its page, and goes again: the stranger is still there and still a stranger.
    let again = child.goes_in().await;
    house.until_light(CSN, CHILD, true).await;
    house.leaves(&again);
    house.until_light(CSN, CHILD, false).await;
    house.leaves(&stranger);
    assert!(house.epic().is_connected(CSN, PARENT));
    house.leaves(&second);
    house.leaves(&host);
    house.until_right().await;
    let visit = house.visit(CSN).await;
    assert_eq!(visit["problems"], Value::Array(Vec::new()));
    assert_eq!(house.zoom().calls("registrants.add"), 0);
    house.close().await;
}

#[actix_web::test]
async fn e38_a_name_that_the_person_alters_is_nobodys_until_the_provider_says_whose() {
    let house = House::with(BY_NAME).await;
    let mut child = house.waits(CSN, CHILD).await;
    house.starts(CSN, PROVIDER).await;
    let link = child.join_link().await;
    house.zoom().open(&link, "Pia", Device::App).unwrap();
    let visit = house.until_visit(CSN, "somebody is there", |visit| strangers(visit) == 1).await;
    assert_eq!(participant(&visit, CHILD)["wanted"], false);
    house.close().await;
}

#[actix_web::test]
async fn where_zoom_makes_no_such_link_the_board_says_so_and_nobody_is_let_in() {
    let house = House::with(BY_NAME).await;
    house.zoom_fault(
        "meetings.invite_links",
        None,
        vestibule::simulator::zoom::ZoomFaultKind::Status { status: 400, code: 3161, message: "No.".into() },
    );
    let mut child = house.waits(CSN, CHILD).await;
    house.starts(CSN, PROVIDER).await;
    house.until_visit(CSN, "the problem is shown", |visit| has_problem(visit, "invite_link_refused")).await;
    assert!(!child.can_join().await);
    assert_eq!(house.zoom().calls("meetings.invite_links"), 1, "no loop");
    let meeting = house.live_meetings().remove(0);
    let generic = format!("{}/zoom/j/{}", house.fakes.url(), meeting.id);
    assert_eq!(house.zoom().open(&generic, "", Device::App), Err(JoinRefused::WrongPasscode));
    house.zoom().clear_faults();
    let mut again = house.waits(CSN, CHILD).await;
    again.goes_in().await;
    house.until_light(CSN, CHILD, true).await;
    house.close().await;
}

#[actix_web::test]
async fn e17_a_registration_is_of_one_person_and_names_nobody() {
    let house = House::with("[organization.lakeside]\npatient_display_name = \"role\"\n").await;
    house.starts(CSN, PROVIDER).await;
    house.starts("10001", PROVIDER).await;
    house.waits(CSN, CHILD).await.join_link().await;
    house.waits(CSN, PARENT).await.join_link().await;
    house.waits("10001", "WPR1").await.join_link().await;
    let holders = house.zoom().link_holders();
    assert_eq!(holders.len(), 3);
    let of = |what: fn(&LinkHolder) -> &String| holders.iter().map(what).collect::<BTreeSet<_>>().len();
    assert_eq!([of(|one| &one.registrant), of(|one| &one.email), of(|one| &one.join_url)], [3, 3, 3]);
    let day = house.epic().day();
    let people = day.iter().flat_map(|visit| visit.proxies.iter().chain([&visit.patient]));
    let mut never: Vec<String> = day.iter().map(|visit| visit.csn.clone()).collect();
    never.extend(people.flat_map(|one| {
        [&one.first_name, &one.last_name, &one.external_id, &one.fhir_id].map(|text| text.to_lowercase())
    }));
    for holder in &holders {
        assert!(holder.email.ends_with("@patients.vestibule.invalid"), "{holder:?}");
        let told = format!("{} {}", holder.email, holder.name).to_lowercase();
        // A short text may stand in a random one by chance.
        let found = never.iter().filter(|text| text.len() > 4).find(|text| told.contains(text.as_str()));
        assert_eq!(found, None, "{holder:?}");
    }
    house.close().await;
}

const BY_USER: &str = "[organization.lakeside]\npatient_identity = \"temporary_user\"\n";

#[actix_web::test]
async fn e17_by_a_user_of_their_own_each_light_is_that_of_its_own_person_and_nobody_is_left_behind() {
    let house =
        House::with(&format!("{BY_USER}reopen_hours = 0\npatient_display_name = \"full_name\"\n")).await;
    let (mut child, mut parent) = (house.waits(CSN, CHILD).await, house.waits(CSN, PARENT).await);
    let host = house.starts(CSN, PROVIDER).await;
    let link = child.join_link().await;
    let first = house.sits_down(CSN, CHILD, &link);
    house.until_light(CSN, CHILD, true).await;
    assert!(!house.epic().is_connected(CSN, PARENT), "not mixed up");
    let second = parent.goes_in().await;
    house.until_light(CSN, PARENT, true).await;
    let seats = [&first, &second].map(|seat| house.zoom().seat(seat).unwrap());
    assert!(!seats[0].user.is_empty() && seats[0].user != seats[1].user);
    // Nothing of a person stands in the account's list of users.
    let users = house.zoom().users();
    let theirs = users.iter().filter(|user| seats.iter().any(|seat| seat.user == user.id));
    assert_eq!(theirs.clone().count(), 2);
    for user in theirs {
        let random = user.email.strip_prefix("vestibule-patient-").expect("ours");
        assert!(![CSN, CHILD, PARENT, "noah", "berg", "karin"].iter().any(|text| random.contains(text)));
    }
    assert_eq!(seats.map(|seat| seat.name), ["Patient", "Family member"]);
    assert_ne!(child.join_link().await, link, "the token is fetched at the click");

    // Somebody who calls themselves as the child is called.
    let meeting = house.live_meetings().remove(0);
    let stranger = house.zoom().dial_in(meeting.id, "Patient").unwrap();
    house.until_visit(CSN, "the stranger is seen", |visit| strangers(visit) == 1).await;
    house.leaves(&first);
    house.until_light(CSN, CHILD, false).await;
    assert!(house.epic().is_connected(CSN, PARENT));
    for seat in [&stranger, &second, &host] {
        house.leaves(seat);
    }
    house.until_right().await;
    until("the users are removed", async || (house.zoom().calls("users.delete") >= 2).then_some(())).await;
    for user in [first, second].map(|seat| house.zoom().seat(&seat).unwrap().user) {
        assert_eq!(house.as_administrator("GET", &format!("users/{user}"), Value::Null).await, 404);
    }
    house.close().await;
}

#[actix_web::test]
async fn where_no_user_can_be_made_the_board_says_so_and_the_next_launch_tries_again() {
    let house = House::with(BY_USER).await;
    house.zoom().change_settings(|settings| settings.api_partner = false);
    let mut child = house.waits(CSN, CHILD).await;
    house.starts(CSN, PROVIDER).await;
    house.until_visit(CSN, "the problem is shown", |visit| has_problem(visit, "patient_no_seat")).await;
    assert!(!child.can_join().await);
    assert_eq!(house.zoom().calls("users.create"), 1, "no loop");
    house.zoom().change_settings(|settings| settings.api_partner = true);
    let mut again = house.waits(CSN, CHILD).await;
    again.goes_in().await;
    house.until_light(CSN, CHILD, true).await;
    house.close().await;
}
