//! The resources, as far as they are needed. Everything in them may be absent.

use serde_json::Value;
use vestibule_domain::birth_date::{BirthDate, DateOrder};
use vestibule_domain::id::{FhirReference, Npi};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Moment;

use super::cache::Cache;
use super::elements::{self, FhirId, FhirName, Leader};
use super::{Reads, Resource};
use crate::outbound::lenient::text;

/// A visit as it is documented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encounter {
    pub called_off: bool,
    pub leader: Option<Leader>,
    /// The patient.
    pub subject: Option<FhirReference>,
    pub appointment: Option<FhirId>,
    pub csns: Vec<String>,
}

/// A visit as it is scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appointment {
    pub called_off: bool,
    pub starts: Option<Moment>,
    pub leader: Option<Leader>,
    /// The patient.
    pub subject: Option<FhirReference>,
    pub csns: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Practitioner {
    pub name: FhirName,
    pub email: Option<Phi>,
    pub npi: Option<Npi>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patient {
    pub name: FhirName,
    pub birth_date: Option<BirthDate>,
}

/// Somebody who acts for a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedPerson {
    pub name: FhirName,
    /// For whom.
    pub patient: Option<FhirReference>,
}

impl Resource for Encounter {
    const KIND: &'static str = "Encounter";
    const MAY_CHANGE: bool = true;

    fn read(body: &Value, base: &str) -> Self {
        let appointment = elements::list(body, "appointment")
            .find_map(|one| elements::reference(one, Appointment::KIND, base))
            .and_then(|reference| FhirId::of(Appointment::KIND, &reference));
        Self {
            called_off: matches!(text(body, "status"), Some("cancelled" | "entered-in-error")),
            leader: elements::leader(body, "individual", base, false),
            subject: body.get("subject").and_then(|who| elements::reference(who, Patient::KIND, base)),
            appointment,
            csns: elements::csns(body),
        }
    }

    fn kept_in(reads: &Reads) -> &Cache<Self> {
        &reads.encounters
    }
}

impl Resource for Appointment {
    const KIND: &'static str = "Appointment";
    const MAY_CHANGE: bool = true;

    fn read(body: &Value, base: &str) -> Self {
        let patients = elements::list(body, "participant").filter_map(|one| one.get("actor"));
        let mut patients = patients.filter_map(|who| elements::reference(who, Patient::KIND, base));
        let starts = text(body, "start").and_then(|start| start.parse::<jiff::Timestamp>().ok());
        Self {
            called_off: matches!(text(body, "status"), Some("cancelled" | "noshow" | "entered-in-error")),
            starts: starts.map(|start| Moment(start.as_millisecond())),
            leader: elements::leader(body, "actor", base, true),
            // Of several none is the one.
            subject: patients.next().filter(|_| patients.next().is_none()),
            csns: elements::csns(body),
        }
    }

    fn kept_in(reads: &Reads) -> &Cache<Self> {
        &reads.appointments
    }
}

impl Resource for Practitioner {
    const KIND: &'static str = "Practitioner";
    const MAY_CHANGE: bool = false;

    fn read(body: &Value, _: &str) -> Self {
        Self { name: elements::name(body), email: elements::email(body), npi: elements::npi(body) }
    }

    fn kept_in(reads: &Reads) -> &Cache<Self> {
        &reads.practitioners
    }
}

impl Resource for Patient {
    const KIND: &'static str = "Patient";
    const MAY_CHANGE: bool = false;

    fn read(body: &Value, _: &str) -> Self {
        // FHIR writes a date in one way alone.
        let birth_date =
            text(body, "birthDate").and_then(|it| BirthDate::read(it, DateOrder::MonthFirst).ok());
        Self { name: elements::name(body), birth_date }
    }

    fn kept_in(reads: &Reads) -> &Cache<Self> {
        &reads.patients
    }
}

impl Resource for RelatedPerson {
    const KIND: &'static str = "RelatedPerson";
    const MAY_CHANGE: bool = false;

    fn read(body: &Value, base: &str) -> Self {
        let patient = body.get("patient").and_then(|who| elements::reference(who, Patient::KIND, base));
        Self { name: elements::name(body), patient }
    }

    fn kept_in(reads: &Reads) -> &Cache<Self> {
        &reads.related_persons
    }
}
