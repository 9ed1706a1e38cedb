//! The leases of a node: a written state per shard, so that no shard is ever run twice by one node.
//!
//! free -> acquiring -> held -> leaving -> releasing -> free; one that ends unclean goes from held or leaving to free at once; one that
//! cannot be run rests for a while first.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::shard::Shard;

use crate::lease::Lease;
use crate::port::clock::instant;
use crate::port::store::Epoch;

enum State {
    Acquiring,
    Held(Lease),
    /// It is being handed over.
    Leaving(Lease),
    Releasing,
    Resting(Instant),
}

/// The shards of a node. A shard that is not in it is free.
#[derive(Default)]
pub(super) struct Leases {
    states: BTreeMap<Shard, State>,
    /// The highest epoch that this node has had of a shard.
    epochs: BTreeMap<Shard, Epoch>,
    /// Shards that this node had last, as far as it knows, and did not give back.
    lost: BTreeSet<Shard>,
    /// Shards that this node gave back, and that nobody was seen to have since.
    given_back: BTreeSet<Shard>,
    /// Those of them that were so when the store was last away.
    untaken: BTreeSet<Shard>,
}

/// A lease whose shard has ended.
pub(super) struct Releasing(pub(super) Lease);

impl Leases {
    pub(super) fn may_acquire(&self, shard: Shard) -> bool {
        match self.states.get(&shard) {
            None => true,
            Some(State::Resting(until)) => *until <= instant(),
            Some(_) => false,
        }
    }

    /// The lease is being asked for; the highest epoch that this node knows of.
    pub(super) fn acquiring(&mut self, shard: Shard) -> Epoch {
        self.states.insert(shard, State::Acquiring);
        self.epochs.get(&shard).copied().unwrap_or_default()
    }

    /// Whether a lease that the store granted, or says to be this node's, is one that it gave back, so that the store went back.
    pub(super) fn was_given_back(&self, shard: Shard, epoch: Epoch) -> bool {
        self.epochs.get(&shard).is_some_and(|had| *had >= epoch) && !self.lost.contains(&shard)
    }

    /// Whether this node had the shard last, as far as it knows, and did not give it back.
    pub(super) fn was_lost(&self, shard: Shard) -> bool {
        self.lost.contains(&shard)
    }

    /// The store was away, or is another.
    pub(super) fn store_was_away(&mut self) {
        self.untaken = self.given_back.clone();
    }

    /// Whether this node gave the shard back before the store was away, and nobody was seen to have it since.
    pub(super) fn is_untaken(&self, shard: Shard) -> bool {
        self.untaken.contains(&shard)
    }

    /// Others have had the shard since.
    pub(super) fn is_anothers(&mut self, shard: Shard) {
        self.lost.remove(&shard);
        self.was_taken(shard);
    }

    fn was_taken(&mut self, shard: Shard) {
        self.given_back.remove(&shard);
        self.untaken.remove(&shard);
    }

    pub(super) fn granted(&mut self, shard: Shard, lease: Lease) {
        // Until it is given back.
        self.lost.insert(shard);
        self.was_taken(shard);
        self.epochs.insert(shard, lease.owner().epoch);
        self.states.insert(shard, State::Held(lease));
    }

    /// The shard is to be handed over; `None` when it is not held, or is being handed over already.
    pub(super) fn leave(&mut self, shard: Shard) -> Option<Lease> {
        let Some(State::Held(lease)) = self.states.get(&shard) else { return None };
        let lease = lease.clone();
        self.states.insert(shard, State::Leaving(lease.clone()));
        Some(lease)
    }

    /// The shard has ended. From here on it is being released, until it is said to be free.
    pub(super) fn ended(&mut self, shard: Shard) -> Option<Releasing> {
        match self.states.insert(shard, State::Releasing) {
            Some(State::Held(lease) | State::Leaving(lease)) => Some(Releasing(lease)),
            Some(other) => {
                self.states.insert(shard, other);
                None
            }
            None => {
                self.states.remove(&shard);
                None
            }
        }
    }

    pub(super) fn free(&mut self, shard: Shard) {
        self.states.remove(&shard);
    }

    /// The lease was given back, with nothing left half done.
    pub(super) fn given_back(&mut self, shard: Shard) {
        self.lost.remove(&shard);
        self.given_back.insert(shard);
    }

    /// The shard is left alone for a while.
    pub(super) fn rest(&mut self, shard: Shard, time: Duration) {
        self.states.insert(shard, State::Resting(instant() + time));
    }

    /// Shards that are held and not being handed over.
    pub(super) fn held(&self) -> Vec<Shard> {
        let held = self.states.iter().filter(|(_, state)| matches!(state, State::Held(_)));
        held.map(|(shard, _)| *shard).collect()
    }

    /// How many are being handed over.
    pub(super) fn leaving(&self) -> usize {
        let leaving = |state: &&State| matches!(state, State::Leaving(_) | State::Releasing);
        self.states.values().filter(leaving).count()
    }

    /// All leases that are to be prolonged.
    pub(super) fn all(&self) -> Vec<(Shard, Lease)> {
        let leases = self.states.iter().filter_map(|(shard, state)| match state {
            State::Held(lease) | State::Leaving(lease) => Some((*shard, lease.clone())),
            _ => None,
        });
        leases.collect()
    }

    /// Whether nothing is held and nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.states.values().all(|state| matches!(state, State::Resting(_)))
    }
}
