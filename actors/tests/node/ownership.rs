//! Leases that are lost, taken again, and handed over.

use crate::run;
use crate::world::{World, visit};
use std::time::Duration;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::epic::{EpicAnswer, Verdict};
use vestibule_actors::port::store::{Outcome, Store};
use vestibule_actors::shard::ShardRules;
use vestibule_domain::command::Command;
use vestibule_domain::effect::Says;
use vestibule_domain::id::FhirReference;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};

/// The store grants and prolongs no lease, until the last one has run out.
pub async fn lose_all_leases(world: &World) {
    for call in [Call::Renew, Call::Acquire] {
        world.store.faults().fail_always(Some(call), When::Before);
    }
    let shard = Shard::of_visit(&visit("10001"));
    while world.store.locate(shard).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.store.faults().heal();
}

// I7, I9: an attempt of before the lease was lost still runs when the lane comes back to this node.
#[test]
fn no_second_attempt_starts_beside_one_of_a_lease_that_was_lost_and_taken_again() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        world.epic.lock().unwrap().takes.push_back(Duration::from_secs(15));
        world.joins(&patient, meeting, true).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        lose_all_leases(&world).await;
        world.joins(&patient, meeting, false).await;
        world.lit("10001", &patient, false).await;
        let epic = world.epic.lock().unwrap();
        let attempts: Vec<_> = epic.began.iter().zip(&epic.received).collect();
        for pair in attempts.windows(2) {
            assert!(pair[1].0 >= &pair[0].1.0, "an attempt began while another ran: {attempts:?}");
        }
        assert!(!attempts.last().unwrap().1.2, "{attempts:?}");
        assert!(attempts[0].1.0 - *attempts[0].0 >= vestibule_domain::time::Span::seconds(15));
    });
}

// I9: another node may have told Epic something newer before this attempt landed.
#[test]
fn an_attempt_that_outlived_its_lease_is_told_to_the_visit_and_the_status_is_sent_once_more() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        world.epic.lock().unwrap().takes.push_back(Duration::from_secs(15));
        world.joins(&patient, meeting, true).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        // The node is told to go and does not wait for ever; another takes over and tells Epic the newest status at once.
        let gone = tokio::task::spawn_local(running.drain());
        tokio::time::sleep(Duration::from_secs(13)).await;
        let _next = world.start().await;
        world.joins(&patient, meeting, false).await;
        gone.await.unwrap();
        let outlived = |s: &Snapshot| {
            let light = &s.visit.participants[&patient].light;
            (light.decided >= 3 && light.is_settled() && !light.connected).then_some(())
        };
        world.until("10001", "the status told once more", outlived).await;
        assert_eq!(world.seen.count("attempt outlived"), 1);
        let received = world.epic.lock().unwrap().received.clone();
        assert!(!received.last().unwrap().2, "{received:?}");
    });
}

#[test]
fn a_deadline_is_kept_after_a_store_that_did_not_answer_when_it_came() {
    run(async {
        let world = World::new();
        let _running = world
            .start_with(ShardRules { idle_after: Duration::from_secs(10), ..ShardRules::default() })
            .await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        tokio::time::sleep(Duration::from_secs(80)).await;
        world.store.faults().fail(Some(Call::Load), When::Before, 1);
        tokio::time::sleep(Duration::from_secs(20)).await;
        let presence =
            world.desk().visit(&visit("10001")).await.unwrap().unwrap().visit.participants[&patient].presence;
        assert_eq!(presence, Presence::Gone);
    });
}

// The owner reads the time after the journal, however long the store takes to give it.
#[test]
fn what_a_door_appends_while_the_store_is_slow_keeps_its_time() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        // A look is always under way when something is appended.
        world.store.faults().delay(Some(Call::Read), When::Before, Duration::from_millis(700));
        tokio::time::sleep(Duration::from_millis(1_900)).await;
        let now = world.ports.clock.now();
        let provider = Command::Launch(crate::world::launch("10001", Role::Provider, "EMP1"));
        world.desk().submit(&visit("10001"), provider).await.unwrap();
        let at = |s: &Snapshot| {
            let provider = s.visit.participants.iter().find(|(key, _)| key.role() == Role::Provider);
            provider.map(|(_, person)| person.last_launch)
        };
        assert_eq!(world.until("10001", "the launch", at).await, now);
    });
}

#[test]
fn a_store_that_stutters_after_a_take_over_gets_nobody_set_aside() {
    run(async {
        let world = World::new();
        let local = tokio::task::LocalSet::new();
        local.run_until(async { drop(world.start().await) }).await;
        drop(local);
        let patient = ParticipantKey::new(Role::Patient, FhirReference::new("Patient/WPR1").unwrap());
        let command = Command::Launch(crate::world::launch("10001", Role::Patient, "WPR1"));
        world.desk().submit(&visit("10001"), command).await.unwrap();
        tokio::time::sleep(Duration::from_secs(7)).await;
        for call in [Call::Load, Call::CountTry, Call::Commit] {
            world.store.faults().fail(Some(call), When::Before, 6);
            world.store.faults().fail(Some(call), When::After, 6);
        }
        let _running = world.start().await;
        world.until("10001", "the launch", |s| s.visit.participants.get(&patient).map(|_| ())).await;
        assert_eq!(world.seen.count("command parked"), 0);
        assert!(world.store.faults().calls(Call::CountTry) > 3);
    });
}

