//! The form in which a token is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::settings::Secret;

/// A secret that is written into the store. This is the only place where one takes the form that stands there, which is its plain text:
/// whoever reads the store reads it.
#[derive(Clone, Debug)]
pub struct AtRest(Secret);

impl AtRest {
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Tells whether it is the same secret, and nothing else about it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose().as_bytes())))
    }
}

/// The hash of a secret that nobody can guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Serialize for AtRest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for AtRest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_and_shows_itself_nowhere_else() {
        let kept = AtRest::new(Secret::new("refresh-token"));
        let written = serde_json::to_string(&kept).unwrap();
        let read: AtRest = serde_json::from_str(&written).unwrap();
        assert_eq!(read.secret().expose(), "refresh-token");
        assert_eq!(read.fingerprint(), kept.fingerprint());
        assert_ne!(AtRest::new(Secret::new("another")).fingerprint(), kept.fingerprint());
        let shown = format!("{kept:?} {:?}", kept.fingerprint());
        assert!(!shown.contains("refresh-token"), "{shown}");
    }
}
