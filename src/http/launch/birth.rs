//! When the patient of a launch was born: asked for only where guests are asked for it, told to the visit, and nowhere else.

use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::id::{FhirReference, VisitKey};
use vestibule_domain::visit::participant::Role;

use super::arrival::Arrival;
use super::reads::Reads;
use crate::epic::Context;
use crate::epic::fhir::{FhirId, Patient, Resource};
use crate::http::person::note_store_trouble;
use crate::settings::GuestBirthDate;

impl Reads<'_> {
    /// What the CONTEXT line says; where it says nothing that can be read, what FHIR says of the patient.
    pub(super) async fn birth_date(
        &self,
        launch: &Launch,
        context: &Context,
        rules: GuestBirthDate,
    ) -> Option<BirthDate> {
        if !rules.check {
            return None;
        }
        let said = context.birth_date.as_ref();
        if let Some(said) = said {
            match BirthDate::read(said.reveal(), rules.context_order) {
                Ok(date) => return Some(date),
                Err(error) => {
                    tracing::warn!(%error, "what CONTEXT brings as birth date; see guest_birth_date.context_order");
                }
            }
        }
        let id = FhirId::of(Patient::KIND, patient_of(launch)?)?;
        self.read::<Patient>(&id).await.ok().and_then(|(patient, _)| patient.birth_date)
    }
}

fn patient_of(launch: &Launch) -> Option<&FhirReference> {
    launch.patient.as_ref().or_else(|| (launch.role == Role::Patient).then_some(&launch.fhir_user))
}

/// What tells a visit of it. Whether the patient is the visit's own, the visit judges.
pub(in crate::http) fn birth_date_of(launch: &Launch, date: BirthDate) -> Command {
    Command::BirthDateLearned { csn: launch.csn.clone(), patient: patient_of(launch).cloned(), date }
}

impl Arrival<'_> {
    /// A launch does not need it, and goes on where it cannot be told.
    pub(super) async fn tell_birth_date(&self, visit: &VisitKey, launch: &Launch, date: BirthDate) {
        if let Err(error) = self.app.desk.submit(visit, birth_date_of(launch, date)).await {
            note_store_trouble(self.app, self.door, &error);
        }
    }
}
