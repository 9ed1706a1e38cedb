//! Where settings come from: layers of TOML text and files, later ones over earlier ones, and the environment over all.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::Problem;
use super::tree::{self, Leaf, Origin, Table, Value};

/// A settings file larger than this is a mistake.
const FILE_BYTES_MAX: u64 = 1 << 20;
const ENVIRONMENT_PREFIX: &str = "VESTIBULE__";
/// Deeper names than `organization.<id>.epic.retry.first` exist nowhere; the rest is a mistake.
const LEVELS_MAX: usize = 8;

/// The layers that settings are read from, in order.
#[derive(Debug)]
pub struct Sources {
    working_directory: PathBuf,
    merged: Table,
    problems: Vec<Problem>,
}

impl Sources {
    /// Only the built-in defaults so far. Paths in texts and in the environment are relative to `working_directory`.
    pub fn new(working_directory: impl Into<PathBuf>) -> Self {
        let sources =
            Self { working_directory: working_directory.into(), merged: Table::new(), problems: Vec::new() };
        sources.text("the built-in defaults", super::DEFAULTS)
    }

    /// Lays a TOML text over what is there, known by `name` in messages.
    #[must_use]
    pub fn text(mut self, name: &str, text: &str) -> Self {
        let base = self.working_directory.clone();
        self.add(name, text, base);
        self
    }

    /// Lays a TOML file over what is there. A file that cannot be read becomes a problem of the result.
    #[must_use]
    pub fn file(mut self, path: &Path) -> Self {
        let path = self.working_directory.join(path);
        let name = path.display().to_string();
        match read_text(&path) {
            Ok(text) => {
                let base = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
                self.add(&name, &text, base);
            }
            Err(reason) => self.problems.push(Problem::new(name, reason)),
        }
        self
    }

    /// Lays the variables that begin with `VESTIBULE__` over what is there; others are passed over.
    #[must_use]
    pub fn environment<K, V>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let ours: BTreeMap<OsString, OsString> = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(name, _)| name.to_string_lossy().starts_with(ENVIRONMENT_PREFIX))
            .collect();
        let mut layer = Table::new();
        for (name, value) in ours {
            let shown = name.to_string_lossy().into_owned();
            if let Err(reason) = self.add_variable(&mut layer, &shown, value) {
                self.problems.push(Problem::new(shown, reason));
            }
        }
        tree::merge(&mut self.merged, layer);
        self
    }

    pub(super) fn into_parts(self) -> (Table, Vec<Problem>) {
        (self.merged, self.problems)
    }

    fn add(&mut self, name: &str, text: &str, base: PathBuf) {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let origin = Arc::new(Origin { name: name.to_owned(), base });
                tree::merge(&mut self.merged, tree::from_toml(table, &origin));
            }
            Err(error) => self.problems.push(Problem::new(name, describe_syntax_error(text, &error))),
        }
    }

    fn add_variable(&self, layer: &mut Table, name: &str, value: OsString) -> Result<(), String> {
        let value = value.into_string().map_err(|_| "is not valid UTF-8")?;
        let path = variable_path(name)?;
        let origin = Arc::new(Origin { name: name.to_owned(), base: self.working_directory.clone() });
        tree::insert(layer, &path, Leaf { value: Value::Text(value), origin })
    }
}

/// This process's environment. The only place that reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "everything else gets the environment from here, as an argument"
)]
pub fn process_environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// `VESTIBULE__ORGANIZATION__NORTH_LAKE__NAME` is `organization`, `north-lake`, `name`.
fn variable_path(name: &str) -> Result<Vec<String>, String> {
    let rest = name.strip_prefix(ENVIRONMENT_PREFIX).unwrap_or(name).to_ascii_lowercase();
    let mut path: Vec<String> = rest.split("__").map(str::to_owned).collect();
    if path.iter().any(String::is_empty) || path.len() > LEVELS_MAX {
        return Err(format!("names no setting; write {ENVIRONMENT_PREFIX}SERVER__LISTEN for server.listen"));
    }
    // Names of organizations and of grants have dashes, which variables cannot.
    let named = match path.as_mut_slice() {
        [first, name, ..] if first == "organization" => Some(name),
        [first, second, name, ..] if first == "access" && second == "grant" => Some(name),
        _ => None,
    };
    if let Some(name) = named {
        *name = name.replace('_', "-");
    }
    Ok(path)
}

/// Reads a whole text file with a bound on its size.
fn read_text(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("this file of settings cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("this file of settings is larger than {FILE_BYTES_MAX} bytes"));
    }
    Ok(text)
}

/// The parser's message with its line. Its own rendering would quote the line, which may hold a secret.
fn describe_syntax_error(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line} is not valid TOML: {}", error.message())
}

/// A secret, or whatever else an operator keeps in a file of its own: bounded, its trailing newlines removed.
pub(super) fn read_value_file(path: &Path) -> Result<String, String> {
    const BYTES_MAX: u64 = 64 * 1024;
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(format!("{} is larger than {BYTES_MAX} bytes", path.display()));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}
