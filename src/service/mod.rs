//! Wires a node together: the store, the actors, the edges and the front doors; and takes it apart again in order.

mod failure;
mod forgetting;
mod key_watch;
mod live;
pub mod log;
mod organizations;
pub(crate) mod sealing_check;
mod secret_key;
mod servers;
mod store;
mod sweep;
mod zoom_watch;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use vestibule_actors::desk::Desk;
use vestibule_actors::node::{DrainNode, Node, NodeConfig};
use vestibule_actors::port::Ports;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::clock::{Randomness, SharedClock, SharedRandomness};
use vestibule_actors::port::observer::Observer;
use vestibule_actors::port::organizations::SharedOrganizations;
use vestibule_actors::port::place::Arbiters;
use vestibule_actors::port::store::{OwnerToken, SharedStore};
use vestibule_actors::port::zoom::ZoomFactory;
use vestibule_actors::recent::Recent;
use vestibule_actors::shard::ShardRules;
use vestibule_domain::policy::MarkerRules;

pub use failure::{Failure, exit_status_of};
pub(crate) use store::on_redis;

use crate::audit::{Audit, Writing};
use crate::backup::{keep_on, restored};
use crate::configuration::{Configuration, Keeping, Looks};
use crate::downtime;
use crate::epic::{EpicClient, EpicConfig, EpicSites};
use crate::http::LinkKeys;
use crate::http::app::{App, Bounds, Readiness};
use crate::http::here::Here;
use crate::http::metrics::{Metrics, Outside};
use crate::identity::Identity;
use crate::latest::Latest;
use crate::pauses::{self, Pauses};
use crate::sealing::Sealer;
use crate::settings::{Settings, StoreUrl};
use crate::system::{SystemClock, SystemRandomness, process_token};
use crate::zoom::webhook::NameKey;
use crate::zoom::{ZoomAccounts, ZoomClient, ZoomConfig};

/// The store of one node tells it of every change, so looks are only for what a lost hint left behind.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Until the store has answered it is asked this often.
const ASK_STORE_EVERY: Duration = Duration::from_millis(100);

/// The last entries of the audit are waited for so long.
const AUDIT_WITHIN: Duration = Duration::from_secs(3);

/// A node that runs.
pub struct Running {
    doors: Arc<Latest<App>>,
    node: Addr<Node>,
    gave_up: oneshot::Receiver<()>,
    servers: servers::Servers,
}

/// Starts a node. It listens when this answers; leases follow at once.
///
/// # Errors
/// [`Failure::Unavailable`] when the store or an address is not to be had.
pub async fn start(settings: Settings) -> Result<Running, Failure> {
    run(settings, store::open).await
}

/// Starts a node on a store that is open, whatever the settings name.
///
/// # Errors
/// [`Failure::Unavailable`] when an address is not to be had.
pub async fn start_on(settings: Settings, store: SharedStore) -> Result<Running, Failure> {
    run(settings, async |_, _| Ok(store::Opened::plain(store))).await
}

/// What is made of the secret key, the same on every node.
struct Keys {
    name_key: NameKey,
    link_keys: LinkKeys,
    markers: MarkerRules,
}

async fn keys(
    settings: &Settings,
    sealer: &Sealer,
    store: &SharedStore,
    randomness: &dyn Randomness,
) -> Result<Keys, Failure> {
    let newest = secret_key::find(settings, sealer, store, randomness).await?;
    let markers = restored::marker_rules(store, &newest).await;
    let markers = markers.map_err(|e| Failure::Unavailable(format!("the store does not answer: {e}")))?;
    let link_keys = LinkKeys::new(newest.clone(), &settings.server.secret_keys);
    Ok(Keys { name_key: NameKey::new(newest), link_keys, markers })
}

