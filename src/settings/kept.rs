//! Organizations that no file names: an administrator has made them on a page, and the store keeps what they wrote.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use vestibule_domain::id::OrganizationId;

use super::organization::{Organization, organization_id, read_organization};
use super::problem::Problem;
use super::reader::{Read, Reader};
use super::tree::{self, Leaf, Origin, Table, Value};
use super::{Settings, catalogue, rules};

/// What somebody wrote, by the key below `organization.<id>`; each is read as a value of the environment is. Secrets are among them.
pub type Values = BTreeMap<String, String>;

/// More than any organization has.
const VALUES_MAX: usize = 400;
/// Longer than any setting may be, a written picture included.
const VALUE_BYTES_MAX: usize = 36 * 1024;

/// Whether an organization may have this id.
pub fn is_organization_id(text: &str) -> bool {
    organization_id(text).is_ok()
}

/// What a file of settings says of one organization, by its keys, as somebody types it: of its own table, or of the only one there.
///
/// # Errors
/// In plain words, what is wrong with the file; never any of it.
pub fn values_of_toml(text: &str, id: &OrganizationId) -> Result<BTreeMap<String, String>, String> {
    let read = text.parse::<toml::Table>();
    let mut read = read.map_err(|error| format!("this is not valid TOML: {}", error.message()))?;
    let Some(toml::Value::Table(mut all)) = read.remove("organization") else {
        return Err("there is no table [organization.<id>]".to_owned());
    };
    if !read.is_empty() {
        return Err("there is more than the table of an organization; leave only that".to_owned());
    }
    let only = (all.len() == 1).then(|| all.keys().next().cloned()).flatten();
    let name = Some(id.as_str().to_owned()).filter(|own| all.contains_key(own)).or(only);
    let Some(toml::Value::Table(table)) = name.and_then(|name| all.remove(&name)) else {
        return Err(format!("there is no table [organization.{id}]"));
    };
    let mut values = BTreeMap::new();
    catalogue::flatten("", &table, &mut values);
    Ok(values)
}

/// What an organization does not say; it may hold secrets.
#[derive(Clone, Default)]
pub(super) struct Defaults(pub(super) Table);

impl fmt::Debug for Defaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Defaults")
    }
}

impl Settings {
    /// Puts another organization beside these, or this one in the place of the one of that id.
    ///
    /// # Errors
    /// Everything that is wrong with it, by its keys; nothing is changed then.
    pub fn put(&mut self, id: &OrganizationId, values: &Values) -> Result<(), Vec<Problem>> {
        let organization = self.read_kept(id, values)?;
        let before = self.organizations.insert(id.clone(), organization);
        let problems = rules::contradictions_of(self, id);
        if problems.is_empty() {
            return Ok(());
        }
        match before {
            Some(before) => self.organizations.insert(id.clone(), before),
            None => self.organizations.remove(id),
        };
        Err(problems)
    }

    fn read_kept(&self, id: &OrganizationId, values: &Values) -> Result<Organization, Vec<Problem>> {
        let path = vec!["organization".to_owned(), id.as_str().to_owned()];
        let mut problems = Vec::new();
        if let Err(reason) = organization_id(id.as_str()) {
            problems.push(Problem::new(path.join("."), reason));
        }
        if values.len() > VALUES_MAX {
            problems.push(Problem::new(path.join("."), format!("has more than {VALUES_MAX} settings")));
        }
        let own = table_of(&path, values, &mut problems);
        let mut table = self.defaults.0.clone();
        tree::merge(&mut table, own);
        let mut reader = Reader::default();
        let read: Read<Organization> =
            reader.section(path, table, |section| read_organization(section, id.as_str()));
        problems.append(&mut reader.problems);
        match read {
            Ok(organization) if problems.is_empty() => Ok(organization),
            _ => Err(problems),
        }
    }
}

fn table_of(path: &[String], values: &Values, problems: &mut Vec<Problem>) -> Table {
    let origin = Arc::new(Origin { name: "the store".to_owned(), base: PathBuf::new() });
    let mut table = Table::new();
    for (key, text) in values {
        let mut refuse =
            |what: String| problems.push(Problem::new(format!("{}.{key}", path.join(".")), what));
        // Somebody at a page names no file of this machine: what it holds might come back in a message, or go to whoever they like.
        if key.ends_with("_file") || key.ends_with("_files") {
            refuse("names a file, which only settings files may; give the value itself".to_owned());
        } else if text.len() > VALUE_BYTES_MAX {
            refuse(format!("is longer than {VALUE_BYTES_MAX} bytes"));
        } else {
            let leaf = Leaf { value: Value::Text(text.clone()), origin: Arc::clone(&origin) };
            let parts: Vec<String> = key.split('.').map(str::to_owned).collect();
            if let Err(reason) = tree::insert(&mut table, &parts, leaf) {
                refuse(reason);
            }
        }
    }
    table
}
