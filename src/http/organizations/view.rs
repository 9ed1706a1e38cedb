//! What the page shows.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::form::as_typed;
use super::notifier;
use super::place::{Place, told};
use crate::configuration::{Change, Document, Draft, Head, differences};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::problem::ApiError;
use crate::settings::{
    Environment, Logo, Problem, Setting, StaffRole, Values, effective_of, organization_settings,
};
use crate::web::{
    ChangeLine, CheckLine, Field, HeadLine, Language, OrganizationDraft, OrganizationNote, OrganizationPage,
    Origin, SettingLine, Shown, VersionPage,
};

/// The setting whose value is a picture.
const LOGO: &str = "logo";

/// The whole page for whoever looks.
pub(super) async fn page(
    place: &Place<'_>,
    (who, language): (&Who, Language),
    note: Option<OrganizationNote>,
) -> Result<OrganizationPage, ApiError> {
    let (values, secrets) = place.worked_on();
    let problems = match &place.draft {
        Some(draft) => place.settings_with(&draft.values, &draft.secrets).err().unwrap_or_default(),
        None => standing_problems(place),
    };
    let problems: Vec<Problem> = problems.into_iter().map(|problem| discreet(problem, place, who)).collect();
    let fields = organization_settings().iter().map(|setting| {
        let found = problems
            .iter()
            .find(|problem| problem.key == format!("organization.{}.{}", place.id, setting.key));
        field((setting, language), &values, &secrets, found)
    });
    let may_change = who.may(&place.id, StaffRole::Administrator) && !place.of_files;
    let fields: Vec<Field> = if may_change { fields.collect() } else { Vec::new() };
    let named: Vec<&str> =
        fields.iter().filter(|field| field.problem.is_some()).map(|field| field.key.as_str()).collect();
    let elsewhere = problems.iter().filter(|problem| !named.iter().any(|key| problem.key.ends_with(key)));
    let in_force = place.app.settings.organizations.get(&place.id);
    let head = place.newest.as_ref().map(|newest| &newest.head);
    Ok(OrganizationPage {
        language,
        id: place.id.as_str().to_owned(),
        name: in_force.map_or_else(|| place.id.as_str().to_owned(), |one| one.display_name.clone()),
        is_made: place.is_made(),
        test_environment: in_force.map(|one| one.environment == Environment::Test),
        note,
        notifier: match in_force {
            Some(_) => Some(notifier::section(place.app, (&place.id, language), None).await?),
            None => None,
        },
        of_files: place.of_files,
        settings: if may_change { Vec::new() } else { standing(place) },
        may_export: who.may(&place.id, StaffRole::Administrator),
        may_change,
        keeps_secrets: place.configuration().keeping.keeps_secrets(),
        base: place.draft.as_ref().map_or_else(|| place.version(), |draft| draft.base),
        saved: head.map(|head| head_line(place, head)),
        is_in_force: place.configuration().standing.get().in_force.get(&place.id)
            == head.map(|head| &head.version),
        problems: elsewhere.map(|problem| format!("{}: {}", problem.key, problem.message)).collect(),
        draft: match &place.draft {
            Some(draft) => Some(draft_of(place, draft, problems.is_empty()).await?),
            None => None,
        },
        history: place
            .newest
            .iter()
            .flat_map(|newest| &newest.history)
            .map(|head| head_line(place, head))
            .collect(),
        refused_file: None,
        refused: None,
        fields,
        signed_in: who.signed_in(place.app),
    })
}

/// A version, with what it changed.
pub(super) async fn version(
    place: &Place<'_>,
    (who, language): (&Who, Language),
    version: u64,
) -> Result<VersionPage, ApiError> {
    let document = document(place, version).await?.ok_or(ApiError::NoSuchVersion)?;
    let before = document.history.first().map(|head| head.version);
    let before = match before {
        Some(number) => self::document(place, number).await?,
        None => None,
    };
    let empty = (Values::new(), BTreeMap::new());
    let (values, secrets) = before.map_or(empty, |before| (before.values, before.secrets));
    let changes = differences((&values, &secrets), (&document.values, &document.secrets));
    Ok(VersionPage {
        language,
        id: place.id.as_str().to_owned(),
        head: head_line(place, &document.head),
        changes: changes.iter().map(change_line).collect(),
        may_go_back: who.may(&place.id, StaffRole::Administrator)
            && !place.of_files
            && version != place.version()
            && !document.head.removed,
        signed_in: who.signed_in(place.app),
    })
}

async fn document(place: &Place<'_>, version: u64) -> Result<Option<Document>, ApiError> {
    let Some(newest) = &place.newest else { return Ok(None) };
    let mut heads = std::iter::once(&newest.head).chain(&newest.history);
    let Some(head) = heads.find(|head| head.version == version) else { return Ok(None) };
    place.configuration().keeping.version(&place.id, head).await.map_err(told)
}

/// Whoever knows nothing of another organization is not told its name by what the two contradict each other in.
fn discreet(problem: Problem, place: &Place<'_>, who: &Who) -> Problem {
    let names = |id: &OrganizationId| {
        let mut words =
            problem.message.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        *id != place.id && !who.sees(id) && words.any(|word| word == id.as_str())
    };
    if !place.app.settings.organizations.keys().any(names) {
        return problem;
    }
    let message = "contradicts another organization of this service: ask whoever runs it".to_owned();
    Problem { message, ..problem }
}

