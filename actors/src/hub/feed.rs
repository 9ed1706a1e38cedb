//! A board's own queue of changes. It holds the newest state of each visit only, so that a slow reader skips states, never sees an older
//! one after a newer (I13), and can make nobody wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use vestibule_domain::id::VisitKey;

use crate::desk::Snapshot;
use crate::port::store::{Epoch, Owner};

/// What a feed tells.
#[derive(Clone, Debug)]
pub enum News {
    /// Every visit as it stands: once, before any change.
    All(Vec<Arc<Seen>>),
    /// Something changed.
    Change(Change),
    /// Whether the store answers now, when that is not what was told before; at first it is taken to answer.
    Store {
        /// It does; otherwise what was told may be out of date.
        answers: bool,
    },
    /// The hub is gone and this feed tells nothing any more.
    Over,
}

/// What happened to a visit.
#[derive(Clone, Debug)]
pub enum Change {
    /// It stands so now.
    Visit(Arc<Seen>),
    /// It left and has come back since: it stands so now, and what was known of it is void, its (epoch, version) too.
    Again(Arc<Seen>),
    /// It has left.
    Gone(VisitKey),
}

/// A visit as a board sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The committed state.
    pub snapshot: Snapshot,
    /// The number of that commit among all of its shard.
    pub change: u64,
    /// Who owns it now.
    pub owner: Option<Owner>,
}

/// A queue of one reader.
#[derive(Debug)]
pub struct Feed {
    queue: Mutex<Queue>,
    told: Notify,
}

#[derive(Debug)]
struct Queue {
    waiting: BTreeMap<VisitKey, Change>,
    /// The keys of `waiting`, those that wait longest first: a visit that changes all the time keeps no other from being told.
    order: VecDeque<VisitKey>,
    /// The newest state of each visit that was laid in: an older one is never laid in after it.
    newest: BTreeMap<VisitKey, Stamp>,
    begun: Begun,
    answers: bool,
    answers_told: bool,
    over: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Begun {
    /// What stands is not known yet.
    Empty,
    /// What stands has been laid in.
    Filled,
    /// It has been told.
    Told,
}

/// The change number orders all commits of a shard, and its owner's epoch what is told between two of them; epoch and version order the
/// commits of one visit from its beginning until it leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    change: u64,
    owner: Epoch,
    told: (Epoch, u64),
}

impl Feed {
    pub(super) fn new() -> Self {
        let queue = Queue {
            waiting: BTreeMap::new(),
            order: VecDeque::new(),
            newest: BTreeMap::new(),
            begun: Begun::Empty,
            answers: true,
            answers_told: true,
            over: false,
        };
        Self { queue: Mutex::new(queue), told: Notify::new() }
    }

    /// Waits for news and takes them. One reader at a time; nothing is lost when the waiting is given up.
    pub async fn next(&self) -> News {
        loop {
            let told = self.told.notified();
            if let Some(news) = self.lock().take() {
                return news;
            }
            told.await;
        }
    }

    /// How many visits have changes that were not taken yet.
    #[must_use]
    pub fn behind(&self) -> usize {
        self.lock().waiting.len()
    }

    pub(super) fn is_filled(&self) -> bool {
        self.lock().begun != Begun::Empty
    }

    /// Lays in everything that stands.
    pub(super) fn fill<'a>(&self, visits: impl Iterator<Item = &'a Arc<Seen>>) {
        let mut queue = self.lock();
        visits.for_each(|seen| queue.lay_in(&Change::Visit(Arc::clone(seen))));
        queue.begun = Begun::Filled;
        drop(queue);
        self.told.notify_one();
    }

    pub(super) fn lay_in(&self, change: &Change) {
        self.lock().lay_in(change);
        self.told.notify_one();
    }

    pub(super) fn store_answers(&self, answers: bool) {
        self.lock().answers = answers;
        self.told.notify_one();
    }

    pub(super) fn end(&self) {
        self.lock().over = true;
        self.told.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn take(&mut self) -> Option<News> {
        if self.over {
            return Some(News::Over);
        }
        if self.answers != self.answers_told {
            self.answers_told = self.answers;
            return Some(News::Store { answers: self.answers });
        }
        match self.begun {
            Begun::Empty => None,
            Begun::Filled => {
                self.begun = Begun::Told;
                self.order.clear();
                let all = std::mem::take(&mut self.waiting).into_values();
                Some(News::All(all.filter_map(Change::into_seen).collect()))
            }
            Begun::Told => {
                let change = self.order.pop_front().and_then(|key| self.waiting.remove(&key))?;
                Some(News::Change(change))
            }
        }
    }

    fn lay_in(&mut self, change: &Change) {
        let key = change.key();
        let mut change = change.clone();
        match &change {
            Change::Visit(seen) | Change::Again(seen) => {
                let stamp = seen.stamp();
                let before = self.newest.insert(key.clone(), stamp);
                if let Some(before) = before {
                    if (stamp.change, stamp.owner) <= (before.change, before.owner) {
                        self.newest.insert(key, before);
                        return;
                    }
                    if stamp.change > before.change && stamp.told <= before.told {
                        change = Change::Again(Arc::clone(seen));
                    }
                }
            }
            Change::Gone(_) => {
                self.newest.remove(&key);
            }
        }
        match self.waiting.get(&key) {
            None => self.order.push_back(key.clone()),
            Some(before) => change = change.after(before),
        }
        self.waiting.insert(key, change);
    }
}