async fn run(
    settings: Settings,
    open: impl AsyncFnOnce(&Settings, SharedClock) -> Result<store::Opened, Failure>,
) -> Result<Running, Failure> {
    settings.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let files = Arc::new(settings);
    // The doors are bound before anything is opened, so that a port that is in use leaves nothing half started.
    let bound = servers::bind(&files)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let randomness: SharedRandomness = Arc::new(SystemRandomness);
    let store::Opened { store: unsealed, metrics, backups } = open(&files, Arc::clone(&clock)).await?;
    let sealer = Sealer::new(&files.store.sealing_keys);
    let store = sealing_check::sealed(&files, &sealer, unsealed).await?;
    let Keys { name_key, link_keys, markers } = keys(&files, &sealer, &store, randomness.as_ref()).await?;
    let (looks, wanted_looks) = Looks::new();
    let configuration = configuration(&files, &sealer, looks.clone(), (&store, &clock, &randomness));
    let mut kept = live::Kept::new(configuration.clone());
    let settings = settings_at_start(&files, &mut kept).await?;
    let epic = epic_sites(&settings)?;
    let zoom = zoom_accounts(&settings, &name_key, &sealer);
    let pauses = Arc::new(Pauses::new(Arc::clone(&store)));
    let metrics = Arc::new(metrics.with_outside(outside((&epic, &zoom), &pauses, &clock)));
    actix_rt::spawn(key_watch::watch(Arc::clone(&epic), Arc::clone(&clock)));
    let rules = Arc::new(organizations::FromSettings::new(&settings, markers, looks));
    let arbiters = settings.node.arbiters.unwrap_or_else(cores);
    let ports = Ports {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        randomness: Arc::clone(&randomness),
        place: Arc::new(Arbiters::start(arbiters)),
        organizations: Arc::clone(&rules) as SharedOrganizations,
        epic: EpicClient::factory(Arc::clone(&epic), Arc::clone(&clock), Arc::clone(&randomness)),
        zoom: zoom_factory(&zoom, &store, &clock, &randomness),
        observer: Arc::clone(&metrics) as Arc<dyn Observer>,
        recent: Arc::new(Recent::new(settings.recent_limits())),
        format: settings.store.write_format,
        decide: Arc::new(vestibule_domain::decide),
    };
    let config = node_config(&settings, randomness.as_ref());
    let (name, token) = (config.name.clone(), config.token);
    let started = Node::start(config, ports.clone()).await.map_err(|e| Failure::Bug(e.to_string()))?;
    let app = App {
        audit: audit(&settings, &ports, &metrics, &name),
        identity: Identity::of(&settings.access),
        settings: Arc::clone(&settings),
        desk: Desk::new(ports.clone()),
        boards: started.boards,
        metrics,
        readiness: Arc::new(Readiness::default()),
        limits: Arc::new(Bounds::of(&settings)),
        node: name.as_str().into(),
        epic: Arc::clone(&epic),
        zoom: Arc::clone(&zoom),
        name_key,
        link_keys,
        configuration,
        backups,
        pauses,
    };
    let (readiness, metrics) = (Arc::clone(&app.readiness), Arc::clone(&app.metrics));
    let here = edges(&app, &ports);
    let doors = Arc::new(Latest::new(app));
    tend(&doors, &clock);
    let servers = servers::run(bound, &doors, here)?;
    actix_rt::spawn(zoom_watch::watch(zoom_client(&zoom, &ports), Arc::clone(&zoom), Arc::clone(&readiness)));
    actix_rt::spawn(become_ready(Arc::clone(&store), readiness));
    actix_rt::spawn(sweep::sweep(store, Arc::clone(&doors), Arc::clone(&metrics), clock, token));
    let places = live::Places { rules, epic, zoom, doors: Arc::clone(&doors), node: started.node.clone() };
    actix_rt::spawn(live::follow(kept, wanted_looks, places, metrics));
    tracing::info!(node = name, arbiters, "the node runs");
    Ok(Running { doors, node: started.node, gave_up: started.gave_up, servers })
}

