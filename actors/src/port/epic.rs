//! How the notifier tells Epic something. The wire dialect is the edge's business; the notifier only needs to know how it went.

use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use vestibule_domain::effect::Update;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Span;

/// Sends status updates. One per arbiter, since HTTP clients are bound to their thread.
pub trait Epic {
    /// One attempt. It always ends by itself: the time-out is the implementation's.
    fn send<'a>(&'a self, visit: &'a VisitKey, update: &'a Update) -> LocalBoxFuture<'a, EpicAnswer>;
}

/// How one attempt went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpicAnswer {
    /// Epic's HTTP status; 0 where no answer came.
    pub resp_code: u16,
    /// Epic's own code, literally.
    pub epic_code: Option<String>,
    /// What follows from it.
    pub verdict: Verdict,
}

/// What follows from an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The status stands at Epic.
    Accepted,
    /// It never will: trying again is useless. The hint says what to check.
    Permanent {
        /// For the record.
        hint: String,
    },
    /// Refused for now; certainly without effect.
    Transient {
        /// What Epic asked for.
        retry_after: Option<Span>,
        /// Whether Epic works at all: a 429 or LOCK-FAILED does not count against the breaker.
        alive: bool,
        /// For the record.
        hint: Option<String>,
    },
    /// The request may have had an effect, now or later: time-out, cut connection.
    InDoubt {
        /// For the record.
        hint: Option<String>,
    },
}

/// Makes the sender on the arbiter where it will be used.
pub type EpicFactory = std::sync::Arc<dyn Fn() -> Rc<dyn Epic> + Send + Sync>;
