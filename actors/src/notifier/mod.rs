//! Tells one organization's Epic who is connected.
//!
//! Each person of each visit has a lane ([`vestibule_domain::lane`]). The notifier asks the organization's gate in the store for a
//! permit, sends the head of the lane that has been ready longest, and reports every attempt as a record. A dead Epic therefore delays
//! nobody but its own organization.

mod report;

use crate::port::clock::instant;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use vestibule_domain::effect::Update;
use vestibule_domain::gate::{Answer, Because, PermitId, Settled};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::lane::{Ended, Lane, Next};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::ParticipantKey;

use crate::lease::Lease;
use crate::port::Ports;
use crate::port::epic::{Epic, EpicAnswer, Verdict};
use crate::port::observer::Observed;
use crate::port::organizations::NotifierRules;
use report::{Attempt, Reports};

/// While the store does not take reports, no more than so many pile up; then nothing more is sent until it does.
const MOST_REPORTS: usize = 5_000;
/// When the gate says to wait for a permit to come back, it is asked again at the latest after this.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// Lanes of lost leases are dropped and metrics told this often at the most.
const LOOK_THROUGH_EVERY: Span = Span::seconds(1);
/// A pause that Epic asks for is kept, up to this.
const LONGEST_PAUSE: Span = Span::minutes(10);

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

type LaneKey = (VisitKey, ParticipantKey);

