//! AES in CBC mode with PKCS#7 padding, and how Epic makes a key of a text.

use std::fmt;

use aws_lc_rs::cipher::{AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::settings::{LaunchIv, LaunchKey, MASK};

const BLOCK: usize = 16;
/// The derivation's two blocks, as Windows' CryptDeriveKey has them.
const DERIVATION_BLOCK: usize = 64;
const AES_128_KEY: usize = 16;

/// A key and how it is used.
#[derive(Debug, Clone)]
pub(super) struct Cipher {
    key: Key,
    iv: LaunchIv,
}

#[derive(Clone, PartialEq, Eq)]
enum Key {
    Aes128([u8; AES_128_KEY]),
    Aes256([u8; 32]),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Cipher {
    pub(super) fn from_settings(key: &LaunchKey, iv: LaunchIv) -> Self {
        let key = match key {
            LaunchKey::Aes128(text) => Key::Aes128(derive(text.expose())),
            LaunchKey::Aes256(bytes) => Key::Aes256(*bytes),
        };
        Self { key, iv }
    }

    /// The text, where length, padding and encoding are right.
    pub(super) fn decrypt(&self, sealed: &[u8]) -> Option<String> {
        let (iv, sealed) = match self.iv {
            LaunchIv::Zero => (&[0; BLOCK], sealed),
            LaunchIv::FirstBlock => sealed.split_first_chunk::<BLOCK>()?,
        };
        let key = match &self.key {
            Key::Aes128(key) => UnboundCipherKey::new(&AES_128, key),
            Key::Aes256(key) => UnboundCipherKey::new(&AES_256, key),
        };
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key.ok()?).ok()?;
        let mut block_by_block = sealed.to_vec();
        let plain = key.decrypt(&mut block_by_block, DecryptionContext::Iv128(iv.into())).ok()?;
        std::str::from_utf8(plain).ok().map(str::to_owned)
    }
}

/// The first sixteen bytes of what CryptDeriveKey makes of a text's SHA-1.
fn derive(text: &str) -> [u8; AES_128_KEY] {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let mut block = [0x36_u8; DERIVATION_BLOCK];
    for (byte, of_hash) in block.iter_mut().zip(hash.as_ref()) {
        *byte ^= of_hash;
    }
    // A hash has twenty bytes, so that the second of the two blocks is never needed.
    let mut key = [0; AES_128_KEY];
    for (byte, derived) in key.iter_mut().zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, &block).as_ref()) {
        *byte = *derived;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e10_the_key_of_a_text_is_the_published_one() {
        assert_eq!(hex::encode(derive("dossier-test-key")), "cfcafa8e4f25edd1cc01a54a24543568");
    }

    #[test]
    fn a_key_is_not_shown() {
        let shown = format!("{:?}", Cipher { key: Key::Aes128([7; 16]), iv: LaunchIv::Zero });
        assert!(shown.contains(MASK) && !shown.contains('7'), "{shown}");
    }
}
