//! Tells one organization's Epic who is connected.
//!
//! Each person of each visit has a lane ([`vestibule_domain::lane`]), and one for their device test. The notifier asks the organization's gate in the store for a
//! permit, sends the head of the lane that has been ready longest, and reports every attempt as a record. A dead Epic therefore delays
//! nobody but its own organization.
//!
//! An attempt may outlive the lease that it was begun under. Nothing of it can be reported then, so the visit is told through its
//! journal, and whoever owns it sends the newest status once more.

mod lanes;
mod report;

use crate::port::clock::instant;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use vestibule_domain::effect::Update;
use vestibule_domain::gate::{Answer, Because, PermitId, Settled};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::lane::Ended;
use vestibule_domain::time::{Moment, Span};

use crate::desk::{entry_for, hand_in};
use crate::lease::Lease;
use crate::port::Ports;
use crate::port::epic::{Epic, EpicAnswer, Verdict};
use crate::port::observer::Observed;
use crate::port::organizations::NotifierRules;
use crate::port::store::GateId;
use crate::supervise::every;
use lanes::{Begun, LaneKey, Lanes};
pub use report::GIVEN_UP_HINT;
use report::{Attempt, Reports};

/// While the store does not take reports, no more than so many pile up; then nothing more is sent until it does.
const MOST_REPORTS: usize = 5_000;
/// When the gate says to wait for a permit to come back, it is asked again at the latest after this.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// Lanes of lost leases are dropped and metrics told this often at the most.
const LOOK_THROUGH_EVERY: Span = Span::seconds(1);
/// For so long a visit is tried to be told of an attempt that outlived its lease.
const TELL_FOR: Span = Span::minutes(5);

/// An update that was committed.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub struct Offer {
    /// Whose visit.
    pub visit: VisitKey,
    /// The update.
    pub update: Update,
    /// How many attempts are on record.
    pub attempts: u32,
    /// Nothing is sent when it can no longer be trusted.
    pub lease: Lease,
    /// Somebody else may have sent it already.
    pub in_doubt: bool,
}

/// The actor.
pub struct EpicNotifier {
    organization: OrganizationId,
    ports: Ports,
    epic: Rc<dyn Epic>,
    lanes: Lanes,
    asking: bool,
    breaker_open: bool,
    wake: Option<SpawnHandle>,
    reports: Reports,
    /// When all lanes were last looked through; with many of them that is not done at every turn.
    looked_through: Option<Moment>,
}

impl EpicNotifier {
    /// A notifier of one organization; made on the arbiter where it will run.
    #[must_use]
    pub fn new(organization: OrganizationId, ports: Ports) -> Self {
        let epic = (ports.epic)();
        let reports = Reports::new(std::sync::Arc::clone(&ports.randomness), ports.format);
        Self {
            organization,
            ports,
            epic,
            lanes: Lanes::default(),
            asking: false,
            breaker_open: false,
            wake: None,
            reports,
            looked_through: None,
        }
    }

    fn rules(&self) -> Option<NotifierRules> {
        self.ports.organizations.notifier(&self.organization)
    }

    fn now(&self) -> Moment {
        self.ports.clock.now()
    }

    // === asking and sending ===

    fn pump(&mut self, ctx: &mut Context<Self>) {
        let Some(rules) = self.rules() else { return };
        self.lanes.file_due(self.now(), &rules.lane);
        self.look_through(&rules);
        self.report_given_up();
        self.flush(ctx);
        if !self.asking && self.lanes.wants_leave() && self.reports.len() < MOST_REPORTS {
            self.ask(rules, ctx);
        }
        if let Some(at) = self.lanes.next_timer() {
            let wait = (at - self.now()).to_duration();
            self.wake_in(wait, ctx);
        }
    }

    fn ask(&mut self, rules: NotifierRules, ctx: &mut Context<Self>) {
        self.asking = true;
        let (ports, organization) = (self.ports.clone(), self.organization.clone());
        let asked = async move {
            let asked = instant();
            (asked, ports.store.permit(&GateId::Epic(organization), rules.limits).await)
        };
        ctx.spawn(asked.into_actor(self).map(move |(asked, answer), notifier, ctx| {
            notifier.asking = false;
            match answer {
                Ok(Answer::Granted { permit, begin_within }) => {
                    notifier.granted(permit, asked + begin_within.to_duration(), rules, ctx);
                }
                Ok(Answer::Wait { wait, because }) => notifier.told_to_wait(wait, because, ctx),
                Err(error) => {
                    tracing::warn!(organization = %notifier.organization, %error, "the gate cannot be asked");
                    notifier.wake_in(ASK_AGAIN, ctx);
                }
            }
        }));
    }

