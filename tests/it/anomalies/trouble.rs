//! A store that takes nothing for a while, and nodes that are stopped and started in the middle of a visit.

use std::time::Duration;

use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::zoom::ZoomFaultKind;

use super::ground::{Ground, Kept, WITHIN, participant};
use super::scene::Scene;
use super::wire::{Event, G1, P1, TEL, U0, U1, bound, joined, left, of_join, of_meeting};
use crate::hospital::service::Service;
use crate::hospital::until;
use crate::redis::Redis;

/// Nothing is said where nothing can be written, and on a file everything is on the disk before it is answered.
const ON_FILE: &str = "[logging]\nfilter = \"off\"\n[store]\ndurability = \"fsync\"\n";

const ENDS_WITHIN: Duration = Duration::from_secs(15);

each_alone_on_both! {
    a40_what_cannot_be_stored_is_told_so_in_time_and_taken_once_later,
    a42_a_visit_ends_the_same_with_and_without_restarts,
    e12_nodes_that_die_between_the_making_and_its_record_leave_one_meeting,
}

struct Troubled {
    ground: Ground,
    redis: Option<Redis>,
}

impl Troubled {
    async fn open(kept: Kept) -> Self {
        let redis = (kept == Kept::OnRedis).then(Redis::start_syncing_later);
        let settings = if redis.is_some() { "" } else { ON_FILE };
        let mut ground = Ground::on(redis.as_ref().map(Redis::url), 4, settings, |_| {}).await;
        ground.site.services.iter_mut().for_each(Service::outlive_full_disks);
        ground.site.start_all().await;
        Self { ground, redis }
    }

    /// The store takes nothing any more, or again everything.
    fn takes(&mut self, everything: bool) {
        match &mut self.redis {
            Some(redis) if everything => redis.restart(),
            Some(redis) => redis.kill(),
            None => self.ground.site.services[0].fill_disk(!everything),
        }
    }
}

async fn a40_what_cannot_be_stored_is_told_so_in_time_and_taken_once_later(kept: Kept) {
    let mut troubled = Troubled::open(kept).await;
    let scene = Scene::set(&troubled.ground).await;
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10)]).await;
    scene.settled().await;
    let (appointment, stage) = (scene.appointment.clone(), scene.stage.clone());
    let body = stage.body(&joined(G1, 20));
    troubled.takes(false);
    for service in &troubled.ground.site.services {
        let status = troubled.ground.event_to(service.url(), &body).await;
        assert!((500..600).contains(&status), "{status} by {}", service.url());
    }
    troubled.takes(true);
    let ground = &troubled.ground;
    let scene = Scene { ground, appointment, stage };
    until("a repetition to be taken", WITHIN, async || (ground.event(&body).await == 200).then_some(()))
        .await;
    until("another one to be taken", WITHIN, async || (ground.event(&body).await == 200).then_some(())).await;
    ground.until_light(scene.csn(), scene.patient(), true).await;
    let visit = scene.settled().await;
    let people = visit["participants"].as_array().unwrap();
    let inside = |one: &&Value| one["presence"] == "in_meeting";
    assert_eq!(people.iter().filter(inside).count(), 2, "{visit:#}");
    assert!(ground.told(scene.csn(), scene.patient()).iter().all(|on| *on));
    troubled.ground.close().await;
}

/// Something of everything, the way it goes.
fn story() -> Vec<Event> {
    vec![
        of_join("participant_jbh_waiting", G1, U0, 8),
        of_meeting("started", U1, 10),
        joined(P1, 10),
        of_join("participant_joined_waiting_room", G1, U1, 15),
        of_join("participant_admitted", G1, U1, 20),
        joined(TEL, 25),
        bound(TEL, G1, 26),
        left(G1, 30),
        of_meeting("ended", U1, 60),
    ]
}

