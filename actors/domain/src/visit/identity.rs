//! Who may be behind some of Zoom's events: the keys that they gave, and whether two sets of keys can mean the same person.

use crate::fact::SessionKeys;
use crate::id::{RegistrantId, ZoomUserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The keys of a person, gathered from events in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Identity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) zoom_user: Option<ZoomUserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) registrant: Option<RegistrantId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) phone: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    names: BTreeSet<u64>,
}

/// More names than this are not kept for one session: somebody who renames himself for ever must not fill the state.
const MOST_NAMES: usize = 8;

impl Identity {
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it names somebody whom we can know.
    pub(super) fn is_known(&self) -> bool {
        self.zoom_user.is_some() || self.registrant.is_some()
    }

    pub(super) fn names(&self) -> &BTreeSet<u64> {
        &self.names
    }

    /// Where two events disagree the greater key wins, so that their order does not matter.
    pub(super) fn learn(&mut self, keys: &SessionKeys) {
        self.zoom_user = self.zoom_user.take().max(keys.zoom_user.clone());
        self.registrant = self.registrant.take().max(keys.registrant.clone());
        self.phone |= keys.phone;
        self.names.extend(keys.name_hash);
        self.bound_names();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.zoom_user = self.zoom_user.take().max(other.zoom_user.clone());
        self.registrant = self.registrant.take().max(other.registrant.clone());
        self.phone |= other.phone;
        self.names.extend(&other.names);
        self.bound_names();
    }

    /// The smallest names stay, whatever came first.
    fn bound_names(&mut self) {
        while self.names.len() > MOST_NAMES {
            self.names.pop_last();
        }
    }

    /// Whether both can be the same person: by the strongest key that both have. Names count only where nothing better is known, since
    /// two people may bear the same.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.registrant, &other.registrant) {
            return mine == theirs;
        }
        if let (Some(mine), Some(theirs)) = (&self.zoom_user, &other.zoom_user) {
            return mine == theirs;
        }
        !self.names.is_disjoint(&other.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(registrant: Option<&str>, user: Option<&str>, name: Option<u64>) -> Identity {
        let mut identity = Identity::default();
        identity.learn(&SessionKeys {
            registrant: registrant.map(|r| RegistrantId::new(r).unwrap()),
            zoom_user: user.map(|u| ZoomUserId::new(u).unwrap()),
            name_hash: name,
            ..SessionKeys::default()
        });
        identity
    }

    #[test]
    fn the_strongest_common_key_decides() {
        let ada = identity(Some("r1"), None, Some(7));
        assert!(ada.may_be(&identity(Some("r1"), None, Some(8))));
        assert!(!ada.may_be(&identity(Some("r2"), None, Some(7))), "two patients of the same name");
        assert!(ada.may_be(&identity(None, None, Some(7))), "an event that gives the name alone");
        assert!(!identity(None, Some("u1"), Some(7)).may_be(&identity(None, Some("u2"), Some(7))));
        assert!(!identity(None, None, None).may_be(&identity(None, None, None)), "nothing proves nothing");
    }

    #[test]
    fn names_are_bounded_in_any_order() {
        let mut up = Identity::default();
        let mut down = Identity::default();
        for name in 0..100 {
            up.learn(&SessionKeys { name_hash: Some(name), ..SessionKeys::default() });
            down.learn(&SessionKeys { name_hash: Some(99 - name), ..SessionKeys::default() });
        }
        assert_eq!(up, down);
        assert_eq!(up.names.len(), MOST_NAMES);
    }
}
