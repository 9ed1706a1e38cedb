//! Events that Zoom was answered (I3): each is reflected in the visit that has its meeting.

use std::collections::BTreeSet;
use std::time::Duration;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::decide;
use vestibule_domain::fact::{Fact, FactKind};
use vestibule_domain::id::{CommandId, InstanceUuid, OrganizationId};
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;

use crate::world::Process;

/// An event that Zoom was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Whose.
    pub organization: OrganizationId,
    /// The event.
    pub fact: Fact,
    /// Which process answered.
    pub by: Process,
    /// When.
    pub at: Duration,
    /// A store that went back then may have lost it.
    pub at_risk: Option<Duration>,
    /// And nobody was there to append it again.
    pub lost: bool,
    /// It was seen to be reflected.
    pub reflected: bool,
}

/// All of them, in the order of their answers.
#[derive(Default)]
pub struct Facts {
    /// Every one.
    pub answered: Vec<Answered>,
    /// Instances whose end was answered.
    pub ends: BTreeSet<InstanceUuid>,
}

impl Facts {
    /// Zoom was answered.
    pub fn answered(&mut self, answered: Answered) {
        if answered.fact.kind == FactKind::Ended {
            self.ends.extend(answered.fact.instance.clone());
        }
        self.answered.push(answered);
    }
}

/// Whether a visit would not change if it were told an event once more. What follows from the time alone is set aside.
#[must_use]
pub fn is_reflected(visit: &Visit, fact: &Fact, now: Moment, policy: &Policy) -> bool {
    let entry = |command| Entry { id: CommandId::of_owner(), at: now, command };
    let settled =
        decide(visit, &entry(Command::StatusSuperseded { participant: nobody(), seq: 0 }), now, policy);
    !decide(&settled.visit, &entry(Command::Fact(fact.clone())), now, policy).changed
}

/// A participant of no visit.
fn nobody() -> vestibule_domain::visit::participant::ParticipantKey {
    use vestibule_domain::visit::participant::{ParticipantKey, Role};
    let name = vestibule_domain::id::FhirReference::new("Nobody/0").expect("graphic");
    ParticipantKey::new(Role::Guest, name)
}

/// Whether an event is about a meeting that is, or was, the visit's.
#[must_use]
pub fn is_about(visit: &Visit, fact: &Fact) -> bool {
    visit.meeting.as_ref().is_some_and(|meeting| meeting.id == fact.meeting)
        || visit.deleted.contains_key(&fact.meeting)
}
