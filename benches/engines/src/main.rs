//! Compares engines for the embedded store on its own shape of work: N journal appends and N visit writes, one durable commit.
//!
//! Every engine runs the same steps on the same disk in alternating passes, so that a slow minute of the machine hits all of them.
//! The last line of each table is a plain append and `fdatasync` of as many bytes: what the disk itself takes.

mod engine;
mod raw;

use engine::{Engine, Step};
use std::path::Path;
use std::time::{Duration, Instant};

const BATCHES: [usize; 5] = [1, 4, 16, 64, 256];
const PASSES: usize = 3;
/// Visits that are written again and again, as on a busy day.
const VISITS: u64 = 5_000;
const JOURNAL_BYTES: usize = 300;
const VISIT_BYTES: usize = 2_000;
const READS: usize = 20_000;

fn main() -> Result<(), engine::Error> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, crash, name, folder] = arguments.as_slice()
        && crash == "crash"
    {
        return fill_and_die(name, Path::new(folder));
    }
    for batch in BATCHES {
        commits(batch)?;
    }
    for name in engine::NAMES {
        reads_size_and_reopening(name)?;
    }
    Ok(())
}

/// Median time of a commit, for every engine in turns.
fn commits(batch: usize) -> Result<(), engine::Error> {
    let folders: Vec<_> = engine::NAMES.iter().map(|_| tempfile::tempdir_in(".")).collect::<Result<_, _>>()?;
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    for (name, folder) in engine::NAMES.iter().zip(&folders) {
        engines.push(engine::open(name, folder.path())?);
    }
    let mut times: Vec<Vec<Duration>> = engines.iter().map(|_| Vec::new()).collect();
    let mut steps = Steps::default();
    let rounds = (2_000 / batch).clamp(30, 200);
    for _ in 0..PASSES {
        for (engine, times) in engines.iter_mut().zip(&mut times) {
            for _ in 0..rounds {
                let work = steps.next(batch);
                let began = Instant::now();
                engine.commit(&work)?;
                times.push(began.elapsed());
            }
        }
    }
    println!("commit of {batch} steps ({} rounds):", rounds * PASSES);
    for (name, mut times) in engine::NAMES.iter().zip(times) {
        times.sort();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        let median = at(50);
        println!(
            "  {name:9} median {:7.0} us, p5 {:7.0}, p99 {:8.0}: {:7.0} steps/s",
            micros(median),
            micros(at(5)),
            micros(at(99)),
            batch as f64 / median.as_secs_f64()
        );
    }
    Ok(())
}

fn reads_size_and_reopening(name: &str) -> Result<(), engine::Error> {
    if name == "raw" {
        return Ok(());
    }
    let folder = tempfile::tempdir_in(".")?;
    let me = std::env::current_exe()?;
    std::process::Command::new(me).arg("crash").arg(name).arg(folder.path()).status()?;
    let size = size_of(folder.path())?;
    let began = Instant::now();
    let mut engine = engine::open(name, folder.path())?;
    let reopened = began.elapsed();
    let mut random = 7_u64;
    let began = Instant::now();
    let mut found = 0;
    for _ in 0..READS {
        found += usize::from(engine.read(next_random(&mut random) % VISITS)?);
    }
    let read = began.elapsed();
    println!(
        "{name:9} after abort: {:.1} MiB on disk, opened in {:.0} ms; {found} of {READS} reads found, {:.1} us each",
        size as f64 / (1024.0 * 1024.0),
        reopened.as_secs_f64() * 1e3,
        micros(read) / READS as f64
    );
    Ok(())
}

/// Writes a day's worth of steps and ends without closing anything.
fn fill_and_die(name: &str, folder: &Path) -> Result<(), engine::Error> {
    let mut engine = engine::open(name, folder)?;
    let mut steps = Steps::default();
    for _ in 0..400 {
        engine.commit(&steps.next(256))?;
    }
    std::process::abort()
}

#[derive(Default)]
struct Steps {
    seq: u64,
}

impl Steps {
    fn next(&mut self, batch: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..batch {
            self.seq += 1;
            let mut random = self.seq;
            let visit = next_random(&mut random) % VISITS;
            steps.push(Step {
                shard: (visit % 64) as u16,
                seq: self.seq,
                visit,
                entry: noise(self.seq, JOURNAL_BYTES),
                state: noise(visit, VISIT_BYTES),
            });
        }
        steps
    }
}

/// Text of the kind that JSON is, so that an engine that compresses has something to do.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut random = seed;
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&format!("\"field\":\"{:x}\",", next_random(&mut random)));
    }
    text.truncate(length);
    text.into_bytes()
}

fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn size_of(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        size += if meta.is_dir() { size_of(&entry.path())? } else { meta.len() };
    }
    Ok(size)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
