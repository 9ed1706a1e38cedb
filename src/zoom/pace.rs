//! The pace of calls to one Zoom account: what Zoom would refuse with 429 is not sent in the first place.
//!
//! A call waits for its turn on this node first, in the order of asking, and then for leave at the account's gate in the store, so that all
//! nodes together, and all organizations of an account, keep to it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::{GateId, SharedStore, ZoomClass};
use vestibule_domain::gate::{Answer, Limits};
use vestibule_domain::time::Span;

use super::account::PerSecond;

const SECOND: Duration = Duration::from_secs(1);
/// The next try where the store does not answer.
pub(super) const WITHOUT_STORE: Span = Span::seconds(1);

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
    gate: GateId,
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
    pub fn new(account: &str, per_second: PerSecond, readings: u32) -> Self {
        let gate = |class| GateId::Zoom { account: account.to_owned(), class };
        Self {
            light: Pace::new(gate(ZoomClass::Light), per_second.light),
            medium: Pace::new(gate(ZoomClass::Medium), per_second.medium),
            readings: Pace::new(gate(ZoomClass::Reading), readings),
        }
    }

    /// Waits for a place for a call of this label.
    pub async fn call(&self, store: &SharedStore, label: Label, deadline: Instant) -> Result<(), Full> {
        let pace = match label {
            Label::Light => &self.light,
            Label::Medium => &self.medium,
        };
        pace.wait(store, deadline).await
    }

    /// Waits for a place for a reading of a meeting's status that nobody asked for by a click.
    pub async fn reading(&self, store: &SharedStore, deadline: Instant) -> Result<(), Full> {
        self.readings.wait(store, deadline).await
    }
}

impl Pace {
    fn new(gate: GateId, most: u32) -> Self {
        Self { gate, most: most.max(1) as usize, given: Mutex::default() }
    }

    async fn wait(&self, store: &SharedStore, deadline: Instant) -> Result<(), Full> {
        let place = self.take(instant(), deadline)?;
        sleep_until(place).await;
        self.pass(store, deadline).await
    }

    /// Waits for leave at the gate that all nodes share.
    async fn pass(&self, store: &SharedStore, deadline: Instant) -> Result<(), Full> {
        loop {
            let asked = instant();
            let wait = match store.permit(&self.gate, self.limits()).await {
                Ok(Answer::Granted { begin_within, .. }) if asked.elapsed() < begin_within.to_duration() => {
                    return Ok(());
                }
                // The leave came too late to be used.
                Ok(Answer::Granted { .. }) => Span(0),
                Ok(Answer::Wait { wait, .. }) => wait,
                Err(error) => {
                    tracing::warn!(%error, "the pace of calls to Zoom cannot be asked for");
                    return Err(Full { wait: WITHOUT_STORE });
                }
            };
            if instant() + wait.to_duration() > deadline {
                return Err(Full { wait });
            }
            sleep(wait.to_duration()).await;
        }
    }

    /// Only the rate counts: how many calls are under way, and how they end, is not this gate's business, and no permit is given back.
    fn limits(&self) -> Limits {
        Limits {
            per_second: u32::try_from(self.most).unwrap_or(u32::MAX),
            concurrent: u32::MAX,
            failures: u32::MAX,
            probe_every: Span::seconds(1),
            unused: Span::seconds(1),
            permit_life: Span::seconds(1),
            longest_pause: Span::seconds(1),
        }
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
    use std::sync::Arc;
    use vestibule_actors::memory::MemoryStore;
    use vestibule_actors::port::clock::Clock;
    use vestibule_actors::port::store::StoreLimits;
    use vestibule_domain::time::Moment;

    const PRO: PerSecond = PerSecond { light: 30, medium: 20 };

    fn gate() -> GateId {
        GateId::Zoom { account: "acc".to_owned(), class: ZoomClass::Medium }
    }

    /// Goes with the runtime's clock, which stands still unless everybody waits.
    struct Stopped(Instant);

    impl Clock for Stopped {
        fn now(&self) -> Moment {
            Moment(i64::try_from(self.0.elapsed().as_millis()).unwrap())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_that_share_a_store_share_an_accounts_pace() {
        let store: SharedStore =
            Arc::new(MemoryStore::new(Arc::new(Stopped(instant())), StoreLimits::default()));
        let (one, other) = (Paces::new("acc", PRO, 1), Paces::new("acc", PRO, 1));
        let (start, deadline) = (instant(), instant() + 3 * SECOND);
        let readings = [&one, &other, &one, &other].map(|node| node.reading(&store, deadline));
        let places = futures_util::future::join_all(
            readings.map(|reading| async { reading.await.map(|()| start.elapsed()) }),
        )
        .await;
        let mut seconds: Vec<u64> = places.iter().map(|place| place.as_ref().unwrap().as_secs()).collect();
        seconds.sort_unstable();
        assert_eq!(seconds, [0, 1, 2, 3]);
        assert!(other.reading(&store, instant()).await.is_err(), "the second is full");
        let another = Paces::new("another", PRO, 1);
        assert_eq!(another.reading(&store, instant()).await, Ok(()));
    }

    #[test]
    fn a_place_beyond_the_deadline_is_not_taken() {
        let pace = Pace::new(gate(), 1);
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
            let (pace, start) = (Pace::new(gate(), most), instant());
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