/// Why this node does not use what counts.
fn standing_problems(place: &Place<'_>) -> Vec<Problem> {
    place.configuration().standing.get().refused.get(&place.id).cloned().unwrap_or_default()
}

/// What counts, for whoever cannot change it: Zoom's fields first.
fn standing(place: &Place<'_>) -> Vec<SettingLine> {
    let mut lines = if place.of_files { of_files(place) } else { of_store(place) };
    lines.sort_by_key(SettingLine::place);
    lines
}

fn of_files(place: &Place<'_>) -> Vec<SettingLine> {
    let effective = effective_of(&place.configuration().files, &place.id);
    let line = |(key, (text, origin)): (String, (String, Option<String>))| SettingLine {
        value: if text.is_empty() { Shown::NotSet } else { Shown::Text(readable(&key, text)) },
        key,
        origin: origin.map_or(Origin::Default, Origin::File),
    };
    effective.into_iter().map(line).collect()
}

fn of_store(place: &Place<'_>) -> Vec<SettingLine> {
    let (values, secrets) = place.kept();
    let line = |setting: &'static Setting| {
        let given = values.get(&setting.key).map(|text| readable(&setting.key, as_typed(setting, text)));
        let default = setting.default.clone().filter(|text| !text.is_empty());
        let (value, origin) = match (given, default) {
            _ if secrets.contains_key(&setting.key) => (Shown::Secret, Origin::Here),
            (Some(text), _) => (Shown::Text(text), Origin::Here),
            (None, Some(text)) => (Shown::Text(text), Origin::Default),
            (None, None) => (Shown::NotSet, Origin::Default),
        };
        SettingLine { key: setting.key.clone(), value, origin }
    };
    organization_settings().iter().map(line).collect()
}

fn field(
    (setting, language): (&'static Setting, Language),
    values: &Values,
    secrets: &BTreeMap<String, String>,
    problem: Option<&Problem>,
) -> Field {
    let text = values.get(&setting.key).filter(|_| !setting.is_secret());
    Field {
        language,
        key: setting.key.clone(),
        setting,
        text: text.map(|text| as_typed(setting, text)).unwrap_or_default(),
        is_set: secrets.contains_key(&setting.key),
        problem: problem.map(|problem| problem.message.clone()),
    }
}

async fn draft_of(place: &Place<'_>, draft: &Draft, is_right: bool) -> Result<OrganizationDraft, ApiError> {
    let (values, secrets) = place.kept();
    let is_behind = draft.base != place.version();
    let base = document(place, draft.base).await?;
    let empty = (Values::new(), BTreeMap::new());
    let (base_values, base_secrets) = base.map_or(empty, |base| (base.values, base.secrets));
    let checks = draft.checked.iter().flat_map(|checked| &checked.lines);
    let theirs = differences((&base_values, &base_secrets), (&values, &secrets));
    Ok(OrganizationDraft {
        at: written(place.app, &place.id, draft.at),
        made: draft.at.0,
        is_right,
        is_behind,
        changes: differences((&base_values, &base_secrets), (&draft.values, &draft.secrets))
            .iter()
            .map(change_line)
            .collect(),
        theirs: if is_behind { theirs.iter().map(change_line).collect() } else { Vec::new() },
        checks: checks
            .map(|line| CheckLine {
                check: line.check.clone(),
                outcome: line.outcome.clone(),
                what: line.what.clone(),
                advice: line.advice.clone(),
            })
            .collect(),
        failed: draft.checked.as_ref().map(|checked| checked.failed().len()),
    })
}

fn change_line(change: &Change) -> ChangeLine {
    let secret = |is_given: bool| if is_given { Shown::Secret } else { Shown::NoSecret };
    match change {
        Change::Value { key, before, after } => {
            let text = |text: &Option<String>| {
                text.clone().map_or(Shown::NotSet, |text| Shown::Text(readable(key, text)))
            };
            ChangeLine { key: key.clone(), before: text(before), after: text(after) }
        }
        Change::Secret { key, before: true, after: true } => {
            ChangeLine { key: key.clone(), before: Shown::Secret, after: Shown::OtherSecret }
        }
        Change::Secret { key, before, after } => {
            ChangeLine { key: key.clone(), before: secret(*before), after: secret(*after) }
        }
    }
}

/// A value, or what it is where nobody could read it.
fn readable(key: &str, text: String) -> String {
    if key == LOGO && !text.is_empty() { Logo::summary(&text) } else { text }
}

fn head_line(place: &Place<'_>, head: &Head) -> HeadLine {
    HeadLine {
        version: head.version,
        at: written(place.app, &place.id, head.at),
        by: head.by.clone(),
        reason: head.reason.clone(),
        forced: head.forced.clone(),
        removed: head.removed,
    }
}

/// In the organization's zone, where it has one that this machine knows.
pub(super) fn written(app: &App, id: &OrganizationId, at: Moment) -> String {
    let zone = app.settings.organizations.get(id).map_or("UTC", |one| one.time_zone.as_str());
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned_datetime(zone);
    at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
