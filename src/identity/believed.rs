//! When a token of an issuer is believed.

use serde_json::Value;
use vestibule_actors::port::clock::SharedClock;

use super::fetch::Keys;
use super::{ALGORITHMS, Trouble};
use crate::jwt;

/// Whose token it has to be.
pub(super) struct Expected<'a> {
    pub keys: &'a Keys,
    pub keys_url: &'a str,
    pub issuer: &'a str,
    pub audience: &'a str,
}

/// The claims of a token that this issuer signed, for this audience, and that is good now.
///
/// # Errors
/// [`Trouble::NotBelieved`] with the reason; others where the issuer's keys are not to be had.
pub(super) async fn believed(
    clock: &SharedClock,
    token: &str,
    expected: &Expected<'_>,
) -> Result<Value, Trouble> {
    let header = jwt::header(token, &ALGORITHMS)
        .ok_or(Trouble::NotBelieved("it is not signed in a way that is taken here"))?;
    let keys = expected.keys.with(clock, expected.keys_url, &header).await?;
    let key =
        keys.key(&header).ok_or(Trouble::NotBelieved("it names a key that its issuer does not have"))?;
    let claims =
        jwt::signed_claims(token, key, header.alg).ok_or(Trouble::NotBelieved("the signature is wrong"))?;
    if claims.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
        return Err(Trouble::NotBelieved("somebody else issued it"));
    }
    if !jwt::is_for(&claims, expected.audience) {
        return Err(Trouble::NotBelieved("it is for somebody else"));
    }
    if !jwt::is_current(&claims, clock.now()) {
        return Err(Trouble::NotBelieved("it has run out, or is not valid yet"));
    }
    Ok(claims)
}
