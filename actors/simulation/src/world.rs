//! What all parts of a run share: the store, the outside world, what is out of order, the trace, and the audit of the invariants.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::store::{OwnerToken, StoreLimits};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use crate::audit::Audit;
use crate::chance::Chance;
use crate::cluster::Inside;
use crate::epic::Epics;
use crate::lock;
use crate::people::plan::VisitPlan;
use crate::scenario::Scenario;
use crate::time::{SkewedClock, Time};
use crate::trace::{About, Trace};
use crate::weather::{Link, Weather};
use crate::zoom::truth::Zooms;

/// One start of a node's process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Process {
    /// Which start, of all.
    pub id: u32,
    /// Which node.
    pub node: usize,
    /// Who it is to the store.
    pub token: OwnerToken,
}

/// Work that somebody outside asks of a process.
pub type Job = Box<dyn FnOnce(Inside) -> LocalBoxFuture<'static, ()> + Send>;

/// A process that runs, and the way to ask something of it.
pub type Door = (Process, mpsc::Sender<Job>);

/// How far the run is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Faults come.
    Trouble,
    /// No more faults come. Whoever still wants to take part does.
    Calm,
    /// Nobody does anything new.
    Rest,
}

/// An invariant does not hold.
#[derive(Clone, Debug)]
pub struct Breach {
    /// Which, as ARCHITECTURE.md numbers them, or what the simulation asks besides.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

/// A breach with where it was seen.
#[derive(Clone, Debug)]
pub struct Violation {
    /// How long after the begin.
    pub at: Duration,
    /// What it is about.
    pub about: About,
    /// Which, and what was seen.
    pub breach: Breach,
}

/// What all parts share.
pub struct World {
    /// What the seed stands for.
    pub scenario: Scenario,
    /// The true time.
    pub time: Time,
    /// What happened.
    pub trace: Trace,
    /// The store itself.
    pub store: Arc<MemoryStore>,
    /// What is out of order.
    pub weather: Mutex<Weather>,
    /// Zoom as it really is.
    pub zoom: Mutex<Zooms>,
    /// Every Epic as it really is.
    pub epics: Mutex<Epics>,
    /// What the invariants are judged by.
    pub audit: Mutex<Audit>,
    /// The way into each node, where a process runs.
    pub doors: Mutex<Vec<Option<Door>>>,
    /// Processes that have ended by themselves, for whoever runs them.
    pub exits: Mutex<BTreeSet<Process>>,
    /// Patients who have still to come for the last time.
    awaited: Mutex<BTreeMap<VisitKey, usize>>,
    stage: watch::Sender<Stage>,
    violation: Mutex<Option<Violation>>,
    violated: Notify,
}

impl World {
    /// The world of a scenario.
    #[must_use]
    pub fn new(scenario: Scenario, printed: bool) -> Arc<Self> {
        let time = Time::begins();
        let mut chance = Chance::stream(scenario.seed, "world", 0);
        let ahead = i64::try_from(chance.below(4_001)).unwrap_or(0) - 2_000;
        let clock = Arc::new(SkewedClock::new(time, Span(ahead)));
        let (nodes, organizations) = (scenario.nodes, scenario.organizations.len());
        Arc::new(Self {
            time,
            trace: Trace::new(printed),
            store: Arc::new(MemoryStore::new(clock, StoreLimits::default())),
            weather: Mutex::new(Weather::fine(nodes, organizations, scenario.everyday.jitter)),
            zoom: Mutex::new(Zooms::new(&scenario)),
            epics: Mutex::new(Epics::new(scenario.seed)),
            audit: Mutex::new(Audit::default()),
            doors: Mutex::new(vec![None; nodes]),
            exits: Mutex::default(),
            awaited: Mutex::new(awaited(&scenario)),
            stage: watch::channel(Stage::Trouble).0,
            violation: Mutex::default(),
            violated: Notify::new(),
            scenario,
        })
    }

    // === what happens ===

