//! Looks after each organization's Zoom connection, whether or not anybody calls Zoom: tokens are renewed, what must be forgotten is, and
//! the metrics say how it stands.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::http::app::Readiness;
use crate::zoom::{ZoomAccounts, ZoomClient};

/// One read of the store for each organization.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn watch(client: ZoomClient, accounts: Arc<ZoomAccounts>, readiness: Arc<Readiness>) {
    while !readiness.is_draining() {
        let tended = accounts.organizations().map(|organization| client.tend(organization));
        for error in join_all(tended).await.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "a Zoom connection could not be looked after");
        }
        sleep(EVERY).await;
    }
}
