//! Who may tell us what happened in Zoom: whoever holds a secret token of the event subscription. HMAC-SHA256 over the raw bytes,
//! since a body that was parsed and written again is another text.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use vestibule_domain::time::{Moment, Span};

use crate::settings::Secret;

/// The header that holds `v0=` and the signature in hexadecimal.
pub const SIGNATURE: &str = "x-zm-signature";
/// The header that holds the time of signing, in seconds since 1970.
pub const TIMESTAMP: &str = "x-zm-request-timestamp";

/// The header by which a challenge of our own, which is no sign of Zoom's, is told from Zoom's.
pub const OURS: &str = "x-vestibule-check";

/// What the two headers said.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The value of [`SIGNATURE`].
    pub signature: Option<&'a str>,
    /// The value of [`TIMESTAMP`].
    pub timestamp: Option<&'a str>,
}

/// What the headers claim of a body, before it is read.
#[derive(Debug)]
pub struct Claim<'a> {
    signature: Vec<u8>,
    timestamp: &'a str,
}

impl<'a> Signed<'a> {
    /// What can be checked without the body, so that whoever cannot have signed it need not be listened to.
    ///
    /// # Errors
    /// [`Refused`], but never [`Refused::WrongSignature`].
    pub fn claim(&self, now: Moment, window: Span) -> Result<Claim<'a>, Refused> {
        let (Some(signature), Some(timestamp)) = (self.signature, self.timestamp) else {
            return Err(Refused::Missing);
        };
        let signature = signature.strip_prefix("v0=").ok_or(Refused::Malformed)?;
        let signature = hex::decode(signature).map_err(|_| Refused::Malformed)?;
        let digits = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds: i64 = timestamp.parse().ok().filter(|_| digits).ok_or(Refused::Malformed)?;
        let apart = now - Moment(seconds.saturating_mul(1000));
        if apart.0.saturating_abs() > window.0 {
            return Err(Refused::OutsideWindow);
        }
        Ok(Claim { signature, timestamp })
    }
}

/// Why an event is not believed. The sender is told nothing but 401; this is for the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a header of the signature is missing")]
    Missing,
    #[error("a header of the signature is malformed")]
    Malformed,
    #[error("the time of signing is too far from ours")]
    OutsideWindow,
    #[error("no secret token gives this signature")]
    WrongSignature,
}

impl Refused {
    /// A word for a metric's label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::OutsideWindow => "outside_window",
            Self::WrongSignature => "wrong_signature",
        }
    }
}

/// Checks a signature against each of the secrets, in constant time. Zoom signs every repetition anew, so the window
/// (absolute: clocks differ both ways) refuses none of them. Answers which secret it was, for the answer to a validation.
///
/// # Errors
/// [`Refused`].
pub fn verify<'s>(
    body: &[u8],
    signed: Signed<'_>,
    secrets: &'s [Secret],
    now: Moment,
    window: Span,
) -> Result<&'s Secret, Refused> {
    let Claim { signature, timestamp } = signed.claim(now, window)?;
    // All secrets are tried, so that the time does not tell which one it was.
    let mut found = None;
    for secret in secrets {
        if sign(secret, timestamp, body).is_some_and(|mac| mac.verify_slice(&signature).is_ok()) {
            found = Some(secret);
        }
    }
    found.ok_or(Refused::WrongSignature)
}

/// The answer to `endpoint.url_validation`: the token and its HMAC under the secret that the request was signed with.
#[must_use]
pub fn url_validation_answer(secret: &Secret, plain_token: &str) -> Value {
    let encrypted =
        keyed(secret).map(|mac| hex::encode(mac.chain_update(plain_token).finalize().into_bytes()));
    json!({"plainToken": plain_token, "encryptedToken": encrypted.unwrap_or_default()})
}

/// The value of [`SIGNATURE`] for a body that is sent, under this value of [`TIMESTAMP`].
#[must_use]
pub fn header_of(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let signature = sign(secret, timestamp, body).map(|mac| hex::encode(mac.finalize().into_bytes()));
    format!("v0={}", signature.unwrap_or_default())
}

fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    Some(keyed(secret)?.chain_update("v0:").chain_update(timestamp).chain_update(":").chain_update(body))
}

