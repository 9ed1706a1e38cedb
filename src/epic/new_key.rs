//! Makes private keys for assertions.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::settings::Secret;

/// Characters in a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// How long an RSA key is made. Shorter ones are refused by Epic, longer ones only cost time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBits {
    Bits2048,
    Bits3072,
    Bits4096,
}

/// A private key in PEM (PKCS#8); `None` where the system has no randomness to give.
#[must_use]
pub fn fresh_private_key(bits: KeyBits) -> Option<Secret> {
    let pair = KeyPair::generate(bits.size()).ok()?;
    let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<String> =
        text.as_bytes().chunks(PEM_LINE).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    Some(Secret::new(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )))
}

impl KeyBits {
    const ALL: [Self; 3] = [Self::Bits2048, Self::Bits3072, Self::Bits4096];

    fn size(self) -> KeySize {
        match self {
            Self::Bits2048 => KeySize::Rsa2048,
            Self::Bits3072 => KeySize::Rsa3072,
            Self::Bits4096 => KeySize::Rsa4096,
        }
    }
}

impl fmt::Display for KeyBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.size().len() * 8)
    }
}

impl FromStr for KeyBits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|bits| bits.to_string() == text);
        found.ok_or("must be 2048, 3072 or 4096")
    }
}
