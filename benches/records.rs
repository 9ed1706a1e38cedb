//! Searches of notification records where there are a million, beside the same searches where there are ten thousand: what a search costs is to
//! depend on what it answers, not on what there is.
//!
//! `cargo bench --bench records`; about two gigabytes below `target` and one of memory for Redis.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

mod common;
#[path = "common/redis.rs"]
mod server;

use std::sync::Arc;
use std::time::Instant;

use common::{Noise, Table, spread};
use futures_util::future::try_join_all;
use server::Server;
use tempfile::TempDir;
use uuid::Uuid;
use vestibule::store::redis::Durability;
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Epoch, Outcome, OwnerToken, Ownership, Record, RecordId, RecordQuery,
    SharedStore, UpdateId,
};
use vestibule_domain::effect::{LaneName, Says};
use vestibule_domain::id::{Csn, FhirReference, MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{ParticipantKey, Role};

type Failed = Box<dyn std::error::Error>;

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
/// Of one visit.
const PER_VISIT: u32 = 8;
/// One in so many was refused.
const REFUSED: u32 = 1_000;
/// Reported at once.
const AT_ONCE: u32 = 500;
const PASSES: usize = 9;
/// Searches of a kind in a pass.
const SEARCHES: u32 = 40;
const PAGE: usize = 50;
const START: Moment = Moment(1_795_000_000_000);
/// Between one record and the next.
const APART: Span = Span(1_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        START
    }
}

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut noise = Noise::listen();
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let stores = [file(&folder, "few")?, file(&folder, "many")?];
        search("on the embedded store", &stores, &mut noise).await?;
        let servers = [Server::start(Durability::EverySecond)?, Server::start(Durability::EverySecond)?];
        let mut stores: Vec<SharedStore> = Vec::new();
        for server in &servers {
            stores.push(Arc::new(server.store().await?));
        }
        search("on Redis", &stores, &mut noise).await?;
        for (server, count) in servers.iter().zip([FEW, MANY]) {
            let bytes: f64 =
                server.info().await?.get("used_memory").ok_or("no used_memory")?.trim().parse()?;
            println!(
                "memory of a Redis with {count} records: {:.0} bytes for each",
                bytes / f64::from(count)
            );
        }
        noise.print();
        Ok(())
    })
}

fn file(folder: &TempDir, name: &str) -> Result<SharedStore, Failed> {
    Ok(Arc::new(EmbeddedStore::open(EmbeddedSettings::new(folder.path().join(name)), Arc::new(Still))?))
}

fn organization() -> Result<OrganizationId, Failed> {
    OrganizationId::new("lakeside").map_err(|_| "no organization".into())
}

fn csn_of(number: u32) -> Result<Csn, Failed> {
    Csn::new((100_000 + number / PER_VISIT).to_string()).map_err(|_| "no CSN".into())
}

fn meeting_of(number: u32) -> MeetingId {
    MeetingId(85_000_000_000 + u64::from(number / PER_VISIT))
}

fn at(number: u32) -> Moment {
    START + Span(APART.0 * i64::from(number))
}

fn record(number: u32) -> Result<Record, Failed> {
    let is_refused = number.is_multiple_of(REFUSED);
    Ok(Record {
        id: RecordId(Uuid::from_u128(u128::from(number))),
        at: at(number),
        organization: organization()?,
        meeting: Some(meeting_of(number)),
        csn: Some(csn_of(number)?),
        role: if number.is_multiple_of(2) { Role::Patient } else { Role::Provider },
        says: Says::Connected(number % 4 < 2),
        occurred_at: at(number),
        attempt: 1,
        resp_code: if is_refused { 404 } else { 200 },
        epic_code: None,
        outcome: if is_refused { Outcome::Parked } else { Outcome::Delivered },
        latency_ms: 40,
        hint: None,
        resend: false,
        update: Some(UpdateId(u64::from(number))),
        attempts: None,
    })
}

