//! Which organizations' notifiers operators have paused. The store keeps it, and its gates hold to it; each node looks now and then, so that the board
//! and the metrics say it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::sleep;
use vestibule_actors::port::store::{SharedStore, StoreError, end_halt, halt_of, set_halt};
use vestibule_domain::gate::Halt;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use crate::http::app::App;
use crate::latest::Latest;

/// One read of the store for each organization.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// So many organizations are looked at together.
const AT_ONCE: usize = 8;

/// The pauses of all organizations, as this node knows them.
pub struct Pauses {
    store: SharedStore,
    seen: Mutex<BTreeMap<OrganizationId, Halt>>,
}

impl Pauses {
    pub fn new(store: SharedStore) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// Those that this node knows of, by organization.
    pub fn all(&self) -> BTreeMap<OrganizationId, Halt> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What stands of an organization at this moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, organization: &OrganizationId) -> Result<Option<Halt>, StoreError> {
        let (_, halt) = halt_of(&self.store, organization).await?;
        self.saw(organization, halt.as_ref());
        Ok(halt)
    }

    /// Pauses an organization's notifier. Answers what stood before; where it was paused already, nothing is changed.
    ///
    /// # Errors
    /// [`StoreError`]; it is not known then whether it was done.
    pub async fn pause(&self, organization: &OrganizationId, halt: Halt) -> Result<Option<Halt>, StoreError> {
        let before = set_halt(&self.store, organization, Some(&halt)).await?;
        self.saw(organization, Some(before.as_ref().unwrap_or(&halt)));
        Ok(before)
    }

    /// Has it go on where the pause began at `meant`, or whichever there is. Answers what stood before; another one still stands.
    ///
    /// # Errors
    /// As of [`Self::pause`].
    pub async fn resume(
        &self,
        organization: &OrganizationId,
        meant: Option<Moment>,
    ) -> Result<Option<Halt>, StoreError> {
        let before = end_halt(&self.store, organization, meant).await?;
        let another = before.as_ref().filter(|before| meant.is_some_and(|meant| meant != before.since));
        self.saw(organization, another);
        Ok(before)
    }

    fn saw(&self, organization: &OrganizationId, halt: Option<&Halt>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match halt {
            Some(halt) => seen.insert(organization.clone(), halt.clone()),
            None => seen.remove(organization),
        };
    }

    /// Looks at these organizations; of others nothing is known any more. What the store does not tell stays as it was seen last.
    async fn look(&self, organizations: impl IntoIterator<Item = OrganizationId>) {
        let mut gone = self.all();
        let looks: Vec<_> = organizations.into_iter().inspect(|id| drop(gone.remove(id))).collect();
        stream::iter(looks)
            .for_each_concurrent(AT_ONCE, async |id| {
                if let Err(error) = self.of(&id).await {
                    tracing::debug!(organization = %id, %error, "whether its notifier is paused could not be read");
                }
            })
            .await;
        gone.keys().for_each(|id| self.saw(id, None));
    }
}

/// Looks for as long as the node serves.
pub async fn watch(doors: Arc<Latest<App>>) {
    loop {
        let app = doors.get();
        if app.readiness.is_draining() {
            return;
        }
        app.pauses.look(app.settings.organizations.keys().cloned()).await;
        drop(app);
        sleep(LOOK_EVERY).await;
    }
}
