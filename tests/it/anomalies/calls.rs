//! Calls to Zoom that go wrong, and what others do to a meeting meanwhile.

use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::ZoomFaultKind;

use super::ground::{Ground, Kept, WITHIN, has_problem, participant};
use super::scene::Scene;
use super::wire::{G1, S1, Stage, U1, joined, of_join, of_meeting};
use crate::hospital::until;

/// A launch that waits for Zoom goes to the waiting page soon, and calls in doubt are over soon.
const IMPATIENT: &str =
    "[page]\nlaunch_wait = \"300ms\"\n[organization.lakeside.zoom]\ntimeout = \"500ms\"\n";
/// All that the rows need, thirty of them for one row.
const VISITS: usize = 55;

async fn open(kept: Kept) -> Ground {
    Ground::with(kept, VISITS, IMPATIENT, |_| {}).await
}

on_both! {
    open;
    a24_an_alternative_host_starts,
    a27_a_meeting_that_was_deleted_in_zoom_is_replaced_at_the_next_launch,
    a28_settings_that_somebody_changes_are_a_problem_and_the_time_stays_epics,
    a29_events_that_come_before_the_answer_to_our_call_are_kept_for_the_one_meeting,
    a30_a_making_in_doubt_is_found_and_one_that_was_lost_is_made_again,
    a34_a_limit_per_second_is_waited_out_and_that_of_a_day_is_said,
    a35_a_token_that_dies_is_replaced_once_on_each_node,
    a36_thirty_visits_wait_for_one_token,
}

async fn a24_an_alternative_host_starts(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let (csn, second) = (scene.csn(), &scene.appointment.providers[1].external_id);
    ground.link(LaunchKind::Provider, csn, second).await;
    scene.tell_all(&[of_meeting("started", U1, 10), joined(S1, 10), joined(G1, 20)]).await;
    ground.until_light(csn, second, true).await;
    ground.until_light(csn, scene.patient(), true).await;
    let visit = scene.settled().await;
    assert_eq!(visit["phase"], "in_progress");
    assert_eq!(visit["meeting"]["host_id"], json!(scene.stage.host), "the host stays who it was");
    assert_eq!(participant(&visit, second)["presence"], "in_meeting");
    assert_eq!(participant(&visit, scene.provider())["presence"], "gone");
    assert!(!ground.epic().is_connected(csn, scene.provider()));
}

