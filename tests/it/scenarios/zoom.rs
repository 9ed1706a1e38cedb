//! Zoom's API in trouble, and administrators who change what we relied on: one meeting for each visit, nobody let in too early, and
//! whoever has to do something is told what.

use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::{
    AccountSettings, Group, SeatAct, UserStatus, Weather, ZoomFault, ZoomFaultKind,
};
use vestibule::simulator::{LaunchKind, Person};

use super::house::{House, has_problem, participant, until};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const SECOND: &str = "EMP502";
const CSN: &str = "10001";
const PROVIDERS_USER: &str = "elena.rivera@lakeside.example";
/// A launch that waits for Zoom goes to the waiting page soon, and calls in doubt are over soon.
const IMPATIENT: &str =
    "[page]\nlaunch_wait = \"200ms\"\n[organization.lakeside.zoom]\ntimeout = \"500ms\"\n";

impl House {
    pub fn zoom_fault(&self, call: &str, times: Option<u32>, fault: ZoomFaultKind) {
        assert!(self.zoom().add_fault(ZoomFault { call: call.to_owned(), times, fault }));
    }
}

// === settings that an administrator has locked ===

#[actix_web::test]
async fn e19_a_waiting_room_that_is_locked_on_is_a_problem_and_the_patient_still_gets_in() {
    let house = House::open().await;
    house.zoom().change_settings(|settings| settings.waiting_room_lock = Some(true));
    let mut patient = house.waits(CSN, PATIENT).await;
    let host = house.starts(CSN, PROVIDER).await;
    let seat = patient.goes_in().await;
    let visit = house
        .until_visit(CSN, "the patient is in Zoom's waiting room", |visit| {
            participant(visit, PATIENT)["presence"] == "in_waiting_room"
        })
        .await;
    assert!(has_problem(&visit, "waiting_room_locked"), "{visit:#}");
    assert_eq!(
        (&visit["admittance"], &visit["meeting"]["waiting_room"]),
        (&json!("automatic"), &json!(true))
    );
    house.zoom().act(&host, &SeatAct::Admit { whom: seat }).unwrap();
    house.until_light(CSN, PATIENT, true).await;
    house.close().await;
}

#[actix_web::test]
async fn e19_where_zoom_would_let_a_patient_in_alone_they_wait_for_the_host_on_our_page() {
    // I6: nobody gets a link that the policy does not allow, whatever Zoom would do with it.
    // They mostly wait, so they do it together.
    let account = |settings: &mut AccountSettings, waiting_room, before_host| {
        (settings.waiting_room_lock, settings.join_before_host_lock) = (waiting_room, before_host);
    };
    let group_of_the_provider = |settings: &mut AccountSettings, waiting_room, before_host| {
        settings.groups = vec![Group {
            members: vec![PROVIDERS_USER.to_owned()],
            waiting_room_lock: waiting_room,
            join_before_host_lock: before_host,
            ..Group::default()
        }];
    };
    type Lock = fn(&mut AccountSettings, Option<bool>, Option<bool>);
    let each = [
        (account as Lock, "manual", Some(false), None, "waiting_room_locked"),
        (account, "automatic", None, Some(true), "join_before_host_locked"),
        (group_of_the_provider, "manual", Some(false), None, "waiting_room_locked"),
        (group_of_the_provider, "automatic", None, Some(true), "join_before_host_locked"),
    ]
    .map(|(lock, policy, waiting_room, before_host, problem)| async move {
        let house = House::with(&format!("[organization.lakeside]\nadmittance = \"{policy}\"\n")).await;
        house.zoom().change_settings(|settings| lock(settings, waiting_room, before_host));
        let mut patient = house.waits(CSN, PATIENT).await;
        let link = house.start_link(CSN, PROVIDER).await;
        let visit = house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, problem)).await;
        let message = &visit["problems"][0]["message"];
        assert!(message.as_str().is_some_and(|message| message.len() > 20), "{message}");
        // Somebody is in the meeting who is not the host: a telephone, where Zoom lets it in before the host.
        if before_host == Some(true) {
            let meeting = house.live_meetings()[0].id;
            house.zoom().dial_in(meeting, "+15550100123").unwrap();
            house.until_visit(CSN, "the meeting runs", |visit| visit["phase"] == "in_progress").await;
        }
        assert!(!patient.can_join().await, "{policy}: not without the host");
        house.sits_down(CSN, PROVIDER, &link);
        patient.goes_in().await;
        house.until_light(CSN, PATIENT, true).await;
        house.close().await;
    });
    join_all(each).await;
}