    /// Says who takes part.
    pub fn introduce(&self) {
        let Scenario { nodes, trouble, faults, everyday, look_every, .. } = &self.scenario;
        self.note(
            About::World,
            format_args!("{nodes} nodes that look every {look_every:?}, {trouble:?} of {faults:?}"),
        );
        self.note(About::World, format_args!("{everyday:?}"));
        for plan in &self.scenario.organizations {
            self.note(About::World, format_args!("{plan:?}"));
        }
        for (place, plan) in self.scenario.visits.iter().enumerate() {
            let (shard, key) = (Shard::of_visit(&plan.key).number(), plan.key.to_text());
            self.note(
                About::Visit(place),
                format_args!("is {key} of shard {shard}, with {} people", plan.people.len()),
            );
        }
    }

    /// Something happened.
    pub fn note(&self, about: About, what: std::fmt::Arguments<'_>) {
        self.trace.note(self.time.passed(), about, what);
    }

    /// What a visit is called in the trace.
    #[must_use]
    pub fn about(&self, visit: &VisitKey) -> About {
        let place = self.scenario.visits.iter().position(|plan| plan.key == *visit);
        place.map_or(About::World, About::Visit)
    }

    /// The place of an organization in the scenario.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> usize {
        self.scenario.organizations.iter().position(|plan| plan.id == *id).unwrap_or(0)
    }

    /// Takes a judgement in. The first breach ends the run.
    pub fn judge(&self, about: About, verdict: Result<(), Breach>) {
        let Err(breach) = verdict else { return };
        self.note(about, format_args!("{} does not hold: {}", breach.invariant, breach.what));
        let violation = Violation { at: self.time.passed(), about, breach };
        lock(&self.violation).get_or_insert(violation);
        self.violated.notify_one();
    }

    /// The first breach, if there was one.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        lock(&self.violation).clone()
    }

    /// Resolves when an invariant does not hold.
    pub async fn violated(&self) {
        self.violated.notified().await;
    }

    // === stages ===

    /// How far the run is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// The run goes on to another stage.
    pub fn enter(&self, stage: Stage) {
        self.note(About::World, format_args!("=== {stage:?} ==="));
        self.stage.send_replace(stage);
    }

    /// Resolves when that stage has come.
    pub async fn reached(&self, stage: Stage) {
        // The sender lives as long as this does.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Whether a patient of the visit has still to come for the last time.
    #[must_use]
    pub fn awaits_patients(&self, visit: &VisitKey) -> bool {
        lock(&self.awaited).get(visit).is_some_and(|awaited| *awaited > 0)
    }

    /// A patient has come for the last time, or will not.
    pub fn has_come(&self, visit: &VisitKey) {
        lock(&self.awaited).get_mut(visit).into_iter().for_each(|awaited| *awaited -= 1);
    }

    // === tasks and doors ===

    /// Runs something that belongs to no process.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place: the world's tasks belong to no process"
        )]
        tokio::spawn(task)
    }

    /// The way between a node and the store.
    #[must_use]
    pub fn link(&self, node: usize) -> Link {
        lock(&self.weather).link(node)
    }

    /// Whether a process runs, be it frozen.
    #[must_use]
    pub fn is_up(&self, process: Process) -> bool {
        lock(&self.doors)
            .get(process.node)
            .is_some_and(|door| matches!(door, Some((up, _)) if *up == process))
    }

    /// The process that runs on a node.
    #[must_use]
    pub fn process(&self, node: usize) -> Option<Process> {
        lock(&self.doors).get(node).and_then(|door| door.as_ref().map(|(process, _)| *process))
    }

    /// Asks a node to do something, and waits for its answer at most so long. `None` when no answer came; what was asked may be done
    /// all the same.
    pub async fn at_door<T: Send + 'static>(
        &self,
        node: usize,
        within: Duration,
        job: impl FnOnce(Inside) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Option<T> {
        let (_, door) = lock(&self.doors).get(node)?.clone()?;
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |inside| {
            async move {
                // Whoever asked may have stopped waiting.
                let _ = tell.send(job(inside).await);
            }
            .boxed_local()
        });
        door.try_send(job).ok()?;
        timeout(within, told).await.ok()?.ok()
    }
}

fn awaited(scenario: &Scenario) -> BTreeMap<VisitKey, usize> {
    let patients = |plan: &VisitPlan| plan.people.iter().filter(|person| !person.is_provider()).count();
    scenario.visits.iter().map(|plan| (plan.key.clone(), patients(plan))).collect()
}
