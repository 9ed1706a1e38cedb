//! What has expired leaves the store. Of the nodes that share it one at a time does that for all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::{OwnerToken, SharedStore, Space, Store, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use crate::audit::{Chain, ChainId, Head};
use crate::configuration::ever_kept;
use crate::http::app::App;
use crate::http::metrics::Metrics;
use crate::latest::Latest;
use crate::settings::Settings;

use super::forgetting::forget_removed;

/// What has expired is removed this often.
const EVERY: Duration = Duration::from_secs(300);
/// And the first time so soon, or a node that is always restarted in between would never come to it.
const FIRST: Duration = Duration::from_secs(5);
/// A turn lasts a little less, so that the next look finds it free, whoever's that is.
const TURN: Span = Span::seconds(290);
const NAME: &str = "sweep";
/// Pages of one chain that leave at once.
const AUDIT_PAGES: u64 = 200;

pub(super) async fn sweep(
    store: SharedStore,
    doors: Arc<Latest<App>>,
    metrics: Arc<Metrics>,
    clock: SharedClock,
    me: OwnerToken,
) {
    let mut pause = FIRST;
    loop {
        sleep(pause).await;
        pause = EVERY;
        match is_our_turn(store.as_ref(), me).await {
            Ok(true) => {
                let settings = Arc::clone(&doors.get().settings);
                sweep_once(store.as_ref(), &settings, &metrics).await;
                tend_audit(&store, &settings, clock.now()).await;
                forget_removed(&doors.get()).await;
            }
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

/// Entries of the audit that are past their time leave, and the newest of each chain is logged: an end that somebody cuts off later is found
/// by a hash that is kept elsewhere.
async fn tend_audit(store: &SharedStore, settings: &Settings, now: Moment) {
    let life = |id: Option<&OrganizationId>| {
        // Of one that was removed nobody says anything else.
        let own = id.and_then(|id| settings.organizations.get(id));
        own.map_or(settings.limits.audit_life, |one| one.keep.audit(&settings.limits))
    };
    // Of an organization that was removed its audit stays.
    let kept = ever_kept(store).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "which organizations were ever kept could not be asked: their audits are looked after later");
        Vec::new()
    });
    let all: BTreeSet<OrganizationId> = settings.organizations.keys().cloned().chain(kept).collect();
    for organization in std::iter::once(None).chain(all.iter().map(Some)) {
        let (id, before) = (ChainId::of(organization), now - Span::from_duration(life(organization)));
        if let Err(error) = tend_chain(store, &id, before).await {
            tracing::warn!(%error, chain = %id, "the audit could not be looked after");
        }
    }
}

async fn tend_chain(store: &SharedStore, id: &ChainId, before: Moment) -> Result<(), StoreError> {
    let chain = Chain::new(store, id)?;
    let pages = chain.forget_before(before, AUDIT_PAGES).await?;
    if let Some(Head { seq, hash }) = chain.head().await? {
        tracing::info!(chain = %id, seq, hash, pages_past_their_time = pages, "the newest entry of the audit");
    }
    Ok(())
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
    async fn what_of_the_audit_is_past_its_time_leaves() {
        let kit = Kit::with("limits.audit_life = \"1d\"");
        let store = &kit.app.desk.ports().store;
        let chain = Chain::new(store, &ChainId::of(None)).unwrap();
        let deed = crate::audit::Deed { action: "x".repeat(9_000), ..Default::default() };
        for _ in 0..6 {
            kit.app.audit.keep(None, deed.clone()).await.unwrap();
        }
        let now = || kit.app.desk.ports().clock.now();
        tend_audit(store, &kit.app.settings, now()).await;
        assert_eq!(chain.first_page().await.unwrap(), 1);
        kit.clock.advance(Span::hours(25));
        tend_audit(store, &kit.app.settings, now()).await;
        assert_eq!((chain.first_page().await.unwrap(), chain.head().await.unwrap().unwrap().seq), (3, 6));
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
