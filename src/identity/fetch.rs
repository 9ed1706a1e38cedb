//! What issuers publish, fetched with bounds and kept for a while.

use std::sync::Arc;
use std::time::Duration;

use awc::http::Method;
use jsonwebtoken::Header;
use serde_json::Value;
use tokio::time::Instant;
use vestibule_actors::port::clock::{SharedClock, instant};
use vestibule_domain::time::Span;

use super::Trouble;
use crate::jwt::KeySet;
use crate::outbound::{Fresh, HttpClient, Request, Shared};
use crate::settings::Secret;

/// One answer of an issuer is waited for so long.
pub(super) const WITHIN: Duration = Duration::from_secs(5);
/// Keys and metadata change rarely, and a new key is noticed by its id.
pub(super) const RENEW_AFTER: Span = Span::hours(1);
/// While the issuer does not answer, old ones are used this long.
pub(super) const USABLE_FOR: Span = Span::hours(24);
/// Tokens with invented key ids must not make us ask oftener than this.
const APART: Span = Span::seconds(30);

/// An issuer's keys.
#[derive(Default)]
pub(super) struct Keys(Shared<KeySet, Trouble>);

impl Keys {
    /// A set that holds the key which a token's header names, if the issuer has it; else the newest one known.
    pub(super) async fn with(
        &self,
        clock: &SharedClock,
        url: &str,
        header: &Header,
    ) -> Result<Arc<KeySet>, Trouble> {
        let fetch = || fetch_keys(url.to_owned());
        let keys = self.0.get(clock, fetch).await?;
        if keys.key(header).is_some() {
            return Ok(keys);
        }
        Ok(self.0.newer(clock, &keys, APART, fetch).await)
    }
}

pub(super) async fn fetch_keys(url: String) -> Result<Fresh<KeySet>, Trouble> {
    let set = get_json(&url, None, instant() + WITHIN).await?;
    let value = KeySet::read(&set).ok_or(Trouble::Unreadable("it is no set of keys"))?;
    Ok(Fresh { value, renew_after: RENEW_AFTER, usable_for: USABLE_FOR })
}

/// A JSON object, fetched once.
pub(super) async fn get_json(
    url: &str,
    bearer: Option<&Secret>,
    deadline: Instant,
) -> Result<Value, Trouble> {
    let headers = bearer.map(|token| ("authorization", format!("Bearer {}", token.expose())));
    let request =
        Request { method: Method::GET, url, headers: headers.into_iter().collect(), body: None, deadline };
    let response = HttpClient::of_this_thread().send(request).await.map_err(|_| Trouble::Unavailable)?;
    match response.status.as_u16() {
        200 => response.json().filter(Value::is_object).ok_or(Trouble::Unreadable("it is no JSON object")),
        408 | 429 | 500..=599 => Err(Trouble::Unavailable),
        status => Err(Trouble::Refused { status, error: None }),
    }
}
