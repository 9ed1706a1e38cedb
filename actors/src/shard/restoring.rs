//! What an owner does with a store that went back: a failover may have lost the last writes.
//!
//! The owner still holds what it committed, so it gives that back, fenced by its lease, and then goes on from the store's own cursor: front
//! doors may have appended since under places that were used before, and reading an entry again is harmless. What cannot be given
//! back (entries that nobody holds, what Epic was told, events that Zoom was answered) is made good by telling Epic everything again,
//! by asking Zoom, and by the front doors, which append again what they answered. Until then nothing new is begun under the lease.

use std::collections::BTreeMap;
use std::sync::Arc;
use vestibule_domain::command::Command;
use vestibule_domain::id::VisitKey;
use vestibule_domain::visit::Visit;

use super::Step;
use super::deciding::own_entry;
use super::engine::{Ended, Engine, Gathered, Trouble};
use super::live::{Kept, NextDue};
use crate::codec;
use crate::lease::TTL;
use crate::port::observer::Observed;
use crate::port::store::{Epoch, Ownership, Renewed, Restore, Restored, Standing, StoreError};

/// So many visits are given back at once.
const PAGE: usize = 128;
/// A new owner takes up what the last so many changes of its shard were about: more than are made in the time that a failover loses.
const LATEST: u64 = 64;

/// What a shard held when its lease was lost, for the case that nobody else has owned it when the node gets it back.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The lease that it was held under, and the one that the store knew before it.
    pub(crate) owners: Vec<Ownership>,
    pub(super) standing: Standing,
    pub(super) visits: BTreeMap<VisitKey, Kept>,
    /// Which store it was committed to.
    incarnation: Option<String>,
}

impl Memory {
    /// The highest epoch that it knows of.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.owners.iter().map(|owner| owner.epoch).max().unwrap_or_default()
    }

    /// Whether it may still be believed under a lease, when the store says who owned the shard before that: this node under the lease of
    /// then, or, where the store has forgotten that, whoever it was before. It may be the same lease still.
    #[must_use]
    pub fn holds_under(&self, lease: Ownership, before: Option<Ownership>) -> bool {
        [Some(lease), before].into_iter().flatten().any(|owner| self.owners.contains(&owner))
    }
}

impl Engine {
    /// What this shard holds, for whoever runs it next on this node.
    pub(super) fn into_memory(self) -> Memory {
        let owners = [Some(self.lease.owner()), self.before].into_iter().flatten().collect();
        let (standing, visits) = (self.lease.standing(), self.children.kept());
        Memory { owners, standing, visits, incarnation: self.incarnation }
    }

    /// Takes up what this node held of the shard before it lost the lease for a while.
    pub(super) async fn remember(&mut self, memory: Memory) -> Result<(), Trouble> {
        let incarnation = self.ports.store.incarnation().await?;
        let went_back = memory.incarnation.is_none_or(|before| before != incarnation);
        self.lease.stands(memory.standing);
        for (key, kept) in memory.visits {
            self.children.take_in(&key, kept, &self.ports);
        }
        self.restore(went_back).await
    }

    /// Whoever had the shard since holds what came after it, and goes on from there once he has it again; so nothing is decided here.
    pub(super) async fn only_give_back(&mut self) -> Result<Step, Trouble> {
        if let Some(memory) = self.memory.take() {
            self.lease.stands(memory.standing);
            for (key, kept) in memory.visits {
                self.children.take_in(&key, kept, &self.ports);
            }
            self.index_what_is_held().await?;
            let behind = self.give_back().await?;
            self.ports.observer.observe(Observed::Restored { behind });
        }
        Err(Trouble::Ended(Ended::Drained))
    }

    /// Before the lease goes back: what the store has lost by now cannot be given to it any more afterwards.
    pub(super) async fn see_that_all_is_there(&mut self) -> Result<(), Trouble> {
        let (owner, standing) = (self.lease.owner(), self.lease.standing());
        match self.ports.store.renew(self.shard, owner, TTL, standing).await? {
            Renewed::Held => Ok(()),
            Renewed::Lost => Err(Trouble::Ended(Ended::LeaseLost)),
            Renewed::WentBack => Err(Trouble::Ended(Ended::WentBack)),
        }
    }

    /// A new owner holds what was committed last before it, for a store that goes back to before that.
    pub(super) async fn take_up_the_latest(&mut self) -> Result<(), Trouble> {
        let changes = self.ports.store.changes().await?;
        let Some((_, change)) = changes.into_iter().find(|(shard, _)| *shard == self.shard) else {
            return Ok(());
        };
        let from = change.saturating_sub(LATEST);
        for changed in self.ports.store.changed_since(self.shard, from, PAGE).await? {
            let Some(stored) = changed.stored else { continue };
            if self.children.version(&stored.visit).is_none() {
                let kept = kept(stored.version, stored.state, Some(self.ports.clock.now()));
                self.children.take_in(&stored.visit, kept, &self.ports);
            }
        }
        Ok(())
    }

