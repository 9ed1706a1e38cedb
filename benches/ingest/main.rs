//! What a webhook costs, and what of it is durability: the same service on a store that keeps nothing, on one in memory that everything is
//! decided on and committed to, on the embedded one, and on a Redis. `cargo bench --bench ingest`.
//!
//! All services run in this process, the driver and Redis in others, so that /proc/self tells the services' CPU alone. Passes alternate and each
//! round gives one ratio: a shared machine's minutes differ more than its ratios.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

#[path = "../common/mod.rs"]
mod common;
mod driver;
mod nothing;
#[path = "../common/redis.rs"]
mod server;
mod service;
#[path = "../common/visits.rs"]
mod visits;

use std::time::Duration;

use common::{Noise, Table};
use driver::Pass;
use service::Service;
use vestibule::store::redis::Durability;

const ROUNDS: usize = 7;
const PASS: Duration = Duration::from_secs(3);
const IN_MEMORY: &str = "in memory, decided and committed";
const ON_THE_DISK: &str = "on the disk, decided and committed";
const ON_REDIS: &str = "on Redis, always";
const ON_REDIS_LATER: &str = "on Redis, everysec";

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let system = actix_web::rt::System::new();
    if arguments.next().as_deref() == Some(driver::FLAG) {
        let url = arguments.next().ok_or("the driver needs an address")?;
        let first = arguments.next().ok_or("the driver needs a number")?.parse()?;
        return system.block_on(driver::drive(&url, first, PASS));
    }
    system.block_on(compare())
}

async fn compare() -> Result<(), Failed> {
    let services = [
        ("answered, nothing kept", Service::keeping_nothing().await?),
        (IN_MEMORY, Service::in_memory().await?),
        (ON_THE_DISK, Service::durable().await?),
        (ON_REDIS, Service::on_redis(Durability::Fsync).await?),
        (ON_REDIS_LATER, Service::on_redis(Durability::EverySecond).await?),
    ];
    let what = format!("webhooks over {} connections, passes of {PASS:?}", driver::CONNECTIONS);
    let mut rate = Table::new(format!("{what}: answered 200 in a second"), "1/s");
    let mut cpu = Table::new(format!("{what}: server CPU for each, its decision included"), "us");
    let mut redis = Table::new(format!("{what}: Redis' CPU for each"), "us");
    let mut slowest = Table::new(format!("{what}: slowest of a hundred"), "ms");
    let (mut noise, mut refused) = (Noise::listen(), 0);
    // One pass each that does not count: connections, caches, the file's first pages.
    for round in 0..=ROUNDS {
        noise.sample();
        for (place, (name, service)) in services.iter().enumerate() {
            let first = u64::try_from(round * services.len() + place)? * 5_000_000;
            let (pass, cpu_us, redis_us) = measure(service, first).await?;
            refused += pass.refused;
            if round > 0 {
                rate.add(*name, pass.rate);
                cpu.add(*name, cpu_us);
                slowest.add(*name, pass.p99_ms);
                if redis_us > 0.0 {
                    redis.add(*name, redis_us);
                }
            }
        }
    }
    for table in [rate, cpu, slowest] {
        table.print();
        for (row, of) in [(ON_THE_DISK, IN_MEMORY), (ON_REDIS, ON_THE_DISK), (ON_REDIS_LATER, ON_THE_DISK)] {
            if let Some([min, median, max]) = table.ratio(row, of) {
                println!("  {row} / {of}: {min:.2} {median:.2} {max:.2}");
            }
        }
        println!();
    }
    redis.print();
    println!("not answered 200: {refused}");
    noise.print();
    Ok(())
}

/// One pass, and the CPU that its service and its Redis took for each request, in microseconds.
async fn measure(service: &Service, first: u64) -> Result<(Pass, f64, f64), Failed> {
    let (before, redis_before) = (cpu_us()?, service.redis_cpu_us().await?);
    let pass = driver::run(&service.url, first).await?;
    // What was only taken in has still to be decided on: that belongs to the price.
    service.all_taken_in().await?;
    let (after, redis_after) = (cpu_us()?, service.redis_cpu_us().await?);
    let answered = (pass.answered as f64).max(1.0);
    let (cpu_us, redis_us) = ((after - before) / answered, (redis_after - redis_before) / answered);
    Ok((pass, cpu_us, redis_us))
}

/// User and system time of this process. Linux counts it in hundredths of a second.
fn cpu_us() -> Result<f64, Failed> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(')').ok_or("/proc/self/stat is of another form")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| -> Result<f64, Failed> { Ok(fields.get(place).ok_or("too short")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}
