//! What is counted and measured, as `/metrics` gives it out. No label ever names a visit or a person, and every label's
//! values are bounded: words of the program, organizations of the settings, matched routes, known statuses.

mod actors;
mod doors;
mod guests;
mod labels;
mod outside;
mod process;
mod store;
mod text;
mod upkeep;

use std::fmt;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use actors::ActorMetrics;
use doors::DoorMetrics;
pub use doors::Open;
use guests::GuestMetrics;
use labels::Labels;
pub use outside::Outside;
pub use store::CountingStore;
pub use text::{OPENMETRICS, PROMETHEUS, TextFormat};
use upkeep::UpkeepMetrics;

/// All metrics of this process.
pub struct Metrics {
    registry: Registry,
    doors: DoorMetrics,
    guests: GuestMetrics,
    upkeep: UpkeepMetrics,
    actors: ActorMetrics,
}

impl Metrics {
    /// A set of metrics that has counted nothing yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("vestibule");
        let doors = DoorMetrics::registered(&mut registry);
        let guests = GuestMetrics::registered(&mut registry);
        let upkeep = UpkeepMetrics::registered(&mut registry);
        let actors = ActorMetrics::registered(&mut registry);
        let build = prometheus_client::metrics::family::Family::<Labels<1>, Gauge>::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").into())]).set(1);
        registry.register("build_info", "The release that runs, always 1", build);
        registry.register_collector(Box::new(process::ProcessCollector));
        Self { registry, doors, guests, upkeep, actors }
    }

    /// Gives out what a store counts as well.
    #[must_use]
    pub fn with_store(mut self, store: CountingStore) -> Self {
        self.registry.register_collector(Box::new(store));
        self
    }

    /// Gives out what is known of the other sides as well.
    #[must_use]
    pub fn with_outside(mut self, outside: Outside) -> Self {
        self.registry.register_collector(Box::new(outside));
        self
    }

    /// Everything as text.
    ///
    /// # Errors
    /// Only where a metric cannot be written, which would be a mistake in the program.
    pub fn render(&self, format: TextFormat) -> Result<String, fmt::Error> {
        self.actors.bring_up_to_date();
        text::encode(&self.registry, format)
    }

    /// Whether any organization's Epic is kept from by its breaker, as this node last heard.
    pub fn any_breaker_open(&self) -> bool {
        self.actors.any_breaker_open()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests;
