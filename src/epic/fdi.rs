//! What an Epic administrator puts into the FDI records that launch us: one record for each kind of launch, told apart by what its
//! CONTEXT line brings. Epic puts the values in place of the tokens and gives them back in the token response.

use crate::settings::Epic;

/// A record that launches one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FdiRecord {
    /// The last segment of the launch's address.
    pub kind: &'static str,
    /// The CONTEXT line.
    pub context: String,
}

/// Who presses the button of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// A user of Hyperspace, Haiku or Canto.
    Provider,
    /// A user of MyChart: the patient, or a proxy under an id of their own.
    Patient,
}

/// Something that a CONTEXT line brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brings {
    Csn,
    ConferenceId,
    /// Of whoever presses the button, and of which kind it is.
    ExternalId,
    /// First and last name, and the address by which a provider's Zoom account is found, where there is a token for it.
    Names,
    Department,
    AppointmentTime,
}

use Brings::{AppointmentTime, ConferenceId, Csn, Department, ExternalId, Names};

/// All records. Guests have none: their links are made for them.
const RECORDS: [(&str, Who, &[Brings]); 6] = [
    ("provider", Who::Provider, &[Csn, ExternalId, Names, Department, AppointmentTime]),
    ("patient", Who::Patient, &[Csn, ExternalId, AppointmentTime]),
    ("group-provider", Who::Provider, &[ConferenceId, ExternalId, Names, Department, AppointmentTime]),
    ("group-patient", Who::Patient, &[ConferenceId, Csn, ExternalId, AppointmentTime]),
    ("visit-tools", Who::Provider, &[Csn, ConferenceId, ExternalId, Names, Department]),
    ("device-test", Who::Patient, &[Csn, ConferenceId, ExternalId, AppointmentTime]),
];

/// The records of an organization, in the order in which they are set up.
#[must_use]
pub fn fdi_records(epic: &Epic) -> Vec<FdiRecord> {
    RECORDS
        .iter()
        .map(|(kind, who, brings)| FdiRecord { kind, context: context(epic, *who, brings) })
        .collect()
}

fn context(epic: &Epic, who: Who, brings: &[Brings]) -> String {
    let pairs: Vec<String> = brings
        .iter()
        .flat_map(|what| pairs(epic, who, *what))
        .map(|(name, token)| format!("{name}={token}"))
        .collect();
    // A conference was not born.
    let is_of_patient = who == Who::Provider && brings.contains(&Csn);
    let birth_date = epic.birth_date_token.as_deref().filter(|_| is_of_patient);
    let birth_date = birth_date.map(|token| format!("{}={token}", epic.context_names.birth_date));
    pairs.into_iter().chain(birth_date).collect::<Vec<_>>().join("&")
}

