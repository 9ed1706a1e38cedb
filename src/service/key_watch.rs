//! Says in the log, at the start and once a day, which organization's key for Epic is due to be replaced.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use vestibule_actors::port::clock::SharedClock;

use crate::epic::EpicSites;

/// A line a day is enough to be seen and too little to be in the way.
const EVERY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn watch(sites: Arc<EpicSites>, clock: SharedClock) {
    loop {
        for (organization, config) in sites.configs() {
            if let Some(due) = config.key_due(clock.now()).filter(|due| due.is_near()) {
                tracing::warn!(
                    organization = organization.as_str(),
                    "the private key that signs for Epic is {due} (epic.private_key_max_age): replace it as docs/keys.md says"
                );
            }
        }
        sleep(EVERY).await;
    }
}
