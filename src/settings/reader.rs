//! Reads typed values out of the merged tables. It goes on after a problem, so that all are found in one run, and keeps
//! what was read for `vestibule config`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::problem::Problem;
use super::tree::{Leaf, Node, Origin, Table, Value};

/// Stands where a value could not be read; the problem is recorded already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported;

pub(super) type Read<T> = Result<T, Reported>;

/// What all sections share: the problems found, and the values in effect.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
    pub(super) effective: Vec<(Vec<String>, toml::Value)>,
    pub(super) unknown: Vec<Vec<String>>,
    /// What every setting that was asked for is.
    pub(super) kinds: BTreeMap<String, Kind>,
}

/// What may stand in a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// One of these.
    Choice(Vec<&'static str>),
    Boolean,
    /// A whole number within these bounds.
    Number(String),
    /// A number and a unit, within these bounds.
    Duration(String),
    /// Several texts.
    List,
    Secret,
    /// Several secrets.
    Secrets,
}

/// One table that is being read. Each key asked for leaves it; what stays is unknown.
pub(super) struct Section<'r> {
    reader: &'r mut Reader,
    path: Vec<String>,
    table: Table,
    known: Vec<String>,
}

/// A closed set of names.
pub(super) trait Choice: Copy + 'static {
    const ALL: &'static [(&'static str, Self)];
}

// === impl Reader ===

