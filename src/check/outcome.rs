//! What the checks found, for people and for programs.

use std::fmt::Display;

use serde::Serialize;
use vestibule_domain::id::OrganizationId;

use crate::configuration::Seen;

const FAIL: &str = "fail";

/// How one check ended.
pub(super) enum Checked {
    Pass(String),
    /// It works, and something should be done before it does not.
    Warn {
        what: String,
        advice: &'static str,
    },
    Fail {
        what: String,
        advice: &'static str,
    },
}

impl Checked {
    pub(super) fn pass(what: &str) -> Self {
        Self::Pass(what.to_owned())
    }

    pub(super) fn warn(what: String, advice: &'static str) -> Self {
        Self::Warn { what, advice }
    }

    pub(super) fn fail(what: String, advice: &'static str) -> Self {
        Self::Fail { what, advice }
    }

    pub(super) fn of(result: Result<String, impl Display>, advice: &'static str) -> Self {
        match result {
            Ok(what) => Self::Pass(what),
            Err(error) => Self::fail(error.to_string(), advice),
        }
    }
}

/// One line of the report.
#[derive(Serialize)]
struct Line {
    organization: Option<String>,
    check: &'static str,
    /// `pass`, `warn` or `fail`.
    outcome: &'static str,
    /// Whether it did not fail.
    passed: bool,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

/// All checks in the order in which they were made.
#[derive(Default, Serialize)]
pub(super) struct Report {
    checks: Vec<Line>,
}

impl Report {
    pub(super) fn add(
        &mut self,
        organization: Option<&OrganizationId>,
        check: &'static str,
        checked: Checked,
    ) {
        let organization = organization.map(ToString::to_string);
        let (outcome, what, advice) = match checked {
            Checked::Pass(what) => ("pass", what, None),
            Checked::Warn { what, advice } => ("warn", what, Some(advice)),
            Checked::Fail { what, advice } => (FAIL, what, Some(advice)),
        };
        self.checks.push(Line { organization, check, outcome, passed: outcome != FAIL, what, advice });
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.checks.append(&mut other.checks);
    }

    /// What was found, as the store keeps it.
    pub(super) fn seen(self) -> Vec<Seen> {
        let seen = |line: Line| Seen {
            check: line.check.to_owned(),
            outcome: line.outcome.to_owned(),
            what: line.what,
            advice: line.advice.map(str::to_owned),
        };
        self.checks.into_iter().map(seen).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.checks.len()
    }

    pub(super) fn failed(&self) -> usize {
        self.checks.iter().filter(|line| !line.passed).count()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(super) fn to_text(&self) -> String {
        let line = |line: &Line| {
            let mark = if line.passed { line.outcome } else { "FAIL" };
            let whose = line.organization.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
            let advice = line.advice.map(|advice| format!("\n      {advice}")).unwrap_or_default();
            format!("{mark}  {whose}{}: {}{advice}", line.check, line.what)
        };
        self.checks.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
