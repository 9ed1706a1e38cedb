//! The service on a store of its own, with visits whose meetings run.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use uuid::Uuid;
use vestibule::service::{self, Running};
use vestibule::settings::{Settings, Sources};
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule::system::SystemClock;
use vestibule_actors::codec::Format;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, OwnerToken, Ownership, Seq, SharedStore, Store, StoreLimits,
    VisitWrite,
};
use vestibule_domain::id::{Marker, MeetingId, VisitKey, ZoomUserId};
use vestibule_domain::intent::MeetingSettings;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::policy::Admittance;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::{Meeting, Visit};

use super::nothing::Nothing;
use super::{Failed, driver};

pub struct Service {
    pub url: String,
    running: Running,
    _folder: TempDir,
}

impl Service {
    pub async fn keeping_nothing() -> Result<Self, Failed> {
        let visits = (0..driver::VISITS).map(key).collect::<Result<_, _>>()?;
        Self::on(folder()?, Arc::new(Nothing::new(visits))).await
    }

    pub async fn in_memory() -> Result<Self, Failed> {
        let store = MemoryStore::new(Arc::new(SystemClock), StoreLimits::default());
        fill(&store).await?;
        Self::on(folder()?, Arc::new(store)).await
    }

    pub async fn durable() -> Result<Self, Failed> {
        let folder = folder()?;
        let store = EmbeddedStore::open(EmbeddedSettings::new(folder.path()), Arc::new(SystemClock))?;
        fill(&store).await?;
        Self::on(folder, Arc::new(store)).await
    }

    async fn on(folder: TempDir, store: SharedStore) -> Result<Self, Failed> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let none: [(&str, &str); 0] = [];
        let text = settings(&address.to_string());
        let settings =
            Settings::load(Sources::new(folder.path()).text("the benchmark", &text).environment(none))?;
        let running = service::start_on(settings, store).await?;
        Ok(Self { url: format!("http://{address}/zoom/lakeside/webhook"), running, _folder: folder })
    }

    /// Until every journal is decided on and committed.
    pub async fn all_taken_in(&self) -> Result<(), Failed> {
        let store = &self.running.app().desk.ports().store;
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

fn key(number: u64) -> Result<VisitKey, Failed> {
    Ok(VisitKey::from_text(&format!("lakeside/csn/{number}")).ok_or("a key")?)
}

fn settings(address: &str) -> String {
    format!(
        r#"
[server]
listen = "{address}"
public_url = "http://{address}"
[access]
mode = "loopback"
[organization.lakeside.epic]
fhir_base_url = "http://127.0.0.1:9/api/FHIR/R4"
telehealth_base_url = "http://127.0.0.1:9"
client_id = "client"
status_auth = "basic"
status_user = "user"
status_password = "password"
[organization.lakeside.zoom]
api_base_url = "http://127.0.0.1:9/v2"
oauth_base_url = "http://127.0.0.1:9"
account_id = "{account}"
client_id = "client"
client_secret = "secret"
webhook_secret_tokens = ["{secret}"]
"#,
        account = driver::ACCOUNT,
        secret = driver::SECRET,
    )
}

/// Writes the visits as an earlier run would have left them.
async fn fill(store: &dyn Store) -> Result<(), Failed> {
    let token = OwnerToken(Uuid::from_u128(1));
    for number in 0..driver::VISITS {
        let key = key(number)?;
        let shard = Shard::of_visit(&key);
        let Acquired::Granted { epoch, .. } =
            store.acquire(shard, "benchmark", token, Span::minutes(5), Epoch(0)).await?
        else {
            return Err("the store is another's".into());
        };
        let mut visit = Visit::new(key.clone(), SystemClock.now());
        visit.meeting = Some(meeting(number)?);
        let write = VisitWrite {
            visit: key.clone(),
            expected: 0,
            state: Some(Format::default().encode(&visit)?),
            wake: None,
        };
        let owner = Ownership { token, epoch };
        let commit = Commit {
            shard,
            owner,
            id: Uuid::from_u128(u128::from(number) + 2),
            expected_cursor: Seq(0),
            cursor: Seq(0),
            visits: vec![write],
            outbox: Vec::new(),
            parked: Vec::new(),
        };
        if !matches!(store.commit(commit).await?, Committed::Done { .. }) {
            return Err("a visit could not be written".into());
        }
        store.index_meeting(MeetingId(driver::FIRST_MEETING + number), &key).await?;
        store.release(shard, owner).await?;
    }
    Ok(())
}

fn meeting(number: u64) -> Result<Meeting, Failed> {
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
    Ok(Meeting {
        id: MeetingId(driver::FIRST_MEETING + number),
        host: ZoomUserId::new(format!("host-of-{number}"))?,
        marker: Marker::new(format!("marker-{number}"))?,
        policy: Admittance::Automatic,
        asked: settings,
        answered: settings,
        answered_at: SystemClock.now(),
        waiting_room_update: None,
        join_before_host_update: None,
        join_url: PersonalLink::new("https://zoom.example/j/1"),
        alternatives: std::collections::BTreeSet::new(),
        refused: std::collections::BTreeSet::new(),
        indexed: true,
        read: None,
    })
}
