//! The settings of encrypted launches, which do not go through Epic's authorization server: the key that Epic and we share, and for how
//! long a link is good.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

use super::reader::{Choice, Read, Section};
use super::secret::{MASK, Secret};
use super::service::{DAY, MINUTE, seconds};

const AES_256_KEY_BYTES: usize = 32;

/// How an organization's encrypted launches are read.
#[derive(Debug, Clone)]
pub struct EncryptedLaunch {
    pub key: LaunchKey,
    pub iv: LaunchIv,
    /// How long a link is good after the time that stands in it, where it does not say so itself.
    pub validity: Duration,
    /// Whether a link in which no time stands is taken.
    pub without_time: bool,
    /// Where Epic writes its appointment times.
    pub time_zone: TimeZone,
}

/// A key, as its cipher needs it.
#[derive(Clone)]
pub enum LaunchKey {
    /// A text from which the key is derived.
    Aes128(Secret),
    /// The key itself.
    Aes256([u8; AES_256_KEY_BYTES]),
}

/// What the first block is mixed with. Epic's documents say only that none is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaunchIv {
    Zero,
    /// The first sixteen bytes are no text but this.
    FirstBlock,
}

#[derive(Debug, Clone, Copy)]
enum LaunchCipher {
    Aes128,
    Aes256,
}

impl Choice for LaunchCipher {
    const ALL: &'static [(&'static str, Self)] = &[("aes-128", Self::Aes128), ("aes-256", Self::Aes256)];
}

impl Choice for LaunchIv {
    const ALL: &'static [(&'static str, Self)] = &[("zero", Self::Zero), ("first-block", Self::FirstBlock)];
}

impl LaunchKey {
    /// Only for comparing what an administrator wrote: it takes as long as the keys are alike.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Aes128(one), Self::Aes128(other)) => one.expose() == other.expose(),
            (Self::Aes256(one), Self::Aes256(other)) => one == other,
            _ => false,
        }
    }
}

impl fmt::Debug for LaunchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Nothing where there is no key. Whoever read the zone tells of it where it is none.
pub(super) fn read_encrypted_launch(
    section: &mut Section<'_>,
    zone: Option<&TimeZone>,
) -> Read<Option<EncryptedLaunch>> {
    let secret = section.optional_secret("launch_key");
    let cipher = section.optional_choice("launch_cipher");
    let iv = section.choice("launch_iv");
    let validity = section.duration("launch_validity", seconds(MINUTE)..=seconds(30 * DAY));
    let without_time = section.boolean("launch_without_time");
    let Some(secret) = secret? else { return Ok(None) };
    let key = read_key(section, secret, cipher?)?;
    Ok(Some(EncryptedLaunch {
        key,
        iv: iv?,
        validity: validity?,
        without_time: without_time?,
        time_zone: zone.cloned().unwrap_or(TimeZone::UTC),
    }))
}

fn read_key(section: &mut Section<'_>, secret: Secret, cipher: Option<LaunchCipher>) -> Read<LaunchKey> {
    match cipher {
        None => Err(section.problem(
            "launch_key",
            "needs launch_cipher beside it: \"aes-128\" or \"aes-256\", as the FDI record has it",
        )),
        Some(LaunchCipher::Aes128) => Ok(LaunchKey::Aes128(secret)),
        Some(LaunchCipher::Aes256) => {
            let bytes = STANDARD.decode(secret.expose().trim()).ok();
            let key = bytes.and_then(|bytes| <[u8; AES_256_KEY_BYTES]>::try_from(bytes).ok());
            key.map(LaunchKey::Aes256).ok_or_else(|| {
                section.problem(
                    "launch_key",
                    "must be 32 bytes in base64, because launch_cipher is \"aes-256\"; make one with: openssl rand -base64 32",
                )
            })
        }
    }
}
