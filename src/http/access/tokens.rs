//! Checks tokens in constant time, by their hashes, so that neither their content nor their length can be measured.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::settings::Secret;

/// No token is longer; what is longer is wrong without being looked at.
const LONGEST: usize = 8192;

/// Which token was used: its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

/// The fingerprint of a token, if it is one of those in the settings.
pub fn check(presented: &str, tokens: &[Secret]) -> Option<Fingerprint> {
    if presented.is_empty() || presented.len() > LONGEST {
        return None;
    }
    let presented = Sha256::digest(presented.as_bytes());
    // Every token is compared, whether or not one before it fits.
    let fits = tokens.iter().fold(Choice::from(0), |fits, token| {
        fits | Sha256::digest(token.expose().as_bytes()).ct_eq(&presented)
    });
    bool::from(fits).then(|| Fingerprint(hex::encode(presented)))
}

/// Whether a token that was used before is still in the settings.
pub fn is_current(used: &Fingerprint, tokens: &[Secret]) -> bool {
    let fits = tokens.iter().fold(Choice::from(0), |fits, token| {
        let token = hex::encode(Sha256::digest(token.expose().as_bytes()));
        fits | token.as_bytes().ct_eq(used.0.as_bytes())
    });
    fits.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_tokens_fits_and_nothing_else() {
        let tokens = ["first", "second"].map(Secret::new);
        for good in ["first", "second"] {
            let used = check(good, &tokens).unwrap();
            assert!(is_current(&used, &tokens));
            assert!(!is_current(&used, &[Secret::new("third")]), "the token was taken away");
        }
        for bad in ["", "firs", "first ", "FIRST", "firstsecond"] {
            assert!(check(bad, &tokens).is_none(), "{bad}");
        }
        assert!(check("first", &[]).is_none(), "no tokens, nobody");
        assert!(check("", &[Secret::new("")]).is_none(), "an empty token is none");
        let long = "x".repeat(LONGEST + 1);
        assert!(check(&long, &[Secret::new(long.clone())]).is_none());
    }
}