/// The names are the organization's own; the tokens are Epic's.
fn pairs(epic: &Epic, who: Who, what: Brings) -> Vec<(&str, &str)> {
    let names = &epic.context_names;
    match (what, who) {
        (Csn, _) => vec![(&names.csn, "%CSN%")],
        (ConferenceId, _) => vec![(&names.conference_id, "%CONFERENCEID%")],
        (ExternalId, Who::Provider) => vec![
            (&names.external_id, "%EPICUSERID%"),
            (&names.external_id_type, &epic.external_id_types.provider),
        ],
        (ExternalId, Who::Patient) => vec![
            (&names.external_id, &epic.mychart_id_token),
            (&names.external_id_type, &epic.external_id_types.patient),
        ],
        (Names, _) => {
            let email = epic.provider_email_token.as_deref().map(|token| (names.email.as_str(), token));
            let whole =
                [(names.first_name.as_str(), "%USERFNAME%"), (names.last_name.as_str(), "%USERLNAME%")];
            whole.into_iter().chain(email).collect()
        }
        (Department, _) => vec![(&names.department_id, "%LOGINDEPTID%")],
        // Empty for a visit without an appointment.
        (AppointmentTime, _) => vec![(&names.appointment_time, "%EXTENSION;15354%")],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::super::TokenAnswer;
    use super::*;
    use crate::http::kit::settings;

    fn epic(text: &str) -> Epic {
        settings(text).organization("lakeside").unwrap().1.epic.clone()
    }

    fn line(epic: &Epic, kind: &str) -> String {
        fdi_records(epic).into_iter().find(|record| record.kind == kind).unwrap().context
    }

    #[test]
    fn e42_a_line_names_what_its_kind_needs() {
        let epic = epic("");
        assert_eq!(
            line(&epic, "provider"),
            "csn=%CSN%&externalid=%EPICUSERID%&externalidtype=1&fname=%USERFNAME%&lname=%USERLNAME%\
             &departmentid=%LOGINDEPTID%&appointmenttime=%EXTENSION;15354%"
        );
        assert_eq!(
            line(&epic, "patient"),
            "csn=%CSN%&externalid=%WPRID%&externalidtype=2&appointmenttime=%EXTENSION;15354%"
        );
        for group in ["group-provider", "group-patient"] {
            assert!(line(&epic, group).starts_with("conferenceid=%CONFERENCEID%&"), "{group}");
        }
        assert!(
            line(&epic, "group-patient").contains("&csn=%CSN%&"),
            "each patient's own CSN is told to Epic"
        );
        assert!(fdi_records(&epic).iter().all(|record| record.kind != "guest"));
    }

    #[test]
    fn e42_a_line_has_the_names_and_values_of_the_settings() {
        let epic = epic(
            "[organization.lakeside.epic]\nmychart_id_token = \"%MYCHARTID;5%\"\n\
             context_names = { csn = \"visit\", external_id = \"who\" }\nexternal_id_types = { patient = \"P\" }\n",
        );
        assert_eq!(
            line(&epic, "patient"),
            "visit=%CSN%&who=%MYCHARTID;5%&externalidtype=P&appointmenttime=%EXTENSION;15354%"
        );
    }

    #[test]
    fn e48_lines_of_providers_bring_the_birth_date_where_there_is_a_token_for_it() {
        let epic = epic(
            "[organization.lakeside.epic]\nbirth_date_token = \"%DOB%\"\ncontext_names.birth_date = \"Born\"",
        );
        for kind in ["provider", "visit-tools"] {
            assert!(line(&epic, kind).ends_with("&born=%DOB%"), "{kind}");
        }
        for kind in ["patient", "group-patient", "group-provider", "device-test"] {
            assert!(!line(&epic, kind).contains("born"), "{kind}");
        }
    }

    // What is pasted into Epic is what a launch reads.
    #[test]
    fn e42_every_value_of_a_line_is_found_in_a_token_response() {
        let epic = epic(
            "[organization.lakeside.epic]\nprovider_email_token = \"%USEREMAIL%\"\nbirth_date_token = \"%DOB%\"",
        );
        assert!(line(&epic, "provider").contains("&email=%USEREMAIL%&"));
        for record in fdi_records(&epic) {
            let mut answer: Map<String, Value> = record
                .context
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                // As Epic fills it in; a token that it does not know stays as it is, and is no value.
                .map(|(name, _)| (name.to_owned(), Value::String("10001".to_owned())))
                .collect();
            let brought = answer.len();
            answer.insert("access_token".to_owned(), Value::String("t".to_owned()));
            let context = TokenAnswer::read(&Value::Object(answer), &epic.context_names).unwrap().context;
            let read = [
                context.csn.is_some(),
                context.conference_id.is_some(),
                context.external_id.is_some(),
                context.external_id_type.is_some(),
                context.first_name.is_some(),
                context.last_name.is_some(),
                context.email.is_some(),
                context.department_id.is_some(),
                context.appointment_time.is_some(),
                context.birth_date.is_some(),
            ];
            assert_eq!(read.iter().filter(|found| **found).count(), brought, "{}", record.context);
        }
    }
}
