//! The store that is compared with the model.

use super::super::barrier::Barrier;
use super::super::world::{HandClock, LIMITS, settings};
use crate::redis::Redis;
use futures_util::future::{BoxFuture, join_all};
use futures_util::poll;
use std::pin::pin;
use std::sync::Arc;
use tempfile::TempDir;
use vestibule::store::EmbeddedStore;
use vestibule::store::redis::{Address, RedisSettings, RedisStore};
use vestibule_actors::port::store::{SharedStore, Store};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Embedded,
    Redis,
}

pub enum Subject {
    Embedded { store: Option<Arc<EmbeddedStore>>, barrier: Barrier, folder: TempDir },
    Redis { store: Arc<RedisStore>, server: Redis },
}

impl Subject {
    pub async fn open(kind: Kind, clock: HandClock) -> Self {
        match kind {
            Kind::Embedded => {
                let (barrier, folder) = (Barrier::new(clock), TempDir::new().unwrap());
                Self::Embedded { store: Some(open(&folder, &barrier)), barrier, folder }
            }
            Kind::Redis => {
                let server = Redis::start();
                let address = Address::parse(&server.url()).unwrap();
                let settings = RedisSettings { limits: LIMITS, ..RedisSettings::new(address) };
                let store = RedisStore::open_with(settings, Some(clock.shared())).await.unwrap();
                Self::Redis { store: Arc::new(store), server }
            }
        }
    }

    pub fn store(&self) -> SharedStore {
        match self {
            Self::Embedded { store, .. } => store.clone().unwrap(),
            Self::Redis { store, .. } => store.clone(),
        }
    }

    pub fn values_leave_by_themselves(&self) -> bool {
        matches!(self, Self::Redis { .. })
    }

    /// A process that has the file to itself knows that every owner before is dead.
    pub fn forgets_leases(&self) -> bool {
        matches!(self, Self::Embedded { .. })
    }

    /// Asks several at once where the order stays that of asking. The writing thread is held until all of them wait for it.
    pub async fn together(&self, asked: Vec<BoxFuture<'static, String>>) -> Vec<String> {
        match self {
            Self::Embedded { store: Some(store), barrier, .. } if !asked.is_empty() => {
                barrier.close();
                let mut first = store.flush();
                assert!(poll!(&mut first).is_pending());
                barrier.until_somebody_waits();
                let mut answers = pin!(join_all(asked));
                assert!(poll!(&mut answers).is_pending());
                barrier.open();
                first.await.unwrap();
                answers.await
            }
            _ => {
                let mut answers = Vec::new();
                for one in asked {
                    answers.push(one.await);
                }
                answers
            }
        }
    }

    /// Closes and opens it, or kills the server and starts it again; how many batches were of more than one step.
    pub async fn reopen(&mut self) -> u64 {
        match self {
            Self::Embedded { store, barrier, folder } => {
                let closed = Arc::into_inner(store.take().unwrap()).expect("nobody asks any more");
                let sizes = closed.stats().read().batch_sizes;
                drop(closed);
                *store = Some(open(folder, barrier));
                sizes.buckets[1..].iter().map(|(_, batches)| batches).sum()
            }
            Self::Redis { store, server } => {
                server.kill_and_restart();
                while store.incarnation().await.is_err() {}
                0
            }
        }
    }
}

fn open(folder: &TempDir, barrier: &Barrier) -> Arc<EmbeddedStore> {
    Arc::new(EmbeddedStore::open(settings(folder), Arc::new(barrier.clone())).unwrap())
}