/// What is compared: the phase, where everybody is, and what Epic was told, repetitions aside.
fn ended_as(scene: &Scene<'_>, visit: &Value) -> (Value, Vec<Value>, Vec<bool>) {
    let people = [scene.provider(), scene.patient()].map(|who| {
        let mut person = participant(visit, who).clone();
        let told = person.as_object_mut().unwrap();
        told.retain(|name, _| !["external_id", "csn", "since"].contains(&name.as_str()));
        person
    });
    let mut told = scene.ground.told(scene.csn(), scene.patient());
    told.dedup();
    (visit["phase"].clone(), people.to_vec(), told)
}

async fn a42_a_visit_ends_the_same_with_and_without_restarts(kept: Kept) {
    let Troubled { mut ground, redis } = Troubled::open(kept).await;
    let is_told = |visit: &Value| {
        let people = visit["participants"].as_array().unwrap();
        visit["phase"] == "ended" && people.iter().all(|one| one["connected"] == false)
    };
    let steady = Scene::set(&ground).await;
    let troubled = Scene::set(&ground).await;
    let lit = 5;
    for (told, event) in story().iter().enumerate() {
        steady.tell(event).await;
        if told == lit {
            ground.until_light(steady.csn(), steady.patient(), true).await;
        }
    }
    let visit = ground.until_visit(steady.csn(), "it is over", is_told).await;
    let expected = ended_as(&steady, &visit);
    let (appointment, stage) = (troubled.appointment.clone(), troubled.stage.clone());
    for (told, event) in story().iter().enumerate() {
        let scene = Scene { ground: &ground, appointment: appointment.clone(), stage: stage.clone() };
        scene.tell(event).await;
        if told == lit {
            ground.until_light(scene.csn(), scene.patient(), true).await;
        }
        // The first time it is killed, then another or the same one is told to end; and Zoom tells everything again.
        if told == 3 || told == 6 {
            let last = ground.site.services.len() - 1;
            if told == 3 {
                ground.site.services[0].kill();
            } else {
                ground.site.services[last].terminate();
                let ended = ground.site.services[last].ended(ENDS_WITHIN).await;
                assert!(ended.success(), "{ended}");
            }
            ground.site.services[if told == 3 { 0 } else { last }].start().await;
            let scene = Scene { ground: &ground, appointment: appointment.clone(), stage: stage.clone() };
            scene.tell_all(&story()[..=told]).await;
        }
    }
    let scene = Scene { ground: &ground, appointment, stage };
    let visit = ground.until_visit(scene.csn(), "it is over", is_told).await;
    assert_eq!(ended_as(&scene, &visit), expected);
    assert_eq!(expected.2, [true, false]);
    ground.close().await;
    drop(redis);
}

// 29, 30: nobody is left who knows that Zoom was asked, but the intent that was written before.
async fn e12_nodes_that_die_between_the_making_and_its_record_leave_one_meeting(kept: Kept) {
    let Troubled { mut ground, redis } = Troubled::open(kept).await;
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0]);
    ground.zoom_fault("meetings.create", Some(1), ZoomFaultKind::DoneThenHang);
    // The browser waits for an answer that never comes.
    let url = ground.epic().launch_url(LaunchKind::Provider, &provider.external_id, csn).unwrap();
    let mut browser = ground.browser();
    let launch = actix_web::rt::spawn(async move { browser.open(&url).await.map(drop) });
    let made = async || ground.zoom().meetings().into_iter().find(|one| one.host_email == provider.email);
    let first = until("the meeting to be made", WITHIN, made).await;
    ground.site.services.iter_mut().for_each(Service::kill);
    ground.site.start_all().await;
    launch.abort();
    ground.starts(csn, &provider.external_id).await;
    ground.goes_in(csn, &visit.patient.external_id).await;
    ground.until_light(csn, &visit.patient.external_id, true).await;
    // I12: the one that was made before is the one.
    let own: Vec<u64> = ground.zoom().meetings().into_iter().map(|one| one.id).collect();
    assert_eq!(own, [first.id]);
    assert_eq!(ground.zoom().calls("meetings.create"), 1);
    ground.close().await;
    drop(redis);
}
