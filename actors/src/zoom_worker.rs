//! Makes an organization's calls to Zoom, and writes each result into the journal of the visit that wanted it.
//!
//! A result that is lost is not retried here: the intent's deadline in the visit's state brings the call back, and the rules know what
//! must be looked up first.

use crate::port::clock::instant;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use vestibule_domain::command::Command;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::intent::{CallFailure, Intent, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::time::Span;
use vestibule_domain::visit::default_host::Instead;

use crate::desk;
use crate::holds::Hold;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::zoom::Zoom;

/// So many calls of one organization are under way at once.
const MOST_AT_ONCE: usize = 8;
/// Readings wait for their turn at Zoom's door, one a second; what makes meetings and links must not wait behind them.
const MOST_READINGS_AT_ONCE: usize = 1;
/// Indexing is the store's work, and what Zoom is asked does not hold it up.
const MOST_INDEXINGS_AT_ONCE: usize = 32;
/// So many wait in each line; one more is dropped and comes back by its deadline.
const MOST_QUEUED: usize = 2_000;
/// Left between a call's time-out and its intent's `not_after`.
const SAFETY: Span = Span(250);
/// A call that has waited so long that less than this, and less than a quarter of its time, is left is not begun: it would be given up half
/// done, which costs Zoom's time and ours, and has to be looked for afterwards. Its visit asks again at once.
const LEAST_TIME: Span = Span::seconds(5);

/// Make this call; its intent is committed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Begin {
    /// Whose visit.
    pub visit: VisitKey,
    /// The intent.
    pub intent: Intent,
    /// Nothing is begun when it can no longer be trusted.
    pub lease: Lease,
    /// A node that goes waits for the call.
    pub hold: Hold,
}

/// What waits for what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Calls,
    Readings,
    Indexings,
}

impl Line {
    fn of(call: &ZoomCall) -> Self {
        match call {
            ZoomCall::ReadMeeting { .. } | ZoomCall::ReadAttendance { .. } => Self::Readings,
            ZoomCall::IndexMeeting { .. } => Self::Indexings,
            _ => Self::Calls,
        }
    }

    fn most_at_once(self) -> usize {
        match self {
            Self::Calls => MOST_AT_ONCE,
            Self::Readings => MOST_READINGS_AT_ONCE,
            Self::Indexings => MOST_INDEXINGS_AT_ONCE,
        }
    }
}

#[derive(Default)]
struct Queue {
    /// Each with the time that it had when it came.
    waiting: VecDeque<(Begin, Span)>,
    under_way: usize,
}

/// The actor.
pub struct ZoomWorker {
    organization: OrganizationId,
    ports: Ports,
    zoom: Rc<dyn Zoom>,
    lines: BTreeMap<Line, Queue>,
}

impl ZoomWorker {
    /// A worker of one organization; made on the arbiter where it will run.
    #[must_use]
    pub fn new(organization: OrganizationId, ports: Ports) -> Self {
        let zoom = (ports.zoom)();
        Self { organization, ports, zoom, lines: BTreeMap::new() }
    }

    fn time_left(&self, begin: &Begin) -> Span {
        let left = begin.intent.not_after - self.ports.clock.now();
        Span(left.0 - SAFETY.0)
    }

    fn pump(&mut self, line: Line, ctx: &mut Context<Self>) {
        loop {
            let queue = self.lines.entry(line).or_default();
            if queue.under_way >= line.most_at_once() {
                return;
            }
            let Some((begin, whole)) = queue.waiting.pop_front() else { return };
            queue.under_way += 1;
            let within = self.time_left(&begin);
            let least = LEAST_TIME.min(Span(whole.0 / 4)).max(Span(1));
            let (ports, zoom) = (self.ports.clone(), Rc::clone(&self.zoom));
            let work = async move {
                // Too late to end in time, or not ours any more: whoever has the visit now makes the call at once.
                let outcome = if within < least || !begin.lease.is_valid() {
                    IntentOutcome::NotBegun
                } else {
                    make(&ports, zoom.as_ref(), &begin, within).await
                };
                report(&ports, &begin, outcome).await;
                drop(begin.hold);
            };
            ctx.spawn(work.into_actor(self).map(move |(), worker, ctx| {
                if let Some(queue) = worker.lines.get_mut(&line) {
                    queue.under_way -= 1;
                }
                worker.pump(line, ctx);
            }));
        }
    }
}