/// What the metrics tell of the other sides.
fn outside(
    (epic, zoom): (&Arc<EpicSites>, &Arc<ZoomAccounts>),
    pauses: &Arc<Pauses>,
    clock: &SharedClock,
) -> Outside {
    let (epic, zoom) = (Arc::clone(epic), Arc::clone(zoom));
    Outside { epic, zoom, pauses: Arc::clone(pauses), clock: Arc::clone(clock) }
}

/// What this node is.
fn node_config(settings: &Settings, randomness: &dyn Randomness) -> NodeConfig {
    let drawn = || format!("node-{:08x}", randomness.draw() & 0xffff_ffff);
    NodeConfig {
        name: settings.node.name.clone().unwrap_or_else(drawn),
        token: OwnerToken(process_token()),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        shards: ShardRules {
            idle_after: settings.node.visit_idle,
            ..match settings.store.url {
                StoreUrl::Redis(_) => ShardRules::default(),
                StoreUrl::Embedded(_) | StoreUrl::Memory => {
                    ShardRules { look_every: LOOK_EVERY, ..ShardRules::default() }
                }
            }
        },
        organizations: settings.organizations.keys().cloned().collect(),
    }
}

/// What administrators change on pages.
fn configuration(
    files: &Arc<Settings>,
    sealer: &Sealer,
    looks: Looks,
    (store, clock, randomness): (&SharedStore, &SharedClock, &SharedRandomness),
) -> Configuration {
    let keeping = Keeping::new(Arc::clone(store), Arc::clone(clock), Arc::clone(randomness), sealer.clone());
    Configuration::new(Arc::clone(files), keeping, looks)
}

/// The settings to begin with: those of the files, with what the store keeps. A node that began without would give up what comes for the rest.
async fn settings_at_start(files: &Arc<Settings>, kept: &mut live::Kept) -> Result<Arc<Settings>, Failure> {
    match kept.look().await {
        Ok(Some(next)) => Ok(Arc::new(next.settings)),
        Ok(None) => Ok(Arc::clone(files)),
        Err(error) => Err(Failure::Unavailable(format!(
            "the organizations that the store keeps cannot be read: {error}; start again when it answers"
        ))),
    }
}

/// What is done by the clock for as long as the node runs.
fn tend(doors: &Arc<Latest<App>>, clock: &SharedClock) {
    let app = doors.get();
    actix_rt::spawn(pauses::watch(Arc::clone(doors)));
    if let Some(plan) = app.settings.store.backup.clone() {
        let (metrics, audit) = (Arc::clone(&app.metrics), app.audit.clone());
        actix_rt::spawn(keep_on(app.backups.clone(), plan, metrics, audit, Arc::clone(clock)));
    }
    if let Some(plan) = app.settings.downtime.clone() {
        actix_rt::spawn(downtime::keep_on(Arc::clone(doors), plan, Arc::clone(clock)));
    }
}

/// What writes down who did what.
fn audit(settings: &Settings, ports: &Ports, metrics: &Arc<Metrics>, node: &str) -> Audit {
    let writing = Writing {
        store: Arc::clone(&ports.store),
        clock: Arc::clone(&ports.clock),
        randomness: Arc::clone(&ports.randomness),
        metrics: Arc::clone(metrics),
        node: node.into(),
    };
    Audit::start(writing, settings.limits.audit_queue)
}

/// What makes the edges of a worker thread.
fn edges(app: &App, ports: &Ports) -> servers::MakeHere {
    let (epic, zoom, ports) = (Arc::clone(&app.epic), Arc::clone(&app.zoom), ports.clone());
    Arc::new(move || Here {
        epic: Rc::new(EpicClient::new(
            Arc::clone(&epic),
            Arc::clone(&ports.clock),
            Arc::clone(&ports.randomness),
        )),
        zoom: (ports.zoom)(),
        zoom_account: Rc::new(zoom_client(&zoom, &ports)),
    })
}

