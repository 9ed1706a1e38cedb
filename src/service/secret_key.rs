//! The key that this deployment signs and hashes with: the newest of the settings, else one that is made once and kept in the store.

use vestibule_actors::port::clock::Randomness;
use vestibule_actors::port::store::{SharedStore, Space};
use vestibule_domain::time::Span;

use super::Failure;
use crate::sealing::Sealer;
use crate::settings::{Secret, Settings};

const NAME: &str = "secret-key";
/// Kept for as long as the store is.
const LIFE: Span = Span::hours(24 * 365 * 100);

/// The key, the same on every node and after every restart.
pub(super) async fn find(
    settings: &Settings,
    sealer: &Sealer,
    store: &SharedStore,
    randomness: &dyn Randomness,
) -> Result<Secret, Failure> {
    if let Some(newest) = settings.server.secret_keys.first() {
        return Ok(newest.clone());
    }
    let unusable =
        |why: String| Failure::Unavailable(format!("the secret key in the store cannot be used: {why}"));
    let seal = |key: &[u8]| sealer.seal_where_possible(NAME, key).map_err(|e| unusable(e.to_string()));
    let fresh = seal(randomness.secret().as_bytes())?;
    let kept = store.put_if_absent(Space::Keys, NAME, fresh, LIFE).await;
    let kept =
        kept.map_err(|e| Failure::Unavailable(format!("the store does not keep the secret key: {e}")))?;
    let opened = sealer.open(NAME, &kept).map_err(|e| unusable(e.to_string()))?;
    if !sealer.is_newest(&kept) {
        // It stays the same key, so that of nodes that do this at once any may be the last.
        let again = store.put(Space::Keys, NAME, seal(&opened)?, LIFE).await;
        again.map_err(|e| unusable(e.to_string()))?;
    }
    let text = String::from_utf8(opened).map_err(|_| unusable("it is no text".to_owned()))?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kit::Kit;
    use crate::system::SystemRandomness;

    #[actix_web::test]
    async fn the_key_in_the_store_stays_the_same_and_is_sealed_once_it_can_be() {
        let kit = Kit::new();
        let store = &kit.app.desk.ports().store;
        let find = async |sealer: &Sealer| find(&kit.app.settings, sealer, store, &SystemRandomness).await;
        let kept = async || store.get(Space::Keys, NAME).await.unwrap().unwrap();
        let sealer = |letter: &str| Sealer::new(&[Secret::new(letter.repeat(40))]);
        let plain = find(&Sealer::default()).await.unwrap();
        assert_eq!(kept().await, plain.expose().as_bytes());
        let sealed = find(&sealer("a")).await.unwrap();
        assert_eq!(sealed.expose(), plain.expose());
        assert!(sealer("a").is_newest(&kept().await));
        assert_eq!(find(&sealer("a")).await.unwrap().expose(), plain.expose());
        let told = find(&sealer("b")).await.unwrap_err().to_string();
        assert!(told.contains("store.sealing_keys"), "{told}");
    }
}
