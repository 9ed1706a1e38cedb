//! The visits of a run and the people who take part in them, as the seed has them.

use std::time::Duration;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{ConferenceId, Csn, ExternalId, FhirReference, VisitId, VisitKey};
use vestibule_domain::name::Phi;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use crate::chance::Chance;
use crate::scenario::OrganizationPlan;

/// A visit.
#[derive(Clone, Debug)]
pub struct VisitPlan {
    /// Its key.
    pub key: VisitKey,
    /// Who takes part; providers first.
    pub people: Vec<PersonPlan>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub struct PersonPlan {
    /// The visit's place in the plan.
    pub visit: usize,
    /// The launch that Epic makes of them.
    pub launch: Launch,
    /// When they come first.
    pub comes: Duration,
    /// So often they come altogether.
    pub times: u64,
    /// They have a second device, and sometimes come by both.
    pub second_device: bool,
    /// They try to take part in a visit that is another patient's.
    pub foreign: bool,
    /// Who leads the encounter; not every encounter provider comes.
    pub leader: FhirReference,
}

impl PersonPlan {
    /// Their key in the visit.
    #[must_use]
    pub fn key(&self) -> ParticipantKey {
        ParticipantKey::new(self.launch.role, self.launch.fhir_user.clone())
    }

    /// Whether they are a provider.
    #[must_use]
    pub fn is_provider(&self) -> bool {
        self.launch.role == Role::Provider
    }
}

/// Plans some visits. Most people come early in the time of trouble, so that it finds them in every place.
pub fn plan_visits(
    organizations: &[OrganizationPlan],
    trouble: Duration,
    chance: &mut Chance,
) -> Vec<VisitPlan> {
    let count = 2 + chance.index(5);
    let visits = (0..count).filter_map(|visit| {
        let organization = chance.pick(organizations)?;
        let group = chance.percent(20);
        let id = if group {
            VisitId::Conference(ConferenceId::new(format!("g{}", chance.below(1_000_000))).expect("graphic"))
        } else {
            VisitId::Csn(Csn::new(format!("{}", 10_000 + chance.below(90_000))).expect("graphic"))
        };
        let key = VisitKey { organization: organization.id.clone(), visit: id };
        Some(VisitPlan { people: people(visit, &key, trouble, chance), key })
    });
    // Two visits of one key would be one.
    let mut planned: Vec<VisitPlan> = Vec::new();
    for plan in visits {
        if !planned.iter().any(|other| other.key == plan.key) {
            planned.push(plan);
        }
    }
    planned
}

fn people(visit: usize, key: &VisitKey, trouble: Duration, chance: &mut Chance) -> Vec<PersonPlan> {
    let leader = format!("Practitioner/v{visit}d{}", chance.below(2));
    let leader = FhirReference::new(leader).expect("graphic");
    let most = u64::try_from(trouble.as_millis()).unwrap_or(u64::MAX) / 2;
    let mut people = Vec::new();
    let mut come = |launch: Launch, foreign: bool, chance: &mut Chance| {
        people.push(PersonPlan {
            visit,
            launch,
            comes: chance.millis(0, most),
            times: 1 + chance.below(3),
            second_device: chance.percent(20),
            foreign,
            leader: leader.clone(),
        });
    };
    let csn = |patient: u64| match &key.visit {
        VisitId::Csn(csn) => csn.clone(),
        VisitId::Conference(id) => Csn::new(format!("{id}-{patient}")).expect("graphic"),
    };
    for provider in 0..1 + u64::from(chance.percent(30)) {
        come(launch(Role::Provider, &format!("v{visit}d{provider}"), None, csn(0), key), false, chance);
    }
    let patients = if matches!(key.visit, VisitId::Conference(_)) { 2 + chance.below(2) } else { 1 };
    for patient in 0..patients {
        let name = format!("v{visit}p{patient}");
        come(launch(Role::Patient, &name, Some(&name), csn(patient), key), false, chance);
        if chance.percent(25) {
            come(launch(Role::Proxy, &format!("{name}r"), Some(&name), csn(patient), key), false, chance);
        }
    }
    if chance.percent(10) {
        let stranger = format!("v{visit}x");
        come(launch(Role::Patient, &stranger, Some(&stranger), csn(0), key), true, chance);
    }
    people
}

fn launch(role: Role, name: &str, patient: Option<&str>, csn: Csn, key: &VisitKey) -> Launch {
    let kind = match role {
        Role::Provider => "Practitioner",
        Role::Patient => "Patient",
        _ => "RelatedPerson",
    };
    let reference = |text: String| FhirReference::new(text).expect("graphic");
    Launch {
        role,
        fhir_user: reference(format!("{kind}/{name}")),
        patient: patient.map(|patient| reference(format!("Patient/{patient}"))),
        external_id: Some(ExternalId::new(format!("E{name}")).expect("graphic")),
        external_id_type: None,
        csn: (role != Role::Provider || matches!(key.visit, VisitId::Csn(_))).then_some(csn),
        display_name: Phi::new(role.as_str()),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        booking: None,
    }
}
