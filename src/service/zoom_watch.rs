//! Looks after each organization's Zoom connection, whether or not anybody calls Zoom: tokens are renewed, what must be forgotten is, and
//! the metrics say how it stands.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::sleep;
use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;

use crate::http::app::Readiness;
use crate::zoom::{ZoomAccounts, ZoomClient};

/// One read of the store for each organization.
const EVERY: Duration = Duration::from_secs(5);
/// At so many looks apart it is read when Zoom last checked the webhook, which it does every three days.
const CHECKED_EVERY: u32 = 12;

/// One task for each organization, so that none waits for another's Zoom; those that come later get theirs, and of those that are gone it ends.
pub(super) async fn watch(client: ZoomClient, accounts: Arc<ZoomAccounts>, readiness: Arc<Readiness>) {
    let client = Rc::new(client);
    let tended: Rc<RefCell<BTreeSet<OrganizationId>>> = Rc::default();
    while !readiness.is_draining() {
        for organization in accounts.organizations() {
            if !tended.borrow_mut().insert(organization.clone()) {
                continue;
            }
            let (client, accounts) = (Rc::clone(&client), Arc::clone(&accounts));
            let (readiness, tended) = (Arc::clone(&readiness), Rc::clone(&tended));
            actix_rt::spawn(async move {
                tend(client, &accounts, organization.clone(), readiness).await;
                tended.borrow_mut().remove(&organization);
            });
        }
        sleep(EVERY).await;
    }
}

async fn tend(
    client: Rc<ZoomClient>,
    accounts: &ZoomAccounts,
    organization: OrganizationId,
    readiness: Arc<Readiness>,
) {
    for looks in 0_u32.. {
        if readiness.is_draining() || accounts.config(&organization).is_none() {
            return;
        }
        match AssertUnwindSafe(look(&client, &organization, looks)).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%organization, %error, "a Zoom connection could not be looked after");
            }
            Err(_) => {
                tracing::error!(%organization, "looking after a Zoom connection ended by a bug; it is tried again");
            }
        }
        sleep(EVERY).await;
    }
}

async fn look(client: &ZoomClient, organization: &OrganizationId, looks: u32) -> Result<(), StoreError> {
    if looks.is_multiple_of(CHECKED_EVERY) {
        client.look_when_checked(organization).await?;
    }
    client.tend(organization).await
}
