//! One visit's actor: it holds the committed state, decides on commands, and takes the decision over once the shard has committed it.
//!
//! A visit that nothing happens to dozes: it keeps the bytes that were committed and nothing else, a tenth of what it is awake.

use actix::{Actor, Context, Handler, Message, MessageResult};
use std::sync::Arc;
use vestibule_domain::command::Entry;
use vestibule_domain::effect::Effect;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::history::{self, Line};

use crate::codec::{self, CodecError};
use crate::port::Decider;

/// The actor of a visit.
pub struct VisitActor {
    committed: Committed,
    decide: Decider,
}

/// The committed state.
#[derive(Clone, Debug)]
pub enum Committed {
    /// Awake.
    Visit(Arc<Visit>),
    /// Dozing: as it stands in the store.
    Bytes(Arc<[u8]>),
}

impl VisitActor {
    /// Holds a committed state.
    #[must_use]
    pub fn new(committed: Committed, decide: Decider) -> Self {
        Self { committed, decide }
    }

    fn awake(&mut self) -> Result<Arc<Visit>, CodecError> {
        let visit = match &self.committed {
            Committed::Visit(visit) => Arc::clone(visit),
            Committed::Bytes(bytes) => Arc::new(codec::decode(bytes)?),
        };
        self.committed = Committed::Visit(Arc::clone(&visit));
        Ok(visit)
    }
}

impl Actor for VisitActor {
    type Context = Context<Self>;
}

/// Decide on some commands, in order.
#[derive(Message)]
#[rtype(result = "Result<Decided, CodecError>")]
pub struct Decide {
    /// The commands; all of this visit.
    pub entries: Vec<Arc<Entry>>,
    /// The time of the decision.
    pub now: Moment,
    /// The organization's rules.
    pub policy: Arc<Policy>,
}

/// What came of it; nothing holds before the commit.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The next state.
    pub visit: Arc<Visit>,
    /// What it asks for.
    pub effects: Vec<Effect>,
    /// Whether anything must be written.
    pub changed: bool,
    /// When the visit must be looked at again.
    pub wake: Option<Moment>,
    /// What happened, for whoever has to find out later.
    pub history: Vec<Line>,
}

/// A decision was committed: from now on this is the state.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt(pub Arc<Visit>);

/// Nothing has happened for a while; these bytes are the committed state.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Doze(pub Arc<[u8]>);

impl Handler<Decide> for VisitActor {
    type Result = MessageResult<Decide>;

    fn handle(&mut self, decide_on: Decide, _: &mut Context<Self>) -> Self::Result {
        let Decide { entries, now, policy } = decide_on;
        let visit = match self.awake() {
            Ok(visit) => visit,
            Err(error) => return MessageResult(Err(error)),
        };
        let mut decided =
            Decided { visit, effects: Vec::new(), changed: false, wake: None, history: Vec::new() };
        for entry in &entries {
            let decision = (self.decide)(&decided.visit, entry, now, &policy);
            decided.history.extend(history::lines(&decided.visit, entry, now, &decision));
            if decision.changed {
                decided.visit = Arc::new(decision.visit);
                decided.changed = true;
            }
            decided.effects.extend(decision.effects);
        }
        decided.wake = decided.visit.wake(&policy, now);
        MessageResult(Ok(decided))
    }
}

impl Handler<Adopt> for VisitActor {
    type Result = ();

    fn handle(&mut self, Adopt(committed): Adopt, _: &mut Context<Self>) {
        self.committed = Committed::Visit(committed);
    }
}

impl Handler<Doze> for VisitActor {
    type Result = ();

    fn handle(&mut self, Doze(bytes): Doze, _: &mut Context<Self>) {
        self.committed = Committed::Bytes(bytes);
    }
}
