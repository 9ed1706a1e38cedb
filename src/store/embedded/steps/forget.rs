//! What the store has of an organization that nobody works for any more.

use std::ops::ControlFlow;
use vestibule_actors::port::store::ParkedCommand;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::shard::Shard;

use super::super::keys::{self, Kept};
use super::super::row::{HistoryRow, MeetingRow, Row};
use super::super::tables::{Look, Step, Taken, Write};
use super::sweep::count;
use super::{Desk, history};

impl Desk<'_, '_> {
    /// Removes about so much of it; how much.
    pub(in super::super) fn forget_organization(
        &mut self,
        organization: &OrganizationId,
        max: u64,
    ) -> Step<u64> {
        let mut gone = 0;
        for shard in Shard::all() {
            let prefix = keys::outbox_of_organization(shard, organization);
            let updates = taken(&self.look()?.outbox, &prefix, max.saturating_sub(gone))?;
            gone += self.each(updates, |tables, key| tables.outbox.delete(&key))?;
        }
        gone += self.forget_parked(organization, max.saturating_sub(gone))?;
        gone += self.forget_histories(organization, max.saturating_sub(gone))?;
        let records = keys::records_of_organization(organization);
        let records = taken(&self.look()?.record_index, &records, max.saturating_sub(gone))?;
        let records = records.iter().filter_map(|place| keys::record_at_end(place).map(<[u8]>::to_vec));
        gone += self.drop_records(records.collect())?;
        gone += self.forget_meetings(organization, max.saturating_sub(gone))?;
        Ok(gone)
    }

    fn forget_parked(&mut self, organization: &OrganizationId, max: u64) -> Step<u64> {
        let mut found = at_most(max);
        self.look()?.parked.scan(&[], None, |key, value| match ParkedCommand::from_bytes(value) {
            Ok(parked) if parked.visit.organization == *organization => Ok(found.take(key.to_vec())),
            _ => Ok(ControlFlow::Continue(())),
        })?;
        self.unpark(found.items)
    }

    /// Each may have many lines, so that few leave at once.
    fn forget_histories(&mut self, organization: &OrganizationId, max: u64) -> Step<u64> {
        let prefix = keys::organization(organization);
        let visits = taken(&self.look()?.histories, &prefix, max.min(count(history::AT_ONCE)))?;
        let gone = self.each(visits, |tables, visit| {
            let Some(row) = tables.histories.row::<HistoryRow>(&visit)? else { return Ok(false) };
            tables.drop_lines(&visit, &row)
        })?;
        // When they would have left.
        let filed = taken(&self.look()?.leaving, &Kept::History.of(organization), max.saturating_sub(gone))?;
        Ok(gone + self.each(filed, |tables, key| tables.leaving.delete(&key))?)
    }

    fn forget_meetings(&mut self, organization: &OrganizationId, max: u64) -> Step<u64> {
        let meetings = taken(&self.look()?.meetings, &keys::organization(organization), max)?;
        self.each(meetings, |tables, place| {
            let Some(meeting) = tables.meetings.row::<MeetingRow>(&place)? else { return Ok(false) };
            tables.leaving.delete(&Kept::Meeting.at(meeting.at, &place))?;
            tables.meetings.delete(&place)
        })
    }
}

fn at_most<T>(max: u64) -> Taken<T> {
    Taken::at_most(usize::try_from(max).unwrap_or(usize::MAX))
}

/// Keys that begin so, at most so many.
fn taken(table: &impl Look, prefix: &[u8], max: u64) -> Step<Vec<Vec<u8>>> {
    let mut found = at_most(max);
    table.scan_prefix(prefix, |key, _| Ok(found.take(key.to_vec())))?;
    Ok(found.items)
}
