//! What was committed: each version of a visit once (I1), and no ended instance alive again (I5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use vestibule_actors::codec;
use vestibule_actors::port::store::{Commit, StoredVisit};
use vestibule_domain::id::{InstanceUuid, VisitKey};
use vestibule_domain::policy::Policy;
use vestibule_domain::visit::Visit;

use super::breach;
use crate::world::{Breach, Process};

/// A visit as it was last committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its version.
    pub version: u64,
    /// The last version that its owner has heard to be committed.
    pub learned: u64,
    /// Who committed it; nobody where it was found in a store that went back.
    pub by: Option<Process>,
    /// When.
    pub at: Duration,
    /// Its state.
    pub visit: Arc<Visit>,
}

/// All visits, as the store holds them.
#[derive(Default)]
pub struct Commits {
    visits: BTreeMap<VisitKey, Committed>,
    done: BTreeMap<Uuid, Duration>,
    /// Instances that a committed state once showed to have ended, Zoom having said so.
    ended: BTreeSet<(VisitKey, InstanceUuid)>,
}

impl Commits {
    /// Whether a commit was seen before: one that is asked again is done once.
    #[must_use]
    pub fn is_repeated(&self, commit: &Commit) -> bool {
        self.done.contains_key(&commit.id)
    }

    /// A commit was done.
    ///
    /// # Errors
    /// When a version was there before, or the state cannot be read.
    pub fn committed(&mut self, now: Duration, by: Process, commit: &Commit) -> Result<(), Breach> {
        self.done.insert(commit.id, now);
        for write in &commit.visits {
            let before = self.visits.get(&write.visit).map_or(0, |visit| visit.version);
            let version = write.expected + 1;
            if version != before + 1 {
                return breach("I1", format!("version {version} of a visit was committed after {before}"));
            }
            let Some(state) = &write.state else {
                self.visits.remove(&write.visit);
                continue;
            };
            self.put(&write.visit, Some(by), version, now, state)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        key: &VisitKey,
        by: Option<Process>,
        version: u64,
        at: Duration,
        state: &[u8],
    ) -> Result<(), Breach> {
        match codec::decode::<Visit>(state) {
            Ok(visit) => {
                let learned = self.visits.get(key).map_or(0, |before| before.learned.min(version));
                let visit = Arc::new(visit);
                self.visits.insert(key.clone(), Committed { version, learned, by, at, visit });
                Ok(())
            }
            Err(error) => breach("I1", format!("a state cannot be read: {error}")),
        }
    }

    /// The owner of a visit has heard that a version is committed.
    pub fn learned(&mut self, key: &VisitKey, version: u64) {
        if let Some(visit) = self.visits.get_mut(key) {
            visit.learned = visit.learned.max(version).min(visit.version);
        }
    }

    /// The store holds this now, whoever wrote it.
    pub fn found(&mut self, now: Duration, by: Option<Process>, stored: &StoredVisit) {
        // What was written by a commit was read then.
        let _ = self.put(&stored.visit, by, stored.version, now, &stored.state);
        self.learned(&stored.visit, stored.version);
    }

    /// The store went back to a time: nothing is known but what it holds now, and what was done after that is done anew when it is asked again.
    pub fn went_back(&mut self, since: Duration) {
        self.visits.clear();
        self.done.retain(|_, at| *at <= since);
    }

    /// Judges that no instance lives that had ended; `said` are the instances whose end Zoom was answered for.
    ///
    /// # Errors
    /// When one does.
    pub fn check_ends(
        &mut self,
        key: &VisitKey,
        policy: &Policy,
        said: &BTreeSet<InstanceUuid>,
    ) -> Result<(), Breach> {
        let Some(committed) = self.visits.get(key) else { return Ok(()) };
        let visit = &committed.visit;
        let course = visit.course(policy);
        if let Some((uuid, _)) = course.newest.filter(|_| course.live)
            && self.ended.contains(&(key.clone(), uuid.clone()))
        {
            return breach("I5", format!("instance {uuid} lives again"));
        }
        let over = visit.instances.iter().filter(|(uuid, i)| i.ended().is_some() && said.contains(*uuid));
        self.ended.extend(over.map(|(uuid, _)| (key.clone(), uuid.clone())));
        Ok(())
    }

    /// What a store that went back has lost may be told again in another order.
    pub fn forget_ends(&mut self, key: &VisitKey) {
        self.ended.retain(|(of, _)| of != key);
    }

    /// A visit as it was last committed.
    #[must_use]
    pub fn visit(&self, key: &VisitKey) -> Option<&Committed> {
        self.visits.get(key)
    }

    /// All visits.
    pub fn all(&self) -> impl Iterator<Item = (&VisitKey, &Committed)> {
        self.visits.iter()
    }
}
