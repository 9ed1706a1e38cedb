//! Typed, validated settings: what the service runs with, read once at start from `config/default.toml`, the files of
//! the operator and the environment. A value that arrives here as a type has been checked; nothing checks it again.

mod access;
mod address;
mod catalogue;
mod device_test;
mod downtime;
mod encrypted_launch;
mod epic;
mod grants;
mod guest_birth_date;
mod keep;
mod kept;
mod logo;
mod organization;
mod patients;
mod policy;
mod private_key;
mod problem;
mod provider_fallback;
mod proxies;
mod reader;
mod rules;
mod secret;
mod secrets;
mod service;
mod sms;
mod sources;
mod store;
mod telehealth_2020;
mod template;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;

use vestibule_domain::id::OrganizationId;

pub use access::{Access, AccessMode, BreakGlass, Jwt, OpenId, SealedSecret};
pub use address::{BaseUrl, FramingHost, PageUrl};
pub use catalogue::{Setting, organization_settings};
pub use device_test::{DeviceTest, TestField, TestResult, TestUrl};
pub use downtime::DowntimePlan;
pub use encrypted_launch::{EncryptedLaunch, LaunchIv, LaunchKey};
pub use epic::{
    BasicEncoding, Breaker, ContextNames, Epic, ExternalIdTypes, FhirReads, Retry, StatusAuth, StatusDialect,
    StatusValues,
};
pub use grants::{Grant, Proof, Rights, StaffRole};
pub use guest_birth_date::GuestBirthDate;
pub use keep::Keep;
pub use kept::{Values, is_organization_id, values_of_toml};
pub use logo::Logo;
pub use organization::{
    AlternativeHostLink, Authorization, Environment, Language, Organization, PatientDisplayName,
    ProviderAction, ProviderUserType, Zoom,
};
pub use private_key::PrivateKey;
pub use problem::{Problem, SettingsError};
pub use provider_fallback::{Fallback, ProviderFallback, SeatFallback};
pub use proxies::TrustedProxies;
pub use reader::Kind;
pub use secret::{MASK, Secret};
pub use service::{Limits, LogFormat, Logging, Node, Page, Server};
pub use sms::{Sms, SmsBody, SmsField, SmsMethod, SmsTextField};
pub use sources::{Sources, process_environment};
pub use store::{BackupPlan, Durability, Redis, Store, StoreUrl};
pub use telehealth_2020::{DeviceTestCall, StatusCall, StatusField, StatusMethod, Telehealth2020};
pub use template::{JsonTemplate, Template};

use reader::{Read, Reader, Reported, Section};
use tree::Table;

/// The reference of every setting, and the lowest layer.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// More organizations than this on one service is a mistake.
const ORGANIZATIONS_MAX: usize = 1000;

/// All settings, each checked by itself and against the others.
#[derive(Debug, Clone)]
pub struct Settings {
    pub node: Node,
    pub server: Server,
    pub store: Store,
    pub access: Access,
    pub page: Page,
    pub limits: Limits,
    pub logging: Logging,
    /// Where lists for downtime are written, if anywhere.
    pub downtime: Option<DowntimePlan>,
    pub organizations: BTreeMap<OrganizationId, Organization>,
    effective: toml::Table,
    /// What an organization does not say.
    defaults: kept::Defaults,
    /// Which file or variable says a setting of an organization, by its key.
    origins: BTreeMap<String, String>,
}

// === impl Settings ===

impl Settings {
    /// Reads the settings of this process: the defaults, these files in order, then the environment.
    ///
    /// # Errors
    /// All problems at once, each with its key and what to do.
    pub fn of_process(files: &[PathBuf]) -> Result<Self, SettingsError> {
        let here = std::env::current_dir().map_err(|error| SettingsError {
            problems: vec![Problem::new("the working directory", format!("cannot be found: {error}"))],
        })?;
        let sources = files.iter().fold(Sources::new(here), |sources, file| sources.file(file));
        Self::load(sources.environment(process_environment()))
    }

    /// Reads the settings of these sources.
    ///
    /// # Errors
    /// All problems at once, each with its key and what to do.
    pub fn load(sources: Sources) -> Result<Self, SettingsError> {
        let (table, mut problems) = sources.into_parts();
        let (defaults, origins) =
            (tree::table_at(&table, "organization_defaults"), tree::origins(&table, "organization"));
        let mut reader = Reader::default();
        let settings = reader.section(Vec::new(), table, read_settings);
        problems.append(&mut reader.problems);
        SettingsError::unless_empty(problems)?;
        // What could not be read has reported why, so that this is reached with settings only.
        let mut settings = settings.map_err(|Reported| SettingsError {
            problems: vec![Problem::new("settings", "could not be read; this is a mistake in the program")],
        })?;
        SettingsError::unless_empty(rules::contradictions(&settings))?;
        settings.effective = effective_table(reader.effective);
        settings.defaults = kept::Defaults(defaults);
        settings.origins = origins;
        Ok(settings)
    }

    /// The same with this organization alone.
    #[must_use]
    pub fn only(&self, id: &OrganizationId) -> Self {
        let mut alone = self.clone();
        alone.organizations.retain(|other, _| other == id);
        alone
    }

