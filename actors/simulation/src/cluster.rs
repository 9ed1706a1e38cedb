//! The nodes: each process lives in a `LocalSet` of its own, which is polled while the process runs, not polled while it is frozen, and
//! dropped when it dies.

use actix::Addr;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use vestibule_actors::codec::Format;
use vestibule_actors::desk::Desk;
use vestibule_actors::hub::Boards;
use vestibule_actors::node::{DrainNode, Node, NodeConfig};
use vestibule_actors::port::Ports;
use vestibule_actors::port::epic::Epic;
use vestibule_actors::port::observer::{Observed, Observer};
use vestibule_actors::port::organizations::{NotifierRules, Organizations};
use vestibule_actors::port::place::Here;
use vestibule_actors::port::store::OwnerToken;
use vestibule_actors::port::zoom::Zoom;
use vestibule_actors::shard::ShardRules;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Span;

use crate::audit::breach;
use crate::chance::{Chance, Seeded, uuid};
use crate::epic::EpicLine;
use crate::link::LinkedStore;
use crate::lock;
use crate::time::SkewedClock;
use crate::trace::About;
use crate::world::{Job, Process, World};
use crate::zoom::line::ZoomLine;

/// So many requests wait in front of a node.
const DOOR: usize = 256;

/// What the doors of a node work with.
#[derive(Clone)]
pub struct Inside {
    /// Which process.
    pub process: Process,
    /// The node itself.
    pub node: Addr<Node>,
    /// Takes commands in.
    pub desk: Desk,
    /// Where boards open their feeds.
    pub boards: Boards,
}

#[derive(Default)]
struct Slot {
    running: Option<(Process, LocalSet)>,
    frozen: bool,
    /// Another process is to be started when this one has gone.
    again: bool,
}

/// All nodes.
pub struct Cluster {
    world: Arc<World>,
    slots: RefCell<Vec<Slot>>,
    chance: RefCell<Chance>,
    starts: RefCell<u32>,
}

impl Cluster {
    /// Nodes without processes.
    #[must_use]
    pub fn new(world: &Arc<World>) -> Rc<Self> {
        let slots = (0..world.scenario.nodes).map(|_| Slot::default()).collect();
        let chance = RefCell::new(Chance::stream(world.scenario.seed, "cluster", 0));
        Rc::new(Self {
            world: Arc::clone(world),
            slots: RefCell::new(slots),
            chance,
            starts: RefCell::new(0),
        })
    }

    /// Lets every process that is not frozen do what it has to do.
    pub fn poll(&self, context: &mut Context<'_>) {
        for slot in self.slots.borrow_mut().iter_mut().filter(|slot| !slot.frozen) {
            if let Some((_, local)) = &mut slot.running {
                let _: Poll<()> = Pin::new(local).poll(context);
            }
        }
        let exits = std::mem::take(&mut *lock(&self.world.exits));
        for process in exits {
            self.world.note(About::World, format_args!("node {} ({}) has gone", process.node, process.id));
            let again = self.slots.borrow().get(process.node).is_some_and(|slot| slot.again);
            self.end(process.node);
            if again {
                self.start(process.node);
            }
        }
    }

    /// Starts a process on a node that has none.
    pub fn start(&self, node: usize) {
        if self.world.process(node).is_some() {
            // One that is on its way out is followed by another.
            self.slots.borrow_mut().get_mut(node).into_iter().for_each(|slot| slot.again = true);
            return;
        }
        *self.starts.borrow_mut() += 1;
        let id = *self.starts.borrow();
        let mut chance = self.chance.borrow_mut();
        let process = Process { id, node, token: OwnerToken(uuid(&mut chance)) };
        let ahead = i64::try_from(chance.below(4_001)).unwrap_or(0) - 2_000;
        drop(chance);
        self.world
            .note(About::World, format_args!("node {node} ({id}) starts, its clock ahead by {ahead} ms"));
        self.world.disturbed(node, false);
        let (door, jobs) = mpsc::channel(DOOR);
        if let Some(there) = lock(&self.world.doors).get_mut(node) {
            *there = Some((process, door));
        }
        let local = LocalSet::new();
        local.spawn_local(run(Arc::clone(&self.world), process, Span(ahead), jobs));
        if let Some(slot) = self.slots.borrow_mut().get_mut(node) {
            *slot = Slot { running: Some((process, local)), ..Slot::default() };
        }
    }

    /// A process dies: nothing of it is finished or given back.
    pub fn crash(&self, node: usize) {
        if let Some(process) = self.world.process(node) {
            self.world.note(About::World, format_args!("node {node} ({}) dies", process.id));
            self.end(node);
        }
    }

    fn end(&self, node: usize) {
        let Some(process) = self.world.process(node) else { return };
        self.world.disturbed(node, true);
        if let Some(door) = lock(&self.world.doors).get_mut(node) {
            *door = None;
        }
        let slot = self.slots.borrow_mut().get_mut(node).map(std::mem::take);
        drop(slot);
        let now = self.world.time.passed();
        let audit = &mut *lock(&self.world.audit);
        audit.leases.died(now, process);
        audit.attempts.died(now, process, |lane| audit.lanes.decided(lane));
        audit.boards.died(process);
    }

