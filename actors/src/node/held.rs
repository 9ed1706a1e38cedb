//! Which shards a node holds: a written state per shard, so that no shard is ever run twice by one node.

use crate::port::clock::instant;
use actix::Addr;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::shard::Shard;

use crate::lease::Lease;
use crate::shard::ShardActor;

/// A shard that runs.
pub(super) struct Held {
    pub(super) lease: Lease,
    pub(super) actor: Addr<ShardActor>,
}

/// acquiring -> running -> releasing -> free; one that ends before it was entered as running goes by `Died`; a shard that cannot be read
/// is held off for a while.
enum State {
    Acquiring,
    Running(Held),
    Releasing,
    Died,
    HeldOff(Instant),
}

/// The shards of a node. A shard that is not in it is free.
#[derive(Default)]
pub(super) struct Shards(BTreeMap<Shard, State>);

impl Shards {
    pub(super) fn may_acquire(&self, shard: Shard) -> bool {
        match self.0.get(&shard) {
            None => true,
            Some(State::HeldOff(until)) => *until <= instant(),
            Some(State::Acquiring | State::Running(_) | State::Releasing | State::Died) => false,
        }
    }

    pub(super) fn acquiring(&mut self, shard: Shard) {
        self.0.insert(shard, State::Acquiring);
    }

    /// The shard has started. `false` when it has died already.
    pub(super) fn runs(&mut self, shard: Shard, held: Held) -> bool {
        let died = matches!(self.0.get(&shard), Some(State::Died));
        if died {
            held.lease.end();
        } else {
            self.0.insert(shard, State::Running(held));
        }
        !died
    }

    /// The shard has ended; what it held. From here on it is being released, until it is said to be free.
    pub(super) fn ended(&mut self, shard: Shard) -> Option<Held> {
        match self.0.remove(&shard) {
            Some(State::Running(held)) => {
                self.0.insert(shard, State::Releasing);
                Some(held)
            }
            Some(State::Acquiring) => {
                self.0.insert(shard, State::Died);
                None
            }
            Some(other) => {
                self.0.insert(shard, other);
                None
            }
            None => None,
        }
    }

    pub(super) fn hold(&mut self, shard: Shard, time: Duration) {
        self.0.insert(shard, State::HeldOff(instant() + time));
    }

    pub(super) fn free(&mut self, shard: Shard) {
        if !matches!(self.0.get(&shard), Some(State::HeldOff(_))) {
            self.0.remove(&shard);
        }
    }

    pub(super) fn held(&self, shard: Shard) -> Option<&Held> {
        match self.0.get(&shard) {
            Some(State::Running(held)) => Some(held),
            _ => None,
        }
    }

    pub(super) fn leases(&self) -> Vec<(Shard, Lease)> {
        let running = self.0.iter().filter_map(|(shard, state)| match state {
            State::Running(held) => Some((*shard, held.lease.clone())),
            _ => None,
        });
        running.collect()
    }

    pub(super) fn running(&self) -> Vec<Shard> {
        self.leases().into_iter().map(|(shard, _)| shard).collect()
    }

    /// Whether nothing runs and nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.0.values().all(|state| matches!(state, State::HeldOff(_)))
    }
}
