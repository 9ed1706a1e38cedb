//! The schedule of faults: drawn from the seed before the run, so that what the nodes do changes nothing of it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep_until;
use vestibule_actors::memory::Model;

use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::lock;
use crate::scenario::{Fault, Scenario};
use crate::trace::About;
use crate::weather::{Link, Manner, Outside, Weather};
use crate::world::World;

/// Something that is done to the world at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Start(usize),
    Crash(usize),
    Drain(usize),
    Freeze(usize, bool),
    Link(usize, Link),
    Away(Option<Manner>),
    /// The same, as a part of a failover.
    Over(Option<Manner>),
    Hints(bool),
    Epic(usize, Outside),
    Zoom(usize, Outside),
    EventsLate(Duration),
    /// What the store holds now is what it will go back to.
    Remember,
    GoBack,
}

/// Acts by their time, and by the order in which they were drawn.
type Agenda = BTreeMap<(Duration, usize), Act>;

/// Draws the schedule of a scenario.
fn agenda(scenario: &Scenario) -> Agenda {
    let mut chance = Chance::stream(scenario.seed, "nemesis", 0);
    let mut agenda = Agenda::new();
    let kinds: Vec<Fault> = scenario.faults.iter().copied().collect();
    let mut busy = Busy { nodes: vec![Duration::ZERO; scenario.nodes], store: Duration::ZERO };
    let mut at = chance.millis(1_000, 15_000);
    while at < scenario.trouble {
        if let Some(kind) = chance.pick(&kinds) {
            for (after, act) in acts(kind, at, scenario, &mut busy, &mut chance) {
                agenda.insert((at + after, agenda.len()), act);
            }
        }
        at += chance.millis(200, scenario.calm);
    }
    agenda
}

/// Until when somebody has enough to bear.
struct Busy {
    nodes: Vec<Duration>,
    store: Duration,
}

impl Busy {
    /// A node that nothing is done to at the moment, which is then busy for so long.
    fn node(&mut self, at: Duration, lasts: Duration, chance: &mut Chance) -> Option<usize> {
        let free: Vec<usize> =
            (0..self.nodes.len()).filter(|n| self.nodes.get(*n).is_some_and(|b| *b <= at)).collect();
        let node = chance.pick(&free)?;
        *self.nodes.get_mut(node)? = at + lasts;
        Some(node)
    }
}

fn acts(
    kind: Fault,
    at: Duration,
    scenario: &Scenario,
    busy: &mut Busy,
    chance: &mut Chance,
) -> Vec<(Duration, Act)> {
    let now = Duration::ZERO;
    let manner = if chance.percent(50) { Manner::Refusing } else { Manner::Silent };
    let lasts = if chance.percent(50) { chance.millis(200, 5_000) } else { chance.millis(4_000, 25_000) };
    let place = chance.index(scenario.organizations.len());
    let outside = [Outside::Fails, Outside::Silent, Outside::Slow, Outside::Busy];
    let outside = chance.pick(&outside).unwrap_or_default();
    match kind {
        Fault::Crash => {
            let down = chance.millis(100, 12_000);
            node_acts(busy.node(at, down, chance), |n| vec![(now, Act::Crash(n)), (down, Act::Start(n))])
        }
        Fault::Drain => {
            let down = chance.millis(8_000, 25_000);
            node_acts(busy.node(at, down, chance), |n| vec![(now, Act::Drain(n)), (down, Act::Start(n))])
        }
        Fault::Freeze => node_acts(busy.node(at, lasts, chance), |n| {
            vec![(now, Act::Freeze(n, true)), (lasts, Act::Freeze(n, false))]
        }),
        Fault::Cut => {
            let link = if chance.percent(70) { Link::Cut(manner) } else { Link::Deaf(manner) };
            node_acts(busy.node(at, lasts, chance), |n| links(n, link, lasts))
        }
        Fault::Slow => {
            let link = Link::Slow(chance.millis(20, 2_500));
            node_acts(busy.node(at, lasts, chance), |n| links(n, link, lasts))
        }
        Fault::Flaky => {
            let link = Link::Flaky(5 + chance.below(60));
            node_acts(busy.node(at, lasts, chance), |n| links(n, link, lasts))
        }
        Fault::Away if busy.store <= at => {
            busy.store = at + lasts;
            vec![(now, Act::Away(Some(manner))), (lasts, Act::Away(None))]
        }
        Fault::GoesBack if busy.store <= at => go_back(at, manner, busy, chance),
        Fault::Away | Fault::GoesBack => Vec::new(),
        Fault::Hints => vec![(now, Act::Hints(true)), (lasts, Act::Hints(false))],
        Fault::Epic => {
            let lasts = lasts * 2;
            vec![(now, Act::Epic(place, outside)), (lasts, Act::Epic(place, Outside::Works))]
        }
        Fault::Zoom => vec![(now, Act::Zoom(place, outside)), (lasts, Act::Zoom(place, Outside::Works))],
        Fault::Events => {
            let late = chance.millis(1_000, 30_000);
            vec![(now, Act::EventsLate(late)), (lasts, Act::EventsLate(Duration::ZERO))]
        }
    }
}

