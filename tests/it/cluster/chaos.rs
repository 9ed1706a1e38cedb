//! Harm at random, one after the other, under load.

use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::simulator::chance::Chance;

use super::on;
use crate::hospital::load::{Load, RETRIES_SOON, number, seed, under_load};
use crate::hospital::site::Site;
use crate::proxy::Proxy;
use crate::redis::Redis;

const NODES: usize = 3;
const EVENTS_OF_A_ROUND: usize = 20;

#[derive(Clone, Copy, Debug)]
enum Harm {
    /// SIGKILL, and another process in its place.
    Kill,
    /// SIGKILL, and another process in its place once everybody has seen that it is gone.
    KillForLong,
    /// SIGSTOP for longer than leases last, then SIGCONT: a zombie with old leases and old connections.
    Freeze,
    /// Its way to Redis is held up; what was on it arrives when others own its shards.
    Hold,
    /// Its connections to Redis end, and it gets none.
    Cut,
    /// Its way to Redis is slow.
    Slow,
    /// What it asks of Redis is done and not answered.
    LoseAnswers,
    /// Redis itself: SIGKILL, and a restart on its files.
    KillRedis,
}

const HARMS: [Harm; 8] = [
    Harm::Kill,
    Harm::KillForLong,
    Harm::Freeze,
    Harm::Hold,
    Harm::Cut,
    Harm::Slow,
    Harm::LoseAnswers,
    Harm::KillRedis,
];

struct Cluster {
    site: Site,
    redis: Redis,
    ways: Vec<Proxy>,
}

impl Cluster {
    async fn open(seed: u64) -> Self {
        let redis = Redis::start_syncing_later();
        let ways: Vec<Proxy> = (0..NODES).map(|_| Proxy::to(redis.port)).collect();
        let stores: Vec<String> = ways.iter().map(|way| on(&way.url())).collect();
        let mut site = Site::of_nodes(seed, 6, RETRIES_SOON, &stores).await;
        site.start_all().await;
        Self { site, redis, ways }
    }

    async fn harm(&mut self, harm: Harm, node: usize, chance: &mut Chance) {
        let (service, way) = (&mut self.site.services[node], &self.ways[node]);
        // Leases last six seconds.
        let longer_than_leases = Duration::from_millis(chance.between(6_500, 9_000));
        let a_moment = Duration::from_millis(chance.between(100, 2_500));
        let any = if chance.hit(0.5) { longer_than_leases } else { a_moment };
        match harm {
            Harm::Kill => {
                service.kill();
                service.spawn();
            }
            Harm::KillForLong => {
                service.kill();
                sleep(longer_than_leases).await;
                service.spawn();
            }
            Harm::Freeze => {
                service.freeze(true);
                sleep(longer_than_leases).await;
                service.freeze(false);
            }
            Harm::Hold | Harm::Cut => {
                if matches!(harm, Harm::Hold) {
                    way.hold()
                } else {
                    way.cut()
                }
                sleep(any).await;
                way.mend();
            }
            Harm::Slow => {
                way.slow(Duration::from_millis(chance.between(20, 400)));
                sleep(a_moment).await;
                way.mend();
            }
            Harm::LoseAnswers => {
                way.lose_answers(u32::try_from(chance.between(1, 6)).unwrap());
                sleep(a_moment).await;
                way.mend();
            }
            Harm::KillRedis => {
                self.redis.kill();
                sleep(if chance.hit(0.3) { longer_than_leases } else { a_moment }).await;
                self.redis.restart();
            }
        }
        self.site.services[node].ready().await;
    }
}

// I1, I2, I3, I8, I9, I12
#[actix_web::test]
async fn nothing_is_lost_whatever_happens_to_nodes_and_their_redis() {
    let seed = seed();
    let mut chance = Chance::new(seed);
    let mut cluster = Cluster::open(seed).await;
    let load = Load::begin(&cluster.site, seed);
    // Each harm once, in any order, and then any.
    let only = std::env::var("VESTIBULE_CHAOS_ONLY").unwrap_or_default();
    let all: Vec<Harm> = HARMS.into_iter().filter(|harm| format!("{harm:?}").contains(&only)).collect();
    let mut harms = all.clone();
    for round in 0..number("VESTIBULE_CHAOS_ROUNDS", 10) {
        under_load(&load.driver, EVENTS_OF_A_ROUND).await;
        let harm = match harms.len() {
            0 => all[one_of(&mut chance, all.len())],
            left => harms.swap_remove(one_of(&mut chance, left)),
        };
        let node = one_of(&mut chance, NODES);
        eprintln!("round {round}: {harm:?} of node {node}");
        cluster.harm(harm, node, &mut chance).await;
    }
    load.end(&mut cluster.site).await;
    cluster.site.fakes.stop().await;
}

fn one_of(chance: &mut Chance, count: usize) -> usize {
    usize::try_from(chance.between(0, count as u64 - 1)).unwrap()
}
