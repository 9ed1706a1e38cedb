//! What whoever works with the service may see and do, and the tokens and claims that say so.

use std::collections::BTreeMap;

use vestibule_domain::id::OrganizationId;

use super::organization::organization_id;
use super::problem::Problem;
use super::reader::{Choice, Read, Reader, Section};
use super::secret::Secret;
use super::service::{TOKENS_MAX, text};
use super::tree::{Node, Table};

/// More restricted tokens than this on one service is a mistake.
const GRANTS_MAX: usize = 256;
const CLAIM_VALUES_MAX: usize = 100;
/// In place of an organization: all of them, and those of times to come.
const EVERYWHERE: &str = "*";

/// What somebody may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaffRole {
    /// Sees visits and notification records.
    Viewer,
    /// Acts on visits, too.
    Operator,
    /// Sets an organization up, too.
    Administrator,
}

impl StaffRole {
    /// As the settings and the documentation spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }
}

impl Choice for StaffRole {
    const ALL: &'static [(&'static str, Self)] =
        &[("viewer", Self::Viewer), ("operator", Self::Operator), ("administrator", Self::Administrator)];
}

/// Which role somebody has where. Of an organization where they have none, they do not know that it exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    everywhere: Option<StaffRole>,
    within: BTreeMap<OrganizationId, StaffRole>,
}

impl Rights {
    /// The same role in every organization, now and later.
    pub fn everywhere(role: StaffRole) -> Self {
        Self { everywhere: Some(role), within: BTreeMap::new() }
    }

    /// A role in some organizations.
    pub fn within(organizations: impl IntoIterator<Item = OrganizationId>, role: StaffRole) -> Self {
        Self { everywhere: None, within: organizations.into_iter().map(|id| (id, role)).collect() }
    }

    /// These and others together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.everywhere = self.everywhere.max(other.everywhere);
        for (id, role) in &other.within {
            let mine = self.within.entry(id.clone()).or_insert(*role);
            *mine = (*mine).max(*role);
        }
        self
    }

    /// The role in an organization.
    pub fn role_in(&self, organization: &OrganizationId) -> Option<StaffRole> {
        self.within.get(organization).copied().max(self.everywhere)
    }

    /// The role in whatever organization there may be: what concerns the whole service is for those who have one.
    pub fn role_everywhere(&self) -> Option<StaffRole> {
        self.everywhere
    }

    /// The organizations where there is a role; none: all of them.
    pub fn organizations(&self) -> Option<impl Iterator<Item = &OrganizationId>> {
        self.everywhere.is_none().then(|| self.within.keys())
    }

    /// The highest role anywhere.
    pub fn highest(&self) -> Option<StaffRole> {
        self.within.values().copied().max().max(self.everywhere)
    }
}

/// How somebody is known, and what they may do.
#[derive(Debug, Clone)]
pub struct Grant {
    /// For people: never the token.
    pub name: String,
    pub proof: Proof,
    pub rights: Rights,
}

/// What somebody is known by.
#[derive(Debug, Clone)]
pub enum Proof {
    Token(Secret),
    /// Any of these values in the role claim of a token that somebody else signed.
    Claim(Vec<String>),
}

impl Grant {
    /// The token, where one is the proof.
    pub fn token(&self) -> Option<&Secret> {
        match &self.proof {
            Proof::Token(token) => Some(token),
            Proof::Claim(_) => None,
        }
    }
}

/// The grants of a section: the tokens of the list, which may do everything, and those of `grant.<name>`.
pub(super) fn read_grants(section: &mut Section<'_>) -> Read<Vec<Grant>> {
    let tokens = section.secrets("tokens", TOKENS_MAX, 1);
    let tables = section.table("grant");
    let (tokens, tables) = (tokens?, tables?);
    if tables.len() > GRANTS_MAX {
        return Err(section.problem("grant", format!("has more than {GRANTS_MAX} entries")));
    }
    let of_list = tokens.into_iter().enumerate().map(|(place, token)| Grant {
        name: format!("tokens {}", place.saturating_add(1)),
        proof: Proof::Token(token),
        rights: Rights::everywhere(StaffRole::Administrator),
    });
    let mut grants = Ok(of_list.collect::<Vec<_>>());
    for (name, node) in tables {
        let path = vec!["access".to_owned(), "grant".to_owned(), name];
        match (&mut grants, read_grant(section.reader(), path, node)) {
            (Ok(known), Ok(grant)) => known.push(grant),
            (_, Err(reported)) => grants = Err(reported),
            (Err(_), Ok(_)) => {}
        }
    }
    grants
}

