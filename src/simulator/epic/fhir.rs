//! Just enough FHIR R4 to read who is who, who leads the encounter, and what became of the appointment.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::super::day::{Appointment, Person, Standing};
use super::state::Change;
use super::{FakeEpic, OWN_WORDS};

/// The kinds of resources that there are.
pub const READABLE: [&str; 5] = ["Encounter", "Appointment", "Practitioner", "Patient", "RelatedPerson"];
pub(super) const FHIR_JSON: &str = "application/fhir+json";

/// Why a resource is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or a dead one.
    Unauthorized,
    /// The token is for something else.
    Forbidden,
    NotFound,
}

impl Refusal {
    pub(super) fn answer(self) -> HttpResponse {
        let (status, code) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "login"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
        };
        let text = json!({"text": format!("{OWN_WORDS}: {code}")});
        let issue = json!({"severity": "fatal", "code": code, "details": text, "diagnostics": format!("{OWN_WORDS} {code}")});
        let outcome = json!({"resourceType": "OperationOutcome", "issue": [issue]});
        HttpResponse::build(status).content_type(FHIR_JSON).body(outcome.to_string())
    }
}

impl FakeEpic {
    /// The scopes of a backend token: what the client is registered for, or the part of it that is asked for.
    pub(super) fn backend_scope(&self, asked: &str) -> String {
        let registered = self.with(|state| {
            let kinds = READABLE.into_iter().filter(|kind| !state.denied_reads.contains(kind));
            kinds.map(|kind| format!("system/{kind}.read")).collect::<Vec<_>>()
        });
        let asked: Vec<&str> = asked.split_whitespace().collect();
        let given = registered.iter().filter(|scope| asked.is_empty() || asked.contains(&scope.as_str()));
        given.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The resource of this kind that has this identifier.
    pub(super) fn identified(&self, kind: &str, value: &str) -> Option<Value> {
        let id = self.day().iter().find_map(|visit| match kind {
            "Encounter" if visit.csn == value => Some(visit.encounter_id.clone()),
            _ => visit.person(value).map(|(person, _)| person.fhir_id.clone()),
        })?;
        self.resource(kind, &id)
    }

    /// Whether a token may read this kind of resource.
    pub(super) fn may_read(&self, authorization: Option<&str>, kind: &str) -> Result<(), Refusal> {
        let token = authorization.and_then(|header| header.split_once(' ')).map(|(_, token)| token.trim());
        let now = self.now();
        let (scope, denied) = self
            .with(|state| {
                let held = state.tokens.get(token?).filter(|held| held.expires_at > now)?;
                Some((held.scope.clone(), held.backend && state.denied_reads.contains(kind)))
            })
            .ok_or(Refusal::Unauthorized)?;
        // `system/Patient.read` as well as `user/*.rs`.
        let allows = |word: &str| {
            let resource =
                word.split_once('/').and_then(|(_, rest)| rest.split_once('.')).map(|(resource, _)| resource);
            resource.is_some_and(|resource| resource == kind || resource == "*")
        };
        if denied || !scope.split(' ').any(allows) { Err(Refusal::Forbidden) } else { Ok(()) }
    }

    pub(super) fn read(&self, authorization: Option<&str>, kind: &str, id: &str) -> Result<Value, Refusal> {
        self.may_read(authorization, kind)?;
        self.resource(kind, id).ok_or(Refusal::NotFound)
    }

    fn resource(&self, kind: &str, id: &str) -> Option<Value> {
        let base = self.site().fhir_base();
        let change = |csn: &str| self.with(|state| state.changes.get(csn).cloned().unwrap_or_default());
        self.day().iter().find_map(|visit| match kind {
            "Encounter" if visit.encounter_id == id => Some(encounter(visit, &change(&visit.csn))),
            "Appointment" if visit.appointment_id == id => Some(appointment(visit, &change(&visit.csn))),
            "Patient" if visit.patient.fhir_id == id => {
                let mut out = person(kind, &visit.patient);
                let born = json!(visit.patient.birth_date().to_string());
                out.as_object_mut()?.insert("birthDate".to_owned(), born);
                Some(out)
            }
            "RelatedPerson" => {
                let found = visit.proxies.iter().find(|one| one.fhir_id == id)?;
                let mut out = person(kind, found);
                let patient = json!({"reference": format!("{base}/Patient/{}", visit.patient.fhir_id)});
                out.as_object_mut()?.insert("patient".to_owned(), patient);
                Some(out)
            }
            "Practitioner" => visit.providers.iter().find(|one| one.fhir_id == id).map(practitioner),
            _ => None,
        })
    }
}

fn person(kind: &str, person: &Person) -> Value {
    let mail =
        if person.email.is_empty() { json!([]) } else { json!([{"system": "email", "value": person.email}]) };
    json!({
        "resourceType": kind,
        "id": person.fhir_id,
        "active": true,
        "identifier": [{
            "use": "usual",
            "type": {"text": "EXTERNAL"},
            "system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.697780",
            "value": person.external_id,
        }],
        "name": [{"use": "usual", "family": person.last_name, "given": [person.first_name]}],
        "telecom": mail,
    })
}

fn practitioner(one: &Person) -> Value {
    let mut out = person("Practitioner", one);
    let digits: String = one.external_id.chars().filter(char::is_ascii_digit).collect();
    let npi =
        json!({"use": "usual", "system": "urn:oid:2.16.840.1.113883.4.6", "value": format!("1{digits:0>9}")});
    if let Some(all) = out.get_mut("identifier").and_then(Value::as_array_mut) {
        all.push(npi);
    }
    out
}

fn participants(visit: &Appointment) -> Vec<Value> {
    let providers = visit.providers.iter().enumerate().map(|(index, provider)| {
        let code = if index == 0 { "ATND" } else { "PART" };
        json!({
            "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": code}]}],
            "individual": {"reference": format!("Practitioner/{}", provider.fhir_id), "display": provider.display_name()},
        })
    });
    providers.collect()
}

