//! A value that is fetched from somebody else and held for the whole node: a token, a key set, metadata.
//!
//! Whoever finds it missing or old fetches it, one at a time over all threads; the others wait for that one. The fetch is nobody's
//! own: it goes on, with its own time-out, when the caller who began it has no time left. A failure is remembered for a moment, so that a dead
//! host is not asked by everybody in turn; while an old value is still usable, it stands in. The moment is short: one value may
//! need another that failed a little earlier, and all their pauses together delay whatever is first done when the host is back.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use tracing::Instrument;
use vestibule_actors::port::clock::SharedClock;
use vestibule_domain::time::{Moment, Span};

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Span = Span::seconds(1);
/// The pause never grows beyond this, or what the holder was made with.
const LONGEST_PAUSE: Span = Span(2_500);

/// A value just fetched.
#[derive(Debug, Clone)]
pub struct Fresh<T> {
    pub value: T,
    /// From then on it is fetched anew at the next use.
    pub renew_after: Span,
    /// From then on it is not used at all.
    pub usable_for: Span,
}

/// The holder.
pub struct Shared<T, E> {
    held: Arc<Mutex<Held<T, E>>>,
    /// Held by whoever fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
    longest_pause: Span,
}

type Turn = OwnedMutexGuard<()>;

struct Held<T, E> {
    value: Option<Timed<T>>,
    failure: Option<Failure<E>>,
    /// When it was last fetched only because something was missing in it.
    missed_at: Option<Moment>,
}

struct Timed<T> {
    value: Arc<T>,
    renew_at: Moment,
    unusable_at: Moment,
}

struct Failure<E> {
    error: E,
    again_at: Moment,
    in_a_row: u32,
}

impl<T, E> Default for Shared<T, E> {
    fn default() -> Self {
        Self::pausing(LONGEST_PAUSE)
    }
}

impl<T, E> Shared<T, E> {
    /// A holder that after a failure pauses for `most` at most, and in any case not longer than one of the default kind.
    #[must_use]
    pub fn pausing(most: Span) -> Self {
        Self {
            held: Arc::new(Mutex::new(Held { value: None, failure: None, missed_at: None })),
            turn: Arc::default(),
            longest_pause: most.min(LONGEST_PAUSE),
        }
    }
}

impl<T: 'static, E: Clone + 'static> Shared<T, E> {
    /// The value, fetched by `fetch` where it is missing or old. A caller that is dropped leaves the fetch running on its thread.
    ///
    /// # Errors
    /// What the last fetch failed with, where no usable value is left.
    pub async fn get<F, Fut>(&self, clock: &SharedClock, fetch: F) -> Result<Arc<T>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fresh<T>, E>> + 'static,
    {
        if let Some(answer) = self.lock().at_once(clock.now()) {
            return answer;
        }
        let turn = if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            turn
        } else {
            // Somebody fetches already. What is still usable is as good as it was a moment ago.
            let usable = self.lock().usable(clock.now());
            if let Some(value) = usable {
                return Ok(value);
            }
            Arc::clone(&self.turn).lock_owned().await
        };
        // It may have come, or failed, while we waited for our turn.
        if let Some(answer) = self.lock().at_once(clock.now()) {
            return answer;
        }
        self.fetched(turn, clock, fetch(), |_, _| {}).await
    }

    /// The value after something was missing in `seen`: a newer one if there is one, else it is fetched once more, but not
    /// within `apart` of the last time that something was missing. Where that fails, `seen` again.
    pub async fn newer<F, Fut>(&self, clock: &SharedClock, seen: &Arc<T>, apart: Span, fetch: F) -> Arc<T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fresh<T>, E>> + 'static,
    {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if let Some(answer) = self.lock().newer_than(seen, apart, clock.now()) {
            return answer;
        }
        let missed = |held: &mut Held<T, E>, now| held.missed_at = Some(now);
        self.fetched(turn, clock, fetch(), missed).await.unwrap_or_else(|_| Arc::clone(seen))
    }

    /// Runs a fetch by itself, so that it is not cut off with its caller, and takes its result in.
    async fn fetched(
        &self,
        turn: Turn,
        clock: &SharedClock,
        fetch: impl Future<Output = Result<Fresh<T>, E>> + 'static,
        note: impl FnOnce(&mut Held<T, E>, Moment) + 'static,
    ) -> Result<Arc<T>, E> {
        let (held, clock, longest_pause) = (Arc::clone(&self.held), Arc::clone(clock), self.longest_pause);
        let fetching = async move {
            let fetched = fetch.await;
            let now = clock.now();
            let mut held = lock(&held);
            note(&mut held, now);
            let answer = held.take_in(fetched, now, longest_pause);
            drop(turn);
            answer
        };
        match actix_rt::spawn(fetching.in_current_span()).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The thread ends, and whoever waits here with it.
            Err(_) => pending().await,
        }
    }
}

