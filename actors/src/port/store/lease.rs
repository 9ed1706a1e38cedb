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
        /// Who owned it last before this lease, as far as the store knows: the same each time that the owner asks for it. Whoever finds
        /// himself there knows that nobody has owned it since.
        before: Option<Ownership>,
    },
    /// It is another's and has not run out.
    Held(Owner),
}

/// Who owns a shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The process.
    pub token: OwnerToken,
    /// The node's name.
    pub node: String,
    /// Which lease.
    pub epoch: Epoch,
}

/// How far an owner knows its shard to be committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// The cursor of the last commit.
    pub cursor: Seq,
    /// The change number of the last commit.
    pub change: u64,
}

/// The answer to [`Store::renew`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renewed {
    /// The lease goes on.
    Held,
    /// It is not ours any more.
    Lost,
    /// It goes on, and the store holds less than was committed under it.
    WentBack,
}
