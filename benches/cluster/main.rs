//! What processes of the service do on one Redis: take over, recover, answer, and join while others work. `cargo bench --bench cluster`, with
//! names of measurements behind `--` for some of them: `cargo bench --bench cluster -- takeover latency`.
//!
//! Everything runs on one machine, the fakes and whoever measures as well; Redis syncs once a second, so that the machine's disk is in no
//! figure. People, fakes and processes are those of the tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds, and where something is missing there is nothing to find"
)]

mod carry;
#[allow(dead_code, reason = "there are no tables of passes here")]
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "of the tests' hospital some is used")]
#[path = "../../tests/it/hospital/mod.rs"]
mod hospital;
mod join;
mod latency;
mod life;
mod nodes;
mod people;
mod recovery;
#[path = "../common/redis.rs"]
mod server;
mod takeover;
#[path = "../common/visits.rs"]
mod visits;

use common::Noise;

fn main() {
    // On the disk that the project is built on: a folder for temporary files may be memory.
    tempfile::env::override_temp_dir(env!("CARGO_TARGET_TMPDIR").as_ref()).unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    actix_web::rt::System::new().block_on(async {
        let mut noise = Noise::listen();
        noise.sample();
        if is_wanted("takeover") {
            takeover::measure(&mut noise).await;
        }
        if is_wanted("recovery") {
            recovery::measure(&mut noise).await;
        }
        if is_wanted("life") {
            life::measure().await;
        }
        if is_wanted("latency") {
            latency::measure(&mut noise).await;
        }
        if is_wanted("carry") {
            carry::measure(&mut noise).await;
        }
        if is_wanted("join") {
            join::measure(&mut noise).await;
        }
        noise.sample();
        noise.print();
    });
}