fn encounter(visit: &Appointment, change: &Change) -> Value {
    debug_assert!(
        visit.person(&visit.patient.external_id).is_some_and(|(_, standing)| standing == Standing::Patient)
    );
    json!({
        "resourceType": "Encounter",
        "id": visit.encounter_id,
        "status": change.encounter_status.unwrap_or("planned"),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "identifier": [{"use": "usual", "system": "urn:oid:1.2.840.114350.1.13.0.1.7.3.698084.8", "value": visit.csn}],
        "subject": {"reference": format!("Patient/{}", visit.patient.fhir_id)},
        "participant": participants(visit),
        "appointment": [{"reference": format!("Appointment/{}", visit.appointment_id)}],
    })
}

fn appointment(visit: &Appointment, change: &Change) -> Value {
    let mut people: Vec<Value> = visit
        .providers
        .iter()
        .map(|one| json!({"actor": {"reference": format!("Practitioner/{}", one.fhir_id)}, "status": "accepted"}))
        .collect();
    people.push(
        json!({"actor": {"reference": format!("Patient/{}", visit.patient.fhir_id)}, "status": "accepted"}),
    );
    let booked = jiff::civil::DateTime::strptime("%m/%d/%Y %I:%M %p", &visit.time).ok();
    let booked = booked.and_then(|time| jiff::tz::Offset::UTC.to_timestamp(time).ok());
    let mut out = json!({
        "resourceType": "Appointment",
        "id": visit.appointment_id,
        "status": change.appointment_status.unwrap_or("booked"),
        "identifier": [{"use": "usual", "system": "urn:oid:1.2.840.114350.1.13.0.1.7.3.698084.8", "value": visit.csn}],
        "participant": people,
    });
    if let Some((out, start)) = out.as_object_mut().zip(change.start.or(booked)) {
        out.insert("start".to_owned(), json!(start.to_string()));
    }
    out
}
