//! What a new owner does with what it finds: commands that may have killed the process before it, and updates that may be on their way.
//!
//! After a take-over that follows no clean release, the store counts how many processes have had what comes first in hand. Mostly nobody had,
//! and whole batches are taken in as ever. Where somebody died with a batch, its commands are committed one by one, each is counted, and
//! one that was in hand each time that a process died is set aside. Only one shard of a node goes through such a step at a time, so that a
//! command that kills the process is not blamed on those that were in hand beside it.

use tokio::sync::OwnedSemaphorePermit;
use vestibule_domain::id::OrganizationId;

use super::deciding::MOST_TRIES;
use super::engine::{Ended, Engine, Trouble};
use crate::codec;
use crate::notifier::Offer;
use crate::port::store::{JournalEntry, StoreError};

/// How many outbox entries are read at once.
const OUTBOX_PAGE: usize = 512;

/// How the journal is taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Care {
    /// The owner before left nothing in hand, or what it left has been taken in.
    None,
    /// In batches, and the first command of each is counted.
    Batches,
    /// One by one, each counted: a process died with the batch that these are of.
    Singles {
        /// So many at the most; then batches are tried again.
        left: usize,
    },
}

impl Care {
    pub(super) fn after(clean: bool) -> Self {
        if clean { Self::None } else { Self::Batches }
    }

    /// A step was committed.
    pub(super) fn stepped(self) -> Self {
        match self {
            Self::Singles { left } if left > 1 => Self::Singles { left: left - 1 },
            Self::Singles { .. } => Self::Batches,
            other => other,
        }
    }

    pub(super) fn is_one_by_one(self) -> bool {
        matches!(self, Self::Singles { .. })
    }
}

impl Engine {
    /// How much of this is taken in hand at once. Where it is one command, the node's other shards that are so careful wait, and whatever
    /// can fail without a fault of the command is done before its try is counted.
    pub(super) async fn carefully<'a>(
        &mut self,
        journal: &'a [JournalEntry],
    ) -> Result<(Option<OwnedSemaphorePermit>, &'a [JournalEntry]), Trouble> {
        let Some(first) = journal.first() else { return Ok((None, journal)) };
        if self.care == Care::Batches && self.in_hand_of(first).await? > 1 {
            self.care = Care::Singles { left: self.rules.batch };
        }
        if !self.care.is_one_by_one() {
            return Ok((None, journal));
        }
        let alone = self.crew.careful().await;
        self.children.get(&first.visit, &self.ports).await?;
        Ok((alone, std::slice::from_ref(first)))
    }

    pub(super) async fn killed_processes_before(&self, line: &JournalEntry) -> Result<bool, Trouble> {
        Ok(self.care.is_one_by_one() && self.in_hand_of(line).await? > MOST_TRIES)
    }

    /// How many processes have had this in hand, with this one.
    async fn in_hand_of(&self, line: &JournalEntry) -> Result<u32, Trouble> {
        let counted = self.ports.store.count_try(self.shard, self.lease.owner(), line.seq).await?;
        counted.ok_or(Trouble::Ended(Ended::LeaseLost))
    }

    /// Offers what Epic has not acknowledged to every notifier that was not offered it yet: at first to all, later to one that was started
    /// afresh. Whoever finds an update in the outbox did not send it itself, so it is in doubt.
    pub(super) async fn offer_outbox(&mut self) -> Result<(), Trouble> {
        let notifiers = self.crew.notifiers();
        let offered = &self.offered;
        let fresh = |organization: &OrganizationId| notifiers.get(organization) != offered.get(organization);
        if !notifiers.keys().any(fresh) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.ports.store.outbox(self.shard, after, OUTBOX_PAGE).await?;
            for entry in page.iter().filter(|entry| fresh(&entry.visit.organization)) {
                let update = codec::decode(&entry.payload).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                self.crew.offer(Offer {
                    visit: entry.visit.clone(),
                    update,
                    attempts: entry.attempts,
                    lease: self.lease.clone(),
                    in_doubt: true,
                });
            }
            match page.last() {
                Some(last) if page.len() >= OUTBOX_PAGE => {
                    after = Some((last.visit.clone(), last.lane.clone(), last.seq));
                }
                _ => break,
            }
        }
        self.offered = notifiers;
        Ok(())
    }
}
