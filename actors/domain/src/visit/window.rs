//! When people may come to an appointment whose time is known, and who has not come.
//!
//! The patient's side comes from some time before the appointment on, and not for the first time long after it. Once a provider is there,
//! or the visit has begun, everybody may come. Without a time, as for visits that nobody booked, there is no window.

use super::Visit;
use super::decide::Deciding;
use super::launch::{LaunchRefusal, binding_by};
use super::participant::{ParticipantKey, Role};
use crate::command::Launch;
use crate::id::Csn;
use crate::intent::ProblemCode;
use crate::policy::Policy;
use crate::time::Moment;

/// When the patient's side may come for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From then on.
    pub opens: Moment,
    /// Not after that.
    pub closes: Moment,
}

impl Visit {
    /// When an appointment begins: in a group each patient's own, else the one that there is.
    #[must_use]
    pub fn starts(&self, csn: Option<&Csn>) -> Option<Moment> {
        self.bookings.get(&binding_by(self, csn))?.starts
    }

    /// The window of an appointment whose time is known.
    #[must_use]
    pub fn window(&self, csn: Option<&Csn>, policy: &Policy) -> Option<Window> {
        let starts = self.starts(csn)?;
        Some(Window { opens: starts - policy.early, closes: starts + policy.late })
    }

    /// Whether the meeting has ever run, as far as is known.
    pub(super) fn has_begun(&self, policy: &Policy) -> bool {
        self.lived || self.course(policy).newest.is_some()
    }

    /// Until when a visit that has ended may be opened again.
    #[must_use]
    pub fn reopens_until(&self, policy: &Policy) -> Option<Moment> {
        let course = self.course(policy);
        course.last_end.filter(|_| !self.is_live(policy)).map(|end| end + policy.reopen)
    }

    /// By when a side that has not come should have, while the other has: as long after the appointment as a patient may be late, or
    /// where its time is not known, after the other came.
    #[must_use]
    pub fn expected_sides(&self, policy: &Policy) -> Option<(ProblemCode, Moment)> {
        if self.called_off().is_some() || self.has_begun(policy) && self.provider_launched.is_none() {
            return None;
        }
        let came = |patients: bool| {
            let side =
                self.participants.iter().filter(move |(key, _)| key.role().is_patient_side() == patients);
            side.map(|(_, person)| person.launched_at).min()
        };
        let starts = self.bookings.values().filter_map(|booking| booking.starts).max();
        let (code, from) = match (came(false), came(true)) {
            (None, Some(patient)) => (ProblemCode::ProviderNotCome, starts.unwrap_or(patient)),
            // A provider who opens the visit late gives the patient as much time.
            (Some(provider), None) if !self.has_company(policy) => {
                (ProblemCode::PatientNotCome, starts.map_or(provider, |starts| starts.max(provider)))
            }
            _ => return None,
        };
        Some((code, from + policy.late))
    }

    /// Whether anybody but providers was in the meeting, such as a patient by telephone.
    fn has_company(&self, policy: &Policy) -> bool {
        let sessions = self.course(policy).newest.map(|(_, instance)| instance.presences());
        sessions
            .unwrap_or_default()
            .iter()
            .any(|s| self.whose(s).is_none_or(|key| key.role() != Role::Provider))
    }
}

impl Deciding<'_> {
    /// Whether somebody comes within the window, or may come outside of it.
    pub(super) fn comes_in_time(&self, launch: &Launch, at: Moment) -> Result<(), LaunchRefusal> {
        let (visit, policy) = (&self.visit, self.policy);
        let provider_there = visit.provider_launched.is_some_and(|launched| at < launched + policy.reopen);
        if !launch.role.is_patient_side() || provider_there || visit.has_begun(policy) {
            return Ok(());
        }
        let Some(Window { opens, closes }) = visit.window(launch.csn.as_ref(), policy) else { return Ok(()) };
        // Whoever was in time may come back as long as they wait for a provider who is late.
        let was_in_time =
            || visit.participants.contains_key(&ParticipantKey::new(launch.role, launch.fhir_user.clone()));
        if at < opens {
            Err(LaunchRefusal::TooEarly)
        } else if at > closes && !was_in_time() {
            Err(LaunchRefusal::TooLate)
        } else {
            Ok(())
        }
    }
}
