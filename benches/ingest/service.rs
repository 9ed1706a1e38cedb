//! The service on a store of its own, with visits whose meetings run.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use vestibule::service::{self, Running};
use vestibule::settings::{Settings, Sources};
use vestibule::store::redis::Durability;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule::system::SystemClock;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::store::{SharedStore, StoreLimits};
use vestibule_domain::shard::Shard;

use super::Failed;
use super::nothing::Nothing;
use super::server::Server;
use super::visits::{VISITS, fill, key, settings};

const IN_MEMORY: &str = "url = \"memory:\"";

pub struct Service {
    pub url: String,
    running: Running,
    /// Where the store is a server of its own.
    redis: Option<Server>,
    _folder: TempDir,
}

impl Service {
    pub async fn keeping_nothing() -> Result<Self, Failed> {
        let visits = (0..VISITS).map(key).collect::<Result<_, _>>()?;
        Self::on(folder()?, IN_MEMORY, Arc::new(Nothing::new(visits))).await
    }

    pub async fn in_memory() -> Result<Self, Failed> {
        let store = MemoryStore::new(Arc::new(SystemClock), StoreLimits::default());
        fill(&store).await?;
        Self::on(folder()?, IN_MEMORY, Arc::new(store)).await
    }

    pub async fn durable() -> Result<Self, Failed> {
        let folder = folder()?;
        let store = EmbeddedStore::open(EmbeddedSettings::new(folder.path()), Arc::new(SystemClock))?;
        fill(&store).await?;
        Self::on(folder, IN_MEMORY, Arc::new(store)).await
    }

    pub async fn on_redis(durability: Durability) -> Result<Self, Failed> {
        let server = Server::start(durability)?;
        let store = server.store().await?;
        fill(&store).await?;
        let service = Self::on(folder()?, &server.settings(), Arc::new(store)).await?;
        Ok(Self { redis: Some(server), ..service })
    }

    /// `kind` is what stands in the settings of a store of this kind.
    async fn on(folder: TempDir, kind: &str, store: SharedStore) -> Result<Self, Failed> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let none: [(&str, &str); 0] = [];
        let text = settings(&address.to_string(), kind);
        let settings =
            Settings::load(Sources::new(folder.path()).text("the benchmark", &text).environment(none))?;
        let running = service::start_on(settings, store).await?;
        Ok(Self {
            url: format!("http://{address}/zoom/lakeside/webhook"),
            running,
            redis: None,
            _folder: folder,
        })
    }

    /// What the server of its store has taken, in microseconds.
    pub async fn redis_cpu_us(&self) -> Result<f64, Failed> {
        let Some(server) = &self.redis else { return Ok(0.0) };
        let info = server.info().await?;
        let seconds = |name: &str| -> Result<f64, Failed> { Ok(info.get(name).ok_or("no CPU")?.parse()?) };
        Ok((seconds("used_cpu_user")? + seconds("used_cpu_sys")?) * 1e6)
    }

    /// Until every journal is decided on and committed.
    pub async fn all_taken_in(&self) -> Result<(), Failed> {
        let app = self.running.app();
        let store = &app.desk.ports().store;
        for shard in Shard::all() {
            loop {
                let cursor = store.cursor(shard).await?;
                if store.read(shard, cursor, 1).await?.is_empty() {
                    break;
                }
                actix_web::rt::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }
}

/// On the disk that the project is built on: a folder for temporary files may be memory.
fn folder() -> Result<TempDir, Failed> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}
