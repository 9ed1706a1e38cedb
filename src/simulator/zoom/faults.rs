//! Faults of the fake Zoom API: what goes wrong with which call, and how often.

use serde::{Deserialize, Serialize};

/// Bound on faults that wait for their call.
const MAX_FAULTS: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ZoomFaultKind {
    /// Answers without doing anything; `code` is Zoom's.
    Status { status: u16, code: i64, message: String },
    /// A proxy's page in place of JSON, nothing done.
    Html { status: u16 },
    /// The call is done, half of the answer's body arrives.
    HalfBody,
    /// The call is done after this many milliseconds.
    Slow { millis: u64 },
    /// Accepts the request and never answers, nothing done.
    Hang,
    /// Breaks the connection, nothing done.
    Drop,
    /// The call is done, then the connection breaks: the caller cannot know.
    DoneThenDrop,
    /// The call is done, and no answer ever comes.
    DoneThenHang,
    /// The call is done, and the answer comes after this many milliseconds.
    DoneThenSlow { millis: u64 },
    /// The limit per second.
    TooManyPerSecond,
    /// The limit of the day.
    TooManyToday,
    /// The token is not taken any more.
    Unauthorized,
}

/// A fault for the next `times` calls of one name (`meetings.create`; `*` for all).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoomFault {
    #[serde(default = "all")]
    pub call: String,
    /// None: until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    #[serde(flatten)]
    pub fault: ZoomFaultKind,
}

fn all() -> String {
    "*".to_owned()
}

#[derive(Default)]
pub(crate) struct Faults {
    pending: Vec<ZoomFault>,
}

impl Faults {
    /// False where there are too many already.
    pub fn add(&mut self, fault: ZoomFault) -> bool {
        let room = self.pending.len() < MAX_FAULTS;
        if room {
            self.pending.push(fault);
        }
        room
    }

    pub fn clear(&mut self) {
        self.pending.clear();
    }

    pub fn list(&self) -> &[ZoomFault] {
        &self.pending
    }

    /// The fault that this call meets, if any; a counted one is used up.
    pub fn meet(&mut self, call: &str) -> Option<ZoomFaultKind> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_call_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.add(ZoomFault { call: "meetings.create".into(), times: Some(2), fault: ZoomFaultKind::Hang });
        assert_eq!(faults.meet("users.get"), None);
        assert_eq!(faults.meet("meetings.create"), Some(ZoomFaultKind::Hang));
        assert_eq!(faults.meet("meetings.create"), Some(ZoomFaultKind::Hang));
        assert_eq!(faults.meet("meetings.create"), None);
    }

    #[test]
    fn a_fault_is_read_from_its_flat_form() {
        let fault: ZoomFault =
            serde_json::from_str(r#"{"call":"oauth.token","kind":"slow","millis":5}"#).expect("a fault");
        assert_eq!(fault.fault, ZoomFaultKind::Slow { millis: 5 });
        assert_eq!(fault.times, None);
    }
}