fn zoom_factory(
    zoom: &Arc<ZoomAccounts>,
    store: &SharedStore,
    clock: &SharedClock,
    randomness: &SharedRandomness,
) -> ZoomFactory {
    ZoomClient::factory(Arc::clone(zoom), Arc::clone(store), Arc::clone(clock), Arc::clone(randomness))
}

/// A caller of Zoom on this thread.
fn zoom_client(zoom: &Arc<ZoomAccounts>, ports: &Ports) -> ZoomClient {
    let Ports { store, clock, randomness, .. } = ports;
    ZoomClient::new(Arc::clone(zoom), Arc::clone(store), Arc::clone(clock), Arc::clone(randomness))
}

/// The Epics of all organizations.
///
/// # Errors
/// [`Failure::Usage`] for a private key that cannot be used.
pub(crate) fn epic_sites(settings: &Settings) -> Result<Arc<EpicSites>, Failure> {
    let mut sites = Vec::new();
    for (id, organization) in &settings.organizations {
        let config = EpicConfig::from_settings(&organization.epic);
        let config =
            config.map_err(|e| Failure::Usage(format!("organization.{id}.epic.private_key_files: {e}")))?;
        sites.push((id.clone(), config));
    }
    Ok(EpicSites::new(sites))
}

fn zoom_accounts(settings: &Settings, names: &NameKey, sealer: &Sealer) -> Arc<ZoomAccounts> {
    let all = settings.organizations.iter().map(|(id, o)| (id.clone(), ZoomConfig::from_settings(o)));
    ZoomAccounts::new(all, names, sealer)
}

impl Running {
    /// What the front doors work with now; for tests and the demo.
    pub fn app(&self) -> Arc<App> {
        self.doors.get()
    }

    /// Runs until the process is told to end, then drains.
    ///
    /// # Errors
    /// [`Failure::Bug`] when the node gave up by itself.
    pub async fn until_told(mut self) -> Result<(), Failure> {
        let gave_up = tokio::select! {
            () = told_to_end() => false,
            _ = &mut self.gave_up => true,
        };
        let stopped = self.stop().await;
        if gave_up {
            Err(Failure::Bug("shards of this node died again and again".to_owned()))
        } else {
            stopped
        }
    }

    /// Drains: not ready and still serving, until whoever asks has seen that; then work in hand finished, leases handed over, and everything
    /// that was answered as durable as the store makes it.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the store cannot make the last of it durable.
    pub async fn stop(self) -> Result<(), Failure> {
        let app = self.doors.get();
        let began = instant();
        tracing::info!("draining");
        app.readiness.drain();
        sleep(app.settings.node.drain_settle).await;
        self.servers.stop().await;
        let left = app.settings.node.drain_timeout.saturating_sub(began.elapsed());
        if timeout(left, self.node.send(DrainNode)).await.is_err() {
            tracing::warn!("not all leases could be handed over in time; they run out by themselves");
        }
        let left = app.settings.node.drain_timeout.saturating_sub(began.elapsed());
        if timeout(left, app.zoom.drain()).await.is_err() {
            tracing::warn!(
                "a Zoom token is still being renewed; if the answer is lost, somebody has to authenticate again"
            );
        }
        if app.audit.settle(AUDIT_WITHIN).await.is_err() {
            tracing::error!("the last entries of the audit could not be written");
        }
        // Threads that outlive this hold the store, so that nothing can be left to its end.
        let flushed = app.desk.ports().store.flush().await;
        flushed.map_err(|e| {
            Failure::Unavailable(format!("the last of what was acknowledged may be lost: {e}"))
        })?;
        tracing::info!("drained");
        Ok(())
    }
}

async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        },
        // Without signals the process can only be killed, which loses nothing.
        _ => std::future::pending().await,
    }
}

async fn become_ready(store: SharedStore, readiness: Arc<Readiness>) {
    while let Err(error) = store.incarnation().await {
        tracing::warn!(%error, "the store does not answer yet");
        sleep(ASK_STORE_EVERY).await;
    }
    readiness.store_answered();
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
