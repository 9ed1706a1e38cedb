//! Opening the file: one process at a time, a format that this release knows, and no damage that is not told.

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageBackend, StorageError};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use vestibule_actors::codec::{self, OLDEST_READ};
use vestibule_domain::shard::SHARDS;
use vestibule_domain::time::Moment;

use super::overlay::{End, Overlay};
use super::tables::{Failure, Look, META, Step, Tables, Write, open};

/// The format of the file that this release reads and writes: tables, keys and rows.
pub const FORMAT: u64 = 2;

/// The file's name in its folder.
pub(super) const FILE: &str = "vestibule.redb";
/// A first file under construction; it takes its name when it is complete.
const NEW_FILE: &str = "vestibule.redb.new";
const LOCK_FILE: &str = "vestibule.lock";
/// When the store was copied that this file is a copy of, in milliseconds since 1970.
pub(super) const COPIED_KEY: &[u8] = b"copied_at";

/// While the file is only read, which is while the disk is in trouble, the system's own cache has to do.
const READING_CACHE_BYTES: usize = 16 * 1024 * 1024;

const FORMAT_KEY: &[u8] = b"format";
const SHARDS_KEY: &[u8] = b"shards";
/// The newest format of states, commands, updates and records that was ever written into the file.
const CODEC_KEY: &[u8] = b"codec";
/// A file that does not say so is from before this was kept.
const FIRST_CODEC: u64 = 1;

/// Why a store cannot be opened. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "the store in {folder} is already used by another process; one file serves one node: stop the other process, give this one a \
         folder of its own, or use a Redis store for several nodes"
    )]
    InUse {
        /// Where.
        folder: PathBuf,
    },
    /// Written by a release that this one does not know.
    #[error(
        "the store {file} has format {found}, and this release reads format {FORMAT}: run the release that wrote it, or give this \
         one a folder of its own"
    )]
    Format {
        /// Which file.
        file: PathBuf,
        /// The format that stands there.
        found: u64,
    },
    /// Holds states and records that a release wrote which this one does not know.
    #[error(
        "the store {file} holds states of format {found}, and this release reads formats {OLDEST_READ} to {newest}: run the release that \
         wrote it, or give this one a folder of its own",
        newest = codec::NEWEST_READ
    )]
    Codec {
        /// Which file.
        file: PathBuf,
        /// The newest format that was ever written into it.
        found: u64,
    },
    /// Made with another number of shards, so that nothing would be found where it is looked for.
    #[error(
        "the store {file} was made for {found} shards, and this release has {SHARDS}: run the release that wrote it"
    )]
    Shards {
        /// Which file.
        file: PathBuf,
        /// The number that stands there.
        found: u64,
    },
    /// Not a store, or one that was damaged.
    #[error(
        "the store {file} is damaged or no store of Vestibule ({reason}); nothing was changed: restore the file from a backup, or move \
         it away to start with an empty store"
    )]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file's name is a link that leads nowhere, as when another disk is not mounted.
    #[error(
        "the store {file} is a link whose target cannot be reached ({error}): mount or restore the target, or remove the link to start \
         with an empty store"
    )]
    Link {
        /// Which link.
        file: PathBuf,
        /// Why its target is not reached.
        error: io::Error,
    },
    /// The file system does not let us.
    #[error(
        "the store {path} cannot be opened ({error}): check that the folder exists, is writable by this user and has space left"
    )]
    Io {
        /// What was being opened.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
}

/// Where a store lives. Holds the lock for as long as it is there.
#[derive(Debug)]
pub(super) struct Place {
    file: PathBuf,
    cache_bytes: usize,
    /// The newest format of what will be written into it.
    codec: u64,
    /// None for a file that nobody works on.
    _lock: Option<File>,
    /// Makes the disk fail.
    #[cfg(test)]
    pub(super) trouble: super::disk::Switch,
}

#[cfg(not(test))]
type Disk = FileBackend;
#[cfg(test)]
type Disk = super::disk::TestDisk;

impl Place {
    /// Takes the folder for this process, making it if need be.
    pub(super) fn take(folder: &Path, cache_bytes: usize, newest_written: u16) -> Result<Self, OpenError> {
        let place = Self {
            file: folder.join(FILE),
            cache_bytes,
            codec: u64::from(newest_written),
            _lock: Some(lock(folder)?),
            #[cfg(test)]
            trouble: super::disk::Switch::default(),
        };
        if !is_there(&place.file)? {
            place.make(folder)?;
        }
        Ok(place)
    }

