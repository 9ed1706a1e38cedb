//! What the embedded store tells of itself, read when the metrics are asked for.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::store::EmbeddedStore;

/// Gives out a store's counters.
pub(super) struct StoreCollector(pub(super) Arc<EmbeddedStore>);

impl fmt::Debug for StoreCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreCollector")
    }
}

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let stats = self.0.stats().read();
        let counters = [
            ("store_commits", "Durable commits of the embedded store", stats.batch_sizes.count),
            (
                "store_commit_steps",
                "Steps in those commits; over their number it is the mean batch",
                stats.batch_sizes.sum,
            ),
            ("store_commit_microseconds", "Time spent in those commits", stats.commit_latencies_us.sum),
            (
                "store_failed_batches",
                "Batches that failed since the file could not be written",
                stats.failed_batches,
            ),
            ("store_spoiled_steps", "Steps that met something unreadable", stats.spoiled_steps),
            ("store_refused_full", "Steps turned away since too many were waiting", stats.refused_full),
            (
                "store_refused_away",
                "Steps turned away without a try since a write had failed shortly before",
                stats.refused_away,
            ),
            (
                "store_unreadable_rows",
                "Rows passed over or dropped since they could not be read",
                stats.unreadable_rows,
            ),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        let in_trouble = ConstGauge::new(i64::from(stats.in_trouble));
        let help =
            "1 from a write that failed until the next one that succeeds: the store reads and does not write";
        let metric = encoder.encode_descriptor("store_in_trouble", help, None, in_trouble.metric_type())?;
        in_trouble.encode(metric)
    }
}
