//! The store port on an embedded file, which is what the program runs on when nothing else is set.
//!
//! # Why redb
//!
//! The engine was chosen by measurement, on the store's own shape of work: N journal appends of 300 bytes and N visits of 2 KB, then one
//! durable commit; `benches/engines` repeats it. Medians on a machine with two cores shared with other work, where a plain append and
//! `fdatasync` of as many bytes takes 217 us for 1 step and 1.2 ms for 256:
//!
//! | | redb 4.6, two syncs | redb 4.6, one sync | SQLite (rusqlite 0.43, WAL, `synchronous=FULL`) | fjall 3.1 |
//! | --- | --- | --- | --- | --- |
//! | commit of 1 step | 512 us | 368 us | 202 us | 179 us |
//! | commit of 16 | 1.5 ms | 1.2 ms | 0.8 ms | 0.4 ms |
//! | commit of 64 | 2.9 ms | 2.8 ms | 2.4 ms | 0.7 ms |
//! | commit of 256, and steps a second | 9.3 ms, 27,400 | 9.0 ms, 28,300 | 16.0 ms, 16,000 | 3.2 ms, 80,600 |
//! | slowest of 100 at 16 and 64 steps | 2.2 and 4.9 ms | 1.9 and 3.7 ms | 8.5 and 11.3 ms | 0.6 and 1.0 ms |
//! | a visit read back | 2.0 us | 1.9 us | 5.2 us | 5.8 us |
//! | on disk after 102,400 steps on 5,000 visits | 136 MiB | 136 MiB | 50 MiB | 313 MiB |
//! | opened again after a crash, all checksums verified | 53 ms | 114 ms | 2 ms, nothing verified | 654 ms |
//! | other crates, and their build here | 1, 26 s | 1, 26 s | 13 and a C compiler, 62 s | 46, 28 s |
//!
//! fjall writes fastest. redb was taken all the same. A busy morning of a large health system is some hundred events a second, of which
//! redb takes thousands even where nobody shares a commit; what counts is what goes wrong. It is one file, with no thread of its own and no
//! compaction that comes at the wrong time; one writer and many readers on snapshots are just what the port needs; its reads are
//! the fastest; every page has a checksum, which a start verifies; and its one dependency is `libc`. SQLite's checkpoints make its
//! slowest commits the slowest of all.
//!
//! Two syncs are what they cost: with one, the engine takes a newest commit that was damaged after a crash for one that was cut off, and
//! silently goes back to the one before. A test flips bytes all over such a file: with one sync one in nine was a silent loss, with two
//! none was.

pub mod embedded;
pub mod redis;
pub mod sealed;

use sha2::{Digest, Sha256};
use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;

/// A place like that of an organization, for what is kept of one (or of none) beside its own. A hash, since the names of organizations may be
/// as long as they can be.
///
/// # Errors
/// For a `kind` that is no word.
pub(crate) fn entity(kind: &str, name: &str) -> Result<OrganizationId, StoreError> {
    let hash = hex::encode(Sha256::digest(name.as_bytes()));
    let short: String = hash.chars().take(40).collect();
    OrganizationId::new(format!("{kind}-{short}")).map_err(|error| StoreError::Refused(error.to_string()))
}

pub use embedded::{
    Copied, CopyError, Durability, EmbeddedSettings, EmbeddedStore, OpenError, PutBackError, PuttingBack,
    new_private_file, put_under_name, verify_copy,
};
