//! The pace of calls to one Zoom account from this node: what Zoom would refuse with 429 is not sent in the first place.
//!
//! Several nodes together may still exceed an account's limit; then Zoom's own answer slows them down.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use vestibule_actors::port::clock::instant;
use vestibule_domain::time::Span;

use super::account::PerSecond;

const SECOND: Duration = Duration::from_secs(1);

/// How Zoom weighs a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Light,
    Medium,
}

/// One account's paces.
pub(super) struct Paces {
    light: Pace,
    medium: Pace,
    readings: Pace,
}

/// At most so many in any second.
struct Pace {
    most: usize,
    /// The last places given away, oldest first; they may lie in the future. Never more than `most`.
    given: Mutex<VecDeque<Instant>>,
}

/// The next free place comes after the caller's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    /// How long until then.
    pub wait: Span,
}

impl Paces {
    pub fn new(per_second: PerSecond, readings: u32) -> Self {
        Self {
            light: Pace::new(per_second.light),
            medium: Pace::new(per_second.medium),
            readings: Pace::new(readings),
        }
    }

    /// Waits for a place for a call of this label.
    pub async fn call(&self, label: Label, deadline: Instant) -> Result<(), Full> {
        let pace = match label {
            Label::Light => &self.light,
            Label::Medium => &self.medium,
        };
        pace.wait(deadline).await
    }

    /// Waits for a place for a reading of a meeting's status that nobody asked for by a click.
    pub async fn reading(&self, deadline: Instant) -> Result<(), Full> {
        self.readings.wait(deadline).await
    }
}

impl Pace {
    fn new(most: u32) -> Self {
        Self { most: most.max(1) as usize, given: Mutex::default() }
    }

    async fn wait(&self, deadline: Instant) -> Result<(), Full> {
        let place = self.take(instant(), deadline)?;
        sleep_until(place).await;
        Ok(())
    }

    fn take(&self, now: Instant, deadline: Instant) -> Result<Instant, Full> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let full = given.len() >= self.most;
        let place = given.front().filter(|_| full).map_or(now, |first| now.max(*first + SECOND));
        if place > deadline {
            return Err(Full { wait: Span::from_duration(place - now) });
        }
        if full {
            given.pop_front();
        }
        given.push_back(place);
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_beyond_the_deadline_is_not_taken() {
        let pace = Pace::new(1);
        let now = instant();
        assert_eq!(pace.take(now, now), Ok(now));
        assert_eq!(pace.take(now, now + SECOND / 2), Err(Full { wait: Span::seconds(1) }));
        assert_eq!(pace.take(now, now + SECOND), Ok(now + SECOND));
        assert_eq!(pace.take(now, now + SECOND), Err(Full { wait: Span::seconds(2) }));
    }

    proptest! {
        #[test]
        fn no_second_holds_more_places_than_the_pace(
            most in 1_u32..6,
            steps in prop::collection::vec((0_u64..700, 0_u64..5_000), 1..200),
        ) {
            let (pace, start) = (Pace::new(most), instant());
            let (mut now, mut places) = (start, Vec::new());
            for (step, patience) in steps {
                now += Duration::from_millis(step);
                if let Ok(place) = pace.take(now, now + Duration::from_millis(patience)) {
                    prop_assert!(place >= now);
                    places.push(place);
                    let second = places.iter().filter(|other| **other <= place && **other + SECOND > place).count();
                    prop_assert!(second <= most as usize);
                }
            }
            prop_assert!(places.is_sorted());
        }
    }
}
