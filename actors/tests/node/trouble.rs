//! Panics, poison, restarts, and a store that does not answer.

use crate::run;
use crate::world::{World, by_link, launch, organization, visit};
use crate::zoom::CreateFault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use vestibule_actors::memory::{Call, Faults, When};
use vestibule_actors::port::place::{Make, Place};
use vestibule_actors::port::store::{Store, StoreLimits};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind;
use vestibule_domain::intent::{ProblemCode, ZoomCall};
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::Role;

/// Rules that panic on a departure of the patient, so often as is said.
fn rules_that_panic(times: u32) -> vestibule_actors::port::Decider {
    let left = AtomicU32::new(times);
    Arc::new(move |visit, entry, now, policy| {
        let panics = matches!(entry.command, Command::Departed { .. })
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        assert!(!panics, "the rules of this test fail here");
        vestibule_domain::decide(visit, entry, now, policy)
    })
}

#[test]
fn a_panic_in_one_visit_harms_no_other_and_the_visit_is_rebuilt() {
    run(async {
        let world = World::with(rules_that_panic(1), StoreLimits::default());
        let _running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world
            .desk()
            .submit(&visit("10001"), Command::Departed { participant: patient.clone() })
            .await
            .unwrap();
        world.until("10001", "the departure", |s| s.visit.participants[&patient].departed).await;
        world.launch("10002", Role::Patient, "WPR2").await;
        assert!(world.seen.count("visit restarted") >= 1);
        assert_eq!(world.seen.count("command parked"), 0);
    });
}

// I3: what was acknowledged is reflected in state or parked visibly.
#[test]
fn a_command_that_kills_its_visit_three_times_is_parked_visibly_and_the_rest_goes_on() {
    run(async {
        let world = World::with(rules_that_panic(u32::MAX), StoreLimits::default());
        let _running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world.desk().submit(&visit("10001"), Command::Departed { participant: patient }).await.unwrap();
        world
            .until("10001", "the problem", |s| s.visit.problems.get(&ProblemCode::CommandParked).map(|_| ()))
            .await;
        let parked = world.store.parked(10).await.unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!(parked[0].visit, visit("10001"));
        world.launch("10001", Role::Provider, "EMP1").await;
        world.until("10001", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        assert_eq!(world.seen.count("shard restarted"), 0);
    });
}

/// Rules that end the process on a departure: it commits nothing any more.
fn rules_that_kill(dying: &Arc<Dying>) -> vestibule_actors::port::Decider {
    let dying = Arc::clone(dying);
    Arc::new(move |visit, entry, now, policy| {
        if matches!(entry.command, Command::Departed { .. }) {
            dying.faults.get().unwrap().fail_always(Some(Call::Commit), When::Before);
            dying.told.notify_one();
        }
        vestibule_domain::decide(visit, entry, now, policy)
    })
}

#[derive(Default)]
struct Dying {
    faults: std::sync::OnceLock<Faults>,
    told: tokio::sync::Notify,
}

// I3: it is parked visibly, and nothing that was in hand beside it is blamed.
#[test]
fn a_command_that_kills_the_process_is_set_aside_and_what_was_in_hand_beside_it_is_not() {
    run(async {
        let dying = Arc::<Dying>::default();
        let world = World::with(rules_that_kill(&dying), StoreLimits::default());
        assert!(dying.faults.set(world.store.faults().clone()).is_ok());
        let first = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        first.drain().await;
        let submit = async |person: &str| {
            let launch = Command::Launch(launch("10001", Role::Provider, person));
            world.desk().submit(&visit("10001"), launch).await.unwrap()
        };
        let before = submit("EMP1").await;
        world.desk().submit(&visit("10001"), Command::Departed { participant: patient }).await.unwrap();
        let after = submit("EMP2").await;
        let mut deaths = 0;
        loop {
            let local = tokio::task::LocalSet::new();
            let died = local
                .run_until(async {
                    let running = world.start().await;
                    let parked = world.until("10001", "the problem", |s| {
                        s.visit.problems.get(&ProblemCode::CommandParked).map(|_| ())
                    });
                    tokio::select! {
                        () = dying.told.notified() => true,
                        () = parked => {
                            running.drain().await;
                            false
                        }
                    }
                })
                .await;
            drop(local);
            world.store.faults().heal();
            if !died {
                break;
            }
            deaths += 1;
            // The lease runs out.
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
        // One with the batch as ever, one with it counted, three alone.
        assert_eq!(deaths, 5);
        assert_eq!(world.store.parked(10).await.unwrap().len(), 1);
        let seen = world.desk().visit(&visit("10001")).await.unwrap().unwrap();
        for launch in [before, after] {
            assert!(seen.visit.launch_outcome(&launch).is_some(), "{launch:?} was lost");
        }
    });
}

#[test]
fn what_waits_for_a_new_owner_is_taken_in_by_batches() {
    run(async {
        let world = World::new();
        let local = tokio::task::LocalSet::new();
        let (_, meeting) = local
            .run_until(async {
                let _running = world.start().await;
                world.ready("10001").await
            })
            .await;
        drop(local);
        for _ in 0..300 {
            world.fact(meeting, FactKind::Started, None).await;
        }
        tokio::time::sleep(Duration::from_secs(7)).await;
        let commits = world.store.faults().calls(Call::Commit);
        let _running = world.start().await;
        world
            .until("10001", "the visit going on", |s| (s.visit.phase == Phase::InProgress).then_some(()))
            .await;
        let shard = Shard::of_visit(&visit("10001"));
        while world.store.cursor(shard).await.unwrap().0 < 300 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let commits = world.store.faults().calls(Call::Commit) - commits;
        assert!(commits < 20, "{commits} commits for 300 events");
    });
}

#[test]
fn what_was_acknowledged_survives_a_node_that_just_stops() {
    run(async {
        let world = World::new();
        // The first node takes the launches in and is then cut off: nothing of it is released or finished.
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let _running = world.start().await;
                world.launch("10001", Role::Patient, "WPR1").await;
                world.launch("10001", Role::Provider, "EMP1").await;
                world
                    .until("10001", "a meeting", |s| {
                        s.visit.meeting.as_ref().filter(|m| m.indexed).map(|_| ())
                    })
                    .await;
            })
            .await;
        drop(local);
        let meeting = world.desk().visit(&visit("10001")).await.unwrap().unwrap().visit.meeting.unwrap().id;
        // Events that arrive while nobody owns the shard are only in the journal.
        world.fact(meeting, FactKind::Started, None).await;
        tokio::time::sleep(Duration::from_secs(7)).await;
        let _running = world.start().await;
        world
            .until("10001", "the visit going on", |s| (s.visit.phase == Phase::InProgress).then_some(()))
            .await;
    });
}

