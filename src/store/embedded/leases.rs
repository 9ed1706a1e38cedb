//! Leases live in memory: whoever opens the file anew knows that every owner before is dead. Epochs and clean releases are in the file.

use std::collections::BTreeMap;
use vestibule_actors::port::store::{Owner, Ownership};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

#[derive(Clone, Default)]
pub(super) struct Leases(BTreeMap<Shard, Lease>);

#[derive(Clone)]
struct Lease {
    owner: Ownership,
    node: String,
    until: Moment,
}

impl Leases {
    fn valid(&self, shard: Shard, now: Moment) -> Option<&Lease> {
        self.0.get(&shard).filter(|lease| lease.until > now)
    }

    /// The lease that holds at the moment, and its node.
    pub(super) fn holder(&self, shard: Shard, now: Moment) -> Option<(Ownership, &str)> {
        self.valid(shard, now).map(|lease| (lease.owner, lease.node.as_str()))
    }

    pub(super) fn is_owned_by(&self, shard: Shard, owner: Ownership, now: Moment) -> bool {
        self.valid(shard, now).is_some_and(|lease| lease.owner == owner)
    }

    pub(super) fn locate(&self, shard: Shard, now: Moment) -> Option<Owner> {
        let lease = self.valid(shard, now)?;
        Some(Owner { node: lease.node.clone(), epoch: lease.owner.epoch })
    }

    pub(super) fn grant(&mut self, shard: Shard, owner: Ownership, node: &str, until: Moment) {
        self.0.insert(shard, Lease { owner, node: node.to_owned(), until });
    }

    pub(super) fn prolong(&mut self, shard: Shard, until: Moment) {
        if let Some(lease) = self.0.get_mut(&shard) {
            lease.until = until;
        }
    }

    pub(super) fn end(&mut self, shard: Shard) {
        self.0.remove(&shard);
    }
}
