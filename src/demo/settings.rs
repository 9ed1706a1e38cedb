//! The demo's settings: what the fakes expect, under whatever the environment says.

use std::net::SocketAddr;

use sha2::{Digest, Sha256};
use toml::{Table, Value};
use vestibule_actors::port::clock::Randomness;

use super::DemoArguments;
use super::folder::Folder;
use crate::service::Failure;
use crate::settings::{Settings, Sources, process_environment};
use crate::simulator::SimulatorConfig;
use crate::system::SystemRandomness;

/// What a demo keeps is worth nothing, so that any Redis will do.
const ANY_REDIS: &str = "[store]\ndurability = \"everysec\"\naccept_unsafe = true";
/// How the organization of [`text`] is set up where an administrator connects its Zoom account.
const BY_CONSENT: &str = "[organization.lakeside.zoom]\nauthorization = \"oauth\"";

/// The settings of a demo.
pub(super) fn of_demo(
    arguments: &DemoArguments,
    listen: SocketAddr,
    public_url: &str,
    folder: &Folder,
    fakes: &str,
) -> Result<Settings, Failure> {
    let here = std::env::current_dir()
        .map_err(|e| Failure::Unavailable(format!("the working directory cannot be found: {e}")))?;
    let store = arguments
        .store
        .clone()
        .unwrap_or_else(|| format!("embedded:{}", folder.path().join("store").display()));
    let text = text(listen, &store, fakes, &folder.key().display().to_string());
    let sealing =
        format!("[store]\nseal_visits = true\nsealing_keys = [\"{}\"]", sealing_key(&folder.read_key()?));
    let mut sources = Sources::new(here)
        .text("the demo's sealing key", &sealing)
        .text("the demo's settings", &text)
        .text("the demo's address", &format!("[server]\npublic_url = \"{public_url}\""));
    if store.starts_with("redis") {
        sources = sources.text("the demo's store", ANY_REDIS);
    }
    if arguments.zoom_consent {
        sources = sources.text("the demo's way to connect Zoom", BY_CONSENT);
    }
    let sources = sources.environment(process_environment());
    Ok(Settings::load(sources)?)
}

/// A second node of the same demo has the same one.
fn sealing_key(private_key: &str) -> String {
    hex::encode(Sha256::digest(format!("the demo's sealing key\n{private_key}").as_bytes()))
}

/// A seed that differs from start to start: a store that outlives the fakes must not see their ids again.
pub(super) fn seed() -> u64 {
    SystemRandomness.draw()
}

/// Settings as TOML for a service on `listen` that works with the fakes at `fakes`. `store` is as in `store.url`, `key` the path of a private
/// key for Epic.
#[must_use]
pub fn text(listen: SocketAddr, store: &str, fakes: &str, key: &str) -> String {
    let demo = SimulatorConfig::demo(listen, "");
    let table = |entries: Vec<(&str, Value)>| -> Value {
        Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Table>())
    };
    let text = |text: &str| Value::String(text.to_owned());
    let list = |entries: &[&str]| Value::Array(entries.iter().map(|entry| text(entry)).collect());
    let epic = table(vec![
        ("fhir_base_url", text(&format!("{fakes}/epic/api/FHIR/R4"))),
        ("telehealth_base_url", text(&format!("{fakes}/epic"))),
        ("client_id", text(&demo.epic_client_id)),
        ("private_key_files", list(&[key])),
        ("sample_launch_url", text(fakes)),
    ]);
    let zoom = table(vec![
        ("api_base_url", text(&format!("{fakes}/zoom/v2"))),
        ("oauth_base_url", text(&format!("{fakes}/zoom"))),
        ("account_id", text(&demo.zoom_account_id)),
        ("client_id", text(&demo.zoom_client_id)),
        ("client_secret", text(&demo.zoom_client_secret)),
        ("webhook_secret_tokens", list(&[&demo.zoom_webhook_secret])),
        ("provider_email_domain", text(&demo.mail_domain)),
    ]);
    let sms = table(vec![
        ("url", text(&format!("{fakes}/sms/messages"))),
        ("body", text(r#"{"to": "{phone}", "text": "{text}"}"#)),
        ("headers", table(vec![("authorization", text(&format!("Bearer {}", demo.sms_key)))])),
        ("country_prefix", text("+1")),
    ]);
    let organization = table(vec![
        ("name", text("Lakeside Health")),
        ("help_phone", text("555-0100")),
        // Whoever tries the demo may open each visit of its day at once.
        ("early_join_minutes", Value::Integer(1_440)),
        ("late_join_minutes", Value::Integer(1_440)),
        ("guest_birth_date", table(vec![("check", Value::Boolean(true))])),
        ("sms", sms),
        (
            "device_test_url",
            text(&format!("{fakes}/demo/device-test?return_url={{return_url}}&language={{language}}")),
        ),
        ("device_test_help_url", text(&format!("{fakes}/"))),
        ("epic", epic),
        ("zoom", zoom),
    ]);
    let whole = table(vec![
        (
            "server",
            table(vec![
                ("listen", text(&listen.to_string())),
                ("public_url", text(&format!("http://{listen}"))),
            ]),
        ),
        // Nobody asks a demo whether it is ready.
        ("node", table(vec![("drain_settle", text("0s"))])),
        ("store", table(vec![("url", text(store))])),
        ("access", table(vec![("mode", text("loopback"))])),
        ("logging", table(vec![("format", text("text")), ("filter", text("warn"))])),
        ("organization", table(vec![(demo.organization.as_str(), organization)])),
    ]);
    // A table by itself is written as a document; a value would be written inline.
    whole.as_table().map(ToString::to_string).unwrap_or_default()
}
