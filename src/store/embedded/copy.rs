//! Copies of the file: made while the store works, and put in its place.
//!
//! A copy is what one snapshot shows, row by row, in a file of its own; commits go on meanwhile. So it is whole at every moment of its making
//! or not there, it has no page that is free, and what it takes of memory has a bound. While a snapshot is read the file cannot use the
//! pages again that it still shows, so that it grows by as much as is written in that time.

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, TableError};
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vestibule_actors::port::store::StoreError;
use vestibule_domain::time::Moment;

use super::EmbeddedStore;
use super::open::{
    COPIED_KEY, FILE, OpenError, Place, io_error, is_there, lock, name_without_replacing, private, reason_of,
};
use super::shared::Shared;
use super::tables::{self, ALL, Definition, Failure, Step, Write};
use super::writer::error_of;

/// So much is written into a copy at once, in bytes of keys and values.
const AT_ONCE: usize = 4 * 1024 * 1024;
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// A folder beside the file, where a copy becomes a store before it takes the file's name.
const MAKING: &str = "restoring";

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store is away, or not where it was when the copy began.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy cannot be written, or is not what it should be.
    #[error(transparent)]
    File(#[from] OpenError),
}

/// What a copy holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Everything that was answered before is in it; of what was answered later, nothing.
    pub at: Moment,
    /// Rows of all tables.
    pub rows: u64,
    /// The length of the file.
    pub bytes: u64,
}

impl EmbeddedStore {
    /// Writes a copy into a new file of this name, which only this user may read, verifies it and has it on the disk. Blocks for as long
    /// as that takes. What is left of a copy that fails is removed.
    ///
    /// # Errors
    /// [`CopyError`]; among others where something has the name already.
    pub fn copy_to(&self, path: &Path) -> Result<Copied, CopyError> {
        let failed = |error| CopyError::File(io_error(path, error));
        new_private_file(path).map_err(failed)?;
        let copied = self.filled(path);
        if copied.is_err() {
            // It is of no use, and the reason is told.
            let _ = fs::remove_file(path);
        }
        copied
    }

    fn filled(&self, path: &Path) -> Result<Copied, CopyError> {
        let failed = |error| CopyError::File(io_error(path, error));
        let at = self.clock.now();
        let copy = catch_unwind(AssertUnwindSafe(|| copy(&self.shared, path, at)));
        let broken = || StoreError::Corrupt("the file's structure is broken".to_owned());
        let rows = copy.map_err(|_| broken())??;
        Place::of_copy(path).verify_copy()?;
        let file = File::open(path).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(Copied { at, rows, bytes: file.metadata().map_err(failed)?.len() })
    }

    /// Whether a store was ever made in this folder.
    ///
    /// # Errors
    /// [`OpenError`] where that cannot be seen.
    pub fn is_made(folder: &Path) -> Result<bool, OpenError> {
        is_there(&folder.join(FILE))
    }
}

