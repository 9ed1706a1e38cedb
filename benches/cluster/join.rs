//! A fourth node that comes and goes while three work: how long until it is ready, until it has its share, and how long a shard is nobody's
//! meanwhile.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::spawn;
use actix_web::rt::time::sleep;
use vestibule::store::redis::{Durability, RedisStore};
use vestibule_domain::shard::Shard;

use super::common::{Noise, spread};
use super::hospital::load::{Load, RETRIES_SOON, under_load};
use super::nodes::{name, owners, settled};
use super::people::hospital;
use super::server::Server;

const ROUNDS: usize = 5;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Events that are answered before something happens.
const EVENTS: usize = 60;
const DRAINS_WITHIN: Duration = Duration::from_secs(20);
const FOURTH: usize = 3;

pub async fn measure(noise: &mut Noise) {
    let redis = Server::start(Durability::EverySecond).unwrap();
    let store = Rc::new(redis.store().await.unwrap());
    let mut site = hospital(&redis, FOURTH + 1, 6, RETRIES_SOON).await;
    for service in &mut site.services[..FOURTH] {
        service.start().await;
    }
    settled(&store, &[0, 1, 2]).await;
    let load = Load::begin(&site, 1);
    let (mut ready, mut share, mut nobodys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gone, mut nobodys_then) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        noise.sample();
        under_load(&load.driver, EVENTS).await;
        let watch = Watch::begin(&store);
        let (began, answered) = (Instant::now(), load.driver.acknowledged().len());
        site.services[FOURTH].start().await;
        ready.push(began.elapsed().as_secs_f64());
        settled(&store, &[0, 1, 2, FOURTH]).await;
        let (changed, longest, shards) = watch.end().await;
        let rate = (load.driver.acknowledged().len() - answered) as f64 / began.elapsed().as_secs_f64();
        println!(
            "  it comes: ready after {:.2} s, has its {shards} shards after {:.2} s; longest nobody's {:.0} ms; {rate:.0} events answered a second",
            ready[round],
            (changed - began).as_secs_f64(),
            longest.as_secs_f64() * 1e3
        );
        share.push((changed - began).as_secs_f64());
        nobodys.push(longest.as_secs_f64() * 1e3);
        if round + 1 == ROUNDS {
            break;
        }
        let (watch, began) = (Watch::begin(&store), Instant::now());
        site.services[FOURTH].terminate();
        assert!(site.services[FOURTH].ended(DRAINS_WITHIN).await.success());
        gone.push(began.elapsed().as_secs_f64());
        settled(&store, &[0, 1, 2]).await;
        let (_, longest, _) = watch.end().await;
        println!(
            "  it goes by SIGTERM: ended after {:.2} s; longest nobody's {:.0} ms",
            gone[round],
            longest.as_secs_f64() * 1e3
        );
        nobodys_then.push(longest.as_secs_f64() * 1e3);
    }
    println!("a fourth node beside three under load: min median max");
    for (what, unit, values) in [
        ("it comes: until ready", "s", ready),
        ("it comes: until it has its share", "s", share),
        ("it comes: longest that a shard was nobody's", "ms", nobodys),
        ("it goes: until ended", "s", gone),
        ("it goes: longest that a shard was nobody's", "ms", nobodys_then),
    ] {
        let [min, median, max] = spread(values.into_iter());
        println!("  {what:46} {unit:2} {min:8.2} {median:8.2} {max:8.2}");
    }
    assert_eq!(load.driver.refused(), Vec::<String>::new(), "an event was turned away");
    load.end(&mut site).await;
    site.fakes.stop().await;
    println!();
}

/// Looks at the owners all the time.
struct Watch {
    over: Rc<Cell<bool>>,
    watching: actix_web::rt::task::JoinHandle<(Instant, Duration, usize)>,
}

impl Watch {
    fn begin(store: &Rc<RedisStore>) -> Self {
        let over = Rc::new(Cell::new(false));
        let watching = spawn(watch(Rc::clone(store), Rc::clone(&over)));
        Self { over, watching }
    }

    /// When an owner last changed, the longest that a shard was seen without one, and how many the fourth has.
    async fn end(self) -> (Instant, Duration, usize) {
        self.over.set(true);
        self.watching.await.unwrap()
    }
}

async fn watch(store: Rc<RedisStore>, over: Rc<Cell<bool>>) -> (Instant, Duration, usize) {
    let (mut longest, mut changed) = (Duration::ZERO, Instant::now());
    let mut missing: BTreeMap<Shard, Instant> = BTreeMap::new();
    let mut before: BTreeMap<Shard, String> = BTreeMap::new();
    while !over.get() {
        let asked = Instant::now();
        let now = owners(&store).await;
        for shard in Shard::all() {
            let Some(owner) = now.get(&shard) else {
                missing.entry(shard).or_insert(asked);
                continue;
            };
            if let Some(since) = missing.remove(&shard) {
                longest = longest.max(since.elapsed());
            }
            if before.insert(shard, owner.clone()).is_some_and(|before| before != *owner) {
                changed = asked;
            }
        }
        sleep(LOOK_EVERY).await;
    }
    let of_fourth = before.values().filter(|owner| **owner == name(FOURTH)).count();
    (changed, longest, of_fourth)
}
