//! The scopes that visits need, each with what for: the one list for `vestibule check`, the page, the metric and the log. Some are
//! needed with one identity of patients alone, and no organization is asked for another's.

use std::fmt;

use vestibule_domain::policy::PatientIdentity;

/// A scope that visits need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// What for, in English.
    pub purpose: &'static str,
    /// The granular scope, and older or broader ones that will do.
    any_of: &'static [&'static str],
    /// The one identity of patients that needs it; none: visits of every organization do.
    only: Option<PatientIdentity>,
}

const fn needed(purpose: &'static str, any_of: &'static [&'static str]) -> Needed {
    Needed { purpose, any_of, only: None }
}

const fn needed_by(
    identity: PatientIdentity,
    purpose: &'static str,
    any_of: &'static [&'static str],
) -> Needed {
    Needed { purpose, any_of, only: Some(identity) }
}

/// What an organization has chosen, as far as scopes depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// Providers' users who are found without a licence are given one.
    pub licences: bool,
    /// How its patients are known.
    pub identity: PatientIdentity,
}

/// The scope without which no licence can be given.
const LICENCES: &str = "user:update:user:admin";

/// All of them. The documentation lists the same.
const NEEDED: [Needed; 15] = [
    needed("find providers", &["user:read:user:admin", "user:read:admin"]),
    needed("make providers' users", &["user:write:user:admin", "user:write:admin"]),
    needed("give providers licences that come free", &[LICENCES, "user:write:admin"]),
    needed("make meetings", &["meeting:write:meeting:admin", "meeting:write:admin"]),
    needed("read meetings and get start links", &["meeting:read:meeting:admin", "meeting:read:admin"]),
    needed("find meetings again", &["meeting:read:list_meetings:admin", "meeting:read:admin"]),
    needed(
        "read who was in a meeting that is over",
        &["meeting:read:list_past_participants:admin", "meeting:read:admin"],
    ),
    needed("set alternative hosts", &["meeting:update:meeting:admin", "meeting:write:admin"]),
    needed("remove superfluous meetings", &["meeting:delete:meeting:admin", "meeting:write:admin"]),
    needed("end meetings for everybody", &["meeting:update:status:admin", "meeting:write:admin"]),
    needed_by(
        PatientIdentity::Registrant,
        "make patients' links (registrants)",
        &["meeting:write:registrant:admin", "meeting:write:admin"],
    ),
    needed_by(
        PatientIdentity::Registrant,
        "take guests' links back",
        &["meeting:update:registrant_status:admin", "meeting:write:admin"],
    ),
    needed_by(
        PatientIdentity::InviteLink,
        "make patients' links (by name)",
        &["meeting:write:invite_links:admin", "meeting:write:admin"],
    ),
    needed_by(
        PatientIdentity::TemporaryUser,
        "remove patients' users",
        &["user:delete:user:admin", "user:write:admin"],
    ),
    needed(
        "let further providers in (their zak)",
        &["user:read:token:admin", "user:read:zak:admin", "user:read:admin"],
    ),
];

impl Needed {
    /// The scope to add.
    #[must_use]
    pub fn scope(&self) -> &'static str {
        self.any_of.first().copied().unwrap_or_default()
    }

    /// Whether a token with these scopes may do it.
    #[must_use]
    pub fn is_held(&self, held: &[String]) -> bool {
        self.any_of.iter().any(|scope| held.iter().any(|have| have == scope))
    }
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.scope(), self.purpose)
    }
}

/// Those that an organization needs.
pub fn needed_for(wants: Wants) -> impl Iterator<Item = &'static Needed> + Clone {
    static ALL: &[Needed] = &NEEDED;
    ALL.iter()
        .filter(move |needed| wants.licences || needed.scope() != LICENCES)
        .filter(move |needed| needed.only.is_none_or(|only| only == wants.identity))
}

/// Those of them that a token with these scopes lacks.
#[must_use]
pub fn missing(wants: Wants, held: &[String]) -> Vec<&'static Needed> {
    needed_for(wants).filter(|needed| !needed.is_held(held)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(held: &[&str], identity: PatientIdentity) -> Vec<String> {
        let held: Vec<String> = held.iter().map(|scope| (*scope).to_owned()).collect();
        missing(Wants { licences: true, identity }, &held).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_named_with_its_purpose() {
        let identity = PatientIdentity::Registrant;
        let granular: Vec<&str> = needed_for(Wants { licences: true, identity }).map(Needed::scope).collect();
        assert_eq!(named(&granular, identity), Vec::<String>::new());
        let classic = ["meeting:write:admin", "meeting:read:admin", "user:read:admin", "user:write:admin"];
        assert_eq!(named(&classic, identity), Vec::<String>::new());
        let without = named(&["user:read:admin", "user:write:admin", "meeting:read:admin"], identity);
        assert_eq!(without.len(), 6, "{without:?}");
        assert!(
            without
                .contains(&"meeting:write:registrant:admin (make patients' links (registrants))".to_owned())
        );
        assert_eq!(named(&[], identity).len(), granular.len());
        assert_eq!(missing(Wants { licences: false, identity }, &[]).len(), granular.len() - 1);
    }

    #[test]
    fn nobody_is_asked_for_what_another_identity_needs() {
        let all =
            |identity| needed_for(Wants { licences: true, identity }).map(Needed::scope).collect::<Vec<_>>();
        let [registrant, by_name] = [PatientIdentity::Registrant, PatientIdentity::InviteLink].map(all);
        let own = |scopes: &[&str]| scopes.contains(&"meeting:write:registrant:admin");
        assert!(own(&registrant) && !own(&by_name));
        let own = |scopes: &[&str]| scopes.contains(&"meeting:write:invite_links:admin");
        assert!(own(&by_name) && !own(&registrant));
    }

    #[test]
    fn the_documentation_lists_each_of_them() {
        let page = include_str!("../../docs/zoom-authorization.md");
        for needed in &NEEDED {
            let row = page.lines().find(|line| line.contains(&format!("| `{}`", needed.scope())));
            assert!(row.is_some_and(|row| row.contains(needed.purpose)), "{needed}");
        }
    }
}
