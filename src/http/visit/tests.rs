//! People whose launch is decided only when they are on the page already.

use std::rc::Rc;

use actix_web::test::TestRequest;
use vestibule_domain::id::CommandId;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::{ParticipantKey, Presence};
use vestibule_domain::visit::{LaunchOutcome, LaunchRecord, LaunchRefusal, Visit};

use super::*;
use crate::epic::{EpicClient, EpicSites};
use crate::http::kit::{Kit, NOW, Told, anonymous, ask, csn, key, participant, patient, person, waiting};

/// The doors that people come to.
macro_rules! public {
    ($kit:expr) => {{
        let ports = $kit.app.desk.ports().clone();
        let epic = EpicClient::new(EpicSites::new([]), ports.clock.clone(), ports.randomness.clone());
        let here = Here { epic: Rc::new(epic), zoom: (ports.zoom)(), zoom_account: $kit.zoom_client() };
        actix_web::test::init_service(
            actix_web::App::new()
                .app_data(web::Data::new($kit.app.clone()))
                .app_data(web::Data::new(here))
                .wrap(actix_web::middleware::from_fn(crate::http::correlation::correlate))
                .configure(crate::http::routes::configure_public),
        )
        .await
    }};
}

/// A ticket made while the launch "launch-1" was undecided, and the browser that it is for.
async fn ticket(kit: &Kit, who: ParticipantKey) -> (String, String) {
    let ports = kit.app.desk.ports();
    let browser = Browser::fresh(ports.randomness.as_ref());
    let cookie =
        browser.set_cookie(&kit.app.settings, &kit.app.settings.organizations[&key("10001").organization]);
    let launch = CommandId::new("launch-1").ok();
    let ticket = Ticket::new(key("10001"), who, &browser, launch);
    let name = ticket.keep(ports, Span::hours(1)).await.unwrap();
    (name, cookie.split(';').next().unwrap().to_owned())
}

fn with_outcome(mut visit: Visit, outcome: LaunchOutcome) -> Visit {
    visit.launches.push(LaunchRecord { id: CommandId::new("launch-1").unwrap(), at: NOW, outcome });
    visit
}

#[actix_web::test]
async fn a_launch_that_is_refused_after_its_person_was_sent_to_the_page_is_told_there() {
    for (refusal, status, code) in [
        (LaunchRefusal::WrongPatient, 403, "other-patient"),
        (LaunchRefusal::Over, 410, "visit-over"),
        (LaunchRefusal::CalledOff, 410, "visit-cancelled"),
        (LaunchRefusal::Full, 503, "overloaded"),
    ] {
        let kit = Kit::new();
        let doors = public!(kit);
        let (name, cookie) = ticket(&kit, patient()).await;
        let at = |more: &str| {
            anonymous(&format!("/visit/{name}{more}")).insert_header(("cookie", cookie.as_str()))
        };
        let join = || {
            let uri = format!("/visit/{name}/join");
            TestRequest::post().uri(&uri).insert_header(("cookie", cookie.as_str()))
        };
        // Nobody has decided yet: the page waits.
        kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
        assert_eq!(ask!(doors, at("")).status, 200);
        assert_eq!(ask!(doors, at("/state")).json().get("refused"), None);

        let refused = with_outcome(waiting(key("10001")), LaunchOutcome::Refused(refusal));
        kit.commit(&key("10001"), Some(&refused)).await;
        let told = ask!(doors, at("/state"));
        assert_eq!((told.status, &told.json()["refused"]), (200, &true.into()), "{}", told.text());
        assert_eq!(told.json()["can_join"], false);
        for told in [ask!(doors, at("")), ask!(doors, join())] {
            assert_eq!(told.status, status, "{}", told.text());
            assert!(told.text().contains(&format!(">{code}<")), "{}", told.text());
        }
    }
}

#[actix_web::test]
async fn a_click_for_which_no_place_is_free_leads_back_to_the_page() {
    let kit = Kit::new();
    let doors = public!(kit);
    let doctor = person(Role::Provider, "Practitioner/eDr");
    let (name, cookie) = ticket(&kit, doctor.clone()).await;
    let mut visit = waiting(key("10001"));
    let mut provider = participant("EMP1", Some(csn("10001")), Presence::Gone);
    provider.zoom_user = visit.meeting.as_ref().map(|meeting| meeting.host.clone());
    visit.participants.insert(doctor, provider);
    kit.commit(&key("10001"), Some(&visit)).await;
    let places = &kit.app.limits.launches[&key("10001").organization];
    let all = places.try_acquire_many(u32::try_from(places.available_permits()).unwrap()).unwrap();
    let uri = format!("/visit/{name}/join");
    let told: Told = ask!(doors, TestRequest::post().uri(&uri).insert_header(("cookie", cookie.as_str())));
    assert_eq!(
        (told.status, told.header("location")),
        (303, format!("/visit/{name}?lang=en&again=1").as_str())
    );
    let text = kit.app.metrics.render(crate::http::metrics::TextFormat::Prometheus).unwrap();
    assert!(text.contains("vestibule_refused_total{limit=\"launches\"} 1"), "{text}");
    drop(all);
}

#[actix_web::test]
async fn a_launch_that_is_accepted_late_waits_as_any_other() {
    let kit = Kit::new();
    let doors = public!(kit);
    let doctor = person(Role::Provider, "Practitioner/eDr");
    let (name, cookie) = ticket(&kit, doctor.clone()).await;
    let accepted = LaunchOutcome::Accepted { participant: doctor.clone() };
    let mut visit = with_outcome(waiting(key("10001")), accepted);
    visit.participants.insert(doctor, participant("EMP1", Some(csn("10001")), Presence::Gone));
    kit.commit(&key("10001"), Some(&visit)).await;
    let at = anonymous(&format!("/visit/{name}/state")).insert_header(("cookie", cookie));
    let told: Told = ask!(doors, at);
    assert_eq!((told.status, told.json().get("refused")), (200, None));
}
