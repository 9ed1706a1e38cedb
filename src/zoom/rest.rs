//! One call to Zoom's REST API: token, pace, time-outs, and what may be repeated.

use std::sync::Arc;

use awc::http::Method;
use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use vestibule_actors::port::clock::{SharedClock, SharedRandomness, instant};
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::ZoomUserId;
use vestibule_domain::time::Span;

use super::account::ZoomAccount;
use super::connection::{Access, Fetch};
use super::error::{RestError, Wait, ZoomRefusal};
use super::pace::Label;
use crate::outbound::client::until;
use crate::outbound::{Bearer, HttpClient, NoAnswer, Request, Response, TokenFailure, lenient};
use crate::settings::Authorization;

/// A call is sent at most so often: the first time, once with a new token, and again where Zoom's limits ask for a moment.
const MOST_TRIES: u32 = 4;
/// The wait before a reading is repeated that failed at Zoom; it doubles with each time.
const AFTER_AN_ERROR: Span = Span(100);
/// Added at random to a short wait, so that those who wait do not come back together.
const JITTER_MILLIS: u64 = 250;

/// Calls one account's API from one thread; everything ends at the deadline.
pub(super) struct Api<'a> {
    pub http: &'a HttpClient,
    pub account: &'a Arc<ZoomAccount>,
    pub store: &'a SharedStore,
    pub clock: &'a SharedClock,
    pub randomness: &'a SharedRandomness,
    pub deadline: Instant,
}

/// What is asked.
pub(super) struct Call<'a> {
    pub method: Method,
    /// Behind the API's base, encoded.
    pub path: &'a str,
    pub label: Label,
    pub body: Option<Value>,
    /// Of whose share of the day it takes one, where it makes or changes a meeting.
    pub share_of: Option<&'a ZoomUserId>,
}

impl<'a> Call<'a> {
    pub fn get(path: &'a str, label: Label) -> Self {
        Self { method: Method::GET, path, label, body: None, share_of: None }
    }

    pub fn delete(path: &'a str) -> Self {
        Self { method: Method::DELETE, ..Self::get(path, Label::Light) }
    }

    pub fn with_body(method: Method, path: &'a str, label: Label, body: Value) -> Self {
        Self { method, path, label, body: Some(body), share_of: None }
    }

    /// Makes or changes a meeting of this host.
    pub fn of_host(self, host: &'a ZoomUserId) -> Self {
        Self { share_of: Some(host), ..self }
    }

    /// A POST makes something; anything else can be repeated.
    fn is_repeatable(&self) -> bool {
        self.method != Method::POST
    }
}

/// What is to be done after a try that did not succeed.
enum After {
    GiveUp,
    /// With a new token.
    NewToken,
    /// After a moment.
    Wait(Span),
}

fn token_of(access: &Access) -> Result<&Arc<Bearer>, RestError> {
    match access {
        Access::Token(token) => Ok(token),
        Access::None(why) => Err(RestError::NotConnected(*why)),
    }
}

