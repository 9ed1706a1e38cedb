//! What has expired leaves the store. Of the nodes that share it one at a time does that for all.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use vestibule_actors::port::store::{OwnerToken, SharedStore, Space, Store, StoreError};
use vestibule_domain::time::Span;

use crate::http::metrics::Metrics;
use crate::settings::Settings;

/// What has expired is removed this often.
const EVERY: Duration = Duration::from_secs(300);
/// A turn lasts a little less, so that the next look finds it free, whoever's that is.
const TURN: Span = Span::seconds(290);
const NAME: &str = "sweep";

pub(super) async fn sweep(
    store: SharedStore,
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
    me: OwnerToken,
) {
    loop {
        sleep(EVERY).await;
        match is_our_turn(store.as_ref(), me).await {
            Ok(true) => sweep_once(store.as_ref(), &settings, &metrics).await,
            Ok(false) => {}
            Err(error) => {
                metrics.swept(None);
                tracing::warn!(%error, "whose turn it is to remove what has expired could not be asked");
            }
        }
    }
}

async fn is_our_turn(store: &dyn Store, me: OwnerToken) -> Result<bool, StoreError> {
    let me = me.0.simple().to_string().into_bytes();
    Ok(store.put_if_absent(Space::Turns, NAME, me.clone(), TURN).await? == me)
}

async fn sweep_once(store: &dyn Store, settings: &Settings, metrics: &Metrics) {
    let swept = store.sweep(settings.retention()).await;
    metrics.swept(swept.as_ref().ok());
    match swept {
        Ok(swept) => tracing::debug!(?swept, "what has expired was removed"),
        Err(error) => tracing::warn!(%error, "what has expired could not be removed"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vestibule_actors::memory::{Call, When};

    use super::*;
    use crate::http::kit::Kit;
    use crate::http::metrics::TextFormat;

    #[actix_web::test]
    async fn every_sweep_is_counted_with_what_it_removed() {
        let kit = Kit::new();
        for name in ["a", "b"] {
            kit.app.desk.ports().store.put(Space::Ticket, name, Vec::new(), Span::hours(1)).await.unwrap();
        }
        kit.clock.advance(Span::hours(2));
        let store = kit.app.desk.ports().store.as_ref();
        sweep_once(store, &kit.app.settings, &kit.app.metrics).await;
        kit.store.faults().fail(Some(Call::Sweep), When::Before, 1);
        sweep_once(store, &kit.app.settings, &kit.app.metrics).await;
        let text = kit.app.metrics.render(TextFormat::Prometheus).unwrap();
        for line in [
            "vestibule_sweeps_total{outcome=\"done\"} 1",
            "vestibule_sweeps_total{outcome=\"failed\"} 1",
            "vestibule_swept_total{what=\"values\"} 2",
            "vestibule_swept_total{what=\"held_events\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
        }
    }

    #[actix_web::test]
    async fn of_all_nodes_one_has_the_turn_and_it_passes_on() {
        let kit = Kit::new();
        let store = kit.app.desk.ports().store.as_ref();
        let (one, two) = (OwnerToken(Uuid::from_u128(1)), OwnerToken(Uuid::from_u128(2)));
        assert!(is_our_turn(store, one).await.unwrap());
        assert!(!is_our_turn(store, two).await.unwrap());
        kit.clock.advance(Span::from_duration(EVERY));
        assert!(is_our_turn(store, two).await.unwrap());
        assert!(!is_our_turn(store, one).await.unwrap());
    }
}
