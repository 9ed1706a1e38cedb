//! What is wrong with the settings: every problem found, each with its key and what to do, so that one start is enough
//! to mend them all.

use std::fmt;

use vestibule_domain::id::OrganizationId;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The full key (`organization.lakeside.epic.client_id`), or the file or variable where no key is known.
    pub key: String,
    /// What is wrong and what to do; never the value of a secret.
    pub message: String,
    /// The file or environment variable that says it, where one does.
    pub origin: Option<String>,
}

impl Problem {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), origin: None }
    }

    /// Of a whole organization.
    pub(crate) fn of_organization(id: &OrganizationId, message: impl Into<String>) -> Self {
        Self::new(format!("organization.{id}"), message)
    }

    pub(super) fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)?;
        match &self.origin {
            Some(origin) => write!(f, " (in {origin})"),
            None => Ok(()),
        }
    }
}

/// Settings that the service cannot start with. `main` turns it into exit status 64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// All problems, in the order of the sources and then of the keys; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings cannot be used:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl SettingsError {
    /// An error where there are problems, else nothing.
    pub(super) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}
