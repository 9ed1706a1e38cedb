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
    use vestibule_actors::port::store::{Outcome, ParkedCommand, Record, RecordQuery, Seq};
    use vestibule_domain::visit::history::{Happened, Line};

    use super::*;
    use crate::configuration::Wanted;
    use crate::http::kit::{Kit, NOW, first_version, key_of, organization, record, waiting};
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

    /// A record, a line of a history and a command that was set aside, all of now.
    async fn one_of_each(kit: &Kit, id: &str) {
        let key = key_of(id, "10001");
        let parked = ParkedCommand {
            seq: Seq(1),
            visit: key.clone(),
            payload: Vec::new(),
            reason: "it failed three times".into(),
            at: NOW,
        };
        kit.park(&key, &waiting(key.clone()), parked).await;
        kit.record(&key, vec![Record { organization: organization(id), ..record(NOW, Outcome::Delivered) }])
            .await;
        kit.tell(&key, &[Line { at: NOW, what: Happened::EndOrdered }]).await;
    }

    /// How many of each are there yet.
    async fn left(kit: &Kit, id: &str) -> [usize; 3] {
        let (store, key) = (&kit.app.desk.ports().store, key_of(id, "10001"));
        let query = RecordQuery { organization: Some(organization(id)), limit: 10, ..RecordQuery::default() };
        let records = store.records(query).await.unwrap().items.len();
        let lines = store.history(&key).await.unwrap().lines.len();
        let parked = store.parked(10).await.unwrap();
        [records, lines, parked.iter().filter(|one| one.visit == key).count()]
    }

    #[actix_web::test]
    async fn what_is_kept_of_visits_leaves_by_its_organizations_own_time() {
        let kit = Kit::with(
            "limits.record_life = \"40d\"\norganization.lakeside.keep.records = \"20d\"\n\
             organization.hillside.keep.records = \"60d\"\n",
        );
        one_of_each(&kit, "lakeside").await;
        one_of_each(&kit, "hillside").await;
        let after = async |days: i64| {
            kit.clock.advance(Span::hours(24 * days));
            sweep_once(kit.app.desk.ports().store.as_ref(), &kit.app.settings, &kit.app.metrics).await;
            (left(&kit, "lakeside").await, left(&kit, "hillside").await)
        };
        assert_eq!(after(19).await, ([1, 1, 1], [1, 1, 1]));
        assert_eq!(after(2).await, ([0, 0, 0], [1, 1, 1]), "sooner than those of all");
        assert_eq!(after(20).await, ([0, 0, 0], [1, 1, 1]), "later than those of all");
        assert_eq!(after(20).await, ([0, 0, 0], [0, 0, 0]));
    }

    /// Six entries on three pages.
    async fn three_pages(kit: &Kit, of: Option<&OrganizationId>) -> Chain {
        let deed = crate::audit::Deed { action: "x".repeat(9_000), ..Default::default() };
        for _ in 0..6 {
            kit.app.audit.keep(of, deed.clone()).await.unwrap();
        }
        Chain::new(&kit.app.desk.ports().store, &ChainId::of(of)).unwrap()
    }

    async fn tend(kit: &Kit) {
        let ports = kit.app.desk.ports();
        tend_audit(&ports.store, &kit.app.settings, ports.clock.now()).await;
    }

    #[actix_web::test]
    async fn what_of_the_audit_is_past_its_time_leaves() {
        let kit = Kit::with("limits.audit_life = \"1d\"");
        let chain = three_pages(&kit, None).await;
        tend(&kit).await;
        assert_eq!(chain.first_page().await.unwrap(), 1);
        kit.clock.advance(Span::hours(25));
        tend(&kit).await;
        assert_eq!((chain.first_page().await.unwrap(), chain.head().await.unwrap().unwrap().seq), (3, 6));
    }

    #[actix_web::test]
    async fn an_audit_leaves_by_its_organizations_own_time_and_of_one_that_was_removed_by_that_of_all() {
        let kit = Kit::with(
            "limits.audit_life = \"10d\"\norganization.lakeside.keep.audit = \"1d\"\n\
             organization.hillside.keep.audit = \"20d\"\n",
        );
        let [lakeside, hillside, removed] = ["lakeside", "hillside", "riverside"].map(organization);
        let removal = Wanted { removed: true, ..first_version(&[]) };
        kit.app.configuration.keeping.save(&removed, removal).await.unwrap();
        let mut chains = Vec::new();
        for of in [None, Some(&removed), Some(&lakeside), Some(&hillside)] {
            chains.push(three_pages(&kit, of).await);
        }
        let after = async |hours: i64| {
            kit.clock.advance(Span::hours(hours));
            tend(&kit).await;
            let mut first = Vec::new();
            for chain in &chains {
                first.push(chain.first_page().await.unwrap());
            }
            first
        };
        assert_eq!(after(23).await, [1, 1, 1, 1]);
        assert_eq!(after(2).await, [1, 1, 3, 1], "sooner than those of all");
        assert_eq!(after(24 * 10).await, [3, 3, 3, 1], "later than those of all");
        assert_eq!(after(24 * 10).await, [3, 3, 3, 3]);
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
