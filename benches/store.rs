//! What the embedded store makes of a disk: commits by batch size, and appends by how many callers wait at once.
//!
//! All numbers of a table come from the same run in alternating passes, and count as ratios to the table's first line: a shared machine's
//! minutes differ more than its ratios. The spread of the repeats is printed beside them. `cargo bench --bench store`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

use futures_util::future::join_all;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acquired, Appended, Commit, Committed, NewEntry, OwnerToken, Ownership, Seq, Store, StoreLimits,
    VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
const REPEATS: usize = 7;
const ENTRY_BYTES: usize = 300;
const STATE_BYTES: usize = 2_000;

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
        disk()?;
        commits().await?;
        appends().await?;
        reads().await
    })
}

fn store(folder: &tempfile::TempDir) -> Result<Arc<EmbeddedStore>, Failed> {
    let limits = StoreLimits { journal_entries: 10_000_000, ..StoreLimits::default() };
    let settings = EmbeddedSettings { limits, ..EmbeddedSettings::new(folder.path()) };
    Ok(Arc::new(EmbeddedStore::open(settings, Arc::new(Still))?))
}

/// So many visits of one shard.
fn visits(shard: Shard, count: usize) -> Vec<VisitKey> {
    let keys = (0_u64..).filter_map(|number| VisitKey::from_text(&format!("lakeside/csn/{number}")));
    keys.filter(|key| Shard::of_visit(key) == shard).take(count).collect()
}

fn entry(visit: &VisitKey) -> NewEntry {
    NewEntry { visit: visit.clone(), payload: vec![b'x'; ENTRY_BYTES] }
}

/// Min, median and max of the repeats.
struct Spread(Duration, Duration, Duration);

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        Self(at(0), at(times.len() / 2), at(times.len().saturating_sub(1)))
    }

    fn line(&self, what: &str, one: Duration, each: u32) {
        let us = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(each);
        println!(
            "  {what:14} {:9.1} us each (min {:.1}, max {:.1}), {:5.2} times the rate of the first line",
            us(self.1),
            us(self.0),
            us(self.2),
            one.as_secs_f64() / (self.1.as_secs_f64() / f64::from(each))
        );
    }
}

/// What the disk itself takes for a small append: the noise that everything below stands in.
fn disk() -> Result<(), Failed> {
    use std::io::Write;
    let mut file = tempfile::tempfile()?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        file.write_all(&[b'x'; ENTRY_BYTES + STATE_BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    let Spread(min, median, max) = Spread::of(times);
    println!("append and fdatasync of a plain file: {median:.0?} (min {min:.0?}, max {max:.0?})\n");
    Ok(())
}

/// One shard's commits of so many visits each, journal and all.
async fn commits() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = store(&folder)?;
    let shard = Shard::new(0).ok_or("no shard")?;
    let owner = own(&store, shard).await?;
    let visits = visits(shard, 256);
    let mut versions = vec![0_u64; visits.len()];
    let (mut cursor, mut id) = (Seq(0), 0_u128);
    let mut times: Vec<Vec<Duration>> = SIZES.iter().map(|_| Vec::new()).collect();
    for _ in 0..REPEATS {
        for (size, times) in SIZES.iter().zip(&mut times) {
            let rounds = 64 / (*size).min(16);
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                let entries: Vec<NewEntry> = visits.iter().take(*size).map(entry).collect();
                let Appended::Done(last) = store.append(shard, entries).await? else {
                    return Err("the journal is full".into());
                };
                id += 1;
                let writes = visits.iter().zip(&mut versions).take(*size).map(|(visit, version)| {
                    *version += 1;
                    let state = Some(vec![b'y'; STATE_BYTES]);
                    VisitWrite { visit: visit.clone(), expected: *version - 1, state, wake: None }
                });
                let commit = Commit {
                    shard,
                    owner,
                    id: Uuid::from_u128(id),
                    expected_cursor: cursor,
                    cursor: last,
                    visits: writes.collect(),
                    outbox: Vec::new(),
                    parked: Vec::new(),
                };
                cursor = last;
                let began = Instant::now();
                let done = store.commit(commit).await?;
                took += began.elapsed();
                if !matches!(done, Committed::Done { .. }) {
                    return Err(format!("{done:?}").into());
                }
            }
            times.push(took / u32::try_from(rounds)?);
        }
    }
    println!("commits by batch size, time of a visit:");
    let mut one = Duration::ZERO;
    for (size, times) in SIZES.iter().zip(times) {
        let spread = Spread::of(times);
        let each = u32::try_from(*size)?;
        if one.is_zero() {
            one = spread.1;
        }
        spread.line(&format!("{size} visits"), one, each);
    }
    println!();
    Ok(())
}

async fn own(store: &EmbeddedStore, shard: Shard) -> Result<Ownership, Failed> {
    let token = OwnerToken(Uuid::from_u128(1));
    match store.acquire(shard, "bench", token, Span::hours(9)).await? {
        Acquired::Granted { epoch, .. } => Ok(Ownership { token, epoch }),
        held @ Acquired::Held(_) => Err(format!("{held:?}").into()),
    }
}

/// Doors that append one event after the other, so many of them at once, over all shards.
async fn appends() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = store(&folder)?;
    let mut times: Vec<Vec<Duration>> = SIZES.iter().map(|_| Vec::new()).collect();
    for _ in 0..REPEATS {
        for (callers, times) in SIZES.iter().zip(&mut times) {
            let each = (1_024 / callers).clamp(8, 128);
            let began = Instant::now();
            let tasks = (0..*callers).map(|caller| {
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
            times.push(began.elapsed() / u32::try_from(callers * each)?);
        }
    }
    println!("appends by callers that wait at once, time of an append:");
    let mut one = Duration::ZERO;
    for (callers, times) in SIZES.iter().zip(times) {
        let spread = Spread::of(times);
        if one.is_zero() {
            one = spread.1;
        }
        spread.line(&format!("{callers} callers"), one, 1);
    }
    let sizes = store.stats().read().batch_sizes;
    println!("  {} steps in {} commits\n", sizes.sum, sizes.count);
    Ok(())
}

/// A visit read through the reading threads.
async fn reads() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = store(&folder)?;
    let key = VisitKey::from_text("lakeside/csn/1").ok_or("no key")?;
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let began = Instant::now();
        for _ in 0..1_000 {
            store.load(&key).await?;
        }
        times.push(began.elapsed() / 1_000);
    }
    println!("a visit read:");
    let spread = Spread::of(times);
    spread.line("load", spread.1, 1);
    Ok(())
}