async fn make(ports: &Ports, zoom: &dyn Zoom, begin: &Begin, within: Span) -> IntentOutcome {
    let began = instant();
    let organization = &begin.visit.organization;
    let outcome = match &begin.intent.call {
        ZoomCall::IndexMeeting { meeting } => match ports.store.index_meeting(*meeting, &begin.visit).await {
            Ok(_) => IntentOutcome::Indexed,
            Err(error) => {
                tracing::warn!(%error, "the meeting could not be indexed");
                IntentOutcome::Failed(CallFailure {
                    problem: ProblemCode::ZoomUnavailable,
                    retry: Retry::After(Some(Span::seconds(1))),
                })
            }
        },
        call => zoom.call(organization, call, within).await,
    };
    ports.observer.observe(Observed::ZoomCall {
        organization: organization.clone(),
        call: name_of(&begin.intent.call),
        outcome: name_of_outcome(&outcome),
        took: began.elapsed(),
    });
    outcome
}

/// Writes the result into the journal, as long as the visit would still take it for this attempt's answer.
async fn report(ports: &Ports, begin: &Begin, outcome: IntentOutcome) {
    let command = Command::IntentClosed { intent: begin.intent.id, outcome };
    if let Ok(entry) = desk::entry_for(ports, &begin.visit, command) {
        desk::hand_in(ports, entry, begin.intent.not_after + Span::minutes(5)).await;
    }
}

fn name_of(call: &ZoomCall) -> &'static str {
    match call {
        ZoomCall::EnsureProvider { .. } => "ensure_provider",
        ZoomCall::CreateMeeting { .. } => "create_meeting",
        ZoomCall::FindMeetings { .. } => "find_meetings",
        ZoomCall::DeleteMeeting { .. } => "delete_meeting",
        ZoomCall::CancelRegistrants { .. } => "cancel_registrants",
        ZoomCall::AskRegistration { .. } => "ask_registration",
        ZoomCall::EndMeeting { .. } => "end_meeting",
        ZoomCall::IndexMeeting { .. } => "index_meeting",
        ZoomCall::SetAlternativeHosts { .. } => "set_alternative_hosts",
        ZoomCall::Register { .. } => "register",
        ZoomCall::RemoveUser { .. } => "remove_user",
        ZoomCall::ReadMeeting { .. } => "read_meeting",
        ZoomCall::ReadAttendance { .. } => "read_attendance",
    }
}

fn name_of_outcome(outcome: &IntentOutcome) -> &'static str {
    match outcome {
        IntentOutcome::Failed(failure) => failure.problem.as_str(),
        IntentOutcome::Ambiguous => "ambiguous",
        IntentOutcome::NotBegun => "not_begun",
        IntentOutcome::MeetingGone => "meeting_gone",
        IntentOutcome::UserGone => "user_gone",
        IntentOutcome::MadeDo { instead: Instead::DefaultHost(_), .. } => "default_host",
        IntentOutcome::MadeDo { instead: Instead::Basic, .. } => "basic",
        _ => "done",
    }
}

impl Actor for ZoomWorker {
    type Context = Context<Self>;
}

impl Handler<Begin> for ZoomWorker {
    type Result = ();

    fn handle(&mut self, begin: Begin, ctx: &mut Context<Self>) {
        let line = Line::of(&begin.intent.call);
        let whole = self.time_left(&begin);
        let queue = self.lines.entry(line).or_default();
        if queue.waiting.len() >= MOST_QUEUED {
            self.ports.observer.observe(Observed::ZoomQueueFull { organization: self.organization.clone() });
            return;
        }
        queue.waiting.push_back((begin, whole));
        self.pump(line, ctx);
    }
}
