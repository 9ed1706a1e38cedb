//! The fakes alone: `cargo run --example fakes -- --listen 127.0.0.1:9001 --service http://127.0.0.1:8080`.
//!
//! Prints one line of JSON with the addresses and ends when its standard input closes, so that no run is left behind.

use std::io::Read;
use std::net::SocketAddr;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use vestibule::simulator::{ClientProof, SimulatorConfig, start};

#[derive(Parser)]
struct Arguments {
    /// Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The service's public URL; events and launches go there.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    service: String,
    /// Where events go in place of the service's webhook, for another receiver.
    #[arg(long)]
    webhook: Option<String>,
    /// How much faster than life the fakes' waits pass.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the client of the fake Epic proves who it is.
    #[arg(long, value_enum, default_value_t = Proof::Key)]
    epic_client: Proof,
    /// The service's app at Zoom is one that an administrator adds on Zoom's consent page (`zoom.authorization = "oauth"`).
    #[arg(long)]
    zoom_oauth: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Proof {
    /// By an assertion under a key of its key set.
    Key,
    /// By a secret, which is printed.
    Secret,
    /// Not at all.
    Public,
}

const EPIC_SECRET: &str = "a-secret-of-the-fake-epic";

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut config = SimulatorConfig::demo(arguments.listen, &arguments.service);
    config.time_scale = arguments.time_scale;
    config.seed = arguments.seed;
    config.webhook_url = arguments.webhook;
    config.zoom_admin_managed = arguments.zoom_oauth;
    config.epic_proof = match arguments.epic_client {
        Proof::Key => ClientProof::PrivateKey,
        Proof::Secret => ClientProof::Secret(EPIC_SECRET.to_owned()),
        Proof::Public => ClientProof::Public,
    };
    let epic = serde_json::json!({"client_id": config.epic_client_id, "client_secret": EPIC_SECRET});
    let zoom = serde_json::json!({
        "account_id": config.zoom_account_id,
        "client_id": config.zoom_client_id,
        "client_secret": config.zoom_client_secret,
        "webhook_secret": config.zoom_webhook_secret,
    });
    let simulator = start(config).await?;
    println!("{}", serde_json::json!({"url": simulator.url(), "zoom": zoom, "epic": epic}));
    let ended = tokio::task::spawn_blocking(|| {
        let mut sink = Vec::new();
        std::io::stdin().lock().take(1 << 20).read_to_end(&mut sink)
    });
    ended.await.context("the wait for the end of standard input broke")??;
    simulator.stop().await;
    Ok(())
}
