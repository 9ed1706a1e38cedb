//! What leaves in time, in parts: a part is one step of at most so many removals, so that nobody waits long behind a sweep.

use std::ops::ControlFlow;
use vestibule_actors::port::store::{GONE_TOLD_FOR, ParkedCommand, Retention, Seq, Swept};
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::time::Moment;

use super::super::keys::{self, Kept, Leaving};
use super::super::row::{Cut, MeetingRow, Reader, Row};
use super::super::tables::{Failure, Look, Step, Tables, Write};
use super::commit::PARKED_COUNT;
use super::{Desk, history, read};

/// Removals in one part.
const MOST: usize = 500;

/// The parts of a sweep, in their order. Those that may have more to remove are repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Part {
    Relaid,
    Values,
    Held,
    OldRecords,
    RecordsAboveCap,
    Parked,
    Meetings,
    Gone,
    Histories,
}

impl Part {
    pub(in super::super) const ALL: [Self; 9] = [
        Self::Relaid,
        Self::Values,
        Self::Held,
        Self::OldRecords,
        Self::RecordsAboveCap,
        Self::Parked,
        Self::Meetings,
        Self::Gone,
        Self::Histories,
    ];
}

impl Desk<'_, '_> {
    /// Does a part; what it removed, and whether there may be more.
    pub(in super::super) fn sweep(&mut self, part: Part, keep: &Retention) -> Step<(Swept, bool)> {
        let now = self.now;
        let mut swept = Swept::default();
        let removed = match part {
            Part::Relaid => self.lay_out_anew()?,
            Part::Values => {
                let due = self.look()?.leaving_before(Leaving::Value, Moment(now.0.saturating_add(1)))?;
                let removed =
                    self.each(due, |tables, (_, place)| Ok(tables.drop_value(&place)?.is_some()))?;
                swept.values = removed;
                removed
            }
            Part::Held => {
                let due = self.look()?.expired_held(now, MOST)?;
                let removed = self.each(due, |tables, (organization, meeting, number)| {
                    tables.drop_held(&organization, meeting, number).map(|()| true)
                })?;
                swept.held = removed;
                removed
            }
            Part::OldRecords => {
                let due = self.look()?.old_records(now, keep)?;
                swept.records_old = self.drop_records(due)?;
                swept.records_old
            }
            Part::RecordsAboveCap => {
                let due = self.look()?.records_above(keep.records_per_organization)?;
                swept.records_above_cap = self.drop_records(due)?;
                swept.records_above_cap
            }
            Part::Parked => {
                swept.parked = self.sweep_parked(now, keep)?;
                swept.parked
            }
            Part::Meetings => {
                swept.index = self.sweep_meetings(now, keep)?;
                swept.index
            }
            Part::Gone => {
                let told_until = Moment((now - GONE_TOLD_FOR).0.saturating_add(1));
                let due = self.look()?.leaving_before(Leaving::Gone, told_until)?;
                self.each(due, |tables, (_, visit)| tables.forget_gone(&visit).map(|()| true))?
            }
            Part::Histories => return self.sweep_histories(now, keep),
        };
        Ok((swept, removed >= count(MOST)))
    }

