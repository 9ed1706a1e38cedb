//! Opens the store that the settings name.

use std::sync::Arc;

use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;

use super::Failure;
use crate::settings::{Settings, StoreUrl};
use crate::store::{EmbeddedSettings, EmbeddedStore};

/// Opens the store. Blocks while the file is verified.
pub(super) fn open(settings: &Settings, clock: SharedClock) -> Result<SharedStore, Failure> {
    match &settings.store.url {
        StoreUrl::Memory => Ok(Arc::new(MemoryStore::new(clock, settings.store_limits()))),
        StoreUrl::Embedded(folder) => {
            let embedded =
                EmbeddedSettings { limits: settings.store_limits(), ..EmbeddedSettings::new(folder) };
            let store = EmbeddedStore::open(embedded, clock)
                .map_err(|e| Failure::Unavailable(format!("store.url: {e}")))?;
            Ok(Arc::new(store))
        }
    }
}
