//! Opens the store that the settings name.

use std::sync::Arc;

use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;

use super::Failure;
use crate::http::metrics::Metrics;
use crate::settings::{Settings, StoreUrl};
use crate::store::{EmbeddedSettings, EmbeddedStore};

/// Opens the store, and the metrics that go with it. Blocks while the file is verified.
pub(super) fn open(settings: &Settings, clock: SharedClock) -> Result<(SharedStore, Metrics), Failure> {
    match &settings.store.url {
        StoreUrl::Memory => Ok((Arc::new(MemoryStore::new(clock, settings.store_limits())), Metrics::new())),
        StoreUrl::Embedded(folder) => {
            let embedded = EmbeddedSettings {
                limits: settings.store_limits(),
                durability: settings.store.durability,
                ..EmbeddedSettings::new(folder)
            };
            let store = EmbeddedStore::open(embedded, clock)
                .map_err(|e| Failure::Unavailable(format!("store.url: {e}")))?;
            let store = Arc::new(store);
            let metrics = Metrics::new().with_store(Arc::clone(&store));
            Ok((store, metrics))
        }
    }
}
