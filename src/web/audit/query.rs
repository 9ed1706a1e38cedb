//! What is looked for in the audit: as it came, and what is wrong with it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::web::records::UnusableSearch;

/// The query of the form and of the page's own links, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct AuditSearch {
    /// Whose audit; empty: the service's own.
    #[serde(default)]
    pub organization: String,
    /// A part of a name.
    #[serde(default)]
    pub who: String,
    #[serde(default)]
    pub action: String,
    /// A visit, by its CSN or by the conference id of a group.
    #[serde(default)]
    pub csn: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    /// Entries before this place.
    #[serde(default)]
    pub before: String,
    /// Entries after this place.
    #[serde(default)]
    pub after: String,
}

/// What is wrong with a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditTrouble {
    NameTooLong,
    NotAnAction,
    /// In an address alone.
    NotAPlace,
    /// As with a search for notification records.
    Search(UnusableSearch),
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuditField {
    Who,
    Action,
    Csn,
    From,
    To,
}

impl AuditTrouble {
    /// Where it is told; `None` for what stands in an address alone.
    pub(super) fn field(self) -> Option<AuditField> {
        Some(match self {
            Self::NameTooLong => AuditField::Who,
            Self::NotAnAction => AuditField::Action,
            Self::Search(UnusableSearch::NotAStart) => AuditField::From,
            Self::Search(UnusableSearch::NotAnEnd | UnusableSearch::EndsBeforeItBegins) => AuditField::To,
            Self::Search(UnusableSearch::NotACsn) => AuditField::Csn,
            Self::NotAPlace | Self::Search(_) => return None,
        })
    }
}

impl AuditSearch {
    fn filters(&self) -> [(&'static str, &str); 5] {
        [
            ("who", &self.who),
            ("action", &self.action),
            ("csn", &self.csn),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// Not every entry is wanted.
    pub(super) fn is_filtered(&self) -> bool {
        self.filters().iter().any(|(_, value)| !value.trim().is_empty())
    }

    /// Entries are not read from the newest on.
    pub(super) fn is_within(&self) -> bool {
        [&self.before, &self.after].iter().any(|place| !place.trim().is_empty())
    }

    /// Entries are read from a place towards newer ones.
    pub(super) fn is_onward(&self) -> bool {
        !self.after.trim().is_empty()
    }

    /// The address of the search, from the newest entry on or from a place; each part ends with `&`.
    pub(super) fn address(&self, place: Option<(&str, &str)>) -> String {
        let organization = [("organization", self.organization.as_str())];
        let parts = organization.into_iter().chain(self.filters()).chain(place);
        let given = parts.map(|(name, value)| (name, value.trim())).filter(|(_, value)| !value.is_empty());
        let part = |(name, value)| format!("{name}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC));
        format!("/audit?{}", given.map(part).collect::<String>())
    }

    /// The address as it came, usable or not.
    pub(super) fn as_it_came(&self) -> String {
        let place = [("before", self.before.as_str()), ("after", self.after.as_str())];
        self.address(place.into_iter().find(|(_, value)| !value.trim().is_empty()))
    }
}
