//! What boards were told: never an older state after a newer (I13).

use std::collections::BTreeMap;
use vestibule_actors::port::store::Epoch;
use vestibule_domain::id::VisitKey;

use super::breach;
use crate::world::{Breach, Process};

/// What each open board shows.
#[derive(Default)]
pub struct Boards {
    shown: BTreeMap<(Process, u64), BTreeMap<VisitKey, (Epoch, u64)>>,
    opened: u64,
    /// After a store that went back boards are not judged.
    went_back: bool,
}

impl Boards {
    /// A board is opened at a process; its number.
    pub fn opened(&mut self, at: Process) -> u64 {
        self.opened += 1;
        self.shown.insert((at, self.opened), BTreeMap::new());
        self.opened
    }

    /// A process has died, and its boards with it.
    pub fn died(&mut self, process: Process) {
        self.shown.retain(|(at, _), _| *at != process);
    }

    /// A board was told how a visit stands.
    ///
    /// # Errors
    /// When it has shown something newer.
    pub fn told(
        &mut self,
        (at, board): (Process, u64),
        visit: &VisitKey,
        epoch: Epoch,
        version: u64,
    ) -> Result<(), Breach> {
        let Some(shown) = self.shown.get_mut(&(at, board)) else { return Ok(()) };
        let before = shown.insert(visit.clone(), (epoch, version));
        if !self.went_back && before.is_some_and(|before| before > (epoch, version)) {
            return breach("I13", format!("board {board} was told {:?} after {before:?}", (epoch, version)));
        }
        Ok(())
    }

    /// A board was told that a visit has left.
    pub fn left(&mut self, board: (Process, u64), visit: &VisitKey) {
        self.shown.get_mut(&board).into_iter().for_each(|shown| {
            shown.remove(visit);
        });
    }

    /// A board is told nothing any more.
    pub fn closed(&mut self, board: (Process, u64)) {
        self.shown.remove(&board);
    }

    /// The store went back.
    pub fn went_back(&mut self) {
        self.went_back = true;
    }

    /// Judges that every open board shows the newest version of a visit.
    ///
    /// # Errors
    /// When one does not.
    pub fn check(&self, visit: &VisitKey, version: u64) -> Result<(), Breach> {
        for ((_, board), shown) in self.shown.iter().filter(|_| !self.went_back) {
            let there = shown.get(visit).map(|(_, version)| *version);
            if there != Some(version) {
                return breach(
                    "board",
                    format!("board {board} shows version {there:?} of a visit at {version}"),
                );
            }
        }
        Ok(())
    }
}
