//! The page of an organization's settings, for administrators.

mod fields;

use askama::Template;

use super::language::Language;
use super::signed_in::SignedIn;

pub use fields::Field;
use fields::{Group, groups};

/// What came of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationNote {
    Checked,
    Failed,
    Wrong,
    Saved,
    Behind,
    Discarded,
    NoDraft,
    NotChecked,
    NoVersion,
    NoSealingKey,
    OfFiles,
    KeyReplaced,
    NotConfirmed,
    Removed,
    Paused,
    AlreadyPaused,
    Resumed,
    NotPaused,
}

impl OrganizationNote {
    const ALL: [Self; 18] = [
        Self::Checked,
        Self::Failed,
        Self::Wrong,
        Self::Saved,
        Self::Behind,
        Self::Discarded,
        Self::NoDraft,
        Self::NotChecked,
        Self::NoVersion,
        Self::NoSealingKey,
        Self::OfFiles,
        Self::KeyReplaced,
        Self::NotConfirmed,
        Self::Removed,
        Self::Paused,
        Self::AlreadyPaused,
        Self::Resumed,
        Self::NotPaused,
    ];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Failed => "failed",
            Self::Wrong => "wrong",
            Self::Saved => "saved",
            Self::Behind => "behind",
            Self::Discarded => "discarded",
            Self::NoDraft => "no-draft",
            Self::NotChecked => "not-checked",
            Self::NoVersion => "no-version",
            Self::NoSealingKey => "no-sealing-key",
            Self::OfFiles => "of-files",
            Self::KeyReplaced => "key-replaced",
            Self::NotConfirmed => "not-confirmed",
            Self::Removed => "removed",
            Self::Paused => "paused",
            Self::AlreadyPaused => "already-paused",
            Self::Resumed => "resumed",
            Self::NotPaused => "not-paused",
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.code() == code)
    }

    /// Whether nothing was done of what was asked for.
    pub fn is_refusal(self) -> bool {
        !matches!(
            self,
            Self::Checked
                | Self::Failed
                | Self::Saved
                | Self::Discarded
                | Self::KeyReplaced
                | Self::Removed
                | Self::Paused
                | Self::Resumed
        )
    }

    fn text(self) -> &'static str {
        match self {
            Self::Checked => {
                "Nothing stands in the way. What you typed is your draft; it is not in force until you save it."
            }
            Self::Failed => {
                "Some checks failed. What you typed is your draft and not in force: mend it, or save it all the same, with a reason."
            }
            Self::Wrong => {
                "Something cannot be read. What you typed is your draft and not in force; what is wrong stands beside each field."
            }
            Self::Saved => "Saved. It is in force on every node within two seconds.",
            Self::Behind => {
                "Somebody else has saved since you began. Nothing was changed: look at what they changed first."
            }
            Self::Discarded => "Your draft is thrown away.",
            Self::NoDraft => "You have no draft. Nothing was changed.",
            Self::NotChecked => "The draft has to be checked before it is saved.",
            Self::NoVersion => "There is no such version any more. Nothing was changed.",
            Self::NoSealingKey => {
                "Secrets cannot be kept: set store.sealing_keys on every node first. Nothing was changed."
            }
            Self::OfFiles => {
                "This organization stands in the settings files of the service and is changed there. Nothing was changed."
            }
            Self::KeyReplaced => {
                "The API key is replaced. Records in Epic that carry the one before need acc_id now; the lines for them are under Set-up in Epic."
            }
            Self::NotConfirmed => "Write the organization's id to remove it. Nothing was changed.",
            Self::Removed => {
                "The organization is removed. Its launches and events are refused within two seconds."
            }
            Self::Paused => "The notifier is paused. Epic is told nothing until somebody resumes it.",
            Self::AlreadyPaused => {
                "It was paused already; who did so, why and since when stands below. Nothing was changed."
            }
            Self::Resumed => {
                "The notifier goes on. What is true by now is sent, as fast as Epic may be asked."
            }
            Self::NotPaused => "It is not paused. Nothing was changed.",
        }
    }
}

/// A setting of the files.
#[derive(Clone, PartialEq, Eq)]
pub struct FileLine {
    /// Its whole key.
    pub name: String,
    pub text: String,
    /// The file or variable that says it.
    pub origin: String,
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
    /// None: not set.
    pub before: Option<String>,
    pub after: Option<String>,
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

/// That an operator has paused the notifier.
#[derive(Clone, PartialEq, Eq)]
pub struct PausedLine {
    pub by: String,
    pub at: String,
    pub reason: String,
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
    /// Whether its notifier is paused; none where it is not in force here.
    pub notifier: Option<Option<PausedLine>>,
    pub of_files: Option<Vec<FileLine>>,
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
    pub fields: Vec<Field>,
    pub signed_in: SignedIn,
}

impl OrganizationPage {
    fn groups(&self) -> Vec<Group<'_>> {
        groups(&self.fields)
    }

    /// Where the form about the notifier is posted.
    fn notifier_act(&self, act: &str) -> String {
        format!("/admin/{}/notifier/{act}", self.id)
    }

    /// Where the form is posted.
    fn act(&self, act: &str) -> String {
        format!("/admin/{}/settings/{act}", self.id)
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

impl Field {
    fn help(&self) -> &'static str {
        fields::article(&self.key).map_or(self.setting.help.as_str(), |(_, help)| help)
    }

    fn label(&self) -> &str {
        fields::article(&self.key).map_or(self.key.as_str(), |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_is_found_again_by_its_code() {
        for note in OrganizationNote::ALL {
            assert_eq!(OrganizationNote::of(note.code()), Some(note));
            assert!(note.text().ends_with('.'));
        }
    }
}
