//! Exponential backoff with full jitter: the wait is drawn evenly from zero to the bound, so that retries do not march in step.

use crate::time::Span;

/// The waits between attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The bound of the first wait.
    pub first: Span,
    /// The bound never grows beyond this.
    pub most: Span,
}

impl Backoff {
    /// The bound of the wait after the given attempt (1 is the first).
    #[must_use]
    pub fn bound(&self, attempt: u32) -> Span {
        let doublings = attempt.saturating_sub(1).min(40);
        Span(self.first.0.saturating_mul(1_i64 << doublings).min(self.most.0).max(0))
    }

    /// The wait after the given attempt; `draw` is uniform over all `u64` and comes from the caller's randomness.
    #[must_use]
    pub fn wait(&self, attempt: u32, draw: u64) -> Span {
        let bound = u64::try_from(self.bound(attempt).0).unwrap_or(0);
        Span(i64::try_from(draw % (bound.saturating_add(1))).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff = Backoff { first: Span(500), most: Span(30_000) };

    #[test]
    fn the_bound_doubles_up_to_the_most() {
        let bounds: Vec<i64> = (1..=9).map(|n| BACKOFF.bound(n).0).collect();
        assert_eq!(bounds, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(BACKOFF.bound(u32::MAX).0, 30_000);
    }

    proptest! {
        #[test]
        fn a_wait_stays_within_its_bound(attempt in 0_u32..2000, draw: u64) {
            let wait = BACKOFF.wait(attempt, draw);
            prop_assert!(wait >= Span(0) && wait <= BACKOFF.bound(attempt));
        }
    }
}
