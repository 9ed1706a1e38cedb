//! A hospital on a folder: the fakes in this process, and the settings of a service that belongs to them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule::settings::{Settings, Sources};
use vestibule::simulator::day::VISITS_PER_PROVIDER;
use vestibule::simulator::{Appointment, Simulator, SimulatorConfig, day, start};

use super::service::{Service, free_address};

pub const ORGANIZATION: &str = "lakeside";
pub const SECRET_KEY: &str = "a-key-of-the-crash-test-that-signs-nothing-else";
/// The busy morning numbers its visits from the bottom; those of the regulars begin here.
const FIRST_OF_REGULARS: usize = 3_000;

pub struct Site {
    pub folder: tempfile::TempDir,
    pub fakes: Simulator,
    pub service: Service,
    pub address: SocketAddr,
}

impl Site {
    /// `time_scale` is how much faster than life Zoom's own waits pass, its retries above all.
    pub async fn open(seed: u64, regulars: usize, time_scale: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = SimulatorConfig {
            seed,
            time_scale,
            day: visits_of_regulars(regulars),
            ..SimulatorConfig::demo(any, &format!("http://{address}"))
        };
        let fakes = start(config.clone()).await.expect("the fakes start");
        fs::write(folder.path().join("key.pem"), private_key()).unwrap();
        let settings = folder.path().join("settings.toml");
        fs::write(&settings, settings_text(address, fakes.url(), &config)).unwrap();
        Self { service: Service::new(address, &settings), folder, fakes, address }
    }

    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("settings.toml")
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
fn visits_of_regulars(count: usize) -> Vec<Appointment> {
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
drain_settle = "200ms"
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
filter = "warn"
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
        epic_client = config.epic_client_id,
        account = config.zoom_account_id,
        zoom_client = config.zoom_client_id,
        zoom_secret = config.zoom_client_secret,
        webhook_secret = config.zoom_webhook_secret,
        domain = config.mail_domain,
    )
}
