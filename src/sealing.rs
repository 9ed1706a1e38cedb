//! What of secrets stands in the store stands there sealed: encrypted and bound to its place under a key that is not in the store, so that a
//! stolen store alone gives none of them.
//!
//! The newest key of the settings seals, all of them open: a key is rotated by putting the next one before it, and taken away once what it
//! sealed was sealed anew. Without a key what the service makes by itself stands there as it is, as it did before there were keys.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::settings::Secret;

/// Begins whatever is sealed; nothing that was written without a key begins so. Then the key's id, a colon, and nonce with ciphertext in base64.
const MARK: &str = "sealed-1:";
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 6;
const NONCE_BYTES: usize = 12;

/// Seals and opens. Copies share the keys.
#[derive(Clone, Default)]
pub struct Sealer(Arc<Vec<Key>>);

struct Key {
    /// Tells which key sealed something, and nothing of the key.
    id: [u8; ID_BYTES],
    cipher: RandomizedNonceKey,
}

/// Something that cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotOpen {
    /// The key that sealed it is none of the settings.
    #[error("it was sealed under a key that store.sealing_keys does not have; put that key back")]
    NoSuchKey,
    /// It is not what was written there.
    #[error("it was changed since it was sealed, or belongs elsewhere")]
    Changed,
}

/// There is no key to seal under, or it could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be sealed: store.sealing_keys has no key")]
pub struct CannotSeal;

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

impl Sealer {
    /// With these keys, newest first.
    pub fn new(keys: &[Secret]) -> Self {
        // A derivation of so few bytes does not fail; a key that could not be derived opens nothing, and says so then.
        Self(Arc::new(keys.iter().filter_map(Key::derive).collect()))
    }

    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        !self.0.is_empty()
    }

    /// Seals something for its place.
    ///
    /// # Errors
    /// [`CannotSeal`]
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        let key = self.0.first().ok_or(CannotSeal)?;
        let whole = key.seal(place, secret)?;
        Ok(format!("{MARK}{}:{}", hex::encode(key.id), STANDARD.encode(whole)).into_bytes())
    }

    /// The same as bytes alone, without a mark: for whoever marks what is sealed themselves. The key's id, then nonce with ciphertext.
    ///
    /// # Errors
    /// [`CannotSeal`]
    pub fn seal_raw(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        let key = self.0.first().ok_or(CannotSeal)?;
        let mut whole = key.id.to_vec();
        whole.append(&mut key.seal(place, secret)?);
        Ok(whole)
    }

    /// The same, or as it is where there is no key.
    ///
    /// # Errors
    /// [`CannotSeal`] where there is one and it cannot be used.
    pub fn seal_where_possible(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        if self.has_key() { self.seal(place, secret) } else { Ok(secret.to_vec()) }
    }

    /// What was sealed for this place, or what was written before there was a key.
    ///
    /// # Errors
    /// [`CannotOpen`]
    pub fn open(&self, place: &str, kept: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let Some(sealed) = kept.strip_prefix(MARK.as_bytes()) else { return Ok(kept.to_vec()) };
        let text = std::str::from_utf8(sealed).map_err(|_| CannotOpen::Changed)?;
        let (id, text) = text.split_once(':').ok_or(CannotOpen::Changed)?;
        let key = self.0.iter().find(|key| hex::encode(key.id) == id).ok_or(CannotOpen::NoSuchKey)?;
        key.open(place, STANDARD.decode(text).map_err(|_| CannotOpen::Changed)?)
    }

    /// What [`Sealer::seal_raw`] sealed for this place.
    ///
    /// # Errors
    /// [`CannotOpen`]
    pub fn open_raw(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (id, whole) = sealed.split_at_checked(ID_BYTES).ok_or(CannotOpen::Changed)?;
        let key = self.0.iter().find(|key| key.id.as_slice() == id).ok_or(CannotOpen::NoSuchKey)?;
        key.open(place, whole.to_vec())
    }

    /// Whether it is sealed under the newest key, or there is none.
    pub fn is_newest(&self, kept: &[u8]) -> bool {
        let Some(newest) = self.0.first() else { return true };
        kept.starts_with(format!("{MARK}{}:", hex::encode(newest.id)).as_bytes())
    }

    /// The same of what [`Sealer::seal_raw`] sealed.
    pub fn is_newest_raw(&self, sealed: &[u8]) -> bool {
        self.0.first().is_some_and(|newest| sealed.starts_with(&newest.id))
    }

    /// Whether one of the keys sealed it.
    pub fn knows_raw(&self, sealed: &[u8]) -> bool {
        self.0.iter().any(|key| sealed.starts_with(&key.id))
    }
}

