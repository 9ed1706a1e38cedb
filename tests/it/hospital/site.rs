//! A hospital on a folder: the fakes in this process, and the settings of the nodes that belong to them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule::settings::{Settings, Sources};
use vestibule::simulator::day::VISITS_PER_PROVIDER;
use vestibule::simulator::{Day, Simulator, SimulatorConfig, day, start};

use super::balancer::Balancer;
use super::service::{Service, free_address};

pub const ORGANIZATION: &str = "lakeside";
pub const SECRET_KEY: &str = "a-key-of-the-crash-test-that-signs-nothing-else";
/// The busy morning numbers its visits from the bottom; those of the regulars begin here.
const FIRST_OF_REGULARS: usize = 3_000;

/// What the settings of one node on a file say of its store.
pub const EMBEDDED: &str = "url = \"embedded:store\"";

pub struct Site {
    pub fakes: Simulator,
    /// The nodes; mostly one.
    pub services: Vec<Service>,
    /// Where people and Zoom come.
    pub address: SocketAddr,
    /// Stands before several nodes.
    _balancer: Option<Balancer>,
    /// Goes last, since the logs are in it.
    pub folder: tempfile::TempDir,
}

impl Site {
    /// One node on a file. `time_scale` is how much faster than life Zoom's own waits pass, its retries above all.
    pub async fn open(seed: u64, regulars: usize, time_scale: f64) -> Self {
        Self::with(&[EMBEDDED.to_owned()], |fakes| {
            (fakes.seed, fakes.time_scale, fakes.day) = (seed, time_scale, visits_of_regulars(regulars));
        })
        .await
    }

    /// A node for each of these, which is what stands in its settings of the store, behind a balancer.
    pub async fn of_nodes(seed: u64, regulars: usize, time_scale: f64, stores: &[String]) -> Self {
        Self::with(stores, |fakes| {
            (fakes.seed, fakes.time_scale, fakes.day) = (seed, time_scale, visits_of_regulars(regulars));
        })
        .await
    }

    /// The same with fakes of one's own making; a single node needs no balancer.
    pub async fn with(stores: &[String], change: impl FnOnce(&mut SimulatorConfig)) -> Self {
        let nodes: Vec<_> = stores.iter().map(|store| (free_address(), store.clone())).collect();
        let balancer = (nodes.len() > 1).then(|| Balancer::before(nodes.iter().map(|(address, _)| *address)));
        let address = balancer.as_ref().map_or(nodes[0].0, |balancer| balancer.address);
        let folder = tempfile::tempdir().unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = SimulatorConfig::demo(any, &format!("http://{address}"));
        change(&mut config);
        let fakes = start(config.clone()).await.expect("the fakes start");
        fs::write(folder.path().join("key.pem"), private_key()).unwrap();
        let mut services = Vec::new();
        for (number, (listen, store)) in nodes.iter().enumerate() {
            let settings = folder.path().join(format!("settings-{number}.toml"));
            let text = settings_text(*listen, fakes.url(), &config).replace(EMBEDDED, store);
            let public = |url: &SocketAddr| format!("public_url = \"http://{url}\"");
            fs::write(&settings, text.replace(&public(listen), &public(&address))).unwrap();
            services.push(Service::new(*listen, &settings));
        }
        Self { fakes, services, address, _balancer: balancer, folder }
    }

    /// Changes what processes that start from now on are told.
    pub fn change_settings(&self, change: impl Fn(String) -> String) {
        for number in 0..self.services.len() {
            let file = self.folder.path().join(format!("settings-{number}.toml"));
            fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
        }
    }

    pub async fn start_all(&mut self) {
        self.services.iter_mut().for_each(Service::spawn);
        for service in &mut self.services {
            service.ready().await;
        }
    }

    /// Every node is told to end, and ends well.
    pub async fn end_all(&mut self, within: Duration) {
        self.services.iter().for_each(Service::terminate);
        for service in &mut self.services {
            let ended = service.ended(within).await;
            assert!(ended.success(), "{ended}\n{}", service.log());
        }
    }

    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("settings-0.toml")
    }

    pub fn store_folder(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub fn settings(&self) -> Settings {
        load(&self.settings_file())
    }
}

pub fn load(file: &Path) -> Settings {
    let none: [(&str, &str); 0] = [];
    Settings::load(Sources::new(file.parent().unwrap()).file(file).environment(none)).unwrap()
}

/// Visits with a provider each, so that none waits for another.
fn visits_of_regulars(count: usize) -> Day {
    let all = day::busy_day(FIRST_OF_REGULARS, count * VISITS_PER_PROVIDER, "lakeside.example");
    all.into_iter().step_by(VISITS_PER_PROVIDER).collect()
}

pub fn private_key() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let text = STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// Waits are shortened where they only cost the test time; what is durable when is left as it comes.
pub fn settings_text(address: SocketAddr, fakes: &str, config: &SimulatorConfig) -> String {
    format!(
        r#"
[server]
listen = "{address}"
public_url = "http://{address}"
secret_keys = ["{SECRET_KEY}"]
[node]
# Every node has the same: names are for people, and owners are told apart by what each process draws.
name = "twin"
drain_settle = "500ms"
drain_timeout = "10s"
[store]
url = "embedded:store"
[access]
mode = "loopback"
[page]
check_after = "1s"
check_every = "1s"
[logging]
format = "text"
filter = "{filter}"
[organization.{ORGANIZATION}]
page_presence_seconds = 8
[organization.{ORGANIZATION}.epic]
fhir_base_url = "{fakes}/epic/api/FHIR/R4"
telehealth_base_url = "{fakes}/epic"
client_id = "{epic_client}"
private_key_files = ["key.pem"]
requests_per_second = 500
concurrent_requests = 20
timeout = "1s"
retry = {{ first = "50ms", most = "500ms" }}
breaker = {{ probe_every = "200ms" }}
[organization.{ORGANIZATION}.zoom]
api_base_url = "{fakes}/zoom/v2"
oauth_base_url = "{fakes}/zoom"
account_id = "{account}"
client_id = "{zoom_client}"
client_secret = "{zoom_secret}"
webhook_secret_tokens = ["{webhook_secret}"]
provider_email_domain = "{domain}"
timeout = "1s"
meeting_reads_per_second = 10
"#,
        filter = std::env::var("VESTIBULE_CRASH_LOG").unwrap_or_else(|_| "warn".to_owned()),
        epic_client = config.epic_client_id,
        account = config.zoom_account_id,
        zoom_client = config.zoom_client_id,
        zoom_secret = config.zoom_client_secret,
        webhook_secret = config.zoom_webhook_secret,
        domain = config.mail_domain,
    )
}
