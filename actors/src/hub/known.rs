//! What the hub knows of all visits, and how it catches up with the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use super::feed::{Change, Seen};
use crate::desk::Snapshot;
use crate::port::store::{Answer, Changed, Owner, Store, StoreError};

/// So many visits are loaded at once.
const PAGE: usize = 256;
/// A store that takes longer for one step does not answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// What has been told so far. Empty while nobody watches.
#[derive(Default)]
pub(super) struct Known {
    changes: BTreeMap<Shard, u64>,
    owners: BTreeMap<Shard, Owner>,
    visits: BTreeMap<VisitKey, Arc<Seen>>,
}

/// What came of a look.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) news: Vec<Change>,
    /// All that had changed was loaded.
    pub(super) caught_up: bool,
    /// Visits that have left were looked for.
    pub(super) compared: bool,
}

impl Known {
    pub(super) fn visits(&self) -> impl Iterator<Item = &Arc<Seen>> {
        self.visits.values()
    }

    /// Loads what changed. Where the store does not answer, what is known stays, and the next look goes on.
    pub(super) async fn catch_up(mut self, store: &dyn Store, compare: bool) -> (Self, Looked) {
        let mut looked = Looked::default();
        let done = async {
            self.load(store, &mut looked.news).await?;
            looked.caught_up = true;
            if compare {
                self.find_gone(store, &mut looked.news).await?;
                looked.compared = true;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = done.await {
            tracing::debug!(%error, "the board waits for the store");
        }
        (self, looked)
    }

    async fn load(&mut self, store: &dyn Store, news: &mut Vec<Change>) -> Result<(), StoreError> {
        let owners = within(store.owners()).await?.into_iter().collect();
        self.take_owners(owners, news);
        for (shard, change) in within(store.changes()).await? {
            let mut from = self.changes.get(&shard).copied().unwrap_or(0);
            if from > change {
                // The store went back: what was told of this shard may never have happened.
                self.forget(shard, news);
                from = 0;
            }
            if from == change {
                continue;
            }
            let owner = self.owners.get(&shard).cloned();
            while from < change {
                let page = within(store.changed_since(shard, from, PAGE)).await?;
                let Some(last) = page.last() else { break };
                from = last.change;
                let full = page.len() >= PAGE;
                page.into_iter().for_each(|changed| self.take(changed, owner.clone(), news));
                self.changes.insert(shard, from);
                if !full {
                    break;
                }
            }
            self.changes.insert(shard, from.max(change));
        }
        Ok(())
    }

    fn take(&mut self, changed: Changed, owner: Option<Owner>, news: &mut Vec<Change>) {
        let Some(stored) = changed.stored else {
            if self.visits.remove(&changed.visit).is_some() {
                news.push(Change::Gone(changed.visit));
            }
            return;
        };
        if let Ok(snapshot) = Snapshot::read(&stored) {
            let seen = Arc::new(Seen { snapshot, change: changed.change, owner });
            self.visits.insert(changed.visit, Arc::clone(&seen));
            news.push(Change::Visit(seen));
        }
    }

    /// A shard that changed hands is told with all its visits, though nothing else of them has changed.
    fn take_owners(&mut self, owners: BTreeMap<Shard, Owner>, news: &mut Vec<Change>) {
        let before = std::mem::replace(&mut self.owners, owners);
        for (key, seen) in &mut self.visits {
            let shard = Shard::of_visit(key);
            // While nobody has it the last owner is shown.
            let Some(owner) = self.owners.get(&shard).filter(|owner| before.get(&shard) != Some(owner))
            else {
                continue;
            };
            let (snapshot, change) = (seen.snapshot.clone(), seen.change);
            *seen = Arc::new(Seen { snapshot, change, owner: Some(owner.clone()) });
            news.push(Change::Visit(Arc::clone(seen)));
        }
    }

    fn forget(&mut self, shard: Shard, news: &mut Vec<Change>) {
        self.changes.remove(&shard);
        self.drop_where(|key| Shard::of_visit(key) == shard, news);
    }

    async fn find_gone(&mut self, store: &dyn Store, news: &mut Vec<Change>) -> Result<(), StoreError> {
        let mut there = BTreeSet::new();
        let mut after = None;
        loop {
            let page = within(store.visits(None, after, PAGE)).await?;
            there.extend(page.items.into_iter().map(|stored| stored.visit));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.drop_where(|key| !there.contains(key), news);
        Ok(())
    }

    fn drop_where(&mut self, leaves: impl Fn(&VisitKey) -> bool, news: &mut Vec<Change>) {
        self.visits.retain(|key, _| {
            let goes = leaves(key);
            if goes {
                news.push(Change::Gone(key.clone()));
            }
            !goes
        });
    }
}

async fn within<T>(step: Answer<'_, T>) -> Result<T, StoreError> {
    timeout(ANSWERS_WITHIN, step)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".to_owned())))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vestibule_domain::id::{Csn, OrganizationId, VisitId};
    use vestibule_domain::time::{Moment, Span};
    use vestibule_domain::visit::Visit;

    use super::*;
    use crate::codec::Format;
    use crate::memory::MemoryStore;
    use crate::port::clock::Clock;
    use crate::port::store::{
        Acquired, Commit, Committed, Epoch, OwnerToken, Ownership, Seq, StoreLimits, VisitWrite,
    };

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Moment {
            Moment(0)
        }
    }

    /// A store in which a visit was committed so many times.
    async fn store(times: u64) -> MemoryStore {
        let store = MemoryStore::new(Arc::new(Standing), StoreLimits::default());
        let key = VisitKey {
            organization: OrganizationId::new("lakeside").unwrap(),
            visit: VisitId::Csn(Csn::new("10001").unwrap()),
        };
        let shard = Shard::of_visit(&key);
        let token = OwnerToken(Uuid::from_u128(7));
        let Acquired::Granted { epoch, .. } =
            store.acquire(shard, "test", token, Span::minutes(5), Epoch(0)).await.unwrap()
        else {
            panic!("held")
        };
        for expected in 0..times {
            let state = Format::default().encode(&Visit::new(key.clone(), Moment(0))).unwrap();
            let commit = Commit {
                shard,
                owner: Ownership { token, epoch },
                id: Uuid::from_u128(u128::from(expected) + 1),
                expected_cursor: Seq(0),
                cursor: Seq(0),
                visits: vec![VisitWrite { visit: key.clone(), expected, state: Some(state), wake: None }],
                outbox: Vec::new(),
                parked: Vec::new(),
                history: Vec::new(),
            };
            assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done { .. }));
        }
        store
    }

    #[tokio::test]
    async fn what_a_store_that_went_back_has_lost_is_taken_back() {
        let (known, first) = Known::default().catch_up(&store(5).await, false).await;
        assert!(matches!(&first.news[..], [Change::Visit(seen)] if seen.snapshot.version == 5));
        let (known, back) = known.catch_up(&store(3).await, false).await;
        assert!(
            matches!(&back.news[..], [Change::Gone(_), Change::Visit(seen)] if seen.snapshot.version == 3),
            "{:?}",
            back.news
        );
        let (_, still) = known.catch_up(&store(3).await, true).await;
        assert!(still.caught_up && still.compared && still.news.is_empty());
    }
}
