//! The fields of the page: the eleven of Zoom's own integration under its names, then what else an organization needs, then everything.

use crate::settings::{Kind, Setting};

/// A setting that can be changed.
#[derive(Clone)]
pub struct Field {
    pub key: String,
    pub setting: &'static Setting,
    /// As somebody typed it; of a secret nothing.
    pub text: String,
    /// Whether a secret was given.
    pub is_set: bool,
    pub problem: Option<String>,
}

impl Field {
    /// Whether it wants room for several lines.
    pub fn is_long(&self) -> bool {
        matches!(self.setting.kind, Kind::List | Kind::Secrets)
            || self.key.ends_with("body")
            || self.key == "epic.private_keys"
    }

    pub fn choices(&self) -> Vec<&'static str> {
        match &self.setting.kind {
            Kind::Choice(names) => names.clone(),
            Kind::Boolean => vec!["true", "false"],
            _ => Vec::new(),
        }
    }

    /// What may stand there, in few words.
    pub fn form(&self) -> Option<String> {
        match &self.setting.kind {
            Kind::Number(bounds) => Some(format!("A whole number, {bounds}.")),
            Kind::Duration(bounds) => Some(format!("A number and a unit, such as 30s or 5m, {bounds}.")),
            Kind::List => Some("One on each line.".to_owned()),
            Kind::Secrets => Some("Secrets, one on each line; all of them when one changes.".to_owned()),
            _ => None,
        }
    }

    pub fn default_text(&self) -> Option<String> {
        self.setting.default.as_ref().map(|text| text.replace('\n', ", "))
    }
}

/// Fields under one heading.
pub struct Group<'a> {
    pub id: &'static str,
    pub title: &'static str,
    pub intro: &'static str,
    /// Shown only when somebody opens it.
    pub is_folded: bool,
    pub fields: Vec<&'a Field>,
}

impl Group<'_> {
    pub fn has_problem(&self) -> bool {
        self.fields.iter().any(|field| field.problem.is_some())
    }
}

/// The eleven fields of Zoom's configuration page: our setting, their name, and what they say of it.
const ARTICLE: [(&str, &str, &str); 11] = [
    (
        "org_id",
        "Zoom API Key",
        "Names this organization in launches (org_id). It should only be shared with Zoom or appropriate personnel within your company, and never with third parties. It is replaced by “Regenerate” below.",
    ),
    (
        "epic.client_secret",
        "Zoom App Secret (optional)",
        "The client secret that Epic gave for this app, where it has one.",
    ),
    (
        "epic.private_keys",
        "Zoom App Private Key",
        "The value contained in privatekey.pem: the key, or several one after the other, by which Epic knows this app. The first signs, all are published.",
    ),
    (
        "epic.fhir_base_url",
        "Epic FHIR R4 Base URL",
        "The base URL of your Epic instance where the Epic FHIR R4 endpoints can be reached. It ends in /R4.",
    ),
    (
        "epic.telehealth_base_url",
        "Epic Telehealth Base URL",
        "The base URL of your instance where the Epic telehealth endpoints can be reached.",
    ),
    (
        "epic.oauth_base_url",
        "Epic OAuth Base URL (optional)",
        "The base URL of the Epic FHIR authorization server of your instance. It is not necessary, and makes launches more efficient by bypassing a call to Epic that finds it out.",
    ),
    (
        "environment",
        "Epic Environment",
        "Test for an Epic test environment, production for a live Epic production environment.",
    ),
    (
        "admittance",
        "Patient Admittance Policy",
        "Automatic: patients come in by themselves as soon as the provider is there. Manual: the provider admits them from Zoom’s waiting room.",
    ),
    (
        "provider_user_type",
        "Provider User Type",
        "Providers without a Zoom account get one. This is the type that is assigned to such accounts.",
    ),
    (
        "device_test_url",
        "Epic Device Test Endpoint URL (optional)",
        "The full URL where people can test their device before the video visit. {return_url} and {language} are filled in.",
    ),
    (
        "device_test_help_url",
        "Healthcare Provider Device Test Help URL (optional)",
        "The full URL where people can get help when they test their device.",
    ),
];

/// What an organization needs beside, or mostly has.
const NEEDED: [&str; 11] = [
    "name",
    "epic.client_id",
    "zoom.account_id",
    "zoom.client_id",
    "zoom.client_secret",
    "zoom.webhook_secret_tokens",
    "zoom.authorization",
    "acc_id",
    "time_zone",
    "default_language",
    "help_phone",
];

/// Zoom's name of a setting and what its page says of it.
pub(super) fn article(key: &str) -> Option<(&'static str, &'static str)> {
    ARTICLE.iter().find(|(known, ..)| *known == key).map(|(_, name, help)| (*name, *help))
}

/// All fields, each once.
pub(super) fn groups(fields: &[Field]) -> Vec<Group<'_>> {
    let named = |key: &&str| fields.iter().find(|field| field.key == **key);
    let is_above = |field: &&Field| article(&field.key).is_some() || NEEDED.contains(&field.key.as_str());
    let rest = |prefix: &'static str, title: &'static str, id: &'static str| Group {
        id,
        title,
        intro: "Each has a default that holds as long as nothing stands here.",
        is_folded: true,
        fields: fields.iter().filter(|field| !is_above(field) && section(&field.key) == prefix).collect(),
    };
    let keys: Vec<&str> = ARTICLE.iter().map(|(key, ..)| *key).collect();
    vec![
        Group {
            id: "integration",
            title: "The integration",
            intro: "The fields of Zoom’s own configuration page, under its names.",
            is_folded: false,
            fields: keys.iter().filter_map(named).collect(),
        },
        Group {
            id: "needed",
            title: "The accounts",
            intro: "What this service needs to know beside.",
            is_folded: false,
            fields: NEEDED.iter().filter_map(named).collect(),
        },
        rest("", "Visits, pages and patients", "visits"),
        rest("epic", "Epic", "epic"),
        rest("zoom", "Zoom", "zoom"),
        rest("sms", "Text messages", "sms"),
    ]
}

/// The table in which a setting stands, where there are enough of it for a group.
fn section(key: &str) -> &str {
    let first = key.split_once('.').map_or("", |(first, _)| first);
    if ["epic", "zoom", "sms"].contains(&first) { first } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::organization_settings;

    #[test]
    fn every_setting_has_one_place_and_the_eleven_come_first() {
        let field = |setting: &'static Setting| Field {
            key: setting.key.clone(),
            setting,
            text: String::new(),
            is_set: false,
            problem: None,
        };
        let fields: Vec<Field> = organization_settings().iter().map(field).collect();
        let groups = groups(&fields);
        assert_eq!(groups[0].fields.len(), 11);
        assert_eq!(groups[0].fields[0].setting.key, "org_id");
        assert_eq!(groups[1].fields.len(), NEEDED.len());
        let shown: usize = groups.iter().map(|group| group.fields.len()).sum();
        assert_eq!(shown, fields.len());
    }
}