    fn told_to_wait(&mut self, wait: Span, because: Because, ctx: &mut Context<Self>) {
        // A halted gate says nothing of its breaker.
        if because != Because::Halted {
            self.breaker_open = because == Because::Breaker;
        }
        let wait = wait.to_duration();
        // A permit that comes back on another node is not announced, so a full gate is asked again soon.
        let wait = if because == Because::Concurrency { wait.min(ASK_AGAIN) } else { wait };
        self.wake_in(wait.max(Duration::from_millis(1)), ctx);
    }

    fn granted(
        &mut self,
        permit: PermitId,
        begin_by: Instant,
        rules: NotifierRules,
        ctx: &mut Context<Self>,
    ) {
        let in_time = instant() < begin_by;
        let begun = if in_time { self.lanes.begin(self.now(), &rules.lane) } else { None };
        let Some(Begun { key, lease, update, number }) = begun else {
            self.settle(permit, Settled::Unused, rules, ctx);
            return;
        };
        let epic = Rc::clone(&self.epic);
        // A hand-over waits for the attempt.
        let hold = lease.hold();
        let attempted = async move {
            let began = instant();
            let answer = epic.send(&key.0, &update).await;
            (key, update, answer, began.elapsed(), hold)
        };
        ctx.spawn(attempted.into_actor(self).map(move |(key, update, answer, took, hold), notifier, ctx| {
            let attempt = Attempt { update: &update, number, answer: &answer, took };
            notifier.answered(&key, &attempt, &rules, ctx);
            drop(hold);
            notifier.settle(permit, fared(&answer), rules, ctx);
            notifier.pump(ctx);
        }));
        self.pump(ctx);
    }

    fn answered(
        &mut self,
        key: &LaneKey,
        attempt: &Attempt<'_>,
        rules: &NotifierRules,
        ctx: &mut Context<Self>,
    ) {
        let now = self.now();
        let draw = self.ports.randomness.draw();
        match self.lanes.ended(key, now, ended(attempt.answer), &rules.lane, draw) {
            Some((follows, lease)) => {
                let outcome = self.reports.attempted(key, &lease, attempt, follows, now);
                self.ports.observer.observe(Observed::EpicAttempt {
                    organization: self.organization.clone(),
                    resp_code: attempt.answer.resp_code,
                    outcome,
                    took: attempt.took,
                    age: (now - attempt.update.decided_at).to_duration(),
                });
            }
            None => self.outlived(key, attempt.answer, rules, ctx),
        }
    }

    /// The lane is another node's by now, whose own attempts this one may have landed after.
    fn outlived(&self, key: &LaneKey, answer: &EpicAnswer, rules: &NotifierRules, ctx: &mut Context<Self>) {
        self.ports.observer.observe(Observed::AttemptOutlived { organization: self.organization.clone() });
        let settles_in = match answer.verdict {
            Verdict::Accepted => Span(0),
            Verdict::InDoubt { .. } => rules.lane.doubt,
            Verdict::Permanent { .. } | Verdict::Transient { .. } => return,
        };
        let Ok(entry) = entry_for(&self.ports, &key.0, key.1.outlived()) else { return };
        let ports = self.ports.clone();
        let tell = async move {
            sleep(settles_in.to_duration()).await;
            let give_up = ports.clock.now() + TELL_FOR;
            hand_in(&ports, entry, give_up).await;
        };
        ctx.spawn(tell.into_actor(self));
    }

