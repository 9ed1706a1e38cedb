//! What a store that went back lost, and who must give it back.
//!
//! An owner that lives gives back what it committed, and a door that lives appends again what it answered. What was held by nobody who
//! lived on is lost; of such visits the truth is not asked any more.

use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use vestibule_actors::lease::TTL;
use vestibule_actors::memory::{MemoryStore, Model};
use vestibule_actors::port::store::{Store, StoredVisit};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use super::breach;
use super::commits::Committed;
use crate::lock;
use crate::trace::About;
use crate::world::{Process, World};

/// A version of a visit that a store has lost.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The version that was committed.
    pub version: u64,
    /// By whom.
    pub by: Process,
    /// When the store went back.
    pub at: Duration,
    /// To when.
    pub since: Duration,
}

/// All losses.
#[derive(Default)]
pub struct Rollback {
    /// When the store last went back.
    pub last: Option<Duration>,
    /// What has not been given back so far.
    pub losses: BTreeMap<VisitKey, Loss>,
    /// Visits of which something is lost for good.
    pub forgiven: BTreeSet<VisitKey>,
    /// When each node was last out of order, or was started, and whether it is so still.
    disturbed: BTreeMap<usize, (Duration, bool)>,
}

/// Everything that was lost is given back within this, by nodes that are in order.
pub const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(15);

impl Rollback {
    /// Whether a node has been in order since a time.
    #[must_use]
    pub fn in_order_since(&self, node: usize, since: Duration) -> bool {
        self.disturbed.get(&node).is_none_or(|(last, still)| !still && *last <= since)
    }

    /// A visit was given back up to a version. Whether that was all that was lost of it.
    pub fn given_back(&mut self, visit: &VisitKey, version: u64) -> bool {
        let all = self.losses.get(visit).is_some_and(|loss| version >= loss.version);
        if all {
            self.losses.remove(visit);
        }
        all
    }
}

impl World {
    /// A node is out of order from now on, or was until now.
    pub fn disturbed(&self, node: usize, still: bool) {
        lock(&self.audit).rollback.disturbed.insert(node, (self.time.passed(), still));
    }

    /// The store goes back to what it held at `since`.
    pub fn goes_back(&self, since: Duration, to: Model) {
        let now = self.time.passed();
        self.store.go_back(to);
        self.trace.count("stores that went back");
        let held = stored(&self.store);
        let mut guard = lock(&self.audit);
        let audit = &mut *guard;
        let before: BTreeMap<VisitKey, Committed> =
            audit.commits.all().map(|(key, committed)| (key.clone(), committed.clone())).collect();
        audit.commits.went_back(since);
        for stored in &held {
            let same = before.get(&stored.visit).filter(|committed| committed.version == stored.version);
            audit.commits.found(now, same.and_then(|committed| committed.by), stored);
        }
        let mut lost = 0;
        for (key, committed) in before {
            audit.commits.forget_ends(&key);
            if audit.commits.visit(&key).map_or(0, |there| there.version) >= committed.learned {
                continue;
            }
            lost += 1;
            let shard = Shard::of_visit(&key);
            let holder = audit.leases.holder(now, shard).or(committed.by);
            // An owner knows who owned the shard before it, and nobody before that; and a process that has gone holds nothing.
            let knows = |by: &Process| self.is_up(*by) && !audit.leases.changed_twice_since(shard, since);
            match holder.filter(knows) {
                Some(by) => {
                    let loss = Loss { version: committed.learned, by, at: now, since };
                    audit.rollback.losses.insert(key, loss);
                }
                None => drop(audit.rollback.forgiven.insert(key)),
            }
        }
        for fact in audit.facts.answered.iter_mut().filter(|fact| fact.at >= since) {
            fact.at_risk = Some(now);
            fact.reflected = false;
        }
        audit.rollback.last = Some(now);
        audit.leases.went_back(now, TTL);
        audit.lanes.went_back();
        audit.gates.went_back();
        audit.boards.went_back();
        drop(guard);
        self.note(About::World, format_args!("the store goes back to {since:?}, {lost} visits with it"));
    }

    /// Judges what should have been given back by now. What was held by nobody who lived on is forgiven.
    pub fn check_given_back(&self) {
        let now = self.time.passed();
        let mut guard = lock(&self.audit);
        let audit = &mut *guard;
        let over = |at: Duration| now > at + GIVEN_BACK_WITHIN;
        let overdue: Vec<(VisitKey, Loss)> = audit
            .rollback
            .losses
            .iter()
            .filter(|(_, loss)| over(loss.at))
            .map(|(key, loss)| (key.clone(), *loss))
            .collect();
        let mut verdicts = Vec::new();
        for (key, Loss { version, by, since, .. }) in overdue {
            audit.rollback.losses.remove(&key);
            // One that was out of order has not heard who owned the shard before the store forgot it, and may take it for its own.
            let in_order = (0..self.scenario.nodes).all(|node| audit.rollback.in_order_since(node, since));
            if self.is_up(by) && in_order {
                let what = format!("node {} ({}) did not give back version {version}", by.node, by.id);
                verdicts.push((key, breach("going back", what)));
            } else {
                self.trace.count("visits lost with a store and their owner");
                audit.rollback.forgiven.insert(key);
            }
        }
        for fact in audit.facts.answered.iter_mut().filter(|fact| fact.at_risk.is_some_and(over)) {
            let at = fact.at_risk.take().unwrap_or_default();
            fact.lost |= !(self.is_up(fact.by) && audit.rollback.in_order_since(fact.by.node, at));
        }
        drop(guard);
        for (key, verdict) in verdicts {
            self.judge(self.about(&key), verdict);
        }
    }
}

/// All visits that the store holds.
#[must_use]
pub fn stored(store: &MemoryStore) -> Vec<StoredVisit> {
    let page = store.visits(None, None, 10_000).now_or_never();
    page.and_then(Result::ok).map(|page| page.items).unwrap_or_default()
}
