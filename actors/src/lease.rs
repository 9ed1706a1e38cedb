//! A node's right to a shard, as its own clock knows it.
//!
//! The store judges leases by its clock; this node must know by itself, without asking, when its lease can no longer be trusted. It
//! counts from *before* it asked, on the monotonic clock, and takes a margin off. When the time is over nothing leaves the node.

use crate::port::clock::instant;
use crate::port::store::Ownership;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::{Duration, Instant};
use vestibule_domain::time::Span;

/// How long a lease is asked for.
pub const TTL: Span = Span::seconds(6);
/// How often it is renewed: twice before it could run out.
pub const RENEW_EVERY: Span = Span::seconds(2);
/// Taken off for clocks that run apart and for what is on its way when the time is over.
pub const MARGIN: Span = Span(1_500);

/// A lease as this node sees it. Clones share the same validity.
#[derive(Clone, Debug)]
pub struct Lease {
    owner: Ownership,
    base: Instant,
    valid_until_ms: Arc<AtomicU64>,
}

impl Lease {
    /// A lease that was granted to a request sent at `asked`.
    #[must_use]
    pub fn granted(owner: Ownership, asked: Instant) -> Self {
        let lease = Self { owner, base: asked, valid_until_ms: Arc::new(AtomicU64::new(0)) };
        lease.renewed(asked);
        lease
    }

    /// The store prolonged it; the request was sent at `asked`.
    pub fn renewed(&self, asked: Instant) {
        let until = asked.saturating_duration_since(self.base) + Span(TTL.0 - MARGIN.0).to_duration();
        self.valid_until_ms.fetch_max(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    /// The store said that it is ours no more, or we gave it back.
    pub fn end(&self) {
        self.valid_until_ms.store(0, Ordering::Release);
    }

    /// For how long it can still be trusted; zero when it cannot.
    #[must_use]
    pub fn valid_for(&self) -> Duration {
        let until = Duration::from_millis(self.valid_until_ms.load(Ordering::Acquire));
        until.saturating_sub(instant().saturating_duration_since(self.base))
    }

    /// Whether it can still be trusted.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.valid_for().is_zero()
    }

    /// What every write carries.
    #[must_use]
    pub fn owner(&self) -> Ownership {
        self.owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::store::{Epoch, OwnerToken};
    use uuid::Uuid;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_trusted_for_its_time_less_the_margin() {
        let lease = Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant());
        assert_eq!(lease.valid_for(), Duration::from_millis(4_500));
        tokio::time::advance(Duration::from_millis(2_000)).await;
        lease.renewed(instant());
        tokio::time::advance(Duration::from_millis(4_499)).await;
        assert!(lease.is_valid());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn an_ended_lease_is_never_trusted_again_by_itself() {
        let lease = Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant());
        lease.clone().end();
        assert!(!lease.is_valid());
    }
}