fn copy(shared: &Shared, path: &Path, at: Moment) -> Result<u64, CopyError> {
    let of_copy = |failure| CopyError::File(io_error(path, io::Error::other(reason_of(failure))));
    let database = shared.database()?;
    let snapshot = database.begin_read().map_err(|error| error_of(error.into()))?;
    let into = Database::builder().set_cache_size(CACHE_BYTES).create(path);
    let into = into.map_err(|error| of_copy(error.into()))?;
    let mut rows = 0_u64;
    for table in ALL {
        let mut from = Bound::Unbounded;
        loop {
            // The file that a snapshot is of is held open by it, and must not be when the store has to open it anew.
            if !Arc::ptr_eq(&shared.database()?, &database) {
                return Err(
                    StoreError::Unavailable("the store's file was opened anew meanwhile".to_owned()).into()
                );
            }
            let some = some_of(&snapshot, *table, &from).map_err(error_of)?;
            let Some((last, _)) = some.last() else { break };
            from = Bound::Excluded(last.clone());
            rows = rows.saturating_add(u64::try_from(some.len()).unwrap_or(u64::MAX));
            put(&into, *table, &some).map_err(of_copy)?;
        }
    }
    drop(snapshot);
    finish(&into, at).map_err(of_copy)?;
    Ok(rows)
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The next rows of a table; none when there are no more.
fn some_of(snapshot: &ReadTransaction, table: Definition, from: &Bound<Vec<u8>>) -> Step<Rows> {
    let table = match snapshot.open_table(table) {
        Ok(table) => table,
        // A store that an older release made, and that nobody has written into since.
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let (mut rows, mut bytes) = (Vec::new(), 0);
    let from = from.as_ref().map(Vec::as_slice);
    for row in table.range::<&[u8]>((from, Bound::Unbounded))? {
        let (key, value) = row?;
        let (key, value) = (key.value().to_vec(), value.value().to_vec());
        bytes += key.len() + value.len();
        rows.push((key, value));
        if bytes >= AT_ONCE {
            break;
        }
    }
    Ok(rows)
}

fn put(into: &Database, table: Definition, rows: &Rows) -> Step<()> {
    let mut transaction = into.begin_write()?;
    // The last one brings all to the disk; a copy that is cut off before is none.
    transaction.set_durability(Durability::None).map_err(redb::Error::from)?;
    {
        let mut table = transaction.open_table(table)?;
        for (key, value) in rows {
            table.put(key, value)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn finish(into: &Database, at: Moment) -> Step<()> {
    let mut transaction = into.begin_write()?;
    transaction.set_two_phase_commit(true);
    let at = u64::try_from(at.0).unwrap_or_default();
    tables::Tables::open(&transaction)?.meta.put_row(COPIED_KEY, &at)?;
    transaction.commit().map_err(Failure::from)
}

/// Verifies every page's checksum of a copy, writing nothing, and that this release can work on it. When it was made, where it says so.
///
/// # Errors
/// [`OpenError`], whose message says what is wrong.
pub fn verify_copy(path: &Path) -> Result<Option<Moment>, OpenError> {
    Place::of_copy(path).verify_copy()
}

/// Makes a file that only this user may read.
///
/// # Errors
/// [`io::Error`], among others where something has the name already.
pub fn new_private_file(path: &Path) -> io::Result<File> {
    private().create_new(true).open(path)
}

/// Gives a file its name, unless something has it already; then it stays where it is, and a crash at any moment leaves the one or the other.
///
/// # Errors
/// [`io::Error`]
pub fn put_under_name(made: &Path, name: &Path) -> io::Result<()> {
    name_without_replacing(made, name)?;
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Why a copy was not put in place. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PutBackError {
    /// There is a store already.
    #[error(
        "there is a store in {folder} already; nothing was changed: with --replace it is kept beside the restored one, under another name"
    )]
    Exists {
        /// Where.
        folder: PathBuf,
    },
    /// The copy or the folder cannot be used.
    #[error(transparent)]
    File(#[from] OpenError),
}

/// A copy on its way to become the store of a folder, which no other process can open meanwhile. Nothing of the folder's own store is changed
/// before [`PuttingBack::finish`].
#[derive(Debug)]
pub struct PuttingBack {
    folder: PathBuf,
    /// When the copy was made, where it says so.
    pub copied_at: Option<Moment>,
    there_is_one: bool,
    _lock: File,
}

impl PuttingBack {
    /// Verifies the copy and lays it beside the folder's store. `replace` says that there may be one.
    ///
    /// # Errors
    /// [`PutBackError`]; then nothing was changed.
    pub fn begin(from: &Path, folder: &Path, replace: bool) -> Result<Self, PutBackError> {
        let lock = lock(folder)?;
        let there_is_one = is_there(&folder.join(FILE))?;
        if there_is_one && !replace {
            return Err(PutBackError::Exists { folder: folder.to_owned() });
        }
        let copied_at = Place::of_copy(from).verify_copy()?;
        let begun = Self { folder: folder.to_owned(), copied_at, there_is_one, _lock: lock };
        let making = begun.making();
        match fs::remove_dir_all(&making) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(&making, error).into());
            }
            _ => {}
        }
        drop(super::open::lock(&making)?);
        let file = making.join(FILE);
        let copied = new_private_file(&file).and_then(|mut to| {
            io::copy(&mut File::open(from)?, &mut to)?;
            to.sync_all()
        });
        copied.map_err(|error| io_error(&file, error))?;
        Ok(begun)
    }

    /// A folder whose store is the copy, to be opened and worked on before it takes its place.
    #[must_use]
    pub fn making(&self) -> PathBuf {
        self.folder.join(MAKING)
    }

    /// Gives the copy the name of the store. A store that had it is kept under a name with `mark`, which is answered.
    ///
    /// # Errors
    /// [`OpenError`]; then either store has the name, whole.
    pub fn finish(self, mark: &str) -> Result<Option<PathBuf>, OpenError> {
        let (file, made) = (self.folder.join(FILE), self.making().join(FILE));
        let kept = self.folder.join(format!("{FILE}.before-{mark}"));
        let renamed = (|| {
            if self.there_is_one {
                fs::rename(&file, &kept)?;
            }
            put_under_name(&made, &file)
        })();
        renamed.map_err(|error| io_error(&file, error))?;
        // What is left there is a lock that nobody holds.
        let _ = fs::remove_dir_all(self.making());
        Ok(self.there_is_one.then_some(kept))
    }
}