impl Reader {
    /// Reads `table`, known as `path`, with `read`, and reports what `read` did not ask for.
    pub(super) fn section<T>(
        &mut self,
        path: Vec<String>,
        table: Table,
        read: impl FnOnce(&mut Section<'_>) -> Read<T>,
    ) -> Read<T> {
        let mut section = Section { reader: self, path, table, known: Vec::new() };
        let result = read(&mut section);
        section.report_unknown();
        result
    }

    pub(super) fn report(&mut self, problem: Problem) -> Reported {
        self.problems.push(problem);
        Reported
    }
}

// === impl Section ===

impl Section<'_> {
    /// Reads the table under `key`; an absent one is empty.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Read<T>,
    ) -> Read<T> {
        let table = self.table(key);
        self.reader.section(path_of(&self.path, key), table?, read)
    }

    /// The raw table under `key`.
    pub(super) fn table(&mut self, key: &str) -> Read<Table> {
        self.known.push(key.to_owned());
        match self.table.remove(key) {
            None => Ok(Table::new()),
            Some(Node::Table(table)) => Ok(table),
            Some(Node::Leaf(leaf)) => {
                Err(self.problem_from(key, &leaf.origin, "is a table of settings, not a value"))
            }
        }
    }

    /// The keys that nobody has asked for yet.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.table.keys()
    }

    pub(super) fn reader(&mut self) -> &mut Reader {
        self.reader
    }

    /// Text, or nothing where it is absent or empty.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str, &Origin) -> Result<T, String>,
    ) -> Read<Option<T>> {
        self.kind(key, Kind::Text);
        let Some((text, origin)) = self.take_text(key)? else {
            self.record(key, String::new());
            return Ok(None);
        };
        match parse(&text, &origin) {
            Ok(value) => {
                self.record(key, text);
                Ok(Some(value))
            }
            Err(reason) => Err(self.problem_from(key, &origin, reason)),
        }
    }

    /// Text that has to be there.
    pub(super) fn needed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str, &Origin) -> Result<T, String>,
    ) -> Read<T> {
        self.optional(key, parse)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn choice<T: Choice>(&mut self, key: &str) -> Read<T> {
        self.optional_choice(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn optional_choice<T: Choice>(&mut self, key: &str) -> Read<Option<T>> {
        self.kind(key, Kind::Choice(T::ALL.iter().map(|(name, _)| *name).collect()));
        self.optional(key, |text, _| {
            let found = T::ALL.iter().find(|(name, _)| *name == text);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let names: Vec<String> = T::ALL.iter().map(|(name, _)| format!("\"{name}\"")).collect();
                format!("\"{text}\" is none of {}", names.join(", "))
            })
        })
    }

    /// A duration with its unit, inside `range`.
    pub(super) fn duration(&mut self, key: &str, range: RangeInclusive<Duration>) -> Read<Duration> {
        self.optional_duration(key, range)?.ok_or_else(|| self.missing(key))
    }

    /// The same, or nothing where it is absent or empty.
    pub(super) fn optional_duration(
        &mut self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Read<Option<Duration>> {
        let bounds = [range.start(), range.end()].map(|bound| humantime::format_duration(*bound).to_string());
        self.kind(key, Kind::Duration(bounds.join(" – ")));
        self.optional(key, |text, _| {
            let duration = humantime::parse_duration(text).map_err(|_| {
                format!("\"{text}\" is not a duration; write a number and a unit, such as \"30s\"")
            })?;
            if range.contains(&duration) {
                return Ok(duration);
            }
            let (least, most) =
                (humantime::format_duration(*range.start()), humantime::format_duration(*range.end()));
            Err(format!("{text} is outside of {least} to {most}"))
        })
    }

    /// A whole number inside `range`.
    pub(super) fn integer<T>(&mut self, key: &str, range: RangeInclusive<T>) -> Read<T>
    where
        T: TryFrom<i64> + PartialOrd + Display + Copy,
    {
        self.kind(key, Kind::Number(format!("{} – {}", range.start(), range.end())));
        let Some(leaf) = self.take(key)? else { return Err(self.missing(key)) };
        let number = match &leaf.value {
            Value::Toml(toml::Value::Integer(number)) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Toml(_) => None,
        };
        let Some(number) = number else {
            return Err(self.problem_from(key, &leaf.origin, "must be a whole number"));
        };
        match T::try_from(number).ok().filter(|value| range.contains(value)) {
            Some(value) => {
                self.record(key, number);
                Ok(value)
            }
            None => {
                let message = format!("{number} is outside of {} to {}", range.start(), range.end());
                Err(self.problem_from(key, &leaf.origin, message))
            }
        }
    }

    pub(super) fn boolean(&mut self, key: &str) -> Read<bool> {
        self.kind(key, Kind::Boolean);
        let Some(leaf) = self.take(key)? else { return Err(self.missing(key)) };
        let value = match &leaf.value {
            Value::Toml(toml::Value::Boolean(value)) => Some(*value),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Toml(_) => None,
        };
        match value {
            Some(value) => {
                self.record(key, value);
                Ok(value)
            }
            None => Err(self.problem_from(key, &leaf.origin, "must be true or false")),
        }
    }

    /// A list of at most `most` texts, each parsed; empty where it is absent.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        most: usize,
        parse: impl Fn(&str, &Origin) -> Result<T, String>,
    ) -> Read<Vec<T>> {
        self.kind(key, Kind::List);
        let Some((texts, origin)) = self.take_texts(key)? else {
            self.record(key, Vec::<String>::new());
            return Ok(Vec::new());
        };
        if texts.len() > most {
            let message = format!("has {} entries; at most {most} are allowed", texts.len());
            return Err(self.problem_from(key, &origin, message));
        }
        match texts.iter().map(|text| parse(text, &origin)).collect() {
            Ok(values) => {
                self.record(key, texts);
                Ok(values)
            }
            Err(reason) => Err(self.problem_from(key, &origin, reason)),
        }
    }

    // --- what the getters, and those for secrets, are made of ---

    pub(super) fn missing(&mut self, key: &str) -> Reported {
        self.problem(key, "is needed and not set")
    }

    pub(super) fn problem(&mut self, key: &str, message: impl Into<String>) -> Reported {
        let problem = Problem::new(path_of(&self.path, key).join("."), message);
        self.reader.report(problem)
    }

    pub(super) fn problem_from(
        &mut self,
        key: &str,
        origin: &Origin,
        message: impl Into<String>,
    ) -> Reported {
        let problem = Problem::new(path_of(&self.path, key).join("."), message).with_origin(&origin.name);
        self.reader.report(problem)
    }

    pub(super) fn record(&mut self, key: &str, value: impl Into<toml::Value>) {
        self.reader.effective.push((path_of(&self.path, key), value.into()));
    }

    /// Notes what a setting is; what is known of it already stands.
    pub(super) fn kind(&mut self, key: &str, kind: Kind) {
        self.reader.kinds.entry(path_of(&self.path, key).join(".")).or_insert(kind);
    }

    pub(super) fn take(&mut self, key: &str) -> Read<Option<Leaf>> {
        self.known.push(key.to_owned());
        match self.table.remove(key) {
            None => Ok(None),
            Some(Node::Leaf(leaf)) => Ok(Some(leaf)),
            Some(Node::Table(_)) => Err(self.problem(key, "is a value, not a table of settings")),
        }
    }

    /// A text that is neither absent nor empty.
    pub(super) fn take_text(&mut self, key: &str) -> Read<Option<(String, Arc<Origin>)>> {
        let Some(leaf) = self.take(key)? else { return Ok(None) };
        let text = match leaf.value {
            Value::Text(text) | Value::Toml(toml::Value::String(text)) => text,
            Value::Toml(_) => return Err(self.problem_from(key, &leaf.origin, "must be a text in quotes")),
        };
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some((text, leaf.origin)))
    }

    pub(super) fn take_texts(&mut self, key: &str) -> Read<Option<(Vec<String>, Arc<Origin>)>> {
        let Some(leaf) = self.take(key)? else { return Ok(None) };
        let texts = match leaf.value {
            Value::Text(text) if text.trim().is_empty() => Some(Vec::new()),
            Value::Text(text) => serde_json::from_str(&text).ok(),
            Value::Toml(value) => value.try_into().ok(),
        };
        let texts: Option<Vec<String>> = texts;
        match texts {
            Some(texts) if texts.iter().any(|text| text.trim().is_empty()) => {
                Err(self.problem_from(key, &leaf.origin, "has an empty entry; remove it"))
            }
            Some(texts) => Ok(Some((texts, leaf.origin))),
            None => Err(self.problem_from(
                key,
                &leaf.origin,
                "must be a list of texts, such as [\"one\", \"two\"]",
            )),
        }
    }

    fn report_unknown(mut self) {
        let left = std::mem::take(&mut self.table);
        for (key, node) in left {
            self.known.sort();
            let message = format!("is no setting; here are: {}", self.known.join(", "));
            match origin_of(&node) {
                Some(origin) => self.problem_from(&key, &origin, message),
                None => self.problem(&key, message),
            };
            self.reader.unknown.push(path_of(&self.path, &key));
        }
    }
}

fn path_of(parents: &[String], key: &str) -> Vec<String> {
    parents.iter().cloned().chain([key.to_owned()]).collect()
}

/// Where the first value at or below a node comes from.
fn origin_of(node: &Node) -> Option<Arc<Origin>> {
    match node {
        Node::Leaf(leaf) => Some(Arc::clone(&leaf.origin)),
        Node::Table(table) => table.values().find_map(origin_of),
    }
}
