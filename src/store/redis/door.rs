//! The way to the servers: connections that everybody shares, and others for what must be on a replica before it is answered.
//!
//! Commands of many callers go out on a few connections, one behind the other; that is faster than a connection for each, and needs no batches.
//! Where a write must have reached a replica, a wait has to follow it on the same connection and holds up everything behind it. So
//! such writes go in batches, each with one wait, on connections of their own.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline, RedisError, Value};
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use vestibule_actors::port::store::StoreError;

use super::address::Address;
use super::call::Call;
use super::cluster::Cluster;
use super::hints::Listener;
use super::one::One;
use super::stats::RedisStats;
use super::trouble::{Follows, follows, told};

/// So many writes wait for their batch; one more is refused.
const MOST_WAITING: usize = 4_096;
/// So many writes share a wait.
const MOST_IN_BATCH: usize = 64;
/// A write is sent once more when the server did not know its script.
const ATTEMPTS: usize = 2;

/// When a write is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rung {
    /// When the primary has taken it.
    Primary,
    /// When a replica has received it too.
    Replica,
    /// When the primary and a replica have it on disk (`WAITAOF`, Redis 7.2).
    ReplicaDisk,
}

/// Times of the way to the servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Times {
    /// A connection must be there within this.
    pub(super) connect: Duration,
    /// An answer must be there within this.
    pub(super) answer: Duration,
    /// A replica must have a write within this.
    pub(super) replica: Duration,
}

pub(super) enum Servers {
    One(Box<One>),
    Cluster(Box<Cluster>),
}

/// The way to the servers. Clones share it.
#[derive(Clone)]
pub(super) struct Door {
    servers: Arc<Servers>,
    durable: Option<mpsc::Sender<Write>>,
    stats: Arc<RedisStats>,
}

struct Write {
    call: Call,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

impl Door {
    pub(super) fn new(
        address: &Address,
        times: Times,
        rung: Rung,
        listener: &Arc<Listener>,
    ) -> Result<Self, RedisError> {
        let (listener, stats) = (Arc::clone(listener), Arc::new(RedisStats::default()));
        let servers = if address.is_cluster() {
            Servers::Cluster(Box::new(Cluster::new(address, times, listener, &stats)?))
        } else {
            Servers::One(Box::new(One::new(address, times, listener, Arc::clone(&stats))?))
        };
        let servers = Arc::new(servers);
        let durable = match rung {
            Rung::Primary => None,
            Rung::Replica => Some(waiting("WAIT", &["1"], times)),
            Rung::ReplicaDisk => Some(waiting("WAITAOF", &["1", "1"], times)),
        };
        let durable = durable.map(|wait| {
            let (tell, told) = mpsc::channel(MOST_WAITING);
            tokio::spawn(write_batches(Arc::clone(&servers), told, wait, Arc::clone(&stats)));
            tell
        });
        Ok(Self { servers, durable, stats })
    }

    pub(super) fn stats(&self) -> &RedisStats {
        &self.stats
    }

    pub(super) fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    /// Asks something that writes nothing, or nothing that must be durable.
    pub(super) async fn ask(&self, call: Call) -> Result<Value, StoreError> {
        for _ in 0..ATTEMPTS {
            match self.servers.send(call.route(), call.command()).await {
                Ok(value) => return Ok(value),
                Err(error) if follows(&error) == Follows::SendScript => {
                    self.servers.send_script(&call).await.map_err(|error| told(call.script.name, &error))?;
                }
                Err(error) => return Err(self.noted(call.script.name, &error)),
            }
        }
        Err(StoreError::Unavailable(format!("redis: {}: the server does not keep scripts", call.script.name)))
    }

    /// Writes something that must be durable when it is answered.
    pub(super) async fn write(&self, call: Call) -> Result<Value, StoreError> {
        let Some(durable) = &self.durable else { return self.ask(call).await };
        let gone = || StoreError::Unavailable("redis: the writer is gone".to_owned());
        let (answer, answered) = oneshot::channel();
        durable.try_send(Write { call, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                self.stats.refused_full();
                StoreError::Unavailable("redis: too many writes wait for a replica".to_owned())
            }
            mpsc::error::TrySendError::Closed(_) => gone(),
        })?;
        answered.await.map_err(|_| gone())?
    }

    /// Asks one of the server's own commands, of whoever has the key.
    pub(super) async fn command(
        &self,
        what: &'static str,
        key: &str,
        command: Cmd,
    ) -> Result<Value, StoreError> {
        self.servers.send(key, command).await.map_err(|error| self.noted(what, &error))
    }

    fn noted(&self, what: &'static str, error: &RedisError) -> StoreError {
        if error.is_timeout() {
            self.stats.late();
        }
        told(what, error)
    }
}

impl Servers {
    pub(super) async fn send(&self, key: &str, command: Cmd) -> Result<Value, RedisError> {
        match self {
            Self::One(one) => one.send(command).await,
            Self::Cluster(cluster) => cluster.send(key, command).await,
        }
    }