    /// The organization of this id, as it stands in a URL.
    pub fn organization(&self, id: &str) -> Option<(&OrganizationId, &Organization)> {
        let id = organization::organization_id(id).ok()?;
        self.organizations.get_key_value(&id)
    }

    /// What works and yet is hardly meant, in plain words, to be logged at start.
    pub fn warnings(&self) -> Vec<String> {
        rules::doubts(self)
    }
}

/// What stands of one organization in the settings in effect, by its keys below `organization.<id>`, as somebody would write it; secrets masked.
/// With each, the file or variable that says it, where one does.
pub fn effective_of(settings: &Settings, id: &OrganizationId) -> BTreeMap<String, (String, Option<String>)> {
    let organization = settings.effective.get("organization").and_then(|all| all.get(id.as_str()));
    let mut flat = BTreeMap::new();
    if let Some(toml::Value::Table(table)) = organization {
        catalogue::flatten("", table, &mut flat);
    }
    let with_origin = |(key, text): (String, String)| {
        let origin = settings.origins.get(&format!("{id}.{key}")).cloned();
        (key, (text, origin))
    };
    flat.into_iter().map(with_origin).collect()
}

/// The settings in effect as TOML, every key with its value, secrets masked.
pub fn effective_toml(settings: &Settings) -> String {
    settings.effective.to_string()
}

fn read_settings(section: &mut Section<'_>) -> Read<Settings> {
    let node = section.section("node", service::read_node);
    let server = section.section("server", service::read_server);
    let store = section.section("store", store::read_store);
    let access = section.section("access", access::read_access);
    let page = section.section("page", service::read_page);
    let limits = section.section("limits", service::read_limits);
    let logging = section.section("logging", service::read_logging);
    let downtime = section.section("downtime", downtime::read_downtime);
    let organizations = read_organizations(section);
    Ok(Settings {
        node: node?,
        server: server?,
        store: store?,
        access: access?,
        page: page?,
        limits: limits?,
        logging: logging?,
        downtime: downtime?,
        organizations: organizations?,
        effective: toml::Table::new(),
        defaults: kept::Defaults::default(),
        origins: BTreeMap::new(),
    })
}

fn read_organizations(section: &mut Section<'_>) -> Read<BTreeMap<OrganizationId, Organization>> {
    let defaults = section.table("organization_defaults");
    let tables = section.table("organization");
    let (mut defaults, tables) = (defaults?, tables?);
    report_unknown_defaults(section.reader(), &mut defaults);
    if tables.len() > ORGANIZATIONS_MAX {
        return Err(section.problem("organization", format!("has more than {ORGANIZATIONS_MAX} entries")));
    }
    let mut organizations = Ok(BTreeMap::new());
    for (name, node) in tables {
        let read = read_one_organization(section.reader(), &defaults, &name, node);
        match (&mut organizations, read) {
            (Ok(known), Ok((name, organization))) => {
                known.insert(name, organization);
            }
            (_, Err(reported)) => organizations = Err(reported),
            (Err(_), Ok(_)) => {}
        }
    }
    organizations
}

fn read_one_organization(
    reader: &mut Reader,
    defaults: &Table,
    id: &str,
    node: tree::Node,
) -> Read<(OrganizationId, Organization)> {
    let path = vec!["organization".to_owned(), id.to_owned()];
    let name = organization::organization_id(id);
    let tree::Node::Table(own) = node else {
        return Err(reader.report(Problem::new(path.join("."), "is a table of settings, not a value")));
    };
    let mut table = defaults.clone();
    tree::merge(&mut table, own);
    let organization =
        reader.section(path.clone(), table, |section| organization::read_organization(section, id));
    match name {
        Ok(name) => organization.map(|organization| (name, organization)),
        Err(reason) => Err(reader.report(Problem::new(path.join("."), reason))),
    }
}

/// Reports keys of the defaults that no organization knows, once, and takes them out, so that they are not found again
/// in each organization. Missing and wrong values are no matter here: an organization may still give its own.
fn report_unknown_defaults(reader: &mut Reader, defaults: &mut Table) {
    let mut trial = Reader::default();
    let path = vec!["organization_defaults".to_owned()];
    let read = |section: &mut Section<'_>| organization::read_organization(section, "");
    // Only what is unknown counts; the values are read again with each organization.
    let _ = trial.section(path, defaults.clone(), read);
    for unknown in trial.unknown {
        let key = unknown.join(".");
        reader.problems.extend(trial.problems.iter().filter(|problem| problem.key == key).cloned());
        tree::remove(defaults, unknown.get(1..).unwrap_or_default());
    }
}

fn effective_table(values: Vec<(Vec<String>, toml::Value)>) -> toml::Table {
    let mut root = toml::Table::new();
    for (path, value) in values {
        let Some((last, parents)) = path.split_last() else { continue };
        let mut table = Some(&mut root);
        for name in parents {
            table = table.and_then(|table| {
                let inner = table.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                inner.as_table_mut()
            });
        }
        if let Some(table) = table {
            table.insert(last.clone(), value);
        }
    }
    root
}
