//! A run from its begin to its end.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::audit::breach;
use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::lock;
use crate::nemesis::rage;
use crate::people::Person;
use crate::scenario::Scenario;
use crate::trace::{About, Line};
use crate::world::{Stage, Violation, World};
use crate::zoom::events;

/// Every shard has an owner that lives, so long after the last fault.
const OWNED_WITHIN: Duration = Duration::from_secs(12);
/// Everybody has come and gone, so long after the last fault.
const COME_AND_GONE_WITHIN: Duration = Duration::from_secs(480);
/// Nothing is in doubt any more, so long after the last thing that somebody did.
const AT_REST_WITHIN: Duration = Duration::from_secs(180);
/// The same where a meeting is silent, which is read after ten minutes.
const READ_WITHIN: Duration = Duration::from_secs(1_000);
/// So many lines about what went wrong are shown.
const HISTORY: usize = 120;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The hash of its trace.
    pub hash: u64,
    /// How long it went on, by its own clock.
    pub lasted: Duration,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// What went wrong, and what came before it.
    pub failure: Option<(Violation, Vec<Line>)>,
}

/// Plays what a seed stands for. Where it is `printed`, the trace goes to the standard output as it comes.
#[must_use]
pub fn run(seed: u64, printed: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing");
    runtime.block_on(async {
        let world = World::new(Scenario::of(seed), printed);
        let cluster = Cluster::new(&world);
        let mut story = pin!(story(Arc::clone(&world), Rc::clone(&cluster)));
        let mut violated = pin!(world.violated());
        let mut still = Still::default();
        poll_fn(|context| {
            still.check(&world);
            if violated.as_mut().poll(context).is_ready() || story.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            cluster.poll(context);
            Poll::Pending
        })
        .await;
        let failure = world.violation().map(|violation| {
            let history = world.trace.history(violation.about, HISTORY);
            (violation, history)
        });
        Outcome {
            seed,
            hash: world.trace.hash(),
            lasted: world.time.passed(),
            counts: world.trace.counts(),
            failure,
        }
    })
}

/// Whether time stands still since the nodes come to no end.
#[derive(Default)]
struct Still {
    at: Duration,
    polls: u32,
}

/// Nobody has so much to do within a millisecond.
const MOST_POLLS: u32 = 20_000;

impl Still {
    fn check(&mut self, world: &World) {
        let now = world.time.passed();
        self.polls = if self.at == now { self.polls + 1 } else { 0 };
        self.at = now;
        if self.polls > MOST_POLLS {
            world.judge(About::World, breach("liveness", "the nodes go round in circles".to_owned()));
        }
    }
}

async fn story(world: Arc<World>, cluster: Rc<Cluster>) {
    world.introduce();
    (0..world.scenario.nodes).for_each(|node| cluster.start(node));
    let mut people = Vec::new();
    for (number, (visit, plan)) in world
        .scenario
        .visits
        .iter()
        .flat_map(|visit| visit.people.iter().map(|plan| (visit.key.clone(), plan.clone())))
        .enumerate()
    {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        people.push(world.spawn(Person::new(&world, visit, plan, number).live()));
    }
    world.spawn(look_on(Arc::clone(&world)));
    world.spawn(open_boards(Arc::clone(&world)));
    rage(Arc::clone(&world), cluster).await;
    world.enter(Stage::Calm);
    lock(&world.zoom).lose_no_more();
    events::tell(&world);
    sleep(OWNED_WITHIN).await;
    if let Err((about, breach)) = world.check_owners(false) {
        return world.judge(about, Err(breach));
    }
    let all_gone = async {
        for person in people {
            // Nobody panics, else the run has ended.
            let _ = person.await;
        }
    };
    if timeout(COME_AND_GONE_WITHIN, all_gone).await.is_err() {
        return world.judge(About::World, breach("liveness", "somebody comes to no end".to_owned()));
    }
    world.enter(Stage::Rest);
    come_to_rest(&world).await;
}

async fn come_to_rest(world: &Arc<World>) {
    let began = world.time.passed();
    loop {
        sleep(Duration::from_secs(1)).await;
        world.check_given_back();
        let Err((about, breach)) = world.check_rest() else { return };
        let waited = world.time.passed().saturating_sub(began);
        let most = if world.waits_for_a_reading() { READ_WITHIN } else { AT_REST_WITHIN };
        if waited > most {
            return world.judge(about, Err(breach));
        }
    }
}

/// Judges now and then what can be judged while the run goes on.
async fn look_on(world: Arc<World>) {
    loop {
        sleep(Duration::from_secs(2)).await;
        world.check_given_back();
    }
}

/// People look at boards on all nodes.
async fn open_boards(world: Arc<World>) {
    let mut chance = Chance::stream(world.scenario.seed, "boards", 0);
    loop {
        let node = chance.index(world.scenario.nodes);
        let there = Arc::clone(&world);
        world
            .at_door(node, Duration::from_secs(1), move |inside| {
                Box::pin(async move {
                    tokio::task::spawn_local(crate::people::board::watch(there, inside));
                })
            })
            .await;
        let next = chance.millis(10_000, 60_000);
        if timeout(next, world.reached(Stage::Rest)).await.is_ok() {
            return;
        }
    }
}

impl Outcome {
    /// The command that repeats the run.
    #[must_use]
    pub fn command(&self) -> String {
        format!("cargo run --profile simulation -p vestibule-simulation -- --seed {}", self.seed)
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Some((violation, history)) = &self.failure else {
            return write!(f, "seed {}: all holds, {:?}, trace {:016x}", self.seed, self.lasted, self.hash);
        };
        for line in history {
            writeln!(f, "{line}")?;
        }
        let Violation { at, breach, .. } = violation;
        writeln!(f, "seed {} at {at:?}: {} does not hold: {}", self.seed, breach.invariant, breach.what)?;
        write!(f, "again: {}", self.command())
    }
}
