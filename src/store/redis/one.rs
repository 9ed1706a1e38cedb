//! One primary, wherever it is: the server that was named, or the one that the Sentinels name.
//!
//! Its connections are made when one is first needed and dropped, all of them, at the first sign that one is not to be trusted: an answer that
//! did not come (a later one could be taken for it), a cut, a server that only reads. The next caller makes others, asking the Sentinels again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadpool_redis::{Manager, Pool, Runtime};
use futures_util::future::try_join_all;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, Pipeline, RedisError, TlsMode, Value,
};
use tokio::sync::Mutex;

use super::address::{Address, Host, Kind};
use super::door::Times;
use super::hints::Listener;
use super::kept::Kept;
use super::stats::RedisStats;
use super::trouble::{Follows, follows};

/// Connections that everybody shares. A server that syncs every write syncs once for what it has read of all connections, and reads no more
/// than 16 KB of each: on a single one a sync would be shared by a handful of commits.
const SHARED: usize = 8;
/// Connections besides the shared ones: for waits, subscriptions and questions about the server.
const POOLED: usize = 4;

/// The way to the primary.
pub(super) struct One {
    finder: Finder,
    times: Times,
    listener: Arc<Listener>,
    live: Kept<Arc<Live>>,
}

enum Finder {
    Named(ConnectionInfo),
    Sentinels(Mutex<SentinelClient>),
}

/// Connections to one server.
pub(super) struct Live {
    shared: Vec<MultiplexedConnection>,
    /// Whose turn it is.
    next: AtomicUsize,
    pool: Pool,
}

/// Said of a server that takes no writes: a replica, or one that was a primary until another took over.
pub(super) const NOT_PRIMARY: &str = "the server is not a primary";

impl One {
    pub(super) fn new(
        address: &Address,
        times: Times,
        listener: Arc<Listener>,
        stats: Arc<RedisStats>,
    ) -> Result<Self, RedisError> {
        let finder = match &address.kind {
            Kind::One { host, tls, db } => Finder::Named(host.connection(*tls, *db, &address.login)?),
            Kind::Sentinel { hosts, service, tls, db, login } => {
                let sentinels = hosts.iter().map(|Host(host, port)| ConnectionAddr::Tcp(host.clone(), *port));
                let mut builder =
                    SentinelClientBuilder::new(sentinels, service.clone(), SentinelServerType::Master)?
                        .set_client_to_redis_db(*db)
                        .set_client_to_redis_protocol(redis::ProtocolVersion::RESP3);
                if *tls {
                    builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
                }
                for (value, set) in [(&address.login.user, true), (&address.login.password, false)] {
                    builder = match (value, set) {
                        (Some(user), true) => builder.set_client_to_redis_username(user),
                        (Some(password), false) => builder.set_client_to_redis_password(password),
                        (None, _) => builder,
                    };
                }
                if let Some(user) = &login.user {
                    builder = builder.set_client_to_sentinel_username(user);
                }
                if let Some(password) = &login.password {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                Finder::Sentinels(Mutex::new(builder.build()?))
            }
            Kind::Cluster { .. } => {
                return Err(RedisError::from((redis::ErrorKind::InvalidClientConfig, "a Cluster")));
            }
        };
        Ok(Self { finder, times, listener, live: Kept::new(times.connect.saturating_mul(2), stats) })
    }

    pub(super) async fn send(&self, command: Cmd) -> Result<Value, RedisError> {
        let live = self.live().await?;
        let mut shared = live.shared()?;
        // What the server refuses is an answer to the library, and an error to us.
        let answer = shared.send_packed_command(&command).await.and_then(Value::extract_error);
        self.mind(&live, answer)
    }

    pub(super) async fn batch(&self, pipeline: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let live = self.live().await?;
        let mut pooled = live.pooled().await?;
        let answer = pooled.req_packed_commands(pipeline, 0, pipeline.len()).await;
        if answer.is_err() {
            // Its answers could be taken for those of the next batch.
            drop(deadpool_redis::Connection::take(pooled));
        }
        let answer = self.mind(&live, answer)?;
        let bad = answer.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(RedisError::from(error.clone())),
            _ => None,
        });
        if let Some(error) = bad
            && follows(&error) == Follows::Reconnect
        {
            self.drop_live(&live);
            return Err(error);
        }
        Ok(answer)
    }

    /// Lets go of a connection that is not to be trusted.
    fn mind<T>(&self, live: &Arc<Live>, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && follows(error) == Follows::Reconnect
        {
            self.drop_live(live);
        }
        answer
    }

    fn drop_live(&self, live: &Arc<Live>) {
        self.live.let_go(|_, there| Arc::ptr_eq(there, live));
    }

    /// The connections, made by whoever comes first.
    pub(super) async fn live(&self) -> Result<Arc<Live>, RedisError> {
        self.live.get(async || self.connect().await.map(Arc::new)).await
    }

    async fn connect(&self) -> Result<Live, RedisError> {
        let client = match &self.finder {
            Finder::Named(info) => Client::open(info.clone())?,
            Finder::Sentinels(sentinels) => sentinels.lock().await.async_get_client().await?,
        };
        let config = self.config();
        let connect = || client.get_multiplexed_async_connection_with_config(&config);
        let shared = try_join_all(std::iter::repeat_with(connect).take(SHARED)).await?;
        // Answers of a batch come after its wait.
        let patient =
            config.clone().set_response_timeout(Some(self.times.answer.saturating_add(self.times.replica)));
        let listening = patient.set_push_sender(Arc::clone(&self.listener).ear());
        let live = Live { shared, next: AtomicUsize::new(0), pool: pool(&client, listening)? };
        // Sentinels may name a server that was demoted a moment ago.
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut live.shared()?).await?;
        let role: Option<String> =
            role.into_iter().next().and_then(|role| redis::from_redis_value(role).ok());
        if role.as_deref() != Some("master") {
            return Err(RedisError::from((redis::ErrorKind::Io, NOT_PRIMARY)));
        }
        Ok(live)
    }

    fn config(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.times.connect))
            .set_response_timeout(Some(self.times.answer))
    }
}

fn pool(client: &Client, config: AsyncConnectionConfig) -> Result<Pool, RedisError> {
    let manager = Manager::new_with_config(client.get_connection_info().clone(), config)?;
    Pool::builder(manager)
        .max_size(POOLED)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|_| RedisError::from((redis::ErrorKind::InvalidClientConfig, "the pool cannot be made")))
}

impl Live {
    /// The next of the shared connections. Callers who wait for each other's steps wait for the answers, so that no order among them is lost.
    fn shared(&self) -> Result<MultiplexedConnection, RedisError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % SHARED;
        let none = || RedisError::from((redis::ErrorKind::Io, "there is no connection"));
        self.shared.get(turn).cloned().ok_or_else(none)
    }

    pub(super) async fn pooled(&self) -> Result<deadpool_redis::Connection, RedisError> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_redis::PoolError::Backend(error) => error,
            _ => RedisError::from((redis::ErrorKind::Io, "no connection of the pool is free")),
        })
    }
}
