//! What a second node of a demo has to know, asked of the fakes of the first: people and Epic come to one address, and know one key.

use std::time::Duration;

use awc::http::Method;
use vestibule_actors::port::clock::instant;

use crate::outbound::{HttpClient, Request, lenient};
use crate::service::Failure;

const WITHIN: Duration = Duration::from_secs(5);

/// What all nodes of a demo have in common.
pub(super) struct Shared {
    /// Where people and Zoom come.
    pub service_url: String,
    /// The private key for Epic, in PEM.
    pub key: String,
}

/// Asks the fakes at `url`.
pub(super) async fn ask(url: &str) -> Result<Shared, Failure> {
    let failed = |why: &str| {
        Failure::Unavailable(format!(
            "--fakes: {url} {why}; give the address that the first demo printed beside \"fakes\", and start that one first"
        ))
    };
    let request = Request {
        method: Method::GET,
        url: &format!("{url}/demo/api/node"),
        headers: Vec::new(),
        body: None,
        deadline: instant() + WITHIN,
    };
    let answer = HttpClient::of_this_thread().send(request).await.map_err(|_| failed("does not answer"))?;
    let node = answer.json().ok_or_else(|| failed("is no demo"))?;
    let text = |field: &str| {
        lenient::text(&node, field).map(str::to_owned).ok_or_else(|| failed("is no demo of a service"))
    };
    Ok(Shared { service_url: text("service_url")?, key: text("key")? })
}