#[test]
fn an_update_that_was_never_acknowledged_is_sent_by_the_next_owner() {
    run(async {
        let world = World::new();
        let local = tokio::task::LocalSet::new();
        let patient = local
            .run_until(async {
                let _running = world.start().await;
                let patient = world.launch("10001", Role::Patient, "WPR1").await;
                world.launch("10001", Role::Provider, "EMP1").await;
                let meeting = world
                    .until("10001", "a meeting", |s| {
                        s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id)
                    })
                    .await;
                world
                    .until("10001", "a link", |s| s.visit.participants[&patient].link.as_ref().map(|_| ()))
                    .await;
                // The store takes no acknowledgement any more, as if the process died right after Epic answered.
                world.store.faults().fail_always(Some(Call::Acknowledge), When::Before);
                world.fact(meeting, FactKind::Joined, by_link(&patient, 1)).await;
                world
                    .until("10001", "the decision", |s| {
                        (s.visit.participants[&patient].light.decided == 1).then_some(())
                    })
                    .await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                patient
            })
            .await;
        drop(local);
        world.store.faults().heal();
        tokio::time::sleep(Duration::from_secs(7)).await;
        let _running = world.start().await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
        assert!(world.epic.lock().unwrap().received.len() >= 2);
    });
}

#[test]
fn a_commit_whose_answer_was_lost_is_asked_again_and_done_once() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.store.faults().fail(Some(Call::Commit), When::After, 2);
        world.launch("10001", Role::Patient, "WPR1").await;
        let version = world.until("10001", "the visit", |s| Some(s.version)).await;
        assert_eq!(version, 1);
        assert!(world.seen.count("commit retried") >= 1);
    });
}

