//! PKCE (RFC 7636): whoever redeems a code proves that they asked for it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use vestibule_actors::port::clock::Randomness;

use crate::settings::Secret;

/// RFC 7636 allows 43 to 128 characters.
pub const VERIFIER_CHARACTERS: usize = 64;

/// The proof that who redeems a code is who asked for it. The verifier is kept with the state.
#[derive(Debug)]
pub struct Pkce {
    pub verifier: Secret,
    pub challenge: String,
}

impl Pkce {
    /// Draws a verifier.
    #[must_use]
    pub fn draw(randomness: &dyn Randomness) -> Self {
        // Each draw has 128 bits at least, in 22 characters.
        let drawn: String = (0..8).map(|_| randomness.secret()).collect();
        let verifier: String = drawn.chars().take(VERIFIER_CHARACTERS).collect();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier: Secret::new(verifier), challenge }
    }
}
