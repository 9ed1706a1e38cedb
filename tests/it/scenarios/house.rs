//! One house for each test: the fakes, a service that works with them, and the ways to look at both.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule::demo::settings_text;
use vestibule::epic::{KeyBits, fresh_private_key};
use vestibule::service::{self, Running};
use vestibule::settings::{Secret, Settings, Sources};
use vestibule::simulator::people::{Browser, connections};
use vestibule::simulator::zoom::{MeetingTruth, signature};
use vestibule::simulator::{self, FakeEpic, FakeZoom, Simulator, SimulatorConfig};

pub use super::answer::{Answer, read};

/// Everything that is waited for comes within this, or the test fails.
pub const WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(15);
/// A minute of the fakes' own waits passes in a fifth of a second.
pub(super) const TIME_SCALE: f64 = 300.0;
/// Ports below those that the system gives to outgoing connections, so that none is taken between the look and the use.
const FIRST_PORT: u16 = 12_000;
const PORTS: u16 = 18_000;

/// Waits are short and nothing is random that tests wait for.
const QUICK: &str = r#"
[node]
arbiters = 1
[organization.lakeside.epic]
retry = { first = "20ms", most = "100ms", give_up_after = "1h" }
breaker = { failures = 5, probe_every = "100ms" }
timeout = "2s"
[organization.lakeside]
guest_birth_date.check = false
zoom.timeout = "2s"
"#;

/// A running service beside its fakes.
pub struct House {
    pub fakes: Simulator,
    pub url: String,
    service: Service,
    pub settings: Vec<String>,
    folder: TempDir,
    pub http: awc::Client,
}

/// How the service runs.
enum Service {
    /// Not at all.
    Stopped,
    /// On threads of the test.
    Here(Option<Box<Running>>),
    /// As the program itself.
    Process(Child),
}

/// A test that fails leaves no process behind.
impl Drop for Service {
    fn drop(&mut self) {
        if let Self::Process(child) = self {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_vestibule");

/// A command that ran to its end.
pub struct Ran {
    pub status: i32,
    pub said: String,
    pub complained: String,
}

/// A free port of this machine; every call gives another.
pub fn free_port() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        let step = std::process::id().wrapping_mul(7).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST_PORT + u16::try_from(step % u32::from(PORTS)).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free");
}

pub fn folder_with_key() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_key(folder.path(), "key.pem");
    folder
}

fn write_key(folder: &Path, name: &str) -> Secret {
    let key = fresh_private_key(KeyBits::Bits2048).unwrap();
    std::fs::write(folder.join(name), key.expose()).unwrap();
    key
}

fn base_settings(listen: SocketAddr, folder: &TempDir, fakes: &Simulator) -> String {
    let store = format!("embedded:{}", folder.path().join("store").display());
    let key = folder.path().join("key.pem").display().to_string();
    settings_text(listen, &store, fakes.url(), &key)
}

/// Looks until `look` finds something.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {WITHIN:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl House {
    pub async fn open() -> Self {
        Self::with("").await
    }

    /// With these settings over those of the demo.
    pub async fn with(settings: &str) -> Self {
        Self::built(settings, |_| {}).await
    }

    pub async fn built(settings: &str, fakes: impl FnOnce(&mut SimulatorConfig)) -> Self {
        Self::on(free_port(), folder_with_key(), settings, fakes).await
    }

    pub(super) async fn on(
        listen: SocketAddr,
        folder: TempDir,
        settings: &str,
        fakes: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let mut house = Self::furnished(listen, folder, settings, fakes).await;
        house.start().await;
        house
    }

    /// Everything but a service that runs.
    pub async fn furnished(
        listen: SocketAddr,
        folder: TempDir,
        settings: &str,
        fakes: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let url = format!("http://{listen}");
        let mut config = SimulatorConfig::demo((Ipv4Addr::LOCALHOST, 0).into(), &url);
        config.time_scale = TIME_SCALE;
        fakes(&mut config);
        let fakes = simulator::start(config).await.unwrap();
        let base = base_settings(listen, &folder, &fakes);
        // The addresses of the fakes are known only now, so that tests name them by a word.
        let own = settings.replace("FAKES", fakes.url());
        let settings = vec![base, QUICK.to_owned(), own];
        Self { fakes, url, service: Service::Stopped, settings, folder, http: connections() }
    }

    /// With the service as a process of its own.
    pub async fn of_the_program(settings: &str) -> Self {
        let mut house = Self::furnished(free_port(), folder_with_key(), settings, |_| {}).await;
        house.start_program().await;
        house
    }

