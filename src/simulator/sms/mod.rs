//! A fake gateway for text messages: takes them from whoever knows its key, refuses numbers that cannot be, and knows what went to whom.

mod http;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

pub(crate) use http::configure;

use super::lock;

/// The oldest messages leave beyond so many.
const MOST_MESSAGES: usize = 500;
const MOST_FAULTS: usize = 100;

/// A message as it came to a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextMessage {
    pub id: String,
    pub to: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SmsFaultKind {
    /// Answers this status and sends nothing.
    Status { status: u16 },
    /// Sent after this many milliseconds.
    Slow { millis: u64 },
    /// Sent, and no answer ever comes.
    DoneThenHang,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsFault {
    /// None: until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    #[serde(flatten)]
    pub fault: SmsFaultKind,
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    WrongKey,
    BadNumber,
    NoText,
}

/// A handle on the gateway; every copy is the same one.
#[derive(Clone)]
pub struct FakeSms(Arc<Shared>);

struct Shared {
    key: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: VecDeque<TextMessage>,
    faults: Vec<SmsFault>,
    calls: u64,
}

impl FakeSms {
    pub(crate) fn new(key: &str) -> Self {
        Self(Arc::new(Shared { key: key.to_owned(), state: Mutex::default() }))
    }

    /// What was sent, the newest last.
    pub fn messages(&self) -> Vec<TextMessage> {
        self.with(|state| state.sent.iter().cloned().collect())
    }

    /// Requests that came, whatever was answered.
    pub fn calls(&self) -> u64 {
        self.with(|state| state.calls)
    }

    /// False where too many faults wait already.
    pub fn add_fault(&self, fault: SmsFault) -> bool {
        self.with(|state| {
            let room = state.faults.len() < MOST_FAULTS;
            if room {
                state.faults.push(fault);
            }
            room
        })
    }

    pub fn faults(&self) -> Vec<SmsFault> {
        self.with(|state| state.faults.clone())
    }

    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }

    /// The fault that the next request meets.
    pub(crate) fn meet(&self) -> Option<SmsFaultKind> {
        self.with(|state| {
            state.calls += 1;
            let fault = state.faults.first_mut()?;
            let kind = fault.fault.clone();
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
                if *times == 0 {
                    state.faults.remove(0);
                }
            }
            Some(kind)
        })
    }

    pub(crate) fn send(&self, authorization: Option<&str>, to: &str, text: &str) -> Result<String, Refusal> {
        if authorization != Some(format!("Bearer {}", self.0.key).as_str()) {
            return Err(Refusal::WrongKey);
        }
        if !is_mobile(to) {
            return Err(Refusal::BadNumber);
        }
        if text.trim().is_empty() {
            return Err(Refusal::NoText);
        }
        self.with(|state| {
            let id = format!("SM{:06}", state.calls);
            if state.sent.len() >= MOST_MESSAGES {
                state.sent.pop_front();
            }
            state.sent.push_back(TextMessage { id: id.clone(), to: to.to_owned(), text: text.to_owned() });
            Ok(id)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.0.state))
    }
}

/// `+` and a country; numbers of `+1 500` reach nobody's phone, as real gateways have some for tests.
fn is_mobile(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let plausible = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plausible && !digits.starts_with('0') && !digits.starts_with("1500")
}
