//! The audit for whoever has to know who did what: its entries, and whether they are whole.

mod actions;
mod outcomes;
mod query;
#[cfg(test)]
mod samples;
mod words;

use askama::Template;
use jiff::Timestamp;

use super::language::Language;
use super::records::{OrganizationChoice, grouped, utc};
use super::signed_in::SignedIn;
use super::words::filled;
use crate::audit::{Broken, Head};
#[cfg(test)]
pub use actions::codes as audit_actions;
pub use actions::is_action;
pub use outcomes::came_to;
use query::AuditField;
pub use query::{AuditSearch, AuditTrouble};
#[cfg(test)]
pub(super) use samples::samples;
use words::AuditWords;

/// Whose audit a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOf {
    Service,
    /// Of an organization, by its name.
    Organization(String),
    /// Of one that is not in force, by its id.
    NotInForce(String),
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub seq: u64,
    pub at: Timestamp,
    /// In the organization's zone.
    pub at_site: String,
    pub by: Option<String>,
    pub action: String,
    /// Under which organization the visit has a page, if it may have one.
    pub visits_of: Option<String>,
    pub csn: Option<String>,
    pub conference_id: Option<String>,
    pub meeting_id: Option<String>,
    /// Where the chain does not say it.
    pub organization: Option<String>,
    pub from: Option<String>,
    pub outcome: String,
    pub reason: Option<String>,
    pub node: String,
    pub correlation_id: Option<String>,
    /// Its hash is that of its words.
    pub intact: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct AuditFound {
    /// The newest first.
    pub rows: Vec<AuditRow>,
    /// The first and the last place that was looked through.
    pub looked: Option<(u64, u64)>,
    /// What is wrong with that, if anything.
    pub broken: Option<Broken>,
    /// A page of the chain is missing among these.
    pub missing: bool,
    /// There may be more that was not looked through.
    pub cut: bool,
    pub older: Option<u64>,
    pub newer: Option<u64>,
    pub head: Option<Head>,
}

/// What a search brought.
#[derive(Clone, Debug)]
pub enum AuditResult {
    Unusable(Vec<AuditTrouble>),
    /// The store did not answer; trying again may help.
    Unavailable,
    /// Not even the pages of the chain can be told: somebody or something has damaged it.
    Damaged,
    Found(AuditFound),
}

/// `GET /audit`.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage<'a> {
    pub language: Language,
    pub of: AuditOf,
    /// The organizations whose audit whoever reads may read.
    pub organizations: &'a [OrganizationChoice],
    /// The ids of those that have an audit and are not in force.
    pub removed: &'a [String],
    /// Whether they may read the service's own.
    pub of_service: bool,
    pub query: &'a AuditSearch,
    pub result: AuditResult,
    pub signed_in: SignedIn,
}

impl AuditFound {
    fn is_whole(&self) -> bool {
        self.broken.is_none() && !self.missing
    }
}

impl AuditRow {
    fn at_utc(&self) -> Option<String> {
        Some(utc(self.at)).filter(|utc| *utc != self.at_site)
    }

    fn meeting(&self) -> Option<String> {
        self.meeting_id.as_deref().map(grouped)
    }

    /// The colour of the row; the word stands beside it.
    fn tone(&self) -> &'static str {
        match self.outcome.as_str() {
            _ if !self.intact => "bad",
            "done" => "good",
            "begun" => "quiet",
            _ => "pending",
        }
    }
}

