//! Our private keys for assertions, and the key set that Epic verifies them with. The first key signs, all are published, so that
//! a new key can be known everywhere before it signs and an old one is still known while its last assertions are under way.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::settings::Secret;

/// A private key that cannot be used. Nothing of the key is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "private key number {0} is not an RSA key in PEM; make one with: vestibule keys generate --out FILE"
    )]
    NotRsa(usize),
}

/// What anybody may know of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id in the key set: the thumbprint of RFC 7638.
    pub id: String,
    /// How long it is.
    pub bits: usize,
    /// As the key set has it (RFC 7517).
    pub jwk: String,
}

/// An assertion could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no private key to sign with")]
pub struct CannotSign;

/// The keys, in the order of the settings. Cheap to clone.
#[derive(Clone, Default)]
pub struct SigningKeys(Arc<Vec<SigningKey>>);

struct SigningKey {
    private: EncodingKey,
    public: Jwk,
}

impl SigningKeys {
    /// Reads keys in PEM (PKCS#8 or PKCS#1).
    ///
    /// # Errors
    /// [`KeyError`], with the number of the key, counted from 1.
    pub fn load<'a>(pems: impl IntoIterator<Item = &'a Secret>) -> Result<Self, KeyError> {
        let numbered = pems.into_iter().zip(1..);
        let keys: Result<Vec<_>, _> =
            numbered.map(|(pem, number)| SigningKey::read(pem).ok_or(KeyError::NotRsa(number))).collect();
        keys.map(|keys| Self(Arc::new(keys)))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The public key set (RFC 7517), for `/epic/{organization}/jwks.json`.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        let set = JwkSet { keys: self.0.iter().map(|key| key.public.clone()).collect() };
        // A set of plain strings can always be written.
        serde_json::to_string(&set).unwrap_or_else(|_| r#"{"keys":[]}"#.to_owned())
    }

    /// The public halves, in the order of the settings: the first signs.
    pub fn public_keys(&self) -> impl Iterator<Item = PublicKey> {
        self.0.iter().map(|key| PublicKey {
            id: key.public.common.key_id.clone().unwrap_or_default(),
            bits: key.bits(),
            jwk: serde_json::to_string(&key.public).unwrap_or_default(),
        })
    }

    /// Signs claims with the first key, RS384.
    ///
    /// # Errors
    /// [`CannotSign`] where there is no key.
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String, CannotSign> {
        let key = self.0.first().ok_or(CannotSign)?;
        let mut header = Header::new(Algorithm::RS384);
        header.kid = key.public.common.key_id.clone();
        jsonwebtoken::encode(&header, claims, &key.private).map_err(|_| CannotSign)
    }
}

impl SigningKey {
    fn read(pem: &Secret) -> Option<Self> {
        let private = EncodingKey::from_rsa_pem(pem.expose().as_bytes()).ok()?;
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS384).ok()?;
        // RFC 7638: the same key has the same id on every node, and a new key never an old one's.
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).ok()?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(Self { private, public })
    }

    fn bits(&self) -> usize {
        let AlgorithmParameters::RSA(key) = &self.public.algorithm else { return 0 };
        // The modulus is written without leading zeros, and its first bit is always set.
        URL_SAFE_NO_PAD.decode(&key.n).map_or(0, |modulus| modulus.len() * 8)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.0.iter().map(|key| key.public.common.key_id.as_deref().unwrap_or_default());
        f.debug_list().entries(ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{OUR_KEY, THEIR_KEY};
    use super::*;
    use serde_json::{Value, json};

    fn keys() -> SigningKeys {
        SigningKeys::load([&Secret::new(OUR_KEY.as_str()), &Secret::new(THEIR_KEY.as_str())]).unwrap()
    }

    #[test]
    fn all_keys_are_published_without_their_private_parts() {
        let text = keys().jwks_json();
        let set: Value = serde_json::from_str(&text).unwrap();
        let published = set["keys"].as_array().unwrap();
        assert_eq!(published.len(), 2);
        for key in published {
            let fields: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, ["alg", "e", "kid", "kty", "n", "use"]);
            assert_eq!((key["kty"].as_str(), key["use"].as_str()), (Some("RSA"), Some("sig")));
            assert_eq!(key["alg"], "RS384");
        }
        assert_ne!(published[0]["kid"], published[1]["kid"]);
    }

    #[test]
    fn the_id_of_a_key_is_its_thumbprint() {
        use sha2::{Digest, Sha256};
        let set: Value = serde_json::from_str(&keys().jwks_json()).unwrap();
        let key = &set["keys"][0];
        let canonical = format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, key["e"], key["n"]);
        assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)));
    }

    #[test]
    fn the_first_key_signs_what_the_published_set_verifies() {
        let token = keys().sign(&json!({"sub": "x"})).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.alg, Algorithm::RS384);
        let set: JwkSet = serde_json::from_str(&keys().jwks_json()).unwrap();
        let key = set.find(&header.kid.unwrap()).unwrap();
        let mut validation = jsonwebtoken::Validation::new(Algorithm::RS384);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let claims = jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "x");
    }

    #[test]
    fn of_every_key_its_public_half_can_be_shown() {
        let set: Value = serde_json::from_str(&keys().jwks_json()).unwrap();
        for (shown, published) in keys().public_keys().zip(set["keys"].as_array().unwrap()) {
            assert_eq!((shown.id.as_str(), shown.bits), (published["kid"].as_str().unwrap(), 2048));
            assert_eq!(&serde_json::from_str::<Value>(&shown.jwk).unwrap(), published);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_number() {
        let bad = [
            Secret::new(OUR_KEY.as_str()),
            Secret::new("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        ];
        assert_eq!(SigningKeys::load(&bad).unwrap_err(), KeyError::NotRsa(2));
        assert_eq!(SigningKeys::default().sign(&json!({})), Err(CannotSign));
        let shown = format!("{:?}", keys());
        assert!(!shown.contains("BEGIN") && shown.len() < 200, "{shown}");
    }
}