// === what Zoom refuses ===

#[actix_web::test]
async fn what_zoom_refuses_for_now_is_tried_again() {
    let house = House::open().await;
    house.zoom_fault("meetings.create", Some(1), ZoomFaultKind::TooManyPerSecond);
    house.zoom_fault("users.get", Some(1), ZoomFaultKind::TooManyPerSecond);
    let mut patient = house.waits(CSN, PATIENT).await;
    house.zoom_fault("registrants.add", Some(1), ZoomFaultKind::TooManyPerSecond);
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    assert_eq!(house.zoom().meetings().len(), 1);
    house.close().await;
}

#[actix_web::test]
async fn what_zoom_refuses_for_good_is_a_problem_of_the_visit_until_somebody_launches_again() {
    // They mostly wait, so they do it together.
    let each = [
        (ZoomFaultKind::TooManyToday, "zoom_rate_limited"),
        (
            ZoomFaultKind::Status { status: 400, code: 300, message: "ZOOMS-OWN-WORDS".to_owned() },
            "zoom_refused",
        ),
        (
            ZoomFaultKind::Status { status: 400, code: 4711, message: "ZOOMS-OWN-WORDS".to_owned() },
            "zoom_unauthorized",
        ),
    ]
    .map(|(fault, problem)| async move {
        let house = House::with(IMPATIENT).await;
        house.zoom_fault("meetings.create", None, fault);
        let mut patient = house.waits(CSN, PATIENT).await;
        let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
        let visit = house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, problem)).await;
        assert!(!visit.to_string().contains("ZOOMS-OWN-WORDS"));
        assert!(!provider.can_join().await && !patient.can_join().await);
        let refused = provider.join().await;
        assert!(matches!(refused, Landing::Page { status: 409, .. }), "{}", shown(&refused));
        assert!(!shown(&refused).contains("ZOOMS-OWN-WORDS"));
        house.zoom().clear_faults();
        house.starts(CSN, PROVIDER).await;
        patient.goes_in().await;
        house.until_visit(CSN, "the problem is over", |visit| visit["problems"] == json!([])).await;
        assert_eq!(house.live_meetings().len(), 1);
        house.close().await;
    });
    join_all(each).await;
}

// === who is host ===

#[actix_web::test]
async fn e16_a_provider_without_a_zoom_account_gets_one_and_only_one() {
    let house = House::built("[organization.lakeside.zoom]\nprovider_action = \"autoCreate\"\n", |config| {
        config.providers_have_accounts = false
    })
    .await;
    let launches =
        [house.starts(CSN, PROVIDER), house.starts("10002", PROVIDER), house.starts("10003", PROVIDER)];
    futures_util::future::join_all(launches).await;
    house.until_right().await;
    let hosts: std::collections::BTreeSet<String> =
        house.live_meetings().into_iter().map(|meeting| meeting.host_id).collect();
    assert_eq!((house.live_meetings().len(), hosts.len()), (3, 1), "three visits, one host");
    house.close().await;
}

