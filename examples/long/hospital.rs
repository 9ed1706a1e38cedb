//! The hospitals of the run: each with an Epic and a Zoom account of its own, all served by one Vestibule.

use std::net::SocketAddr;
use std::time::Duration;

use vestibule::simulator::chance::Chance;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind};
use vestibule::simulator::people::{Habits, MorningConfig, MorningSummary, World, play};
use vestibule::simulator::zoom::{UserStatus, Weather, ZoomFault, ZoomFaultKind};
use vestibule::simulator::{Simulator, SimulatorConfig, start};

/// Name, how patients are known at Zoom, what type of user its providers have, and its share of the visits in tenths. A patient's own user
/// costs several calls at each visit, and Zoom's limits hold for each account.
const HOSPITALS: [(&str, &str, &str, usize); 4] = [
    ("lakeside", "registrant", "licensed", 3),
    ("hillside", "registrant", "licensed", 3),
    ("riverside", "invite_link", "basic", 3),
    ("seaside", "temporary_user", "licensed", 1),
];

/// Who stands in for the few providers whose address is another Zoom account's. Each may be taken again after two minutes.
const DEFAULT_HOSTS: usize = 16;

/// Over how long clinics begin, by people's own time.
const BEGINS_WITHIN: Duration = Duration::from_secs(300);
/// In every third of these spans on average something goes wrong with one call to Epic and one to Zoom, where such a call comes in it: a
/// meeting whose making is in doubt several times in a row comes later than people wait.
const TROUBLE_EVERY: Duration = Duration::from_secs(1);

pub struct Hospital {
    pub name: &'static str,
    pub settings: String,
    tenths: usize,
    fakes: Simulator,
}

impl Hospital {
    /// All of them, whose admittance follows from the seed.
    pub async fn open_all(service: SocketAddr, seed: u64, speed: f64) -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for (number, (name, identity, user_type, tenths)) in (0_u64..).zip(HOSPITALS) {
            let admittance = if (seed >> number) & 1 == 0 { "automatic" } else { "manual" };
            let config = fakes_of(name, service, seed.wrapping_mul(31).wrapping_add(number), speed);
            let fakes = start(config.clone()).await?;
            fakes.zoom().set_weather(weather());
            for number in 0..DEFAULT_HOSTS {
                fakes.zoom().add_user(&default_host(number), "Default", "Host", 2, UserStatus::Active);
            }
            // As many as the providers and patients of a run may be.
            fakes.zoom().change_settings(|account| {
                (account.licensed_seats, account.basic_seats) = (20_000, 20_000);
            });
            let own = [identity, user_type, admittance];
            let settings = settings(name, own, &config, fakes.url());
            all.push(Self { name, settings, tenths, fakes });
        }
        Ok(all)
    }

    pub fn world(&self) -> &World {
        self.fakes.world()
    }

    /// Its morning, in which calls to Epic and Zoom fail now and then. Visits and providers are those of all hospitals together.
    pub async fn morning(&self, visits: usize, speed: f64, providers_at_once: usize) -> MorningSummary {
        let share = |all: usize| (all * self.tenths / 10).max(1);
        let habits =
            Habits { overruns: 0.05, provider_no_show: 0.03, without_user: 0.1, ..Habits::default() };
        let settle = Duration::ZERO;
        let config = MorningConfig {
            visits: share(visits),
            speed,
            habits,
            settle,
            providers_at_once: share(providers_at_once),
            // What is in doubt at Zoom is looked for after some 17 s, and may be in doubt again.
            least_patience: Duration::from_secs(120),
            begins_within: BEGINS_WITHIN,
            ..MorningConfig::default()
        };
        let trouble = actix_web::rt::spawn(trouble(self.world().clone()));
        let summary = play(self.world(), &config).await;
        trouble.abort();
        self.world().zoom.clear_faults();
        self.world().epic.clear_faults();
        summary
    }
}

/// Events come twice, late, in another order, by a retry and not at all. The end of a meeting is never lost, since the service asks
/// Zoom only after ten minutes in which it heard nothing: a clock that can be moved has that (`actors/simulation`).
fn weather() -> Weather {
    Weather {
        duplicate: 0.1,
        second_subscription: 0.05,
        reorder: 0.3,
        reorder_millis: 1_500,
        delay_millis: 20,
        lose: 0.01,
        spare_events: ["meeting.ended".to_owned()].into(),
        miss: 0.03,
        non_canonical: 0.1,
        ..Weather::default()
    }
}

