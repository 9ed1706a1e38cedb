//! Actors that die: whatever panics, its parent starts it again, and nothing that was decided is lost with it.

use crate::run;
use crate::world::{World, launch, organization, visit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::Decider;
use vestibule_actors::port::store::{Store, StoreLimits};
use vestibule_domain::command::Command;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::participant::{Presence, Role};

/// Rules that panic on a command that is meant, as long as the switch is on.
fn rules_that_panic(meant: fn(&Command) -> bool, on: &Arc<AtomicBool>) -> Decider {
    let on = Arc::clone(on);
    Arc::new(move |visit, entry, now, policy| {
        assert!(!(on.load(Ordering::Relaxed) && meant(&entry.command)), "the rules of this test fail here");
        vestibule_domain::decide(visit, entry, now, policy)
    })
}

// I8: the notifier dies of an attempt while the shard is in the middle of a commit.
#[test]
fn a_notifier_that_dies_is_started_again_and_sends_what_was_decided() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        world.epic.lock().unwrap().panics = 1;
        world.joins(&patient, meeting, true).await;
        let mut commit = world.store.faults().stop_next(Call::Commit, When::After);
        assert!(commit.reached().await);
        tokio::time::sleep(Duration::from_secs(2)).await;
        commit.go_on();
        world.lit("10001", &patient, true).await;
    });
}

#[test]
fn a_deadline_that_makes_its_visit_fail_is_set_aside_for_a_while_and_harms_nobody() {
    run(async {
        let on = Arc::new(AtomicBool::new(true));
        let rules = rules_that_panic(|command| matches!(command, Command::Tick), &on);
        let world = World::with(rules, StoreLimits::default());
        let running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        // After 90 s without a sign of the page the deadline comes, and the rules fail.
        let parked = |s: &vestibule_actors::desk::Snapshot| {
            s.visit.problems.get(&ProblemCode::CommandParked).map(|_| ())
        };
        world.until("10001", "the problem", parked).await;
        assert_eq!(world.store.parked(10).await.unwrap().len(), 1);
        world.launch("10002", Role::Patient, "WPR2").await;
        assert_eq!(world.seen.count("shard restarted"), 0);
        assert!(world.seen.count("visit restarted") <= 4, "{}", world.seen.count("visit restarted"));
        // Once the rules are mended the deadline is kept.
        on.store(false, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(11 * 60)).await;
        let gone = |s: &vestibule_actors::desk::Snapshot| {
            (s.visit.participants[&patient].presence == Presence::Gone).then_some(())
        };
        world.until("10001", "the end of waiting", gone).await;
        drop(running);
    });
}

#[test]
fn a_shard_whose_visits_fail_again_and_again_is_started_again() {
    run(async {
        let left = AtomicU32::new(40);
        let rules: Decider = Arc::new(move |visit, entry, now, policy| {
            let fails = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
            assert!(!fails, "the rules of this test fail here");
            vestibule_domain::decide(visit, entry, now, policy)
        });
        let world = World::with(rules, StoreLimits::default());
        let _running = world.start().await;
        for n in 0..12 {
            let command = Command::Launch(launch("10001", Role::Patient, &format!("WPR{n}")));
            world.desk().submit(&visit("10001"), command).await.unwrap();
        }
        let tried_out = |s: &vestibule_actors::desk::Snapshot| (s.visit.launches.len() >= 10).then_some(());
        world.until("10001", "the launches that came after", tried_out).await;
        world.launch("10001", Role::Patient, "WPR99").await;
        let taken = world.desk().visit(&visit("10001")).await.unwrap().unwrap().visit.launches.len();
        assert_eq!(taken + world.store.parked(20).await.unwrap().len(), 13);
        assert!(world.seen.count("shard restarted") >= 1);
    });
}

#[test]
fn a_node_whose_shards_die_again_and_again_gives_up() {
    run(async {
        let on = Arc::new(AtomicBool::new(true));
        // Not a poisonous command, which is set aside: nothing can be decided at all.
        let world = World::with(rules_that_panic(|_| true, &on), StoreLimits::default());
        let running = world.start().await;
        for n in 0..200 {
            let csn = format!("2{n}");
            let command = Command::Launch(launch(&csn, Role::Patient, "WPR1"));
            world.desk().submit(&visit(&csn), command).await.unwrap();
        }
        assert!(running.gave_up.await.is_ok());
    });
}

// Nothing of a decision leaves the node before its commit (D1).
#[test]
fn nothing_leaves_before_the_commit() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        let mut commit = world.store.faults().stop_next(Call::Commit, When::Before);
        world.joins(&patient, meeting, true).await;
        assert!(commit.reached().await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(world.epic.lock().unwrap().received.is_empty());
        commit.go_on();
        world.lit("10001", &patient, true).await;

        let mut commit = world.store.faults().stop_next(Call::Commit, When::Before);
        world
            .desk()
            .submit(&visit("10002"), Command::Launch(launch("10002", Role::Provider, "EMP2")))
            .await
            .unwrap();
        let calls = world.zoom.lock().unwrap().calls.len();
        assert!(commit.reached().await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.zoom.lock().unwrap().calls.len(), calls);
        commit.go_on();
        world.until("10002", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        assert_eq!(organization(), visit("10002").organization);
    });
}
