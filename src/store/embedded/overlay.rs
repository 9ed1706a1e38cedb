//! A disk whose changes stay in memory, so that a file that cannot be written can still be read: whoever opens a file after a failure has to
//! repair it first, and the engine repairs by writing.

use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

const BLOCK: usize = 4_096;
const BLOCK_BYTES: u64 = 4_096;
/// Blocks that may differ from the disk. A repair changes the header and little else.
const MOST: usize = 1_024;

#[derive(Debug)]
pub(super) struct Overlay<B> {
    disk: B,
    changes: Arc<RwLock<Changes>>,
}

/// Ends an overlay: before the disk below it is written again, so that nobody reads it halfway between two states.
pub(super) struct End(Arc<RwLock<Changes>>);

impl End {
    /// Nothing is read through the overlay after this.
    pub(super) fn end(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).ended = true;
    }
}

#[derive(Debug)]
struct Changes {
    len: u64,
    /// So much of the disk shows through; what lies behind is zero.
    shown: u64,
    ended: bool,
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl<B: StorageBackend> Overlay<B> {
    pub(super) fn over(disk: B) -> io::Result<Self> {
        let len = disk.len()?;
        let changes = Changes { len, shown: len, ended: false, blocks: BTreeMap::new() };
        Ok(Self { disk, changes: Arc::new(RwLock::new(changes)) })
    }

    pub(super) fn ending(&self) -> End {
        End(Arc::clone(&self.changes))
    }

    fn look(&self) -> RwLockReadGuard<'_, Changes> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Changes> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the disk itself holds there.
    fn below(&self, shown: u64, at: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(shown.saturating_sub(at)).unwrap_or(usize::MAX).min(out.len());
        let (from_disk, zero) = out.split_at_mut(there);
        zero.fill(0);
        if from_disk.is_empty() { Ok(()) } else { self.disk.read(at, from_disk) }
    }
}

impl<B: StorageBackend> StorageBackend for Overlay<B> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.look().len)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let changes = self.look();
        let end = at.saturating_add(length(out));
        if changes.ended {
            return Err(io::Error::other("the file is open for writing again"));
        }
        if end > changes.len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.below(changes.shown, at, out)?;
        for (number, block) in changes.blocks.range(at / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES)) {
            copy_common(block.as_slice(), number * BLOCK_BYTES, out, at);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changes = self.change();
        changes.blocks.split_off(&len.div_ceil(BLOCK_BYTES));
        if let Some(last) = changes.blocks.get_mut(&(len / BLOCK_BYTES)) {
            let kept = usize::try_from(len % BLOCK_BYTES).unwrap_or(BLOCK);
            last.iter_mut().skip(kept).for_each(|byte| *byte = 0);
        }
        changes.shown = changes.shown.min(len);
        changes.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, at: u64, data: &[u8]) -> io::Result<()> {
        let mut changes = self.change();
        let end = at.saturating_add(length(data));
        for number in at / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES) {
            if !changes.blocks.contains_key(&number) {
                if changes.blocks.len() >= MOST {
                    return Err(ErrorKind::QuotaExceeded.into());
                }
                let mut block = Box::new([0; BLOCK]);
                self.below(changes.shown, number * BLOCK_BYTES, block.as_mut_slice())?;
                changes.blocks.insert(number, block);
            }
            if let Some(block) = changes.blocks.get_mut(&number) {
                copy_common(data, at, block.as_mut_slice(), number * BLOCK_BYTES);
            }
        }
        changes.len = changes.len.max(end);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.disk.close()
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Copies the bytes that both have, each from its own place on.
fn copy_common(from: &[u8], from_at: u64, to: &mut [u8], to_at: u64) {
    let skip = |ahead: u64, behind: u64| usize::try_from(ahead.saturating_sub(behind)).unwrap_or(usize::MAX);
    let from = from.iter().skip(skip(to_at, from_at));
    for (to, from) in to.iter_mut().skip(skip(from_at, to_at)).zip(from) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    fn disk(bytes: &[u8]) -> InMemoryBackend {
        let disk = InMemoryBackend::new();
        disk.set_len(length(bytes)).unwrap();
        disk.write(0, bytes).unwrap();
        disk
    }

    fn all_of(disk: &impl StorageBackend) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(disk.len().unwrap()).unwrap()];
        disk.read(0, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_and_the_disk_stays_as_it_is(
            bytes in prop::collection::vec(any::<u8>(), 0..3 * BLOCK),
            writes in prop::collection::vec((0_u64..3 * BLOCK_BYTES, prop::collection::vec(any::<u8>(), 0..2 * BLOCK)), 0..6),
            lengths in prop::collection::vec(0_u64..4 * BLOCK_BYTES, 6),
            at in 0_u64..BLOCK_BYTES,
        ) {
            let overlay = Overlay::over(disk(&bytes)).unwrap();
            let mut expected = bytes.clone();
            for ((place, data), len) in writes.iter().zip(lengths) {
                let end = usize::try_from(*place).unwrap() + data.len();
                expected.resize(expected.len().max(end), 0);
                expected[usize::try_from(*place).unwrap()..end].copy_from_slice(data);
                overlay.write(*place, data).unwrap();
                prop_assert_eq!(&all_of(&overlay), &expected);
                expected.resize(usize::try_from(len).unwrap(), 0);
                overlay.set_len(len).unwrap();
                prop_assert_eq!(&all_of(&overlay), &expected);
            }
            let from = usize::try_from(at).unwrap().min(expected.len());
            let mut part = vec![1; expected.len() - from];
            overlay.read(length(&expected[..from]), &mut part).unwrap();
            prop_assert_eq!(&part[..], &expected[from..]);
            prop_assert!(overlay.read(length(&expected), &mut [0]).is_err());
            prop_assert_eq!(all_of(&overlay.disk), bytes);
        }
    }

    #[test]
    fn nothing_is_read_through_it_after_its_end() {
        let overlay = Overlay::over(disk(&[7; BLOCK])).unwrap();
        let ending = overlay.ending();
        assert!(overlay.read(0, &mut [0]).is_ok());
        ending.end();
        assert!(overlay.read(0, &mut [0]).is_err());
    }

    #[test]
    fn it_takes_a_bounded_number_of_changes() {
        let overlay = Overlay::over(disk(&[7; BLOCK])).unwrap();
        let most = length(&vec![0; MOST * BLOCK]);
        overlay.set_len(2 * most).unwrap();
        overlay.write(0, &vec![1; MOST * BLOCK]).unwrap();
        assert!(overlay.write(most, &[1]).is_err());
        assert!(overlay.write(most - 1, &[1]).is_ok());
    }
}
