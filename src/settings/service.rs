//! The settings of one node: where it listens, what it stores in, and how much it takes on.

use std::net::SocketAddr;
use std::time::Duration;

use super::address::BaseUrl;
use super::keep;
use super::proxies::{self, TrustedProxies};
use super::reader::{Choice, Read, Section};
use super::secret::Secret;
use super::tree::Origin;

const SECRET_KEYS_MAX: usize = 8;
/// A signing key shorter than its hash's output would be the weakest part of the signature.
const SECRET_KEY_CHARACTERS_MIN: usize = 32;
pub(super) const TOKENS_MAX: usize = 64;

/// Addresses: ours, and what others see.
#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// Where set, the pages and routes of operators answer only here.
    pub internal_listen: Option<SocketAddr>,
    pub public_url: BaseUrl,
    /// Whose word is taken on where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Newest first; empty: made once and kept in the store.
    pub secret_keys: Vec<Secret>,
}

/// This process as a member of the cluster.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: Option<String>,
    /// `None`: one for each core.
    pub arbiters: Option<usize>,
    pub visit_idle: Duration,
    /// Served on for so long after the node was told to end; at most half of `drain_timeout`.
    pub drain_settle: Duration,
    /// For everything from then on.
    pub drain_timeout: Duration,
}

/// The waiting page's clockwork.
#[derive(Debug, Clone)]
pub struct Page {
    pub check_after: Duration,
    pub check_every: Duration,
    pub launch_wait: Duration,
}

/// What one node takes on and keeps; `config/default.toml` says what happens at each.
#[derive(Debug, Clone)]
pub struct Limits {
    pub webhook_body_bytes: usize,
    pub request_body_bytes: usize,
    pub concurrent_webhook_bodies: usize,
    /// From the head of the request until its body is whole.
    pub webhook_body_time: Duration,
    pub concurrent_webhooks: usize,
    /// From the head of the request until its event is durable.
    pub webhook_answer: Duration,
    pub concurrent_launches: usize,
    /// On the way through Epic.
    pub pending_launches: usize,
    pub pending_launches_per_peer: usize,
    /// For each shard.
    pub journal_entries: usize,
    /// For each organization.
    pub held_events: usize,
    pub held_event_life: Duration,
    /// Of this node's doors.
    pub recent_facts: usize,
    pub recent_fact_life: Duration,
    pub record_life: Duration,
    /// For each organization.
    pub records: u64,
    pub visit_life: Duration,
    /// Of one visit.
    pub history_lines: usize,
    /// Entries of the audit that wait on this node to be written.
    pub audit_queue: usize,
    pub audit_life: Duration,
    pub page_streams: usize,
    pub ops_connections: usize,
    pub ops_buffer: usize,
    pub ticket_life: Duration,
    /// For so long after a device test a visit is kept that nobody has launched.
    pub device_test_life: Duration,
    /// For so long somebody may take to come back from a device test.
    pub device_test_time: Duration,
    pub oauth_state_life: Duration,
}

#[derive(Debug, Clone)]
pub struct Logging {
    /// A filter in tracing's syntax, checked.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

impl Choice for LogFormat {
    const ALL: &'static [(&'static str, Self)] = &[("json", Self::Json), ("text", Self::Text)];
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

pub(super) fn read_server(section: &mut Section<'_>) -> Read<Server> {
    let listen = section.needed("listen", socket_address);
    let internal_listen = section.optional("internal_listen", socket_address);
    let public_url = section.needed("public_url", |text, _| BaseUrl::parse_origin(text));
    let trusted_proxies =
        section.list("trusted_proxies", TrustedProxies::MOST, |text, _| proxies::network(text));
    let secret_keys = section.secrets("secret_keys", SECRET_KEYS_MAX, SECRET_KEY_CHARACTERS_MIN);
    Ok(Server {
        listen: listen?,
        internal_listen: internal_listen?,
        public_url: public_url?,
        trusted_proxies: TrustedProxies::new(trusted_proxies?),
        secret_keys: secret_keys?,
    })
}

pub(super) fn read_node(section: &mut Section<'_>) -> Read<Node> {
    let name = section.optional("name", node_name);
    let arbiters = section.integer("arbiters", 0..=64_usize);
    let visit_idle = section.duration("visit_idle", seconds(1)..=seconds(DAY));
    let drain_settle = section.duration("drain_settle", Duration::ZERO..=seconds(5 * MINUTE));
    let drain_timeout = section.duration("drain_timeout", seconds(1)..=seconds(10 * MINUTE))?;
    Ok(Node {
        name: name?,
        arbiters: Some(arbiters?).filter(|count| *count > 0),
        visit_idle: visit_idle?,
        drain_settle: drain_settle?.min(drain_timeout / 2),
        drain_timeout,
    })
}

