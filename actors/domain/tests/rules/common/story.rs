//! A story: commands that happen to one visit, at times that only go on.

use super::{at, facts};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::decide;
use vestibule_domain::effect::{Effect, Says, Update};
use vestibule_domain::fact::{Fact, FactKind};
use vestibule_domain::id::{
    CommandId, ConferenceId, Csn, ExternalId, FhirReference, OrganizationId, VisitId, VisitKey,
};
use vestibule_domain::intent::{Intent, IntentOutcome};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::{Admittance, GuestRules, MarkerRules, PatientRules, Policy, WaitingCountsAs};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::history::{Line, lines};
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};
use vestibule_domain::visit::{LaunchOutcome, Visit};

/// The rules of the stories: the defaults of the settings.
pub fn policy() -> Policy {
    Policy {
        admittance: Admittance::Automatic,
        waiting_counts_as: WaitingCountsAs::Nothing,
        reopen: Span::hours(12),
        page_presence: Span::seconds(90),
        keep: Span::hours(24),
        early: Span::minutes(20),
        late: Span::minutes(40),
        provider_gone: Span::minutes(15),
        longest: Span::hours(8),
        keep_tested: Span::hours(14 * 24),
        tell_device_tests: true,
        check_after: Span::seconds(10),
        check_every: Span::seconds(15),
        call: Span::seconds(20),
        margin: Span::seconds(5),
        patients: PatientRules::default(),
        guests: GuestRules::default(),
        markers: MarkerRules::default(),
    }
}

/// A visit and what happened to it.
#[derive(Clone)]
pub struct Story {
    pub visit: Visit,
    pub policy: Policy,
    pub now: Moment,
    /// Every update that was decided, in order.
    pub updates: Vec<Update>,
    /// Calls that were begun and not yet answered.
    pub begun: Vec<Intent>,
    /// What its history tells.
    pub history: Vec<Line>,
    /// How often the visit was let go.
    pub forgotten: u32,
    commands: u64,
}

impl Story {
    pub fn new() -> Self {
        Self::of(VisitId::Csn(Csn::new("10001").unwrap()))
    }

    pub fn group() -> Self {
        Self::of(VisitId::Conference(ConferenceId::new("C-1").unwrap()))
    }

    fn of(visit: VisitId) -> Self {
        let key = VisitKey { organization: OrganizationId::new("lakeside").unwrap(), visit };
        Self {
            visit: Visit::new(key, at(0)),
            policy: policy(),
            now: at(0),
            updates: Vec::new(),
            begun: Vec::new(),
            history: Vec::new(),
            forgotten: 0,
            commands: 0,
        }
    }

    /// The usual beginning: "ada" waits, "dr" has launched, and Zoom has answered everything.
    pub fn ready() -> Self {
        let mut story = Self::new();
        story.launch(patient_launch("ada"));
        story.at(5).launch(provider_launch("dr"));
        story.zoom_answers();
        story
    }

    /// The provider and "ada" are in the meeting, and both have left our pages.
    pub fn talking() -> Self {
        let mut story = Self::ready();
        story.at(12).take(Command::Departed { participant: ada() });
        story.facts([
            facts::fact(FactKind::Started, "U1", 12),
            facts::of(&facts::provider("dr", "p1"), FactKind::Joined, "U1", 12),
            facts::of(&facts::patient("ada", "g1"), FactKind::Joined, "U1", 20),
        ]);
        story
    }

    pub fn at(&mut self, second: i64) -> &mut Self {
        self.now = self.now.max(at(second));
        self
    }

    /// Lets a command happen now, and checks what holds after every command.
    pub fn take(&mut self, command: Command) -> &mut Self {
        self.commands += 1;
        let id = CommandId::new(format!("c{}", self.commands)).unwrap();
        self.take_entry(&Entry { id, at: self.now, command })
    }

    pub fn take_entry(&mut self, entry: &Entry) -> &mut Self {
        let decision = decide(&self.visit, entry, self.now, &self.policy);
        assert_eq!(
            decision.changed,
            decision.visit != self.visit || !decision.effects.is_empty(),
            "what is said to have changed did"
        );
        self.history.extend(lines(&self.visit, entry, self.now, &decision));
        self.visit = decision.visit;
        for effect in decision.effects {
            match effect {
                Effect::Notify(update) => self.updates.push(update),
                Effect::Begin(intent) => self.begun.push(intent),
                Effect::Forget => self.forgotten += 1,
            }
        }
        self
    }

    pub fn launch(&mut self, launch: Launch) -> LaunchOutcome {
        self.take(Command::Launch(launch));
        self.visit.launches.last().unwrap().outcome.clone()
    }

    pub fn fact(&mut self, fact: Fact) -> &mut Self {
        self.take(Command::Fact(fact))
    }

    pub fn facts(&mut self, facts: impl IntoIterator<Item = Fact>) -> &mut Self {
        for fact in facts {
            self.fact(fact);
        }
        self
    }

    pub fn tick(&mut self) -> &mut Self {
        self.take(Command::Tick)
    }

    pub fn close(&mut self, intent: &Intent, outcome: IntentOutcome) -> &mut Self {
        self.begun.retain(|begun| begun.id != intent.id);
        self.take(Command::IntentClosed { intent: intent.id, outcome })
    }

    pub fn presence(&self, key: &ParticipantKey) -> Presence {
        self.visit.participants[key].presence
    }

    /// The statuses decided for a person, in order.
    pub fn lights(&self, key: &ParticipantKey) -> Vec<bool> {
        self.updates
            .iter()
            .filter(|update| update.participant == *key)
            .filter_map(|update| match update.says {
                Says::Connected(connected) => Some(connected),
                Says::DeviceTest(_) => None,
            })
            .collect()
    }
}

pub fn ada() -> ParticipantKey {
    patient_key("ada")
}

pub fn dr() -> ParticipantKey {
    provider_key("dr")
}

pub fn patient_key(name: &str) -> ParticipantKey {
    ParticipantKey::new(Role::Patient, patient_reference(name))
}

pub fn provider_key(name: &str) -> ParticipantKey {
    ParticipantKey::new(Role::Provider, FhirReference::new(format!("Practitioner/{name}")).unwrap())
}

pub fn patient_reference(name: &str) -> FhirReference {
    FhirReference::new(format!("Patient/{name}")).unwrap()
}

pub fn patient_launch(name: &str) -> Launch {
    Launch {
        patient: Some(patient_reference(name)),
        ..launch(Role::Patient, patient_reference(name), &format!("WPR-{name}"))
    }
}

/// A RelatedPerson who comes for a patient.
pub fn proxy_launch(name: &str, patient: &str) -> Launch {
    let reference = FhirReference::new(format!("RelatedPerson/{name}")).unwrap();
    Launch {
        patient: Some(patient_reference(patient)),
        ..launch(Role::Proxy, reference, &format!("WPR-{name}"))
    }
}

pub fn provider_launch(name: &str) -> Launch {
    let reference = FhirReference::new(format!("Practitioner/{name}")).unwrap();
    Launch {
        email: Some(Phi::new(format!("{name}@lakeside.example"))),
        ..launch(Role::Provider, reference, &format!("EMP-{name}"))
    }
}

pub fn launch(role: Role, fhir_user: FhirReference, external_id: &str) -> Launch {
    Launch {
        role,
        fhir_user,
        patient: None,
        external_id: Some(ExternalId::new(external_id).unwrap()),
        external_id_type: None,
        csn: Some(Csn::new("10001").unwrap()),
        display_name: Phi::new("Somebody"),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        booking: None,
    }
}
