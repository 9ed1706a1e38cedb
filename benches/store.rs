//! What the embedded store makes of a disk: commits by batch size, appends by how many callers wait at once, and reads.
//!
//! Each table has a first line that the others are measured by in the same alternating passes: a plain file on the same disk for what is
//! written, the engine alone for what is read. `cargo bench --bench store`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

mod common;
#[path = "common/owner.rs"]
mod owner;

use common::{Noise, Table};
use futures_util::future::join_all;
use owner::{ENTRY_BYTES, Owner, STATE_BYTES, entry};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule::sealing::Sealer;
use vestibule::settings::Secret;
use vestibule::store::{EmbeddedSettings, EmbeddedStore, sealed};
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{Store, StoreLimits};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
const PASSES: usize = 9;
/// Visits that are read, and reads in a pass.
const READ: usize = 5_000;
const AT_ONCE: usize = 64;
const ROWS: TableDefinition<&str, &[u8]> = TableDefinition::new("rows");

type Failed = Box<dyn std::error::Error>;

struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        Moment(1_795_000_000_000)
    }
}

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut noise = Noise::listen();
        commits(&mut noise).await?;
        appends(&mut noise).await?;
        reads(&mut noise).await?;
        noise.print();
        Ok(())
    })
}

/// On the disk that the project is built on: a folder for temporary files may be memory.
fn folder() -> Result<TempDir, Failed> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

fn store(folder: &TempDir) -> Result<Arc<EmbeddedStore>, Failed> {
    let limits = StoreLimits { journal_entries: 10_000_000, ..StoreLimits::default() };
    let settings = EmbeddedSettings { limits, ..EmbeddedSettings::new(folder.path()) };
    Ok(Arc::new(EmbeddedStore::open(settings, Arc::new(Still))?))
}

fn sealer() -> Sealer {
    Sealer::new(&[Secret::new("k".repeat(40))])
}

fn us(time: Duration, each: usize) -> f64 {
    time.as_secs_f64() * 1e6 / each as f64
}

/// A plain file on the same disk, appended to and synced.
struct Plain(File);

impl Plain {
    fn new() -> Result<Self, Failed> {
        Ok(Self(tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR"))?))
    }

    fn pass(&mut self, bytes: usize) -> Result<f64, Failed> {
        let rounds = 64;
        let began = Instant::now();
        for _ in 0..rounds {
            self.0.write_all(&vec![b'x'; bytes])?;
            self.0.sync_data()?;
        }
        Ok(us(began.elapsed(), rounds))
    }
}

/// Commits of so many visits each, journal and all; beside them the same with every state sealed.
async fn commits(noise: &mut Noise) -> Result<(), Failed> {
    let (folder, other) = (folder()?, folder()?);
    let mut owner = Owner::of(store(&folder)?, Shard::new(0).ok_or("no shard")?, 256).await?;
    let sealed = sealed::over(store(&other)?, sealer(), true);
    let mut sealing = Owner::of(sealed, Shard::new(0).ok_or("no shard")?, 256).await?;
    let mut plain = Plain::new()?;
    let mut table = Table::new("a commit, by how many visits it holds", "us for a visit");
    for _ in 0..PASSES {
        noise.sample();
        table.add("one state appended to a plain file, fdatasync", plain.pass(STATE_BYTES)?);
        for size in SIZES {
            let rounds = 64 / size.min(16);
            for (owner, row) in
                [(&mut owner, format!("{size} visits")), (&mut sealing, format!("{size} visits, sealed"))]
            {
                let mut took = Duration::ZERO;
                for _ in 0..rounds {
                    took += owner.commit(size).await?;
                }
                table.add(row, us(took, rounds * size));
            }
        }
    }
    table.print();
    Ok(())
}

/// Doors that append one event after the other, so many of them at once, over all shards.
async fn appends(noise: &mut Noise) -> Result<(), Failed> {
    let folder = folder()?;
    let store = store(&folder)?;
    let mut plain = Plain::new()?;
    let mut table = Table::new("an append, by how many callers wait at once", "us for an append");
    for _ in 0..PASSES {
        noise.sample();
        table.add("one event appended to a plain file, fdatasync", plain.pass(ENTRY_BYTES)?);
        for callers in SIZES {
            let each = (1_024 / callers).clamp(8, 128);
            let began = Instant::now();
            let tasks = (0..callers).map(|caller| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let key = VisitKey::from_text(&format!("lakeside/csn/{caller}")).ok_or("no key")?;
                    for _ in 0..each {
                        let done = store.append(Shard::of_visit(&key), vec![entry(&key)]).await;
                        done.map_err(|_| "an append failed")?;
                    }
                    Ok::<_, &'static str>(())
                })
            });
            for done in join_all(tasks).await {
                done??;
            }
            table.add(format!("{callers} callers"), us(began.elapsed(), callers * each));
        }
    }
    table.print();
    let sizes = store.stats().read().batch_sizes;
    println!("  {} steps in {} commits\n", sizes.sum, sizes.count);
    Ok(())
}

/// Visits read through the reading threads, and opened where they are sealed, beside the same rows in the engine alone, on this thread.
async fn reads(noise: &mut Noise) -> Result<(), Failed> {
    let (folder, other) = (folder()?, folder()?);
    let store = store(&folder)?;
    let mut owner = Owner::of(store.clone(), Shard::new(0).ok_or("no shard")?, READ).await?;
    owner.commit(READ).await?;
    let sealed = sealed::over(self::store(&other)?, sealer(), true);
    Owner::of(Arc::clone(&sealed), Shard::new(0).ok_or("no shard")?, READ).await?.commit(READ).await?;
    let raw = Database::create(folder.path().join("raw.redb"))?;
    let writing = raw.begin_write()?;
    for (visit, _) in &owner.visits {
        writing.open_table(ROWS)?.insert(visit.to_text().as_str(), [b'y'; STATE_BYTES].as_slice())?;
    }
    writing.commit()?;
    let mut table = Table::new("a visit read", "us");
    for _ in 0..PASSES {
        noise.sample();
        let began = Instant::now();
        for (visit, _) in &owner.visits {
            let row = raw.begin_read()?.open_table(ROWS)?.get(visit.to_text().as_str())?.ok_or("no row")?;
            std::hint::black_box(row.value().to_vec());
        }
        table.add("the engine alone", us(began.elapsed(), READ));
        let began = Instant::now();
        for (visit, _) in &owner.visits {
            store.load(visit).await?.ok_or("no visit")?;
        }
        table.add("one after the other", us(began.elapsed(), READ));
        let began = Instant::now();
        for (visit, _) in &owner.visits {
            sealed.load(visit).await?.ok_or("no visit")?;
        }
        table.add("one after the other, sealed", us(began.elapsed(), READ));
        let began = Instant::now();
        for some in owner.visits.chunks(AT_ONCE) {
            for read in join_all(some.iter().map(|(visit, _)| store.load(visit))).await {
                read?.ok_or("no visit")?;
            }
        }
        table.add(format!("{AT_ONCE} at once"), us(began.elapsed(), READ));
    }
    table.print();
    Ok(())
}