pub(super) fn read_page(section: &mut Section<'_>) -> Read<Page> {
    let check_after = section.duration("check_after", seconds(1)..=seconds(10 * MINUTE));
    let check_every = section.duration("check_every", seconds(1)..=seconds(10 * MINUTE));
    let launch_wait = section.duration("launch_wait", millis(100)..=seconds(25));
    Ok(Page { check_after: check_after?, check_every: check_every?, launch_wait: launch_wait? })
}

pub(super) fn read_limits(section: &mut Section<'_>) -> Read<Limits> {
    let webhook_body_bytes = section.integer("webhook_body_bytes", 4096..=16_777_216);
    let request_body_bytes = section.integer("request_body_bytes", 1024..=1_048_576);
    let concurrent_webhook_bodies = section.integer("concurrent_webhook_bodies", 1..=65_536);
    let webhook_body_time = section.duration("webhook_body_time", millis(100)..=millis(2900));
    let concurrent_webhooks = section.integer("concurrent_webhooks", 1..=65_536);
    let webhook_answer = section.duration("webhook_answer", millis(100)..=millis(2900));
    let concurrent_launches = section.integer("concurrent_launches", 1..=65_536);
    let pending_launches = section.integer("pending_launches", 1..=10_000_000);
    let pending_launches_per_peer = section.integer("pending_launches_per_peer", 1..=10_000_000);
    let journal_entries = section.integer("journal_entries", 16..=1_000_000);
    let held_events = section.integer("held_events", 0..=1_000_000);
    let held_event_life = section.duration("held_event_life", seconds(1)..=seconds(DAY));
    let recent_facts = section.integer("recent_facts", 0..=1_000_000);
    let recent_fact_life = section.duration("recent_fact_life", seconds(1)..=seconds(HOUR));
    let record_life = section.duration("record_life", keep::RECORDS);
    let records = section.integer("records", 1000..=100_000_000_i64);
    let visit_life = section.duration("visit_life", keep::VISITS);
    let history_lines = section.integer("history_lines", 16..=10_000);
    let audit_queue = section.integer("audit_queue", 16..=1_000_000);
    let audit_life = section.duration("audit_life", keep::AUDIT);
    let page_streams = section.integer("page_streams", 1..=1_000_000);
    let ops_connections = section.integer("ops_connections", 1..=10_000);
    let ops_buffer = section.integer("ops_buffer", 16..=100_000);
    let ticket_life = section.duration("ticket_life", seconds(5 * MINUTE)..=seconds(7 * DAY));
    let device_test_life = section.duration("device_test_life", seconds(DAY)..=seconds(90 * DAY));
    let device_test_time = section.duration("device_test_time", seconds(MINUTE)..=seconds(DAY));
    let oauth_state_life = section.duration("oauth_state_life", seconds(10)..=seconds(HOUR));
    Ok(Limits {
        webhook_body_bytes: webhook_body_bytes?,
        request_body_bytes: request_body_bytes?,
        concurrent_webhook_bodies: concurrent_webhook_bodies?,
        webhook_body_time: webhook_body_time?,
        concurrent_webhooks: concurrent_webhooks?,
        webhook_answer: webhook_answer?,
        concurrent_launches: concurrent_launches?,
        pending_launches: pending_launches?,
        pending_launches_per_peer: pending_launches_per_peer?,
        journal_entries: journal_entries?,
        held_events: held_events?,
        held_event_life: held_event_life?,
        recent_facts: recent_facts?,
        recent_fact_life: recent_fact_life?,
        record_life: record_life?,
        records: records?.unsigned_abs(),
        visit_life: visit_life?,
        history_lines: history_lines?,
        audit_queue: audit_queue?,
        audit_life: audit_life?,
        page_streams: page_streams?,
        ops_connections: ops_connections?,
        ops_buffer: ops_buffer?,
        ticket_life: ticket_life?,
        device_test_life: device_test_life?,
        device_test_time: device_test_time?,
        oauth_state_life: oauth_state_life?,
    })
}

pub(super) fn read_logging(section: &mut Section<'_>) -> Read<Logging> {
    let filter = section.needed("filter", |text, _| {
        tracing_subscriber::EnvFilter::try_new(text)
            .map(|_| text.to_owned())
            .map_err(|_| format!("\"{text}\" is not a filter such as \"info\" or \"warn,vestibule=debug\""))
    });
    let format = section.choice("format");
    Ok(Logging { filter: filter?, format: format? })
}

/// Any text that can stand in a header, a page or a log line without breaking it.
pub(super) fn text(text: &str, _: &Origin) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("has a control character (a line break, a tab); remove it".into());
    }
    if text.trim() != text {
        return Err("begins or ends with a blank; remove it".into());
    }
    Ok(text.to_owned())
}

fn socket_address(text: &str, _: &Origin) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("\"{text}\" is not an address; write IP:port, such as 127.0.0.1:8080 or [::1]:8080")
    })
}

fn node_name(text: &str, _: &Origin) -> Result<String, String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ['.', '-', '_'].contains(&letter);
    if text.len() <= 63 && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err("may have letters, digits, '.', '-' and '_', at most 63".into())
}
