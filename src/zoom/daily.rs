//! How many meetings a host may be given in a day: Zoom refuses the hundred-and-first call that makes or changes one until midnight in UTC,
//! and counts them for each host, whoever calls.
//!
//! The share is counted in the store, so that all nodes keep to it together and none forgets it in a restart: each call takes the next of
//! the day's numbers that nobody holds. A number that was taken and then not used is lost for the day, never used twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use vestibule_actors::port::clock::SharedRandomness;
use vestibule_actors::port::store::{SharedStore, Space};
use vestibule_domain::id::ZoomUserId;
use vestibule_domain::time::{Moment, Span};

use super::error::until_midnight;
use super::pace::{Full, WITHOUT_STORE};

/// Longer than any day, since nodes' clocks differ.
const KEPT_FOR: Span = Span::hours(25);

/// One account's shares of the day.
pub(super) struct Daily {
    account: String,
    most: u32,
    /// The day, and the first number of each host that may be free.
    free: Mutex<(i64, BTreeMap<ZoomUserId, u32>)>,
}

impl Daily {
    pub fn new(account: &str, most: u32) -> Self {
        Self { account: account.to_owned(), most, free: Mutex::default() }
    }

    /// Takes one of the day's calls of a host.
    pub async fn take(
        &self,
        store: &SharedStore,
        randomness: &SharedRandomness,
        host: &ZoomUserId,
        now: Moment,
    ) -> Result<(), Full> {
        let (left, day) = (until_midnight(now), day_of(now));
        let (mine, first) = (randomness.secret(), self.free(day, host));
        for number in first..self.most {
            let key = format!("zoom-day/{}/{host}/{day}/{number}", self.account);
            let asked = store.put_if_absent(Space::Turns, &key, mine.clone().into_bytes(), KEPT_FOR);
            match asked.await {
                Ok(whose) if whose == mine.as_bytes() => {
                    self.is_taken(day, host, number);
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "it cannot be asked how many meetings a host has had today");
                    return Err(Full { wait: WITHOUT_STORE });
                }
            }
        }
        if self.is_taken(day, host, self.most) {
            let (account, most) = (self.account.as_str(), self.most);
            tracing::warn!(
                account,
                host = host.as_str(),
                most,
                "a host has no meetings left today; Zoom begins a new day at midnight UTC"
            );
        }
        Err(Full { wait: left })
    }

    fn free(&self, day: i64, host: &ZoomUserId) -> u32 {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.0 == day { free.1.get(host).copied().unwrap_or(0) } else { 0 }
    }

    /// Whether that is news.
    fn is_taken(&self, day: i64, host: &ZoomUserId, number: u32) -> bool {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.0 != day {
            *free = (day, BTreeMap::new());
        }
        let first = free.1.entry(host.clone()).or_default();
        let before = std::mem::replace(first, (*first).max(number.saturating_add(1)));
        before != *first
    }
}

fn day_of(now: Moment) -> i64 {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    now.0.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Counting, Wall};
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use vestibule_actors::memory::MemoryStore;
    use vestibule_actors::port::store::StoreLimits;

    /// 26 November 2026, 23:59 in UTC.
    const LATE: Moment = Moment(1_795_823_940_000);

    fn randomness(seed: u64) -> SharedRandomness {
        Arc::new(Counting(AtomicU64::new(seed)))
    }

    fn user(name: &str) -> ZoomUserId {
        ZoomUserId::new(name).unwrap()
    }

    #[tokio::test]
    async fn nodes_share_the_calls_of_a_hosts_day() {
        let store: SharedStore = Arc::new(MemoryStore::new(Arc::new(Wall), StoreLimits::default()));
        let (one, other) = (Daily::new("acc", 5), Daily::new("acc", 5));
        let (mine, theirs) = (randomness(1), randomness(1_000_000));
        let asks = (0..8).map(|number| {
            let (node, randomness) = if number % 2 == 0 { (&one, &mine) } else { (&other, &theirs) };
            let store = &store;
            async move { node.take(store, randomness, &user("rivera"), LATE).await }
        });
        let answers = futures_util::future::join_all(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
        let full = Err(Full { wait: Span::minutes(1) });
        assert_eq!(answers.iter().filter(|answer| **answer == full).count(), 3);
        assert_eq!(one.take(&store, &mine, &user("okafor"), LATE).await, Ok(()), "another host");
        let another = Daily::new("another", 5);
        assert_eq!(another.take(&store, &mine, &user("rivera"), LATE).await, Ok(()), "another account");
        // A node that begins anew forgets nothing.
        assert_eq!(Daily::new("acc", 5).take(&store, &mine, &user("rivera"), LATE).await, full);
        let tomorrow = LATE + Span::minutes(1);
        assert_eq!(one.take(&store, &mine, &user("rivera"), tomorrow).await, Ok(()), "a new day");
        assert_eq!(one.free.lock().unwrap().1.len(), 1, "of other days nothing is kept");
    }
}