    async fn send_script(&self, call: &Call) -> Result<(), RedisError> {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(&call.script.text);
        self.send(call.route(), load).await.map(drop)
    }

    async fn batch(&self, key: &str, pipeline: &Pipeline) -> Result<Vec<Value>, RedisError> {
        match self {
            Self::One(one) => one.batch(pipeline).await,
            Self::Cluster(cluster) => cluster.batch(key, pipeline).await,
        }
    }
}

/// The command that waits for a replica.
fn waiting(command: &str, least: &[&str], times: Times) -> Cmd {
    let mut wait = redis::cmd(command);
    wait.arg(least).arg(u64::try_from(times.replica.as_millis()).unwrap_or(u64::MAX));
    wait
}

/// Takes what has come and never waits for more. Writes of different slots are different batches.
async fn write_batches(
    servers: Arc<Servers>,
    mut writes: mpsc::Receiver<Write>,
    wait: Cmd,
    stats: Arc<RedisStats>,
) {
    let mut batch = Vec::new();
    while writes.recv_many(&mut batch, MOST_IN_BATCH).await > 0 {
        let mut by_slot: Vec<(String, Vec<Write>)> = Vec::new();
        for write in batch.drain(..) {
            let slot = slot_of(&servers, write.call.route());
            match by_slot.iter_mut().find(|(there, _)| *there == slot) {
                Some((_, together)) => together.push(write),
                None => by_slot.push((slot, vec![write])),
            }
        }
        let together =
            by_slot.into_iter().map(|(_, together)| write_batch(&servers, together, &wait, &stats));
        futures_util::future::join_all(together).await;
    }
}

/// What tells whether two keys may share a batch: on one server all may, in a Cluster those of one hash tag.
fn slot_of(servers: &Servers, key: &str) -> String {
    match servers {
        Servers::One(_) => String::new(),
        Servers::Cluster(_) => key.split_once('}').map_or(key, |(tag, _)| tag).to_owned(),
    }
}

async fn write_batch(servers: &Servers, writes: Vec<Write>, wait: &Cmd, stats: &RedisStats) {
    let answers = tried(servers, &writes, wait, stats).await;
    for (write, answer) in writes.into_iter().zip(answers) {
        // Whoever asked may have stopped waiting.
        let _ = write.answer.send(answer);
    }
}

async fn tried(
    servers: &Servers,
    writes: &[Write],
    wait: &Cmd,
    stats: &RedisStats,
) -> Vec<Result<Value, StoreError>> {
    let Some(first) = writes.first() else { return Vec::new() };
    let mut pipeline = Pipeline::with_capacity(writes.len() + 1);
    for write in writes {
        pipeline.add_command(write.call.command());
    }
    pipeline.add_command(wait.clone());
    let same = |error: &StoreError| writes.iter().map(|_| Err(error.clone())).collect();
    let mut values = match servers.batch(first.call.route(), &pipeline).await {
        Ok(values) => values,
        Err(error) => {
            if error.is_timeout() {
                stats.late();
            }
            return same(&told("a batch", &error));
        }
    };
    let safe = values.pop().is_some_and(|waited| is_on_a_replica(&waited));
    stats.batch(writes.len(), safe);
    if !safe {
        return same(&StoreError::Unavailable("redis: no replica has it in time".to_owned()));
    }
    let mut answers = Vec::new();
    for (write, value) in writes.iter().zip(values) {
        answers.push(settled(servers, write, value, wait).await);
    }
    answers
}

/// The answer to one write of a batch. One whose script the server did not know ran not at all, and is sent again by itself.
async fn settled(servers: &Servers, write: &Write, value: Value, wait: &Cmd) -> Result<Value, StoreError> {
    let name = write.call.script.name;
    let Value::ServerError(error) = value else { return Ok(value) };
    let error = RedisError::from(error);
    if follows(&error) != Follows::SendScript {
        return Err(told(name, &error));
    }
    servers.send_script(&write.call).await.map_err(|error| told(name, &error))?;
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.add_command(write.call.command());
    pipeline.add_command(wait.clone());
    let mut values =
        servers.batch(write.call.route(), &pipeline).await.map_err(|error| told(name, &error))?;
    match (values.pop(), values.pop()) {
        (Some(waited), Some(value)) if is_on_a_replica(&waited) => match value {
            Value::ServerError(error) => Err(told(name, &RedisError::from(error))),
            value => Ok(value),
        },
        _ => Err(StoreError::Unavailable("redis: no replica has it in time".to_owned())),
    }
}

/// `WAIT` answers how many replicas have it, `WAITAOF` how many disks here and there; both answer zero when the time is over.
fn is_on_a_replica(waited: &Value) -> bool {
    let some = |value: &Value| matches!(value, Value::Int(count) if *count > 0);
    match waited {
        Value::Array(counts) => !counts.is_empty() && counts.iter().all(some),
        value => some(value),
    }
}