#[actix_web::test]
async fn e15_an_invitation_that_is_open_and_a_seat_that_is_not_free_are_said_and_heal() {
    // They mostly wait, so they do it together.
    let each = [("create", "user_pending"), ("autoCreate", "no_seat")].map(|(action, problem)| async move {
        let house = House::built(
            &format!("[page]\nlaunch_wait = \"200ms\"\n[organization.lakeside.zoom]\nprovider_action = \"{action}\"\n"),
            |config| config.providers_have_accounts = false,
        )
        .await;
        if problem == "no_seat" {
            house.zoom().change_settings(|settings| settings.licensed_seats = 0);
        }
        let mut patient = house.waits(CSN, PATIENT).await;
        let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
        let visit = house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, problem)).await;
        assert!(visit["meeting"].is_null());
        let state = provider.state().await;
        assert_eq!(state["can_join"], false);
        assert!(state["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(house.zoom().meetings().is_empty() && !patient.can_join().await);
        if problem == "no_seat" {
            house.zoom().change_settings(|settings| settings.licensed_seats = 10);
        } else {
            assert!(house.zoom().set_user("elena.rivera@lakeside.example", UserStatus::Active, 2));
        }
        house.starts(CSN, PROVIDER).await;
        patient.goes_in().await;
        house.until_visit(CSN, "the problem is over", |visit| !has_problem(visit, problem)).await;
        house.close().await;
    });
    join_all(each).await;
}

#[actix_web::test]
async fn e13_another_provider_becomes_alternative_host_of_the_same_meeting() {
    let house = House::open().await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.start_link(CSN, PROVIDER).await;
    let link = house.start_link(CSN, SECOND).await;
    let meetings = house.live_meetings();
    assert_eq!(meetings.len(), 1);
    assert_eq!(meetings[0].alternative_hosts, ["samuel.okafor@lakeside.example"]);
    // The second starts it in the first one's place.
    house.sits_down(CSN, SECOND, &link);
    patient.goes_in().await;
    house.until_light(CSN, SECOND, true).await;
    house.until_light(CSN, PATIENT, true).await;
    assert!(!house.epic().is_connected(CSN, PROVIDER), "the first has not come");
    house.starts(CSN, PROVIDER).await;
    house.until_light(CSN, PROVIDER, true).await;
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn a_provider_whom_zoom_does_not_take_is_told_why_and_stands_in_nobodys_way() {
    const THIRD: &str = "EMP503";
    let settings =
        "[page]\nlaunch_wait = \"2s\"\n[organization.lakeside.zoom]\nlicense_found_users = false\n";
    let house = House::built(settings, |config| {
        let third = Person::new("eProvThird", THIRD, "Tess", "Third", "tess.third@lakeside.example");
        config.day[0].providers.push(third);
    })
    .await;
    assert!(house.zoom().set_user("samuel.okafor@lakeside.example", UserStatus::Active, 1));
    house.start_link(CSN, PROVIDER).await;
    let mut second = house.on_waiting_page(LaunchKind::Provider, CSN, SECOND).await;
    house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, "alternative_host_refused")).await;
    let state = second.state().await;
    assert_eq!(state["can_join"], false);
    assert!(state["message"].as_str().is_some_and(|text| text.contains("does not accept you as a host")));
    // The next one has a licence and goes in.
    let link = house.start_link(CSN, THIRD).await;
    assert_eq!(house.live_meetings()[0].alternative_hosts, ["tess.third@lakeside.example"]);
    house.sits_down(CSN, THIRD, &link);
    house.until_light(CSN, THIRD, true).await;
    assert!(!second.can_join().await);
    let asked = house.zoom().calls("meetings.update");
    // A licence was bought: the next launch of his own tries again.
    assert!(house.zoom().set_user("samuel.okafor@lakeside.example", UserStatus::Active, 2));
    house.starts(CSN, SECOND).await;
    house.until_light(CSN, SECOND, true).await;
    house.until_visit(CSN, "the problem is over", |visit| visit["problems"] == json!([])).await;
    assert_eq!(house.zoom().calls("meetings.update"), asked + 1, "not asked in a loop");
    house.close().await;
}

#[actix_web::test]
async fn a_patient_for_whom_no_link_can_be_made_reads_so() {
    let house = House::open().await;
    house.zoom_fault(
        "registrants.add",
        None,
        ZoomFaultKind::Status { status: 400, code: 200, message: "ZOOMS-OWN-WORDS".to_owned() },
    );
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let visit =
        house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, "host_unlicensed")).await;
    assert!(!visit.to_string().contains("ZOOMS-OWN-WORDS"));
    until("the visit runs", async || (patient.state().await["phase"] == "in_progress").then_some(())).await;
    let state = patient.state().await;
    assert_eq!(state["can_join"], false);
    assert!(state["message"].as_str().is_some_and(|text| text.contains("cannot open your way")), "{state}");
    house.zoom().clear_faults();
    // As the page says: the visit is opened again.
    house.waits(CSN, PATIENT).await.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.close().await;
}