impl Api<'_> {
    /// Makes a call. The answer's body; [`Value::Null`] where it has none.
    pub async fn call(&self, call: &Call<'_>) -> Result<Value, RestError> {
        let mut token_renewed = false;
        let mut tries = 1;
        loop {
            // Whoever may not call takes no turn of those who may; and by their turn the app may have been removed.
            token_of(&*self.access().await.map_err(RestError::Token)?)?;
            self.account
                .paces
                .call(self.store, call.label, self.deadline)
                .await
                .map_err(|full| RestError::Paced(full.wait))?;
            if let Some(host) = call.share_of {
                let daily = &self.account.daily;
                let taken = daily.take(self.store, self.randomness, host, self.clock.now()).await;
                taken.map_err(|full| RestError::Paced(full.wait))?;
            }
            let access = self.access().await.map_err(RestError::Token)?;
            let token = token_of(&access)?;
            let error = match self.attempt(call, token).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            if error.refusal().is_some_and(|refusal| self.is_due(refusal)) {
                self.account.forget(&access);
            }
            match self.after(call, &error, token_renewed, tries) {
                _ if tries >= MOST_TRIES => return Err(error),
                After::GiveUp => return Err(error),
                After::NewToken => token_renewed = true,
                After::Wait(span) => sleep(span.to_duration()).await,
            }
            tries += 1;
        }
    }

    fn after(&self, call: &Call<'_>, error: &RestError, token_renewed: bool, tries: u32) -> After {
        let wait = match error {
            RestError::Refused(refusal) if refusal.lacks_scope() => return After::GiveUp,
            // Refused before anything was done, so that a POST may be sent again too.
            RestError::Refused(refusal) if refusal.status == 401 && !token_renewed => return After::NewToken,
            RestError::Refused(ZoomRefusal { wait: Some(Wait::Short(span)), .. }) => *span,
            RestError::InDoubt if call.is_repeatable() => Span(AFTER_AN_ERROR.0 << tries.min(8)),
            _ => return After::GiveUp,
        };
        let jitter = self.randomness.draw() % JITTER_MILLIS;
        let wait = Span(wait.0.saturating_add(i64::try_from(jitter).unwrap_or(0)));
        if instant() + wait.to_duration() < self.deadline { After::Wait(wait) } else { After::GiveUp }
    }

    /// Makes a call that can be repeated, with a token of the caller's, until it is answered.
    pub async fn call_with(&self, call: &Call<'_>, token: &Bearer) -> Result<Value, RestError> {
        let mut tries = 1;
        loop {
            let error = match self.attempt(call, token).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            match self.after(call, &error, true, tries) {
                After::Wait(span) => sleep(span.to_duration()).await,
                After::GiveUp | After::NewToken => return Err(error),
            }
            tries = tries.saturating_add(1);
        }
    }

    /// One try with a token.
    async fn attempt(&self, call: &Call<'_>, token: &Bearer) -> Result<Value, RestError> {
        let url = format!("{}{}", self.account.config.api_base_url, call.path);
        let request = Request {
            method: call.method.clone(),
            url: &url,
            headers: vec![("authorization", token.header())],
            body: call.body.as_ref().map(|body| ("application/json", Bytes::from(body.to_string()))),
            deadline: until(self.account.config.timeout, self.deadline),
        };
        let sent = self.http.send(request);
        let response =
            self.account.clock.compared(self.clock.now(), sent).await.map_err(|error| match error {
                NoAnswer::NotSent => RestError::NotSent,
                NoAnswer::InDoubt => RestError::InDoubt,
            })?;
        let tracking = response.header("x-zm-trackingid").unwrap_or_default();
        tracing::debug!(status = response.status.as_u16(), tracking, "Zoom answered");
        self.read(&response)
    }

    fn read(&self, response: &Response) -> Result<Value, RestError> {
        let refused = |body| Err(RestError::Refused(ZoomRefusal::read(response, body, self.clock.now())));
        match response.status.as_u16() {
            204 => Ok(Value::Null),
            200..=299 => match response.json() {
                // Some refusals come with 200 and a code, and nothing of what was asked for.
                Some(body) if is_refusal(&body) => refused(Some(&body)),
                Some(body) => Ok(body),
                None => Err(RestError::InDoubt),
            },
            // A gateway's redirect is no answer of Zoom's; with 408 and errors of a server it may have been done all the same.
            300..=399 | 408 | 500..=599 => Err(RestError::InDoubt),
            _ => refused(response.json().as_ref()),
        }
    }

    /// What calls may be made with: one for the node, one fetch at a time, each with the whole time-out. A caller who has less time
    /// drops out of waiting.
    pub async fn access(&self) -> Result<Arc<Access>, TokenFailure> {
        let fetch = || {
            let fetch = Fetch {
                http: self.http.clone(),
                account: Arc::clone(self.account),
                store: Arc::clone(self.store),
                clock: Arc::clone(self.clock),
                randomness: Arc::clone(self.randomness),
            };
            fetch.access()
        };
        let fetched = self.account.access.get(self.clock, fetch);
        tokio::time::timeout_at(self.deadline, fetched).await.unwrap_or(Err(TokenFailure::Unavailable))
    }

    /// Whether a refusal is worth another token. One that an administrator's consent gave has no more scopes than the one before.
    fn is_due(&self, refusal: &ZoomRefusal) -> bool {
        match self.account.config.authorization {
            Authorization::ServerToServer => refusal.status == 401 || refusal.lacks_scope(),
            Authorization::Oauth => refusal.status == 401 && !refusal.lacks_scope(),
        }
    }
}

fn is_refusal(body: &Value) -> bool {
    lenient::integer(body, "code").is_some() && body.get("message").is_some() && body.get("id").is_none()
}
