//! What a launch is about: the kinds of launches, and the launch command that follows from Epic's answer.

use serde::{Deserialize, Serialize};
use vestibule_domain::command::Launch;
use vestibule_domain::id::{
    ConferenceId, Csn, ExternalId, ExternalIdType, OrganizationId, VisitId, VisitKey,
};
use vestibule_domain::name::Phi;
use vestibule_domain::visit::participant::Role;

use crate::epic::{FhirUser, TokenAnswer, UserKind};
use crate::settings::{Organization, PatientDisplayName};
use crate::web::Reason;

/// The launches of visits; an FDI record's URL ends in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchKind {
    Provider,
    Patient,
    GroupProvider,
    GroupPatient,
    /// The provider's page beside the call: makes nobody a participant.
    VisitTools,
    /// The patient's side tries camera and microphone before the visit: makes nobody a participant.
    DeviceTest,
}

impl LaunchKind {
    const ALL: [Self; 6] = [
        Self::Provider,
        Self::Patient,
        Self::GroupProvider,
        Self::GroupPatient,
        Self::VisitTools,
        Self::DeviceTest,
    ];

    /// The kind by its segment in the URL.
    ///
    /// # Errors
    /// [`Reason::NotFound`] for any other segment.
    pub fn parse(segment: &str) -> Result<Self, Reason> {
        Self::ALL.into_iter().find(|kind| kind.segment() == segment).ok_or(Reason::NotFound)
    }

    /// How the metrics name a segment, whatever it is.
    pub(super) fn label(segment: &str) -> &'static str {
        Self::parse(segment).map_or("unknown", Self::segment)
    }

    /// Whether an organization serves it.
    ///
    /// # Errors
    /// [`Reason::NoDeviceTest`] where there is no page to test at.
    pub(in crate::http) fn served_by(self, organization: &Organization) -> Result<(), Reason> {
        match self {
            Self::DeviceTest if organization.device_test.is_none() => Err(Reason::NoDeviceTest),
            _ => Ok(()),
        }
    }

    /// The segment in the URL.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Patient => "patient",
            Self::GroupProvider => "group-provider",
            Self::GroupPatient => "group-patient",
            Self::VisitTools => "visit-tools",
            Self::DeviceTest => "device-test",
        }
    }

    /// Whether the visit is that of a conference, in which each patient has a CSN of their own. The kind alone says so: Epic may
    /// give a conference id to any visit.
    fn is_group(self) -> bool {
        matches!(self, Self::GroupProvider | Self::GroupPatient)
    }

    pub(super) fn is_providers(self) -> bool {
        matches!(self, Self::Provider | Self::GroupProvider | Self::VisitTools)
    }

    /// The role that follows from the kind *and* from who Epic says the person is; a mismatch is refused.
    fn role(self, user: UserKind) -> Result<Role, Reason> {
        match (self.is_providers(), user) {
            (true, UserKind::Practitioner) => Ok(Role::Provider),
            (false, UserKind::Patient) => Ok(Role::Patient),
            (false, UserKind::RelatedPerson) => Ok(Role::Proxy),
            _ => Err(Reason::RoleMismatch),
        }
    }
}

/// What Epic's answer is about.
pub(in crate::http) struct Understood {
    pub(in crate::http) visit: VisitKey,
    pub(in crate::http) launch: Launch,
    /// The visit of the conference that Epic named, whichever kind of visit the launch is for.
    pub(in crate::http) group: Option<VisitKey>,
}

impl Understood {
    /// As where the CONTEXT line has `%CSN%` in the place of `%CONFERENCEID%`: then everybody of the group meets alone.
    pub(super) fn is_of_a_group_named_like_the_csn(&self) -> bool {
        let VisitId::Conference(conference) = &self.visit.visit else { return false };
        self.launch.csn.as_ref().is_some_and(|csn| csn.as_str() == conference.as_str())
    }
}

/// The visit and the launch that follow from Epic's answer.
pub(super) fn understand(
    organization: &OrganizationId,
    kind: LaunchKind,
    user: &FhirUser,
    answer: &TokenAnswer,
    names: PatientDisplayName,
) -> Result<Understood, Reason> {
    let role = kind.role(user.kind)?;
    let context = &answer.context;
    let csn = context.csn.as_deref().and_then(|csn| Csn::new(csn).ok());
    let conference = context.conference_id.as_deref().and_then(|id| ConferenceId::new(id).ok());
    let key = |visit| VisitKey { organization: organization.clone(), visit };
    let group = conference.map(VisitId::Conference);
    let visit = visit_of(kind, group.as_ref(), csn.as_ref()).ok_or(Reason::MissingVisitContext)?;
    let patient = answer.patient.clone();
    if role == Role::Proxy && patient.is_none() {
        return Err(Reason::MissingVisitContext);
    }
    // In a group everybody sees everybody's name.
    let names = if kind.is_group() && role.is_patient_side() { PatientDisplayName::Role } else { names };
    let phi = |text: &Option<Phi>| text.clone().filter(|text| !text.reveal().trim().is_empty());
    let launch = Launch {
        role,
        fhir_user: user.reference.clone(),
        patient,
        external_id: context.external_id.as_deref().and_then(|id| ExternalId::new(id).ok()),
        external_id_type: context.external_id_type.as_deref().and_then(|kind| ExternalIdType::new(kind).ok()),
        csn,
        display_name: display_name(role, context.first_name.as_ref(), context.last_name.as_ref(), names),
        email: phi(&context.email),
        first_name: phi(&context.first_name),
        last_name: phi(&context.last_name),
        npi: None,
        booking: None,
    };
    Ok(Understood { visit: key(visit), launch, group: group.map(key) })
}

/// A group's patients each come with the CSN of their own appointment, which Epic is told under; its providers may come with none.
fn visit_of(kind: LaunchKind, group: Option<&VisitId>, csn: Option<&Csn>) -> Option<VisitId> {
    if !kind.is_group() {
        // One record of the tools, and one of device tests, serves both kinds of visits.
        let both = matches!(kind, LaunchKind::VisitTools | LaunchKind::DeviceTest);
        let of_group = group.filter(|_| both).cloned();
        return csn.cloned().map(VisitId::Csn).or(of_group);
    }
    group.filter(|_| csn.is_some() || kind.is_providers()).cloned()
}

/// What the provider sees in Zoom: by default no name at all.
pub(super) fn display_name(
    role: Role,
    first: Option<&Phi>,
    last: Option<&Phi>,
    names: PatientDisplayName,
) -> Phi {
    let [first, last] =
        [first, last].map(|name| name.map(|name| name.reveal().trim()).filter(|name| !name.is_empty()));
    let initial = |name: &str| name.chars().next().map(|c| format!("{}.", c.to_uppercase()));
    let shown = match names {
        PatientDisplayName::Role => None,
        PatientDisplayName::FirstName => first.map(str::to_owned),
        PatientDisplayName::FullName => {
            let full = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!full.is_empty()).then_some(full)
        }
        PatientDisplayName::Initials => {
            let initials: Vec<String> = [first, last].into_iter().flatten().filter_map(initial).collect();
            (!initials.is_empty()).then(|| initials.join(" "))
        }
    };
    Phi::new(shown.unwrap_or_else(|| role.plain_name().to_owned()))
}
