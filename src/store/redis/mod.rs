//! The store port on Redis, for several nodes and for one that trusts a server more than its own disk.
//!
//! Each atomic step is a script ([`scripts`]), sent to the server that has the keys. What a shard has lies in one slot, so the same steps run on
//! one server, behind Sentinels and on a Cluster. Steps that touch an organization's keys besides are done in parts, in an order in which a
//! part that is missing is done again by whoever repeats the step.
//!
//! What a server may lose, and when, is said at [`Durability`]. A step whose answer does not come has an unknown outcome, and its
//! connection is not used again; a commit is asked again under its id.

mod address;
mod call;
mod cluster;
mod door;
mod hints;
mod kept;
mod keys;
mod one;
mod port;
mod safety;
mod scripts;
mod stats;
mod steps;
mod trouble;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::broadcast;
use vestibule_actors::port::clock::SharedClock;
use vestibule_actors::port::store::{Hint, StoreLimits};
use vestibule_domain::id::OrganizationId;

pub use address::Address;
pub use safety::OpenError;
pub use stats::{RedisReading, RedisStats};

use door::{Door, Rung, Times};
use hints::Listener;
use keys::Keys;

/// Hints that a slow listener may be behind before it is told that it missed some.
const HINTS: usize = 4_096;

/// What an answered write may be lost by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// The server has it in memory and syncs once a second: the last second is lost when its machine dies, and what no replica had
    /// received when a replica takes over.
    EverySecond,
    /// The server has it on disk (`appendfsync always`): what no replica had received is lost when a replica takes over.
    Fsync,
    /// The server has it on disk and a replica has received it: lost when both die at once, or a replica takes over that is not that one.
    Replica,
    /// The server and a replica have it on disk (Redis 7.2 and later): lost when a replica takes over that is not that one.
    WaitAof,
}

/// How to use a Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub address: Address,
    /// What every key begins with, so that several systems can share a server.
    pub prefix: String,
    /// What an answered write may be lost by.
    pub durability: Durability,
    /// Start although the server may lose what it should not.
    pub accept_unsafe: bool,
    /// The server's configuration cannot be asked for and is believed to be right.
    pub config_forbidden: bool,
    /// A connection must be there within this.
    pub connect_within: Duration,
    /// An answer must be there within this; what does not come is done in doubt.
    pub answer_within: Duration,
    /// A replica must have a write within this, else it is answered as not done.
    pub replica_within: Duration,
    /// Bounds that the store keeps.
    pub limits: StoreLimits,
}

impl RedisSettings {
    /// The defaults for an address.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            prefix: "vestibule".to_owned(),
            durability: Durability::Fsync,
            accept_unsafe: false,
            config_forbidden: false,
            connect_within: Duration::from_secs(1),
            answer_within: Duration::from_secs(1),
            replica_within: Duration::from_millis(500),
            limits: StoreLimits::default(),
        }
    }
}

/// A store on Redis.
pub struct RedisStore {
    door: Door,
    keys: Keys,
    limits: StoreLimits,
    /// `PUBLISH`, or in a Cluster `SPUBLISH`.
    publish: &'static str,
    hints: broadcast::Sender<Hint>,
    /// The subscription lasts as long as this.
    _listener: Arc<Listener>,
    /// Organizations that the store is known to know.
    noted: Mutex<BTreeSet<OrganizationId>>,
    /// The time by which a test wants expiry to be judged, instead of the server's.
    clock: Option<SharedClock>,
    /// One at a time changes a gate of this node, so that only other nodes compete with it.
    gates: steps::Gates,
}

impl RedisStore {
    /// Connects, and looks whether the server is one that can be trusted with this.
    ///
    /// # Errors
    /// [`OpenError`], with what to do.
    pub async fn open(settings: RedisSettings) -> Result<Self, OpenError> {
        Self::open_with(settings, None).await
    }

    /// The same, with expiry judged by a clock of the caller's: for tests that move it.
    ///
    /// # Errors
    /// [`OpenError`], with what to do.
    pub async fn open_with(settings: RedisSettings, clock: Option<SharedClock>) -> Result<Self, OpenError> {
        let keys = Keys::new(&settings.prefix);
        let (hints, _) = broadcast::channel(HINTS);
        let listener = Arc::new(Listener::new(keys.clone(), hints.clone()));
        let door = door(&settings, &listener)?;
        // Boxed, since its future is deep.
        Box::pin(safety::check(&door, &keys, &settings)).await?;
        hints::listen(&door, &listener).await;
        Ok(Self {
            door,
            keys,
            limits: settings.limits,
            publish: if settings.address.is_cluster() { "SPUBLISH" } else { "PUBLISH" },
            hints,
            _listener: listener,
            clock,
            gates: steps::Gates::default(),
            noted: Mutex::default(),
        })
    }

    /// Looks whether a store can be had there, and changes nothing. Whether there is one already.
    ///
    /// # Errors
    /// [`OpenError`], with what to do.
    pub async fn probe(settings: RedisSettings) -> Result<bool, OpenError> {
        let keys = Keys::new(&settings.prefix);
        let (hints, _) = broadcast::channel(1);
        let door = door(&settings, &Arc::new(Listener::new(keys.clone(), hints)))?;
        Box::pin(safety::probe(&door, &keys, &settings)).await
    }

    /// Counters, for metrics.
    #[must_use]
    pub fn stats(&self) -> &RedisStats {
        self.door.stats()
    }

    /// The time for scripts: nothing, or what a test says.
    fn now(&self) -> String {
        self.clock.as_ref().map(|clock| clock.now().0.to_string()).unwrap_or_default()
    }
}

fn door(settings: &RedisSettings, listener: &Arc<Listener>) -> Result<Door, OpenError> {
    let times = Times {
        connect: settings.connect_within,
        answer: settings.answer_within,
        replica: settings.replica_within,
    };
    let rung = match settings.durability {
        Durability::EverySecond | Durability::Fsync => Rung::Primary,
        Durability::Replica => Rung::Replica,
        Durability::WaitAof => Rung::ReplicaDisk,
    };
    Door::new(&settings.address, times, rung, listener).map_err(|error| OpenError::address(&error))
}
