//! The driver, a process of its own: signed events over connections that stay open, each body another one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use vestibule::simulator::zoom::signature;

use super::Failed;
use super::visits::{SECRET, event};

pub const FLAG: &str = "--drive";
pub const CONNECTIONS: usize = 64;

/// What a driver tells of its pass.
pub struct Pass {
    pub answered: u64,
    pub refused: u64,
    pub rate: f64,
    pub p99_ms: f64,
}

/// Runs a driver in a process of its own.
pub async fn run(url: &str, first: u64) -> Result<Pass, Failed> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args([FLAG, url, &first.to_string()]);
    let output = actix_web::rt::task::spawn_blocking(move || command.output()).await??;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [answered, refused, rate, p99_ms] => {
            Ok(Pass { answered: *answered as u64, refused: *refused as u64, rate: *rate, p99_ms: *p99_ms })
        }
        _ => Err(format!("the driver said: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// Drives for a time and prints what came of it.
pub async fn drive(url: &str, first: u64, time: Duration) -> Result<(), Failed> {
    let connector = awc::Connector::new().limit(CONNECTIONS);
    let http = awc::Client::builder().connector(connector).timeout(Duration::from_secs(10)).finish();
    let (next, refused) = (Rc::new(Cell::new(first)), Rc::new(Cell::new(0_u64)));
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let began = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (http, url) = (http.clone(), url.to_owned());
        let (next, refused, latencies) = (Rc::clone(&next), Rc::clone(&refused), Rc::clone(&latencies));
        tasks.push(spawn(async move {
            while began.elapsed() < time {
                let body = event(next.replace(next.get() + 1));
                let timestamp = jiff::Timestamp::now().as_second();
                let request = http
                    .post(&url)
                    .insert_header(("x-zm-request-timestamp", timestamp.to_string()))
                    .insert_header(("x-zm-signature", signature(SECRET, timestamp, &body)));
                let sent = Instant::now();
                match request.send_body(body).await {
                    Ok(answer) if answer.status().as_u16() == 200 => {
                        latencies.borrow_mut().push(sent.elapsed());
                    }
                    _ => refused.set(refused.get() + 1),
                }
            }
        }));
    }
    for task in tasks {
        task.await?;
    }
    let took = began.elapsed().as_secs_f64();
    let mut latencies = latencies.take();
    latencies.sort();
    let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
    let answered = latencies.len();
    println!("{answered} {} {} {}", refused.get(), answered as f64 / took, p99.as_secs_f64() * 1e3);
    Ok(())
}
