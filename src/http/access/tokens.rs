//! Checks tokens in constant time, by their hashes, so that neither their content nor their length can be measured.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::settings::{Grant, SealedSecret};

/// No token is longer; what is longer is wrong without being looked at.
const LONGEST: usize = 8192;

/// Which token was used: its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    fn of(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token.as_bytes())))
    }

    /// Of what somebody presents; nothing where it can be no token.
    pub(super) fn of_presented(presented: &str) -> Option<Self> {
        (1..=LONGEST).contains(&presented.len()).then(|| Self::of(presented))
    }

    /// Whether it is that of this secret.
    pub(super) fn is_of(&self, secret: &SealedSecret) -> bool {
        match secret {
            SealedSecret::Plain(secret) => self.is(&Self::of(secret.expose())),
            SealedSecret::Hashed(hash) => self.is(&Self(hash.clone())),
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// What goes with a token, if it is one of those in the settings.
pub fn check<'a>(presented: &str, grants: &'a [Grant]) -> Option<(&'a Grant, Fingerprint)> {
    let used = Fingerprint::of_presented(presented)?;
    current(&used, grants).map(|grant| (grant, used))
}

/// What goes with a token that was used before, if it is still in the settings.
pub fn current<'a>(used: &Fingerprint, grants: &'a [Grant]) -> Option<&'a Grant> {
    // Every token is compared, whether or not one before it fits.
    let mut found = None;
    for grant in grants {
        if grant.token().is_some_and(|token| Fingerprint::of(token.expose()).is(used)) {
            found = Some(grant);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Proof, Rights, Secret, StaffRole};

    fn grants(tokens: &[&str]) -> Vec<Grant> {
        let grant = |token: &&str| Grant {
            name: format!("of {token}"),
            proof: Proof::Token(Secret::new(*token)),
            rights: Rights::everywhere(StaffRole::Viewer),
        };
        tokens.iter().map(grant).collect()
    }

    #[test]
    fn any_of_the_tokens_fits_and_nothing_else() {
        let two = grants(&["first", "second"]);
        for good in ["first", "second"] {
            let (grant, used) = check(good, &two).unwrap();
            assert_eq!(grant.name, format!("of {good}"));
            assert_eq!(current(&used, &two).unwrap().name, grant.name);
            assert!(current(&used, &grants(&["third"])).is_none(), "the token was taken away");
        }
        for bad in ["", "firs", "first ", "FIRST", "firstsecond"] {
            assert!(check(bad, &two).is_none(), "{bad}");
        }
        assert!(check("first", &[]).is_none(), "no tokens, nobody");
        assert!(check("", &grants(&[""])).is_none(), "an empty token is none");
        let long = "x".repeat(LONGEST + 1);
        assert!(check(&long, &grants(&[&long])).is_none());
    }
}
