//! Every setting of an organization with what it is and what it does, as `config/default.toml` tells: what a page shows that sets one up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::reader::{Kind, Reader};
use super::tree::{Leaf, Node, Table, Value};
use super::{DEFAULTS, organization, tree};

/// One setting of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Below `organization.<id>`, such as `epic.retry.first`.
    pub key: String,
    pub kind: Kind,
    /// What the reference says of it, or of the group in which it stands.
    pub help: String,
    /// What holds where an organization says nothing, as somebody would write it.
    pub default: Option<String>,
}

impl Setting {
    /// Whether it is never shown again once it was given.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::Secrets)
    }
}

/// All of them, in the order of the reference.
pub fn organization_settings() -> &'static [Setting] {
    &CATALOGUE
}

static CATALOGUE: LazyLock<Vec<Setting>> = LazyLock::new(|| read(DEFAULTS));

const HEAD: &str = "[organization_defaults";

fn read(reference: &str) -> Vec<Setting> {
    let kinds = kinds(reference);
    let mut found =
        Found { kinds, prefix: String::new(), help: Vec::new(), fresh: false, settings: Vec::new() };
    let mut lines = reference.lines().skip_while(|line| !line.starts_with(HEAD)).peekable();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix(HEAD) {
            let section = rest.trim_end_matches(']').trim_start_matches('.');
            found.prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
            found.fresh = false;
        } else if line.is_empty() {
            found.fresh = false;
        } else if let Some((key, _)) = line.strip_prefix("# ").and_then(assignment) {
            found.add(key, None);
        } else if let Some(comment) = line.strip_prefix("# ") {
            found.explain(comment);
        } else if let Some((key, mut text)) = assignment(line).map(|(key, text)| (key, text.to_owned())) {
            // A text over several lines ends with the same three quotes with which it began.
            while text.starts_with("'''") && !(text.len() > 3 && text.ends_with("'''")) {
                let Some(more) = lines.next() else { break };
                text = format!("{text}\n{more}");
            }
            found.add(
                key,
                format!("value = {text}")
                    .parse::<toml::Table>()
                    .ok()
                    .as_mut()
                    .and_then(|one| one.remove("value")),
            );
        }
    }
    found.settings
}

/// What has been read so far.
struct Found {
    kinds: BTreeMap<String, Kind>,
    prefix: String,
    help: Vec<String>,
    /// Whether the last line was a comment.
    fresh: bool,
    settings: Vec<Setting>,
}

impl Found {
    fn explain(&mut self, comment: &str) {
        if !self.fresh {
            self.help.clear();
        }
        self.fresh = true;
        self.help.push(comment.to_owned());
    }

    fn add(&mut self, key: &str, default: Option<toml::Value>) {
        self.fresh = false;
        let key = format!("{}{key}", self.prefix);
        self.add_at(key, default);
    }

    fn add_at(&mut self, key: String, default: Option<toml::Value>) {
        if let Some(toml::Value::Table(inner)) = default {
            for (name, value) in inner {
                self.add_at(format!("{key}.{name}"), Some(value));
            }
            return;
        }
        // What names a file is not for pages.
        if key.ends_with("_file") || key.ends_with("_files") {
            return;
        }
        let kind = self.kinds.get(&key).cloned().unwrap_or(Kind::Text);
        let default = default.map(written).filter(|text| !text.is_empty());
        self.settings.push(Setting { key, kind, help: self.help.join(" "), default });
    }
}

/// `key = value`, where the key is one of a setting.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" = ")?;
    let named = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (named && !key.is_empty()).then_some((key, value))
}

/// As somebody writes it into a field: a list has one entry on each line.
fn written(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Array(list) => list.into_iter().map(written).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// Every value below a table by its whole key, as somebody writes it into a field.
pub(super) fn flatten(parent: &str, table: &toml::Table, found: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => flatten(&format!("{parent}{name}."), inner, found),
            value => {
                found.insert(format!("{parent}{name}"), written(value.clone()));
            }
        }
    }
}

/// What each setting is, by reading the defaults as an organization's.
fn kinds(reference: &str) -> BTreeMap<String, Kind> {
    let origin = Arc::new(tree::Origin { name: String::new(), base: PathBuf::new() });
    let mut all = tree::from_toml(reference.parse().unwrap_or_default(), &origin);
    let Some(Node::Table(mut defaults)) = all.remove("organization_defaults") else { return BTreeMap::new() };
    // Some are asked for only where another one stands.
    let path = ["sms", "url"].map(str::to_owned);
    tree::remove(&mut defaults, &path);
    let leaf = Leaf { value: Value::Text("https://sms.example.org".to_owned()), origin: Arc::clone(&origin) };
    // A place that cannot be filled only leaves kinds unknown.
    let _ = tree::insert(&mut defaults, &path, leaf);
    asked(defaults)
}

fn asked(defaults: Table) -> BTreeMap<String, Kind> {
    let mut reader = Reader::default();
    // That some have no value is no matter here.
    let _ = reader.section(Vec::new(), defaults, |section| organization::read_organization(section, ""));
    reader.kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str) -> &'static Setting {
        organization_settings()
            .iter()
            .find(|setting| setting.key == key)
            .unwrap_or_else(|| panic!("no {key}"))
    }

    #[test]
    fn settings_come_with_what_the_reference_says_of_them() {
        let admittance = setting("admittance");
        assert_eq!(admittance.kind, Kind::Choice(vec!["automatic", "manual"]));
        assert_eq!(admittance.default.as_deref(), Some("automatic"));
        assert!(
            admittance.help.starts_with("\"automatic\": the patient joins by itself"),
            "{}",
            admittance.help
        );
        assert_eq!(setting("epic.client_secret").kind, Kind::Secret);
        assert_eq!(setting("zoom.webhook_secret_tokens").kind, Kind::Secrets);
        assert_eq!(setting("epic.retry.first").default.as_deref(), Some("500ms"));
        assert!(matches!(setting("reopen_hours").kind, Kind::Number(_)));
        assert_eq!(setting("epic.scopes").default.as_deref(), Some("launch\nopenid\nfhirUser"));
        assert_eq!(setting("late_join_minutes").help, setting("early_join_minutes").help, "they share one");
        assert!(
            setting("epic.telehealth_2020.connect.body")
                .default
                .as_deref()
                .unwrap()
                .contains("{conference_id}")
        );
        assert_eq!(setting("zoom.account_id").default, None);
        assert!(setting("zoom.account_id").help.starts_with("The account, and the app in it."));
    }

    #[test]
    fn each_is_there_once_explained_and_of_a_known_kind() {
        let all = organization_settings();
        assert!(all.len() > 100, "{}", all.len());
        let kinds = kinds(DEFAULTS);
        for (place, setting) in all.iter().enumerate() {
            assert!(!setting.help.is_empty(), "{}", setting.key);
            assert!(kinds.contains_key(&setting.key), "{} is of no kind", setting.key);
            assert!(all.iter().skip(place + 1).all(|other| other.key != setting.key), "{}", setting.key);
            assert!(!setting.key.ends_with("_file") && !setting.key.ends_with("_files"), "{}", setting.key);
        }
    }
}
