//! A store that goes back, as after a failover that lost the last writes, and what is made good by whom.

use crate::ownership::lose_all_leases;
use crate::run;
use crate::world::{World, visit};
use std::time::Duration;
use uuid::Uuid;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::{Acquired, Epoch, OwnerToken, Ownership, Store};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind;
use vestibule_domain::id::{FhirReference, MeetingId};
use vestibule_domain::shard::{SHARDS, Shard};
use vestibule_domain::time::Span;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// Enough visits to have some in the shards of each node.
fn many() -> Vec<String> {
    (0..16).map(|n| format!("4{n:04}")).collect()
}

/// A snapshot, what is done after it, and a store that goes back to it: nothing of what was done may be missing in the end.
async fn nothing_is_lost_by_going_back(
    world: &World,
    before: vestibule_actors::memory::Model,
    csns: &[String],
) {
    world.store.go_back(before);
    nothing_is_lost(world, csns).await;
}

async fn nothing_is_lost(world: &World, csns: &[String]) {
    let participant = ParticipantKey::new(Role::Patient, FhirReference::new("Patient/WPR1").unwrap());
    let now = world.ports.clock.now();
    for csn in csns {
        // Something happens at once.
        let sign = Command::PageSeen { participant: participant.clone() };
        world.desk().submit(&visit(csn), sign).await.unwrap();
    }
    for csn in csns {
        world
            .until(csn, "the guest, whom the store had lost, and the sign after it", |s| {
                let guest = s.visit.participants.keys().any(|key| key.role() == Role::Guest);
                (guest && s.visit.participants[&participant].page_seen >= Some(now)).then_some(())
            })
            .await;
    }
}

#[test]
fn a_new_owner_gives_back_what_the_one_before_it_committed() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        let before = world.store.snapshot();
        world.launch("10001", Role::Guest, "G1").await;
        let _next = world.start().await;
        running.drain().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        nothing_is_lost_by_going_back(&world, before, &["10001".to_owned()]).await;
    });
}

// A store that went back says that shards are whose they were.
#[test]
fn who_gave_a_shard_back_leaves_it_to_who_had_it_since() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let csns = many();
        for csn in &csns {
            world.launch(csn, Role::Patient, "WPR1").await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = world.store.snapshot();
        let _comer = world.start().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        for csn in &csns {
            world.launch(csn, Role::Guest, "G1").await;
        }
        nothing_is_lost_by_going_back(&world, before, &csns).await;
    });
}

/// Visits of which some were handed over to a comer who cannot take them, and the store as it was before their last launches.
struct HandedOver {
    csns: Vec<String>,
    before: vestibule_actors::memory::Model,
    _comer: crate::world::Running,
}

async fn handed_over_to_nobody(world: &World, comes_after: Duration) -> HandedOver {
    let csns = many();
    for csn in &csns {
        world.launch(csn, Role::Patient, "WPR1").await;
    }
    let before = world.store.snapshot();
    for csn in &csns {
        world.launch(csn, Role::Guest, "G1").await;
    }
    world.store.faults().fail_always(Some(Call::Acquire), When::Before);
    tokio::time::sleep(comes_after).await;
    HandedOver { csns, before, _comer: comes_in_vain(world).await }
}

/// A node that is handed shards over and cannot take them.
async fn comes_in_vain(world: &World) -> crate::world::Running {
    world.store.faults().fail_always(Some(Call::Acquire), When::Before);
    let comer = world.start().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(world.store.owners().await.unwrap().len() < 64, "some were given back and not taken");
    comer
}

#[test]
fn what_nobody_has_had_since_is_given_back_by_who_gave_the_shard_back() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let handed_over = handed_over_to_nobody(&world, Duration::ZERO).await;
        world.store.faults().heal();
        nothing_is_lost_by_going_back(&world, handed_over.before, &handed_over.csns).await;
    });
}

