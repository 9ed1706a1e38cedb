//! Tokens that others sign: their public keys, the signature, and the claims that are the same for every issuer.
//!
//! Claims are checked here and not by the library, which would read the wall clock.

mod claims;
mod keys;

pub use claims::{is_current, is_for, seconds};
pub use keys::KeySet;

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde_json::Value;

/// A real one has about 1 kB.
pub const LONGEST_TOKEN: usize = 16 * 1024;

/// The header of a token that could be a good one: signed by one of these algorithms, and asking for nothing that nobody here understands.
#[must_use]
pub fn header(token: &str, algorithms: &[Algorithm]) -> Option<Header> {
    let header = Some(token).filter(|token| token.len() <= LONGEST_TOKEN);
    let header = header.and_then(|token| jsonwebtoken::decode_header(token).ok())?;
    (algorithms.contains(&header.alg) && header.crit.is_none()).then_some(header)
}

/// The claims of a token, where this key signed it by this algorithm. Nothing else of them has been checked.
#[must_use]
pub fn signed_claims(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<Value> {
    let mut signature_only = Validation::new(algorithm);
    signature_only.validate_exp = false;
    signature_only.validate_nbf = false;
    signature_only.validate_aud = false;
    signature_only.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, key, &signature_only).ok().map(|decoded| decoded.claims)
}
