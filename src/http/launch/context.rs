//! What a launch is about: the kinds of launches, and the launch command that follows from Epic's answer.

use serde::{Deserialize, Serialize};
use vestibule_domain::command::Launch;
use vestibule_domain::id::{Csn, ExternalId, ExternalIdType, OrganizationId, VisitId, VisitKey};
use vestibule_domain::name::Phi;
use vestibule_domain::visit::participant::Role;

use crate::epic::{Context, FhirUser, TokenAnswer, UserKind};
use crate::settings::PatientDisplayName;
use crate::web::Reason;

/// The launches that this release serves; an FDI record's URL ends in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchKind {
    Provider,
    Patient,
}

/// Kinds that FDI records may already name and that this release does not serve.
const RESERVED: [&str; 5] = ["group-provider", "group-patient", "guest", "device-test", "visit-tools"];

impl LaunchKind {
    /// The kind by its segment in the URL.
    ///
    /// # Errors
    /// [`Reason::LaunchNotServed`] for one that is reserved for a later release, [`Reason::NotFound`] for any other.
    pub fn parse(segment: &str) -> Result<Self, Reason> {
        match segment {
            "provider" => Ok(Self::Provider),
            "patient" => Ok(Self::Patient),
            reserved if RESERVED.contains(&reserved) => Err(Reason::LaunchNotServed),
            _ => Err(Reason::NotFound),
        }
    }

    /// How the metrics name a segment, whatever it is.
    pub(super) fn label(segment: &str) -> &'static str {
        let reserved = RESERVED.into_iter().find(|kind| *kind == segment);
        Self::parse(segment).map_or(reserved.unwrap_or("unknown"), Self::segment)
    }

    /// The segment in the URL.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Patient => "patient",
        }
    }

    /// The role that follows from the kind *and* from who Epic says the person is; a mismatch is refused.
    fn role(self, user: UserKind) -> Result<Role, Reason> {
        match (self, user) {
            (Self::Provider, UserKind::Practitioner) => Ok(Role::Provider),
            (Self::Patient, UserKind::Patient) => Ok(Role::Patient),
            (Self::Patient, UserKind::RelatedPerson) => Ok(Role::Proxy),
            _ => Err(Reason::RoleMismatch),
        }
    }
}

/// The visit and the launch that follow from Epic's answer.
pub(super) fn understand(
    organization: &OrganizationId,
    kind: LaunchKind,
    user: &FhirUser,
    answer: &TokenAnswer,
    names: PatientDisplayName,
) -> Result<(VisitKey, Launch), Reason> {
    let role = kind.role(user.kind)?;
    let context = &answer.context;
    let csn = context.csn.as_deref().and_then(|csn| Csn::new(csn).ok()).ok_or(Reason::MissingVisitContext)?;
    let patient = answer.patient.clone();
    if role == Role::Proxy && patient.is_none() {
        return Err(Reason::MissingVisitContext);
    }
    let phi = |text: &Option<Phi>| text.clone().filter(|text| !text.reveal().trim().is_empty());
    let launch = Launch {
        role,
        fhir_user: user.reference.clone(),
        patient,
        external_id: context.external_id.as_deref().and_then(|id| ExternalId::new(id).ok()),
        external_id_type: context.external_id_type.as_deref().and_then(|kind| ExternalIdType::new(kind).ok()),
        csn: Some(csn.clone()),
        display_name: display_name(role, context, names),
        email: phi(&context.email),
        first_name: phi(&context.first_name),
        last_name: phi(&context.last_name),
    };
    Ok((VisitKey { organization: organization.clone(), visit: VisitId::Csn(csn) }, launch))
}

/// What the provider sees in Zoom: by default no name at all.
fn display_name(role: Role, context: &Context, names: PatientDisplayName) -> Phi {
    let first = context.first_name.as_ref().map(|name| name.reveal().trim()).filter(|name| !name.is_empty());
    let last = context.last_name.as_ref().map(|name| name.reveal().trim()).filter(|name| !name.is_empty());
    let by_role = match role {
        Role::Provider => "Provider",
        Role::Patient => "Patient",
        Role::Proxy => "Family member",
        Role::Guest => "Guest",
        Role::Unidentified => "Participant",
    };
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
    Phi::new(shown.unwrap_or_else(|| by_role.to_owned()))
}
