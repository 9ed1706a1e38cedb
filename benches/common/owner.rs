//! A shard's owner, who commits visits again and again.

use std::time::{Duration, Instant};

use uuid::Uuid;
use vestibule_actors::port::store::{
    Acquired, Appended, Commit, Committed, Epoch, NewEntry, OwnerToken, Ownership, Seq, SharedStore,
    VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

type Failed = Box<dyn std::error::Error>;

/// About the size of an event in the journal, and of a typical visit's state.
pub const ENTRY_BYTES: usize = 300;
pub const STATE_BYTES: usize = 2_000;

pub struct Owner {
    store: SharedStore,
    shard: Shard,
    owner: Ownership,
    pub visits: Vec<(VisitKey, u64)>,
    cursor: Seq,
    id: u128,
}

impl Owner {
    pub async fn of(store: SharedStore, shard: Shard, count: usize) -> Result<Self, Failed> {
        let token = OwnerToken(Uuid::from_u128(1));
        let owner = match store.acquire(shard, "bench", token, Span::hours(9), Epoch(0)).await? {
            Acquired::Granted { epoch, .. } => Ownership { token, epoch },
            held @ Acquired::Held(_) => return Err(format!("{held:?}").into()),
        };
        let visits = visits(shard, count).into_iter().map(|visit| (visit, 0)).collect();
        Ok(Self { store, shard, owner, visits, cursor: Seq(0), id: 0 })
    }

    /// Appends an entry for each of so many visits, and commits them; how long the commit took.
    pub async fn commit(&mut self, size: usize) -> Result<Duration, Failed> {
        let entries = self.visits.iter().take(size).map(|(visit, _)| entry(visit)).collect();
        let Appended::Done(last) = self.store.append(self.shard, entries).await? else {
            return Err("the journal is full".into());
        };
        self.id += 1;
        let writes = self.visits.iter_mut().take(size).map(|(visit, version)| {
            *version += 1;
            let state = Some(vec![b'y'; STATE_BYTES]);
            VisitWrite { visit: visit.clone(), expected: *version - 1, state, wake: None }
        });
        let commit = Commit {
            shard: self.shard,
            owner: self.owner,
            id: Uuid::from_u128(self.id),
            expected_cursor: self.cursor,
            cursor: last,
            visits: writes.collect(),
            outbox: Vec::new(),
            parked: Vec::new(),
            history: Vec::new(),
        };
        self.cursor = last;
        let began = Instant::now();
        match self.store.commit(commit).await? {
            Committed::Done { .. } => Ok(began.elapsed()),
            other => Err(format!("{other:?}").into()),
        }
    }
}

/// So many visits of one shard.
fn visits(shard: Shard, count: usize) -> Vec<VisitKey> {
    let keys = (0_u64..).filter_map(|number| VisitKey::from_text(&format!("lakeside/csn/{number}")));
    keys.filter(|key| Shard::of_visit(key) == shard).take(count).collect()
}

pub fn entry(visit: &VisitKey) -> NewEntry {
    NewEntry { visit: visit.clone(), payload: vec![b'x'; ENTRY_BYTES] }
}
