//! What is out of order at the moment: between nodes and the store, at each Epic, at Zoom, and on the way of Zoom's events.

use std::time::Duration;

use crate::chance::Chance;

/// How a thing that cannot be reached lets one know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// At once.
    Refusing,
    /// Not at all: whoever asks waits until he gives up.
    Silent,
}

/// The way between one node and the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Link {
    /// All is well.
    #[default]
    Clear,
    /// Nothing comes through.
    Cut(Manner),
    /// Requests come through, and answers do not.
    Deaf(Manner),
    /// Everything takes up to so long.
    Slow(Duration),
    /// So many of a hundred calls fail, half of them after they were done.
    Flaky(u64),
}

/// How somebody outside fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outside {
    /// It works.
    #[default]
    Works,
    /// It answers that it does not.
    Fails,
    /// It does not answer.
    Silent,
    /// It works slowly.
    Slow,
    /// It asks everybody to wait.
    Busy,
}

/// Everything that is out of order.
#[derive(Clone, Debug)]
pub struct Weather {
    /// By node.
    pub links: Vec<Link>,
    /// The store is away for everybody.
    pub away: Option<Manner>,
    /// No hint reaches anybody.
    pub hints_lost: bool,
    /// By organization.
    pub epics: Vec<Outside>,
    /// By organization.
    pub zooms: Vec<Outside>,
    /// Events take up to so much longer.
    pub events_late: Duration,
    /// So many of a hundred calls of the store take some milliseconds.
    pub jitter: u64,
}

/// How one call of the store goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way {
    /// So long until it is done.
    pub out: Duration,
    /// So long until its answer is there.
    pub back: Duration,
    /// It never reaches the store.
    pub lost: Option<Manner>,
    /// It is done, and its answer never comes.
    pub unheard: Option<Manner>,
}

impl Way {
    const CLEAR: Self = Self { out: Duration::ZERO, back: Duration::ZERO, lost: None, unheard: None };

    /// Whether it is done and answered at once.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        *self == Self::CLEAR
    }
}

impl Weather {
    /// Nothing is out of order.
    #[must_use]
    pub fn fine(nodes: usize, organizations: usize, jitter: u64) -> Self {
        Self {
            links: vec![Link::Clear; nodes],
            away: None,
            hints_lost: false,
            epics: vec![Outside::Works; organizations],
            zooms: vec![Outside::Works; organizations],
            events_late: Duration::ZERO,
            jitter,
        }
    }

    /// The way between a node and the store.
    #[must_use]
    pub fn link(&self, node: usize) -> Link {
        let own = self.links.get(node).copied().unwrap_or_default();
        self.away.map_or(own, Link::Cut)
    }

    /// Whether hints reach a node.
    #[must_use]
    pub fn hears_hints(&self, node: usize) -> bool {
        !self.hints_lost && !matches!(self.link(node), Link::Cut(_) | Link::Deaf(_))
    }

    /// How a call of a node goes that begins now.
    pub fn way(&self, node: usize, chance: &mut Chance) -> Way {
        let mut way = Way::CLEAR;
        match self.link(node) {
            Link::Clear => {}
            Link::Cut(manner) => way.lost = Some(manner),
            Link::Deaf(manner) => way.unheard = Some(manner),
            Link::Slow(most) => {
                let most = u64::try_from(most.as_millis()).unwrap_or(0);
                (way.out, way.back) = (chance.millis(0, most), chance.millis(0, most / 2));
            }
            Link::Flaky(percent) => {
                if chance.percent(percent) {
                    let manner = if chance.percent(70) { Manner::Refusing } else { Manner::Silent };
                    if chance.percent(50) { way.lost = Some(manner) } else { way.unheard = Some(manner) }
                }
            }
        }
        if chance.percent(self.jitter) {
            way.out += chance.millis(0, 8);
            way.back += chance.millis(0, 8);
        }
        way
    }
}