/// HMAC takes keys of any length, so that this is never `None`.
fn keyed(secret: &Secret) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret.expose().as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: &str = "1626230692";
    const NOW: Moment = Moment(1_626_230_692_000);
    const WINDOW: Span = Span::seconds(300);

    /// Body and signature, made apart from this code under the secret `zoom-test-secret`.
    const VECTORS: [(&str, &str); 3] = [
        (
            r#"{"event":"meeting.started","event_ts":1626230691572,"payload":{"account_id":"AAAAAABBBB","object":{"id":"1234567890","uuid":"4444AAAiAAAAAiAiAiiAii=="}}}"#,
            "v0=03a7162f57a53cbb76a52f0ba90069ba7afd12cc36a4e2bce19da7fd39de7689",
        ),
        (
            r#"{"event": "meeting.started",  "event_ts":1626230691572,"payload":{"object":{"id":1234567890}}}"#,
            "v0=d276427cf7472a7391c4d684114dbbbeeef92fed8dd12c2f0ee6509682c40da9",
        ),
        (
            r#"{"event":"meeting.started","payload":{"object":{"topic":"Visita — Peña"}}}"#,
            "v0=f1d6260fee564a98876a462a10ae20d9cfb3497c10124425c332883aca72449c",
        ),
    ];

    fn secrets() -> Vec<Secret> {
        vec![Secret::new("newer"), Secret::new("zoom-test-secret")]
    }

    fn signed<'a>(signature: &'a str, timestamp: &'a str) -> Signed<'a> {
        Signed { signature: Some(signature), timestamp: Some(timestamp) }
    }

    #[test]
    fn the_vectors_verify_under_any_of_the_secrets_over_the_raw_bytes() {
        let secrets = secrets();
        for (body, signature) in VECTORS {
            let found =
                verify(body.as_bytes(), signed(signature, AT), &secrets, NOW, WINDOW).map(Secret::expose);
            assert_eq!(found, Ok("zoom-test-secret"), "{body}");
            let only_new = [Secret::new("newer")];
            let refused = verify(body.as_bytes(), signed(signature, AT), &only_new, NOW, WINDOW).map(|_| ());
            assert_eq!(refused, Err(Refused::WrongSignature));
        }
    }

    #[test]
    fn the_window_is_open_on_both_sides_and_closed_beyond() {
        let (body, signature) = VECTORS[0];
        let check = |now: i64| {
            verify(body.as_bytes(), signed(signature, AT), &secrets(), Moment(now), WINDOW).map(|_| ())
        };
        for inside in [-300_000, 0, 300_000] {
            assert_eq!(check(NOW.0 + inside), Ok(()));
        }
        for outside in [-300_001, 300_001] {
            assert_eq!(check(NOW.0 + outside), Err(Refused::OutsideWindow));
        }
    }

    #[test]
    fn bad_headers_are_refused_each_for_its_reason() {
        let (body, good) = VECTORS[0];
        let check = |signature, timestamp| {
            verify(body.as_bytes(), Signed { signature, timestamp }, &secrets(), NOW, WINDOW).map(|_| ())
        };
        assert_eq!(check(None, Some(AT)), Err(Refused::Missing));
        assert_eq!(check(Some(good), None), Err(Refused::Missing));
        for bad in ["", "v0=", "v1=00", "00", "v0=zz", "v0=0"] {
            let got = check(Some(bad), Some(AT));
            assert!(matches!(got, Err(Refused::Malformed | Refused::WrongSignature)), "{bad}: {got:?}");
        }
        for bad in ["", "now", "1626230692.0", "+1626230692", " 1626230692", "99999999999999999999"] {
            assert_eq!(check(Some(good), Some(bad)), Err(Refused::Malformed), "{bad}");
        }
        assert_eq!(check(Some(good), Some("9223372036854775807")), Err(Refused::OutsideWindow));
        assert_eq!(
            check(Some(good), Some("1626230693")),
            Err(Refused::WrongSignature),
            "the time is signed too"
        );
        let none = verify(body.as_bytes(), signed(good, AT), &[], NOW, WINDOW).map(|_| ());
        assert_eq!(none, Err(Refused::WrongSignature));
    }

    #[test]
    fn a_validation_is_answered_as_zoom_computes_it() {
        let answer = url_validation_answer(&Secret::new("zoom-test-secret"), "qgg8vlvZRS6UYooatFL8Aw");
        assert_eq!(answer["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
        assert_eq!(
            answer["encryptedToken"],
            "ae7c940e5051b2a17c1c49f4818fff9a88e210f5d820ff3c862635e27c93a4d9"
        );
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed(at in 0..VECTORS[0].0.len(), by in 1_u8..) {
            let (body, signature) = VECTORS[0];
            let mut changed = body.as_bytes().to_vec();
            changed[at] = changed[at].wrapping_add(by);
            let got = verify(&changed, signed(signature, AT), &secrets(), NOW, WINDOW).map(|_| ());
            prop_assert_eq!(got, Err(Refused::WrongSignature));
        }

        #[test]
        fn no_header_makes_it_fail(signature in ".*", timestamp in ".*") {
            let got = verify(b"{}", signed(&signature, &timestamp), &secrets(), NOW, WINDOW).map(|_| ());
            prop_assert!(got.is_err());
        }
    }
}
