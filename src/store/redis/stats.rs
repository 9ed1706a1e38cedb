//! What the way to the servers tells of itself.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct RedisStats {
    connected: AtomicU64,
    let_go: AtomicU64,
    late: AtomicU64,
    batches: AtomicU64,
    batched: AtomicU64,
    without_replica: AtomicU64,
    refused_full: AtomicU64,
}

/// All counters as they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RedisReading {
    /// Times that the connections to a primary were made.
    pub connected: u64,
    /// Times that they were given up, since one was cut, an answer was late or the server was no primary any more.
    pub let_go: u64,
    /// Answers that did not come in time.
    pub late: u64,
    /// Batches that waited for a replica.
    pub batches: u64,
    /// Writes in those batches.
    pub batched: u64,
    /// Batches that no replica had in time.
    pub without_replica: u64,
    /// Writes turned away since too many waited for a batch.
    pub refused_full: u64,
}

impl RedisStats {
    /// The counters as they stand.
    #[must_use]
    pub fn read(&self) -> RedisReading {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RedisReading {
            connected: read(&self.connected),
            let_go: read(&self.let_go),
            late: read(&self.late),
            batches: read(&self.batches),
            batched: read(&self.batched),
            without_replica: read(&self.without_replica),
            refused_full: read(&self.refused_full),
        }
    }

    pub(super) fn connected(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn let_go(&self) {
        self.let_go.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn batch(&self, writes: usize, on_a_replica: bool) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.batched.fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Ordering::Relaxed);
        if !on_a_replica {
            self.without_replica.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn refused_full(&self) {
        self.refused_full.fetch_add(1, Ordering::Relaxed);
    }
}
