//! A set of public keys (RFC 7517), as issuers publish them.

use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::Value;

use crate::outbound::lenient;

/// More keys than this are not kept.
const MOST_KEYS: usize = 64;

/// Public keys that may sign.
#[derive(Default)]
pub struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// What it is for, where the set says so.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// Takes the keys that may sign; what else is in the set does not matter. Secrets that two sides share are none of them. Nothing
    /// where this is no set of keys.
    #[must_use]
    pub fn read(set: &Value) -> Option<Self> {
        let keys = set.get("keys").and_then(Value::as_array)?;
        Some(Self(keys.iter().filter_map(Key::read).take(MOST_KEYS).collect()))
    }

    /// The one key that a token's header names; without a name, the only one that fits.
    #[must_use]
    pub fn key(&self, header: &Header) -> Option<&DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| key.fits(header));
        let first = fitting.next()?;
        (header.kid.is_some() || fitting.next().is_none()).then_some(&first.key)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Key {
    fn read(told: &Value) -> Option<Self> {
        let text = |name| lenient::text(told, name);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let named = match text("alg") {
            Some(name) => Some(name.parse::<Algorithm>().ok()?),
            None => None,
        };
        let (by_kind, key) = match text("kty")? {
            "RSA" => (None, DecodingKey::from_rsa_components(text("n")?, text("e")?)),
            "EC" => {
                let algorithm = match text("crv")? {
                    "P-256" => Algorithm::ES256,
                    "P-384" => Algorithm::ES384,
                    _ => return None,
                };
                (Some(algorithm), DecodingKey::from_ec_components(text("x")?, text("y")?))
            }
            "OKP" if text("crv") == Some("Ed25519") => {
                (Some(Algorithm::EdDSA), DecodingKey::from_ed_components(text("x")?))
            }
            _ => return None,
        };
        let key = key.ok()?;
        // A set that names an algorithm which the key cannot have says nothing that can be relied on.
        let able = |algorithm: Algorithm| key.family().algorithms().contains(&algorithm);
        let agree = named.is_none_or(|named| able(named) && by_kind.is_none_or(|kind| kind == named));
        agree.then(|| Self { id: text("kid").map(str::to_owned), algorithm: named.or(by_kind), key })
    }

    fn fits(&self, header: &Header) -> bool {
        self.key.family().algorithms().contains(&header.alg)
            && self.algorithm.is_none_or(|algorithm| algorithm == header.alg)
            && (header.kid.is_none() || self.id == header.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn header(algorithm: Algorithm, kid: Option<&str>) -> Header {
        Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) }
    }

    #[test]
    fn only_keys_that_may_sign_are_taken_and_each_for_what_it_can() {
        let (n, e) = ("AQAB", "AQAB");
        let set = json!({"keys": [
            {"kty": "RSA", "kid": "plain", "n": n, "e": e},
            {"kty": "RSA", "kid": "signs", "n": n, "e": e, "use": "sig", "alg": "RS256"},
            {"kty": "RSA", "kid": "encrypts", "n": n, "e": e, "use": "enc"},
            {"kty": "RSA", "kid": "wraps", "n": n, "e": e, "alg": "RSA-OAEP"},
            {"kty": "RSA", "kid": "shared", "n": n, "e": e, "alg": "HS256"},
            {"kty": "EC", "kid": "curve", "crv": "P-256", "x": n, "y": e},
            {"kty": "EC", "kid": "other curve", "crv": "P-256", "x": n, "y": e, "alg": "ES384"},
            {"kty": "EC", "kid": "odd curve", "crv": "secp256k1", "x": n, "y": e},
            {"kty": "OKP", "kid": "edwards", "crv": "Ed25519", "x": n},
            {"kty": "oct", "kid": "secret", "k": n},
            {"kty": "RSA", "kid": "broken", "n": "***", "e": e},
            {"kty": "RSA", "n": n, "e": e, "alg": "PS256"},
            "nonsense",
        ]});
        let keys = KeySet::read(&set).unwrap();
        let ids: Vec<_> = keys.0.iter().map(|key| key.id.as_deref()).collect();
        assert_eq!(ids, [Some("plain"), Some("signs"), Some("curve"), Some("edwards"), None]);
        for (algorithm, kid, there) in [
            (Algorithm::RS256, Some("plain"), true),
            (Algorithm::RS512, Some("plain"), true),
            (Algorithm::RS512, Some("signs"), false),
            (Algorithm::ES256, Some("plain"), false),
            (Algorithm::HS256, Some("plain"), false),
            (Algorithm::ES256, Some("curve"), true),
            (Algorithm::ES384, Some("curve"), false),
            (Algorithm::EdDSA, Some("edwards"), true),
            (Algorithm::RS256, Some("unknown"), false),
            (Algorithm::RS256, None, false),
            (Algorithm::ES256, None, true),
        ] {
            assert_eq!(keys.key(&header(algorithm, kid)).is_some(), there, "{algorithm:?} {kid:?}");
        }
        assert!(KeySet::read(&json!({"keys": 5})).is_none() && KeySet::read(&json!([])).is_none());
    }
}
