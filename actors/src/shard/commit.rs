//! The commit of a shard: one in flight, repeated under the same id until its outcome is known or the lease can no longer be trusted.

use std::time::Duration;
use tokio::time::{sleep, timeout};

use super::engine::Ended;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::clock::instant;
use crate::port::observer::Observed;
use crate::port::store::{Commit, Committed, StoreError};

/// How long one attempt may take before it is asked again under the same id.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The pause before asking again.
const PAUSE: Duration = Duration::from_millis(100);

/// Commits. Whatever it answers besides `Ok`, nothing of the commit may leave the node.
pub(super) async fn commit(
    ports: &Ports,
    lease: &Lease,
    commit: Commit,
    commands: usize,
) -> Result<u64, Ended> {
    let began = instant();
    let visits = commit.visits.len();
    loop {
        if !lease.is_valid() {
            return Err(Ended::LeaseLost);
        }
        match timeout(ATTEMPT, ports.store.commit(commit.clone())).await {
            Ok(Ok(Committed::Done { change, dropped })) => {
                if dropped > 0 {
                    ports.observer.observe(Observed::HistoryFull { lines: dropped });
                }
                ports.observer.observe(Observed::Committed { visits, commands, took: began.elapsed() });
                return Ok(change);
            }
            Ok(Ok(Committed::NotOwner)) => return Err(Ended::LeaseLost),
            Ok(Ok(Committed::WentBack)) => return Err(Ended::WentBack),
            // A commit that contradicts itself would be refused for ever.
            Ok(Err(StoreError::Corrupt(what) | StoreError::Refused(what))) => {
                return Err(Ended::Unreadable(what));
            }
            Ok(Err(error @ StoreError::Unavailable(_))) => {
                tracing::warn!(shard = commit.shard.number(), %error, "commit gets no answer, asking again");
            }
            Err(_) => tracing::warn!(shard = commit.shard.number(), "commit takes too long, asking again"),
        }
        ports.observer.observe(Observed::CommitRetried);
        sleep(PAUSE).await;
    }
}
