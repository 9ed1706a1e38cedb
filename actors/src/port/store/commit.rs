//! The one atomic write of a shard's owner, and what it consists of.

use uuid::Uuid;
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::{Epoch, HistoryLines, Ownership, Seq};

/// A visit as it was last committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredVisit {
    /// Which visit.
    pub visit: VisitKey,
    /// Rises by one with every commit of the visit.
    pub version: u64,
    /// The lease under which it was committed.
    pub epoch: Epoch,
    /// The number of this write among all of its shard: unique there, and at most the shard's change number.
    pub change: u64,
    /// The state, by the codec.
    pub state: Vec<u8>,
}

/// A visit that was written or removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// Which visit.
    pub visit: VisitKey,
    /// The number of that write among all of its shard.
    pub change: u64,
    /// How it stands; `None` when it has left.
    pub stored: Option<StoredVisit>,
}

/// A visit that an owner holds, for a store that went back to before it was committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldVisit {
    /// Which visit.
    pub visit: VisitKey,
    /// Its version.
    pub version: u64,
    /// Its state, by the codec.
    pub state: Vec<u8>,
    /// When it must be looked at again.
    pub wake: Option<Moment>,
}

/// What an owner gives back to a store that went back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restore {
    /// Which shard.
    pub shard: Shard,
    /// By whom.
    pub owner: Ownership,
    /// The change number of the owner's last commit: boards have seen it.
    pub change: u64,
    /// Everything that the owner holds.
    pub visits: Vec<HeldVisit>,
}

/// The answer to [`super::Store::restore`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restored {
    /// Done. What lies behind the cursor is read again.
    Done {
        /// The cursor as the store has it.
        cursor: Seq,
        /// The shard's change number after it.
        change: u64,
        /// How many visits the store had lost something of.
        behind: usize,
    },
    /// The lease is not ours: drop everything in memory.
    NotOwner,
}

/// One visit's part of a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VisitWrite {
    /// Which visit.
    pub visit: VisitKey,
    /// The version that must be there; 0 when the visit must not exist.
    pub expected: u64,
    /// The new state; `None` removes the visit with its wake-up. The new version is `expected + 1`.
    pub state: Option<Vec<u8>>,
    /// When it must be looked at again; `None` for never.
    pub wake: Option<Moment>,
}

/// An update that Epic has to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxEntry {
    /// Whose visit.
    pub visit: VisitKey,
    /// Which lane.
    pub lane: LaneName,
    /// Its number in the lane.
    pub seq: u64,
    /// How many attempts are on record.
    pub attempts: u32,
    /// The update, by the codec.
    pub payload: Vec<u8>,
}

/// A command that was set aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParkedCommand {
    /// Its place in the journal.
    pub seq: Seq,
    /// Whose visit.
    pub visit: VisitKey,
    /// The command, by the codec.
    pub payload: Vec<u8>,
    /// Why, in words without PHI: a [`WhyAside`] as text, of this release or another.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// Why a command was set aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhyAside {
    /// Its visit failed at it, as often as is borne.
    VisitFailed,
    /// The process that had it under way died, as often as is borne.
    ProcessDied,
    /// A deadline of its visit made it fail.
    DeadlineFailed,
    /// Nothing is known of its organization any more.
    NoOrganization,
}

impl WhyAside {
    /// All there are.
    pub const ALL: [Self; 4] =
        [Self::VisitFailed, Self::ProcessDied, Self::DeadlineFailed, Self::NoOrganization];

    /// In English, as it is kept.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VisitFailed => "it made its visit fail three times",
            Self::ProcessDied => "it was under way each time that a process died",
            Self::DeadlineFailed => "a deadline of its visit made it fail three times",
            Self::NoOrganization => "its organization is not in the settings any more",
        }
    }
}

/// The one atomic write of a shard's owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Which shard.
    pub shard: Shard,
    /// By whom.
    pub owner: Ownership,
    /// Names the commit, so that one whose answer was lost can be repeated: the store answers `Done` when it is the shard's last.
    pub id: Uuid,
    /// The cursor that must be there.
    pub expected_cursor: Seq,
    /// The cursor after it, never below the one before; journal entries up to here are removed, and their try counts with them. One
    /// beyond the journal's last entry shows that the store lost entries: [`Committed::WentBack`].
    pub cursor: Seq,
    /// The visits; each at most once.
    pub visits: Vec<VisitWrite>,
    /// Updates for Epic.
    pub outbox: Vec<OutboxEntry>,
    /// Commands set aside.
    pub parked: Vec<ParkedCommand>,
    /// What happened to visits, be they among those that are written or not; appended behind what there is.
    pub history: Vec<HistoryLines>,
}

/// The answer to a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Committed {
    /// Durable (D1).
    Done {
        /// The shard's change number after it: rises with every commit, by one for each visit in it and at least by one.
        change: u64,
        /// Lines of histories that left for these, since there were too many; none where it had been done before.
        dropped: u64,
    },
    /// The lease is not ours: drop everything in memory.
    NotOwner,
    /// The lease is ours, but cursor or versions are not what we wrote last.
    WentBack,
}
