//! What an idle visit costs in memory, beside the size of its state as it is stored. `cargo bench --bench idle`.
//!
//! Each measurement is a process of its own, since memory that was freed does not go back to the system. One holds the visits in a node over
//! the memory store, the other the same bytes in the memory store alone; the difference is what the node keeps. A third is a node on a Redis,
//! whose memory and file for each visit are told besides.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock and prints what it finds"
)]

#[path = "../common/redis.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use server::Server;
use uuid::Uuid;
use vestibule::service;
use vestibule::settings::{Settings, Sources};
use vestibule::store::redis::Durability;
use vestibule::system::SystemClock;
use vestibule_actors::codec::Format;
use vestibule_actors::desk::{Desk, Snapshot};
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::store::{
    Acquired, Commit, Epoch, OwnerToken, Ownership, Seq, Store, StoreLimits, VisitWrite,
};
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::id::{Csn, ExternalId, FhirReference, VisitKey};
use vestibule_domain::name::Phi;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::{Participant, ParticipantKey, Role};

const VISITS: u64 = 20_000;
/// Made before the first look: what is allocated once, and what this much work leaves free in the heap, is not counted.
const WARM_UP: u64 = VISITS;
const REPEATS: usize = 3;
/// The standard library's B-tree allocates nodes of so many entries.
const ROOM_OF_A_MAP: usize = 11;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let system = actix_web::rt::System::new();
    match std::env::args().nth(1).as_deref() {
        Some("--node") => system.block_on(in_a_node()),
        Some("--redis") => system.block_on(in_a_node_on_redis()),
        Some("--store") => system.block_on(in_the_store_alone()),
        _ => compare(),
    }
}

fn compare() -> Result<(), Failed> {
    println!("{VISITS} visits, each of a patient who waits; bytes per visit over {REPEATS} repeats");
    let (mut kept, mut stored) = (Vec::new(), 0.0);
    for _ in 0..REPEATS {
        let [node, size] = child("--node")?;
        let [store, _] = child("--store")?;
        println!("  node and store {node:.0}, store alone {store:.0}, so the node keeps {:.0}", node - store);
        kept.push(node - store);
        stored = size;
    }
    kept.sort_by(f64::total_cmp);
    let median = kept.get(REPEATS / 2).copied().unwrap_or(f64::NAN);
    println!(
        "of these a visit takes {} bytes by itself; a participant takes {}, and the map of them makes room for {ROOM_OF_A_MAP} at once",
        size_of::<Visit>(),
        size_of::<Participant>() + size_of::<ParticipantKey>(),
    );
    println!("state as stored: {stored:.0} bytes; the node keeps {:.2} times that (median)", median / stored);
    println!("on Redis:");
    for _ in 0..REPEATS {
        let [node, memory, file] = child("--redis")?;
        println!(
            "  the node {node:.0}, Redis {memory:.0} ({:.2} of the state) and {file:.0} of its file",
            memory / stored
        );
    }
    Ok(())
}

