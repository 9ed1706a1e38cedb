//! Whether this node has the key that the store's visits are sealed under, before it takes any of them.

use std::sync::Arc;

use vestibule_actors::port::store::{SharedStore, Space};
use vestibule_domain::time::Span;

use super::Failure;
use crate::sealing::{CannotOpen, Sealer};
use crate::settings::Settings;
use crate::store::sealed::{self, ByOthers};

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
    if check(settings, sealer, &store).await? {
        let (store, sealer) = (Arc::clone(&store), sealer.clone());
        actix_rt::spawn(async move { tell_of_other_keys(&sealer, &store).await });
    }
    Ok(sealed::over(store, sealer.clone(), settings.store.seal_visits))
}

/// Puts the sign that visits are sealed, and sees whether the one that is there opens. Without it a node with another key would take
/// shards and stop at every visit of them. Whether there is one.
///
/// # Errors
/// [`Failure::Unavailable`] when it does not open.
async fn check(settings: &Settings, sealer: &Sealer, store: &SharedStore) -> Result<bool, Failure> {
    if settings.store.seal_visits {
        let fresh = sealer.seal(NAME, NAME.as_bytes()).map_err(|e| unusable(&e))?;
        store.put_if_absent(Space::Keys, NAME, fresh, LIFE).await.map_err(|e| unusable(&e))?;
    }
    let kept = store.get(Space::Keys, NAME).await.map_err(|e| unusable(&e))?;
    let Some(kept) = kept else { return Ok(false) };
    let opened = sealer.open(NAME, &kept).map_err(|e| unusable(&e))?;
    if !sealer.is_newest(&kept) {
        let again = sealer.seal(NAME, &opened).map_err(|e| unusable(&e))?;
        store.put(Space::Keys, NAME, again, LIFE).await.map_err(|e| unusable(&e))?;
    }
    Ok(true)
}

/// Whether visits were ever sealed in the store; then these keys open all of them. Nothing is written.
///
/// # Errors
/// [`Failure::Unavailable`] when they do not.
pub(crate) async fn opens(sealer: &Sealer, store: &SharedStore) -> Result<bool, Failure> {
    let kept = store.get(Space::Keys, NAME).await.map_err(|e| unusable(&e))?;
    let Some(kept) = kept else { return Ok(false) };
    sealer.open(NAME, &kept).map_err(|e| unusable(&e))?;
    match sealed::by_others(store, sealer).await.map_err(|e| unusable(&e))?.unknown {
        0 => Ok(true),
        some => Err(unusable(&format!("{some} visits and commands set aside: {}", CannotOpen::NoSuchKey))),
    }
}

fn unusable(why: &dyn std::fmt::Display) -> Failure {
    Failure::Unavailable(format!("what the store has of visits is sealed, and cannot be used: {why}"))
}

/// Says in the log whether a key that is not the newest can be taken away, as far as visits go, or was taken away too early.
async fn tell_of_other_keys(sealer: &Sealer, store: &SharedStore) {
    match sealed::by_others(store, sealer).await {
        Ok(ByOthers { older: 0, unknown: 0 }) => tracing::info!("no visit stands under an older key"),
        Ok(ByOthers { older, unknown: 0 }) => {
            tracing::info!(
                count = older,
                "visits and commands set aside stand under an older key, which has to stay"
            );
        }
        Ok(ByOthers { unknown, .. }) => tracing::error!(
            count = unknown,
            "visits and commands set aside stand under a key that store.sealing_keys does not have; put that key back"
        ),
        Err(error) => {
            tracing::warn!(%error, "whether visits stand under an older key could not be looked up")
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_actors::codec;
    use vestibule_domain::id::VisitKey;

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

    #[actix_web::test]
    async fn a_key_that_was_taken_away_while_a_visit_needs_it_is_asked_for() {
        let kit = Kit::new();
        let store = &kit.app.desk.ports().store;
        let opens = async |letters: &[&str]| opens(&sealer(letters), store).await;
        assert!(!opens(&["b"]).await.unwrap(), "nothing is sealed there");
        let key = VisitKey::from_text("lakeside/csn/10001").unwrap();
        let mut state = vec![codec::SEALED];
        state.extend(sealer(&["a"]).seal_raw("state/lakeside/csn/10001", b"a visit").unwrap());
        kit.commit_bytes(&key, state).await;
        let sign = sealer(&["b"]).seal(NAME, NAME.as_bytes()).unwrap();
        store.put(Space::Keys, NAME, sign, LIFE).await.unwrap();
        assert!(opens(&["b", "a"]).await.unwrap());
        let told = opens(&["b"]).await.unwrap_err().to_string();
        assert!(
            told.contains("1 visits and commands set aside") && told.contains("put that key back"),
            "{told}"
        );
    }
}