impl AuditPage<'_> {
    fn words(&self) -> &'static AuditWords {
        words::of(self.language)
    }

    fn title(&self) -> String {
        match &self.of {
            AuditOf::Service => self.words().of_service.to_owned(),
            AuditOf::Organization(name) | AuditOf::NotInForce(name) => filled(self.words().of, &[name]),
        }
    }

    fn is_chosen(&self, id: &str) -> bool {
        id == self.query.organization.trim()
    }

    /// The actions to choose from: as the address has them, as the reader says them, and whether one is chosen.
    fn actions(&self) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = self.query.action.trim();
        let named = actions::codes().filter_map(|code| Some((code, actions::action(self.language, code)?)));
        let mut all: Vec<_> = named.map(|(code, words)| (code, words, code == chosen)).collect();
        all.sort_by_key(|(_, words, _)| *words);
        all
    }

    fn wrong(&self, field: AuditField) -> Option<String> {
        self.told_at(Some(field))
    }

    /// What is wrong with an address, which no field of the form has.
    fn wrong_elsewhere(&self) -> Option<String> {
        self.told_at(None)
    }

    fn told_at(&self, place: Option<AuditField>) -> Option<String> {
        let AuditResult::Unusable(troubles) = &self.result else { return None };
        let here = troubles.iter().filter(|trouble| trouble.field() == place);
        let said: Vec<&str> = here.map(|trouble| words::trouble(self.language, *trouble)).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    // === What was found ===

    fn action(&self, row: &AuditRow) -> Option<&'static str> {
        actions::action(self.language, &row.action)
    }

    fn outcome(&self, row: &AuditRow) -> Option<String> {
        came_to(self.language, &row.outcome)
    }

    fn checked(&self, (first, last): &(u64, u64)) -> String {
        filled(self.words().checked, &[&first.to_string(), &last.to_string()])
    }

    fn cut(&self, (first, last): &(u64, u64)) -> String {
        let (from, to) = if self.query.is_onward() { (first, last) } else { (last, first) };
        filled(self.words().cut, &[&from.to_string(), &to.to_string()])
    }

    /// The words of the link to newer entries, and of that to older ones. After a cut reading one of the two goes on with it.
    fn ways(&self, found: &AuditFound) -> (&'static str, &'static str) {
        let words = self.words();
        match (found.cut, self.query.is_onward()) {
            (false, _) => (words.newer, words.older),
            (true, true) => (words.go_on_newer, words.older),
            (true, false) => (words.newer, words.go_on),
        }
    }

    fn broken(&self, broken: &Broken) -> String {
        words::broken(self.language, broken)
    }

    fn newest_is(&self, head: &Head) -> String {
        filled(self.words().newest_is, &[&head.seq.to_string()])
    }

    /// The command that says whether all of it is whole, and the newest entry still there.
    fn how_to_check(&self, head: &Head) -> String {
        format!("vestibule audit verify --config vestibule.toml --expect {}", head.hash)
    }

    /// Why there is no entry here.
    fn none(&self, found: &AuditFound) -> &'static str {
        let words = self.words();
        match found.head {
            None if found.is_whole() => words.empty,
            _ if self.query.is_filtered() => words.none_found,
            _ => words.none_here,
        }
    }

    // === Addresses ===

    fn in_language(&self, address: &str) -> String {
        format!("{address}lang={}", self.language.code())
    }

    fn in_other_language(&self) -> String {
        format!("{}lang={}", self.query.as_it_came(), self.language.other().code())
    }

    fn newest_url(&self) -> String {
        self.in_language(&self.query.address(None))
    }

    fn older_url(&self, place: &u64) -> String {
        self.in_language(&self.query.address(Some(("before", &place.to_string()))))
    }

    fn newer_url(&self, place: &u64) -> String {
        self.in_language(&self.query.address(Some(("after", &place.to_string()))))
    }

    /// What programs get of the same chain.
    fn export_url(&self, format: &str) -> String {
        let organization =
            AuditSearch { organization: self.query.organization.clone(), ..AuditSearch::default() };
        organization.address(None).replacen("/audit", "/api/v1/audit", 1) + "format=" + format
    }

    fn file_name(&self, ending: &str) -> String {
        let whose = match self.query.organization.trim() {
            "" => "service",
            id => id,
        };
        format!("audit-{whose}.{ending}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_that_goes_on_with_a_reading_that_was_cut_is_the_one_in_its_direction() {
        for (language, before, after, prev, next, way) in [
            (Language::English, "", "", "Newer entries", "Go on with older ones", "those from 9 to 3"),
            (Language::English, "9", "", "Newer entries", "Go on with older ones", "those from 9 to 3"),
            (Language::English, "", "3", "Go on with newer ones", "Older entries", "those from 3 to 9"),
            (
                Language::Spanish,
                "",
                "3",
                "Seguir con las posteriores",
                "Entradas anteriores",
                "de la 3 a la 9",
            ),
        ] {
            let html = samples::cut(language, before, after);
            let (prev, next) = (format!("rel=\"prev\">{prev}</a>"), format!("rel=\"next\">{next}</a>"));
            for said in [prev.as_str(), next.as_str(), way] {
                assert!(html.contains(said), "{said} is not in {html}");
            }
        }
    }
}
