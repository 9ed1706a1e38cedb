//! Makes an organization's calls to Zoom, and writes each result into the journal of the visit that wanted it.
//!
//! A result that is lost is not retried here: the intent's deadline in the visit's state brings the call back, and the rules know what
//! must be looked up first.

use crate::port::clock::instant;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;
use vestibule_domain::command::Command;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::intent::{CallFailure, Intent, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use crate::desk;
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::observer::Observed;
use crate::port::store::StoreError;
use crate::port::zoom::Zoom;

/// So many calls of one organization are under way at once.
const MOST_AT_ONCE: usize = 8;
/// So many wait; one more is dropped and comes back by its deadline.
const MOST_QUEUED: usize = 2_000;
/// Left between a call's time-out and its intent's `not_after`.
const SAFETY: Span = Span(250);
/// The pause before a result is handed in again that the store did not take.
const PAUSE: Duration = Duration::from_millis(200);

/// Make this call; its intent is committed.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub struct Begin {
    /// Whose visit.
    pub visit: VisitKey,
    /// Its shard.
    pub shard: Shard,
    /// The intent.
    pub intent: Intent,
    /// Nothing is begun when it can no longer be trusted.
    pub lease: Lease,
}

/// The actor.
pub struct ZoomWorker {
    organization: OrganizationId,
    ports: Ports,
    zoom: Rc<dyn Zoom>,
    queue: VecDeque<Begin>,
    under_way: usize,
}

impl ZoomWorker {
    /// A worker of one organization; made on the arbiter where it will run.
    #[must_use]
    pub fn new(organization: OrganizationId, ports: Ports) -> Self {
        let zoom = (ports.zoom)();
        Self { organization, ports, zoom, queue: VecDeque::new(), under_way: 0 }
    }

    fn pump(&mut self, ctx: &mut Context<Self>) {
        while self.under_way < MOST_AT_ONCE {
            let Some(begin) = self.queue.pop_front() else { return };
            let within = begin.intent.not_after - self.ports.clock.now();
            let within = Span(within.0 - SAFETY.0);
            // Too late to end in time, or not ours any more: the deadline, or the new owner, takes care of it.
            if within <= Span(0) || !begin.lease.is_valid() {
                continue;
            }
            self.under_way += 1;
            let (ports, zoom) = (self.ports.clone(), Rc::clone(&self.zoom));
            let work = async move {
                let outcome = make(&ports, zoom.as_ref(), &begin, within).await;
                hand_in(&ports, &begin, outcome).await;
            };
            ctx.spawn(work.into_actor(self).map(|(), worker, ctx| {
                worker.under_way -= 1;
                worker.pump(ctx);
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

/// Writes the result into the journal, again and again while the visit would still take it for this attempt's answer.
async fn hand_in(ports: &Ports, begin: &Begin, outcome: IntentOutcome) {
    let command = Command::IntentClosed { intent: begin.intent.id, outcome };
    let Ok(entry) = desk::entry_for(ports, &begin.visit, command) else { return };
    let give_up = begin.intent.not_after + Span::minutes(5);
    loop {
        match ports.store.append(begin.shard, vec![entry.clone()]).await {
            Ok(crate::port::store::Appended::Done(_)) => return,
            Ok(crate::port::store::Appended::Full) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => {
                tracing::error!(%error, "the result of a call could not be written");
                return;
            }
        }
        if ports.clock.now() > give_up {
            return;
        }
        sleep(PAUSE).await;
    }
}

fn name_of(call: &ZoomCall) -> &'static str {
    match call {
        ZoomCall::EnsureProvider { .. } => "ensure_provider",
        ZoomCall::CreateMeeting { .. } => "create_meeting",
        ZoomCall::FindMeetings { .. } => "find_meetings",
        ZoomCall::DeleteMeeting { .. } => "delete_meeting",
        ZoomCall::IndexMeeting { .. } => "index_meeting",
        ZoomCall::SetAlternativeHosts { .. } => "set_alternative_hosts",
        ZoomCall::Register { .. } => "register",
        ZoomCall::ReadMeeting { .. } => "read_meeting",
    }
}

fn name_of_outcome(outcome: &IntentOutcome) -> &'static str {
    match outcome {
        IntentOutcome::Failed(failure) => failure.problem.as_str(),
        IntentOutcome::Ambiguous => "ambiguous",
        IntentOutcome::MeetingGone => "meeting_gone",
        _ => "done",
    }
}

impl Actor for ZoomWorker {
    type Context = Context<Self>;
}

impl Handler<Begin> for ZoomWorker {
    type Result = ();

    fn handle(&mut self, begin: Begin, ctx: &mut Context<Self>) {
        if self.queue.len() >= MOST_QUEUED {
            self.ports.observer.observe(Observed::ZoomQueueFull { organization: self.organization.clone() });
            return;
        }
        self.queue.push_back(begin);
        self.pump(ctx);
    }
}
