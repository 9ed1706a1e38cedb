//! What a run of the fakes is told: where to listen, whom to serve, and the secrets that both sides share.

use std::net::SocketAddr;
use std::time::Duration;

use super::day::Day;

/// How the service's OAuth client proves itself to the fake Epic at launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientProof {
    Secret(String),
    /// RS384 assertion, checked against the service's key set.
    PrivateKey,
    /// Nothing but PKCE.
    Public,
}

/// Everything a run needs. [`SimulatorConfig::demo`] gives values that fit together.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How browsers and the service reach the fakes; empty: `http://` and the address taken.
    pub public_url: String,
    /// The service's public URL, without a trailing slash.
    pub service_url: String,
    pub organization: String,
    /// The service's private key for Epic in PEM, told to whoever wants to be a second node of it. None: nobody is told.
    pub service_key: Option<String>,
    /// Where events go; none: to the service's own webhook.
    pub webhook_url: Option<String>,
    pub day: Day,
    pub epic_client_id: String,
    pub epic_proof: ClientProof,
    /// For the status service with basic authentication; sent as `emp$user`.
    pub epic_status_user: String,
    pub epic_status_password: String,
    pub zoom_account_id: String,
    pub zoom_client_id: String,
    pub zoom_client_secret: String,
    pub zoom_webhook_secret: String,
    pub zoom_token_life: Duration,
    /// Whether the service's app at Zoom is one that an administrator adds; else it belongs to the account.
    pub zoom_admin_managed: bool,
    /// What the gateway for text messages knows its callers by.
    pub sms_key: String,
    /// Domain of the providers' Zoom accounts; the fake account manages it.
    pub mail_domain: String,
    /// True: every provider of the day has a licensed Zoom account from the start. False: the service must make them.
    pub providers_have_accounts: bool,
    /// Ids and tokens follow from it. Over a store that outlives the fakes give another at every start.
    pub seed: u64,
    /// How much faster than life the fakes' own waits pass (webhook retries, late leaves).
    pub time_scale: f64,
    /// Threads that serve requests.
    pub workers: usize,
}

impl SimulatorConfig {
    /// The demo's day against a service, with secrets that the service's settings must name as well.
    pub fn demo(listen: SocketAddr, service_url: &str) -> Self {
        Self {
            listen,
            public_url: String::new(),
            service_url: service_url.trim_end_matches('/').to_owned(),
            organization: "lakeside".to_owned(),
            service_key: None,
            webhook_url: None,
            day: super::day::demo_day("lakeside.example"),
            epic_client_id: "0f7b9a1e-demo-epic-client".to_owned(),
            epic_proof: ClientProof::PrivateKey,
            epic_status_user: "VESTIBULE".to_owned(),
            epic_status_password: "demo-status-password".to_owned(),
            zoom_account_id: "DemoZoomAccount1".to_owned(),
            zoom_client_id: "DemoZoomClient1".to_owned(),
            zoom_client_secret: "demo-zoom-client-secret".to_owned(),
            zoom_webhook_secret: "demo-zoom-webhook-secret".to_owned(),
            zoom_token_life: Duration::from_secs(3600),
            zoom_admin_managed: false,
            sms_key: "demo-sms-key".to_owned(),
            mail_domain: "lakeside.example".to_owned(),
            providers_have_accounts: true,
            seed: 1,
            time_scale: 1.0,
            workers: 1,
        }
    }
}

/// Why the fakes did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error("the fakes cannot listen on {address}: {source}; choose another address or port 0")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the fakes' own thread could not be started: {0}")]
    Thread(std::io::Error),
    #[error("the fake Epic could not make its signing keys")]
    Keys,
}
