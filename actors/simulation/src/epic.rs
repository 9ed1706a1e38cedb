//! Every Epic: the lights as they really stand, and how attempts to set them go.
//!
//! An attempt takes effect at some moment of its time, or, where no answer comes, up to the doubt of its lane later. One that is
//! refused has none.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use vestibule_actors::port::epic::{Epic, EpicAnswer, Verdict};
use vestibule_domain::effect::{Says, Update};
use vestibule_domain::id::{ExternalId, VisitKey};
use vestibule_domain::time::Span;
use vestibule_domain::visit::device_test::TestOutcome;

use crate::audit::attempts::Attempt;
use crate::chance::Chance;
use crate::lock;
use crate::weather::Outside;
use crate::world::{Process, World};

/// A process gives an attempt up after this.
const TIME_OUT: Duration = Duration::from_secs(10);
/// An attempt whose caller gave up or died has its effect within this, or none: a little less than the doubt of a lane.
pub const LATEST_EFFECT: Duration = Duration::from_millis(9_900);

/// Every Epic.
#[derive(Debug)]
pub struct Epics {
    /// Whether a person is connected, as the schedule shows it.
    lights: BTreeMap<(VisitKey, ExternalId), bool>,
    /// What came out of a person's device test, as their chart shows it.
    tests: BTreeMap<(VisitKey, ExternalId), TestOutcome>,
    under_way: usize,
    chance: Chance,
}

/// How an attempt goes.
#[derive(Clone, Debug)]
struct Fate {
    /// When its effect comes, if it has one.
    effect: Option<Duration>,
    /// When its answer comes, if one comes, and which.
    answer: Option<(Duration, EpicAnswer)>,
}

impl Epics {
    /// Nothing was told yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            lights: BTreeMap::new(),
            tests: BTreeMap::new(),
            under_way: 0,
            chance: Chance::stream(seed, "epic", 0),
        }
    }

    /// The light of a person.
    #[must_use]
    pub fn light(&self, visit: &VisitKey, id: &ExternalId) -> bool {
        self.lights.get(&(visit.clone(), id.clone())).copied().unwrap_or(false)
    }

    /// What came out of the device test of a person.
    #[must_use]
    pub fn test(&self, visit: &VisitKey, id: &ExternalId) -> Option<TestOutcome> {
        self.tests.get(&(visit.clone(), id.clone())).copied()
    }

    /// Attempts that may still have an effect.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    fn fate(&mut self, state: Outside, everyday: u64) -> Fate {
        let chance = &mut self.chance;
        match state {
            Outside::Works if chance.percent(everyday) => mishap(chance),
            Outside::Works => answered(chance.millis(15, 150), accepted()),
            Outside::Slow => answered(chance.millis(1_500, 9_500), accepted()),
            Outside::Silent => unanswered(chance),
            Outside::Busy => {
                let wait = Span::seconds(1 + i64::try_from(chance.below(6)).unwrap_or(0));
                answered(chance.millis(15, 80), refused(429, Some(wait), true))
            }
            Outside::Fails => {
                let wait = chance.percent(20).then_some(Span::seconds(3));
                let code = if wait.is_some() || chance.percent(50) { 503 } else { 500 };
                answered(chance.millis(15, 400), refused(code, wait, false))
            }
        }
    }
}

fn mishap(chance: &mut Chance) -> Fate {
    let soon = chance.millis(15, 400);
    match chance.below(8) {
        0 => answered(soon, refused(500, None, false)),
        1 => answered(soon, refused(503, Some(Span::seconds(2)), false)),
        2 => answered(
            soon,
            refused(429, Some(Span::seconds(1 + i64::try_from(chance.below(5)).unwrap_or(0))), true),
        ),
        3 => answered(soon, refused(400, Some(Span::seconds(4)), true)),
        4 => answered(chance.millis(1_000, 9_900), accepted()),
        5 if chance.percent(20) => {
            let hint = "Check the external id.".to_owned();
            let verdict = Verdict::Permanent { hint };
            answered(
                soon,
                EpicAnswer { resp_code: 404, epic_code: Some("INVALID-USER-ID".to_owned()), verdict },
            )
        }
        // The connection is cut.
        5 | 6 => {
            let effect = chance.percent(60).then(|| chance.millis(0, 9_000));
            let verdict = Verdict::InDoubt { hint: None };
            Fate { effect, answer: Some((soon, EpicAnswer { resp_code: 0, epic_code: None, verdict })) }
        }
        _ => unanswered(chance),
    }
}

