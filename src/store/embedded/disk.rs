//! A disk for tests: it fails when it is told to, remembers what was asked of it, and can be what another disk was after a crash.

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub(super) const WELL: u8 = 0;
/// Nothing can be written.
pub(super) const FULL: u8 = 1;
/// What the file has can be written over, and it cannot become longer: a quota, or a disk without a free block.
pub(super) const NO_GROWTH: u8 = 2;
pub(super) const NO_SYNC: u8 = 3;

/// What was done to a disk.
#[derive(Clone, Debug)]
pub(super) enum Done {
    Wrote(u64, Vec<u8>),
    SetLen(u64),
    Synced,
    /// A word of the test between them.
    Said(usize),
}

/// Says how the disk is. Clones are of the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Switch(Arc<Disk>);

#[derive(Debug, Default)]
struct Disk {
    how: AtomicU8,
    /// What was asked of it that it did not do.
    failures: AtomicU64,
    /// What it holds instead of the file.
    image: Mutex<Option<Vec<u8>>>,
    record: Mutex<Option<Vec<Done>>>,
}

impl Switch {
    /// A disk that holds these bytes, whatever the file holds.
    pub(super) fn holding(image: Vec<u8>) -> Self {
        let switch = Self::default();
        *switch.0.image.lock().unwrap() = Some(image);
        switch
    }

    pub(super) fn set(&self, to: u8) {
        self.0.how.store(to, Ordering::SeqCst);
    }

    pub(super) fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::SeqCst)
    }

    /// Remembers from now on.
    pub(super) fn record(&self) {
        *self.log() = Some(Vec::new());
    }

    pub(super) fn say(&self, word: usize) {
        self.note(|| Done::Said(word));
    }

    pub(super) fn recorded(&self) -> Vec<Done> {
        self.log().take().unwrap_or_default()
    }

    fn log(&self) -> MutexGuard<'_, Option<Vec<Done>>> {
        self.0.record.lock().unwrap()
    }

    fn note(&self, done: impl FnOnce() -> Done) {
        if let Some(record) = self.log().as_mut() {
            record.push(done());
        }
    }

    fn fails(&self, when: &[u8]) -> io::Result<()> {
        if when.contains(&self.0.how.load(Ordering::SeqCst)) {
            self.0.failures.fetch_add(1, Ordering::SeqCst);
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        Ok(())
    }

    pub(super) fn backend(&self, file: FileBackend) -> TestDisk {
        let image = self.0.image.lock().unwrap();
        let inner: Box<dyn StorageBackend> = match image.as_ref() {
            Some(image) => {
                let memory = InMemoryBackend::new();
                memory.set_len(u64::try_from(image.len()).unwrap()).unwrap();
                memory.write(0, image).unwrap();
                Box::new(memory)
            }
            None => Box::new(file),
        };
        TestDisk { inner, switch: self.clone() }
    }
}

#[derive(Debug)]
pub(super) struct TestDisk {
    inner: Box<dyn StorageBackend>,
    switch: Switch,
}

type Range = Bound<u64>;

impl StorageBackend for TestDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.switch.fails(&[FULL, NO_GROWTH])?;
        self.inner.set_len(len)?;
        self.switch.note(|| Done::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.switch.fails(&[NO_SYNC])?;
        self.inner.sync_data()?;
        self.switch.note(|| Done::Synced);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.switch.fails(&[FULL])?;
        self.inner.write(offset, data)?;
        self.switch.note(|| Done::Wrote(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Range, end: Range) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Range, end: Range) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }
}
