//! What the process counts by itself, beside any set of metrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

use crate::panics;

#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counter = ConstCounter::new(panics::seen());
        let help = "Panics of this process, wherever they were caught";
        let metric = encoder.encode_descriptor("panics", help, None, counter.metric_type())?;
        counter.encode(metric)
    }
}