async fn a27_a_meeting_that_was_deleted_in_zoom_is_replaced_at_the_next_launch(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let (csn, old) = (scene.csn(), scene.stage.meeting);
    assert_eq!(ground.as_administrator("DELETE", &format!("meetings/{old}"), Value::Null).await, 204);
    ground.until_visit(csn, "the deletion is known", |visit| has_problem(visit, "meeting_deleted")).await;
    let link = ground.link(LaunchKind::Provider, csn, scene.provider()).await;
    let new = ground.visit(csn).await["meeting"]["id"].clone();
    assert_ne!(new, json!(old.to_string()));
    // I12: what is told late of the old one opens no way into the new one, which nobody has started.
    scene.tell_all(&[of_meeting("started", U1, 10), of_join("participant_joined", G1, U1, 20)]).await;
    let visit = scene.settled().await;
    // The one before ran and is over.
    assert_eq!((&visit["phase"], &visit["meeting"]["id"]), (&json!("ended"), &new));
    assert_eq!(participant(&visit, scene.patient())["presence"], "gone");
    let (mut patient, landing) = ground.launch(LaunchKind::Patient, csn, scene.patient()).await;
    let state = format!("http://{}/visit/{}/state", ground.site.address, landing.ticket().unwrap());
    let page = patient.open(&state).await.unwrap();
    assert!(format!("{page:?}").contains(r#"\"can_join\":false"#), "{page:?}");
    ground.sits_down(csn, scene.provider(), &link);
    let link = ground.link_of_page(&mut patient, &landing).await;
    ground.sits_down(csn, scene.patient(), &link);
    ground.until_light(csn, scene.patient(), true).await;
    let live = ground.zoom().meetings().into_iter().filter(|one| !one.deleted);
    let live: Vec<u64> = live.filter(|one| one.host_id == scene.stage.host).map(|one| one.id).collect();
    assert_eq!(json!(live.iter().map(u64::to_string).collect::<Vec<_>>()), json!([new]));
}

async fn a28_settings_that_somebody_changes_are_a_problem_and_the_time_stays_epics(ground: &Ground) {
    let scene = Scene::set(ground).await;
    let before = ground.visit(scene.csn()).await;
    let path = format!("meetings/{}", scene.stage.meeting);
    let change = json!({"settings": {"waiting_room": true}, "start_time": "2031-01-01T10:00:00Z"});
    assert_eq!(ground.as_administrator("PATCH", &path, change).await, 204);
    let drifts = |visit: &Value| has_problem(visit, "policy_drift");
    let visit = ground.until_visit(scene.csn(), "the drift shows", drifts).await;
    assert_eq!(visit["meeting"]["waiting_room"], true, "as it holds at Zoom");
    assert!(before["appointment"].is_object(), "{before:#}");
    assert_eq!(visit["appointment"], before["appointment"]);
}

async fn a29_events_that_come_before_the_answer_to_our_call_are_kept_for_the_one_meeting(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, provider, patient) = (&visit.csn, &visit.providers[0].external_id, &visit.patient.external_id);
    ground.zoom_fault("meetings.create", Some(1), ZoomFaultKind::DoneThenHang);
    let (before, calls) = (ground.zoom().meetings().len(), ground.zoom().calls("meetings.create"));
    let (mut at_page, landing) = ground.launch(LaunchKind::Provider, csn, provider).await;
    let made = until("the meeting to be made", WITHIN, async || {
        ground.zoom().meetings().into_iter().find(|one| one.host_email == visit.providers[0].email)
    })
    .await;
    // Zoom tells of it before we have found it: that it was made, by the fake itself, and here that it began.
    let stage = Stage {
        account: ground.zoom().account().account_id.clone(),
        meeting: made.id,
        host: made.host_id.clone(),
        second: String::new(),
        registrant: String::new(),
        began: jiff::Timestamp::now().as_second() - 60,
    };
    for node in &ground.site.services {
        assert_eq!(ground.event_to(node.url(), &stage.body(&of_meeting("started", U1, 10))).await, 200);
    }
    let held = ground.visit(csn).await;
    assert!(
        held["meeting"].is_null() && held["phase"] != "in_progress",
        "nothing is known of it yet: {held}"
    );
    // I3: what was answered 200 is reflected in the visit, as soon as the meeting is found.
    let runs = |visit: &Value| visit["phase"] == "in_progress";
    let visit = ground.until_visit(csn, "the visit runs", runs).await;
    assert_eq!(visit["meeting"]["uuid"], json!(stage.uuid(U1)));
    assert_eq!(visit["meeting"]["id"], json!(made.id.to_string()));
    ground.link_of_page(&mut at_page, &landing).await;
    ground.link(LaunchKind::Patient, csn, patient).await;
    assert_eq!(ground.zoom().meetings().len(), before + 1);
    assert_eq!(ground.zoom().calls("meetings.create"), calls + 1, "no second call");
}

/// So many visits are opened at once while calls that make meetings meet these faults; gives how often a meeting was asked for.
async fn opened_through(ground: &Ground, faults: &[ZoomFaultKind]) -> u64 {
    let (meetings, calls) = (ground.zoom().meetings().len(), ground.zoom().calls("meetings.create"));
    for fault in faults {
        ground.zoom_fault("meetings.create", Some(1), fault.clone());
    }
    join_all(faults.iter().map(|_| async {
        let visit = ground.fresh();
        let (csn, patient) = (&visit.csn, &visit.patient.external_id);
        ground.starts(csn, &visit.providers[0].external_id).await;
        ground.goes_in(csn, patient).await;
        ground.until_light(csn, patient, true).await;
    }))
    .await;
    // I12: people of a visit are only ever sent to one live meeting.
    assert_eq!(ground.zoom().meetings().len(), meetings + faults.len());
    ground.zoom().calls("meetings.create") - calls
}

async fn a30_a_making_in_doubt_is_found_and_one_that_was_lost_is_made_again(ground: &Ground) {
    use ZoomFaultKind::{DoneThenDrop, DoneThenHang, HalfBody, Hang, Html};
    // Three were made and two were not, which nobody can tell from the answers.
    let faults = [DoneThenDrop, DoneThenHang, HalfBody, Html { status: 502 }, Hang];
    assert_eq!(opened_through(ground, &faults).await, 7);
}

async fn a34_a_limit_per_second_is_waited_out_and_that_of_a_day_is_said(ground: &Ground) {
    assert_eq!(opened_through(ground, &[ZoomFaultKind::TooManyPerSecond]).await, 2);
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0].external_id);
    ground.zoom_fault("meetings.create", None, ZoomFaultKind::TooManyToday);
    let calls = ground.zoom().calls("meetings.create");
    ground.launch(LaunchKind::Provider, csn, provider).await;
    let limited = |visit: &Value| has_problem(visit, "zoom_rate_limited");
    let shown = ground.until_visit(csn, "why is said", limited).await;
    assert!(shown["meeting"].is_null());
    ground.launch(LaunchKind::Patient, csn, &visit.patient.external_id).await;
    assert_eq!(ground.zoom().calls("meetings.create"), calls + 1, "not asked in a loop");
    ground.zoom().clear_faults();
    ground.starts(csn, provider).await;
    ground.until_visit(csn, "it is over", |visit| !limited(visit)).await;
}

async fn a35_a_token_that_dies_is_replaced_once_on_each_node(ground: &Ground) {
    let nodes = ground.site.services.len() as u64;
    let before = ground.zoom().tokens_issued();
    ground.zoom().revoke_tokens();
    join_all((0..6).map(|_| async {
        let visit = ground.fresh();
        ground.starts(&visit.csn, &visit.providers[0].external_id).await;
    }))
    .await;
    let refreshed = ground.zoom().tokens_issued() - before;
    assert!((1..=nodes).contains(&refreshed), "{refreshed} tokens for {nodes} nodes");
}

async fn a36_thirty_visits_wait_for_one_token(ground: &Ground) {
    let nodes = ground.site.services.len() as u64;
    let (asked, issued) = (ground.zoom().calls("oauth.token"), ground.zoom().tokens_issued());
    ground.zoom().revoke_tokens();
    ground.zoom_fault("oauth.token", Some(1), ZoomFaultKind::Hang);
    join_all((0..30).map(|_| async {
        let visit = ground.fresh();
        ground.link(LaunchKind::Provider, &visit.csn, &visit.providers[0].external_id).await;
    }))
    .await;
    let (asked, issued) =
        (ground.zoom().calls("oauth.token") - asked, ground.zoom().tokens_issued() - issued);
    assert!((1..=nodes).contains(&issued), "{issued} tokens for {nodes} nodes");
    assert!(asked <= 2 * nodes + 1, "{asked} asked for by thirty visits on {nodes} nodes");
}
