//! What Epic says of the appointment behind a launch: who leads it, when it is, and whether it was called off.

use futures_util::future::join;
use vestibule_domain::command::Launch;
use vestibule_domain::id::FhirReference;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::booking::{BookingRead, EncounterProvider};

use super::reads::Reads;
use crate::epic::TokenAnswer;
use crate::epic::fhir::{Appointment, Encounter, FhirId, Practitioner, Resource};

/// What was read, with the time that the launch itself says; what FHIR says goes before that.
pub(super) fn with_time(
    read: Option<BookingRead>,
    starts: Option<Moment>,
    now: Moment,
) -> Option<BookingRead> {
    match read {
        Some(read) => Some(BookingRead { starts: read.starts.or(starts), ..read }),
        None => starts.map(|_| BookingRead { at: now, starts, ..BookingRead::default() }),
    }
}

/// What came of one read about the visit.
enum Read<R> {
    /// As of then.
    Found(R, Moment),
    /// The launch does not say where it is.
    NotNamed,
    /// It is not to be had, or is about something else.
    Refused,
    /// It may be had another time.
    Unknown,
}

impl<R> Read<R> {
    fn found(&self) -> Option<&R> {
        match self {
            Self::Found(resource, _) => Some(resource),
            Self::NotNamed | Self::Refused | Self::Unknown => None,
        }
    }

    fn at(&self) -> Option<Moment> {
        match self {
            Self::Found(_, at) => Some(*at),
            Self::NotNamed | Self::Refused | Self::Unknown => None,
        }
    }
}

impl Reads<'_> {
    /// As far as the launch names it and Epic lets us read it.
    pub(super) async fn booking(&self, launch: &Launch, answer: &TokenAnswer) -> Option<BookingRead> {
        let (encounter, appointment) = join(
            self.of_visit::<Encounter>(answer.encounter.as_ref(), launch),
            self.of_visit::<Appointment>(answer.appointment.as_ref(), launch),
        )
        .await;
        let appointment = match (appointment, encounter.found()) {
            (Read::NotNamed, Some(encounter)) => self.of_visit(encounter.appointment.as_ref(), launch).await,
            (appointment, _) => appointment,
        };
        let mut booking = judge(&encounter, &appointment)?;
        if let Some(provider) = booking.provider.as_mut().filter(|provider| provider.name.is_none())
            && let Some(id) = FhirId::of(Practitioner::KIND, &provider.fhir_user)
        {
            provider.name = self.read::<Practitioner>(&id).await.ok().and_then(|(it, _)| it.name.shown);
        }
        Some(booking)
    }

    async fn of_visit<R: OfVisit>(&self, id: Option<&FhirId>, launch: &Launch) -> Read<R> {
        let Some(id) = id else { return Read::NotNamed };
        match self.read::<R>(id).await {
            Ok((resource, _)) if !resource.may_be_of(launch) => {
                self.count(R::KIND, "contradictory");
                Read::Refused
            }
            Ok((resource, at)) => Read::Found(resource, at),
            Err(unread) if unread.is_settled() => Read::Refused,
            Err(_) => Read::Unknown,
        }
    }
}

/// What both together say, as of the earlier. The appointment is what is called off: where it may still say so, an encounter alone does
/// not say that it stands.
fn judge(encounter: &Read<Encounter>, appointment: &Read<Appointment>) -> Option<BookingRead> {
    let at = encounter.at().into_iter().chain(appointment.at()).min()?;
    let still_open = matches!(appointment, Read::Unknown);
    let (encounter, appointment) = (encounter.found(), appointment.found());
    let called_off = encounter.is_some_and(|it| it.called_off) || appointment.is_some_and(|it| it.called_off);
    let leader = encounter.and_then(|it| it.leader.as_ref());
    let leader = leader.or_else(|| appointment?.leader.as_ref()).cloned();
    Some(BookingRead {
        at,
        provider: leader.map(|it| EncounterProvider { fhir_user: it.practitioner, name: it.name }),
        called_off: (called_off || !still_open).then_some(called_off),
        starts: appointment.and_then(|it| it.starts),
    })
}

/// A resource about one visit. An EHR's context may hold another encounter than the one that was launched.
trait OfVisit: Resource {
    fn subject(&self) -> Option<&FhirReference>;
    fn csns(&self) -> &[String];

    /// Whether nothing that it says is about another patient or another contact.
    fn may_be_of(&self, launch: &Launch) -> bool {
        let of_patient = self.subject().zip(launch.patient.as_ref()).is_none_or(|(its, own)| its == own);
        let is_own = |own: &str| self.csns().is_empty() || self.csns().iter().any(|csn| csn == own);
        of_patient && launch.csn.as_ref().is_none_or(|own| is_own(own.as_str()))
    }
}

impl OfVisit for Encounter {
    fn subject(&self) -> Option<&FhirReference> {
        self.subject.as_ref()
    }

    fn csns(&self) -> &[String] {
        &self.csns
    }
}

