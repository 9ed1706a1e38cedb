//! An entry as FHIR R4's AuditEvent, for whoever collects those of a whole hospital.

use serde_json::{Value, json};

use super::entry::Kept;

/// The resource. Its id is the entry's; the chain is not in it, since FHIR has no place for one.
pub fn audit_event(kept: &Kept) -> Value {
    let deed = &kept.deed;
    let rest = is_rest(&deed.action);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": kept.id,
        "type": if rest {
            json!({"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest", "display": "RESTful Operation"})
        } else {
            json!({"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110114", "display": "User Authentication"})
        },
        "subtype": [{"system": "urn:vestibule:audit", "code": deed.action}],
        "action": act(&deed.action),
        "recorded": kept.at.to_string(),
        "outcome": if deed.outcome == "done" || deed.outcome == "begun" { "0" } else { "4" },
        "outcomeDesc": deed.outcome,
        "agent": [{
            "requestor": true,
            "name": deed.by.as_deref().unwrap_or("unknown"),
        }],
        "source": {"site": deed.organization, "observer": {"display": format!("Vestibule, {}", kept.node)}},
    });
    if let Some(address) = &deed.from
        && let Some(agent) = event.pointer_mut("/agent/0").and_then(Value::as_object_mut)
    {
        agent.insert("network".to_owned(), json!({"address": address, "type": "2"}));
    }
    if let Some(reason) = &deed.reason
        && let Some(agent) = event.pointer_mut("/agent/0").and_then(Value::as_object_mut)
    {
        agent.insert("purposeOfUse".to_owned(), json!([{"text": reason}]));
    }
    let about = [
        ("urn:epic:csn", &deed.csn),
        ("urn:epic:conference-id", &deed.conference_id),
        ("urn:zoom:meeting-id", &deed.meeting_id),
    ];
    let entities: Vec<Value> = about
        .into_iter()
        .filter_map(|(system, value)| {
            let value = value.as_ref()?;
            Some(json!({"what": {"identifier": {"system": system, "value": value}}}))
        })
        .collect();
    if let Some(resource) = event.as_object_mut().filter(|_| !entities.is_empty()) {
        resource.insert("entity".to_owned(), Value::Array(entities));
    }
    if let Some(source) =
        event.get_mut("source").and_then(Value::as_object_mut).filter(|_| deed.organization.is_none())
    {
        source.remove("site");
    }
    event
}

/// Signing in and out, and being turned away, are authentication; everything else is a request.
fn is_rest(action: &str) -> bool {
    !matches!(
        action,
        "signed_in" | "sign_in_failed" | "signed_out" | "break_glass" | "break_glass_failed" | "refused"
    )
}

/// Create, read, update, delete, execute.
fn act(action: &str) -> &'static str {
    if action.ends_with("_viewed") || action.ends_with("_listed") || action.ends_with("_exported") {
        "R"
    } else {
        "E"
    }
}