// I8: the store still had the lease, and prolonged it, but what waited had been let go of.
#[test]
fn an_update_that_waited_while_the_lease_could_not_be_trusted_is_sent() {
    run(async {
        let world = World::new();
        // As in a process that stood still, the shard does not see by itself that the lease was not to be trusted for a while.
        let rules = ShardRules { look_every: Duration::from_secs(60), ..ShardRules::default() };
        let _running = world.start_with(rules).await;
        let (patient, meeting) = world.ready("10001").await;
        let wait = Verdict::Transient { retry_after: Some(Span::seconds(15)), alive: true, hint: None };
        world.epic.lock().unwrap().next.push_back(EpicAnswer {
            resp_code: 400,
            epic_code: None,
            verdict: wait,
        });
        world.joins(&patient, meeting, true).await;
        while world.records("10001").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let renewals = world.store.faults().calls(Call::Renew);
        while world.store.faults().calls(Call::Renew) == renewals {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The next one comes just before the store would have given the lease to others.
        world.store.faults().delay(Some(Call::Renew), When::Before, Duration::from_millis(3_900));
        tokio::time::sleep(Duration::from_secs(6)).await;
        world.store.faults().heal();
        world.lit("10001", &patient, true).await;
    });
}

// I1: what is in the store, and not what was held before it, is what the next decision follows.
#[test]
fn a_commit_whose_answer_never_came_is_found_when_the_lease_comes_back() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        world.store.faults().fail_always(Some(Call::Commit), When::After);
        let provider = Command::Launch(crate::world::launch("10001", Role::Provider, "EMP1"));
        world.desk().submit(&visit("10001"), provider).await.unwrap();
        lose_all_leases(&world).await;
        world.until("10001", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        assert_eq!(world.seen.count("shard restarted"), 0);
    });
}

// I1: as before, and the store goes away again before all of that was found.
#[test]
fn a_commit_whose_answer_never_came_is_found_though_the_lease_is_lost_twice() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        let faults = world.store.faults();
        faults.fail_always(Some(Call::Commit), When::After);
        let provider = Command::Launch(crate::world::launch("10001", Role::Provider, "EMP1"));
        world.desk().submit(&visit("10001"), provider).await.unwrap();
        lose_all_leases(&world).await;
        faults.fail_always(Some(Call::ChangedSince), When::Before);
        let (restored, looked) = (faults.calls(Call::Restore), faults.calls(Call::ChangedSince));
        while faults.calls(Call::Restore) == restored || faults.calls(Call::ChangedSince) == looked {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        lose_all_leases(&world).await;
        world.until("10001", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        assert_eq!(world.seen.count("shard restarted"), 0);
    });
}

// I8: a report of the lease that was lost must not take those of the next one with it.
#[test]
fn reports_under_a_new_lease_are_written_though_the_old_ones_hang() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (ada, meeting) = world.ready("10001").await;
        let mut hangs = world.store.faults().stop_next(Call::Acknowledge, When::Before);
        world.joins(&ada, meeting, true).await;
        assert!(hangs.reached().await);
        lose_all_leases(&world).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        world.joins(&ada, meeting, false).await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        world.store.faults().fail(Some(Call::Acknowledge), When::Before, 1);
        hangs.go_on();
        world.lit("10001", &ada, false).await;
        let records = world.records("10001").await;
        assert!(
            records.iter().any(|r| r.says == Says::Connected(false) && r.outcome == Outcome::Delivered),
            "{records:?}"
        );
    });
}

#[test]
fn a_node_that_goes_finishes_what_it_has_in_hand() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        world.epic.lock().unwrap().takes.push_back(Duration::from_secs(5));
        world.joins(&patient, meeting, true).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        running.drain().await;
        let records = world.records("10001").await;
        assert_eq!(records.iter().map(|r| r.outcome).collect::<Vec<_>>(), [Outcome::Delivered]);
        assert_eq!(world.epic.lock().unwrap().received.len(), 1, "it is not sent again");
        for shard in Shard::all() {
            assert_eq!(world.store.locate(shard).await.unwrap(), None);
        }
    });
}

#[test]
fn a_node_that_goes_while_the_store_is_away_does_not_wait_for_ever() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.ready("10001").await;
        world.store.faults().fail_always(None, When::Before);
        let began = tokio::time::Instant::now();
        running.drain().await;
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    });
}