fn read_grant(reader: &mut Reader, path: Vec<String>, node: Node) -> Read<Grant> {
    let name = path.last().cloned().unwrap_or_default();
    let Node::Table(table) = node else {
        return Err(reader.report(Problem::new(path.join("."), "is a table of settings, not a value")));
    };
    // Names are spelt as those of organizations, so that the environment can name them in the same way.
    if organization_id(&name).is_err() {
        let what = "a grant's name has lower-case letters and digits, with single dashes between";
        return Err(reader.report(Problem::new(path.join("."), what)));
    }
    read_table(reader, path, table, name)
}

fn read_table(reader: &mut Reader, path: Vec<String>, table: Table, name: String) -> Read<Grant> {
    reader.section(path, table, |section| {
        let proof = read_proof(section);
        let role = section.choice::<StaffRole>("role");
        let organizations = section.list("organizations", 1000, |text, _| match text {
            EVERYWHERE => Ok(None),
            id => organization_id(id).map(Some),
        });
        let (role, organizations) = (role?, organizations?);
        // A list that somebody has emptied must not open everything.
        if organizations.is_empty() {
            let what = "names no organization; write [\"*\"] for all of them";
            return Err(section.problem("organizations", what));
        }
        let rights = if organizations.iter().any(Option::is_none) {
            Rights::everywhere(role)
        } else {
            Rights::within(organizations.into_iter().flatten(), role)
        };
        Ok(Grant { name, proof: proof?, rights })
    })
}

/// One of both, so that nobody takes a token for the second factor of a claim.
fn read_proof(section: &mut Section<'_>) -> Read<Proof> {
    let token = section.optional_secret("token");
    let claim = section.list("claim", CLAIM_VALUES_MAX, text);
    match (token?, claim?) {
        (Some(token), values) if values.is_empty() => Ok(Proof::Token(token)),
        (Some(_), _) => Err(section.problem("claim", "stands beside a token; make two grants of it")),
        (None, values) if values.is_empty() => {
            let what = "is needed and not set; give the secret, or the path of its file as token_file, or, for those \
                        who sign in elsewhere, the values of their role claim as claim";
            Err(section.problem("token", what))
        }
        (None, values) => Ok(Proof::Claim(values)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> OrganizationId {
        OrganizationId::new(text).unwrap()
    }

    #[test]
    fn the_highest_role_counts_and_nobody_has_one_elsewhere() {
        use StaffRole::{Administrator, Operator, Viewer};
        let some = Rights::within([id("lakeside"), id("hillside")], Operator);
        assert_eq!(some.role_in(&id("lakeside")), Some(Operator));
        assert_eq!(some.role_in(&id("riverside")), None);
        assert_eq!((some.role_everywhere(), some.highest()), (None, Some(Operator)));
        assert_eq!(some.organizations().unwrap().count(), 2);
        let all = Rights::everywhere(Viewer);
        assert_eq!((all.role_in(&id("riverside")), all.highest()), (Some(Viewer), Some(Viewer)));
        assert!(all.organizations().is_none());
        let one = Rights::within([id("lakeside")], Administrator);
        assert_eq!(one.clone().and(&some).role_in(&id("lakeside")), Some(Administrator));
        assert_eq!(one.clone().and(&some).role_in(&id("hillside")), Some(Operator));
        let both = one.and(&all);
        assert_eq!(both.role_in(&id("lakeside")), Some(Administrator));
        assert_eq!(both.role_in(&id("hillside")), Some(Viewer));
        assert_eq!((Rights::default().highest(), Rights::default().role_in(&id("lakeside"))), (None, None));
    }
}
