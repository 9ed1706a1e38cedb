//! The fake Epic's signing keys (RS256), rotatable, and JWS by hand: writing it here keeps the fakes from sharing the library
//! that the service verifies with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Old keys stay published, so that tokens signed just before a rotation still verify.
const MAX_PUBLISHED: usize = 3;

pub(crate) struct SigningKey {
    pub kid: String,
    pair: RsaKeyPair,
}

impl SigningKey {
    pub fn new(kid: &str) -> Option<Self> {
        Some(Self { kid: kid.to_owned(), pair: RsaKeyPair::generate(KeySize::Rsa2048).ok()? })
    }

    pub fn public(&self) -> Value {
        let key = self.pair.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": encode(key.modulus().big_endian_without_leading_zero()),
            "e": encode(key.exponent().big_endian_without_leading_zero()),
        })
    }

    /// A compact JWS under this key's own id.
    pub fn sign(&self, claims: &Value) -> Option<String> {
        self.sign_as(&self.kid, claims)
    }

    /// A compact JWS that names another key than the one that signs.
    pub fn sign_as(&self, kid: &str, claims: &Value) -> Option<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT", "kid": kid})), part(claims));
        let mut tag = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut tag).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }
}

/// The newest key signs; the others are published until they fall out.
pub(crate) struct KeyRing {
    keys: Vec<SigningKey>,
    /// A key that nobody knows, for forged tokens; made when first asked for.
    stranger: Option<SigningKey>,
    made: u32,
}

impl KeyRing {
    pub fn new() -> Option<Self> {
        Some(Self { keys: vec![SigningKey::new("epic-1")?], stranger: None, made: 1 })
    }

    pub fn stranger(&mut self) -> Option<&SigningKey> {
        if self.stranger.is_none() {
            self.stranger = SigningKey::new("epic-stranger");
        }
        self.stranger.as_ref()
    }

    pub fn newest(&self) -> Option<&SigningKey> {
        self.keys.last()
    }

    /// Signs with a fresh key from now on.
    pub fn rotate(&mut self) -> bool {
        self.made += 1;
        let Some(key) = SigningKey::new(&format!("epic-{}", self.made)) else { return false };
        self.keys.push(key);
        if self.keys.len() > MAX_PUBLISHED {
            self.keys.remove(0);
        }
        true
    }

    pub fn published(&self) -> Value {
        json!({"keys": self.keys.iter().map(SigningKey::public).collect::<Vec<_>>()})
    }
}

/// The three parts of a compact JWS, not verified.
pub(crate) struct Unverified<'a> {
    pub header: Value,
    pub claims: Value,
    text: &'a str,
    tag: Vec<u8>,
}

impl<'a> Unverified<'a> {
    pub fn parse(token: &'a str) -> Option<Self> {
        let (text, tag) = token.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
            text,
            tag: URL_SAFE_NO_PAD.decode(tag).ok()?,
        })
    }

    /// Whether `key` (a JWK) signed this under the algorithm that the header names.
    pub fn signed_by(&self, key: &Value) -> bool {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        let (Some(n), Some(e)) = (bytes("n"), bytes("e")) else { return false };
        let scheme = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
            Some("RS384") => &signature::RSA_PKCS1_2048_8192_SHA384,
            Some("RS512") => &signature::RSA_PKCS1_2048_8192_SHA512,
            _ => return false,
        };
        RsaPublicKeyComponents { n: &n, e: &e }.verify(scheme, self.text.as_bytes(), &self.tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_verifies_under_its_own_key_only() {
        let mut ring = KeyRing::new().expect("keys");
        let token = ring.newest().expect("a key").sign(&json!({"sub": "x"})).expect("a token");
        let read = Unverified::parse(&token).expect("a token");
        assert!(read.signed_by(&ring.newest().expect("a key").public()));
        assert!(!read.signed_by(&ring.stranger().expect("a key").public()));
        assert!(ring.rotate());
        assert_eq!(ring.published()["keys"].as_array().map(Vec::len), Some(2));
    }
}