    /// A copy, wherever it lies, to be looked at and not to be worked on.
    pub(super) fn of_copy(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            cache_bytes: READING_CACHE_BYTES,
            codec: FIRST_CODEC,
            _lock: None,
            #[cfg(test)]
            trouble: super::disk::Switch::default(),
        }
    }

    /// Verifies every page's checksum of a copy, writing nothing, and tells when it was made.
    pub(super) fn verify_copy(&self) -> Result<Option<Moment>, OpenError> {
        let (database, _ending) = self.open_over(true)?;
        self.check(&database)?;
        let copied = catch_unwind(AssertUnwindSafe(|| copied_at(&database)));
        let copied = copied.map_err(|_| self.damaged("its structure is broken"))?;
        copied.map_err(|failure| self.damaged(&reason_of(failure)))
    }

    /// Opens the file. Every page's checksum is verified, which takes about a second per gigabyte: a store that was damaged must not be
    /// found out in the middle of a visit.
    pub(super) fn open(&self) -> Result<Database, OpenError> {
        let database = self.open_unchecked()?;
        let codec = self.check(&database)?;
        // Before anything is written in a newer format than there is.
        let newest = codec.unwrap_or(FIRST_CODEC).max(self.codec);
        if codec != Some(newest) {
            write_codec(&database, newest)
                .map_err(|failure| io_error(&self.file, io::Error::other(reason_of(failure))))?;
        }
        Ok(database)
    }

    /// Opens what is durable in the file, and writes nothing to the disk whatever is done with it.
    pub(super) fn open_for_reading(&self) -> Result<(Database, End), OpenError> {
        let (database, ending) = self.open_over(false)?;
        self.check(&database)?;
        Ok((database, ending))
    }

    fn open_over(&self, verified: bool) -> Result<(Database, End), OpenError> {
        self.guarded(|| {
            let disk = self.disk(OpenOptions::new().read(true))?;
            // Bytes that a failed write left behind are not shown before they are where they would outlive a power cut.
            disk.sync_data()?;
            let mut builder = Database::builder();
            builder.set_cache_size(self.cache_bytes.min(READING_CACHE_BYTES));
            builder.set_check_integrity_on_open(verified);
            let overlay = Overlay::over(disk)?;
            let ending = overlay.ending();
            Ok((builder.create_with_backend(overlay)?, ending))
        })
    }

    fn open_unchecked(&self) -> Result<Database, OpenError> {
        self.guarded(|| {
            let disk = self.disk(OpenOptions::new().read(true).write(true))?;
            let mut builder = Database::builder();
            builder.set_cache_size(self.cache_bytes).set_check_integrity_on_open(true);
            builder.create_with_backend(disk)
        })
    }

    /// The file as the engine sees it.
    fn disk(&self, how: &OpenOptions) -> Result<Disk, DatabaseError> {
        let file = how.open(&self.file)?;
        if file.metadata()?.len() == 0 {
            // The engine would take it for a new one and write into it.
            return Err(StorageError::Corrupted("it is empty".to_owned()).into());
        }
        let disk = FileBackend::new(file)?;
        #[cfg(test)]
        let disk = self.trouble.backend(disk);
        Ok(disk)
    }

    fn guarded<T>(&self, open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T, OpenError> {
        // The engine promises errors, not panics, only for files that it wrote itself.
        let opened = catch_unwind(AssertUnwindSafe(open));
        opened.map_err(|_| self.damaged("its structure is broken"))?.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => {
                OpenError::InUse { folder: self.file.parent().unwrap_or(&self.file).to_owned() }
            }
            DatabaseError::Storage(StorageError::Io(error)) if !is_damage(&error) => {
                io_error(&self.file, error)
            }
            other => self.damaged(&other.to_string()),
        })
    }

    /// Whether this release may work on the file; the newest format of states in it.
    fn check(&self, database: &Database) -> Result<Option<u64>, OpenError> {
        let numbers = catch_unwind(AssertUnwindSafe(|| numbers_of(database)));
        let numbers = numbers.map_err(|_| self.damaged("its structure is broken"))?;
        let file = self.file.clone();
        match numbers.map_err(|failure| self.damaged(&reason_of(failure)))? {
            Numbers { format: Some(found), .. } if found != FORMAT => Err(OpenError::Format { file, found }),
            Numbers { shards: Some(found), .. } if found != u64::from(SHARDS) => {
                Err(OpenError::Shards { file, found })
            }
            Numbers { format: Some(_), shards: Some(_), codec } => match codec.unwrap_or(FIRST_CODEC) {
                found if !(u64::from(OLDEST_READ)..=u64::from(codec::NEWEST_READ)).contains(&found) => {
                    Err(OpenError::Codec { file, found })
                }
                _ => Ok(codec),
            },
            _ => Err(self.damaged("it does not say which format it has")),
        }
    }

    /// Makes the first file under another name, so that a crash in between leaves none that is half a store.
    fn make(&self, folder: &Path) -> Result<(), OpenError> {
        let path = folder.join(NEW_FILE);
        let failed = |error| io_error(&path, error);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        private().create_new(true).open(&path).map_err(failed)?;
        let filled =
            Database::create(&path).map_err(Failure::from).and_then(|database| fill(&database, self.codec));
        filled.map_err(|failure| failed(io::Error::other(reason_of(failure))))?;
        name_without_replacing(&path, &self.file).map_err(|error| io_error(&self.file, error))?;
        // Only now is the name itself safe from a power cut.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io_error(folder, error))
    }

    fn damaged(&self, reason: &str) -> OpenError {
        OpenError::Damaged { file: self.file.clone(), reason: reason.to_owned() }
    }
}

