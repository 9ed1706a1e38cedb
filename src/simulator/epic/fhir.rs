//! Just enough FHIR R4 to read who is who and who leads the encounter.

use serde_json::{Value, json};

use super::super::day::{Appointment, Person, Standing};
use super::FakeEpic;

impl FakeEpic {
    /// Any live token reads; scopes of FHIR are not played.
    pub(super) fn may_read(&self, authorization: Option<&str>) -> bool {
        let token = authorization.and_then(|header| header.split_once(' ')).map(|(_, token)| token.trim());
        let now = self.now();
        self.with(|state| {
            token.and_then(|token| state.tokens.get(token)).is_some_and(|held| held.expires_at > now)
        })
    }

    /// The resource of this kind that has this identifier.
    pub(super) fn identified(&self, kind: &str, value: &str) -> Option<Value> {
        let id = self.day().iter().find_map(|visit| match kind {
            "Encounter" if visit.csn == value => Some(visit.encounter_id.clone()),
            _ => visit.person(value).map(|(person, _)| person.fhir_id.clone()),
        })?;
        self.resource(kind, &id)
    }

    pub(super) fn resource(&self, kind: &str, id: &str) -> Option<Value> {
        let base = self.site().fhir_base();
        self.day().iter().find_map(|visit| match kind {
            "Encounter" if visit.encounter_id == id => Some(encounter(visit)),
            "Appointment" if visit.appointment_id == id => Some(appointment(visit)),
            "Patient" if visit.patient.fhir_id == id => Some(person(kind, &visit.patient)),
            "RelatedPerson" => {
                let found = visit.proxies.iter().find(|one| one.fhir_id == id)?;
                let mut out = person(kind, found);
                let patient = json!({"reference": format!("{base}/Patient/{}", visit.patient.fhir_id)});
                out.as_object_mut()?.insert("patient".to_owned(), patient);
                Some(out)
            }
            "Practitioner" => {
                visit.providers.iter().find(|one| one.fhir_id == id).map(|one| person(kind, one))
            }
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

fn encounter(visit: &Appointment) -> Value {
    debug_assert!(
        visit.person(&visit.patient.external_id).is_some_and(|(_, standing)| standing == Standing::Patient)
    );
    json!({
        "resourceType": "Encounter",
        "id": visit.encounter_id,
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "identifier": [{"use": "usual", "system": "urn:oid:1.2.840.114350.1.13.0.1.7.3.698084.8", "value": visit.csn}],
        "subject": {"reference": format!("Patient/{}", visit.patient.fhir_id)},
        "participant": participants(visit),
        "appointment": [{"reference": format!("Appointment/{}", visit.appointment_id)}],
    })
}

fn appointment(visit: &Appointment) -> Value {
    let mut people: Vec<Value> = visit
        .providers
        .iter()
        .map(|one| json!({"actor": {"reference": format!("Practitioner/{}", one.fhir_id)}, "status": "accepted"}))
        .collect();
    people.push(
        json!({"actor": {"reference": format!("Patient/{}", visit.patient.fhir_id)}, "status": "accepted"}),
    );
    json!({
        "resourceType": "Appointment",
        "id": visit.appointment_id,
        "status": "booked",
        "participant": people,
    })
}
