//! What the store tells of itself, read when the metrics are asked for.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::store::EmbeddedStore;
use crate::store::embedded::StatsReading;
use crate::store::redis::{RedisReading, RedisStore};

/// A store that counts.
#[derive(Clone)]
pub enum CountingStore {
    /// On a file.
    Embedded(Arc<EmbeddedStore>),
    /// On servers.
    Redis(Arc<RedisStore>),
}

impl fmt::Debug for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountingStore")
    }
}

type Counted = (&'static str, &'static str, u64);

impl Collector for CountingStore {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Embedded(store) => {
                let stats = store.stats().read();
                counters(&mut encoder, &of_embedded(&stats))?;
                in_trouble(&mut encoder, stats.in_trouble)
            }
            Self::Redis(store) => counters(&mut encoder, &of_redis(store.stats().read())),
        }
    }
}

fn counters(encoder: &mut DescriptorEncoder<'_>, counted: &[Counted]) -> Result<(), fmt::Error> {
    for (name, help, value) in counted {
        let counter = ConstCounter::new(*value);
        let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
        counter.encode(metric)?;
    }
    Ok(())
}

fn in_trouble(encoder: &mut DescriptorEncoder<'_>, in_trouble: bool) -> Result<(), fmt::Error> {
    let gauge = ConstGauge::new(i64::from(in_trouble));
    let help =
        "1 from a write that failed until the next one that succeeds: the store reads and does not write";
    let metric = encoder.encode_descriptor("store_in_trouble", help, None, gauge.metric_type())?;
    gauge.encode(metric)
}

fn of_embedded(stats: &StatsReading) -> [Counted; 8] {
    [
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
    ]
}

fn of_redis(stats: RedisReading) -> [Counted; 7] {
    [
        ("redis_connected", "Times that the connections to a primary were made", stats.connected),
        (
            "redis_let_go",
            "Connections given up: cut, too late, or to a server that is no primary any more",
            stats.let_go,
        ),
        ("redis_late", "Answers that did not come in time", stats.late),
        ("redis_batches", "Batches of writes that waited for a replica", stats.batches),
        ("redis_batched", "Writes in those batches", stats.batched),
        ("redis_without_replica", "Batches that no replica had in time", stats.without_replica),
        ("redis_refused_full", "Writes turned away since too many waited for a replica", stats.refused_full),
    ]
}