/// Writes so many, as the notifiers of a node do.
async fn fill(store: &SharedStore, count: u32) -> Result<(), Failed> {
    let fhir = FhirReference::new("Patient/p").map_err(|_| "no person")?;
    let lane = LaneName::of_light(ParticipantKey::new(Role::Patient, fhir));
    let mut owners = std::collections::BTreeMap::new();
    for first in (0..count).step_by(AT_ONCE as usize) {
        let visit = VisitKey::from_text(&format!("lakeside/csn/{}", csn_of(first)?)).ok_or("no visit")?;
        let shard = Shard::of_visit(&visit);
        let owner = match owners.get(&shard) {
            Some(owner) => *owner,
            None => *owners.entry(shard).or_insert(own(store, shard).await?),
        };
        let records = (first..count.min(first + AT_ONCE)).map(record).collect::<Result<_, _>>()?;
        let report =
            Acknowledgement { visit, lane: lane.clone(), seq: 1, attempts: 1, records, settled: None };
        if !store.acknowledge(shard, owner, vec![report]).await? {
            return Err("not the owner".into());
        }
    }
    Ok(())
}

async fn own(store: &SharedStore, shard: Shard) -> Result<Ownership, Failed> {
    let token = OwnerToken(Uuid::from_u128(1));
    match store.acquire(shard, "bench", token, Span::hours(9), Epoch(0)).await? {
        Acquired::Granted { epoch, .. } => Ok(Ownership { token, epoch }),
        held @ Acquired::Held(_) => Err(format!("{held:?}").into()),
    }
}

/// What somebody looks for, where there are so many records. `draw` differs from search to search.
fn query(kind: &str, draw: u32, count: u32) -> Result<RecordQuery, Failed> {
    let any = draw.wrapping_mul(2_654_435_761) % count;
    let page = RecordQuery { organization: Some(organization()?), limit: PAGE, ..RecordQuery::default() };
    Ok(match kind {
        "the newest page" => page,
        "of a CSN" => RecordQuery { csn: Some(csn_of(any)?), ..page },
        "of a meeting" => RecordQuery { meeting: Some(meeting_of(any)), ..page },
        "of a quarter of an hour" => {
            RecordQuery { since: Some(at(any)), until: Some(at(any) + Span::minutes(15)), ..page }
        }
        "a page from anywhere" => RecordQuery { until: Some(at(any)), ..page },
        "with a code that one in 1000 has" => RecordQuery { resp_code: Some(404), ..page },
        "with an outcome that none has" => RecordQuery { outcome: Some(Outcome::Superseded), ..page },
        other => return Err(other.into()),
    })
}

const KINDS: [&str; 7] = [
    "the newest page",
    "of a CSN",
    "of a meeting",
    "of a quarter of an hour",
    "a page from anywhere",
    "with a code that one in 1000 has",
    "with an outcome that none has",
];

async fn search(title: &str, stores: &[SharedStore], noise: &mut Noise) -> Result<(), Failed> {
    let counted: Vec<(&SharedStore, u32)> = stores.iter().zip([FEW, MANY]).collect();
    let began = Instant::now();
    try_join_all(counted.iter().map(|(store, count)| fill(store, *count))).await?;
    println!("{title}: {FEW} and {MANY} records, written in {:.0} s\n", began.elapsed().as_secs_f64());
    for kind in KINDS {
        let mut table = Table::new(format!("{title}: {kind}"), "ms");
        let mut longest = Vec::new();
        for pass in 0..PASSES {
            for (store, count) in &counted {
                let mut all = 0.0;
                for number in 0..SEARCHES {
                    let query = query(kind, number + SEARCHES * u32::try_from(pass)?, *count)?;
                    let began = Instant::now();
                    std::hint::black_box(store.records(query).await?);
                    let took = began.elapsed().as_secs_f64() * 1_000.0;
                    all += took;
                    if *count == MANY {
                        longest.push(took);
                    }
                }
                table.add(format!("{count} records"), all / f64::from(SEARCHES));
            }
            noise.sample();
        }
        table.print();
        longest.sort_by(f64::total_cmp);
        let at = |part: usize| longest.get(longest.len() * part / 100).copied().unwrap_or(f64::NAN);
        let [_, _, most] = spread(longest.iter().copied());
        println!(
            "  of {} searches with {MANY}: p50 {:.1} ms, p99 {:.1} ms, longest {most:.1} ms\n",
            longest.len(),
            at(50),
            at(99)
        );
    }
    Ok(())
}
