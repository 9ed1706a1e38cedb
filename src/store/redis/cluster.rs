//! A Redis Cluster: the library finds the server of each slot, follows moves, and connects again; where it goes on failing it is made anew.

use std::sync::Arc;
use std::time::Duration;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Cmd, ErrorKind, Pipeline, ProtocolVersion, RedisError, TlsMode, Value};

use super::address::{Address, Kind};
use super::door::Times;
use super::hints::Listener;
use super::kept::Kept;
use super::stats::RedisStats;
use super::trouble::{Follows, follows};

/// The way to a Cluster.
pub(super) struct Cluster {
    shared: Way,
    /// Waits block what comes behind them, so batches have connections of their own.
    waiting: Way,
}

/// How often the library asks again where a slot has moved to, or a server does not answer.
const RETRIES: u32 = 2;
/// What the library knows of the servers may have come from one that was dying. So what fails after this is made anew; not sooner, since a
/// server that is down fails again and again, and the others have to be served.
const RENEWED_AFTER: Duration = Duration::from_secs(3);

/// The library's connections, made anew when they fail.
struct Way {
    client: ClusterClient,
    live: Kept<ClusterConnection>,
}

impl Way {
    fn new(client: ClusterClient, times: Times, stats: &Arc<RedisStats>) -> Self {
        Self { client, live: Kept::new(times.connect.saturating_mul(2), Arc::clone(stats)) }
    }

    async fn connection(&self) -> Result<ClusterConnection, RedisError> {
        self.live.get(async || self.client.get_async_connection().await).await
    }

    /// Lets go of connections that fail, if they are not new.
    fn heed<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && follows(error) == Follows::Reconnect
        {
            self.live.let_go(|made, _| made.elapsed() >= RENEWED_AFTER);
        }
        answer
    }
}

impl Cluster {
    pub(super) fn new(
        address: &Address,
        times: Times,
        listener: Arc<Listener>,
        stats: &Arc<RedisStats>,
    ) -> Result<Self, RedisError> {
        let client = builder(address, times)?.response_timeout(times.answer);
        let client = client.push_sender(listener.ear()).build()?;
        let patient =
            builder(address, times)?.response_timeout(times.answer.saturating_add(times.replica)).build()?;
        Ok(Self { shared: Way::new(client, times, stats), waiting: Way::new(patient, times, stats) })
    }

    pub(super) async fn send(&self, key: &str, command: Cmd) -> Result<Value, RedisError> {
        let mut connection = self.shared.connection().await?;
        let answer = connection.route_command(command, RoutingInfo::SingleNode(primary_of(key))).await;
        self.shared.heed(answer.and_then(Value::extract_error))
    }

    pub(super) async fn batch(&self, key: &str, pipeline: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let mut connection = self.waiting.connection().await?;
        let answer = connection.route_pipeline(pipeline.clone(), 0, pipeline.len(), primary_of(key)).await;
        self.waiting.heed(answer)
    }

    /// Asks every primary; their answers, in an order that does not change while the servers are the same.
    pub(super) async fn ask_all(&self, command: Cmd) -> Result<Vec<Value>, RedisError> {
        let mut connection = self.shared.connection().await?;
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let mut answers = match self.shared.heed(connection.route_command(command, all).await)? {
            Value::Map(answers) => answers,
            _ => {
                return Err(RedisError::from((
                    ErrorKind::UnexpectedReturnType,
                    "the answer of all primaries",
                )));
            }
        };
        answers.sort_by_key(|(server, _)| format!("{server:?}"));
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// Subscribes to channels, each at the servers of its slot.
    pub(super) async fn subscribe(&self, channels: &[String]) -> Result<(), RedisError> {
        let mut connection = self.shared.connection().await?;
        for channel in channels {
            connection.ssubscribe(channel).await?;
        }
        Ok(())
    }
}

/// Any server's key is that of an empty text.
fn primary_of(key: &str) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master))
}

fn builder(address: &Address, times: Times) -> Result<ClusterClientBuilder, RedisError> {
    let Kind::Cluster { hosts, tls } = &address.kind else {
        return Err(RedisError::from((ErrorKind::InvalidClientConfig, "not a Cluster")));
    };
    let nodes =
        hosts.iter().map(|host| host.connection(*tls, 0, &address.login)).collect::<Result<Vec<_>, _>>()?;
    let mut builder = ClusterClient::builder(nodes)
        .retries(RETRIES)
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(times.connect);
    if *tls {
        builder = builder.tls(TlsMode::Secure);
    }
    if let Some(user) = &address.login.user {
        builder = builder.username(user);
    }
    if let Some(password) = &address.login.password {
        builder = builder.password(password);
    }
    Ok(builder)
}
