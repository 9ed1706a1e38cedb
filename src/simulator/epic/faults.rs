//! Faults of the fake Epic.

use serde::{Deserialize, Serialize};

/// Bound on faults that wait for their call.
const MAX_FAULTS: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EpicFaultKind {
    /// Answers this status and does nothing.
    Status { status: u16 },
    /// Accepts and never answers, nothing done.
    Hang,
    /// Done after this many milliseconds.
    Slow { millis: u64 },
    /// 429 with `Retry-After` in seconds.
    TooMany { retry_after: u64 },
    /// The transient refusal of the status service.
    LockFailed,
    /// Another refusal of the status service by its code.
    Refuse { code: String },
    /// Breaks the connection, nothing done.
    Drop,
    /// Done, then the connection breaks.
    DoneThenDrop,
    /// Done, and no answer ever comes.
    DoneThenHang,
    /// 401, and every token is dead.
    Revoked,
}

/// A fault for calls of one name (`status`, `token`, `authorize`, `discovery`, `jwks`, `fhir`, or `fhir.Patient` and the like for one
/// kind of resource; `*` for all).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpicFault {
    #[serde(default = "status")]
    pub call: String,
    /// None: until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    #[serde(flatten)]
    pub fault: EpicFaultKind,
}

fn status() -> String {
    "status".to_owned()
}

/// What is wrong with the id_token of every launch until it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenFault {
    /// Signed by a key that Epic does not publish, under a key id that it does.
    WrongKey,
    /// Signed by a key that Epic does not publish, under its own key id.
    UnknownKey,
    Expired,
    WrongAudience,
    WrongNonce,
    WrongIssuer,
    /// `alg` none, no signature.
    Unsigned,
    /// Not in the answer at all.
    Missing,
}

#[derive(Default)]
pub(crate) struct Faults {
    pending: Vec<EpicFault>,
}

impl Faults {
    pub fn add(&mut self, fault: EpicFault) -> bool {
        let room = self.pending.len() < MAX_FAULTS;
        if room {
            self.pending.push(fault);
        }
        room
    }

    pub fn clear(&mut self) {
        self.pending.clear();
    }

    pub fn list(&self) -> &[EpicFault] {
        &self.pending
    }

    pub fn meet(&mut self, call: &str) -> Option<EpicFaultKind> {
        let index = self.pending.iter().position(|fault| fault.call == "*" || fault.call == call)?;
        let fault = self.pending.get_mut(index)?;
        let kind = fault.fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.pending.remove(index);
            }
        }
        Some(kind)
    }
}