    async fn start(&mut self) {
        let sources = Sources::new(self.folder.path());
        let sources = self.settings.iter().fold(sources, |all, text| all.text("a test", text));
        let settings = Settings::load(sources).unwrap_or_else(|error| panic!("{error}"));
        let running = service::start(settings).await.unwrap_or_else(|error| panic!("{error}"));
        self.service = Service::Here(Some(Box::new(running)));
        self.until_ready().await;
    }

    /// Another node with the same settings, on an address of its own.
    pub(super) async fn another_node(&self, listen: SocketAddr) -> service::Running {
        let sources =
            self.settings.iter().fold(Sources::new(self.folder.path()), |all, text| all.text("a test", text));
        let settings = Settings::load(sources.text("a test", &format!("server.listen = \"{listen}\"\n")));
        service::start(settings.unwrap_or_else(|error| panic!("{error}")))
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Stops the program and starts it anew, with these settings over all that it had.
    pub async fn restart_with(&mut self, settings: &str) {
        self.stop_service().await;
        self.settings.push(settings.to_owned());
        self.start_program().await;
    }

    /// Puts a fresh private key into the folder of the settings, and gives it.
    pub fn add_key(&self, name: &str) -> Secret {
        write_key(self.folder.path(), name)
    }

    /// A file in the folder of the settings.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the program on the store of this house. What it logs is in [`Self::log`].
    pub async fn start_program(&mut self) {
        let mut program = Command::new(PROGRAM);
        program.arg("serve").args(self.config_arguments());
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).unwrap();
        let child =
            program.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.service = Service::Process(child);
        self.until_ready().await;
    }

    /// Starts the program anew on its store, beside fakes that know nothing of what was before: another seed, nobody and no meeting.
    pub async fn forgotten_by_the_fakes(&mut self) {
        self.stop_service().await;
        let listen: SocketAddr = self.url.strip_prefix("http://").unwrap().parse().unwrap();
        let mut config = SimulatorConfig::demo((Ipv4Addr::LOCALHOST, 0).into(), &self.url);
        (config.time_scale, config.seed) = (TIME_SCALE, 99);
        let fresh = simulator::start(config).await.unwrap();
        std::mem::replace(&mut self.fakes, fresh).stop().await;
        self.settings[0] = base_settings(listen, &self.folder, &self.fakes);
        self.start_program().await;
    }

    fn config_arguments(&self) -> Vec<String> {
        let files = self.settings.iter().enumerate().map(|(number, text)| {
            let path = self.folder.path().join(format!("settings-{number}.toml"));
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        });
        files.flat_map(|file| ["--config".to_owned(), file]).collect()
    }

    /// Runs the program with the settings of this house to its end.
    pub async fn runs(&self, arguments: &[&str]) -> Ran {
        let files = self.config_arguments();
        let all: Vec<&str> = arguments.iter().copied().chain(files.iter().map(String::as_str)).collect();
        self.runs_alone(&all).await
    }