impl<T, E> Shared<T, E> {
    /// Forgets a value that turned out to be refused, unless it was replaced meanwhile.
    pub fn forget(&self, refused: &Arc<T>) {
        let mut held = self.lock();
        if held.value.as_ref().is_some_and(|timed| Arc::ptr_eq(&timed.value, refused)) {
            held.value = None;
        }
    }

    /// Forgets whatever is held, and that fetching it failed: the next use fetches it anew.
    pub fn clear(&self) {
        let mut held = self.lock();
        (held.value, held.failure) = (None, None);
    }

    fn lock(&self) -> MutexGuard<'_, Held<T, E>> {
        lock(&self.held)
    }
}

/// A thread that panicked cannot have left it half changed: every change is one assignment.
fn lock<T, E>(held: &Mutex<Held<T, E>>) -> MutexGuard<'_, Held<T, E>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, E: Clone> Held<T, E> {
    fn usable(&self, now: Moment) -> Option<Arc<T>> {
        self.value.as_ref().filter(|timed| now < timed.unusable_at).map(|timed| Arc::clone(&timed.value))
    }

    /// The answer that needs no fetch, if there is one.
    fn at_once(&self, now: Moment) -> Option<Result<Arc<T>, E>> {
        if let Some(timed) = self.value.as_ref().filter(|timed| now < timed.renew_at) {
            return Some(Ok(Arc::clone(&timed.value)));
        }
        let failure = self.failure.as_ref().filter(|failure| now < failure.again_at)?;
        Some(self.usable(now).ok_or_else(|| failure.error.clone()))
    }

    fn newer_than(&self, seen: &Arc<T>, apart: Span, now: Moment) -> Option<Arc<T>> {
        let pausing = self.failure.as_ref().is_some_and(|failure| now < failure.again_at);
        let lately = self.missed_at.is_some_and(|missed| now < missed + apart);
        match &self.value {
            Some(timed) if !Arc::ptr_eq(&timed.value, seen) => Some(Arc::clone(&timed.value)),
            Some(_) if pausing || lately => Some(Arc::clone(seen)),
            Some(_) => None,
            None => pausing.then(|| Arc::clone(seen)),
        }
    }

    fn take_in(
        &mut self,
        fetched: Result<Fresh<T>, E>,
        now: Moment,
        longest_pause: Span,
    ) -> Result<Arc<T>, E> {
        match fetched {
            Ok(fresh) => {
                let value = Arc::new(fresh.value);
                self.value = Some(Timed {
                    value: Arc::clone(&value),
                    renew_at: now + fresh.renew_after,
                    unusable_at: now + fresh.usable_for,
                });
                self.failure = None;
                Ok(value)
            }
            Err(error) => {
                let in_a_row = self.failure.as_ref().map_or(0, |failure| failure.in_a_row).saturating_add(1);
                let doublings = in_a_row.saturating_sub(1).min(10);
                let pause = Span(FIRST_PAUSE.0.saturating_mul(1 << doublings)).min(longest_pause);
                self.failure = Some(Failure { error: error.clone(), again_at: now + pause, in_a_row });
                self.usable(now).ok_or(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use vestibule_actors::port::clock::Clock;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Moment {
            Moment(self.0.load(Ordering::SeqCst))
        }
    }

    /// A clock by hand, once to set it and once to give it away.
    fn hand(at: i64) -> (Arc<Hand>, SharedClock) {
        let hand = Arc::new(Hand(AtomicI64::new(at)));
        (Arc::clone(&hand), hand)
    }

    fn fresh(value: u32) -> Result<Fresh<u32>, &'static str> {
        Ok(Fresh { value, renew_after: Span(100), usable_for: Span(200) })
    }

    #[actix_web::test]
    async fn one_fetch_serves_all_who_wait_on_all_threads() {
        let shared: Arc<Shared<u32, &'static str>> = Arc::default();
        let fetches = Arc::new(AtomicU32::new(0));
        let mut threads = Vec::new();
        for _ in 0..4 {
            let (shared, fetches) = (Arc::clone(&shared), Arc::clone(&fetches));
            threads.push(std::thread::spawn(move || {
                actix_rt::System::new().block_on(async move {
                    let (_, clock) = hand(0);
                    let asked = (0..25).map(|_| {
                        let fetches = Arc::clone(&fetches);
                        shared.get(&clock, || async move {
                            fetches.fetch_add(1, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            fresh(7)
                        })
                    });
                    futures_util::future::join_all(asked).await
                })
            }));
        }
        for thread in threads {
            assert!(thread.join().unwrap().iter().all(|answer| **answer.as_ref().unwrap() == 7));
        }
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }

    #[actix_web::test]
    async fn a_caller_that_is_dropped_leaves_its_fetch_to_the_others() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (_, clock) = hand(0);
        let (answer, comes) = tokio::sync::oneshot::channel();
        let mut first = Box::pin(shared.get(&clock, || async move { fresh(comes.await.unwrap()) }));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(shared.get(&clock, || async { panic!("it is being fetched") }));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        answer.send(1).unwrap();
        assert_eq!(*second.await.unwrap(), 1);
    }

    #[actix_web::test]
    async fn a_fetch_that_panics_leaves_the_turn_to_the_next() {
        use futures_util::FutureExt;
        let shared: Shared<u32, &'static str> = Shared::default();
        let (_, clock) = hand(0);
        let first = std::panic::AssertUnwindSafe(shared.get(&clock, || async { panic!("a bug") }));
        assert!(first.catch_unwind().await.is_err());
        assert_eq!(*shared.get(&clock, || async { fresh(2) }).await.unwrap(), 2);
    }

    #[actix_web::test]
    async fn a_failure_is_shared_for_a_while_and_the_pause_grows() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (hand, clock) = hand(0);
        assert_eq!(shared.get(&clock, || async { Err("down") }).await, Err("down"));
        hand.0.store(999, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, || async { fresh(1) }).await, Err("down"));
        hand.0.store(1000, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, || async { Err("still") }).await, Err("still"));
        hand.0.store(2999, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, || async { fresh(1) }).await, Err("still"));
        hand.0.store(3000, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, || async { Err("even now") }).await, Err("even now"));
        hand.0.store(5499, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, || async { fresh(1) }).await, Err("even now"));
        hand.0.store(5500, Ordering::SeqCst);
        assert_eq!(*shared.get(&clock, || async { fresh(1) }).await.unwrap(), 1, "no pause is longer");
        let quick: Shared<u32, &'static str> = Shared::pausing(Span(50));
        assert_eq!(quick.get(&clock, || async { Err("down") }).await, Err("down"));
        hand.0.store(5550, Ordering::SeqCst);
        assert_eq!(*quick.get(&clock, || async { fresh(2) }).await.unwrap(), 2);
    }

    #[actix_web::test]
    async fn an_old_value_stands_in_until_it_is_unusable() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (hand, clock) = hand(0);
        shared.get(&clock, || async { fresh(1) }).await.unwrap();
        hand.0.store(150, Ordering::SeqCst);
        assert_eq!(*shared.get(&clock, || async { Err("down") }).await.unwrap(), 1);
        let fetching = shared.get(&clock, std::future::pending);
        hand.0.store(199, Ordering::SeqCst);
        assert_eq!(*fetching.await.unwrap(), 1, "no fetch during the pause");
        hand.0.store(200, Ordering::SeqCst);
        assert_eq!(shared.get(&clock, std::future::pending).await, Err("down"));
    }

    #[actix_web::test]
    async fn while_somebody_renews_others_use_the_old_value() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (hand, clock) = hand(0);
        shared.get(&clock, || async { fresh(1) }).await.unwrap();
        hand.0.store(100, Ordering::SeqCst);
        let mut renewing = Box::pin(shared.get(&clock, std::future::pending));
        assert!(futures_util::poll!(&mut renewing).is_pending());
        assert_eq!(*shared.get(&clock, || async { fresh(9) }).await.unwrap(), 1);
    }

    #[actix_web::test]
    async fn only_the_refused_value_is_forgotten() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (_, clock) = hand(0);
        let first = shared.get(&clock, || async { fresh(1) }).await.unwrap();
        shared.forget(&first);
        let second = shared.get(&clock, || async { fresh(2) }).await.unwrap();
        shared.forget(&first);
        let third = shared.get(&clock, || async { fresh(3) }).await.unwrap();
        assert!(Arc::ptr_eq(&second, &third));
    }

    #[actix_web::test]
    async fn what_was_missing_is_looked_for_at_once_and_then_only_once_in_a_while() {
        let shared: Shared<u32, &'static str> = Shared::default();
        let (hand, clock) = hand(0);
        let seen = shared.get(&clock, || async { fresh(1) }).await.unwrap();
        let apart = Span(60);
        hand.0.store(1, Ordering::SeqCst);
        let second = shared.newer(&clock, &seen, apart, || async { fresh(2) }).await;
        assert_eq!(*second, 2, "however young the value is");
        assert_eq!(*shared.newer(&clock, &seen, apart, || async { fresh(3) }).await, 2, "newer than seen");
        hand.0.store(60, Ordering::SeqCst);
        assert_eq!(*shared.newer(&clock, &second, apart, || async { fresh(3) }).await, 2);
        hand.0.store(61, Ordering::SeqCst);
        assert_eq!(*shared.newer(&clock, &second, apart, || async { fresh(3) }).await, 3);
    }
}