fn node_acts(node: Option<usize>, acts: impl FnOnce(usize) -> Vec<(Duration, Act)>) -> Vec<(Duration, Act)> {
    node.map(acts).unwrap_or_default()
}

fn links(node: usize, link: Link, lasts: Duration) -> Vec<(Duration, Act)> {
    vec![(Duration::ZERO, Act::Link(node, link)), (lasts, Act::Link(node, Link::Clear))]
}

/// A failover: the last writes are lost, and mostly nobody is answered for a while. Mostly nothing else happens to any node just then, so that
/// everything must be given back.
fn go_back(at: Duration, manner: Manner, busy: &mut Busy, chance: &mut Chance) -> Vec<(Duration, Act)> {
    let lost = chance.millis(300, 2_000);
    let back = lost + if chance.percent(50) { Duration::ZERO } else { chance.millis(100, 6_000) };
    busy.store = at + back + Duration::from_secs(10);
    if chance.percent(75) {
        for node in &mut busy.nodes {
            *node = (*node).max(at + back + Duration::from_secs(20));
        }
    }
    let mut acts = vec![(Duration::ZERO, Act::Remember)];
    if back > lost {
        acts.extend([(lost, Act::Over(Some(manner))), (back, Act::GoBack), (back, Act::Over(None))]);
    } else {
        acts.push((lost, Act::GoBack));
    }
    acts
}

/// Does to the world what the schedule says, and in the end mends everything.
pub async fn rage(world: Arc<World>, cluster: Rc<Cluster>) {
    let mut remembered = None;
    for ((at, _), act) in agenda(&world.scenario) {
        if at >= world.scenario.trouble {
            break;
        }
        sleep_until(world.time.at(at)).await;
        act.done(&world, &cluster, &mut remembered);
    }
    sleep_until(world.time.at(world.scenario.trouble)).await;
    mend(&world, &cluster);
}

impl Act {
    fn done(self, world: &Arc<World>, cluster: &Cluster, remembered: &mut Option<Remembered>) {
        match self {
            Self::Start(node) => cluster.start(node),
            Self::Crash(node) => cluster.crash(node),
            Self::Drain(node) => cluster.drain(node),
            Self::Freeze(node, frozen) => cluster.freeze(node, frozen),
            Self::Link(node, link) => {
                lock(&world.weather).links.get_mut(node).into_iter().for_each(|there| *there = link);
                world.note(About::World, format_args!("node {node} to the store: {link:?}"));
                world.disturbed(node, link != Link::Clear);
            }
            Self::Away(manner) => {
                Self::Over(manner).done(world, cluster, remembered);
                (0..world.scenario.nodes).for_each(|node| world.disturbed(node, manner.is_some()));
            }
            Self::Over(manner) => {
                lock(&world.weather).away = manner;
                world.note(About::World, format_args!("the store is away: {manner:?}"));
            }
            Self::Hints(lost) => {
                lock(&world.weather).hints_lost = lost;
                world.note(About::World, format_args!("hints are lost: {lost}"));
            }
            Self::Epic(place, state) => {
                lock(&world.weather).epics.get_mut(place).into_iter().for_each(|there| *there = state);
                world.note(About::World, format_args!("Epic {place}: {state:?}"));
                world.epic_changes(place, state);
            }
            Self::Zoom(place, state) => {
                lock(&world.weather).zooms.get_mut(place).into_iter().for_each(|there| *there = state);
                world.note(About::World, format_args!("Zoom {place}: {state:?}"));
            }
            Self::EventsLate(by) => {
                lock(&world.weather).events_late = by;
                world.note(About::World, format_args!("events are late by up to {by:?}"));
            }
            Self::Remember => *remembered = Some((world.time.passed(), world.store.snapshot())),
            Self::GoBack => {
                if let Some((since, model)) = remembered.take() {
                    world.goes_back(since, model);
                }
            }
        }
    }
}

/// What the store held at a time.
type Remembered = (Duration, Model);

/// Everything is in order from now on.
fn mend(world: &Arc<World>, cluster: &Cluster) {
    let (nodes, organizations) = (world.scenario.nodes, world.scenario.organizations.len());
    let jitter = world.scenario.everyday.jitter;
    *lock(&world.weather) = Weather::fine(nodes, organizations, jitter);
    (0..organizations).for_each(|place| world.epic_changes(place, Outside::Works));
    for node in 0..nodes {
        world.disturbed(node, false);
        cluster.freeze(node, false);
        cluster.start(node);
    }
}
