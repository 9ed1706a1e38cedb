//! Starts the fakes on one listener and holds them while they run.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use super::clock::Clock;
use super::config::{SimulatorConfig, SimulatorError};
use super::connection;
use super::engine::Engine;
use super::epic::{EpicSite, FakeEpic};
use super::people::{Ledger, Morning, World};
use super::sms::FakeSms;
use super::zoom::{FakeZoom, PersonTruth, UserStatus, ZoomAccount, ZoomApp};
use super::{demo, epic, sms, zoom};

/// Seconds that a stopping server waits for requests in hand; a hanging fault must not hold it.
const SHUTDOWN_SECONDS: u64 = 1;

/// The running fakes.
pub struct Simulator {
    address: SocketAddr,
    world: World,
    morning: Morning,
    server: ServerHandle,
    engine: Engine,
}

impl Simulator {
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// How browsers and the service reach the fakes, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.world.public_url
    }

    pub fn epic(&self) -> &FakeEpic {
        &self.world.epic
    }

    pub fn zoom(&self) -> &FakeZoom {
        &self.world.zoom
    }

    pub fn sms(&self) -> &FakeSms {
        &self.world.sms
    }

    pub fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    /// Everything that people at large need; a copy is the same world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The busy morning as the demo page tells of it.
    pub fn morning(&self) -> &Morning {
        &self.morning
    }

    /// Per visit and person who is known to have a seat or a light: truly in the meeting or not, and what the light says.
    pub fn final_truth(&self) -> Vec<PersonTruth> {
        self.world.final_truth()
    }

    pub async fn stop(self) {
        self.server.stop(true).await;
        self.engine.stop().await;
    }
}

/// Listens, and answers from then on.
pub async fn start(config: SimulatorConfig) -> Result<Simulator, SimulatorError> {
    let refused = |source| SimulatorError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let world = build(&config, address)?;
    let served = world.clone();
    let morning = Morning::default();
    let shown = morning.clone();
    let node = demo::Node { service_url: config.service_url.clone(), key: config.service_key.clone() };
    let server = HttpServer::new(move || {
        // The fakes call the service over plain loopback; one client per thread, as it cannot be shared.
        let http = awc::Client::builder().timeout(std::time::Duration::from_secs(10)).finish();
        App::new()
            .app_data(web::Data::new(served.epic.clone()))
            .app_data(web::Data::new(served.zoom.clone()))
            .app_data(web::Data::new(served.sms.clone()))
            .app_data(web::Data::new(served.clone()))
            .app_data(web::Data::new(http))
            .app_data(web::Data::new(morning.clone()))
            .app_data(web::Data::new(node.clone()))
            .service(web::scope("/epic").wrap(from_fn(epic::dated)).configure(epic::configure))
            .service(web::scope("/zoom").configure(zoom::configure))
            .service(web::scope("/sms").configure(sms::configure))
            .configure(demo::configure)
    })
    .workers(config.workers.max(1))
    .on_connect(connection::remember)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)
    .map_err(refused)?
    .run();
    let handle = server.handle();
    let engine = Engine::start(world.zoom.clone())?;
    actix_web::rt::spawn(server);
    Ok(Simulator { address, world, morning: shown, server: handle, engine })
}

fn build(config: &SimulatorConfig, address: SocketAddr) -> Result<World, SimulatorError> {
    let public_url = match config.public_url.trim_end_matches('/') {
        "" => format!("http://{address}"),
        url => url.to_owned(),
    };
    let (service, organization) = (config.service_url.trim_end_matches('/'), &config.organization);
    let clock = Clock::new(config.time_scale);
    let site = EpicSite {
        base: format!("{public_url}/epic"),
        client_id: config.epic_client_id.clone(),
        proof: config.epic_proof.clone(),
        redirect_uri: format!("{service}/epic/callback"),
        client_jwks_url: format!("{service}/epic/{organization}/jwks.json"),
        launch_base: format!("{service}/epic/{organization}/launch"),
        status_user: config.epic_status_user.clone(),
        status_password: config.epic_status_password.clone(),
    };
    let account = ZoomAccount {
        account_id: config.zoom_account_id.clone(),
        client_id: config.zoom_client_id.clone(),
        client_secret: config.zoom_client_secret.clone(),
        webhook_secret: config.zoom_webhook_secret.clone(),
        public_base: format!("{public_url}/zoom"),
        webhook_url: config
            .webhook_url
            .clone()
            .unwrap_or_else(|| format!("{service}/zoom/{organization}/webhook")),
        token_life: config.zoom_token_life,
        app: if config.zoom_admin_managed {
            ZoomApp::AdminManaged { redirect_uri: format!("{service}/zoom/callback") }
        } else {
            ZoomApp::ServerToServer
        },
    };
    let epic = FakeEpic::new(site, config.day.clone(), clock, config.seed)?;
    let zoom = FakeZoom::new(account, clock, config.seed);
    zoom.change_settings(|settings| settings.managed_domains = vec![config.mail_domain.clone()]);
    zoom.add_user(&format!("admin@{}", config.mail_domain), "Zoom", "Admin", 2, UserStatus::Active);
    if config.providers_have_accounts {
        let mut known = std::collections::BTreeSet::new();
        for provider in config.day.iter().flat_map(|visit| &visit.providers) {
            if known.insert(&provider.email) {
                zoom.add_user(
                    &provider.email,
                    &provider.first_name,
                    &provider.last_name,
                    2,
                    UserStatus::Active,
                );
            }
        }
    }
    let organization = organization.clone();
    Ok(World {
        epic,
        zoom,
        sms: FakeSms::new(&config.sms_key),
        ledger: Ledger::default(),
        clock,
        public_url,
        service_url: service.to_owned(),
        organization,
        seed: config.seed,
    })
}
