//! Opens the store that the settings name.

use std::sync::Arc;

use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;

use super::Failure;
use crate::http::metrics::Metrics;
use crate::settings::{Durability, Settings, StoreUrl};
use crate::store::{self, EmbeddedSettings, EmbeddedStore};

/// Opens the store, and the metrics that go with it. Blocks while the file is verified.
pub(super) fn open(settings: &Settings, clock: SharedClock) -> Result<(SharedStore, Metrics), Failure> {
    match &settings.store.url {
        StoreUrl::Memory => Ok((Arc::new(MemoryStore::new(clock, settings.store_limits())), Metrics::new())),
        StoreUrl::Embedded(folder) => {
            let embedded = EmbeddedSettings {
                limits: settings.store_limits(),
                durability: match settings.store.durability {
                    Durability::Fsync => store::Durability::Fsync,
                    Durability::EverySecond => store::Durability::EverySecond,
                },
                ..EmbeddedSettings::new(folder)
            };
            let opened = EmbeddedStore::open(embedded, clock)
                .map_err(|e| Failure::Unavailable(format!("store.url: {e}")))?;
            let opened = Arc::new(opened);
            let metrics = Metrics::new().with_store(Arc::clone(&opened));
            Ok((opened, metrics))
        }
    }
}