    /// Gives the store back what it has lost. Where it is known to have gone back it may have lost more than versions of visits: entries of
    /// the index, and what Epic acknowledged.
    pub(super) async fn restore(&mut self, went_back: bool) -> Result<(), Trouble> {
        self.lease.pause(true);
        let incarnation = self.ports.store.incarnation().await?;
        if went_back {
            self.index_what_is_held().await?;
        }
        let behind = self.give_back().await?;
        if behind > 0 {
            tracing::error!(
                shard = self.shard.number(),
                behind,
                "the store went back and was given what it lost"
            );
            self.tell_all_that_it_went_back().await?;
        }
        if behind > 0 || went_back {
            self.index_again().await?;
            self.offered.clear();
        }
        self.incarnation = Some(incarnation);
        self.ports.observer.observe(Observed::Restored { behind });
        self.lease.pause(false);
        Ok(())
    }

    async fn give_back(&mut self) -> Result<usize, Trouble> {
        let known = self.lease.standing().change;
        let held: Vec<_> = self.children.kept().iter().map(|(key, kept)| kept.held(key)).collect();
        let mut pages: Vec<Vec<_>> = held.chunks(PAGE).map(<[_]>::to_vec).collect();
        if pages.is_empty() {
            pages.push(Vec::new());
        }
        let mut all_behind = 0;
        let mut standing = self.lease.standing();
        for visits in pages {
            let (shard, owner) = (self.shard, self.lease.owner());
            match self.ports.store.restore(Restore { shard, owner, change: known, visits }).await? {
                Restored::NotOwner => return Err(Trouble::Ended(Ended::LeaseLost)),
                Restored::Done { cursor, change, behind } => {
                    all_behind += behind;
                    standing = Standing { cursor, change };
                }
            }
        }
        self.forget_what_is_older(known).await?;
        // Not before that: what is held would be taken for as new as the store, if this were broken off in between.
        self.lease.stands(standing);
        self.cursor = Some(standing.cursor);
        self.next_due = NextDue::unknown();
        self.tries.clear();
        Ok(all_behind)
    }

    /// A commit whose answer never came before the lease was lost is in the store all the same, and what is held of its visits is older.
    async fn forget_what_is_older(&mut self, known: u64) -> Result<(), Trouble> {
        let mut from = known;
        loop {
            let page = self.ports.store.changed_since(self.shard, from, PAGE).await?;
            for changed in &page {
                let version = changed.stored.as_ref().map(|stored| stored.version);
                if self.children.version(&changed.visit).is_some_and(|held| version.is_none_or(|v| v > held))
                {
                    self.children.forget(&changed.visit);
                }
            }
            match page.last() {
                Some(last) if page.len() >= PAGE => from = last.change,
                _ => return Ok(()),
            }
        }
    }

    /// Every visit in memory tells Epic its newest status again, and has its meeting read.
    async fn tell_all_that_it_went_back(&mut self) -> Result<(), Trouble> {
        let keys: Vec<VisitKey> = self.children.kept().into_keys().collect();
        for page in keys.chunks(PAGE) {
            let now = self.ports.clock.now();
            let mut gathered = Gathered::default();
            for key in page {
                let entries = vec![own_entry(Command::StoreWentBack, now)];
                self.decide_own(key, entries, now, &mut gathered).await?;
            }
            let cursor = self.cursor.unwrap_or_default();
            self.commit(cursor, cursor, 0, gathered).await?;
        }
        Ok(())
    }

    /// Before it is given back: were this owner to die in between, the next one would take what the store has for whole.
    async fn index_what_is_held(&self) -> Result<(), Trouble> {
        for (key, kept) in self.children.kept() {
            self.index_of(&key, &kept.state).await?;
        }
        Ok(())
    }

    /// The index of meetings may have gone back too, and events of a meeting that it does not know would be held until they expire.
    async fn index_again(&mut self) -> Result<(), Trouble> {
        let mut from = 0;
        loop {
            let page = self.ports.store.changed_since(self.shard, from, PAGE).await?;
            for stored in page.iter().filter_map(|changed| changed.stored.as_ref()) {
                self.index_of(&stored.visit, &stored.state).await?;
            }
            match page.last() {
                Some(last) if page.len() >= PAGE => from = last.change,
                _ => return Ok(()),
            }
        }
    }

    async fn index_of(&self, key: &VisitKey, state: &[u8]) -> Result<(), Trouble> {
        let visit: Visit = codec::decode(state)?;
        // The answer that it is indexed may still be on its way.
        let Some(meeting) = &visit.meeting else { return Ok(()) };
        match self.ports.store.index_meeting(meeting.id, key).await {
            Ok(_) => Ok(()),
            // Another visit has it; that is for people to see, not for this shard to die of.
            Err(StoreError::Refused(why)) => {
                tracing::error!(shard = self.shard.number(), why, "a meeting could not be indexed again");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What was committed, for [`Kept`].
pub(super) fn kept(version: u64, state: Vec<u8>, wake: Option<vestibule_domain::time::Moment>) -> Kept {
    Kept { version, state: Arc::from(state), wake }
}
