//! `vestibule demo`: the service, a fake Epic and a fake Zoom in one process, with a day's visits, so that everything can be seen
//! on a laptop.

mod folder;
mod second;
mod settings;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::service::{self, Failure};
use crate::simulator::people::{MorningConfig, play};
use crate::simulator::{self, Simulator, SimulatorConfig};
pub use settings::text as settings_text;

use folder::Folder;

/// A busy morning of more visits than this is a load test and not a demo.
const MOST_VISITS: usize = 2_000;

/// The arguments of `vestibule demo`.
#[derive(Args, Debug)]
pub struct DemoArguments {
    /// Where the service listens; the fakes take the next port.
    #[arg(long, value_name = "ADDR", default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))]
    listen: SocketAddr,
    /// Keeps the store and the demo's key here. Without it they are kept for this run only.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another store than the embedded one, as in `store.url`.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// The fakes of another demo, to be its second node.
    #[arg(long, value_name = "URL")]
    fakes: Option<String>,
    /// Zoom's app is one that an administrator first adds to the account on Zoom's consent page: an admin-managed one.
    #[arg(long)]
    zoom_consent: bool,
    /// Plays a busy morning of so many visits by itself.
    #[arg(long, value_name = "N", default_value_t = 0)]
    visits: usize,
    /// How much faster than life the busy morning passes.
    #[arg(long, value_name = "X", default_value_t = 10.0)]
    speed: f64,
}

/// Runs the demo until it is told to end.
///
/// # Errors
/// [`Failure`] when an address is taken, the folder cannot be used or the settings from the environment are wrong.
pub async fn run(arguments: DemoArguments) -> Result<(), Failure> {
    if arguments.visits > MOST_VISITS {
        return Err(Failure::Usage(format!("--visits: at most {MOST_VISITS} fit into a demo")));
    }
    if !arguments.speed.is_finite() || arguments.speed <= 0.0 {
        return Err(Failure::Usage("--speed: must be more than 0".to_owned()));
    }
    let listen = with_port(arguments.listen)?;
    let (fakes, folder, public_url) = match &arguments.fakes {
        Some(url) => {
            let url = url.trim_end_matches('/');
            let shared = second::ask(url).await?;
            let folder = Folder::open(arguments.data.clone(), Some(&shared.key))?;
            (Fakes::Others(url.to_owned()), folder, shared.service_url)
        }
        None => {
            let (folder, url) = (Folder::open(arguments.data.clone(), None)?, format!("http://{listen}"));
            (Fakes::Ours(start_fakes(&arguments, listen, &url, &folder).await?), folder, url)
        }
    };
    let settings = settings::of_demo(&arguments, listen, &public_url, &folder, fakes.url())?;
    service::log::start(&settings.logging);
    let running = service::start(settings).await?;
    greet(&fakes, &format!("http://{listen}"), &folder);
    if let (Fakes::Ours(simulator), true) = (&fakes, arguments.visits > 0) {
        play_morning(simulator, arguments.visits, arguments.speed);
    }
    let ended = running.until_told().await;
    if let Fakes::Ours(simulator) = fakes {
        simulator.stop().await;
    }
    ended
}

/// The fakes that this demo runs on.
enum Fakes {
    Ours(Simulator),
    Others(String),
}

impl Fakes {
    fn url(&self) -> &str {
        match self {
            Self::Ours(simulator) => simulator.url(),
            Self::Others(url) => url,
        }
    }
}

/// A port of 0 is made a real one at once, since Epic and Zoom are told it before the service listens.
fn with_port(listen: SocketAddr) -> Result<SocketAddr, Failure> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    let free = TcpListener::bind(listen).and_then(|listener| listener.local_addr());
    free.map_err(|e| Failure::Unavailable(format!("--listen: no port is free on {}: {e}", listen.ip())))
}

async fn start_fakes(
    arguments: &DemoArguments,
    listen: SocketAddr,
    service_url: &str,
    folder: &Folder,
) -> Result<Simulator, Failure> {
    // The fakes have no guard of any kind, so they stay on this machine wherever the service listens.
    let next = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port().wrapping_add(1));
    let taken = listen.port() == u16::MAX || TcpListener::bind(next).is_err();
    let address = if taken { SocketAddr::new(next.ip(), 0) } else { next };
    let config = SimulatorConfig {
        seed: settings::seed(),
        service_key: Some(folder.read_key()?),
        zoom_admin_managed: arguments.zoom_consent,
        ..SimulatorConfig::demo(address, service_url)
    };
    simulator::start(config).await.map_err(|e| Failure::Unavailable(format!("the fakes cannot start: {e}")))
}

fn greet(fakes: &Fakes, service_url: &str, folder: &Folder) {
    println!(
        "Vestibule demo. Open the first address: a provider's schedule in Epic beside a patient's MyChart."
    );
    println!("  fakes    {}/", fakes.url());
    println!("  service  {service_url}/");
    println!("  board    {service_url}/ops");
    println!("  records  {service_url}/records");
    if folder.is_kept() {
        println!("The store is kept in {}.", folder.path().display());
    }
    println!("Ctrl-C ends it.");
}

fn play_morning(simulator: &Simulator, visits: usize, speed: f64) {
    let (world, morning) = (simulator.world().clone(), simulator.morning().clone());
    // None can be under way yet.
    morning.begin(visits);
    actix_rt::spawn(async move {
        let config =
            MorningConfig { visits, speed, settle: Duration::from_secs(60), ..MorningConfig::default() };
        let summary = play(&world, &config).await;
        println!("The busy morning is over: {}", summary.sentence());
        morning.end(summary);
    });
}