impl Key {
    fn seal(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        let mut sealed = secret.to_vec();
        let nonce = self.cipher.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed);
        let mut whole = nonce.map_err(|_| CannotSeal)?.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(whole)
    }

    fn open(&self, place: &str, mut whole: Vec<u8>) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, sealed) = whole.split_at_mut_checked(NONCE_BYTES).ok_or(CannotOpen::Changed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen::Changed)?;
        let opened = self.cipher.open_in_place(nonce, Aad::from(place.as_bytes()), sealed);
        opened.map(|opened| opened.to_vec()).map_err(|_| CannotOpen::Changed)
    }

    fn derive(secret: &Secret) -> Option<Self> {
        let from = Salt::new(HKDF_SHA256, b"vestibule sealing").extract(secret.expose().as_bytes());
        let derive = |info: &[u8], bytes: &mut [u8]| {
            from.expand(&[info], Bytes(bytes.len())).and_then(|derived| derived.fill(bytes)).ok()
        };
        let (mut id, mut key) = ([0; ID_BYTES], [0; KEY_BYTES]);
        derive(b"id", &mut id)?;
        derive(b"aes-256-gcm", &mut key)?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &key).ok()?;
        Some(Self { id, cipher })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| hex::encode(key.id))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: &str) -> Secret {
        Secret::new(letter.repeat(40))
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let sealer = Sealer::new(&[key("a")]);
        let sealed = sealer.seal("lakeside/zoom.client_secret", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(
            sealed,
            sealer.seal("lakeside/zoom.client_secret", b"hunter2").unwrap(),
            "each has its nonce"
        );
        assert_eq!(sealer.open("lakeside/zoom.client_secret", &sealed).unwrap(), b"hunter2");
        assert_eq!(sealer.open("hillside/zoom.client_secret", &sealed), Err(CannotOpen::Changed));
        for at in [MARK.len() + 3, sealed.len() - 4] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("lakeside/zoom.client_secret", &changed).is_err(), "{at}");
        }
        let half = &sealed[..MARK.len() + 15];
        assert_eq!(sealer.open("lakeside/zoom.client_secret", half), Err(CannotOpen::Changed));
    }

    #[test]
    fn a_key_is_rotated_by_putting_the_next_before_it() {
        let (old, both, new) =
            (Sealer::new(&[key("a")]), Sealer::new(&[key("b"), key("a")]), Sealer::new(&[key("b")]));
        let sealed = old.seal("place", b"secret").unwrap();
        assert!(old.is_newest(&sealed) && !both.is_newest(&sealed));
        let again = both.seal("place", &both.open("place", &sealed).unwrap()).unwrap();
        assert!(both.is_newest(&again));
        assert_eq!(new.open("place", &again).unwrap(), b"secret");
        assert_eq!(new.open("place", &sealed), Err(CannotOpen::NoSuchKey));
    }

    #[test]
    fn what_was_written_before_there_was_a_key_can_be_read_and_is_to_be_sealed() {
        let (none, some) = (Sealer::default(), Sealer::new(&[key("a")]));
        let kept = none.seal_where_possible("place", b"secret").unwrap();
        assert_eq!(kept, b"secret");
        assert_eq!(none.seal("place", b"secret"), Err(CannotSeal));
        assert_eq!(some.open("place", &kept).unwrap(), b"secret");
        assert!(none.is_newest(&kept) && !some.is_newest(&kept));
        assert_eq!(none.open("place", &some.seal("place", b"x").unwrap()), Err(CannotOpen::NoSuchKey));
        assert!(!format!("{some:?}").contains("aaaa"));
    }
}
