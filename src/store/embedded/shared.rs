//! What the writing thread, the reading threads and the callers share.

use redb::Database;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use vestibule_actors::memory::Nodes;
use vestibule_actors::port::store::{GateId, StoreError};
use vestibule_domain::gate::Gate;

use super::leases::Leases;
use super::stats::StoreStats;

pub(super) struct Shared {
    /// The open file, be it only for reading, or why there is none.
    database: RwLock<Result<Arc<Database>, StoreError>>,
    /// As the last batch left them.
    pub(super) leases: Mutex<Leases>,
    /// Permits last seconds and their holders die with the process, so gates need no file.
    pub(super) gates: Mutex<BTreeMap<GateId, Gate>>,
    nodes: Mutex<Nodes>,
    opened: AtomicU64,
    pub(super) stats: StoreStats,
}

impl Shared {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self {
            database: RwLock::new(Ok(database)),
            leases: Mutex::default(),
            gates: Mutex::default(),
            nodes: Mutex::default(),
            opened: AtomicU64::new(1),
            stats: StoreStats::default(),
        }
    }

    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the file was opened for writing.
    pub(super) fn times_opened(&self) -> u64 {
        self.opened.load(Ordering::SeqCst)
    }

    pub(super) fn opened(&self, database: Database) -> Arc<Database> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let database = Arc::new(database);
        self.set(Ok(Arc::clone(&database)));
        database
    }

    pub(super) fn opened_for_reading(&self, database: Database) {
        self.set(Ok(Arc::new(database)));
    }

    /// The file is closed.
    pub(super) fn away(&self, why: &StoreError) {
        self.set(Err(why.clone()));
    }

    pub(super) fn close(&self) {
        self.set(Err(StoreError::Unavailable("the store is closed".to_owned())));
    }

    fn set(&self, to: Result<Arc<Database>, StoreError>) {
        let before = {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *database, to)
        };
        // Closing may write; readers need not wait for it.
        drop(before);
    }
}