impl Change {
    fn key(&self) -> VisitKey {
        match self {
            Self::Visit(seen) | Self::Again(seen) => seen.snapshot.visit.key.clone(),
            Self::Gone(key) => key.clone(),
        }
    }

    /// One change in the place of two.
    fn after(self, before: &Self) -> Self {
        match (before, self) {
            (Self::Gone(_) | Self::Again(_), Self::Visit(seen)) => Self::Again(seen),
            (_, change) => change,
        }
    }

    fn into_seen(self) -> Option<Arc<Seen>> {
        match self {
            Self::Visit(seen) | Self::Again(seen) => Some(seen),
            Self::Gone(_) => None,
        }
    }
}

impl Seen {
    fn stamp(&self) -> Stamp {
        let owner = self.owner.as_ref().map_or(Epoch(0), |owner| owner.epoch);
        Stamp { change: self.change, owner, told: (self.snapshot.epoch, self.snapshot.version) }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use vestibule_domain::id::{Csn, OrganizationId, VisitId};
    use vestibule_domain::time::Moment;
    use vestibule_domain::visit::Visit;

    use super::*;

    fn key(csn: &str) -> VisitKey {
        let organization = OrganizationId::new("lakeside").unwrap();
        VisitKey { organization, visit: VisitId::Csn(Csn::new(csn).unwrap()) }
    }

    fn seen(csn: &str, version: u64, change: u64) -> Arc<Seen> {
        let snapshot = Snapshot { visit: Visit::new(key(csn), Moment(0)), version, epoch: Epoch(1) };
        Arc::new(Seen { snapshot, change, owner: None })
    }

    fn visit(csn: &str, version: u64, change: u64) -> Change {
        Change::Visit(seen(csn, version, change))
    }

    /// All that a feed has to tell now, in short words.
    fn told(feed: &Feed) -> Vec<String> {
        let name = |key: &VisitKey| key.to_text().rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        let of = |seen: &Seen| format!("{} v{}", name(&seen.snapshot.visit.key), seen.snapshot.version);
        std::iter::from_fn(|| feed.next().now_or_never())
            .map(|news| match news {
                News::All(all) => format!("all {}", all.iter().map(|s| of(s)).collect::<Vec<_>>().join(" ")),
                News::Change(Change::Visit(seen)) => of(&seen),
                News::Change(Change::Again(seen)) => format!("again {}", of(&seen)),
                News::Change(Change::Gone(key)) => format!("gone {}", name(&key)),
                News::Store { answers } => format!("store {answers}"),
                News::Over => panic!("over"),
            })
            .collect()
    }

    fn filled(visits: &[Arc<Seen>]) -> Feed {
        let feed = Feed::new();
        feed.fill(visits.iter());
        feed
    }

    #[test]
    fn nothing_is_told_before_it_is_known_what_stands() {
        let feed = Feed::new();
        assert!(told(&feed).is_empty());
        feed.fill([].into_iter());
        assert_eq!(told(&feed), ["all "]);
    }

    #[test]
    fn a_slow_reader_gets_the_newest_of_each_and_the_longest_waiting_first() {
        let feed = filled(&[seen("2", 1, 1)]);
        feed.lay_in(&visit("1", 1, 2));
        assert_eq!(told(&feed), ["all 1 v1 2 v1"]);
        for change in [visit("2", 2, 3), visit("1", 2, 4), visit("2", 3, 5), visit("2", 2, 3)] {
            feed.lay_in(&change);
        }
        assert_eq!(feed.behind(), 2);
        assert_eq!(told(&feed), ["2 v3", "1 v2"]);
    }

    #[test]
    fn a_visit_that_came_back_is_told_as_another_one() {
        let feed = filled(&[seen("1", 9, 9)]);
        told(&feed);
        // Whether its leaving was noticed, or not, or noticed and not yet told.
        feed.lay_in(&visit("1", 1, 10));
        assert_eq!(told(&feed), ["again 1 v1"]);
        feed.lay_in(&Change::Gone(key("1")));
        assert_eq!(told(&feed), ["gone 1"]);
        feed.lay_in(&visit("1", 1, 12));
        assert_eq!(told(&feed), ["1 v1"]);
        feed.lay_in(&Change::Gone(key("1")));
        feed.lay_in(&visit("1", 1, 14));
        feed.lay_in(&visit("1", 2, 15));
        assert_eq!(told(&feed), ["again 1 v2"]);
        feed.lay_in(&visit("1", 3, 16));
        feed.lay_in(&Change::Gone(key("1")));
        assert_eq!(told(&feed), ["gone 1"]);
    }

    #[test]
    fn trouble_with_the_store_is_told_once_even_before_anything_else() {
        let feed = Feed::new();
        feed.store_answers(false);
        feed.store_answers(false);
        assert_eq!(told(&feed), ["store false"]);
        feed.store_answers(true);
        feed.fill([].into_iter());
        assert_eq!(told(&feed), ["store true", "all "]);
    }
}
