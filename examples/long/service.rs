//! The one Vestibule that serves all hospitals, on the embedded store in a folder of its own, and what its API tells.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, anyhow};
use serde_json::Value;
use tempfile::TempDir;
use vestibule::epic::{KeyBits, fresh_private_key};
use vestibule::service::{self, Running};
use vestibule::settings::{Settings, Sources};

use super::hospital::Hospital;

/// Of the API's answer of so many visits.
const MOST_BYTES: usize = 64 << 20;

pub struct Service {
    url: String,
    running: Running,
    /// Goes last, since the store is in it.
    _folder: TempDir,
}

/// Epic and Zoom are told it before the service listens.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

impl Service {
    pub async fn start(
        listen: SocketAddr,
        hospitals: &[Hospital],
        log: Option<&str>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let key = fresh_private_key(KeyBits::Bits2048).context("no key could be made")?;
        std::fs::write(folder.path().join("key.pem"), key.expose())?;
        let sources =
            Sources::new(folder.path()).text("of the service", &settings(listen, log.unwrap_or("off")));
        let sources =
            hospitals.iter().fold(sources, |all, hospital| all.text(hospital.name, &hospital.settings));
        let settings = Settings::load(sources)?;
        if log.is_some() {
            service::log::start(&settings.logging);
        }
        let running = service::start(settings).await.map_err(|why| anyhow!("{why}"))?;
        Ok(Self { url: format!("http://{listen}"), running, _folder: folder })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await.map_err(|why| anyhow!("{why}"))
    }
}

/// Everybody comes from one address, as behind a proxy.
fn settings(listen: SocketAddr, log: &str) -> String {
    format!(
        r#"
[server]
listen = "{listen}"
public_url = "http://{listen}"
[store]
url = "embedded:store"
[access]
mode = "loopback"
[limits]
pending_launches_per_peer = 20000
[logging]
format = "text"
filter = "{log}"
"#
    )
}

/// Every visit of a hospital, as the API tells them page by page.
pub async fn visits(url: &str, organization: &str) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Value =
            get(&format!("{url}/api/v1/visits?organization={organization}&limit=500{cursor}")).await?;
        all.extend(page.get("visits").and_then(Value::as_array).into_iter().flatten().cloned());
        match page.get("cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}

/// How far the service is, as its metrics tell.
pub async fn committed(url: &str) -> anyhow::Result<String> {
    let mut answer = awc::Client::default()
        .get(format!("{url}/metrics"))
        .send()
        .await
        .map_err(|why| anyhow!("the metrics: {why}"))?;
    let text = answer.body().limit(MOST_BYTES).await?;
    let text = String::from_utf8_lossy(&text);
    let told =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0").trim().to_owned();
    Ok(format!(
        "{} commands committed, {} visits in memory",
        told("vestibule_committed_total{what=\"commands\"}"),
        told("vestibule_visits_in_memory")
    ))
}

async fn get(url: &str) -> anyhow::Result<Value> {
    let failed = |why: String| anyhow!("{url}: {why}");
    let mut answer = awc::Client::default().get(url).send().await.map_err(|why| failed(why.to_string()))?;
    if !answer.status().is_success() {
        return Err(failed(answer.status().to_string()));
    }
    answer.json().limit(MOST_BYTES).await.map_err(|why| failed(why.to_string()))
}
