//! What differs between two versions, without telling a secret.

use std::collections::{BTreeMap, BTreeSet};

use crate::settings::Values;

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What stood there, and what stands there now; none: nothing, so that the default holds.
    Value { key: String, before: Option<String>, after: Option<String> },
    /// A secret was given, replaced or taken away.
    Secret { key: String, before: bool, after: bool },
}

impl Change {
    pub fn key(&self) -> &str {
        match self {
            Self::Value { key, .. } | Self::Secret { key, .. } => key,
        }
    }
}

/// By key. Secrets are compared as they are sealed: one that was given again, even the same, is another.
pub fn differences(
    (values, secrets): (&Values, &BTreeMap<String, String>),
    (then_values, then_secrets): (&Values, &BTreeMap<String, String>),
) -> Vec<Change> {
    let keys: BTreeSet<&String> = values.keys().chain(then_values.keys()).collect();
    let mut changes: Vec<Change> = keys
        .into_iter()
        .map(|key| (key, values.get(key).cloned(), then_values.get(key).cloned()))
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| Change::Value { key: key.clone(), before, after })
        .collect();
    let keys: BTreeSet<&String> = secrets.keys().chain(then_secrets.keys()).collect();
    let of_secrets = keys
        .into_iter()
        .map(|key| (key, secrets.get(key), then_secrets.get(key)))
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| Change::Secret {
            key: key.clone(),
            before: before.is_some(),
            after: after.is_some(),
        });
    changes.extend(of_secrets);
    changes.sort_by(|one, other| one.key().cmp(other.key()));
    changes
}
