//! What a new owner does with what it finds: commands that may have killed the process before it, and updates that may be on their way.
//!
//! After a take-over that follows no clean release, commands are committed one by one, and each counts in the store how many processes
//! have had it in hand. One that was there each time that a process died is set aside. Only one shard of a node goes through such a
//! step at a time, so that a command that kills the process is not blamed on those that were in hand beside it.

use tokio::sync::OwnedSemaphorePermit;
use vestibule_domain::id::OrganizationId;

use super::deciding::MOST_TRIES;
use super::engine::{Ended, Engine, Trouble};
use crate::codec;
use crate::notifier::Offer;
use crate::port::store::{JournalEntry, StoreError};

/// After an unclean take-over so many commands are committed one by one at the most; a process that dies again has at least got this far.
const CAREFUL_STEPS: u32 = 2_000;
/// How many outbox entries are read at once.
const OUTBOX_PAGE: usize = 512;

pub(super) fn careful_steps(clean: bool) -> u32 {
    if clean { 0 } else { CAREFUL_STEPS }
}

impl Engine {
    /// Waits for the node's other shards, where this step is a careful one. Whatever can fail without a fault of the command is done before
    /// its try is counted.
    pub(super) async fn alone_if_careful(
        &mut self,
        journal: &[JournalEntry],
    ) -> Result<Option<OwnedSemaphorePermit>, Trouble> {
        if self.careful_steps == 0 {
            return Ok(None);
        }
        let alone = self.crew.careful().await;
        for line in journal {
            self.children.get(&line.visit, &self.ports).await?;
        }
        Ok(alone)
    }

    pub(super) async fn killed_processes_before(&self, line: &JournalEntry) -> Result<bool, Trouble> {
        let counted = self.ports.store.count_try(self.shard, self.lease.owner(), line.seq).await?;
        counted.map(|tries| tries > MOST_TRIES).ok_or(Trouble::Ended(Ended::LeaseLost))
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
                    after = Some((last.visit.clone(), last.participant.clone(), last.seq));
                }
                _ => break,
            }
        }
        self.offered = notifiers;
        Ok(())
    }
}