// I3: what the comer saw free was free in the store that is no more.
#[test]
fn nobody_takes_on_a_hint_what_another_store_said_was_free() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let handed_over = handed_over_to_nobody(&world, Duration::ZERO).await;
        // Until the leases of then have run out.
        tokio::time::sleep(Duration::from_millis(5_500)).await;
        world.store.faults().heal();
        world.store.go_back(handed_over.before);
        let ours = |shard: &Shard| handed_over.csns.iter().any(|csn| Shard::of_visit(&visit(csn)) == *shard);
        let shard = Shard::all().find(|shard| !ours(shard)).unwrap();
        let token = OwnerToken(Uuid::from_u128(1));
        if let Acquired::Granted { epoch, .. } =
            world.store.acquire(shard, "somebody", token, Span::seconds(5), Epoch(0)).await.unwrap()
        {
            world.store.release(shard, Ownership { token, epoch }).await.unwrap();
        }
        nothing_is_lost(&world, &handed_over.csns).await;
    });
}

// I3: and neither does a node that has just given something back itself.
#[test]
fn nobody_takes_after_a_release_what_another_store_said_was_free() {
    run(async {
        let world = World::new();
        let _first = world.start().await;
        let _second = world.start().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let before = world.store.snapshot();
        let csns = many();
        for csn in &csns {
            world.launch(csn, Role::Guest, "G1").await;
            world.launch(csn, Role::Patient, "WPR1").await;
        }
        let mut release = world.store.faults().stop_next(Call::Release, When::Before);
        let _comer = comes_in_vain(&world).await;
        assert!(release.reached().await);
        // Until everybody would take what is free.
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.store.faults().heal();
        world.store.go_back(before);
        release.go_on();
        nothing_is_lost(&world, &csns).await;
    });
}

// I3: whoever gave a shard back gives the index of its meetings back as well.
#[test]
fn events_reach_visits_that_were_given_back_by_who_gave_the_shard_back() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let csns = many();
        let before = world.store.snapshot();
        let mut meetings = Vec::new();
        for csn in &csns {
            meetings.push(world.ready(csn).await.1);
        }
        let _comer = comes_in_vain(&world).await;
        world.store.faults().heal();
        world.store.go_back(before);
        tokio::time::sleep(Duration::from_secs(20)).await;
        for (csn, meeting) in csns.iter().zip(meetings) {
            world.fact(meeting, FactKind::Started, None).await;
            world.until(csn, "the start", |s| (s.visit.phase == Phase::InProgress).then_some(())).await;
        }
    });
}

// The store was away for so long that it says of no shard whose it is.
#[test]
fn what_nobody_has_had_since_is_given_back_though_all_leases_ran_out() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        // The comer sees the store half a second before the other one does.
        let handed_over = handed_over_to_nobody(&world, Duration::from_millis(500)).await;
        world.store.faults().fail_always(None, When::Before);
        tokio::time::sleep(Duration::from_millis(5_700)).await;
        world.store.faults().heal();
        nothing_is_lost_by_going_back(&world, handed_over.before, &handed_over.csns).await;
    });
}

#[test]
fn a_lease_does_not_go_back_to_a_store_that_lost_what_was_committed() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        let before = world.store.snapshot();
        world.launch("10001", Role::Guest, "G1").await;
        world.store.go_back(before);
        running.drain().await;
        let _next = world.start().await;
        world
            .until("10001", "the guest, whom the store had lost", |s| {
                s.visit.participants.keys().any(|key| key.role() == Role::Guest).then_some(())
            })
            .await;
    });
}

// I3: a meeting that the visit takes for indexed, and the store does not know, would have its events held until they expire.
#[test]
fn events_reach_a_visit_whose_index_the_store_lost_while_it_was_written() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let mut indexes = world.store.faults().stop_next(Call::IndexMeeting, When::Before);
        world.launch("10001", Role::Provider, "EMP1").await;
        assert!(indexes.reached().await);
        let before = world.store.snapshot();
        world.store.faults().fail_always(Some(Call::Append), When::Before);
        indexes.go_on();
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.store.go_back(before);
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.store.faults().heal();
        let indexed = |s: &Snapshot| s.visit.meeting.as_ref().filter(|m| m.indexed).map(|m| m.id);
        let meeting = world.until("10001", "the meeting", indexed).await;
        world.fact(meeting, FactKind::Started, None).await;
        world.until("10001", "the start", |s| (s.visit.phase == Phase::InProgress).then_some(())).await;
    });
}

