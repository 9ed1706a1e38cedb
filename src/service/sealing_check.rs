//! Whether this node has the key that the store's visits are sealed under, before it takes any of them.

use std::sync::Arc;

use vestibule_actors::port::store::{SharedStore, Space};
use vestibule_domain::time::Span;

use super::Failure;
use crate::sealing::Sealer;
use crate::settings::Settings;
use crate::store::sealed;

/// Something that every node can open which may work on what is sealed.
const NAME: &str = "sealing-check";
/// Kept for as long as the store is.
const LIFE: Span = Span::hours(24 * 365 * 100);

/// The store behind this node's keys, if they are the right ones.
///
/// # Errors
/// As [`check`].
pub(super) async fn sealed(
    settings: &Settings,
    sealer: &Sealer,
    store: SharedStore,
) -> Result<SharedStore, Failure> {
    check(settings, sealer, &store).await?;
    if settings.store.sealing_keys.len() > 1 {
        let (store, sealer) = (Arc::clone(&store), sealer.clone());
        actix_rt::spawn(async move { tell_of_older_keys(&sealer, &store).await });
    }
    Ok(sealed::over(store, sealer.clone(), settings.store.seal_visits))
}

/// Puts the sign that visits are sealed, and sees whether the one that is there opens. Without it a node with another key would take
/// shards and stop at every visit of them.
///
/// # Errors
/// [`Failure::Unavailable`] when it does not open.
async fn check(settings: &Settings, sealer: &Sealer, store: &SharedStore) -> Result<(), Failure> {
    if settings.store.seal_visits {
        let fresh = sealer.seal(NAME, NAME.as_bytes()).map_err(|e| unusable(&e))?;
        store.put_if_absent(Space::Keys, NAME, fresh, LIFE).await.map_err(|e| unusable(&e))?;
    }
    let kept = store.get(Space::Keys, NAME).await.map_err(|e| unusable(&e))?;
    let Some(kept) = kept else { return Ok(()) };
    let opened = sealer.open(NAME, &kept).map_err(|e| unusable(&e))?;
    if !sealer.is_newest(&kept) {
        let again = sealer.seal(NAME, &opened).map_err(|e| unusable(&e))?;
        store.put(Space::Keys, NAME, again, LIFE).await.map_err(|e| unusable(&e))?;
    }
    Ok(())
}

/// Whether visits were ever sealed in the store; then these keys open them. Nothing is written.
///
/// # Errors
/// [`Failure::Unavailable`] when they do not.
pub(crate) async fn opens(sealer: &Sealer, store: &SharedStore) -> Result<bool, Failure> {
    let kept = store.get(Space::Keys, NAME).await.map_err(|e| unusable(&e))?;
    let Some(kept) = kept else { return Ok(false) };
    sealer.open(NAME, &kept).map_err(|e| unusable(&e))?;
    Ok(true)
}

fn unusable(why: &dyn std::fmt::Display) -> Failure {
    Failure::Unavailable(format!("what the store has of visits is sealed, and cannot be used: {why}"))
}

/// Says in the log whether a key that is not the newest can be taken away, as far as visits go. Only whoever replaces a key has two.
async fn tell_of_older_keys(sealer: &Sealer, store: &SharedStore) {
    match sealed::under_older_keys(store, sealer).await {
        Ok(0) => tracing::info!("no visit stands under an older key"),
        Ok(count) => {
            tracing::info!(count, "visits and commands set aside stand under an older key, which has to stay")
        }
        Err(error) => {
            tracing::warn!(%error, "whether visits stand under an older key could not be looked up")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kit::Kit;
    use crate::settings::Secret;

    fn sealer(letters: &[&str]) -> Sealer {
        Sealer::new(&letters.iter().map(|letter| Secret::new(letter.repeat(40))).collect::<Vec<_>>())
    }

    #[actix_web::test]
    async fn a_node_without_the_key_does_not_start_on_what_is_sealed() {
        let (plain, sealing) = (
            Kit::new(),
            Kit::with(&format!("store = {{seal_visits = true, sealing_keys = [{:?}]}}", "a".repeat(40))),
        );
        let store = &plain.app.desk.ports().store;
        let starts =
            async |kit: &Kit, letters: &[&str]| check(&kit.app.settings, &sealer(letters), store).await;
        starts(&plain, &[]).await.unwrap();
        assert_eq!(store.get(Space::Keys, NAME).await.unwrap(), None, "nothing is sealed there");
        starts(&sealing, &["a"]).await.unwrap();
        for letters in [&[][..], &["b"]] {
            let told = starts(&plain, letters).await.unwrap_err().to_string();
            assert!(told.contains("store.sealing_keys does not have; put that key back"), "{told}");
        }
        starts(&sealing, &["b"]).await.unwrap_err();
        starts(&plain, &["a"]).await.unwrap();
        // A key is replaced: nodes open both, then seal under the next, then have the next alone.
        starts(&sealing, &["a", "b"]).await.unwrap();
        starts(&sealing, &["b", "a"]).await.unwrap();
        starts(&sealing, &["b"]).await.unwrap();
        starts(&sealing, &["a"]).await.unwrap_err();
        // Also where nothing more is sealed.
        starts(&plain, &["c", "b"]).await.unwrap();
        starts(&plain, &["c"]).await.unwrap();
    }
}