    /// A process is told to go, and goes when it has handed everything over.
    pub fn drain(&self, node: usize) {
        let Some((process, door)) = lock(&self.world.doors).get(node).cloned().flatten() else { return };
        self.world.note(About::World, format_args!("node {node} ({}) is told to go", process.id));
        self.world.disturbed(node, true);
        let world = Arc::clone(&self.world);
        let job: Job = Box::new(move |inside| {
            Box::pin(async move {
                // A node that has ended has nothing left to hand over.
                let _ = inside.node.send(DrainNode).await;
                lock(&world.exits).insert(process);
            })
        });
        // One whose door is full is killed instead.
        if door.try_send(job).is_err() {
            self.crash(node);
        }
    }

    /// A process stands still.
    pub fn freeze(&self, node: usize, frozen: bool) {
        let Some(process) = self.world.process(node) else { return };
        if let Some(slot) = self.slots.borrow_mut().get_mut(node).filter(|slot| slot.frozen != frozen) {
            slot.frozen = frozen;
            let how = if frozen { "stands still" } else { "goes on" };
            self.world.note(About::World, format_args!("node {node} ({}) {how}", process.id));
            self.world.disturbed(node, frozen);
        }
    }
}

/// A process from its start to its end.
async fn run(world: Arc<World>, process: Process, ahead: Span, mut jobs: mpsc::Receiver<Job>) {
    let ports = ports(&world, process, ahead);
    let rules = ShardRules { look_every: world.scenario.look_every, ..ShardRules::default() };
    let config = NodeConfig {
        name: format!("node-{}", process.node),
        token: process.token,
        release: "simulated".to_owned(),
        shards: rules,
        organizations: world.scenario.organizations.iter().map(|plan| plan.id.clone()).collect(),
    };
    let Ok(started) = Node::start(config, ports.clone()).await else {
        return world.judge(About::World, breach("liveness", "a node does not start".to_owned()));
    };
    let inside = Inside { process, node: started.node, desk: Desk::new(ports), boards: started.boards };
    let there = Arc::clone(&world);
    tokio::task::spawn_local(async move {
        if started.gave_up.await.is_ok() {
            there.judge(About::World, breach("panic", format!("node {} gives up", process.node)));
        }
    });
    while let Some(job) = jobs.recv().await {
        tokio::task::spawn_local(job(inside.clone()));
    }
}

fn ports(world: &Arc<World>, process: Process, ahead: Span) -> Ports {
    let seed = world.scenario.seed;
    let stream = |part| Chance::stream(seed, part, u64::from(process.id));
    let (to_epic, to_zoom) = (Arc::clone(world), Arc::clone(world));
    Ports {
        store: LinkedStore::new(world, process, stream("link")),
        clock: Arc::new(SkewedClock::new(world.time, ahead)),
        randomness: Arc::new(Seeded::new(stream("process"))),
        place: Arc::new(Here),
        organizations: Arc::new(Planned(Arc::clone(world))),
        epic: Arc::new(move || Rc::new(EpicLine::new(Arc::clone(&to_epic), process)) as Rc<dyn Epic>),
        zoom: Arc::new(move || Rc::new(ZoomLine::new(Arc::clone(&to_zoom), process)) as Rc<dyn Zoom>),
        observer: Arc::new(Counting(Arc::clone(world))),
        recent: Arc::default(),
        // Nodes of one release, some of which have been told to write the newest format.
        format: if stream("format").percent(50) { Format::Newest } else { Format::Previous },
        decide: Arc::new(vestibule_domain::decide),
    }
}

/// The settings of organizations, as the scenario has them.
struct Planned(Arc<World>);

impl Organizations for Planned {
    fn policy(&self, organization: &OrganizationId) -> Option<Arc<Policy>> {
        self.0.scenario.organization(organization).map(|plan| Arc::clone(&plan.policy))
    }

    fn notifier(&self, organization: &OrganizationId) -> Option<NotifierRules> {
        self.0.scenario.organization(organization).map(|plan| plan.notifier)
    }
}

/// Counts what happened, so that a long run can say what it has reached; an actor that dies ends the run.
struct Counting(Arc<World>);

impl Observer for Counting {
    fn observe(&self, what: Observed) {
        let counted = match what {
            Observed::VisitRestarted | Observed::ShardRestarted => {
                return self.0.judge(About::World, breach("panic", format!("{what:?}")));
            }
            Observed::CommandParked => {
                return self.0.judge(About::World, breach("I3", "a command is parked".to_owned()));
            }
            Observed::ShardStopped => {
                return self.0.judge(About::World, breach("panic", "a shard stops".to_owned()));
            }
            Observed::ShardLost => "shards that lost their lease",
            Observed::Restored { .. } => "comparisons with a store that may have gone back",
            Observed::AppendedAgain { .. } => "doors that appended again",
            Observed::CommitRetried => "commits asked again",
            Observed::AttemptOutlived { .. } => "attempts that outlived their lease",
            Observed::Superseded { .. } => "updates superseded",
            Observed::EpicAttempt { .. } => "attempts at Epic",
            Observed::ZoomCall { outcome: "ambiguous", .. } => "ambiguous calls of Zoom",
            Observed::ZoomCall { outcome: "not_begun", .. } => "calls of Zoom not begun",
            Observed::ZoomCall { .. } => "calls of Zoom",
            _ => return,
        };
        self.0.trace.count(counted);
    }
}
