//! Leases live in memory: whoever opens the file anew knows that every owner before is dead. Epochs and clean releases are in the file.

use std::collections::BTreeMap;
use vestibule_actors::port::store::{Owner, Ownership};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

#[derive(Clone, Default)]
pub(super) struct Leases(BTreeMap<Shard, Lease>);

#[derive(Clone)]
struct Lease {
    ownership: Ownership,
    before: Option<Ownership>,
    node: String,
    until: Moment,
}

impl Lease {
    fn owner(&self) -> Owner {
        let Ownership { token, epoch } = self.ownership;
        Owner { token, node: self.node.clone(), epoch }
    }
}

impl Leases {
    fn valid(&self, shard: Shard, now: Moment) -> Option<&Lease> {
        self.0.get(&shard).filter(|lease| lease.until > now)
    }

    pub(super) fn is_owned_by(&self, shard: Shard, owner: Ownership, now: Moment) -> bool {
        self.valid(shard, now).is_some_and(|lease| lease.ownership == owner)
    }

    pub(super) fn locate(&self, shard: Shard, now: Moment) -> Option<Owner> {
        self.valid(shard, now).map(Lease::owner)
    }

    /// Who owns which shard, in the order of shards.
    pub(super) fn owners(&self, now: Moment) -> Vec<(Shard, Owner)> {
        let valid = self.0.iter().filter(|(_, lease)| lease.until > now);
        valid.map(|(shard, lease)| (*shard, lease.owner())).collect()
    }

    /// A new lease. Answers who had the one before since the file was opened, whether or not he gave it back.
    pub(super) fn grant(
        &mut self,
        shard: Shard,
        ownership: Ownership,
        node: &str,
        until: Moment,
    ) -> Option<Ownership> {
        let before = self.0.get(&shard).map(|lease| lease.ownership);
        self.0.insert(shard, Lease { ownership, before, node: node.to_owned(), until });
        before
    }

    /// Who had the lease before the one that holds.
    pub(super) fn before(&self, shard: Shard) -> Option<Ownership> {
        self.0.get(&shard)?.before
    }

    pub(super) fn prolong(&mut self, shard: Shard, until: Moment) {
        if let Some(lease) = self.0.get_mut(&shard) {
            lease.until = until;
        }
    }

    /// The lease was given back. Whose it was is still known.
    pub(super) fn end(&mut self, shard: Shard) {
        self.prolong(shard, Moment(i64::MIN));
    }
}
