//! Whoever vouches for people and programs: whether they answer, and with keys.

use super::outcome::{Checked, Report};
use crate::identity::{Identity, Trouble};
use crate::settings::Settings;

const OPENID_ADVICE: &str = "check access.openid.issuer: below it, /.well-known/openid-configuration has to answer from here and name the same \
                             issuer letter for letter; and DNS, the firewall and the proxy toward it";
const JWT_ADVICE: &str = "check access.jwt.jwks_url, which has to answer from here with the issuer's keys; and DNS, the firewall and the proxy toward it";

/// Asks them; nothing is signed in.
pub(super) async fn check(settings: &Settings, report: &mut Report) {
    let identity = Identity::of(&settings.access);
    if let Some(provider) = &identity.provider {
        report.add(None, "sign-in: OpenID provider", checked(provider.probe().await, OPENID_ADVICE));
    }
    if let Some(signer) = &identity.signer {
        report.add(None, "sign-in: keys of access.jwt", checked(signer.probe().await, JWT_ADVICE));
    }
}

fn checked(probed: Result<usize, Trouble>, advice: &'static str) -> Checked {
    match probed {
        Ok(0) => Checked::fail("answers, and has no key that could sign".to_owned(), advice),
        Ok(1) => Checked::pass("answers, with one key"),
        Ok(keys) => Checked::Pass(format!("answers, with {keys} keys")),
        Err(trouble) => Checked::fail(trouble.to_string(), advice),
    }
}
