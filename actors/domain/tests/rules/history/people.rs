//! People who take part in a visit, what they may do, and how their history is written down.

use crate::common::at;
use crate::common::facts::{patient, provider};
use crate::common::story::{patient_key, provider_key};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use vestibule_domain::fact::{Fact, SessionKeys};
use vestibule_domain::id::FhirReference;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};

/// Who takes part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Person {
    /// The provider.
    Dr,
    /// Another provider.
    Eve,
    /// The patient.
    Ada,
    /// The patient's daughter, by proxy.
    Rita,
}

pub const PEOPLE: [Person; 4] = [Person::Dr, Person::Eve, Person::Ada, Person::Rita];

impl Person {
    pub fn key(self) -> ParticipantKey {
        match self {
            Self::Dr | Self::Eve => provider_key(self.name()),
            Self::Ada => patient_key(self.name()),
            Self::Rita => ParticipantKey::new(Role::Proxy, FhirReference::new("RelatedPerson/rita").unwrap()),
        }
    }

    pub fn waits_for_others(self) -> bool {
        matches!(self, Self::Ada | Self::Rita)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Dr => "dr",
            Self::Eve => "eve",
            Self::Ada => "ada",
            Self::Rita => "rita",
        }
    }

    pub fn keys(self, device: &str) -> SessionKeys {
        if self.waits_for_others() { patient(self.name(), device) } else { provider(self.name(), device) }
    }
}

/// What really is, as Zoom knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Truth {
    pub phase: Phase,
    pub people: BTreeMap<Person, Presence>,
    pub strangers: usize,
}

/// What somebody does; whatever makes no sense at that moment is not done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Opens the link by another device; before the host this shows Zoom's waiting screen, which the app announces and the browser does not.
    Arrive { who: Person, announced: bool },
    /// Arrives and leaves within the same second.
    LookIn(Person),
    /// The host admits one from the waiting room.
    Admit { joined_a_second_later: bool, left_waiting_room_too: bool },
    /// The host refuses one in the waiting room, or that one gives up.
    Refuse,
    /// The host sends one back.
    SendBack,
    /// One device leaves.
    Leave { device: prop::sample::Index, told_by_user_only: bool },
    /// One device dies; Zoom notices a minute later.
    Crash(prop::sample::Index),
    /// The host's device dies, and the account sends everybody to the waiting room.
    HostDrops,
    /// Somebody dials in.
    DialIn,
    /// A telephone is bound to somebody's device.
    Bind { to: prop::sample::Index, told_of_the_other: bool },
    /// One goes to a breakout room, or comes back.
    Breakout(prop::sample::Index),
    /// Somebody becomes co-host.
    Promote(prop::sample::Index),
    /// The host ends the meeting for all.
    End { everybody_is_said_to_leave: bool, event_lost: bool },
    /// Time goes by.
    Wait(i64),
}

pub fn action() -> impl Strategy<Value = Action> {
    let person = || prop::sample::select(&PEOPLE[..]);
    prop_oneof![
        8 => (person(), any::<bool>()).prop_map(|(who, announced)| Action::Arrive { who, announced }),
        1 => person().prop_map(Action::LookIn),
        5 => (any::<bool>(), any::<bool>()).prop_map(|(joined_a_second_later, left_waiting_room_too)| Action::Admit {
            joined_a_second_later,
            left_waiting_room_too
        }),
        1 => Just(Action::Refuse),
        2 => Just(Action::SendBack),
        4 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(device, told_by_user_only)| Action::Leave { device, told_by_user_only }),
        2 => any::<prop::sample::Index>().prop_map(Action::Crash),
        1 => Just(Action::HostDrops),
        2 => Just(Action::DialIn),
        2 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(to, told_of_the_other)| Action::Bind { to, told_of_the_other }),
        2 => any::<prop::sample::Index>().prop_map(Action::Breakout),
        1 => any::<prop::sample::Index>().prop_map(Action::Promote),
        2 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(everybody_is_said_to_leave, event_lost)| Action::End {
            everybody_is_said_to_leave,
            event_lost
        }),
        3 => (1..4_000_i64).prop_map(Action::Wait),
    ]
}

/// Facts that follow from one action, and what is true after it; unknown while an end that Zoom never told of is not made good.
#[derive(Clone, Debug)]
pub struct Step {
    pub facts: Vec<Fact>,
    pub truth: Option<Truth>,
}

#[derive(Clone)]
pub struct History {
    pub waiting_room: bool,
    pub steps: Vec<Step>,
    pub end: Truth,
}

impl History {
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.steps.iter().flat_map(|step| &step.facts)
    }
}

/// A fact in a line.
pub struct Line<'a>(pub &'a Fact);

impl Debug for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Fact { kind, instance, at: second, session, instance_started, .. } = self.0;
        write!(f, "{}s {kind:?} {instance:?} since {instance_started:?}", (*second - at(0)).0 / 1000)?;
        session.as_ref().map_or(Ok(()), |keys| {
            write!(f, " {:?} {:?} {:?} {:?}", keys.participant, keys.user, keys.zoom_user, keys.registrant)
        })
    }
}

impl Debug for History {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "waiting room: {}", self.waiting_room)?;
        for step in &self.steps {
            step.facts.iter().try_for_each(|fact| writeln!(f, "{:?}", Line(fact)))?;
            writeln!(f, "  = {:?}", step.truth)?;
        }
        Ok(())
    }
}

impl Debug for Truth {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} and {} strangers", self.phase, self.people, self.strangers)
    }
}
