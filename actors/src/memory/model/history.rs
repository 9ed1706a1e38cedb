//! What happened to visits.

use super::{Model, ShardData};
use crate::port::store::{History, HistoryLines};
use std::collections::VecDeque;
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

/// The history of one visit.
#[derive(Clone, Default)]
pub(super) struct Told {
    lines: VecDeque<Vec<u8>>,
    dropped: u64,
    /// When the newest line came.
    pub(super) last: Moment,
}

impl Model {
    /// See [`crate::port::store::Store::history`].
    #[must_use]
    pub fn history(&self, visit: &VisitKey) -> History {
        let told = self.shards.get(&Shard::of_visit(visit)).and_then(|data| data.histories.get(visit));
        told.map_or_else(History::default, |told| History {
            dropped: told.dropped,
            lines: told.lines.iter().cloned().collect(),
        })
    }
}

impl ShardData {
    /// Appends; how many lines left for it.
    pub(super) fn tell(&mut self, now: Moment, history: Vec<HistoryLines>, most: usize) -> u64 {
        let mut dropped = 0;
        for HistoryLines { visit, lines } in history.into_iter().filter(|history| !history.lines.is_empty()) {
            let told = self.histories.entry(visit).or_default();
            told.lines.extend(lines);
            told.last = now;
            while told.lines.len() > most.max(1) {
                told.lines.pop_front();
                told.dropped += 1;
                dropped += 1;
            }
        }
        dropped
    }
}