    /// Runs the program with nothing but these arguments to its end.
    pub async fn runs_alone(&self, arguments: &[&str]) -> Ran {
        let mut program = Command::new(PROGRAM);
        program.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let ended = actix_web::rt::task::spawn_blocking(move || program.output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let status = ended.status.code().expect("it ended by itself");
        Ran { status, said: text(ended.stdout), complained: text(ended.stderr) }
    }

    async fn until_ready(&self) {
        until("the service is ready", async || {
            let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    /// Drains the service; the fakes go on. A process gets SIGTERM, and its exit status is given.
    pub async fn stop_service(&mut self) -> Option<ExitStatus> {
        match &mut self.service {
            Service::Stopped => None,
            Service::Here(running) => {
                if let Some(running) = running.take() {
                    running.stop().await.expect("everything is kept");
                }
                None
            }
            Service::Process(child) => {
                let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status();
                assert!(told.unwrap().success());
                let ended = until("the process has ended", async || child.try_wait().unwrap()).await;
                self.service = Service::Stopped;
                Some(ended)
            }
        }
    }

    /// Kills the program without a word.
    pub fn kill_program(&mut self) {
        // Dropped, a process is killed.
        self.service = Service::Stopped;
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub async fn close(mut self) {
        self.stop_service().await;
        self.fakes.stop().await;
    }

    /// The service that runs on threads of the test.
    pub fn app(&self) -> std::sync::Arc<vestibule::http::app::App> {
        match &self.service {
            Service::Here(Some(running)) => running.app(),
            _ => panic!("the service is not here"),
        }
    }

    pub fn epic(&self) -> &FakeEpic {
        self.fakes.epic()
    }

    pub fn zoom(&self) -> &FakeZoom {
        self.fakes.zoom()
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), self.fakes.url())
    }

    // === asking Zoom ===

    pub fn live_meetings(&self) -> Vec<MeetingTruth> {
        self.zoom().meetings().into_iter().filter(|meeting| !meeting.deleted).collect()
    }

    /// A call to the fake API as an administrator's own program makes it.
    pub async fn as_administrator(&self, method: &str, path: &str, body: Value) -> u16 {
        let account = self.zoom().account().clone();
        let form = [("grant_type", "account_credentials"), ("account_id", account.account_id.as_str())];
        let asked = self.http.post(format!("{}/zoom/oauth/token", self.fakes.url()));
        let asked = asked.basic_auth(&account.client_id, &account.client_secret).send_form(&form).await;
        let token = read(asked).await.json()["access_token"].as_str().unwrap().to_owned();
        let request =
            self.http.request(method.parse().unwrap(), format!("{}/zoom/v2/{path}", self.fakes.url()));
        let request = request.bearer_auth(token);
        let sent = if body.is_null() { request.send() } else { request.send_json(&body) };
        read(sent.await).await.status
    }

    // === asking the service ===

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, header| request.insert_header(*header));
        read(request.send().await).await
    }

    /// The values of all metrics whose line has these words, summed.
    pub async fn metric(&self, words: &[&str]) -> f64 {
        let text = self.get("/metrics").await.text();
        let lines = text
            .lines()
            .filter(|line| words.iter().all(|word| line.contains(word)) && !line.starts_with('#'));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// The visit of this CSN by the API.
    pub async fn visit(&self, csn: &str) -> Value {
        self.get(&format!("/api/v1/visits/lakeside/{csn}")).await.json()
    }

    /// The notification records of this CSN, newest first.
    pub async fn records(&self, csn: &str) -> Vec<Value> {
        let answer =
            self.get(&format!("/api/v1/notifications?organization=lakeside&csn={csn}&limit=500")).await;
        answer.json()["notifications"].as_array().unwrap().clone()
    }

    /// Waits until the visit looks so.
    pub async fn until_visit(&self, csn: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let last = std::cell::RefCell::new(Value::Null);
        let looked = tokio::time::timeout(WITHIN, async {
            loop {
                let visit = self.visit(csn).await;
                if is_so(&visit) {
                    return visit;
                }
                *last.borrow_mut() = visit;
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        match looked.await {
            Ok(visit) => visit,
            Err(_) => panic!("{what}: not within {WITHIN:?}: {:#}", last.borrow()),
        }
    }

    /// Waits until Epic's light of this person is so.
    pub async fn until_light(&self, csn: &str, who: &str, on: bool) {
        let what = format!("the light of {who} in {csn} is {on}");
        until(&what, async || (self.epic().is_connected(csn, who) == on).then_some(())).await;
    }

    /// Waits until every event has been delivered and every light says what is true, and the visits agree with it.
    pub async fn until_right(&self) {
        let wrong = std::cell::RefCell::new(Vec::new());
        let looked = tokio::time::timeout(WITHIN, async {
            loop {
                let people = self.fakes.final_truth();
                *wrong.borrow_mut() = people.into_iter().filter(|person| !person.right()).collect();
                if wrong.borrow().is_empty() && self.zoom().deliveries_pending() == 0 {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        assert!(looked.await.is_ok(), "wrong lights: {:#?}", wrong.borrow());
    }

    // === speaking as Zoom ===

    /// Sends a body as an event, rightly signed.
    pub async fn event(&self, body: &str) -> Answer {
        self.event_at(body, jiff::Timestamp::now().as_second()).await
    }

    pub async fn event_at(&self, body: &str, timestamp: i64) -> Answer {
        let signature = signature(&self.zoom().account().webhook_secret, timestamp, body);
        self.event_with(body, Some(&signature), Some(&timestamp.to_string())).await
    }

    pub async fn event_with(&self, body: &str, signature: Option<&str>, timestamp: Option<&str>) -> Answer {
        let mut request = self.http.post(format!("{}/zoom/lakeside/webhook", self.url));
        request = request.insert_header(("content-type", "application/json"));
        if let Some(signature) = signature {
            request = request.insert_header(("x-zm-signature", signature));
        }
        if let Some(timestamp) = timestamp {
            request = request.insert_header(("x-zm-request-timestamp", timestamp));
        }
        read(request.send_body(body.to_owned()).await).await
    }
}

/// A participant of a visit in the API's JSON.
pub fn participant<'a>(visit: &'a Value, who: &str) -> &'a Value {
    let all = visit["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|one| one["external_id"] == json!(who)).unwrap_or(&Value::Null)
}

/// Whether a visit in the API's JSON shows this problem.
pub fn has_problem(visit: &Value, code: &str) -> bool {
    let all = visit["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().any(|problem| problem["code"] == json!(code))
}
