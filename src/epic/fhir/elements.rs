//! The parts that resources are made of: ids, references, names of people, addresses and statuses.

use std::fmt;

use serde_json::Value;
use vestibule_domain::id::{FhirReference, Npi};
use vestibule_domain::name::Phi;

use crate::outbound::lenient::text;

/// FHIR allows 64 characters; some servers give longer ids.
const LONGEST_ID: usize = 128;
/// A longer name, in bytes, is none.
const LONGEST_NAME: usize = 128;
/// Zoom takes no longer address.
const LONGEST_EMAIL: usize = 128;
/// More parts of one kind than this are not looked at.
const MOST: usize = 64;
const NPI_SYSTEMS: [&str; 2] = ["urn:oid:2.16.840.1.113883.4.6", "http://hl7.org/fhir/sid/us-npi"];
/// Epic's object identifiers of contact serial numbers end so, whatever the customer and the environment.
const CSN_SYSTEM_END: &str = ".7.3.698084.8";

/// The id of a resource: fit for a path as it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FhirId(String);

impl FhirId {
    /// `None` for what is no id.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        let dots = text.bytes().all(|byte| byte == b'.');
        (plain && !dots && text.len() <= LONGEST_ID).then(|| Self(text.to_owned()))
    }

    /// The id behind a reference such as `Patient/eAb`, where it is one of this kind.
    #[must_use]
    pub fn of(kind: &str, reference: &FhirReference) -> Option<Self> {
        let (its, id) = reference.as_str().split_once('/')?;
        if its == kind { Self::new(id) } else { None }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FhirId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FhirName {
    pub first: Option<Phi>,
    pub last: Option<Phi>,
    /// As it is shown: with a title, where Epic has one.
    pub shown: Option<Phi>,
}

/// The practitioner who leads an encounter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Such as `Practitioner/e3M`.
    pub practitioner: FhirReference,
    /// As the encounter itself names them.
    pub name: Option<Phi>,
}

pub(super) fn list<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    object.get(field).and_then(Value::as_array).into_iter().flatten().take(MOST)
}

/// A reference to a resource of this kind on this server, without the base and without a version.
pub(super) fn reference(element: &Value, kind: &str, base: &str) -> Option<FhirReference> {
    let whole = text(element, "reference")?;
    let own = whole.strip_prefix(base).map_or(whole, |rest| rest.strip_prefix('/').unwrap_or(rest));
    let mut parts = own.split('/');
    let (its, id) = (parts.next()?, FhirId::new(parts.next()?)?);
    let ends =
        matches!((parts.next(), parts.next(), parts.next()), (None, ..) | (Some("_history"), Some(_), None));
    if its == kind && ends { FhirReference::new(format!("{kind}/{id}")).ok() } else { None }
}

/// The name by which a person goes: the usual one, else the official one, else the first that is no former one.
pub(super) fn name(person: &Value) -> FhirName {
    let current = || list(person, "name").filter(|name| !matches!(text(name, "use"), Some("old" | "maiden")));
    let used = |wanted: &str| current().find(|name| text(name, "use") == Some(wanted));
    let Some(name) = used("usual").or_else(|| used("official")).or_else(|| current().next()) else {
        return FhirName::default();
    };
    let first_of = |field: &str| list(name, field).filter_map(Value::as_str).find_map(plain);
    let (prefix, first, last) = (first_of("prefix"), first_of("given"), text(name, "family").and_then(plain));
    let parts: Vec<&str> = if last.is_some() {
        [&prefix, &first, &last].into_iter().flatten().map(String::as_str).collect()
    } else {
        Vec::new()
    };
    let shown = if parts.is_empty() { text(name, "text").and_then(plain) } else { plain(&parts.join(" ")) };
    FhirName { first: first.map(Phi::new), last: last.map(Phi::new), shown: shown.map(Phi::new) }
}

/// A name that may stand on a page: of one line and not endless.
pub(super) fn plain(text: &str) -> Option<String> {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        !one_line.is_empty() && one_line.len() <= LONGEST_NAME && !one_line.chars().any(char::is_control);
    fits.then_some(one_line)
}

/// An address for work, else any that is still used.
pub(super) fn email(person: &Value) -> Option<Phi> {
    let is_mail =
        |point: &&Value| text(point, "system") == Some("email") && text(point, "use") != Some("old");
    let all = || list(person, "telecom").filter(is_mail);
    let mut by_use = all().filter(|point| text(point, "use") == Some("work")).chain(all());
    by_use.find_map(|point| text(point, "value").filter(|value| is_address(value)).map(Phi::new))
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    let whole = parts
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'));
    whole && text.len() <= LONGEST_EMAIL && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The National Provider Identifier; not everybody has one.
pub(super) fn npi(person: &Value) -> Option<Npi> {
    let mut own = list(person, "identifier")
        .filter(|identifier| text(identifier, "system").is_some_and(|system| NPI_SYSTEMS.contains(&system)));
    own.find_map(|identifier| Npi::new(text(identifier, "value")?).ok())
}

/// The contact serial numbers that a resource bears.
pub(super) fn csns(resource: &Value) -> Vec<String> {
    let own = list(resource, "identifier").filter(|identifier| {
        text(identifier, "system").is_some_and(|system| system.ends_with(CSN_SYSTEM_END))
    });
    own.filter_map(|identifier| text(identifier, "value").map(str::to_owned)).collect()
}

/// Who leads, among participants: the attender, else the primary performer, and where nobody is said to lead and `or_first`, the first
/// practitioner. `field` is where a participant names the person.
pub(super) fn leader(resource: &Value, field: &str, base: &str, or_first: bool) -> Option<Leader> {
    let practitioners = || {
        list(resource, "participant").filter_map(|participant| {
            let person = participant.get(field)?;
            let leader = Leader {
                practitioner: reference(person, "Practitioner", base)?,
                name: text(person, "display").and_then(plain).map(Phi::new),
            };
            Some((participant, leader))
        })
    };
    let bears = |participant: &Value, wanted: &str| {
        let mut codes = list(participant, "type").flat_map(|kind| list(kind, "coding"));
        codes.any(|coding| text(coding, "code") == Some(wanted))
    };
    let with = |wanted: &str| practitioners().find(|(participant, _)| bears(participant, wanted));
    let first = || practitioners().next().filter(|_| or_first);
    with("ATND").or_else(|| with("PPRF")).or_else(first).map(|(_, leader)| leader)
}