struct Held {
    lane: Lane,
    lease: Lease,
    /// Where it stands in `ready` or `timers`.
    filed: Filed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filed {
    Nowhere,
    Ready(u64),
    Timer(Moment),
}

/// The actor.
pub struct EpicNotifier {
    organization: OrganizationId,
    ports: Ports,
    epic: Rc<dyn Epic>,
    lanes: BTreeMap<LaneKey, Held>,
    /// Lanes that want a permit, in the order in which they became ready.
    ready: BTreeSet<(u64, LaneKey)>,
    timers: BTreeSet<(Moment, LaneKey)>,
    next_order: u64,
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
        let reports = Reports::new(std::sync::Arc::clone(&ports.randomness));
        Self {
            organization,
            ports,
            epic,
            lanes: BTreeMap::new(),
            ready: BTreeSet::new(),
            timers: BTreeSet::new(),
            next_order: 0,
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

    // === filing lanes by what they want ===

    fn file(&mut self, key: &LaneKey, rules: &NotifierRules) {
        let now = self.ports.clock.now();
        let Some(held) = self.lanes.get_mut(key) else { return };
        match held.filed {
            Filed::Nowhere => {}
            Filed::Ready(order) => {
                self.ready.remove(&(order, key.clone()));
            }
            Filed::Timer(at) => {
                self.timers.remove(&(at, key.clone()));
            }
        }
        let was_ready = held.filed;
        held.filed = Filed::Nowhere;
        match held.lane.next(now, &rules.lane) {
            Next::Idle => {
                if held.lane.is_empty() {
                    self.lanes.remove(key);
                }
            }
            Next::At(at) => {
                held.filed = Filed::Timer(at);
                self.timers.insert((at, key.clone()));
            }
            Next::Send => {
                let order = if let Filed::Ready(order) = was_ready {
                    order
                } else {
                    self.next_order += 1;
                    self.next_order
                };
                held.filed = Filed::Ready(order);
                self.ready.insert((order, key.clone()));
            }
            Next::GiveUp { update, attempts } => {
                let lease = held.lease.clone();
                self.reports.gave_up(key, &lease, &update, attempts, now);
                self.file(key, rules);
            }
        }
    }

    fn file_due_timers(&mut self, rules: &NotifierRules) {
        let now = self.ports.clock.now();
        while let Some((_, key)) = self.timers.first().filter(|(at, _)| *at <= now).cloned() {
            self.file(&key, rules);
        }
    }

    // === asking and sending ===

    fn pump(&mut self, ctx: &mut Context<Self>) {
        let Some(rules) = self.rules() else { return };
        self.file_due_timers(&rules);
        self.look_through();
        self.flush(ctx);
        if !self.asking && !self.ready.is_empty() && self.reports.len() < MOST_REPORTS {
            self.ask(rules, ctx);
        }
        if let Some((at, _)) = self.timers.first() {
            let wait = (*at - self.ports.clock.now()).to_duration();
            self.wake_in(wait, ctx);
        }
    }

    fn ask(&mut self, rules: NotifierRules, ctx: &mut Context<Self>) {
        self.asking = true;
        let (ports, organization) = (self.ports.clone(), self.organization.clone());
        let asked = async move { ports.store.permit(&organization, rules.limits).await };
        ctx.spawn(asked.into_actor(self).map(move |answer, notifier, ctx| {
            notifier.asking = false;
            match answer {
                Ok(Answer::Granted { permit, begin_by }) => notifier.granted(permit, begin_by, rules, ctx),
                Ok(Answer::Wait { until, because }) => notifier.told_to_wait(until, because, ctx),
                Err(error) => {
                    tracing::warn!(organization = %notifier.organization, %error, "the gate cannot be asked");
                    notifier.wake_in(ASK_AGAIN, ctx);
                }
            }
        }));
    }

    fn told_to_wait(&mut self, until: Moment, because: Because, ctx: &mut Context<Self>) {
        self.breaker_open = because == Because::Breaker;
        let wait = (until - self.ports.clock.now()).to_duration();
        // A permit that comes back on another node is not announced, so a full gate is asked again soon.
        let wait = if because == Because::Concurrency { wait.min(ASK_AGAIN) } else { wait };
        self.wake_in(wait.max(Duration::from_millis(1)), ctx);
    }

    fn granted(&mut self, permit: PermitId, begin_by: Moment, rules: NotifierRules, ctx: &mut Context<Self>) {
        let in_time = self.ports.clock.now() < begin_by;
        let Some((_, key)) = self.ready.first().filter(|_| in_time).cloned() else {
            self.settle(permit, Settled::Unused, rules, ctx);
            return;
        };
        let begun =
            self.lanes.get_mut(&key).filter(|held| held.lease.is_valid()).and_then(|held| held.lane.begin());
        self.file(&key, &rules);
        let Some((update, attempt)) = begun else {
            self.settle(permit, Settled::Unused, rules, ctx);
            self.pump(ctx);
            return;
        };
        let (epic, visit, sent) = (Rc::clone(&self.epic), key.0.clone(), update.clone());
        let attempted = async move {
            let began = instant();
            let answer = epic.send(&visit, &sent).await;
            (answer, began.elapsed())
        };
        ctx.spawn(attempted.into_actor(self).map(move |(answer, took), notifier, ctx| {
            let attempt = Attempt { update: &update, number: attempt, answer: &answer, took };
            notifier.answered(&key, &attempt, &rules);
            notifier.settle(permit, fared(&answer, notifier.ports.clock.now()), rules, ctx);
            notifier.pump(ctx);
        }));
        self.pump(ctx);
    }

    fn answered(&mut self, key: &LaneKey, attempt: &Attempt<'_>, rules: &NotifierRules) {
        let now = self.ports.clock.now();
        let draw = self.ports.randomness.draw();
        let Some(held) = self.lanes.get_mut(key) else { return };
        let Some(follows) = held.lane.ended(now, ended(attempt.answer), &rules.lane, draw) else { return };
        let lease = held.lease.clone();
        let outcome = self.reports.attempted(key, &lease, attempt, follows, now);
        self.ports.observer.observe(Observed::EpicAttempt {
            organization: self.organization.clone(),
            resp_code: attempt.answer.resp_code,
            outcome,
            took: attempt.took,
        });
        self.file(key, rules);
    }

    fn settle(&mut self, permit: PermitId, how: Settled, rules: NotifierRules, ctx: &mut Context<Self>) {
        let (ports, organization) = (self.ports.clone(), self.organization.clone());
        let settled = async move { ports.store.settle(&organization, rules.limits, permit, how).await };
        ctx.spawn(settled.into_actor(self).map(move |open, notifier, ctx| {
            // A permit that could not be given back runs out by itself.
            if let Ok(open) = open {
                if open && !notifier.breaker_open {
                    tracing::warn!(organization = %notifier.organization, "Epic does not work: the breaker is open");
                }
                notifier.breaker_open = open;
                if open {
                    notifier.forget_backoffs(&rules);
                }
            }
            notifier.pump(ctx);
        }));
    }

    /// The gate keeps everybody back now; waiting out backoffs besides would delay the first update after Epic is back.
    fn forget_backoffs(&mut self, rules: &NotifierRules) {
        let waiting: Vec<LaneKey> = self.timers.iter().map(|(_, key)| key.clone()).collect();
        for key in waiting {
            if let Some(held) = self.lanes.get_mut(&key) {
                held.lane.forget_backoff();
            }
            self.file(&key, rules);
        }
    }

    // === housekeeping ===

    fn look_through(&mut self) {
        let now = self.ports.clock.now();
        let recent = self.looked_through.is_some_and(|at| now >= at && now - at < LOOK_THROUGH_EVERY);
        if !recent {
            self.looked_through = Some(now);
            self.drop_lanes_of_lost_leases();
            self.tell_metrics();
        }
    }

    fn drop_lanes_of_lost_leases(&mut self) {
        let lost: Vec<LaneKey> = self
            .lanes
            .iter()
            .filter(|(_, held)| !held.lease.is_valid())
            .map(|(key, _)| key.clone())
            .collect();
        for key in lost {
            if let Some(held) = self.lanes.remove(&key) {
                match held.filed {
                    Filed::Nowhere => {}
                    Filed::Ready(order) => drop(self.ready.remove(&(order, key))),
                    Filed::Timer(at) => drop(self.timers.remove(&(at, key))),
                }
            }
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
        let now = self.ports.clock.now();
        let oldest = self.lanes.values().filter_map(|held| held.lane.oldest()).min();
        self.ports.observer.observe(Observed::Notifier {
            organization: self.organization.clone(),
            lanes: self.lanes.len(),
            oldest_ms: oldest.map_or(0, |at| (now - at).0.max(0)),
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

/// What the gate learns from an answer.
fn fared(answer: &EpicAnswer, now: Moment) -> Settled {
    match &answer.verdict {
        Verdict::Accepted | Verdict::Permanent { .. } => Settled::Alive,
        Verdict::Transient { retry_after: Some(wait), .. } if answer.resp_code == 429 => {
            Settled::Pause { until: now + (*wait).min(LONGEST_PAUSE) }
        }
        Verdict::Transient { alive: true, .. } => Settled::Alive,
        Verdict::Transient { alive: false, .. } | Verdict::InDoubt { .. } => Settled::Failed,
    }
}

impl Actor for EpicNotifier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(LOOK_THROUGH_EVERY.to_duration(), Self::pump);
    }
}

impl Handler<Offer> for EpicNotifier {
    type Result = ();

    fn handle(&mut self, offer: Offer, ctx: &mut Context<Self>) {
        let Some(rules) = self.rules() else { return };
        let now = self.ports.clock.now();
        let key = (offer.visit, offer.update.participant.clone());
        let held = self.lanes.entry(key.clone()).or_insert_with(|| Held {
            lane: Lane::default(),
            lease: offer.lease.clone(),
            filed: Filed::Nowhere,
        });
        held.lease = offer.lease.clone();
        if offer.in_doubt {
            held.lane.doubt(now, &rules.lane);
        }
        if let Some(older) = held.lane.offer(offer.update, offer.attempts) {
            self.reports.superseded(&key, &offer.lease, &older, now);
            self.ports.observer.observe(Observed::Superseded { organization: self.organization.clone() });
        }
        self.file(&key, &rules);
        self.pump(ctx);
    }
}
