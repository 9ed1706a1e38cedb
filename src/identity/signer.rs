//! Tokens that an issuer signs for this service.

use vestibule_actors::port::clock::SharedClock;

use super::believed::{Expected, believed};
use super::fetch::{Keys, fetch_keys};
use super::{Named, Trouble};
use crate::settings::Jwt;

/// Who signs tokens for this service, and the keys that are known of them.
pub struct Signer {
    settings: Jwt,
    keys: Keys,
}

impl Signer {
    pub(super) fn new(settings: Jwt) -> Self {
        Self { settings, keys: Keys::default() }
    }

    /// Who signs.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Who comes with a token; `asked_for` tells the values of the role claim that mean something here.
    ///
    /// # Errors
    /// [`Trouble::NotBelieved`] for a token that is not one of this issuer's for us and for now; others where its keys are not to be had.
    pub async fn verify(
        &self,
        clock: &SharedClock,
        token: &str,
        asked_for: impl Fn(&str) -> bool,
    ) -> Result<Named, Trouble> {
        let settings = &self.settings;
        let expected = Expected {
            keys: &self.keys,
            keys_url: settings.jwks_url.as_str(),
            issuer: &settings.issuer,
            audience: &settings.audience,
        };
        let claims = believed(clock, token, &expected).await?;
        Named::read(&claims, &settings.name_claim, settings.role_claim.as_deref(), asked_for)
            .ok_or(Trouble::NotBelieved("it names nobody"))
    }

    /// How many keys the issuer has now.
    ///
    /// # Errors
    /// [`Trouble`] where they are not to be had.
    pub async fn probe(&self) -> Result<usize, Trouble> {
        Ok(fetch_keys(self.settings.jwks_url.as_str().to_owned()).await?.value.len())
    }
}
