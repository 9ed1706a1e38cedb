//! Providers whose own Zoom user cannot be had: who stands in, what is said, how it heals; and how further providers come in.

use futures_util::future::join_all;
use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::{AccountSettings, Device, JoinRefused, SeatAct, UserStatus};

use super::house::{House, has_problem, participant, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const SECOND: &str = "EMP502";
const CSN: &str = "10001";
const LATER: &str = "10002";
const RIVERA: &str = "elena.rivera@lakeside.example";
const OKAFOR: &str = "samuel.okafor@lakeside.example";
const COVER: &str = "cover.one@lakeside.example";

/// Whatever keeps a provider from their own user, one of two default hosts stands in.
const STAND_INS: &str = r#"
[page]
launch_wait = "3s"
[organization.lakeside.zoom]
provider_fallback = { pending = "default_host", inactive = "default_host", foreign = "default_host", no_seat = "default_host" }
default_hosts = ["cover.one@lakeside.example", "cover.two@lakeside.example"]
"#;

impl House {
    /// A house in which providers have no users yet, and default hosts host one meeting at a time, as on most plans.
    async fn with_default_hosts(settings: &str) -> Self {
        let house =
            Self::built(&format!("{STAND_INS}{settings}"), |fakes| fakes.providers_have_accounts = false)
                .await;
        house.zoom().change_settings(|settings| settings.meetings_at_once = Some(1));
        for host in [COVER, "cover.two@lakeside.example"] {
            house.zoom().add_user(host, "Cover", "Host", 2, UserStatus::Active);
        }
        house
    }

    fn leaves_seats_free(&self, free: u32) {
        let taken = self.zoom().users().iter().filter(|user| user.licensed).count();
        let seats = u32::try_from(taken).unwrap() + free;
        self.zoom().change_settings(|settings| settings.licensed_seats = seats);
    }

    fn users_of(&self, email: &str) -> usize {
        self.zoom().users().iter().filter(|user| user.email == email).count()
    }

    fn host_of(&self, visit: &Value) -> String {
        let id = visit["meeting"]["host_id"].as_str().unwrap_or_default().to_owned();
        self.zoom().users().into_iter().find(|user| user.id == id).map(|user| user.email).unwrap_or_default()
    }
}

#[actix_web::test]
async fn a32_a_default_host_stands_in_until_the_invitation_is_accepted() {
    let house = House::with_default_hosts("provider_action = \"create\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    let visit = house.until_inside(CSN, 2).await;
    assert_eq!(house.host_of(&visit), COVER);
    assert!(
        has_problem(&visit, "default_host_stands_in") && has_problem(&visit, "user_pending"),
        "{visit:#}"
    );
    house.until_light(CSN, PROVIDER, true).await;
    house.until_light(CSN, PATIENT, true).await;
    assert_eq!(house.metric(&["zoom_calls", "ensure_provider", "default_host"]).await, 1.0);
    // A colleague's visit meanwhile has the other default host; a third has none, and says so.
    house.starts(LATER, SECOND).await;
    assert_eq!(house.host_of(&house.visit(LATER).await), "cover.two@lakeside.example");
    let mut third = house.on_waiting_page(LaunchKind::Provider, "10003", PROVIDER).await;
    house.until_visit("10003", "none is free", |visit| has_problem(visit, "no_default_host")).await;
    let state = third.state().await;
    assert!(
        state["message"].as_str().is_some_and(|text| text.contains("everybody who can host for you")),
        "{state}"
    );
    assert_eq!(house.zoom().meetings().len(), 2);
    let asked = house.zoom().calls("users.create");
    assert_eq!((asked, house.users_of(RIVERA)), (2, 1), "one for each of the two, whatever was launched");

    // Accepted: the visit that waits, and this one, are theirs at their next launch.
    assert!(house.zoom().set_user(RIVERA, UserStatus::Active, 2));
    house.starts("10003", PROVIDER).await;
    let visit =
        house.until_visit("10003", "it is over", |visit| visit["problems"] == serde_json::json!([])).await;
    assert_eq!(house.host_of(&visit), RIVERA);
    house.starts(CSN, PROVIDER).await;
    let visit = house
        .until_visit(CSN, "the problems are over", |visit| visit["problems"] == serde_json::json!([]))
        .await;
    assert_eq!(house.host_of(&visit), COVER, "the same meeting");
    assert_eq!(house.zoom().calls("users.create"), asked);
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn a33_each_cause_has_a_default_host_who_stands_in_and_heals_at_a_later_visit() {
    type Change = fn(&House);
    // They mostly wait, so they do it together.
    let each: [(&str, Change, Change); 3] = [
        ("no_seat", |house| house.leaves_seats_free(0), |house| house.leaves_seats_free(1)),
        (
            "user_foreign",
            |house| {
                let theirs = vec![RIVERA.to_owned()];
                house.zoom().change_settings(|settings| settings.foreign_addresses = theirs);
            },
            |house| house.zoom().change_settings(|settings| settings.foreign_addresses = Vec::new()),
        ),
        (
            "user_inactive",
            |house| {
                house.zoom().add_user(RIVERA, "Elena", "Rivera", 2, UserStatus::Inactive);
            },
            |house| assert!(house.zoom().set_user(RIVERA, UserStatus::Active, 2)),
        ),
    ];
    join_all(each.map(|(problem, breaks, heals)| async move {
        let house = House::with_default_hosts("provider_action = \"autoCreate\"\n").await;
        breaks(&house);
        let mut patient = house.waits(CSN, PATIENT).await;
        house.starts(CSN, PROVIDER).await;
        patient.goes_in().await;
        let visit = house.until_inside(CSN, 2).await;
        assert_eq!(house.host_of(&visit), COVER, "{problem}");
        assert!(has_problem(&visit, problem) && has_problem(&visit, "default_host_stands_in"), "{visit:#}");
        house.until_light(CSN, PATIENT, true).await;
        house.until_right().await;
        heals(&house);
        house.starts(LATER, PROVIDER).await;
        let visit = house.visit(LATER).await;
        assert_eq!(house.host_of(&visit), RIVERA, "{problem}");
        assert_eq!(visit["problems"], serde_json::json!([]));
        assert_eq!(house.users_of(RIVERA), 1, "{problem}");
        house.close().await;
    }))
    .await;
}

#[actix_web::test]
async fn e15_without_a_fallback_the_provider_reads_why_and_nothing_is_tried_in_a_loop() {
    let foreign = |settings: &mut AccountSettings| settings.foreign_addresses = vec![RIVERA.to_owned()];
    let no_seat = |settings: &mut AccountSettings| settings.licensed_seats = 0;
    let nothing = |_: &mut AccountSettings| {};
    type Change = fn(&mut AccountSettings);
    let each: [(&str, Option<UserStatus>, Change, &str); 4] = [
        ("user_pending", Some(UserStatus::Pending), nothing, "invitation"),
        ("user_inactive", Some(UserStatus::Inactive), nothing, "deactivated"),
        ("user_foreign", None, foreign, "outside of this organization"),
        ("no_seat", None, no_seat, "no free license"),
    ];
    join_all(each.map(|(problem, user, change, words)| async move {
        let house = House::built(
            "[page]\nlaunch_wait = \"200ms\"\n[organization.lakeside.zoom]\nprovider_action = \"autoCreate\"\n",
            |fakes| fakes.providers_have_accounts = false,
        )
        .await;
        house.zoom().change_settings(change);
        if let Some(status) = user {
            house.zoom().add_user(RIVERA, "Elena", "Rivera", 2, status);
        }
        let mut provider = house.on_waiting_page(LaunchKind::Provider, CSN, PROVIDER).await;
        house.until_visit(CSN, "the problem shows", |visit| has_problem(visit, problem)).await;
        let state = provider.state().await;
        assert!(state["message"].as_str().is_some_and(|text| text.contains(words)), "{problem}: {state}");
        // The patient's launch and the page's questions ask Zoom for nothing.
        let asked = house.zoom().all_calls();
        house.waits(CSN, PATIENT).await;
        provider.state().await;
        assert_eq!(house.zoom().all_calls(), asked, "{problem}");
        assert!(asked.get("users.create").is_none_or(|times| *times == 1), "{problem}");
        house.close().await;
    }))
    .await;
}

// 33: found without a licence while no seat was free, and given one at the next launch. The patient, who had no way in, gets it.
#[actix_web::test]
async fn a33_a_seat_that_comes_free_opens_the_patients_way_at_the_next_launch() {
    let house = House::with("[page]\nlaunch_wait = \"3s\"\n").await;
    assert!(house.zoom().set_user(RIVERA, UserStatus::Active, 1));
    house.leaves_seats_free(0);
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    let visit = house.until_visit(CSN, "it runs", |visit| visit["phase"] == "in_progress").await;
    assert!(has_problem(&visit, "host_unlicensed") && has_problem(&visit, "registration_unavailable"));
    assert!(!patient.can_join().await);
    house.leaves_seats_free(1);
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_visit(CSN, "all is well", |visit| visit["problems"] == serde_json::json!([])).await;
    house.until_light(CSN, PATIENT, true).await;
    assert_eq!((house.zoom().meetings().len(), house.zoom().calls("users.create")), (1, 0));
    house.close().await;
}

#[actix_web::test]
async fn a_second_provider_who_signs_in_starts_in_the_first_ones_place() {
    let house = House::with("[organization.lakeside.zoom]\nalternative_host_link = \"sign-in\"\n").await;
    let mut patient = house.waits(CSN, PATIENT).await;
    house.start_link(CSN, PROVIDER).await;
    let link = house.start_link(CSN, SECOND).await;
    assert!(!link.contains("zak="), "no token is on it");
    assert_eq!(house.zoom().open(&link, "", Device::App), Err(JoinRefused::RegistrationNeeded));
    let seat = house.zoom().open_signed_in(&link, OKAFOR, Device::App).unwrap();
    house.fakes.ledger().claim(CSN, SECOND, &seat);
    patient.goes_in().await;
    house.until_light(CSN, SECOND, true).await;
    house.until_light(CSN, PATIENT, true).await;
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn e41_the_preflight_names_default_hosts_who_could_not_stand_in() {
    let house = House::with_default_hosts("").await;
    let (_, report) = house.check().await;
    report.passes("zoom: default hosts", "all are active and licensed");
    assert!(house.zoom().set_user(COVER, UserStatus::Active, 1));
    let (status, report) = house.check().await;
    report.fails("zoom: default hosts", COVER);
    assert_eq!(status, 69);
    house.close().await;
}

// 15, 24: the host's computer dies, and Zoom moves the others to the waiting room or hands the role on; the visit goes on for them.
#[actix_web::test]
async fn a15_a24_the_hosts_crash_ends_nothing_for_the_rest() {
    join_all([false, true].map(|cleared| async move {
        let house = House::open().await;
        house.zoom().change_settings(|settings| settings.clear_room_when_host_drops = cleared);
        let mut patient = house.waits(CSN, PATIENT).await;
        let host = house.starts(CSN, PROVIDER).await;
        let second = house.starts(CSN, SECOND).await;
        let seat = patient.goes_in().await;
        house.until_inside(CSN, 3).await;
        let crash = SeatAct::Crash { silent: false, noticed_after_millis: Some(1_000) };
        house.zoom().act(&host, &crash).unwrap();
        if cleared {
            house
                .until_visit(CSN, "the patient is in the waiting room", |visit| {
                    participant(visit, PATIENT)["presence"] == "in_waiting_room"
                })
                .await;
            house.zoom().act(&second, &SeatAct::Admit { whom: seat }).unwrap();
        }
        house.until_light(CSN, PROVIDER, false).await;
        let visit = house.until_inside(CSN, 2).await;
        assert_eq!(visit["phase"], "in_progress");
        assert_eq!(participant(&visit, PROVIDER)["presence"], "gone");
        house.until_light(CSN, PATIENT, true).await;
        // The host comes back into the same meeting, and takes the role back.
        house.starts(CSN, PROVIDER).await;
        house.until_inside(CSN, 3).await;
        house.until_light(CSN, PROVIDER, true).await;
        until("all is told", async || (house.zoom().deliveries_pending() == 0).then_some(())).await;
        assert_eq!(house.zoom().meetings()[0].ended_uuids.len(), 0, "one instance throughout");
        house.until_right().await;
        house.close().await;
    }))
    .await;
}

// Patients who are known by a name need no licensed host.
#[actix_web::test]
async fn a33_where_no_seat_is_free_a_provider_may_host_as_a_basic_user() {
    let settings = "[organization.lakeside]\npatient_identity = \"invite_link\"\n\
                    [organization.lakeside.zoom]\nprovider_action = \"autoCreate\"\n\
                    provider_fallback = { no_seat = \"basic\" }\n";
    let house = House::built(settings, |fakes| fakes.providers_have_accounts = false).await;
    house.leaves_seats_free(0);
    let mut patient = house.waits(CSN, PATIENT).await;
    house.starts(CSN, PROVIDER).await;
    patient.goes_in().await;
    house.until_light(CSN, PATIENT, true).await;
    let visit = house.visit(CSN).await;
    assert_eq!(house.host_of(&visit), RIVERA);
    assert!(has_problem(&visit, "basic_user") && has_problem(&visit, "no_seat"), "{visit:#}");
    let asked = house.zoom().calls("users.create");
    // A seat that comes free is theirs at the next visit.
    house.leaves_seats_free(1);
    house.starts(LATER, PROVIDER).await;
    let later = house
        .until_visit(LATER, "nothing is wrong", |visit| visit["problems"] == serde_json::json!([]))
        .await;
    assert_eq!(house.host_of(&later), RIVERA);
    assert_eq!((house.zoom().calls("users.create"), house.users_of(RIVERA)), (asked, 1));
    house.close().await;
}
