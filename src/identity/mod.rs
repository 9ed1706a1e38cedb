//! People and programs that somebody else vouches for: tokens that an issuer signed (`access.mode = "jwt"`), and people who sign in at an
//! OpenID provider (`access.openid`).
//!
//! One value for the process; what is fetched is shared by all its threads. Nothing here knows what anybody may do.

mod believed;
mod fetch;
mod named;
mod openid;
mod signer;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonwebtoken::Algorithm;

pub use named::Named;
pub use openid::{Begun, Provider};
pub use signer::Signer;

use crate::settings::Access;

/// What tokens of others may be signed by. Nothing that two sides share a secret for, and never nothing at all.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Who vouches for people and programs here.
pub struct Identity {
    pub signer: Option<Signer>,
    pub provider: Option<Provider>,
}

/// Why nobody is known by what was brought.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("it does not answer")]
    Unavailable,
    #[error("it answers with status {status} ({})", error.as_deref().unwrap_or("no code"))]
    Refused {
        status: u16,
        /// The OAuth error code; never a text.
        error: Option<String>,
    },
    #[error("its answer cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("the token is not believed: {0}")]
    NotBelieved(&'static str),
}

impl Identity {
    #[must_use]
    pub fn of(access: &Access) -> Arc<Self> {
        Arc::new(Self {
            signer: access.jwt.clone().map(Signer::new),
            provider: access.openid.clone().map(Provider::new),
        })
    }
}
