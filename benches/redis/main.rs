//! What the store on Redis makes of a server: appends by how many callers wait at once, beside what `redis-benchmark` reaches on the same server,
//! and commits by how many visits share one, beside plain pipelines and the embedded store. `cargo bench --bench redis`.
//!
//! Servers are started for it, one that syncs every write and one that syncs once a second.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

mod appends;
mod commits;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/owner.rs"]
mod owner;
#[path = "../common/redis.rs"]
mod server;

use common::Noise;
use server::Server;
use vestibule::store::redis::Durability;

const SYNCS: [(&str, Durability); 2] =
    [("appendfsync always", Durability::Fsync), ("appendfsync everysec", Durability::EverySecond)];

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut noise = Noise::listen();
        for (name, durability) in SYNCS {
            println!("=== {name}\n");
            appends::compare(&Server::start(durability)?, &mut noise).await?;
            commits::compare(&Server::start(durability)?, &mut noise).await?;
        }
        noise.print();
        Ok(())
    })
}
