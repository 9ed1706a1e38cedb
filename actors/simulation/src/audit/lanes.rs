//! What was decided to tell Epic, and what became of it (I8): every update is settled in the end, and its record says how.

use std::collections::BTreeMap;
use vestibule_actors::codec;
use vestibule_actors::port::store::{Acknowledgement, OutboxEntry, Outcome};
use vestibule_domain::effect::{Says, Update};

use super::attempts::Lane;
use super::breach;
use crate::world::Breach;

/// An update that was decided.
#[derive(Clone, Debug)]
struct Decided {
    says: Says,
    settled: bool,
    records: Vec<Outcome>,
    /// A store that went back may have forgotten it, or what became of it.
    in_doubt: bool,
}

/// All lanes, by the numbers of their updates.
#[derive(Default)]
pub struct Lanes {
    lanes: BTreeMap<Lane, BTreeMap<u64, Decided>>,
}

impl Lanes {
    /// An update was committed to the outbox.
    ///
    /// # Errors
    /// When its number was used before.
    pub fn committed(&mut self, entry: &OutboxEntry) -> Result<(), Breach> {
        let lane = (entry.visit.clone(), entry.lane.clone());
        let Ok(update) = codec::decode::<Update>(&entry.payload) else {
            return breach("I8", "an update in the outbox cannot be read".to_owned());
        };
        let decided = Decided { says: update.says, settled: false, records: Vec::new(), in_doubt: false };
        let before = self.lanes.entry(lane.clone()).or_default().insert(entry.seq, decided);
        if before.is_some_and(|before| !before.in_doubt) {
            return breach("I8", format!("update #{} of {:?} was decided twice", entry.seq, lane.1));
        }
        Ok(())
    }

    /// An update was reported on.
    ///
    /// # Errors
    /// When it was never decided, or is settled without a record.
    pub fn acknowledged(&mut self, report: &Acknowledgement) -> Result<(), Breach> {
        let lane = (report.visit.clone(), report.lane.clone());
        let updates = self.lanes.entry(lane.clone()).or_default();
        if let Some(update) = updates.get_mut(&report.seq) {
            update.records.extend(report.records.iter().map(|record| record.outcome));
        } else if updates.values().all(|update| !update.in_doubt) {
            return breach(
                "I8",
                format!("update #{} of {:?} was reported and never decided", report.seq, lane.1),
            );
        }
        if report.settled.is_some() {
            if report.records.is_empty() {
                return breach(
                    "I8",
                    format!("update #{} of {:?} was settled without a record", report.seq, lane.1),
                );
            }
            updates.range_mut(..=report.seq).for_each(|(_, update)| update.settled = true);
        }
        Ok(())
    }

    /// The number of a lane's last update.
    #[must_use]
    pub fn decided(&self, lane: &Lane) -> u64 {
        self.lanes.get(lane).and_then(|updates| updates.keys().next_back().copied()).unwrap_or(0)
    }

    /// The store went back.
    pub fn went_back(&mut self) {
        self.lanes.values_mut().flat_map(BTreeMap::values_mut).for_each(|update| update.in_doubt = true);
    }

    /// Judges that nothing is left.
    ///
    /// # Errors
    /// When an update was not settled, or has no record of what became of it.
    pub fn check(&self) -> Result<(), Breach> {
        for ((_, lane), updates) in &self.lanes {
            for (seq, update) in updates.iter().filter(|(_, update)| !update.in_doubt) {
                let (status, participant) = (update.says, &lane.participant);
                if !update.settled {
                    return breach(
                        "I8",
                        format!("update #{seq} ({status:?}) of {participant:?} was never settled"),
                    );
                }
                if !update.records.iter().any(|outcome| *outcome != Outcome::Retrying) {
                    return breach(
                        "I8",
                        format!(
                            "update #{seq} ({status:?}) of {participant:?} has no record of its end: {:?}",
                            update.records
                        ),
                    );
                }
            }
        }
        Ok(())
    }
}
