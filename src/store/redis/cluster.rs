//! A Redis Cluster: the library finds the server of each slot, follows moves, and connects again.

use std::sync::Arc;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Cmd, ErrorKind, Pipeline, ProtocolVersion, RedisError, TlsMode, Value};
use tokio::sync::OnceCell;

use super::address::{Address, Kind};
use super::door::Times;
use super::hints::Listener;

/// The way to a Cluster.
pub(super) struct Cluster {
    client: ClusterClient,
    /// Waits block what comes behind them, so batches have connections of their own.
    patient: ClusterClient,
    shared: OnceCell<ClusterConnection>,
    waiting: OnceCell<ClusterConnection>,
}

/// How often the library asks again where a slot has moved to, or a server does not answer.
const RETRIES: u32 = 2;

impl Cluster {
    pub(super) fn new(address: &Address, times: Times, listener: Arc<Listener>) -> Result<Self, RedisError> {
        let client = builder(address, times)?.response_timeout(times.answer);
        let client = client.push_sender(listener.ear()).build()?;
        let patient =
            builder(address, times)?.response_timeout(times.answer.saturating_add(times.replica)).build()?;
        Ok(Self { client, patient, shared: OnceCell::new(), waiting: OnceCell::new() })
    }

    pub(super) async fn send(&self, key: &str, command: Cmd) -> Result<Value, RedisError> {
        let mut connection =
            self.shared.get_or_try_init(|| self.client.get_async_connection()).await?.clone();
        let answer = connection.route_command(command, RoutingInfo::SingleNode(primary_of(key))).await?;
        answer.extract_error()
    }

    pub(super) async fn batch(&self, key: &str, pipeline: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let mut connection =
            self.waiting.get_or_try_init(|| self.patient.get_async_connection()).await?.clone();
        connection.route_pipeline(pipeline.clone(), 0, pipeline.len(), primary_of(key)).await
    }

    /// Asks every primary; their answers, in an order that does not change while the servers are the same.
    pub(super) async fn ask_all(&self, command: Cmd) -> Result<Vec<Value>, RedisError> {
        let mut connection =
            self.shared.get_or_try_init(|| self.client.get_async_connection()).await?.clone();
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let mut answers = match connection.route_command(command, all).await? {
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
        let mut connection =
            self.shared.get_or_try_init(|| self.client.get_async_connection()).await?.clone();
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
