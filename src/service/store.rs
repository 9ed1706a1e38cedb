//! Opens the store that the settings name.

use std::sync::Arc;

use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::SharedStore;

use super::Failure;
use crate::backup::Backups;
use crate::http::metrics::{CountingStore, Metrics};
use crate::settings::{Durability, Settings, StoreUrl};
use crate::store::redis::{self, Address, RedisSettings, RedisStore};
use crate::store::{self, EmbeddedSettings, EmbeddedStore};

/// A store, and what goes with it.
pub(super) struct Opened {
    pub store: SharedStore,
    pub metrics: Metrics,
    pub backups: Backups,
}

impl Opened {
    /// A store that nobody counts and copies.
    pub(super) fn plain(store: SharedStore) -> Self {
        Self { store, metrics: Metrics::new(), backups: Backups::none() }
    }
}

/// Opens the store. Blocks while a file is verified.
///
/// # Errors
/// [`Failure::Unavailable`] when it is not to be had, or not safe, with what to do.
pub(super) async fn open(settings: &Settings, clock: SharedClock) -> Result<Opened, Failure> {
    let unavailable = |error: String| Failure::Unavailable(format!("store.url: {error}"));
    match &settings.store.url {
        StoreUrl::Memory => Ok(Opened::plain(Arc::new(MemoryStore::new(clock, settings.store_limits())))),
        StoreUrl::Embedded(folder) => {
            let opened = EmbeddedStore::open(embedded(settings, folder), clock);
            let opened = Arc::new(opened.map_err(|e| unavailable(e.to_string()))?);
            let metrics = Metrics::new().with_store(CountingStore::Embedded(Arc::clone(&opened)));
            let backups = Backups::of(Arc::clone(&opened), folder.clone());
            Ok(Opened { store: opened, metrics, backups })
        }
        StoreUrl::Redis(address) => {
            let opened = RedisStore::open(on_redis(settings, address)).await;
            let opened = Arc::new(opened.map_err(|e| unavailable(e.to_string()))?);
            let metrics = Metrics::new().with_store(CountingStore::Redis(Arc::clone(&opened)));
            Ok(Opened { store: opened, metrics, backups: Backups::none() })
        }
    }
}

fn embedded(settings: &Settings, folder: &std::path::Path) -> EmbeddedSettings {
    EmbeddedSettings {
        newest_written: settings.store.newest_written(),
        limits: settings.store_limits(),
        durability: match settings.store.durability {
            Durability::EverySecond => store::Durability::EverySecond,
            // The settings let no other through for a file.
            Durability::Fsync | Durability::Replica | Durability::WaitAof => store::Durability::Fsync,
        },
        ..EmbeddedSettings::new(folder)
    }
}

/// A store on Redis as the settings have it.
pub(crate) fn on_redis(settings: &Settings, address: &Address) -> RedisSettings {
    let of_redis = &settings.store.redis;
    RedisSettings {
        address: address.clone(),
        prefix: of_redis.prefix.clone(),
        durability: match settings.store.durability {
            Durability::EverySecond => redis::Durability::EverySecond,
            Durability::Fsync => redis::Durability::Fsync,
            Durability::Replica => redis::Durability::Replica,
            Durability::WaitAof => redis::Durability::WaitAof,
        },
        accept_unsafe: settings.store.accept_unsafe,
        config_forbidden: of_redis.config_forbidden,
        connect_within: of_redis.connect_timeout,
        answer_within: of_redis.answer_timeout,
        replica_within: of_redis.replica_timeout,
        limits: settings.store_limits(),
    }
}
