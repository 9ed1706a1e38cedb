//! What the store tells of itself: how many steps shared a commit, and how long a commit took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the batch sizes counted, in steps; what is above the last is counted behind it.
pub const BATCH_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/// Upper bounds of the commit latencies counted, in microseconds; what is above the last is counted behind it.
pub const LATENCY_BOUNDS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_000_000];

/// Counters of a store. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct StoreStats {
    batch_sizes: Histogram<{ BATCH_BOUNDS.len() + 1 }>,
    commit_latencies: Histogram<{ LATENCY_BOUNDS_US.len() + 1 }>,
    failed_batches: AtomicU64,
    spoiled_steps: AtomicU64,
    refused_full: AtomicU64,
    refused_away: AtomicU64,
    in_trouble: AtomicBool,
    unreadable_rows: AtomicU64,
}

/// A histogram as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistogramReading {
    /// Upper bound and how many values lie at or below it and above the one before; `None` for no bound.
    pub buckets: Vec<(Option<u64>, u64)>,
    /// The sum of all values.
    pub sum: u64,
    /// How many values there were.
    pub count: u64,
}

/// All counters as they stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatsReading {
    /// Steps per durable commit.
    pub batch_sizes: HistogramReading,
    /// Microseconds per durable commit, from its first step to its last byte on the disk.
    pub commit_latencies_us: HistogramReading,
    /// Batches that failed since the file could not be written.
    pub failed_batches: u64,
    /// Steps that were taken out of their batch since they met something unreadable.
    pub spoiled_steps: u64,
    /// Steps that were turned away since too many were waiting.
    pub refused_full: u64,
    /// Steps that were turned away since a write had failed and it was not time to try again.
    pub refused_away: u64,
    /// A write has failed and none has succeeded since.
    pub in_trouble: bool,
    /// Rows that a search passed over or a sweep dropped since they could not be read; each time one is met.
    pub unreadable_rows: u64,
}

impl StoreStats {
    /// The counters as they stand.
    #[must_use]
    pub fn read(&self) -> StatsReading {
        StatsReading {
            batch_sizes: self.batch_sizes.read(&BATCH_BOUNDS),
            commit_latencies_us: self.commit_latencies.read(&LATENCY_BOUNDS_US),
            failed_batches: self.failed_batches.load(Ordering::Relaxed),
            spoiled_steps: self.spoiled_steps.load(Ordering::Relaxed),
            refused_full: self.refused_full.load(Ordering::Relaxed),
            refused_away: self.refused_away.load(Ordering::Relaxed),
            in_trouble: self.in_trouble.load(Ordering::Relaxed),
            unreadable_rows: self.unreadable_rows.load(Ordering::Relaxed),
        }
    }

    pub(super) fn committed(&self, steps: usize, took: Duration) {
        self.batch_sizes.add(&BATCH_BOUNDS, u64::try_from(steps).unwrap_or(u64::MAX));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_latencies.add(&LATENCY_BOUNDS_US, micros);
    }

    pub(super) fn batch_failed(&self) {
        self.failed_batches.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn step_spoiled(&self) {
        self.spoiled_steps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn steps_refused(&self, steps: u64) {
        self.refused_away.fetch_add(steps, Ordering::Relaxed);
    }

    pub(super) fn trouble(&self, is: bool) {
        self.in_trouble.store(is, Ordering::Relaxed);
    }

    pub(super) fn rows_unreadable(&self, rows: u64) {
        self.unreadable_rows.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn turned_away(&self) {
        self.refused_full.fetch_add(1, Ordering::Relaxed);
    }
}

/// One counter per bound, and a last one for what lies above.
#[derive(Debug)]
struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU64::new(0)), sum: AtomicU64::new(0) }
    }
}

impl<const N: usize> Histogram<N> {
    fn add(&self, bounds: &[u64], value: u64) {
        let place = bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
            self.sum.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn read(&self, bounds: &[u64]) -> HistogramReading {
        let bounds = bounds.iter().copied().map(Some).chain([None]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        HistogramReading { buckets, sum: self.sum.load(Ordering::Relaxed), count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_at_the_first_bound_that_holds_it() {
        let stats = StoreStats::default();
        for steps in [1, 2, 3, 256, 257] {
            stats.committed(steps, Duration::from_micros(100));
        }
        let sizes = stats.read().batch_sizes;
        let filled: Vec<_> = sizes.buckets.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(Some(1), 1), (Some(2), 1), (Some(4), 1), (Some(256), 1), (None, 1)]);
        assert_eq!((sizes.sum, sizes.count), (519, 5));
        assert_eq!(stats.read().commit_latencies_us.buckets[0], (Some(100), 5));
    }
}
