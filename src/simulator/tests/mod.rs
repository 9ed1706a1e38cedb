//! The fakes over real HTTP: that they do what the real ones do, and refuse what those refuse.

mod demo;
mod epic;
mod fhir;
mod people;
mod service;
mod sms;
mod stand_in;
mod strict;
mod subscription;
mod zoom;

use serde_json::Value;

use super::config::ClientProof;
use super::{Simulator, SimulatorConfig, start};

/// Fakes for a service at `service_url`, a minute of their waits passing in a fifth of a second.
async fn fakes(service_url: &str) -> Simulator {
    let mut config = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), service_url);
    config.time_scale = 300.0;
    config.epic_proof = ClientProof::Secret("a secret+with/signs".to_owned());
    start(config).await.expect("the fakes start")
}

/// Status and body of an answer.
async fn read<S>(mut response: awc::ClientResponse<S>) -> (u16, Value)
where
    S: futures_util::Stream<Item = Result<bytes::Bytes, awc::error::PayloadError>> + Unpin,
{
    let status = response.status().as_u16();
    let body = response.body().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Polls until `done`, at most ten seconds.
async fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} did not come about in ten seconds");
}
