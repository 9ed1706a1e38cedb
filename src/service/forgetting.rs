//! Of an organization that was removed nothing stays but its audit: its visits leave first, by whoever owns them, then everything that the
//! store has of them, then what was kept of its settings.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vestibule_actors::desk::{Desk, DeskError};
use vestibule_actors::port::store::StoreError;
use vestibule_domain::command::Command;
use vestibule_domain::id::OrganizationId;

use crate::configuration::KeepingError;
use crate::http::app::App;

/// Visits that are read, and other things that leave, at once.
const AT_ONCE: usize = 500;
/// Owners are waited for so long; what they have not let go of by then is looked at the next time.
const WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, thiserror::Error)]
enum ForgettingError {
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keeping(#[from] KeepingError),
}

/// Goes on with whatever is left of removed organizations. Cut off at any point, it is gone on with at the next turn.
pub(super) async fn forget_removed(app: &App) {
    let is_used = |id: &OrganizationId| app.settings.organizations.contains_key(id);
    let due = app.configuration.keeping.to_forget(is_used).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "which organizations are to be forgotten could not be asked");
        Vec::new()
    });
    for id in due {
        match forget(app, &id).await {
            Ok(Some(things)) => {
                tracing::info!(organization = %id, things, "a removed organization is forgotten")
            }
            Ok(None) => {
                tracing::info!(organization = %id, "visits of a removed organization are still there")
            }
            Err(error) => {
                tracing::warn!(organization = %id, %error, "a removed organization is not forgotten yet")
            }
        }
    }
}

/// How many things left; `None` where visits are still there.
async fn forget(app: &App, id: &OrganizationId) -> Result<Option<usize>, ForgettingError> {
    let store = &app.desk.ports().store;
    tell_owners(&app.desk, id).await?;
    let until = Instant::now() + WITHIN;
    while !store.visits(Some(id), None, 1).await?.items.is_empty() {
        if Instant::now() >= until {
            return Ok(None);
        }
        sleep(LOOK_EVERY).await;
    }
    let mut gone = 0;
    loop {
        match store.forget_organization(id, AT_ONCE).await? {
            0 => break,
            some => gone += some,
        }
    }
    Ok(Some(gone + app.configuration.keeping.forget(id).await?))
}

/// Tells the owner of each visit.
async fn tell_owners(desk: &Desk, id: &OrganizationId) -> Result<(), ForgettingError> {
    let mut after = None;
    loop {
        let page = desk.ports().store.visits(Some(id), after, AT_ONCE).await?;
        for visit in page.items {
            desk.submit(&visit.visit, Command::OrganizationForgotten).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
