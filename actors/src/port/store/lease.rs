//! Who owns a shard, and the numbers that fence its writes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The process that owns leases: a uuid made at its start, so that a restart is somebody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerToken(pub Uuid);

/// Rises with every change of a shard's owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// A place in a shard's journal; the first entry has 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// Who claims to own a shard. Every write of an owner carries it and fails unless it equals the lease.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ownership {
    /// Whose lease.
    pub token: OwnerToken,
    /// Which lease.
    pub epoch: Epoch,
}

/// The answer to [`Store::acquire`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acquired {
    /// The lease is ours.
    Granted {
        /// Raised when the owner changed, the same when our own lease was still there.
        epoch: Epoch,
        /// The owner before released it, so that nothing was left half done.
        clean: bool,
    },
    /// It is another's and has not run out.
    Held(Owner),
}

/// Who owns a shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The node's name.
    pub node: String,
    /// Which lease.
    pub epoch: Epoch,
}
