//! Leases: who owns a shard, until when, and under which epoch.

use super::{Model, ShardData};
use crate::port::store::{Acquired, Epoch, Owner, OwnerToken, Ownership, Renewed, Standing};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

#[derive(Clone)]
pub(super) struct Lease {
    owner: Ownership,
    /// Whoever had the one before.
    before: Option<Ownership>,
    node: String,
    until: Moment,
}

impl ShardData {
    fn valid_lease(&self, now: Moment) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.until > now)
    }

    pub(super) fn is_owned_by(&self, owner: Ownership, now: Moment) -> bool {
        self.valid_lease(now).is_some_and(|lease| lease.owner == owner)
    }
}

impl Model {
    /// See [`crate::port::store::Store::acquire`].
    pub fn acquire(
        &mut self,
        now: Moment,
        shard: Shard,
        node: &str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Acquired {
        let data = self.shard(shard);
        let (epoch, clean, before) = match data.valid_lease(now) {
            Some(lease) if lease.owner.token == token => (lease.owner.epoch, false, lease.before),
            Some(Lease { owner, node, .. }) => {
                return Acquired::Held(Owner { token: owner.token, node: node.clone(), epoch: owner.epoch });
            }
            None => (Epoch(data.epoch.max(seen).0 + 1), !data.unclean, data.last_owner),
        };
        data.epoch = epoch;
        data.unclean = true;
        let owner = Ownership { token, epoch };
        data.lease = Some(Lease { owner, before, node: node.to_owned(), until: now + ttl });
        data.last_owner = Some(owner);
        Acquired::Granted { epoch, clean, before }
    }

    /// See [`crate::port::store::Store::renew`].
    pub fn renew(
        &mut self,
        now: Moment,
        shard: Shard,
        owner: Ownership,
        ttl: Span,
        seen: Standing,
    ) -> Renewed {
        let data = self.shard(shard);
        if !data.is_owned_by(owner, now) {
            return Renewed::Lost;
        }
        if let Some(lease) = &mut data.lease {
            lease.until = now + ttl;
        }
        if data.cursor < seen.cursor || data.change < seen.change { Renewed::WentBack } else { Renewed::Held }
    }

    /// See [`crate::port::store::Store::release`].
    pub fn release(&mut self, now: Moment, shard: Shard, owner: Ownership) -> bool {
        let data = self.shard(shard);
        let ours = data.is_owned_by(owner, now);
        if ours {
            data.lease = None;
            data.unclean = false;
        }
        ours
    }

    /// See [`crate::port::store::Store::locate`].
    #[must_use]
    pub fn locate(&self, now: Moment, shard: Shard) -> Option<Owner> {
        let lease = self.shards.get(&shard)?.valid_lease(now)?;
        Some(Owner { token: lease.owner.token, node: lease.node.clone(), epoch: lease.owner.epoch })
    }

    /// See [`crate::port::store::Store::owners`].
    #[must_use]
    pub fn owners(&self, now: Moment) -> Vec<(Shard, Owner)> {
        self.shards.keys().filter_map(|shard| Some((*shard, self.locate(now, *shard)?))).collect()
    }
}