/// Whether anything has the file's name. Only where surely nothing has may a file be made.
pub(super) fn is_there(file: &Path) -> Result<bool, OpenError> {
    match fs::symlink_metadata(file) {
        Ok(seen) if seen.is_symlink() => match fs::metadata(file) {
            Ok(_) => Ok(true),
            Err(error) => Err(OpenError::Link { file: file.to_owned(), error }),
        },
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error(file, error)),
    }
}

/// Takes a folder for this process, for as long as the file is there; makes the folder if need be.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    make_folder(folder).map_err(|error| io_error(folder, error))?;
    let path = folder.join(LOCK_FILE);
    let lock = private().create(true).open(&path).map_err(|error| io_error(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io_error(&path, error)),
    }
}

fn fill(database: &Database, codec: u64) -> Step<()> {
    let transaction = database.begin_write()?;
    {
        let mut tables = Tables::open(&transaction)?;
        tables.meta.put_row(FORMAT_KEY, &FORMAT)?;
        tables.meta.put_row(SHARDS_KEY, &u64::from(SHARDS))?;
        tables.meta.put_row(CODEC_KEY, &codec)?;
    }
    transaction.commit()?;
    Ok(())
}

fn write_codec(database: &Database, codec: u64) -> Step<()> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Tables::open(&transaction)?.meta.put_row(CODEC_KEY, &codec)?;
    transaction.commit()?;
    Ok(())
}

/// What the file says of itself.
struct Numbers {
    format: Option<u64>,
    shards: Option<u64>,
    codec: Option<u64>,
}

fn numbers_of(database: &Database) -> Step<Numbers> {
    use redb::ReadableDatabase;
    let meta = open(&database.begin_read()?, META)?;
    Ok(Numbers { format: meta.row(FORMAT_KEY)?, shards: meta.row(SHARDS_KEY)?, codec: meta.row(CODEC_KEY)? })
}

fn copied_at(database: &Database) -> Step<Option<Moment>> {
    use redb::ReadableDatabase;
    let at: Option<u64> = open(&database.begin_read()?, META)?.row(COPIED_KEY)?;
    Ok(at.and_then(|at| i64::try_from(at).ok()).map(Moment))
}

/// Gives a file its last name, unless something has that name already.
pub(super) fn name_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // Where the process dies before this the first name is left, and is in nobody's way.
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems know no hard links. No other process that takes this folder's lock is here.
        Err(_) if fs::symlink_metadata(to).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) => {
            fs::rename(from, to)
        }
        Err(error) => Err(error),
    }
}

/// In words, for logs and errors. Holds nothing of what the store holds.
pub(super) fn reason_of(failure: Failure) -> String {
    match failure {
        Failure::Answer(error) => error.to_string(),
        Failure::Corrupt(what) => what.to_owned(),
        Failure::File(error) => error.to_string(),
    }
}

/// Errors of a read that say that the bytes are not there or not right, and nothing about the file system.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

pub(super) fn io_error(path: &Path, error: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), error }
}

/// Files that only this user may read: they hold what patients would not want others to know.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::name_without_replacing;
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn a_name_that_is_taken_is_not_replaced() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("new"), "new").unwrap();
        fs::write(path("old"), "old").unwrap();
        std::os::unix::fs::symlink("nowhere", path("link")).unwrap();
        assert!(name_without_replacing(&path("new"), &path("old")).is_err());
        assert!(name_without_replacing(&path("new"), &path("link")).is_err());
        assert_eq!(fs::read_to_string(path("old")).unwrap(), "old");
        assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
        name_without_replacing(&path("new"), &path("free")).unwrap();
        assert_eq!(fs::read_to_string(path("free")).unwrap(), "new");
        assert!(!path("new").exists());
    }
}
