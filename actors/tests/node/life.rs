//! A visit's whole life on one node.

use crate::run;
use crate::world::{World, by_link, visit};
use std::time::Duration;
use vestibule_actors::memory::Call;
use vestibule_actors::port::store::{Outcome, Store};
use vestibule_actors::shard::ShardRules;
use vestibule_domain::fact::FactKind;
use vestibule_domain::id::MeetingId;
use vestibule_domain::intent::ZoomCall;
use vestibule_domain::policy::Policy;
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::{Phase, WayIn};

fn policy(world: &World) -> std::sync::Arc<Policy> {
    world.ports.organizations.policy(&crate::world::organization()).unwrap()
}

#[test]
fn from_the_waiting_patient_to_the_light_and_back() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        let waiting = world
            .until("10001", "a waiting patient", |s| s.visit.participants.get(&patient).map(|p| p.presence))
            .await;
        assert_eq!(waiting, Presence::Waiting);
        assert!(world.zoom.lock().unwrap().calls.is_empty(), "a patient's launch makes no meeting");

        let provider = world.launch("10001", Role::Provider, "EMP1").await;
        let rules = policy(&world);
        let meeting = world
            .until("10001", "the host's way in", |s| match s.visit.way_in(&provider, &rules) {
                Some(WayIn::Start(meeting)) => Some(meeting),
                _ => None,
            })
            .await;
        let shut = world
            .until("10001", "the patient's link", |s| {
                s.visit.participants[&patient]
                    .link
                    .is_some()
                    .then(|| s.visit.way_in(&patient, &rules).is_none())
            })
            .await;
        assert!(shut, "nobody goes in before the host has started");

        world.fact(meeting, FactKind::Started, None).await;
        world.until("10001", "the patient's way in", |s| s.visit.way_in(&patient, &rules).map(|_| ())).await;
        world.fact(meeting, FactKind::Joined, by_link(&patient, 1)).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
        world.fact(meeting, FactKind::Left, by_link(&patient, 1)).await;
        world.fact(meeting, FactKind::Ended, None).await;
        world
            .until("10001", "the light going out", |s| {
                (s.visit.phase == Phase::Ended && s.visit.is_told()).then_some(())
            })
            .await;

        let told: Vec<(String, bool)> =
            world.epic.lock().unwrap().received.iter().map(|(_, who, on)| (who.clone(), *on)).collect();
        assert_eq!(told, [("WPR1".to_owned(), true), ("WPR1".to_owned(), false)]);
        let records = world.records("10001").await;
        assert!(
            records
                .iter()
                .all(|r| r.outcome == Outcome::Delivered && r.resp_code == 200 && r.meeting == Some(meeting))
        );
        assert_eq!(records.len(), 2);
        running.drain().await;
    });
}

#[test]
fn an_event_that_comes_before_its_meeting_is_known_is_held_and_counts() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.fact(MeetingId(85_000_000_000), FactKind::Started, None).await;
        world.launch("10001", Role::Provider, "EMP1").await;
        world.until("10001", "the held event", |s| (s.visit.phase == Phase::InProgress).then_some(())).await;
    });
}

#[test]
fn with_every_event_lost_the_meeting_is_read_and_the_patient_goes_in_within_thirty_seconds() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world.launch("10001", Role::Provider, "EMP1").await;
        world.zoom.lock().unwrap().started = true;
        let began = tokio::time::Instant::now();
        let rules = policy(&world);
        world.until("10001", "the way in", |s| s.visit.way_in(&patient, &rules).map(|_| ())).await;
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    });
}

#[test]
fn an_idle_visit_leaves_memory_and_its_deadlines_are_kept() {
    run(async {
        let world = World::new();
        let rules = ShardRules { idle_after: Duration::from_secs(30), ..ShardRules::default() };
        let _running = world.start_with(rules).await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        tokio::time::sleep(Duration::from_secs(31)).await;
        let loads = world.store.faults().calls(Call::Load);
        assert_eq!(world.seen.in_memory(), 0, "it left memory");
        // No sign of the page: after 90 s the person no longer waits, although the visit is not in memory.
        world
            .until("10001", "the end of waiting", |s| {
                (s.visit.participants[&patient].presence == Presence::Gone).then_some(())
            })
            .await;
        assert!(world.store.faults().calls(Call::Load) > loads);
        world.launch("10001", Role::Provider, "EMP1").await;
        world.until("10001", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        assert!(world.seen.in_memory() > 0);
    });
}

#[test]
fn a_visit_that_is_over_leaves_the_store() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        // A leap, as of a machine that slept: leases run out meanwhile and are taken anew.
        tokio::time::advance(Duration::from_secs(40 * 3600)).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(world.store.load(&visit("10001")).await.unwrap(), None);
    });
}

#[test]
fn a_second_provider_becomes_alternative_host_of_the_same_meeting() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.launch("10001", Role::Provider, "EMP1").await;
        let second = world.launch("10001", Role::Provider, "EMP2").await;
        let rules = policy(&world);
        world
            .until("10001", "the alternative's way in", |s| {
                matches!(s.visit.way_in(&second, &rules), Some(WayIn::Alternative { .. })).then_some(())
            })
            .await;
        let creates = world
            .zoom
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|c| matches!(c, ZoomCall::CreateMeeting { .. }))
            .count();
        assert_eq!(creates, 1);
    });
}

/// Several visits at once, with an Epic that fails now and then; everything that left the node, in order.
fn trace_of_a_busy_hour() -> Vec<String> {
    let trace = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = trace.clone();
    run(async move {
        let world = World::new();
        let _running = world.start().await;
        let failing = |n: u16| vestibule_actors::port::epic::EpicAnswer {
            resp_code: 500 + n,
            epic_code: None,
            verdict: vestibule_actors::port::epic::Verdict::Transient {
                retry_after: None,
                alive: false,
                hint: None,
            },
        };
        world.epic.lock().unwrap().next.extend([failing(0), failing(3)]);
        for n in 0..6 {
            let csn = format!("3000{n}");
            let patient = world.launch(&csn, Role::Patient, &format!("WPR{n}")).await;
            world.launch(&csn, Role::Provider, &format!("EMP{n}")).await;
            let meeting = world
                .until(&csn, "a meeting", |s| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id))
                .await;
            world.until(&csn, "a link", |s| s.visit.participants[&patient].link.as_ref().map(|_| ())).await;
            world.fact(meeting, FactKind::Joined, by_link(&patient, n)).await;
        }
        for n in 0..6 {
            let csn = format!("3000{n}");
            world.until(&csn, "everything told", |s| s.visit.is_told().then_some(())).await;
            let records = world.records(&csn).await;
            kept.borrow_mut().extend(records.iter().map(|record| format!("{record:?}")));
        }
        kept.borrow_mut().extend(world.epic.lock().unwrap().received.iter().map(|sent| format!("{sent:?}")));
        kept.borrow_mut().extend(world.zoom.lock().unwrap().calls.iter().map(|call| format!("{call:?}")));
    });
    trace.take()
}

// I14: same seed, same trace.
#[test]
fn the_same_run_leaves_the_same_trace_to_the_millisecond() {
    let first = trace_of_a_busy_hour();
    assert!(first.len() > 30, "{}", first.len());
    assert_eq!(first, trace_of_a_busy_hour());
}