#[test]
fn a_full_journal_refuses_and_loses_nothing() {
    run(async {
        let limits = StoreLimits { journal_entries: 3, ..StoreLimits::default() };
        let world = World::with(Arc::new(vestibule_domain::decide), limits);
        let mut taken = 0;
        for n in 0..5 {
            let command = Command::Launch(launch("10001", Role::Patient, &format!("WPR{n}")));
            taken += u32::from(world.desk().submit(&visit("10001"), command).await.is_ok());
        }
        assert_eq!(taken, 3);
        let _running = world.start().await;
        world.until("10001", "all that were taken", |s| (s.visit.launches.len() == 3).then_some(())).await;
    });
}

// I12: one meeting per visit, also after an ambiguous answer.
#[test]
fn after_an_ambiguous_create_the_meeting_is_looked_for_and_not_made_twice() {
    for (fault, creates) in [(CreateFault::MadeButNoAnswer, 1), (CreateFault::NotMadeAndNoAnswer, 2)] {
        run(async {
            let world = World::new();
            let _running = world.start().await;
            world.zoom.lock().unwrap().creates.push_back(fault);
            world.launch("10001", Role::Provider, "EMP1").await;
            world.until("10001", "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
            let zoom = world.zoom.lock().unwrap();
            assert_eq!(
                zoom.calls.iter().filter(|c| matches!(c, ZoomCall::CreateMeeting { .. })).count(),
                creates
            );
            assert_eq!(zoom.made.len(), 1);
        });
    }
}

// With no event coming, the meetings of many visits are read, each in its turn; that must not hold up what a launch needs.
#[test]
fn readings_that_wait_for_their_turn_hold_up_no_launch() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        for n in 0..40 {
            world.ready(&format!("3{n:04}")).await;
        }
        world.zoom.lock().unwrap().reading_takes = Duration::from_secs(8);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let began = tokio::time::Instant::now();
        world.ready("10001").await;
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    });
}

// A call that is begun with too little time is given up when it is half done, and has to be looked for then: the slower Zoom is, the less
// would come of what it does.
#[test]
fn what_cannot_be_answered_in_its_time_any_more_is_not_begun() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        world.zoom.lock().unwrap().takes = Duration::from_secs(4);
        let (visits, began) = (60, tokio::time::Instant::now());
        for n in 0..visits {
            world.launch(&format!("4{n:04}"), Role::Provider, "EMP1").await;
        }
        for n in 0..visits {
            let csn = format!("4{n:04}");
            world.until(&csn, "a meeting", |s| s.visit.meeting.as_ref().map(|_| ())).await;
        }
        let zoom = world.zoom.lock().unwrap();
        assert_eq!((zoom.given_up, zoom.made.len()), (0, visits));
        // Two calls for each, eight at a time.
        assert!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());
    });
}

#[test]
fn draining_gives_every_lease_back_cleanly() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        running.drain().await;
        let shard = vestibule_domain::shard::Shard::of_visit(&visit("10001"));
        assert_eq!(world.store.locate(shard).await.unwrap(), None);
        // The next node takes over at once and has nothing to be careful with.
        let _next = world.start().await;
        world.launch("10001", Role::Provider, "EMP1").await;
        assert_eq!(world.store.faults().calls(Call::CountTry), 0);
    });
}

/// Actors of the organization take their time to start, as the real ones do, which read certificates first.
struct SlowMembers;

impl Place for SlowMembers {
    fn run(&self, slot: usize, make: Make) {
        let member = slot == usize::from(Shard::of_organization(&organization()).number());
        tokio::task::spawn_local(async move {
            if member {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            make().await;
        });
    }
}

// I8: what a start finds in the outbox, or decides while it starts, reaches a notifier that is not there yet.
#[test]
fn updates_are_not_lost_while_the_notifier_starts() {
    run(async {
        let world = World::new();
        let before = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world.launch("10001", Role::Provider, "EMP1").await;
        let meeting = world
            .until("10001", "a meeting", |s| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id))
            .await;
        world.until("10001", "a link", |s| s.visit.participants[&patient].link.as_ref().map(|_| ())).await;
        before.drain().await;
        world.fact(meeting, FactKind::Joined, by_link(&patient, 1)).await;

        let _running = world.start_at(Arc::new(SlowMembers)).await;
        world
            .until("10001", "the light", |s| s.visit.participants[&patient].light.connected.then_some(()))
            .await;
    });
}