    fn settle(&mut self, permit: PermitId, how: Settled, rules: NotifierRules, ctx: &mut Context<Self>) {
        let (ports, organization) = (self.ports.clone(), self.organization.clone());
        let settled =
            async move { ports.store.settle(&GateId::Epic(organization), rules.limits, permit, how).await };
        ctx.spawn(settled.into_actor(self).map(move |open, notifier, ctx| {
            // A permit that could not be given back runs out by itself.
            if let Ok(open) = open {
                if open && !notifier.breaker_open {
                    tracing::warn!(organization = %notifier.organization, "Epic does not work: the breaker is open");
                }
                notifier.breaker_open = open;
                if open {
                    notifier.lanes.forget_backoffs(notifier.now(), &rules.lane);
                }
            }
            notifier.pump(ctx);
        }));
    }

    // === reporting ===

    fn report_given_up(&mut self) {
        let now = self.now();
        for given_up in self.lanes.take_given_up() {
            self.reports.gave_up(&given_up, now);
        }
    }

    fn flush(&mut self, ctx: &mut Context<Self>) {
        let Some(batch) = self.reports.take() else { return };
        let ports = self.ports.clone();
        ctx.spawn(async move { batch.write(&ports).await }.into_actor(self).map(|left, notifier, ctx| {
            let failed = notifier.reports.written(left);
            if failed {
                notifier.wake_in(ASK_AGAIN, ctx);
            } else {
                notifier.flush(ctx);
            }
        }));
    }

    // === housekeeping ===

    fn look_through(&mut self, rules: &NotifierRules) {
        let now = self.now();
        let recent = self.looked_through.is_some_and(|at| now >= at && now - at < LOOK_THROUGH_EVERY);
        if !recent {
            self.looked_through = Some(now);
            self.lanes.look_through(now, &rules.lane);
            self.tell_metrics();
        }
    }

    fn wake_in(&mut self, wait: Duration, ctx: &mut Context<Self>) {
        if let Some(before) = self.wake.take() {
            ctx.cancel_future(before);
        }
        let wait = wait.min(Duration::from_secs(60));
        self.wake = Some(ctx.run_later(wait, |notifier, ctx| {
            notifier.wake = None;
            notifier.pump(ctx);
        }));
    }

    fn tell_metrics(&self) {
        let oldest = self.lanes.oldest();
        self.ports.observer.observe(Observed::Notifier {
            organization: self.organization.clone(),
            lanes: self.lanes.len(),
            oldest_ms: oldest.map_or(0, |at| (self.now() - at).0.max(0)),
            breaker_open: self.breaker_open,
        });
    }
}

fn ended(answer: &EpicAnswer) -> Ended {
    match &answer.verdict {
        Verdict::Accepted => Ended::Accepted,
        Verdict::Permanent { .. } => Ended::Permanent,
        Verdict::Transient { retry_after, .. } => Ended::Transient { retry_after: *retry_after },
        Verdict::InDoubt { .. } => Ended::InDoubt,
    }
}

/// What the gate learns from an answer. A wait that comes with "too many requests" or "unavailable" is meant for everybody; with any
/// other answer it is meant for the one update.
fn fared(answer: &EpicAnswer) -> Settled {
    match &answer.verdict {
        Verdict::Accepted | Verdict::Permanent { .. } => Settled::Alive,
        Verdict::Transient { retry_after: Some(pause), .. } if answer.resp_code == 429 => {
            Settled::Pause { pause: *pause }
        }
        Verdict::Transient { alive: true, .. } => Settled::Alive,
        Verdict::Transient { alive: false, retry_after, .. } => {
            Settled::Failed { pause: retry_after.filter(|_| answer.resp_code == 503) }
        }
        Verdict::InDoubt { .. } => Settled::Failed { pause: None },
    }
}

impl Actor for EpicNotifier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        every(ctx, LOOK_THROUGH_EVERY.to_duration(), Self::pump);
    }
}

impl Handler<Offer> for EpicNotifier {
    type Result = ();

    fn handle(&mut self, offer: Offer, ctx: &mut Context<Self>) {
        let Some(rules) = self.rules() else { return };
        let now = self.now();
        let key = (offer.visit.clone(), offer.update.lane());
        let lease = offer.lease.clone();
        if let Some(older) = self.lanes.offer(&key, offer, now, &rules.lane) {
            self.reports.superseded(&key, &lease, &older, now, self.lanes.is_running(&key));
            self.ports.observer.observe(Observed::Superseded { organization: self.organization.clone() });
        }
        self.pump(ctx);
    }
}
