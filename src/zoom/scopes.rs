//! The scopes that visits need, each with what for: the one list for `vestibule check`, the page, the metric and the log.

use std::fmt;

/// A scope that visits need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// What for, in English.
    pub purpose: &'static str,
    /// The granular scope, and older or broader ones that will do.
    any_of: &'static [&'static str],
}

const fn needed(purpose: &'static str, any_of: &'static [&'static str]) -> Needed {
    Needed { purpose, any_of }
}

/// All of them. The documentation lists the same.
pub const NEEDED: [Needed; 11] = [
    needed("find providers", &["user:read:user:admin", "user:read:admin"]),
    needed("make providers' users", &["user:write:user:admin", "user:write:admin"]),
    needed("make meetings", &["meeting:write:meeting:admin", "meeting:write:admin"]),
    needed("read meetings and get start links", &["meeting:read:meeting:admin", "meeting:read:admin"]),
    needed("find meetings again", &["meeting:read:list_meetings:admin", "meeting:read:admin"]),
    needed("set alternative hosts", &["meeting:update:meeting:admin", "meeting:write:admin"]),
    needed("remove superfluous meetings", &["meeting:delete:meeting:admin", "meeting:write:admin"]),
    needed("end meetings for everybody", &["meeting:update:status:admin", "meeting:write:admin"]),
    needed("make patients' links (registrants)", &["meeting:write:registrant:admin", "meeting:write:admin"]),
    needed("take guests' links back", &["meeting:update:registrant_status:admin", "meeting:write:admin"]),
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

/// Those that a token with these scopes lacks.
#[must_use]
pub fn missing(held: &[String]) -> Vec<&'static Needed> {
    static ALL: &[Needed] = &NEEDED;
    ALL.iter().filter(|needed| !needed.is_held(held)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(held: &[&str]) -> Vec<String> {
        let held: Vec<String> = held.iter().map(|scope| (*scope).to_owned()).collect();
        missing(&held).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_named_with_its_purpose() {
        let granular: Vec<&str> = NEEDED.iter().map(Needed::scope).collect();
        assert_eq!(named(&granular), Vec::<String>::new());
        let classic = ["meeting:write:admin", "meeting:read:admin", "user:read:admin", "user:write:admin"];
        assert_eq!(named(&classic), Vec::<String>::new());
        let without = named(&["user:read:admin", "user:write:admin", "meeting:read:admin"]);
        assert_eq!(without.len(), 6, "{without:?}");
        assert!(
            without
                .contains(&"meeting:write:registrant:admin (make patients' links (registrants))".to_owned())
        );
        assert_eq!(named(&[]).len(), NEEDED.len());
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
