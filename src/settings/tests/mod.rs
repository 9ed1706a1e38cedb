//! What holds for the settings as a whole. Each test reads real files from a folder of its own.

mod access;
mod grants;
mod layers;
mod reference;
mod refusals;
mod sms;

use std::path::Path;
use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Settings, SettingsError, Sources};

pub(super) const ORGANIZATION: &str = r#"
[organization.lakeside.epic]
fhir_base_url = "https://epic.example.org/api/FHIR/R4"
telehealth_base_url = "https://epic.example.org"
client_id = "client-at-epic"
private_key_files = ["key.pem"]

[organization.lakeside.zoom]
account_id = "account-at-zoom"
client_id = "client-at-zoom"
client_secret = "zoom-secret-value"
webhook_secret_tokens = ["webhook-secret-value"]
"#;

/// A folder with a private key in `key.pem`.
pub(super) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), private_key()).unwrap();
    folder
}

pub(super) fn private_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        pem("PRIVATE KEY", der.as_ref())
    })
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// Settings of the texts, in order, and of the variables.
pub(super) fn load(
    folder: &Path,
    texts: &[&str],
    variables: &[(&str, &str)],
) -> Result<Settings, SettingsError> {
    let sources = Sources::new(folder);
    let sources = texts.iter().fold(sources, |sources, text| sources.text("a test", text));
    Settings::load(sources.environment(variables.iter().copied()))
}

/// The problems of one organization with `text` laid over it, as lines.
pub(super) fn problems_with(text: &str) -> Vec<String> {
    let folder = folder();
    match load(folder.path(), &[ORGANIZATION, text], &[]) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}
