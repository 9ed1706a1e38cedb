//! Device tests through a whole node: their lane beside the light's, and a store that loses what it was given.

use crate::run;
use crate::world::{World, by_link, visit};
use std::time::Duration;
use vestibule_actors::memory::{Call, When};
use vestibule_domain::effect::Says;
use vestibule_domain::fact::FactKind;
use vestibule_domain::id::{ExternalId, FhirReference};
use vestibule_domain::visit::device_test::{DeviceTest, TestOutcome};
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// Ada comes back from a test.
async fn tested(world: &World, outcome: TestOutcome) {
    let patient = FhirReference::new("Patient/WPR10001").unwrap();
    let test = DeviceTest {
        at: world.ports.clock.now(),
        outcome,
        patient: Some(patient.clone()),
        csn: None,
        external_id: ExternalId::new("WPR10001").ok(),
        external_id_type: None,
        tentative: false,
    };
    let who = ParticipantKey::new(Role::Patient, patient);
    world.desk().submit_test(&visit("10001"), who, test).await.unwrap();
}

async fn until_tested(world: &World, outcome: TestOutcome, told: bool) {
    world
        .until("10001", outcome.as_str(), |seen| {
            let known = seen.visit.device_tests.values().next()?;
            (known.test.outcome == outcome && (!told || known.told.stands())).then_some(())
        })
        .await;
}

// I7: one attempt at a time in a lane, and a lane for each of both.
#[test]
fn e49_a_light_does_not_wait_while_epic_hangs_over_a_device_test() {
    run(async {
        let world = World::new();
        let _running = world.start().await;
        let (patient, meeting) = world.ready("10001").await;
        world.epic.lock().unwrap().takes.push_back(Duration::from_secs(8));
        tested(&world, TestOutcome::Failed).await;
        until_tested(&world, TestOutcome::Failed, false).await;
        world.fact(meeting, FactKind::Joined, by_link(&patient, 1)).await;
        let lit = |seen: &vestibule_actors::desk::Snapshot| {
            let light = seen.visit.participants[&patient].light.connected;
            let told = seen.visit.device_tests.values().any(|known| known.told.stands());
            (light && !told).then_some(())
        };
        world.until("10001", "the light, and Epic still hangs over the test", lit).await;
        until_tested(&world, TestOutcome::Failed, true).await;
        let said: Vec<Says> = world.records("10001").await.iter().map(|record| record.says).collect();
        assert_eq!(said, [Says::Connected(true), Says::DeviceTest(TestOutcome::Failed)]);
    });
}

// I3 for results: the door has told the person that theirs is kept.
#[test]
fn e49_a_result_that_a_store_lost_is_appended_again() {
    run(async {
        let world = World::new();
        let first = world.start().await;
        tested(&world, TestOutcome::Failed).await;
        until_tested(&world, TestOutcome::Failed, true).await;
        first.drain().await;
        let before = world.store.snapshot();
        // Nobody takes the result in before the store loses it.
        world.store.faults().fail_always(Some(Call::Acquire), When::Before);
        let _running = world.start().await;
        tested(&world, TestOutcome::Passed).await;
        world.store.go_back(before);
        world.store.faults().heal();
        until_tested(&world, TestOutcome::Passed, true).await;
    });
}