#[actix_web::test]
async fn e12_launches_at_the_same_moment_make_one_meeting() {
    let house = House::open().await;
    for csn in ["10001", "10002", "10003"] {
        let patient =
            house.epic().day().into_iter().find(|visit| visit.csn == csn).unwrap().patient.external_id;
        let (_, _, mut waiting) = futures_util::future::join3(
            house.starts(csn, PROVIDER),
            house.starts(csn, SECOND),
            house.waits(csn, &patient),
        )
        .await;
        waiting.goes_in().await;
        house.until_inside(csn, 3).await;
    }
    assert_eq!(house.zoom().meetings().len(), 3, "one for each visit");
    house.until_right().await;
    house.close().await;
}

impl House {
    /// The meeting is deleted, and the event that tells of it is lost.
    async fn meeting_goes_silently(&self) -> u64 {
        let lose_events = ["meeting.deleted".to_owned()].into();
        self.zoom().set_weather(Weather { lose_events, ..Weather::default() });
        let id = self.live_meetings()[0].id;
        assert_eq!(self.as_administrator("DELETE", &format!("meetings/{id}"), Value::Null).await, 204);
        id
    }

    async fn until_another_meeting(&self, old: u64) {
        let visit = self.visit(CSN).await;
        let new = self.live_meetings();
        assert_eq!(new.len(), 1, "{new:?}");
        assert_ne!(new[0].id, old);
        assert_eq!(visit["meeting"]["id"], json!(new[0].id.to_string()));
    }
}

#[actix_web::test]
async fn a_meeting_that_is_gone_at_the_providers_click_is_made_anew_and_the_page_goes_on() {
    let house = House::open().await;
    // At the launch: straight into the new one.
    house.start_link(CSN, PROVIDER).await;
    let old = house.meeting_goes_silently().await;
    house.start_link(CSN, PROVIDER).await;
    house.until_another_meeting(old).await;
    // The second provider's click finds it gone as well, and comes into the next one.
    house.start_link(CSN, SECOND).await;
    let old = house.meeting_goes_silently().await;
    house.start_link(CSN, SECOND).await;
    house.until_another_meeting(old).await;
    house.close().await;

    // On the waiting page: the click leads back to it, and it goes on.
    let house = House::with("[page]\nlaunch_wait = \"1s\"\n").await;
    house.start_link(CSN, PROVIDER).await;
    house.zoom_fault("meetings.get", None, ZoomFaultKind::Hang);
    let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
    house.zoom().clear_faults();
    let old = house.meeting_goes_silently().await;
    assert!(provider.can_join().await, "nobody knows yet");
    let returned = provider.join().await;
    assert_eq!(returned.ticket(), Some(provider.ticket.as_str()), "{}", shown(&returned));
    let mut patient = house.waits(CSN, PATIENT).await;
    provider.goes_in().await;
    house.until_another_meeting(old).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_light(CSN, PROVIDER, true).await;
    house.close().await;
}

// As a demo with --data is, whose fakes begin anew at each start: no meeting, and other Zoom users for the same providers.
#[actix_web::test]
async fn a_visit_goes_on_at_a_zoom_that_knows_nothing_of_it() {
    let mut house = House::of_the_program("").await;
    house.waits(CSN, PATIENT).await;
    house.start_link(CSN, PROVIDER).await;
    house.start_link(CSN, SECOND).await;
    let old = house.live_meetings()[0].id;
    house.forgotten_by_the_fakes().await;
    assert!(house.zoom().meetings().is_empty());
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    house.until_another_meeting(old).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    house.starts(CSN, SECOND).await;
    house.until_light(CSN, SECOND, true).await;
    house.close().await;
}
