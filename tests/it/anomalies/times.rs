//! A slow Epic, an app that is removed, and a provider who never comes.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::zoom::SeatAct;

use super::ground::{Ground, Kept, WITHIN, has_problem, participant};
use super::scene::Scene;
use super::wire::{G1, G2, P1, U1, joined, left, of_meeting};
use crate::hospital::until;

/// An Epic may take long, and what FHIR says is asked anew at each launch.
const SETTINGS: &str = "[page]\nlaunch_wait = \"300ms\"\n[organization.lakeside.epic]\ntimeout = \"10s\"\n\
                        [organization.lakeside.epic.fhir_reads]\nbelieve = \"0s\"\n";

async fn open(kept: Kept) -> Ground {
    Ground::with(kept, 10, SETTINGS, |_| {}).await
}

on_both! {
    open;
    a41_a_slow_epic_holds_no_event_up_and_gets_the_newest_in_order,
    a48_a_visit_to_which_no_provider_came_keeps_the_patients_arrival_and_says_so,
    a47_what_was_told_of_somebody_who_was_alone_stands,
    a43_an_app_that_is_removed_is_asked_nothing_more_and_its_events_are_believed,
}

async fn a41_a_slow_epic_holds_no_event_up_and_gets_the_newest_in_order(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let (csn, patient) = (scene.csn(), scene.patient());
    let slow = EpicFaultKind::Slow { millis: 3_000 };
    ground.epic().add_fault(EpicFault { call: "status".to_owned(), times: Some(2), fault: slow });
    // Each of these is answered within Zoom's deadline, or the scene fails.
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10), joined(G1, 20)]).await;
    until("Epic to be told of both", WITHIN, async || (ground.epic().calls("status") >= 2).then_some(()))
        .await;
    for turn in 1..=3 {
        scene.tell_all(&[left(G1, 20 + 4 * turn), joined(G2, 22 + 4 * turn), left(G2, 23 + 4 * turn)]).await;
        scene.tell(&joined(G1, 23 + 4 * turn)).await;
    }
    scene.tell(&left(G1, 100)).await;
    assert!(ground.told(csn, patient).is_empty(), "all were answered before Epic has answered one");
    let visit = scene.settled().await;
    assert_eq!(participant(&visit, patient)["presence"], "gone");
    until("Epic to be told twice", WITHIN, async || (ground.told(csn, patient).len() >= 2).then_some(()))
        .await;
    ground.until_visit(csn, "that stands", |visit| participant(visit, patient)["connected"] == false).await;
    // What came between was never sent.
    assert_eq!(ground.told(csn, patient), [true, false]);
}

async fn a48_a_visit_to_which_no_provider_came_keeps_the_patients_arrival_and_says_so(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, patient) = (&visit.csn, &visit.patient.external_id);
    let in_minutes = |minutes| Timestamp::now() + SignedDuration::from_mins(minutes);
    ground.launch(LaunchKind::Patient, csn, patient).await;
    let arrived = ground.visit(csn).await;
    ground.epic().move_appointment(csn, in_minutes(-60));
    ground.launch(LaunchKind::Patient, csn, patient).await;
    let shown = ground.until_visit(csn, "it is said", |visit| has_problem(visit, "provider_no_show")).await;
    assert_ne!(shown["phase"], "in_progress");
    assert!(shown["meeting"].is_null() && arrived["meeting"].is_null());
    let person = participant(&shown, patient);
    assert!(person["since"].is_string() && person["role"] == "patient", "{shown:#}");
    assert!(ground.told(csn, patient).is_empty());
}

// Zoom has no list of who took part where only one person did.
async fn a47_what_was_told_of_somebody_who_was_alone_stands(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0].external_id);
    let seat = ground.starts(csn, provider).await;
    ground.until_light(csn, provider, true).await;
    ground.zoom().act(&seat, &SeatAct::Leave).unwrap();
    ground.until_light(csn, provider, false).await;
    let shown = ground.until_visit(csn, "it is over", |visit| visit["phase"] == "ended").await;
    assert_eq!(participant(&shown, provider)["presence"], "gone");
    assert_eq!(ground.told(csn, provider), [true, false]);
}

async fn a43_an_app_that_is_removed_is_asked_nothing_more_and_its_events_are_believed(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let (csn, patient) = (scene.csn(), scene.patient());
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10), joined(G1, 20)]).await;
    ground.until_light(csn, patient, true).await;
    ground.zoom().deauthorize();
    for node in &ground.site.services {
        let page = async || ground.get_of(node.url(), "/admin/lakeside/zoom").await.text;
        until("every node to know", WITHIN, async || {
            page().await.contains("The app was removed").then_some(())
        })
        .await;
    }
    let count = || {
        let all = ground.zoom().all_calls();
        (all.values().sum::<u64>(), all["oauth.token.issued"], all["meetings.create"])
    };
    let before = count();
    for _ in 0..2 * ground.site.services.len() {
        let other = ground.fresh();
        ground.launch(LaunchKind::Provider, &other.csn, &other.providers[0].external_id).await;
        let says = |visit: &Value| has_problem(visit, "zoom_not_connected");
        ground.until_visit(&other.csn, "why is said", says).await;
    }
    // Another node than the one that Zoom told may try its token once within two seconds, and hears that it is none.
    let (after, others) = (count(), ground.site.services.len() as u64 - 1);
    assert!(after.0 - before.0 <= others, "{:?}", ground.zoom().all_calls());
    assert_eq!((after.1, after.2), (before.1, before.2));
    assert_eq!(ground.visit(csn).await["phase"], "in_progress", "the visit keeps its state");
    scene.tell(&left(G1, 30)).await;
    ground.until_light(csn, patient, false).await;
}
