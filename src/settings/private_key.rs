//! RSA private keys for assertions, checked when the settings are read, so that a wrong file stops the start and not
//! the first status call.

use std::path::{Path, PathBuf};

use aws_lc_rs::rsa::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::secret::Secret;
use super::sources::read_value_file;

/// Epic takes no shorter RSA keys.
const MODULUS_BYTES_MIN: usize = 2048 / 8;

/// A private key that was read and parsed.
#[derive(Debug, Clone)]
pub struct PrivateKeyFile {
    pub path: PathBuf,
    /// The file's text, PEM.
    pub pem: Secret,
}

impl PrivateKeyFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// In plain words, what is wrong with it; never any part of the key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = read_value_file(path)?;
        let bytes = modulus_bytes(&text).map_err(|reason| format!("{} {reason}", path.display()))?;
        if bytes < MODULUS_BYTES_MIN {
            return Err(format!(
                "{} holds a key of {} bits; make one of at least 2048",
                path.display(),
                bytes * 8
            ));
        }
        Ok(Self { path: path.to_owned(), pem: Secret::new(text) })
    }
}

fn modulus_bytes(pem: &str) -> Result<usize, String> {
    let (label, der) = decode_pem(pem)?;
    let pair = match label {
        "PRIVATE KEY" => KeyPair::from_pkcs8(&der),
        "RSA PRIVATE KEY" => KeyPair::from_der(&der),
        "ENCRYPTED PRIVATE KEY" => return Err("is encrypted; give the key without a passphrase".into()),
        other => return Err(format!("holds a \"{other}\"; an RSA \"PRIVATE KEY\" is needed")),
    };
    pair.map(|pair| pair.public_modulus_len()).map_err(|_| "does not hold a valid RSA private key".into())
}

/// The label and content of the first PEM block.
fn decode_pem(text: &str) -> Result<(&str, Vec<u8>), String> {
    let not_pem = || "is not a PEM file (-----BEGIN PRIVATE KEY-----)".to_owned();
    let (_, rest) = text.split_once("-----BEGIN ").ok_or_else(not_pem)?;
    let (label, rest) = rest.split_once("-----").ok_or_else(not_pem)?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or_else(not_pem)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| not_pem())?;
    Ok((label, der))
}
