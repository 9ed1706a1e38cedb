//! The fields of the page: the eleven of Zoom's own integration under its names, then what else an organization needs, then everything.

use super::super::words::filled;
use super::help::{self, ARTICLE, article};
use super::words::{OrganizationWords, words};
use crate::settings::{Kind, Setting};
use crate::web::language::Language;

/// A setting that can be changed.
#[derive(Clone)]
pub struct Field {
    /// In which it is explained.
    pub language: Language,
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
            || self.is_picture()
    }

    /// Whether it is a picture, which a script reads from a file.
    pub fn is_picture(&self) -> bool {
        self.key == "logo"
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
        let words = words(self.language);
        match &self.setting.kind {
            Kind::Number(bounds) => Some(filled(words.number, &[bounds])),
            Kind::Duration(bounds) => Some(filled(words.duration, &[bounds])),
            Kind::List => Some(words.one_per_line.to_owned()),
            Kind::Secrets => Some(words.secrets_per_line.to_owned()),
            _ => None,
        }
    }

    pub fn help(&self) -> &'static str {
        help::help(self.setting, self.language)
    }

    /// The name under which Zoom's page has it, or the key.
    pub fn label(&self) -> &str {
        article(&self.key).map_or(self.key.as_str(), |article| article.name)
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

/// All fields, each once.
pub(super) fn groups<'a>(fields: &'a [Field], words: &'static OrganizationWords) -> Vec<Group<'a>> {
    let named = |key: &&str| fields.iter().find(|field| field.key == **key);
    let is_above = |field: &&Field| article(&field.key).is_some() || NEEDED.contains(&field.key.as_str());
    let rest = |prefix: &'static str, title: &'static str, id: &'static str| Group {
        id,
        title,
        intro: words.defaults_hold,
        is_folded: true,
        fields: fields.iter().filter(|field| !is_above(field) && section(&field.key) == prefix).collect(),
    };
    let keys: Vec<&str> = ARTICLE.iter().map(|article| article.key).collect();
    vec![
        Group {
            id: "integration",
            title: words.integration,
            intro: words.integration_note,
            is_folded: false,
            fields: keys.iter().filter_map(named).collect(),
        },
        Group {
            id: "needed",
            title: words.accounts,
            intro: words.accounts_note,
            is_folded: false,
            fields: NEEDED.iter().filter_map(named).collect(),
        },
        rest("", words.visits, "visits"),
        rest("epic", "Epic", "epic"),
        rest("zoom", "Zoom", "zoom"),
        rest("sms", words.text_messages, "sms"),
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
            language: Language::English,
            key: setting.key.clone(),
            setting,
            text: String::new(),
            is_set: false,
            problem: None,
        };
        let fields: Vec<Field> = organization_settings().iter().map(field).collect();
        let groups = groups(&fields, words(Language::English));
        assert_eq!(groups[0].fields.len(), 11);
        assert_eq!(groups[0].fields[0].setting.key, "org_id");
        assert_eq!(groups[1].fields.len(), NEEDED.len());
        let shown: usize = groups.iter().map(|group| group.fields.len()).sum();
        assert_eq!(shown, fields.len());
    }
}
