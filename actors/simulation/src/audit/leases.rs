//! Who holds which lease, kept beside the store (I2): a write or a call by anybody else is a breach.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use vestibule_actors::port::store::Epoch;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use super::breach;
use crate::world::{Breach, Process};

/// The book of leases. Times are counted from the begin of the run.
#[derive(Default)]
pub struct Book {
    held: BTreeMap<Shard, Entry>,
    /// A store that went back may have forgotten leases and releases; until they have run out nothing is known.
    blind_until: Duration,
    /// Leases that were held when their process died.
    held_at_death: BTreeSet<(Process, Shard)>,
    /// When each shard last changed its owner, and when it did so before.
    changed: BTreeMap<Shard, (Duration, Duration)>,
}

struct Entry {
    process: Process,
    epoch: Epoch,
    until: Duration,
}

impl Book {
    /// A lease was granted.
    ///
    /// # Errors
    /// When another process holds it, or the epoch did not rise.
    pub fn granted(
        &mut self,
        now: Duration,
        shard: Shard,
        process: Process,
        epoch: Epoch,
        ttl: Span,
    ) -> Result<(), Breach> {
        let entry = Entry { process, epoch, until: now + ttl.to_duration() };
        let (last, _) = self.changed.get(&shard).copied().unwrap_or_default();
        self.changed.insert(shard, (now, last));
        let Some(before) = self.held.insert(shard, entry).filter(|_| now >= self.blind_until) else {
            return Ok(());
        };
        if before.process == process {
            return Ok(());
        }
        if before.until > now {
            return breach("I2", format!("shard {} was granted while another node holds it", shard.number()));
        }
        if before.epoch >= epoch {
            return breach(
                "I2",
                format!("shard {}: epoch {} follows {}", shard.number(), epoch.0, before.epoch.0),
            );
        }
        Ok(())
    }

    /// A lease was prolonged.
    pub fn renewed(&mut self, now: Duration, shard: Shard, process: Process, epoch: Epoch, ttl: Span) {
        self.held.insert(shard, Entry { process, epoch, until: now + ttl.to_duration() });
    }

    /// A lease was given back.
    pub fn released(&mut self, now: Duration, shard: Shard) {
        if let Some(entry) = self.held.get_mut(&shard) {
            entry.until = now;
        }
    }

    /// Whether a process holds the lease of a shard, as far as is known.
    #[must_use]
    pub fn holds(&self, now: Duration, shard: Shard, process: Process) -> bool {
        now < self.blind_until
            || self.held.get(&shard).is_some_and(|entry| entry.process == process && entry.until > now)
    }

    /// Who holds the lease of a shard, as far as is known.
    #[must_use]
    pub fn holder(&self, now: Duration, shard: Shard) -> Option<Process> {
        self.held.get(&shard).filter(|entry| entry.until > now).map(|entry| entry.process)
    }

    /// Whether a shard has had more than two owners since a time.
    #[must_use]
    pub fn changed_twice_since(&self, shard: Shard, since: Duration) -> bool {
        self.changed.get(&shard).is_some_and(|(_, before)| *before >= since)
    }

    /// Something was done that only the owner may do.
    ///
    /// # Errors
    /// When it was done by another.
    pub fn check(&self, now: Duration, shard: Shard, process: Process, what: &str) -> Result<(), Breach> {
        if self.holds(now, shard, process) {
            return Ok(());
        }
        let number = shard.number();
        breach(
            "I2",
            format!("node {} ({}) does {what} without the lease of shard {number}", process.node, process.id),
        )
    }

    /// A process has died.
    pub fn died(&mut self, now: Duration, process: Process) {
        let held: Vec<Shard> = Shard::all().filter(|shard| self.holds(now, *shard, process)).collect();
        self.held_at_death.extend(held.into_iter().map(|shard| (process, shard)));
    }

    /// Whether a dead process held a lease when it died.
    #[must_use]
    pub fn held_at_death(&self, process: Process, shard: Shard) -> bool {
        self.held_at_death.contains(&(process, shard))
    }

    /// The store went back.
    pub fn went_back(&mut self, now: Duration, ttl: Span) {
        self.held.clear();
        self.blind_until = now + ttl.to_duration();
    }
}
