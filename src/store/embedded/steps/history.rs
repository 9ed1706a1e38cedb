//! What happened to visits: appended behind what there is, without reading it.

use vestibule_actors::port::store::HistoryLines;
use vestibule_domain::time::Moment;

use super::super::keys::{self, Kept};
use super::super::row::HistoryRow;
use super::super::tables::{Look, Step, Tables, Write};

/// Histories that one part of a sweep looks at. Each may have many lines.
pub(super) const AT_ONCE: usize = 16;

impl Tables<'_> {
    /// Appends; how many lines left for it.
    pub(super) fn tell(&mut self, now: Moment, history: &[HistoryLines], most: u64) -> Step<u64> {
        let mut dropped = 0;
        for HistoryLines { visit, lines } in history.iter().filter(|history| !history.lines.is_empty()) {
            let key = keys::visit(visit);
            let known: Option<HistoryRow> = self.histories.row(&key)?;
            if known.is_none() {
                self.leaving.put(&Kept::History.at(now, &key), &[])?;
            }
            let mut row = HistoryRow { last: now, ..known.unwrap_or_default() };
            for line in lines {
                self.history.put(&keys::history(&key, row.next), line)?;
                row.next += 1;
            }
            while row.next - row.first > most {
                self.history.delete(&keys::history(&key, row.first))?;
                row.first += 1;
                dropped += 1;
            }
            self.histories.put_row(&key, &row)?;
        }
        Ok(dropped)
    }

    /// Removes a history whose newest line is old; one that has newer lines is looked at again when they are. Whether it was removed.
    pub(super) fn drop_history(&mut self, (at, key): &(Moment, Vec<u8>), oldest: Moment) -> Step<bool> {
        self.leaving.delete(&Kept::History.at(*at, key))?;
        let Some(row) = self.histories.row::<HistoryRow>(key)? else { return Ok(false) };
        if row.last >= oldest {
            self.leaving.put(&Kept::History.at(row.last, key), &[])?;
            return Ok(false);
        }
        self.drop_lines(key, &row)
    }

    /// Removes a history with all its lines.
    pub(super) fn drop_lines(&mut self, key: &[u8], row: &HistoryRow) -> Step<bool> {
        for number in row.first..row.next {
            self.history.delete(&keys::history(key, number))?;
        }
        self.histories.delete(key)
    }
}
