//! The pages of an organization's settings, for administrators.

mod fields;
mod help;
mod note;
mod words;

use askama::Template;

use super::language::Language;
use super::notifier::NotifierSection;
use super::refused_form::RefusedForm;
use super::signed_in::SignedIn;
use super::words::filled;
use crate::settings::organization_settings;

pub use fields::Field;
use fields::{Group, groups};
pub use note::OrganizationNote;
use words::OrganizationWords;

/// A setting that is shown and cannot be changed by whoever looks.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingLine {
    /// Below the organization's table.
    pub key: String,
    pub value: Shown,
    pub origin: Origin,
}

/// Where a setting stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    /// In this file or variable.
    File(String),
    /// In the version that counts.
    Here,
    Default,
}

impl SettingLine {
    /// The fields of Zoom's page first, in its order.
    pub fn place(&self) -> usize {
        help::ARTICLE.iter().position(|article| article.key == self.key).unwrap_or(help::ARTICLE.len())
    }

    /// Its whole key.
    fn name(&self, id: &str) -> String {
        format!("organization.{id}.{}", self.key)
    }

    /// As Zoom's page calls it.
    fn label(&self) -> Option<&'static str> {
        help::article(&self.key).map(|article| article.name)
    }

    fn help(&self, language: &Language) -> Option<&'static str> {
        let setting = organization_settings().iter().find(|setting| setting.key == self.key);
        setting.map(|setting| help::help(setting, *language))
    }
}

/// Who saved a version.
#[derive(Clone, PartialEq, Eq)]
pub struct HeadLine {
    pub version: u64,
    pub at: String,
    pub by: String,
    pub reason: Option<String>,
    /// The checks that had failed.
    pub forced: Vec<String>,
    pub removed: bool,
}

/// A setting that differs.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangeLine {
    pub key: String,
    pub before: Shown,
    pub after: Shown,
}

impl ChangeLine {
    fn sides(&self) -> [&Shown; 2] {
        [&self.before, &self.after]
    }
}

/// What stands somewhere, as far as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    NotSet,
    Text(String),
    Secret,
    NoSecret,
    /// After a secret: it is not the same.
    OtherSecret,
}

impl Shown {
    fn is_set(&self) -> bool {
        *self != Self::NotSet
    }

    fn said<'a>(&'a self, words: &'static OrganizationWords) -> &'a str {
        match self {
            Self::NotSet => words.not_set,
            Self::Text(text) => text,
            Self::Secret => words.a_secret,
            Self::NoSecret => words.no_secret,
            Self::OtherSecret => words.another_secret,
        }
    }
}

/// What a check said.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckLine {
    pub check: String,
    /// `pass`, `warn` or `fail`.
    pub outcome: String,
    pub what: String,
    pub advice: Option<String>,
}

/// What somebody has begun to change.
#[derive(Clone, PartialEq, Eq)]
pub struct OrganizationDraft {
    pub at: String,
    /// When it was made, in milliseconds since 1970: by that a page says which it shows.
    pub made: i64,
    /// Whether it can be read at all.
    pub is_right: bool,
    /// Somebody else has saved since it was begun.
    pub is_behind: bool,
    pub changes: Vec<ChangeLine>,
    /// What somebody else has changed since.
    pub theirs: Vec<ChangeLine>,
    pub checks: Vec<CheckLine>,
    /// How many failed; none where they were not made.
    pub failed: Option<usize>,
}

/// What somebody wanted to import.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedFile {
    pub text: String,
    /// What is wrong with it, in English.
    pub problem: String,
}

/// `GET /admin/{organization}`.
#[derive(Template)]
#[template(path = "organization.html")]
pub struct OrganizationPage {
    pub language: Language,
    pub id: String,
    pub name: String,
    pub is_made: bool,
    /// None where it is not in force here.
    pub test_environment: Option<bool>,
    pub note: Option<OrganizationNote>,
    /// None where it is not in force here.
    pub notifier: Option<NotifierSection>,
    /// It stands in files, so that nobody changes it here.
    pub of_files: bool,
    /// All settings, where whoever looks cannot change them.
    pub settings: Vec<SettingLine>,
    pub may_change: bool,
    pub may_export: bool,
    pub keeps_secrets: bool,
    /// The version on which the form builds.
    pub base: u64,
    pub saved: Option<HeadLine>,
    /// Whether the version that was saved last is in force on this node.
    pub is_in_force: bool,
    /// What is wrong and stands beside no field.
    pub problems: Vec<String>,
    pub draft: Option<OrganizationDraft>,
    pub history: Vec<HeadLine>,
    /// A file that could not be taken in.
    pub refused_file: Option<RefusedFile>,
    /// Any other form that was sent and not taken; what is wrong beside its reason is what the note says.
    pub refused: Option<RefusedForm>,
    pub fields: Vec<Field>,
    pub signed_in: SignedIn,
}

impl OrganizationPage {
    fn words(&self) -> &'static OrganizationWords {
        words::words(self.language)
    }

    fn groups(&self) -> Vec<Group<'_>> {
        groups(&self.fields, self.words())
    }

    /// This form as it was sent, where it was not taken.
    fn sent(&self, which: &[&str]) -> Option<&RefusedForm> {
        self.refused.as_ref()?.of(which)
    }

    /// What is wrong with its field beside the reason.
    fn wrong_beside(&self, which: &str) -> Option<&'static str> {
        self.sent(&[which]).filter(|form| form.is_wrong_beside())?;
        self.note.map(|note| note.text(self.language))
    }

    /// Where the form is posted.
    fn act(&self, act: &str) -> String {
        format!("/admin/{}/settings/{act}?lang={}", self.id, self.language.code())
    }

    /// The version that counts.
    fn version(&self) -> u64 {
        self.saved.as_ref().map_or(0, |head| head.version)
    }

    fn saved_by(&self, head: &HeadLine) -> String {
        if head.removed {
            filled(self.words().removed_by, &[&head.by, &head.at])
        } else {
            filled(self.words().saved_by, &[&head.version.to_string(), &head.by, &head.at])
        }
    }

    fn draft_of(&self, draft: &OrganizationDraft) -> String {
        filled(self.words().draft_of, &[&draft.at])
    }

    fn save_although(&self, failed: &usize) -> String {
        match failed {
            1 => self.words().save_although_one.to_owned(),
            _ => filled(self.words().save_although, &[&failed.to_string()]),
        }
    }

    /// The word for how a check ended.
    fn outcome<'a>(&self, line: &'a CheckLine) -> &'a str {
        match line.outcome.as_str() {
            "pass" => self.words().pass,
            "warn" => self.words().warn,
            "fail" => self.words().fail,
            other => other,
        }
    }
}

/// `GET /admin/{organization}/versions/{version}`.
#[derive(Template)]
#[template(path = "organization_version.html")]
pub struct VersionPage {
    pub language: Language,
    pub id: String,
    pub head: HeadLine,
    pub changes: Vec<ChangeLine>,
    pub may_go_back: bool,
    pub signed_in: SignedIn,
}

impl VersionPage {
    fn words(&self) -> &'static OrganizationWords {
        words::words(self.language)
    }

    fn of_version(&self, text: &str) -> String {
        filled(text, &[&self.id, &self.head.version.to_string()])
    }

    fn saved_by(&self) -> String {
        let text = if self.head.removed { self.words().this_removed_by } else { self.words().this_saved_by };
        filled(text, &[&self.head.by, &self.head.at])
    }

    fn go_back_to(&self) -> String {
        filled(self.words().go_back_to, &[&self.head.version.to_string()])
    }
}