/// A visit with its meeting, in a store that goes back to before the meeting was made.
async fn lost_with_its_meeting(world: &World) -> MeetingId {
    world.launch("10001", Role::Patient, "WPR10001").await;
    let before = world.store.snapshot();
    let (_, meeting) = world.ready("10001").await;
    world.store.go_back(before);
    meeting
}

async fn hears_of_its_start(world: &World, meeting: MeetingId) {
    world.fact(meeting, FactKind::Started, None).await;
    world.until("10001", "the start", |s| (s.visit.phase == Phase::InProgress).then_some(())).await;
}

// I3: a node that dies in between leaves nothing that its successor would take for whole.
#[test]
fn the_index_is_whole_before_a_visit_is_given_back() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let meeting = lost_with_its_meeting(&world).await;
        let mut indexes = world.store.faults().stop_next(Call::IndexMeeting, When::Before);
        assert!(indexes.reached().await);
        let seen = world.desk().visit(&visit("10001")).await.unwrap().unwrap();
        assert!(seen.visit.meeting.is_none(), "it is as the store went back to");
        indexes.go_on();
        hears_of_its_start(&world, meeting).await;
    });
}

// I3: the lease comes by an answer that is lost, and again by the next one.
#[test]
fn what_is_remembered_is_believed_though_the_answer_to_the_lease_was_lost() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let meeting = lost_with_its_meeting(&world).await;
        world.store.faults().fail_always(Some(Call::IndexMeeting), When::Before);
        lose_all_leases(&world).await;
        let shards = u32::from(SHARDS);
        world.store.faults().fail(Some(Call::Acquire), When::After, shards);
        hears_of_its_start(&world, meeting).await;
    });
}

// I8: the visit stands as it was committed, and only what Epic acknowledged is lost.
#[test]
fn an_update_whose_acknowledgement_the_store_lost_is_sent_again() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        let mut reports = world.store.faults().stop_next(Call::Acknowledge, When::Before);
        world.joins(&patient, meeting, true).await;
        assert!(reports.reached().await);
        let before = world.store.snapshot();
        world.store.faults().fail_always(Some(Call::Read), When::Before);
        reports.go_on();
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.store.go_back(before);
        world.store.faults().heal();
        world.lit("10001", &patient, true).await;
    });
}

#[test]
fn after_the_store_was_away_everybody_has_again_what_he_had() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let had = world.store.owners().await.unwrap();
        world.store.faults().fail_always(None, When::Before);
        // It sees the store first, perhaps, and knows nobody else.
        let _comer = world.start().await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.store.faults().heal();
        tokio::time::sleep(Duration::from_secs(3)).await;
        for ((shard, before), (_, owner)) in had.iter().zip(world.store.owners().await.unwrap()) {
            // The comer gets its share by hand-over, which is one epoch more.
            let epochs = if owner.token == before.token { 1 } else { 2 };
            assert_eq!(owner.epoch.0, before.epoch.0 + epochs, "shard {}", shard.number());
        }
    });
}

// I3: its node cannot know whether the store is another one since.
#[test]
fn what_a_door_answers_before_its_node_has_seen_the_store_is_appended_again() {
    run(async {
        let world = World::new();
        let first = world.start().await;
        let (_, meeting) = world.ready("10001").await;
        first.drain().await;
        let before = world.store.snapshot();
        // Nobody takes the event in before the store loses it.
        world.store.faults().fail_always(Some(Call::Acquire), When::Before);
        world.store.faults().fail_always(Some(Call::Incarnation), When::Before);
        let _running = world.start().await;
        world.fact(meeting, FactKind::Started, None).await;
        world.store.go_back(before);
        world.store.faults().heal();
        world.until("10001", "the event", |s| (s.visit.phase == Phase::InProgress).then_some(())).await;
    });
}
