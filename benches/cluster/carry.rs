//! What events cost by how many nodes share the work: CPU of the nodes and of Redis for each, besides how many a second got through on this
//! machine, whose cores the nodes, Redis and the driver share.

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use vestibule::simulator::zoom::signature;
use vestibule_actors::port::store::Store;
use vestibule_domain::shard::Shard;

use super::common::{Noise, spread};
use super::hospital::until;
use super::nodes::{Nodes, settled};
use super::visits::{SECRET, event, fill};

const NODES: [usize; 3] = [1, 2, 3];
const PASSES: u64 = 5;
const PASS: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 48;
const TAKEN_IN_WITHIN: Duration = Duration::from_secs(30);

pub async fn measure(noise: &mut Noise) {
    println!("webhooks over {CONNECTIONS} connections, {PASSES} passes of {PASS:?}: min median max");
    for count in NODES {
        let mut nodes = Nodes::new(count).await;
        fill(&nodes.store).await.unwrap();
        for service in &mut nodes.services {
            service.start().await;
        }
        settled(&nodes.store, &(0..count).collect::<Vec<_>>()).await;
        let mut passes = Vec::new();
        // One does not count: connections, caches.
        for pass in 0..=PASSES {
            noise.sample();
            passes.push(one(&nodes, pass * 1_000_000).await);
        }
        let of = |which: usize| spread(passes.iter().skip(1).map(|pass| pass[which]));
        for (which, what) in
            ["events a second", "us of the nodes' CPU for each", "us of Redis' CPU for each", "p99 ms"]
                .into_iter()
                .enumerate()
        {
            let [min, median, max] = of(which);
            println!("  {count} nodes: {what:32} {min:9.1} {median:9.1} {max:9.1}");
        }
    }
    println!();
}

/// Events a second, CPU of the nodes and of Redis for each in microseconds, and the slowest of a hundred in milliseconds.
async fn one(nodes: &Nodes, first: u64) -> [f64; 4] {
    let before = [cpu_of_nodes(), cpu_of_redis(nodes).await];
    let (began, next) = (Instant::now(), Rc::new(Cell::new(first)));
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let urls: Vec<String> =
        nodes.services.iter().map(|service| format!("{}/zoom/lakeside/webhook", service.url())).collect();
    let tasks = (0..CONNECTIONS).map(|connection| {
        let url = urls[connection % urls.len()].clone();
        spawn(drive(url, began, Rc::clone(&next), Rc::clone(&latencies)))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    all_taken_in(nodes).await;
    let after = [cpu_of_nodes(), cpu_of_redis(nodes).await];
    let mut latencies = latencies.take();
    latencies.sort_by(f64::total_cmp);
    let (answered, p99) = (latencies.len() as f64, latencies[latencies.len() * 99 / 100]);
    [answered / took, (after[0] - before[0]) / answered, (after[1] - before[1]) / answered, p99]
}

/// One connection, that posts one event after the other.
async fn drive(url: String, began: Instant, next: Rc<Cell<u64>>, latencies: Rc<RefCell<Vec<f64>>>) {
    let http = awc::Client::builder().timeout(Duration::from_secs(10)).finish();
    while began.elapsed() < PASS {
        let (body, timestamp) = (event(next.replace(next.get() + 1)), jiff::Timestamp::now().as_second());
        let request = http
            .post(&url)
            .insert_header(("x-zm-request-timestamp", timestamp.to_string()))
            .insert_header(("x-zm-signature", signature(SECRET, timestamp, &body)));
        let sent = Instant::now();
        assert_eq!(request.send_body(body).await.unwrap().status().as_u16(), 200);
        latencies.borrow_mut().push(sent.elapsed().as_secs_f64() * 1e3);
    }
}

/// What was only taken in has still to be decided on: that belongs to the price.
async fn all_taken_in(nodes: &Nodes) {
    for shard in Shard::all() {
        until("the journals to be taken in", TAKEN_IN_WITHIN, async || {
            let cursor = nodes.store.cursor(shard).await.unwrap();
            nodes.store.read(shard, cursor, 1).await.unwrap().is_empty().then_some(())
        })
        .await;
    }
}

async fn cpu_of_redis(nodes: &Nodes) -> f64 {
    let info = nodes.redis.info().await.unwrap();
    let seconds = |name: &str| info[name].parse::<f64>().unwrap();
    (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6
}

/// User and system time of the service's processes that this one has started. Linux counts it in hundredths of a second.
fn cpu_of_nodes() -> f64 {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let (name, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let is_node = name.ends_with("(vestibule") && *fields.get(1)? == own;
        is_node.then(|| fields[11..=12].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>())
    });
    processes.sum::<f64>() * 10_000.0
}
