//! Attempts to tell Epic: one at a time in a lane (I7), and none that nobody answers for (I9).
//!
//! An attempt may take effect when its process has lost the lane. The process must then say so; where it dies before it can, nobody knows
//! of that effect, and the light of that lane is not judged until something newer is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::time::Duration;
use vestibule_domain::effect::{LaneName, Says, Update};
use vestibule_domain::id::{ExternalId, VisitKey};
use vestibule_domain::shard::Shard;

use super::breach;
use crate::epic::LATEST_EFFECT;
use crate::lock;
use crate::world::{Breach, Process, World};

/// A lane of a visit.
pub type Lane = (VisitKey, LaneName);

/// An attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// By whom.
    pub process: Process,
    /// Of which visit.
    pub visit: VisitKey,
    /// In which lane.
    pub name: LaneName,
    /// As Epic knows them.
    pub external_id: ExternalId,
    /// The number of the update.
    pub seq: u64,
    /// What it says.
    pub says: Says,
}

impl Attempt {
    /// An attempt of a process.
    #[must_use]
    pub fn of(process: Process, visit: &VisitKey, update: &Update) -> Self {
        Self {
            process,
            visit: visit.clone(),
            name: update.lane(),
            external_id: update.external_id.clone(),
            seq: update.seq,
            says: update.says,
        }
    }

    /// Its lane.
    #[must_use]
    pub fn lane(&self) -> Lane {
        (self.visit.clone(), self.name.clone())
    }

    /// Its shard.
    #[must_use]
    pub fn shard(&self) -> Shard {
        Shard::of_visit(&self.visit)
    }
}

impl Display for Attempt {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { process, name, seq, says, .. } = self;
        write!(f, "{:?} #{seq} {says:?} by node {} ({})", name.participant, process.node, process.id)
    }
}

/// All attempts.
#[derive(Default)]
pub struct Attempts {
    running: BTreeMap<(Process, Lane), u64>,
    /// Effects that came when the lane was another's, and that the process has not told of.
    untold: BTreeSet<(Process, Lane)>,
    /// Lanes with an effect that nobody can know of, and the last update that was decided then.
    unknowable: BTreeMap<Lane, u64>,
    died: BTreeMap<Process, Duration>,
}

impl Attempts {
    /// An attempt begins.
    ///
    /// # Errors
    /// When another one of the lane runs in the same process.
    pub fn begins(&mut self, attempt: &Attempt) -> Result<(), Breach> {
        match self.running.insert((attempt.process, attempt.lane()), attempt.seq) {
            Some(before) => breach("I7", format!("{attempt} begins while #{before} of its lane runs")),
            None => Ok(()),
        }
    }

    /// An attempt has ended for its process.
    pub fn ends(&mut self, attempt: &Attempt) {
        self.running.remove(&(attempt.process, attempt.lane()));
    }

    /// The process has told a visit of an attempt that outlived its lease.
    pub fn told(&mut self, process: Process, lane: &Lane) {
        self.untold.remove(&(process, lane.clone()));
    }

    /// Whether a process has something to tell.
    #[must_use]
    pub fn has_untold(&self, process: Process) -> bool {
        self.untold.iter().any(|(of, _)| *of == process)
    }

    /// A process has died; `decided` says how far a lane is decided.
    pub fn died(&mut self, now: Duration, process: Process, decided: impl Fn(&Lane) -> u64) {
        self.died.insert(process, now);
        self.running.retain(|(of, _), _| *of != process);
        let untold: Vec<_> = self.untold.iter().filter(|(of, _)| *of == process).cloned().collect();
        for (process, lane) in untold {
            self.unknowable.insert(lane.clone(), decided(&lane));
            self.untold.remove(&(process, lane));
        }
    }

    /// Whether a lane's light can be known, `decided` being its last update.
    #[must_use]
    pub fn is_knowable(&self, lane: &Lane, decided: u64) -> bool {
        self.unknowable.get(lane).is_none_or(|then| decided > *then)
    }
}

impl World {
    /// An attempt begins.
    pub fn begins(&self, attempt: &Attempt) {
        let mut audit = lock(&self.audit);
        let owned =
            audit.leases.check(self.time.passed(), attempt.shard(), attempt.process, "an attempt at Epic");
        let alone = audit.attempts.begins(attempt);
        let place = self.organization(&attempt.visit.organization);
        let sparing = audit.gates.begins(place, self.time.now());
        drop(audit);
        let about = self.about(&attempt.visit);
        [owned, alone, sparing].into_iter().for_each(|verdict| self.judge(about, verdict));
    }

    /// An attempt takes effect, unless its process died so long ago that nothing of it can be under way.
    #[must_use]
    pub fn takes_effect(&self, attempt: &Attempt) -> bool {
        let now = self.time.passed();
        let (process, lane, shard) = (attempt.process, attempt.lane(), attempt.shard());
        let mut audit = lock(&self.audit);
        let died = audit.attempts.died.get(&process).copied();
        if died.is_some_and(|died| now > died + LATEST_EFFECT) {
            return false;
        }
        let known = match died {
            Some(_) => audit.leases.held_at_death(process, shard),
            None => audit.leases.holds(now, shard, process),
        };
        if !known {
            self.trace.count("effects at Epic after the lease was lost");
            if died.is_some() {
                let decided = audit.lanes.decided(&lane);
                audit.attempts.unknowable.insert(lane, decided);
            } else {
                audit.attempts.untold.insert((process, lane));
            }
        }
        true
    }
}
