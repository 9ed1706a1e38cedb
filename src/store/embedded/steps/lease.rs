//! Leases. Only what must outlive the process is written: that a shard changed hands, and that it was given back cleanly.

use vestibule_actors::port::store::{Acquired, Epoch, Owner, OwnerToken, Ownership};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use super::super::tables::Step;
use super::Desk;

impl Desk<'_, '_> {
    pub(in super::super) fn acquire(
        &mut self,
        shard: Shard,
        node: &str,
        token: OwnerToken,
        ttl: Span,
    ) -> Step<Acquired> {
        let until = self.now + ttl;
        match self.leases.holder(shard, self.now) {
            Some((owner, _)) if owner.token == token => {
                self.leases.grant(shard, owner, node, until);
                return Ok(Acquired::Granted { epoch: owner.epoch, clean: false });
            }
            Some((owner, node)) => {
                return Ok(Acquired::Held(Owner { node: node.to_owned(), epoch: owner.epoch }));
            }
            None => {}
        }
        let tables = self.write()?;
        let mut row = tables.shard(shard)?;
        let clean = !row.unclean;
        row.epoch = Epoch(row.epoch.0 + 1);
        row.unclean = true;
        tables.put_shard(shard, &row)?;
        self.leases.grant(shard, Ownership { token, epoch: row.epoch }, node, until);
        Ok(Acquired::Granted { epoch: row.epoch, clean })
    }

    pub(in super::super) fn renew(&mut self, shard: Shard, owner: Ownership, ttl: Span) -> bool {
        let ours = self.owns(shard, owner);
        if ours {
            self.leases.prolong(shard, self.now + ttl);
        }
        ours
    }

    pub(in super::super) fn release(&mut self, shard: Shard, owner: Ownership) -> Step<bool> {
        if !self.owns(shard, owner) {
            return Ok(false);
        }
        let tables = self.write()?;
        let mut row = tables.shard(shard)?;
        row.unclean = false;
        tables.put_shard(shard, &row)?;
        self.leases.end(shard);
        Ok(true)
    }

    pub(super) fn owns(&self, shard: Shard, owner: Ownership) -> bool {
        self.leases.is_owned_by(shard, owner, self.now)
    }
}