impl OfVisit for Appointment {
    fn subject(&self) -> Option<&FhirReference> {
        self.subject.as_ref()
    }

    fn csns(&self) -> &[String] {
        &self.csns
    }
}

#[cfg(test)]
mod tests {
    use vestibule_domain::id::Csn;
    use vestibule_domain::name::Phi;
    use vestibule_domain::time::Span;
    use vestibule_domain::visit::participant::Role;

    use super::*;
    use crate::epic::fhir::Leader;

    const NOW: Moment = Moment(1_795_453_200_000);

    fn encounter(called_off: bool) -> Read<Encounter> {
        Read::Found(Encounter { called_off, ..Encounter::default() }, NOW)
    }

    fn appointment(called_off: bool) -> Read<Appointment> {
        Read::Found(Appointment { called_off, ..Appointment::default() }, NOW + Span(1))
    }

    // Each row: what came of the encounter and of the appointment, and whether that calls the visit off.
    #[test]
    fn a_visit_is_called_off_by_either_and_stands_only_where_nothing_is_open() {
        for (encounter, appointment, expected) in [
            (encounter(false), appointment(false), Some(false)),
            (encounter(true), appointment(false), Some(true)),
            (encounter(false), appointment(true), Some(true)),
            (encounter(true), Read::Unknown, Some(true)),
            (encounter(false), Read::Unknown, None),
            (encounter(false), Read::Refused, Some(false)),
            (encounter(false), Read::NotNamed, Some(false)),
            (Read::Unknown, appointment(false), Some(false)),
            (Read::Refused, appointment(true), Some(true)),
        ] {
            assert_eq!(judge(&encounter, &appointment).unwrap().called_off, expected);
        }
        assert_eq!(judge(&encounter(false), &appointment(false)).unwrap().at, NOW, "as of the earlier");
        assert_eq!(judge(&Read::Refused, &Read::Unknown), None, "nothing was read");
        assert_eq!(judge(&Read::NotNamed, &Read::NotNamed), None);
    }

    #[test]
    fn the_time_that_a_launch_says_stands_where_none_was_read() {
        let (said, later) = (Some(NOW), NOW + Span(5));
        let read =
            |starts| Some(BookingRead { at: NOW, called_off: Some(false), starts, ..BookingRead::default() });
        for (booking, starts, expected) in [
            (None, None, None),
            (None, said, Some((later, None, said))),
            (read(None), said, Some((NOW, Some(false), said))),
            (read(Some(later)), said, Some((NOW, Some(false), Some(later)))),
            (read(None), None, Some((NOW, Some(false), None))),
        ] {
            let got = with_time(booking, starts, later);
            assert_eq!(got.map(|read| (read.at, read.called_off, read.starts)), expected);
        }
    }

    #[test]
    fn the_encounter_says_who_leads_and_else_the_appointment() {
        let leader = |id: &str| {
            let practitioner = FhirReference::new(format!("Practitioner/{id}")).unwrap();
            Some(Leader { practitioner, name: None })
        };
        let of = |id| Read::Found(Encounter { leader: id, ..Encounter::default() }, NOW);
        let booked = Appointment { leader: leader("a"), starts: Some(NOW), ..Appointment::default() };
        let booked = Read::Found(booked, NOW);
        for (encounter, expected) in [(of(leader("e")), "e"), (of(None), "a"), (Read::Refused, "a")] {
            let read = judge(&encounter, &booked).unwrap();
            assert_eq!(read.provider.unwrap().fhir_user.as_str(), format!("Practitioner/{expected}"));
            assert_eq!(read.starts, Some(NOW));
        }
        assert_eq!(judge(&of(None), &Read::Refused).unwrap().provider, None);
    }

    #[test]
    fn what_is_about_another_patient_or_contact_is_not_about_this_visit() {
        let patient = |id: Option<&str>| id.and_then(|id| FhirReference::new(format!("Patient/{id}")).ok());
        let of = |subject, csns: &[&str]| {
            let csns = csns.iter().map(|csn| (*csn).to_owned()).collect();
            Encounter { subject: patient(subject), csns, ..Encounter::default() }
        };
        let launch = |about| Launch {
            role: Role::Provider,
            fhir_user: FhirReference::new("Practitioner/e").unwrap(),
            patient: patient(about),
            external_id: None,
            external_id_type: None,
            csn: Csn::new("10001").ok(),
            display_name: Phi::new("Provider"),
            email: None,
            first_name: None,
            last_name: None,
            npi: None,
            booking: None,
        };
        for (subject, csns, about, expected) in [
            (None, vec![], Some("a"), true),
            (Some("a"), vec![], Some("a"), true),
            (Some("a"), vec!["10001"], None, true),
            (Some("a"), vec!["9", "10001"], Some("a"), true),
            (Some("b"), vec!["10001"], Some("a"), false),
            (Some("a"), vec!["10002"], Some("a"), false),
        ] {
            assert_eq!(of(subject, &csns).may_be_of(&launch(about)), expected, "{subject:?} {csns:?}");
        }
    }
}
