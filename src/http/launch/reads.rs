//! What a launch does not say by itself and Epic's FHIR server does: asked for within one short wait. Nothing of it is ever needed,
//! so that every failure means going on with less.

use tokio::time::Instant;
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{Npi, OrganizationId};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::Role;

use crate::epic::fhir::{FhirId, FhirName, Patient, Practitioner, RelatedPerson, Resource, Unread};
use crate::epic::{Context, EpicClient};
use crate::http::app::App;
use crate::settings::{Organization, PatientDisplayName};
use crate::web::Reason;

/// The reads of one launch.
pub(super) struct Reads<'a> {
    app: &'a App,
    epic: &'a EpicClient,
    organization: &'a OrganizationId,
    deadline: Instant,
}

/// What FHIR says of the person who launched, where the launch does not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    name: FhirName,
    email: Option<Phi>,
    pub(super) npi: Option<Npi>,
}

impl Found {
    /// Puts in what is missing; what the launch says itself stands.
    pub(super) fn complete(&self, context: &mut Context) {
        let found = [
            (&mut context.first_name, &self.name.first),
            (&mut context.last_name, &self.name.last),
            (&mut context.email, &self.email),
        ];
        for (own, found) in found {
            *own = own.take().or_else(|| found.clone());
        }
    }
}

impl<'a> Reads<'a> {
    /// The wait begins now.
    pub(super) fn of(
        app: &'a App,
        epic: &'a EpicClient,
        id: &'a OrganizationId,
        organization: &Organization,
    ) -> Self {
        Self { app, epic, organization: id, deadline: instant() + organization.epic.fhir_reads.wait }
    }

    /// Who launched, as far as it is needed and not said.
    ///
    /// # Errors
    /// [`Reason::OtherPatient`] where Epic ties a proxy to another patient than the launch names.
    pub(super) async fn person(
        &self,
        launch: &Launch,
        context: &Context,
        names: PatientDisplayName,
    ) -> Result<Found, Reason> {
        match launch.role {
            Role::Provider if lacks_something_of_a_provider(context) => {
                let found = self.read_user::<Practitioner>(launch).await;
                Ok(found.map_or_else(Found::default, |it| Found {
                    name: it.name,
                    email: it.email,
                    npi: it.npi,
                }))
            }
            Role::Patient if lacks_a_name(context, names) => {
                let found = self.read_user::<Patient>(launch).await;
                Ok(found.map_or_else(Found::default, |it| Found { name: it.name, ..Found::default() }))
            }
            Role::Proxy => {
                let Some(found) = self.read_user::<RelatedPerson>(launch).await else {
                    return Ok(Found::default());
                };
                if found.patient.is_some() && found.patient != launch.patient {
                    self.count(RelatedPerson::KIND, "contradictory");
                    return Err(Reason::OtherPatient);
                }
                let name = if lacks_a_name(context, names) { found.name } else { FhirName::default() };
                Ok(Found { name, ..Found::default() })
            }
            _ => Ok(Found::default()),
        }
    }

    async fn read_user<R: Resource>(&self, launch: &Launch) -> Option<R> {
        self.read(&FhirId::of(R::KIND, &launch.fhir_user)?).await.ok().map(|(resource, _)| resource)
    }

    /// A resource, and as of when; counted.
    pub(super) async fn read<R: Resource>(&self, id: &FhirId) -> Result<(R, Moment), Unread> {
        let read = self.epic.read::<R>(self.organization, id, self.deadline).await;
        let reached = self.epic.read_limits_reached(self.organization);
        self.app.metrics.refused_times("fhir_keep", reached.kept);
        self.app.metrics.refused_times("fhir_concurrent", reached.concurrent);
        self.count(R::KIND, read.as_ref().map_or_else(|unread| unread.code(), |_| "read"));
        read.inspect_err(
            |why| tracing::debug!(resource = R::KIND, %why, "a launch goes on without a resource"),
        )
    }

    pub(super) fn count(&self, resource: &'static str, outcome: &'static str) {
        self.app.metrics.fhir_read(self.organization, resource, outcome);
    }
}

/// A provider's Zoom user is found by e-mail and made with both names.
fn lacks_something_of_a_provider(context: &Context) -> bool {
    context.email.is_none() || context.first_name.is_none() || context.last_name.is_none()
}

/// Whether the organization shows a name to providers, and the launch brings none that it could show.
fn lacks_a_name(context: &Context, names: PatientDisplayName) -> bool {
    match names {
        PatientDisplayName::Role => false,
        PatientDisplayName::FirstName => context.first_name.is_none(),
        PatientDisplayName::Initials | PatientDisplayName::FullName => {
            context.first_name.is_none() && context.last_name.is_none()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phi(text: &str) -> Option<Phi> {
        Some(Phi::new(text))
    }

    #[test]
    fn what_a_launch_says_itself_stands() {
        let mut context = Context { first_name: phi("Ada"), ..Context::default() };
        let name = FhirName { first: phi("Adelaide"), last: phi("Hansen"), shown: None };
        Found { name, email: phi("ada@example.org"), npi: None }.complete(&mut context);
        let expected = Context {
            first_name: phi("Ada"),
            last_name: phi("Hansen"),
            email: phi("ada@example.org"),
            ..Context::default()
        };
        assert_eq!(context, expected);
    }

    #[test]
    fn only_what_would_be_shown_is_lacking() {
        use PatientDisplayName::{FirstName, FullName, Initials, Role};
        let nameless = Context::default();
        let first = Context { first_name: phi("Ada"), ..Context::default() };
        let last = Context { last_name: phi("Hansen"), ..Context::default() };
        for (names, context, lacks) in [
            (Role, &nameless, false),
            (FirstName, &nameless, true),
            (FirstName, &first, false),
            (FirstName, &last, true),
            (Initials, &nameless, true),
            (Initials, &last, false),
            (FullName, &nameless, true),
            (FullName, &first, false),
        ] {
            assert_eq!(lacks_a_name(context, names), lacks, "{names:?} {context:?}");
        }
    }
}
