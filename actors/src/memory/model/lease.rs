//! Leases: who owns a shard, until when, and under which epoch.

use super::{Model, ShardData};
use crate::port::store::{Acquired, Epoch, Owner, OwnerToken, Ownership};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

#[derive(Clone)]
pub(super) struct Lease {
    owner: Ownership,
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
    ) -> Acquired {
        let data = self.shard(shard);
        let held = data.valid_lease(now).map(|lease| (lease.owner, lease.node.clone()));
        let (epoch, clean) = match held {
            Some((owner, _)) if owner.token == token => (owner.epoch, false),
            Some((owner, node)) => return Acquired::Held(Owner { node, epoch: owner.epoch }),
            None => (Epoch(data.epoch.0 + 1), !data.unclean),
        };
        data.epoch = epoch;
        data.unclean = true;
        let owner = Ownership { token, epoch };
        data.lease = Some(Lease { owner, node: node.to_owned(), until: now + ttl });
        Acquired::Granted { epoch, clean }
    }

    /// See [`crate::port::store::Store::renew`].
    pub fn renew(&mut self, now: Moment, shard: Shard, owner: Ownership, ttl: Span) -> bool {
        let data = self.shard(shard);
        let ours = data.is_owned_by(owner, now);
        if ours && let Some(lease) = &mut data.lease {
            lease.until = now + ttl;
        }
        ours
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
        Some(Owner { node: lease.node.clone(), epoch: lease.owner.epoch })
    }
}