    /// Removes each; how many were there.
    pub(super) fn each<T>(
        &mut self,
        due: Vec<T>,
        mut remove: impl FnMut(&mut Tables<'_>, T) -> Step<bool>,
    ) -> Step<u64> {
        if due.is_empty() {
            return Ok(0);
        }
        let tables = self.write()?;
        let mut removed = 0;
        for one in due {
            removed += u64::from(remove(tables, one)?);
        }
        Ok(removed)
    }

    pub(super) fn drop_records(&mut self, due: Vec<Vec<u8>>) -> Step<u64> {
        if due.is_empty() {
            return Ok(0);
        }
        let dropped = count(due.len());
        let unreadable = self.write()?.drop_records(due)?;
        self.unreadable += count(unreadable);
        Ok(dropped)
    }

    /// Histories leave with the records.
    fn sweep_histories(&mut self, now: Moment, keep: &Retention) -> Step<(Swept, bool)> {
        let mut due = self.look()?.kept_too_long(Kept::History, now, keep, |_| Ok(true))?;
        let more = due.len() > history::AT_ONCE;
        due.truncate(history::AT_ONCE);
        let histories = self.each(due, |tables, due| {
            let oldest = keep.oldest(now, &keys::organization_of(&due.1)?);
            tables.drop_history(&due, oldest)
        })?;
        Ok((Swept { histories, ..Swept::default() }, more))
    }

    /// One that cannot be read leaves with the first old one behind it.
    fn sweep_parked(&mut self, now: Moment, keep: &Retention) -> Step<u64> {
        let (mut due, mut unread, mut unreadable) = (Vec::new(), Vec::new(), 0);
        self.look()?.parked.scan(&[], None, |key, value| {
            match ParkedCommand::from_bytes(value) {
                Ok(parked) if parked.at < keep.oldest(now, &parked.visit.organization) => {
                    due.append(&mut unread);
                    due.push(key.to_vec());
                }
                Ok(_) => unread.clear(),
                Err(_) => {
                    unreadable += 1;
                    unread.push(key.to_vec());
                }
            }
            Ok(if due.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.unreadable += unreadable;
        self.unpark(due)
    }

    /// Removes a command that was set aside.
    pub(in super::super) fn drop_parked(&mut self, visit: &VisitKey, seq: Seq) -> Step<bool> {
        let mut found = Vec::new();
        self.look()?.parked.scan(&[], None, |key, value| {
            let is_it = |parked: ParkedCommand| parked.visit == *visit && parked.seq == seq;
            if ParkedCommand::from_bytes(value).is_ok_and(is_it) {
                found.push(key.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(self.unpark(found)? > 0)
    }

    pub(super) fn unpark(&mut self, keys: Vec<Vec<u8>>) -> Step<u64> {
        let removed = self.each(keys, |tables, key| tables.parked.delete(&key))?;
        if removed > 0 {
            let tables = self.write()?;
            let kept: u64 = tables.meta.row_or_default(PARKED_COUNT)?;
            tables.meta.put_row(PARKED_COUNT, &kept.saturating_sub(removed))?;
        }
        Ok(removed)
    }

    /// Index entries leave with their records, save those of visits that are still there. Those are few, and looked at again each time.
    fn sweep_meetings(&mut self, now: Moment, keep: &Retention) -> Step<u64> {
        let tables = self.look()?;
        let due = tables.kept_too_long(Kept::Meeting, now, keep, |place| {
            let meeting: Option<MeetingRow> = tables.meetings.row(place)?;
            let visit = meeting.map(|meeting| keys::visit(&meeting.visit));
            Ok(visit.map_or(Ok(None), |visit| tables.visits.bytes(&visit))?.is_none())
        })?;
        self.each(due, |tables, (at, place)| {
            tables.leaving.delete(&Kept::Meeting.at(at, &place))?;
            tables.meetings.delete(&place)
        })
    }

    /// Files what a file has from the time in which organizations kept nothing for a time of their own.
    fn lay_out_anew(&mut self) -> Step<u64> {
        let mut found = Vec::new();
        for kind in Kept::ALL {
            self.look()?.leaving.scan_prefix(&[kind.prefix_before()], |key, _| {
                let (at, what) = keys::read_leaving(key)?;
                found.push((key.to_vec(), kind.at(at, what)));
                Ok(if found.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        self.each(found, |tables, (before, after)| {
            tables.leaving.put(&after, &[])?;
            tables.leaving.delete(&before)
        })
    }
}

impl Tables<'_> {
    /// What has a time before `before`, earliest first.
    fn leaving_before(&self, kind: Leaving, before: Moment) -> Step<Vec<(Moment, Vec<u8>)>> {
        let mut due = Vec::new();
        let end = kind.at(before, &[]);
        self.leaving.scan(&[kind.prefix()], Some(&end), |key, _| {
            let (at, what) = keys::read_leaving(key)?;
            due.push((at, what.to_vec()));
            Ok(if due.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(due)
    }

    /// What has been kept for longer than its organization keeps such, and goes, earliest first of each organization.
    fn kept_too_long(
        &self,
        kind: Kept,
        now: Moment,
        keep: &Retention,
        goes: impl Fn(&[u8]) -> Step<bool>,
    ) -> Step<Vec<(Moment, Vec<u8>)>> {
        let mut due = Vec::new();
        for organization in organizations_in(&self.leaving, &[kind.prefix()])? {
            if due.len() >= MOST {
                break;
            }
            let end = kind.from(&organization, keep.oldest(now, &organization));
            self.leaving.scan(&kind.of(&organization), Some(&end), |key, _| {
                let (at, what) = keys::read_kept(key)?;
                if goes(what)? {
                    due.push((at, what.to_vec()));
                }
                Ok(if due.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        Ok(due)
    }

    fn old_records(&self, now: Moment, keep: &Retention) -> Step<Vec<Vec<u8>>> {
        let mut due = Vec::new();
        for organization in organizations_in(&self.record_index, b"o")? {
            if due.len() >= MOST {
                break;
            }
            let first = keys::records_of_organization(&organization);
            let end = keys::records_of_organization_from(&organization, keep.oldest(now, &organization));
            self.record_index.scan(&first, Some(&end), |place, _| {
                due.extend(keys::record_at_end(place).map(<[u8]>::to_vec));
                Ok(if due.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        Ok(due)
    }

    /// The oldest records of each organization that has more than it may have.
    fn records_above(&self, cap: u64) -> Step<Vec<Vec<u8>>> {
        let mut above = Vec::new();
        let mut full = Vec::new();
        self.record_count.scan(&[], None, |key, value| {
            let surplus = read::<u64>(value)?.saturating_sub(cap);
            if surplus > 0 {
                let organization = OrganizationId::new(Reader::new(key).zero_terminated()?)
                    .map_err(|_| Failure::Corrupt("records belong to no organization"))?;
                full.push((organization, surplus));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (organization, surplus) in full {
            let prefix = keys::records_of_organization(&organization);
            let wanted = usize::try_from(surplus).unwrap_or(MOST).min(MOST - above.len().min(MOST));
            let until = above.len() + wanted;
            self.record_index.scan_prefix(&prefix, |key, _| {
                if above.len() >= until {
                    return Ok(ControlFlow::Break(()));
                }
                let mut reader = Reader::new(key);
                reader.skip(prefix.len())?;
                above.push(reader.rest().to_vec());
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(above)
    }
}

/// The organizations of the rows whose keys begin so and go on with one: one seek for each, however many rows it has.
fn organizations_in(table: &impl Look, prefix: &[u8]) -> Step<Vec<OrganizationId>> {
    let (mut found, mut from, end) = (Vec::new(), prefix.to_vec(), keys::end_of(prefix));
    loop {
        let mut next = None;
        table.scan(&from, end.as_deref(), |key, _| {
            let mut reader = Reader::new(key);
            reader.skip(prefix.len())?;
            let organization = reader.zero_terminated()?;
            next = Some(OrganizationId::new(organization).map_err(|_| Cut)?);
            Ok(ControlFlow::Break(()))
        })?;
        let Some(organization) = next else { return Ok(found) };
        let all = [prefix, organization.as_str().as_bytes(), &[0]].concat();
        found.push(organization);
        let Some(after) = keys::end_of(&all) else { return Ok(found) };
        from = after;
    }
}

pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
