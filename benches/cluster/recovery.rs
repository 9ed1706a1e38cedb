//! A node that takes over everything from one that died: how long until all visits with a deadline that has passed are decided on again and
//! committed, beside reading the same rows plainly.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use uuid::Uuid;
use vestibule::settings::{Settings, Sources};
use vestibule::store::redis::RedisStore;
use vestibule::system::{SystemClock, SystemRandomness};
use vestibule_actors::codec::Format;
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, OwnerToken, Ownership, Seq, Store, VisitWrite,
};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::id::{Csn, ExternalId, FhirReference};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::Policy;
use vestibule_domain::shard::{SHARDS, Shard};
use vestibule_domain::time::Span;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::Role;

use super::common::Noise;
use super::hospital::until;
use super::nodes::{Nodes, owners};
use super::server::Server;
use super::visits::{key, settings};

const COUNTS: [u64; 3] = [1_000, 10_000, 100_000];
const BATCH: usize = 256;
/// Of the node that is dead.
const LEASE: Span = Span::seconds(6);
const RECOVERS_WITHIN: Duration = Duration::from_secs(120);

pub async fn measure(noise: &mut Noise) {
    println!("a node takes over all shards of a dead one; every visit has a deadline that has passed");
    println!(
        "{:>8} {:>10} {:>16} {:>20} {:>10} {:>14} {:>8}",
        "visits", "ready s", "then owns all s", "then all are done s", "visits/s", "read plainly s", "ratio"
    );
    for count in COUNTS {
        noise.sample();
        one(count).await;
    }
    println!();
}

async fn one(count: u64) {
    let mut nodes = Nodes::new(1).await;
    seed(&nodes.store, count).await;
    sleep(LEASE.to_duration()).await;
    let plainly = read_plainly(&nodes.redis).await;
    let until_now = SystemClock.now();
    let began = Instant::now();
    nodes.services[0].start().await;
    let ready = began.elapsed();
    until("the node to own everything", RECOVERS_WITHIN, async || {
        (owners(&nodes.store).await.len() == usize::from(SHARDS)).then_some(())
    })
    .await;
    let owned = began.elapsed() - ready;
    for shard in Shard::all() {
        until("deadlines to be kept", RECOVERS_WITHIN, async || {
            nodes.store.due(shard, until_now, 1).await.unwrap().is_empty().then_some(())
        })
        .await;
    }
    let done = began.elapsed() - ready - owned;
    let seconds = |time: Duration| time.as_secs_f64();
    println!(
        "{count:>8} {:>10.2} {:>16.2} {:>20.2} {:>10.0} {:>14.3} {:>8.1}",
        seconds(ready),
        seconds(owned),
        seconds(done),
        count as f64 / seconds(owned + done),
        seconds(plainly),
        seconds(owned + done) / seconds(plainly)
    );
}

/// Writes visits in which a patient waited until an hour ago, as an owner that has died since.
async fn seed(store: &RedisStore, count: u64) {
    let policy = policy();
    let at = SystemClock.now() - Span::hours(1);
    let mut visits: BTreeMap<Shard, Vec<VisitWrite>> = BTreeMap::new();
    for number in 0..count {
        let visit = key(number).unwrap();
        let command = Command::Launch(launch(number));
        let entry = Entry { id: SystemRandomness.command_id(), at, command };
        let decided = vestibule_domain::decide(&Visit::new(visit.clone(), at), &entry, at, &policy);
        let (state, wake) = (Format::default().encode(&decided.visit).unwrap(), Some(at + Span::minutes(2)));
        let write = VisitWrite { visit, expected: 0, state: Some(state), wake };
        visits.entry(Shard::of_visit(&write.visit)).or_default().push(write);
    }
    for (shard, visits) in visits {
        let token = OwnerToken(Uuid::from_u128(1));
        let granted = store.acquire(shard, "dead", token, LEASE, Epoch(0)).await.unwrap();
        let Acquired::Granted { epoch, .. } = granted else { panic!("{granted:?}") };
        let owner = Ownership { token, epoch };
        for some in visits.chunks(BATCH) {
            let commit = Commit {
                shard,
                owner,
                id: Uuid::from_u128(u128::from(SystemRandomness.draw())),
                expected_cursor: Seq(0),
                cursor: Seq(0),
                visits: some.to_vec(),
                outbox: Vec::new(),
                parked: Vec::new(),
                history: Vec::new(),
            };
            let committed = store.commit(commit).await.unwrap();
            assert!(matches!(committed, Committed::Done { .. }), "{committed:?}");
        }
    }
}

fn policy() -> Policy {
    let none: [(&str, &str); 0] = [];
    let text = settings("127.0.0.1:0", "");
    let sources = Sources::new(std::env::temp_dir()).text("the benchmark", &text).environment(none);
    let settings = Settings::load(sources).unwrap();
    settings.organizations.values().next().unwrap().policy(&settings)
}

fn launch(number: u64) -> Launch {
    let person = FhirReference::new(format!("Patient/e{number:09}")).unwrap();
    Launch {
        role: Role::Patient,
        fhir_user: person.clone(),
        patient: Some(person),
        external_id: Some(ExternalId::new(format!("WPR{number}")).unwrap()),
        external_id_type: None,
        csn: Some(Csn::new(number.to_string()).unwrap()),
        display_name: Phi::new("Patient"),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        booking: None,
    }
}

/// Reads the states of all visits by pipelines on one connection.
async fn read_plainly(redis: &Server) -> Duration {
    let mut connection = redis.connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*}:visit:*").query_async(&mut connection).await.unwrap();
    let began = Instant::now();
    for some in keys.chunks(BATCH) {
        let mut pipeline = redis::pipe();
        for key in some {
            pipeline.cmd("HMGET").arg(key).arg("version").arg("epoch").arg("state");
        }
        let rows: Vec<(u64, u64, Vec<u8>)> = pipeline.query_async(&mut connection).await.unwrap();
        assert_eq!(rows.len(), some.len());
    }
    began.elapsed()
}
