//! What happened to visits, as a store keeps it: lines in order, longer than the visit itself.

use vestibule_domain::id::VisitKey;

/// New lines of one visit's history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryLines {
    /// Whose.
    pub visit: VisitKey,
    /// By the codec, the oldest first.
    pub lines: Vec<Vec<u8>>,
}

/// A visit's history. One that nobody knows has no lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// So many older lines have left, since there were too many.
    pub dropped: u64,
    /// The oldest first.
    pub lines: Vec<Vec<u8>>,
}
