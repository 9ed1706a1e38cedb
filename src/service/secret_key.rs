//! The key that this deployment signs and hashes with: the newest of the settings, else one that is made once and kept in the store.

use vestibule_actors::port::clock::Randomness;
use vestibule_actors::port::store::{SharedStore, Space};
use vestibule_domain::time::Span;

use super::Failure;
use crate::settings::{Secret, Settings};

const NAME: &str = "secret-key";
/// Kept for as long as the store is.
const LIFE: Span = Span::hours(24 * 365 * 100);

/// The key, the same on every node and after every restart.
pub(super) async fn find(
    settings: &Settings,
    store: &SharedStore,
    randomness: &dyn Randomness,
) -> Result<Secret, Failure> {
    if let Some(newest) = settings.server.secret_keys.first() {
        return Ok(newest.clone());
    }
    let fresh = randomness.secret().into_bytes();
    let kept = store.put_if_absent(Space::Keys, NAME, fresh, LIFE).await;
    let kept =
        kept.map_err(|e| Failure::Unavailable(format!("the store does not keep the secret key: {e}")))?;
    let text = String::from_utf8(kept)
        .map_err(|_| Failure::Unavailable("the store holds a secret key that is no text".to_owned()))?;
    Ok(Secret::new(text))
}