/// The effect of an accepted status comes at some moment before its answer.
fn answered(after: Duration, answer: EpicAnswer) -> Fate {
    let effect = (answer.verdict == Verdict::Accepted).then(|| after / 2);
    Fate { effect, answer: Some((after, answer)) }
}

fn unanswered(chance: &mut Chance) -> Fate {
    let latest = u64::try_from((TIME_OUT + LATEST_EFFECT).as_millis()).unwrap_or(0);
    Fate { effect: chance.percent(50).then(|| chance.millis(0, latest)), answer: None }
}

fn accepted() -> EpicAnswer {
    EpicAnswer { resp_code: 200, epic_code: None, verdict: Verdict::Accepted }
}

fn refused(resp_code: u16, retry_after: Option<Span>, alive: bool) -> EpicAnswer {
    EpicAnswer { resp_code, epic_code: None, verdict: Verdict::Transient { retry_after, alive, hint: None } }
}

/// Epic as one process reaches it.
pub struct EpicLine {
    world: Arc<World>,
    process: Process,
}

impl EpicLine {
    /// The line of a process.
    #[must_use]
    pub fn new(world: Arc<World>, process: Process) -> Self {
        Self { world, process }
    }
}

impl Epic for EpicLine {
    fn send<'a>(&'a self, visit: &'a VisitKey, update: &'a Update) -> LocalBoxFuture<'a, EpicAnswer> {
        async move {
            let world = &self.world;
            let attempt = Attempt::of(self.process, visit, update);
            let about = world.about(visit);
            let place = world.organization(&visit.organization);
            let state = lock(&world.weather).epics.get(place).copied().unwrap_or_default();
            let fate = lock(&world.epics).fate(state, world.scenario.everyday.epic);
            world.note(about, format_args!("{attempt} begins at Epic"));
            world.begins(&attempt);
            let (tell, told) = oneshot::channel();
            if let Some(after) = fate.effect {
                takes_effect(world, &attempt, after);
            }
            if let Some((after, answer)) = fate.answer {
                world.spawn(async move {
                    sleep(after).await;
                    // Whoever sent it may be gone.
                    let _ = tell.send(answer);
                });
            } else {
                // The connection stays open for as long as the caller has patience.
                world.spawn(async move {
                    sleep(TIME_OUT * 2).await;
                    drop(tell);
                });
            }
            let answer = timeout(TIME_OUT, told).await;
            let in_doubt =
                EpicAnswer { resp_code: 0, epic_code: None, verdict: Verdict::InDoubt { hint: None } };
            let answer = answer.ok().and_then(Result::ok).unwrap_or(in_doubt);
            lock(&world.audit).attempts.ends(&attempt);
            world.note(about, format_args!("{attempt} is answered {}", answer.resp_code));
            answer
        }
        .boxed_local()
    }
}

fn takes_effect(world: &Arc<World>, attempt: &Attempt, after: Duration) {
    let (there, attempt) = (Arc::clone(world), attempt.clone());
    lock(&world.epics).under_way += 1;
    world.spawn(async move {
        sleep(after).await;
        lock(&there.epics).under_way -= 1;
        if !there.takes_effect(&attempt) {
            return;
        }
        let place = (attempt.visit.clone(), attempt.external_id.clone());
        let mut epics = lock(&there.epics);
        match attempt.says {
            Says::Connected(connected) => drop(epics.lights.insert(place, connected)),
            Says::DeviceTest(outcome) => drop(epics.tests.insert(place, outcome)),
        }
        drop(epics);
        there.note(there.about(&attempt.visit), format_args!("{attempt} stands at Epic"));
    });
}
