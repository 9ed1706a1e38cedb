//! RSA private keys for assertions, checked when the settings are read, so that a wrong file stops the start and not
//! the first status call.

use std::path::{Path, PathBuf};

use aws_lc_rs::rsa::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule_domain::time::Moment;

use super::secret::Secret;
use super::sources::read_value_file;

const NOT_PEM: &str = "is not PEM (-----BEGIN PRIVATE KEY-----)";

/// A private key that was read and parsed.
#[derive(Debug, Clone)]
pub struct PrivateKey {
    /// Where it was read from; `None` where the settings hold the key itself.
    pub path: Option<PathBuf>,
    /// PEM.
    pub pem: Secret,
    /// When the file was last written, which stands for when the key was made; `None` without a file, or where the system does not say.
    pub written_at: Option<Moment>,
}

impl PrivateKey {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// In plain words, what is wrong with it; never any part of the key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = read_value_file(path)?;
        check(&text).map_err(|reason| format!("{} {reason}", path.display()))?;
        Ok(Self { path: Some(path.to_owned()), pem: Secret::new(text), written_at: written_at(path) })
    }

    /// The keys of a text, one PEM block after the other.
    ///
    /// # Errors
    /// In plain words, what is wrong with one; never any part of it.
    pub(super) fn all_of(text: &str) -> Result<Vec<Self>, String> {
        const BEGIN: &str = "-----BEGIN ";
        let blocks: Vec<String> =
            text.split(BEGIN).skip(1).map(|rest| format!("{BEGIN}{}\n", rest.trim_end())).collect();
        if blocks.is_empty() {
            return Err(NOT_PEM.to_owned());
        }
        let key = |pem: String| {
            check(&pem)?;
            Ok(Self { path: None, pem: Secret::new(pem), written_at: None })
        };
        blocks.into_iter().map(key).collect()
    }
}

fn written_at(path: &Path) -> Option<Moment> {
    let modified = std::fs::metadata(path).and_then(|file| file.modified()).ok()?;
    jiff::Timestamp::try_from(modified).ok().map(|at| Moment(at.as_millisecond()))
}

/// aws-lc takes RSA keys of 2048 bits and more, as Epic does.
fn check(pem: &str) -> Result<(), String> {
    let (label, der) = decode_pem(pem)?;
    let pair = match label {
        "PRIVATE KEY" => KeyPair::from_pkcs8(&der),
        "RSA PRIVATE KEY" => KeyPair::from_der(&der),
        "ENCRYPTED PRIVATE KEY" => return Err("is encrypted; give the key without a passphrase".into()),
        other => return Err(format!("holds a \"{other}\"; an RSA \"PRIVATE KEY\" is needed")),
    };
    pair.map(|_| ()).map_err(|_| {
        "does not hold a valid RSA private key of at least 2048 bits; make one with: vestibule keys generate --out FILE".into()
    })
}

/// The label and content of the first PEM block.
fn decode_pem(text: &str) -> Result<(&str, Vec<u8>), String> {
    let not_pem = || NOT_PEM.to_owned();
    let (_, rest) = text.split_once("-----BEGIN ").ok_or_else(not_pem)?;
    let (label, rest) = rest.split_once("-----").ok_or_else(not_pem)?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or_else(not_pem)?;
    if body.contains("ENCRYPTED") {
        return Err("is encrypted; give the key without a passphrase".into());
    }
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| not_pem())?;
    Ok((label, der))
}
