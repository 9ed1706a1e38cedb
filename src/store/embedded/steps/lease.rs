//! Leases. Only what must outlive the process is written: that a shard changed hands, and that it was given back cleanly.

use vestibule_actors::port::store::{Acquired, Epoch, Hint, Owner, OwnerToken, Ownership, Renewed, Standing};
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
        seen: Epoch,
    ) -> Step<Acquired> {
        let until = self.now + ttl;
        match self.leases.locate(shard, self.now) {
            Some(Owner { token: holder, epoch, .. }) if holder == token => {
                self.leases.prolong(shard, until);
                return Ok(Acquired::Granted { epoch, clean: false, before: self.leases.before(shard) });
            }
            Some(other) => return Ok(Acquired::Held(other)),
            None => {}
        }
        let tables = self.write()?;
        let mut row = tables.shard(shard)?;
        let clean = !row.unclean;
        row.epoch = Epoch(row.epoch.max(seen).0 + 1);
        row.unclean = true;
        tables.put_shard(shard, &row)?;
        let before = self.leases.grant(shard, Ownership { token, epoch: row.epoch }, node, until);
        Ok(Acquired::Granted { epoch: row.epoch, clean, before })
    }

    /// The lease needs no file. What it was committed under may have been lost with one that was opened again.
    pub(in super::super) fn renew(
        &mut self,
        shard: Shard,
        owner: Ownership,
        ttl: Span,
        seen: Standing,
    ) -> Step<Renewed> {
        if !self.owns(shard, owner) {
            return Ok(Renewed::Lost);
        }
        self.leases.prolong(shard, self.now + ttl);
        if self.file.is_err() {
            return Ok(Renewed::Held);
        }
        let row = self.look()?.shard(shard)?;
        let holds = row.cursor >= seen.cursor && row.change >= seen.change;
        Ok(if holds { Renewed::Held } else { Renewed::WentBack })
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
        self.hints.push(Hint::Released(shard));
        Ok(true)
    }

    pub(super) fn owns(&self, shard: Shard, owner: Ownership) -> bool {
        self.leases.is_owned_by(shard, owner, self.now)
    }
}
