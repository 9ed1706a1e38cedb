//! Organizations of which a node hears later than the door that lets their people in.

use crate::run;
use crate::world::{OneOrganization, World, visit};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::organizations::{NotifierRules, Organizations};
use vestibule_actors::port::store::Store;
use vestibule_domain::command::Command;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::Policy;
use vestibule_domain::visit::participant::Role;

/// Knows the organization once it has looked, or never.
#[derive(Default)]
struct Newcomer {
    is_there: AtomicBool,
    is_known: AtomicBool,
    looks: AtomicU32,
}

impl Organizations for Newcomer {
    fn policy(&self, organization: &OrganizationId) -> Option<Arc<Policy>> {
        self.is_known.load(Ordering::SeqCst).then(|| OneOrganization.policy(organization)).flatten()
    }

    fn look_again(&self) -> BoxFuture<'_, ()> {
        async {
            self.looks.fetch_add(1, Ordering::SeqCst);
            self.is_known.store(self.is_there.load(Ordering::SeqCst), Ordering::SeqCst);
        }
        .boxed()
    }

    fn notifier(&self, organization: &OrganizationId) -> Option<NotifierRules> {
        OneOrganization.notifier(organization)
    }
}

#[test]
fn what_a_door_took_in_for_an_organization_that_the_owner_hears_of_later_is_not_given_up() {
    run(async {
        let organizations = Arc::new(Newcomer { is_there: true.into(), ..Newcomer::default() });
        let world = World::of(organizations.clone());
        let running = world.start().await;
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world.until("10001", "the patient", |s| s.visit.participants.get(&patient).map(|_| ())).await;
        assert_eq!(world.seen.count("command parked"), 0);
        assert_eq!(organizations.looks.load(Ordering::SeqCst), 1);
        running.drain().await;
    });
}

#[test]
fn of_an_organization_that_is_nowhere_commands_are_set_aside_after_a_look() {
    run(async {
        let organizations = Arc::new(Newcomer::default());
        let world = World::of(organizations.clone());
        let running = world.start().await;
        let launch = crate::world::launch("10001", Role::Patient, "WPR1");
        let waits = std::time::Duration::from_secs(2);
        let launched = world.desk().launch(&visit("10001"), launch, waits).await.unwrap();
        assert!(launched.decided.is_none());
        assert_eq!(world.seen.count("command parked"), 1);
        assert_eq!(world.store.parked(10).await.unwrap().len(), 1);
        assert_eq!(organizations.looks.load(Ordering::SeqCst), 1);
        running.drain().await;
    });
}

async fn until_gone(world: &World, csn: &str) {
    let mut hints = world.store.hints();
    while world.store.load(&visit(csn)).await.unwrap().is_some() {
        hints.recv().await.unwrap();
    }
}

#[test]
fn visits_of_an_organization_that_is_forgotten_leave_and_those_of_one_that_is_back_stay() {
    run(async {
        let organizations = Arc::new(Newcomer { is_there: true.into(), ..Newcomer::default() });
        let world = World::of(organizations.clone());
        let running = world.start().await;
        for csn in ["10001", "10002"] {
            let patient = world.launch(csn, Role::Patient, "WPR1").await;
            world.until(csn, "the patient", |s| s.visit.participants.get(&patient).map(|_| ())).await;
        }
        let forget =
            async |csn| world.desk().submit(&visit(csn), Command::OrganizationForgotten).await.unwrap();
        forget("10001").await;
        // It is taken in after that, by the same owner or another, and the visit is still there.
        world.launch("10001", Role::Provider, "EMP1").await;
        let both = |s: &Snapshot| (s.visit.participants.len() == 2).then_some(());
        world.until("10001", "the provider", both).await;
        organizations.is_there.store(false, Ordering::SeqCst);
        organizations.is_known.store(false, Ordering::SeqCst);
        for csn in ["10001", "10002"] {
            forget(csn).await;
            until_gone(&world, csn).await;
        }
        assert_eq!(world.seen.count("command parked"), 0);
        // What comes late for one that has left makes no other.
        forget("10001").await;
        organizations.is_there.store(true, Ordering::SeqCst);
        let patient = world.launch("10001", Role::Patient, "WPR1").await;
        world.until("10001", "a visit anew", |s| s.visit.participants.get(&patient).map(|_| ())).await;
        running.drain().await;
    });
}