async fn trouble(world: World) {
    let mut chance = Chance::new(world.seed ^ 0x5452_4F55);
    loop {
        tokio::time::sleep(TROUBLE_EVERY).await;
        world.zoom.clear_faults();
        world.epic.clear_faults();
        if !chance.hit(1.0 / 3.0) {
            continue;
        }
        let (call, fault) = match chance.between(0, 10) {
            0 => ("meetings.create", ZoomFaultKind::DoneThenDrop),
            1 => ("meetings.create", ZoomFaultKind::Drop),
            2 => ("meetings.create", ZoomFaultKind::HalfBody),
            3 => ("*", ZoomFaultKind::TooManyPerSecond),
            4 => ("*", ZoomFaultKind::Html { status: 502 }),
            5 => ("registrants.add", ZoomFaultKind::DoneThenDrop),
            6 => ("users.create", ZoomFaultKind::DoneThenDrop),
            7 => ("meetings.get", ZoomFaultKind::Slow { millis: 1_500 }),
            8 => ("*", ZoomFaultKind::Unauthorized),
            _ => ("meetings.create", ZoomFaultKind::DoneThenHang),
        };
        world.zoom.add_fault(ZoomFault { call: call.to_owned(), times: Some(1), fault });
        let fault = match chance.between(0, 6) {
            0 => EpicFaultKind::LockFailed,
            1 => EpicFaultKind::TooMany { retry_after: 1 },
            2 => EpicFaultKind::DoneThenDrop,
            3 => EpicFaultKind::Status { status: 503 },
            4 => EpicFaultKind::DoneThenHang,
            _ => EpicFaultKind::Slow { millis: 800 },
        };
        world.epic.add_fault(EpicFault { call: "status".to_owned(), times: Some(1), fault });
    }
}

fn default_host(number: usize) -> String {
    format!("default-host-{number}@lakeside.example")
}

fn fakes_of(name: &str, service: SocketAddr, seed: u64, speed: f64) -> SimulatorConfig {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    SimulatorConfig {
        organization: name.to_owned(),
        day: Vec::new(),
        seed,
        time_scale: speed,
        epic_client_id: format!("{name}-epic-client"),
        zoom_account_id: format!("{name}-account"),
        zoom_client_id: format!("{name}-zoom-client"),
        zoom_client_secret: format!("{name}-zoom-secret"),
        zoom_webhook_secret: format!("{name}-webhook-secret"),
        ..SimulatorConfig::demo(any, &format!("http://{service}"))
    }
}

/// As a large hospital has them: what is not said is left as it comes.
fn settings(
    name: &str,
    [identity, user_type, admittance]: [&str; 3],
    config: &SimulatorConfig,
    fakes: &str,
) -> String {
    format!(
        r#"
[organization.{name}]
patient_identity = "{identity}"
provider_user_type = "{user_type}"
admittance = "{admittance}"
# The whole day's people come within minutes.
early_join_minutes = 1440
late_join_minutes = 1440
# Pages give a sign every 25 s.
page_presence_seconds = 31
[organization.{name}.epic]
fhir_base_url = "{fakes}/epic/api/FHIR/R4"
telehealth_base_url = "{fakes}/epic"
client_id = "{epic_client}"
private_key_files = ["key.pem"]
requests_per_second = 100
concurrent_requests = 20
timeout = "3s"
retry = {{ first = "100ms", most = "2s" }}
breaker = {{ probe_every = "500ms" }}
[organization.{name}.zoom]
api_base_url = "{fakes}/zoom/v2"
oauth_base_url = "{fakes}/zoom"
account_id = "{account}"
client_id = "{zoom_client}"
client_secret = "{zoom_secret}"
webhook_secret_tokens = ["{webhook_secret}"]
provider_action = "autoCreate"
provider_email_domain = "{domain}"
provider_fallback = {{ foreign = "default_host" }}
default_hosts = {default_hosts:?}
timeout = "3s"
meeting_reads_per_second = 10
"#,
        epic_client = config.epic_client_id,
        account = config.zoom_account_id,
        zoom_client = config.zoom_client_id,
        zoom_secret = config.zoom_client_secret,
        webhook_secret = config.zoom_webhook_secret,
        domain = config.mail_domain,
        default_hosts = (0..DEFAULT_HOSTS).map(default_host).collect::<Vec<_>>(),
    )
}
