//! Commits by how many visits share one, beside as many states written by a plain pipeline to the same server, and committed to a file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule::system::SystemClock;
use vestibule_domain::shard::Shard;

use super::Failed;
use super::common::{Noise, Table};
use super::owner::{Owner, STATE_BYTES};
use super::server::Server;

const SIZES: [usize; 3] = [1, 16, 256];
const PASSES: usize = 7;

pub async fn compare(server: &Server, noise: &mut Noise) -> Result<(), Failed> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let shard = Shard::new(0).ok_or("no shard")?;
    let mut on_redis = Owner::of(Arc::new(server.store().await?), shard, 256).await?;
    let mut on_a_file = Owner::of(embedded(&folder)?, shard, 256).await?;
    let mut connection = server.connection().await?;
    for size in SIZES {
        let title = format!("a commit of {size} visits, states of {STATE_BYTES} bytes");
        let mut table = Table::new(title, "1/s");
        let rounds = 256 / size.min(64);
        for _ in 0..PASSES {
            noise.sample();
            table.add("a pipeline of HSETs", rate(rounds, pipeline(&mut connection, size, rounds).await?));
            table.add("the store", rate(rounds, commits(&mut on_redis, size, rounds).await?));
            table
                .add("the embedded store, fsync", rate(rounds, commits(&mut on_a_file, size, rounds).await?));
        }
        table.print();
    }
    Ok(())
}

fn rate(rounds: usize, took: Duration) -> f64 {
    rounds as f64 / took.as_secs_f64()
}

fn embedded(folder: &TempDir) -> Result<Arc<EmbeddedStore>, Failed> {
    Ok(Arc::new(EmbeddedStore::open(EmbeddedSettings::new(folder.path()), Arc::new(SystemClock))?))
}

async fn commits(owner: &mut Owner, size: usize, rounds: usize) -> Result<Duration, Failed> {
    let mut took = Duration::ZERO;
    for _ in 0..rounds {
        took += owner.commit(size).await?;
    }
    Ok(took)
}

async fn pipeline(
    connection: &mut MultiplexedConnection,
    size: usize,
    rounds: usize,
) -> Result<Duration, Failed> {
    let state = [b'y'; STATE_BYTES];
    let began = Instant::now();
    for _ in 0..rounds {
        let mut pipeline = redis::pipe();
        for visit in 0..size {
            pipeline.hset(format!("plain:{visit}"), "state", state.as_slice()).ignore();
        }
        pipeline.query_async::<()>(connection).await?;
    }
    Ok(began.elapsed())
}
