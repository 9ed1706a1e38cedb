//! What the actors report for metrics. No identifier of a visit or person is in it, so nothing of it can leak through a label.

use std::time::Duration;
use vestibule_domain::id::OrganizationId;

use super::store::Outcome;

/// Something worth counting.
#[derive(Clone, PartialEq, Debug)]
pub enum Observed {
    /// A visit's actor died and was rebuilt from durable state.
    VisitRestarted,
    /// A shard's actor died and was started again.
    ShardRestarted,
    /// The notifier of an organization died and was started again.
    NotifierRestarted,
    /// The Zoom worker of an organization died and was started again.
    ZoomWorkerRestarted,
    /// The hub died and was started again.
    HubRestarted,
    /// Commands or an event became durable (D0).
    Appended {
        /// How long the store took.
        took: Duration,
    },
    /// A journal was at its bound, so that a command was not taken.
    JournalFull,
    /// A command was set aside after three tries.
    CommandParked,
    /// A shard stopped since another node owns it, or the store went back.
    ShardLost,
    /// Commands of a journal were taken in: what they decided is durable.
    TakenIn {
        /// How long the oldest of them had waited for it, from when it was made, by the clocks of the nodes.
        waited: Duration,
    },
    /// The node runs so many shards now.
    ShardsHeld(usize),
    /// A commit was done.
    Committed {
        /// How many visits it held.
        visits: usize,
        /// How many commands it took in.
        commands: usize,
        /// How long the store took.
        took: Duration,
    },
    /// Lines of visits' histories left for newer ones, since there were too many.
    HistoryFull {
        /// How many.
        lines: u64,
    },
    /// A shard stopped since the store holds something that cannot be read.
    ShardStopped,
    /// An owner compared what it holds with a store that may have gone back.
    Restored {
        /// How many visits the store had lost something of.
        behind: usize,
    },
    /// The store was another than before, and this node's doors appended again what they had answered.
    AppendedAgain {
        /// How many facts.
        facts: usize,
    },
    /// More events were answered than this node may keep until they are safe.
    RecentFull,
    /// The store did not answer a commit in time and was asked again.
    CommitRetried,
    /// An attempt to tell Epic ended.
    EpicAttempt {
        /// Whose Epic.
        organization: OrganizationId,
        /// HTTP status; 0 for none.
        resp_code: u16,
        /// What became of the update.
        outcome: Outcome,
        /// How long Epic took.
        took: Duration,
        /// The time since the update was decided.
        age: Duration,
    },
    /// An update was superseded by a newer one.
    Superseded {
        /// Whose.
        organization: OrganizationId,
    },
    /// An attempt to tell Epic ended when the lane was another node's.
    AttemptOutlived {
        /// Whose Epic.
        organization: OrganizationId,
    },
    /// The state of an organization's notifier, after each change.
    Notifier {
        /// Whose.
        organization: OrganizationId,
        /// Updates waiting or running.
        lanes: usize,
        /// Age of the oldest of them in milliseconds.
        oldest_ms: i64,
        /// The breaker keeps requests back.
        breaker_open: bool,
    },
    /// A call to Zoom ended.
    ZoomCall {
        /// Whose account.
        organization: OrganizationId,
        /// Which call.
        call: &'static str,
        /// How it ended.
        outcome: &'static str,
        /// How long it took.
        took: Duration,
    },
    /// A call was not begun since too many are queued; its deadline brings it back.
    ZoomQueueFull {
        /// Whose.
        organization: OrganizationId,
    },
    /// Live visits and how many of them are in memory, per shard.
    Visits {
        /// The shard's number.
        shard: u16,
        /// In memory.
        in_memory: usize,
    },
}

/// Is told what happens. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn observe(&self, what: Observed);
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&self, _: Observed) {}
}