fn child<const N: usize>(mode: &str) -> Result<[f64; N], Failed> {
    let output = std::process::Command::new(std::env::current_exe()?).arg(mode).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    <[f64; N]>::try_from(numbers)
        .map_err(|_| format!("the child said: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Prints bytes of memory for each visit, and the size of its state.
fn tell(before: u64, after: u64, state: usize) {
    println!("{} {state}", (after.saturating_sub(before)) as f64 / VISITS as f64);
}

fn settings(more: &str) -> Result<Settings, Failed> {
    let none: [(&str, &str); 0] = [];
    let sources = Sources::new(std::env::temp_dir()).text("the benchmark", SETTINGS).text("its store", more);
    Ok(Settings::load(sources.environment(none))?)
}

async fn in_a_node() -> Result<(), Failed> {
    let running = service::start(settings("")?).await?;
    let desk = running.app().desk.clone();
    launch(&desk, 0..WARM_UP).await?;
    let before = resident()?;
    launch(&desk, WARM_UP..WARM_UP + VISITS).await?;
    let after = resident()?;
    let last = desk.ports().store.load(&key(WARM_UP + VISITS - 1)?).await?.ok_or("a visit")?;
    tell(before, after, last.state.len());
    Ok(())
}

async fn in_a_node_on_redis() -> Result<(), Failed> {
    let server = Server::start(Durability::EverySecond)?;
    let running = service::start(settings(&format!("[store]\n{}", server.settings()))?).await?;
    let desk = running.app().desk.clone();
    launch(&desk, 0..WARM_UP).await?;
    let (before, [memory_before, file_before]) = (resident()?, of_redis(&server).await?);
    launch(&desk, WARM_UP..WARM_UP + VISITS).await?;
    let (after, [memory, file]) = (resident()?, of_redis(&server).await?);
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / VISITS as f64;
    println!("{} {} {}", each(before, after), each(memory_before, memory), each(file_before, file));
    Ok(())
}

/// Bytes of a server's memory and of its file.
async fn of_redis(server: &Server) -> Result<[u64; 2], Failed> {
    let info = server.info().await?;
    let bytes = |name: &str| -> Result<u64, Failed> { Ok(info.get(name).ok_or("not told")?.parse()?) };
    Ok([bytes("used_memory")?, bytes("aof_current_size")?])
}

const SETTINGS: &str = r#"
server.listen = "127.0.0.1:0"
store.url = "memory:"
access.mode = "loopback"
node.visit_idle = "1h"
logging.filter = "error"
[organization.lakeside.epic]
fhir_base_url = "http://127.0.0.1:9/api/FHIR/R4"
telehealth_base_url = "http://127.0.0.1:9"
client_id = "client"
status_auth = "basic"
status_user = "user"
status_password = "password"
[organization.lakeside.zoom]
api_base_url = "http://127.0.0.1:9/v2"
oauth_base_url = "http://127.0.0.1:9"
account_id = "account"
client_id = "client"
client_secret = "secret"
webhook_secret_tokens = ["token"]
"#;

/// A patient launches each of these visits; ends when all are committed.
async fn launch(desk: &Desk, numbers: std::ops::Range<u64>) -> Result<(), Failed> {
    for number in numbers.clone() {
        desk.submit(&key(number)?, Command::Launch(launch_of(number)?)).await?;
    }
    for number in numbers {
        let arrived = |seen: &Snapshot| (!seen.visit.participants.is_empty()).then_some(());
        desk.wait_for(&key(number)?, Duration::from_secs(60), arrived)
            .await
            .ok_or("a visit does not come")?;
    }
    Ok(())
}

/// The same states, of the same sizes, with nobody who works on them.
async fn in_the_store_alone() -> Result<(), Failed> {
    let store = MemoryStore::new(Arc::new(SystemClock), StoreLimits::default());
    let policy = {
        let settings = settings("")?;
        let organization = settings.organizations.values().next().ok_or("an organization")?;
        organization.policy(&settings)
    };
    let mut before = 0;
    let mut size = 0;
    for number in 0..WARM_UP + VISITS {
        if number == WARM_UP {
            before = resident()?;
        }
        let state = state_of(number, &policy)?;
        size = state.len();
        write(&store, number, state).await?;
    }
    tell(before, resident()?, size);
    Ok(())
}

fn state_of(number: u64, policy: &vestibule_domain::policy::Policy) -> Result<Vec<u8>, Failed> {
    use vestibule_actors::port::clock::{Clock, Randomness};
    let now = SystemClock.now();
    let entry = vestibule_domain::command::Entry {
        id: vestibule::system::SystemRandomness.command_id(),
        at: now,
        command: Command::Launch(launch_of(number)?),
    };
    let visit = Visit::new(key(number)?, now);
    Ok(Format::default().encode(&vestibule_domain::decide(&visit, &entry, now, policy).visit)?)
}

async fn write(store: &MemoryStore, number: u64, state: Vec<u8>) -> Result<(), Failed> {
    use vestibule_actors::port::clock::Clock;
    let visit = key(number)?;
    let shard = Shard::of_visit(&visit);
    let token = OwnerToken(Uuid::from_u128(1));
    let Acquired::Granted { epoch, .. } =
        store.acquire(shard, "benchmark", token, Span::hours(1), Epoch(0)).await?
    else {
        return Err("the store is another's".into());
    };
    let wake = Some(SystemClock.now() + Span::hours(36));
    let commit = Commit {
        shard,
        owner: Ownership { token, epoch },
        id: Uuid::from_u128(u128::from(number) + 2),
        expected_cursor: Seq(0),
        cursor: Seq(0),
        visits: vec![VisitWrite { visit, expected: 0, state: Some(state), wake }],
        outbox: Vec::new(),
        parked: Vec::new(),
        history: Vec::new(),
    };
    store.commit(commit).await?;
    Ok(())
}

fn key(number: u64) -> Result<VisitKey, Failed> {
    Ok(VisitKey::from_text(&format!("lakeside/csn/{number}")).ok_or("a key")?)
}

fn launch_of(number: u64) -> Result<Launch, Failed> {
    Ok(Launch {
        role: Role::Patient,
        fhir_user: FhirReference::new(format!("Patient/e{number:09}"))?,
        patient: Some(FhirReference::new(format!("Patient/e{number:09}"))?),
        external_id: Some(ExternalId::new(format!("WPR{number}"))?),
        external_id_type: None,
        csn: Some(Csn::new(number.to_string())?),
        display_name: Phi::new("Patient"),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        booking: None,
    })
}

/// Resident memory of this process.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
