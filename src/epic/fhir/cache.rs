//! Resources of one kind that are kept, each fetched by one at a time. Names of people are among them, so that none stays longer than a
//! visit takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use vestibule_domain::time::{Moment, Span};

use super::{FhirId, Settled, Unread};
use crate::outbound::Shared;

/// The time of a visit: whatever was first read so long ago leaves, and is read again when it is needed again.
pub(super) const VISIT: Span = Span::hours(1);

type Held<R> = Arc<Shared<Settled<R>, Unread>>;

/// A bounded number of them.
pub(crate) struct Cache<R> {
    most: usize,
    kept: Mutex<Kept<R>>,
}

struct Kept<R> {
    by_id: BTreeMap<FhirId, Held<R>>,
    /// When each came, the oldest first.
    by_age: VecDeque<(Moment, FhirId)>,
}

impl<R: 'static> Cache<R> {
    pub(super) fn new(most: usize) -> Self {
        let kept = Kept { by_id: BTreeMap::new(), by_age: VecDeque::new() };
        Self { most: most.max(1), kept: Mutex::new(kept) }
    }

    /// The holder of a resource, and how many others had to leave for it before their time.
    pub(super) fn of(&self, id: &FhirId, now: Moment) -> (Held<R>, u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.by_age.front().is_some_and(|(came, _)| *came + VISIT <= now) {
            kept.drop_oldest();
        }
        if let Some(held) = kept.by_id.get(id) {
            return (Arc::clone(held), 0);
        }
        let mut let_go = 0;
        while kept.by_id.len() >= self.most {
            kept.drop_oldest();
            let_go += 1;
        }
        let held = Held::default();
        kept.by_id.insert(id.clone(), Arc::clone(&held));
        kept.by_age.push_back((now, id.clone()));
        (held, let_go)
    }
}

impl<R> Kept<R> {
    fn drop_oldest(&mut self) {
        if let Some((_, id)) = self.by_age.pop_front() {
            self.by_id.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000);

    fn id(text: &str) -> FhirId {
        FhirId::new(text).unwrap()
    }

    #[test]
    fn the_oldest_leaves_for_want_of_room_and_everybody_in_time() {
        let cache: Cache<u8> = Cache::new(2);
        let (a, let_go) = cache.of(&id("a"), NOW);
        assert_eq!(let_go, 0);
        let (again, _) = cache.of(&id("a"), NOW + Span::minutes(1));
        assert!(Arc::ptr_eq(&a, &again), "one for all who wait");
        cache.of(&id("b"), NOW + Span::minutes(2));
        let (_, let_go) = cache.of(&id("c"), NOW + Span::minutes(3));
        assert_eq!(let_go, 1);
        let (fresh, let_go) = cache.of(&id("a"), NOW + Span::minutes(4));
        assert!(!Arc::ptr_eq(&a, &fresh) && let_go == 1, "a had left for c, and b leaves for a");
        let (_, let_go) = cache.of(&id("d"), NOW + VISIT + Span::minutes(10));
        assert_eq!((let_go, cache.kept.lock().unwrap().by_id.len()), (0, 1), "their time was over");
        assert_eq!(cache.kept.lock().unwrap().by_age.len(), 1);
    }
}
