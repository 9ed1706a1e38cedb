//! What durability costs a webhook: the service on the embedded store beside the same route without one. `cargo bench --bench ingest`.
//!
//! Both servers run in this process, the driver in another, so that /proc/self tells the servers' CPU alone. Passes alternate and each pair
//! gives one ratio: a shared machine's minutes differ more than its ratios.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

mod bare;
mod driver;
mod service;

use std::time::Duration;

use driver::Pass;

const PAIRS: usize = 7;
const PASS: Duration = Duration::from_secs(3);

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

/// One pass and the CPU that its server took for each request, in microseconds.
struct Measured {
    pass: Pass,
    cpu_us: f64,
}

async fn compare() -> Result<(), Failed> {
    let bare = bare::start()?;
    let service = service::start().await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // One pass each that does not count: connections, caches, the file's first pages.
    for round in 0..=PAIRS {
        let first = u64::try_from(round)? * 10_000_000;
        let a = measure(&bare, first, None).await?;
        let b = measure(&service.url, first + 5_000_000, Some(&service)).await?;
        if round > 0 {
            without.push(a);
            with.push(b);
        }
    }
    let ratio =
        |of: fn(&Measured) -> f64| without.iter().zip(&with).map(move |(a, b)| of(b) / of(a)).collect();
    println!("webhook ingest, {} connections, {PAIRS} pairs of passes of {PASS:?}", driver::CONNECTIONS);
    println!("                                        min   median      max");
    line("without a store: requests/s", without.iter().map(|one| one.pass.rate).collect());
    line("durable: requests/s", with.iter().map(|one| one.pass.rate).collect());
    line("rate, durable / without", ratio(|one| one.pass.rate));
    line("without a store: CPU us/request", without.iter().map(|one| one.cpu_us).collect());
    line("durable: CPU us/request, committed", with.iter().map(|one| one.cpu_us).collect());
    line("CPU, durable / without", ratio(|one| one.cpu_us));
    line("without a store: p99 ms", without.iter().map(|one| one.pass.p99_ms).collect());
    line("durable: p99 ms", with.iter().map(|one| one.pass.p99_ms).collect());
    let refused: u64 = without.iter().chain(&with).map(|one| one.pass.refused).sum();
    println!("not answered 200: {refused}");
    Ok(())
}

async fn measure(url: &str, first: u64, committed: Option<&service::Service>) -> Result<Measured, Failed> {
    let before = cpu_us()?;
    let pass = driver::run(url, first).await?;
    // What was only taken in has still to be decided on: that belongs to the price.
    if let Some(service) = committed {
        service.all_taken_in().await?;
    }
    let cpu_us = (cpu_us()? - before) / (pass.answered as f64).max(1.0);
    Ok(Measured { pass, cpu_us })
}

fn line(what: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    println!(
        "{what:36} {:8.2} {:8.2} {:8.2}",
        at(0),
        at(values.len() / 2),
        at(values.len().saturating_sub(1))
    );
}

/// User and system time of this process. Linux counts it in hundredths of a second.
fn cpu_us() -> Result<f64, Failed> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(')').ok_or("/proc/self/stat is of another form")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| -> Result<f64, Failed> { Ok(fields.get(place).ok_or("too short")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}
