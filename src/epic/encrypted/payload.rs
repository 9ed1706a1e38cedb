//! The text of an encrypted launch, in the two forms that are known: that of Epic's records for context-aware linking (`ConferenceID`,
//! `ExternalID`, …), and the older one of Zoom's integration (`sessionid`, `userid`, …).

use std::collections::BTreeMap;

use url::form_urlencoded;
use vestibule_domain::id::{Csn, ExternalId, ExternalIdType};
use vestibule_domain::name::Phi;

use super::validity::{self, Times};
use super::{EncryptedLaunch, Side};
use crate::epic::appointment_time;
use crate::epic::smart::is_unfilled;
use crate::settings::ExternalIdTypes;

/// A value that is longer is not one.
const LONGEST_VALUE: usize = 512;
const MOST_FIELDS: usize = 100;

/// What is read, by names in lower case; whatever else stands there is ignored.
const NAMES: [&str; 13] = [
    "conferenceid",
    "sessionid",
    "externalid",
    "externalidtype",
    "userid",
    "usertype",
    "firstname",
    "lastname",
    "email",
    "appointmenttime",
    "timestamp",
    "epictimestamp",
    "linkvalidityperiod",
];

/// What a text says, if it says all that is needed and nothing twice.
pub(super) fn read(text: &str, types: &ExternalIdTypes) -> Option<EncryptedLaunch> {
    let fields = Fields::read(text)?;
    let person = if fields.has("externalid") { by_external_id(&fields, types) } else { by_user_id(&fields) }?;
    let conference = fields.get("conferenceid").or_else(|| fields.get("sessionid"))?;
    let times = Times {
        appointment: fields.parsed("appointmenttime", appointment_time::parse)?,
        stamp: fields.parsed("timestamp", validity::unix_seconds)?,
        epic_stamp: fields.parsed("epictimestamp", validity::epic_timestamp)?,
        minutes: fields.parsed("linkvalidityperiod", validity::minutes)?,
    };
    let phi = |name: &str| fields.get(name).map(Phi::new);
    Some(EncryptedLaunch {
        side: person.side,
        conference: Csn::new(conference).ok()?,
        external_id: person.id,
        external_id_type: person.id_type,
        first_name: phi("firstname"),
        last_name: phi("lastname"),
        email: phi("email"),
        times,
    })
}

struct Person {
    side: Side,
    id: ExternalId,
    id_type: Option<ExternalIdType>,
}

fn by_external_id(fields: &Fields, types: &ExternalIdTypes) -> Option<Person> {
    let id_type = fields.get("externalidtype")?;
    let side = match id_type {
        provider if provider == types.provider => Side::Provider,
        patient if patient == types.patient => Side::Patient,
        _ => return None,
    };
    let id = ExternalId::new(fields.get("externalid")?).ok()?;
    Some(Person { side, id, id_type: Some(ExternalIdType::new(id_type).ok()?) })
}

fn by_user_id(fields: &Fields) -> Option<Person> {
    let side = match fields.get("usertype")? {
        "1" => Side::Provider,
        "2" => Side::Patient,
        _ => return None,
    };
    Some(Person { side, id: ExternalId::new(fields.get("userid")?).ok()?, id_type: None })
}

/// The values that stand there, decoded, without blanks around them. Empty ones, and tokens that Epic left as they were, are absent.
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return None;
        }
        let mut fields = BTreeMap::new();
        for (number, piece) in text.split('&').enumerate() {
            if number >= MOST_FIELDS {
                return None;
            }
            let Some((key, value)) = form_urlencoded::parse(piece.as_bytes()).next() else { continue };
            let key = key.trim();
            let Some(name) = NAMES.into_iter().find(|name| key.eq_ignore_ascii_case(name)) else { continue };
            let value = value.trim();
            let raw = piece.split_once('=').map_or("", |(_, raw)| raw).trim();
            if value.is_empty() || is_unfilled(raw) || is_unfilled(value) {
                continue;
            }
            if value.len() > LONGEST_VALUE || value.chars().any(char::is_control) {
                return None;
            }
            match fields.insert(name, value.to_owned()) {
                Some(earlier) if earlier != value => return None,
                _ => {}
            }
        }
        Some(Self(fields))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Absent is fine, unreadable is not.
    fn parsed<T>(&self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
        match self.get(name) {
            None => Some(None),
            Some(text) => parse(text).map(Some),
        }
    }
}
