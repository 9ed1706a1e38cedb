//! A node's right to a shard, as its own clock knows it.
//!
//! The store judges leases by its clock; this node must know by itself, without asking, when its lease can no longer be trusted. It
//! counts from *before* it asked, on the monotonic clock, and takes a margin off. When the time is over nothing leaves the node.
//!
//! A lease that is to be given back is closed first: nothing new is begun under it, and whoever gives it back can wait until what was
//! begun has ended. While a store that went back is given again what it lost, nothing is begun either.

use crate::holds::{Hold, Holds};
use crate::port::clock::instant;
use crate::port::store::{Ownership, Standing};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{Duration, Instant};
use vestibule_domain::time::Span;

/// How long a lease is asked for.
pub const TTL: Span = Span::seconds(6);
/// How often it is renewed: twice before it could run out.
pub const RENEW_EVERY: Span = Span::seconds(2);
/// Taken off for clocks that run apart and for what is on its way when the time is over.
pub const MARGIN: Span = Span(1_500);

/// Of a lease that has ended; no renewal on its way brings it back.
const ENDED: u64 = 0;

/// A lease as this node sees it. Clones share the same validity.
#[derive(Clone, Debug)]
pub struct Lease {
    owner: Ownership,
    base: Instant,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    valid_until_ms: AtomicU64,
    closed: AtomicBool,
    paused: AtomicBool,
    went_back: AtomicBool,
    /// How far the shard is committed.
    standing: Mutex<Standing>,
    /// What was begun under it and has not ended.
    holds: Holds,
}

impl Lease {
    /// A lease that was granted to a request sent at `asked`.
    #[must_use]
    pub fn granted(owner: Ownership, asked: Instant) -> Self {
        let valid_until_ms = AtomicU64::new(trusted_for_ms());
        let shared = Shared {
            valid_until_ms,
            closed: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            went_back: AtomicBool::new(false),
            standing: Mutex::default(),
            holds: Holds::default(),
        };
        Self { owner, base: asked, shared: Arc::new(shared) }
    }

    /// The store prolonged it; the request was sent at `asked`.
    pub fn renewed(&self, asked: Instant) {
        let until = self.ms_until(asked).saturating_add(trusted_for_ms());
        let now = self.ms_until(instant());
        // One that has ended meanwhile stays so, whatever the store still answered; so does one that could not be trusted for a moment,
        // since whoever saw that has let go of what was to be done under it.
        let _ = self.shared.valid_until_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, |before| {
            (before > now).then_some(before.max(until))
        });
    }

    fn ms_until(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.base).as_millis()).unwrap_or(0)
    }

    /// The store said that it is ours no more, or we gave it back.
    pub fn end(&self) {
        self.shared.valid_until_ms.store(ENDED, Ordering::Release);
    }

    /// It is to be given back: nothing new is begun under it.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
    }

    /// Whether something may be begun under it.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        let closed = self.shared.closed.load(Ordering::Acquire);
        self.is_valid() && !closed && !self.shared.paused.load(Ordering::Acquire)
    }

    /// Nothing is begun under it for a while.
    pub fn pause(&self, paused: bool) {
        self.shared.paused.store(paused, Ordering::Release);
    }

    /// The shard is committed so far.
    pub fn stands(&self, standing: Standing) {
        *self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// How far the shard is committed.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store was seen to hold less than was committed.
    pub fn went_back(&self) {
        self.shared.went_back.store(true, Ordering::Release);
    }

    /// Whether that was seen since this was last asked.
    #[must_use]
    pub fn take_went_back(&self) -> bool {
        self.shared.went_back.swap(false, Ordering::AcqRel)
    }

    /// Something begins under it, and ends when the hold is dropped.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.shared.holds.hold()
    }

    /// Resolves when nothing that was begun under it goes on.
    pub async fn quiet(&self) {
        self.shared.holds.quiet().await;
    }

    /// For how long it can still be trusted; zero when it cannot.
    #[must_use]
    pub fn valid_for(&self) -> Duration {
        let until = Duration::from_millis(self.shared.valid_until_ms.load(Ordering::Acquire));
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

/// How long a lease is trusted from when it was asked for.
fn trusted_for_ms() -> u64 {
    u64::try_from(TTL.0 - MARGIN.0).unwrap_or(0)
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
    async fn an_ended_lease_stays_ended_even_if_a_renewal_was_under_way() {
        let lease = Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant());
        lease.clone().end();
        assert!(!lease.is_valid());
        lease.renewed(instant());
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_could_not_be_trusted_for_a_moment_is_not_trusted_again() {
        let lease = Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant());
        tokio::time::advance(Duration::from_millis(4_500)).await;
        lease.renewed(instant());
        assert!(!lease.is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_begins_under_a_closed_lease() {
        let lease = Lease::granted(Ownership { token: OwnerToken(Uuid::nil()), epoch: Epoch(1) }, instant());
        assert!(lease.may_begin());
        lease.clone().close();
        assert!(lease.is_valid() && !lease.may_begin());
    }
}
