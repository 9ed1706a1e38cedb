//! From the death of a node to the first event that another has decided on and committed, for each of its shards.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use vestibule::simulator::zoom::signature;
use vestibule_actors::lease::TTL;
use vestibule_actors::port::store::Store;
use vestibule_domain::shard::Shard;

use super::common::{Noise, spread};
use super::nodes::{Nodes, name, settled};
use super::visits::{SECRET, VISITS, event, fill, key};

const NODES: usize = 3;
const KILLS: usize = 12;
/// Kills fall into different moments between two renewals.
const PHASE: Duration = Duration::from_millis(170);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const SERVED_WITHIN: Duration = Duration::from_secs(30);

pub async fn measure(noise: &mut Noise) {
    let mut nodes = Nodes::new(NODES).await;
    fill(&nodes.store).await.unwrap();
    for service in &mut nodes.services {
        service.start().await;
    }
    let (mut first, mut middle, mut last, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for kill in 0..KILLS {
        noise.sample();
        let mut served = one(&mut nodes, kill).await;
        served.sort_by(f64::total_cmp);
        let [least, median, most] = spread(served.iter().copied());
        println!(
            "  kill {kill:2}: {:2} shards; first event served after {least:.2} s, median {median:.2}, last {most:.2}",
            served.len()
        );
        first.push(least);
        middle.push(median);
        last.push(most);
        all.extend(served);
    }
    let lease = TTL.to_duration().as_secs_f64();
    println!(
        "from SIGKILL to the first event served by the new owner, {KILLS} kills of one of {NODES} nodes; the lease is {lease} s"
    );
    println!("{:44} {:>26}   of the lease", "", "s: min median max");
    for (what, times) in [
        ("the first of its shards", first),
        ("the middle one", middle),
        ("the last of its shards", last),
        ("every shard", all),
    ] {
        let [min, median, max] = spread(times.into_iter());
        let of = |time: f64| time / lease;
        println!(
            "  {what:42} {min:8.2} {median:8.2} {max:8.2}   {:7.2} {:7.2} {:7.2}",
            of(min),
            of(median),
            of(max)
        );
    }
    println!();
}

/// Kills one, and tells for each of its shards how long it took until an event of a visit of it was served again, in seconds.
async fn one(nodes: &mut Nodes, kill: usize) -> Vec<f64> {
    let (victim, survivor) = (kill % NODES, (kill + 1) % NODES);
    let owners = settled(&nodes.store, &[0, 1, 2]).await;
    let mut waiting = BTreeMap::new();
    for number in 0..VISITS {
        let visit = key(number).unwrap();
        let shard = Shard::of_visit(&visit);
        if owners[&shard] == name(victim) {
            let version = nodes.store.load(&visit).await.unwrap().unwrap().version;
            waiting.entry(shard).or_insert((number, visit, version));
        }
    }
    sleep(PHASE * u32::try_from(kill).unwrap()).await;
    nodes.services[victim].kill();
    let killed = Instant::now();
    let url = format!("{}/zoom/lakeside/webhook", nodes.services[survivor].url());
    let events = waiting.values().map(|(number, ..)| post(&url, number + VISITS * kill as u64));
    join_all(events).await;
    let mut served = Vec::new();
    while !waiting.is_empty() {
        assert!(killed.elapsed() < SERVED_WITHIN, "nobody serves {:?}", waiting.keys());
        let looks = waiting.values().map(|(_, visit, _)| nodes.store.load(visit));
        let looked = join_all(looks).await;
        let versions: Vec<u64> = looked.into_iter().map(|stored| stored.unwrap().unwrap().version).collect();
        let mut versions = versions.into_iter();
        waiting.retain(|_, (_, _, before)| {
            let waits = versions.next() == Some(*before);
            if !waits {
                served.push(killed.elapsed().as_secs_f64());
            }
            waits
        });
        sleep(LOOK_EVERY).await;
    }
    nodes.services[victim].start().await;
    served
}

async fn post(url: &str, number: u64) {
    let (body, timestamp) = (event(number), jiff::Timestamp::now().as_second());
    let request = awc::Client::default()
        .post(url)
        .insert_header(("x-zm-request-timestamp", timestamp.to_string()))
        .insert_header(("x-zm-signature", signature(SECRET, timestamp, &body)));
    assert_eq!(request.send_body(body).await.unwrap().status().as_u16(), 200);
}
