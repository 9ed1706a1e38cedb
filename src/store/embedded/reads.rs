//! The steps that only read, each on one snapshot of the file.

use redb::ReadTransaction;
use std::ops::ControlFlow;
use vestibule_actors::codec;
use vestibule_actors::memory::matches;
use vestibule_actors::port::store::{
    Changed, History, JournalEntry, OrganizationValue, OutboxEntry, Page, ParkedCommand, RECORDS_LOOKED_AT,
    Record, RecordPlace, RecordQuery, Seq, Space, StoredVisit,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::id::{OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::keys;
use super::row::{self, HistoryRow, Reader, Row, ShardRow, UntilRow, VisitRow};
use super::stats::StoreStats;
use super::tables::{self as tables, Look, Step, Taken};

pub(super) fn journal(
    snapshot: &ReadTransaction,
    shard: Shard,
    after: Seq,
    max: usize,
) -> Step<Vec<JournalEntry>> {
    let mut taken = Taken::at_most(max);
    let from = keys::after(&keys::journal(shard, after));
    let to = keys::end_of(&keys::shard(shard));
    tables::open(snapshot, tables::JOURNAL)?
        .scan(&from, to.as_deref(), |key, value| Ok(taken.take(row::read_journal_entry(key, value)?)))?;
    Ok(taken.items)
}

pub(super) fn cursor(snapshot: &ReadTransaction, shard: Shard) -> Step<Seq> {
    let row: ShardRow = tables::open(snapshot, tables::SHARDS)?.row_or_default(&keys::shard(shard))?;
    Ok(row.cursor)
}

pub(super) fn load(snapshot: &ReadTransaction, visit: &VisitKey) -> Step<Option<StoredVisit>> {
    let row: Option<VisitRow> = tables::open(snapshot, tables::VISITS)?.row(&keys::visit(visit))?;
    Ok(row.map(|row| row.stored(visit.clone())))
}

pub(super) fn due(
    snapshot: &ReadTransaction,
    shard: Shard,
    until: Moment,
    max: usize,
) -> Step<Vec<(VisitKey, Moment)>> {
    let mut taken = Taken::at_most(max);
    tables::open(snapshot, tables::WAKES)?.scan_prefix(&keys::shard(shard), |key, _| {
        let mut reader = Reader::new(key);
        reader.skip(2)?;
        let at = keys::read_moment(&mut reader)?;
        if at > until {
            return Ok(ControlFlow::Break(()));
        }
        Ok(taken.take((keys::read_visit(&mut reader)?, at)))
    })?;
    Ok(taken.items)
}

pub(super) fn outbox(
    snapshot: &ReadTransaction,
    shard: Shard,
    after: Option<(VisitKey, LaneName, u64)>,
    max: usize,
) -> Step<Vec<OutboxEntry>> {
    let from = match after {
        Some((visit, lane, seq)) => keys::after(&keys::outbox(shard, &visit, &lane, seq)),
        None => keys::shard(shard),
    };
    let to = keys::end_of(&keys::shard(shard));
    let mut taken = Taken::at_most(max);
    tables::open(snapshot, tables::OUTBOX)?
        .scan(&from, to.as_deref(), |key, value| Ok(taken.take(row::read_outbox_entry(key, value)?)))?;
    Ok(taken.items)
}

pub(super) fn changes(snapshot: &ReadTransaction) -> Step<Vec<(Shard, u64)>> {
    let shards = tables::open(snapshot, tables::SHARDS)?;
    let mut changes = Vec::new();
    for shard in Shard::all() {
        let row: ShardRow = shards.row_or_default(&keys::shard(shard))?;
        if row.change > 0 {
            changes.push((shard, row.change));
        }
    }
    Ok(changes)
}

pub(super) fn changed_since(
    snapshot: &ReadTransaction,
    shard: Shard,
    change: u64,
    max: usize,
) -> Step<Vec<Changed>> {
    let visits = tables::open(snapshot, tables::VISITS)?;
    let mut taken = Taken::at_most(max);
    let from = keys::after(&keys::change(shard, change));
    let to = keys::end_of(&keys::shard(shard));
    tables::open(snapshot, tables::CHANGED)?.scan(&from, to.as_deref(), |key, place| {
        let visit = keys::read_visit(&mut Reader::new(place))?;
        let mut reader = Reader::new(key);
        reader.skip(2)?;
        let change = reader.big_endian()?;
        let stored = visits.row::<VisitRow>(place)?.map(|row| row.stored(visit.clone()));
        Ok(taken.take(Changed { visit, change, stored }))
    })?;
    Ok(taken.items)
}

pub(super) fn visits(
    snapshot: &ReadTransaction,
    organization: Option<&OrganizationId>,
    after: Option<&VisitKey>,
    limit: usize,
) -> Step<Page<StoredVisit, VisitKey>> {
    let limit = limit.max(1);
    let prefix = organization.map(keys::organization).unwrap_or_default();
    let to = keys::end_of(&prefix);
    let from = after.map_or_else(Vec::new, |after| keys::after(&keys::visit(after))).max(prefix);
    let mut taken = Taken::at_most(limit.saturating_add(1));
    tables::open(snapshot, tables::VISITS)?.scan(&from, to.as_deref(), |key, value| {
        let visit = keys::read_visit(&mut Reader::new(key))?;
        Ok(taken.take(VisitRow::from_bytes(value)?.stored(visit)))
    })?;
    let mut items = taken.items;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|stored| stored.visit.clone());
    Ok(Page { items, next })
}

/// A record that cannot be read is passed over and counted, so that it hides none of the others.
pub(super) fn records(
    snapshot: &ReadTransaction,
    query: &RecordQuery,
    stats: &StoreStats,
) -> Step<Page<Record, RecordPlace>> {
    let limit = query.limit.max(1);
    let all = tables::open(snapshot, tables::RECORDS)?;
    let mut taken: Taken<Record> = Taken::at_most(limit.saturating_add(1));
    let most = RECORDS_LOOKED_AT.max(limit.saturating_add(1));
    let mut looked_at = 0;
    let mut last_seen = None;
    let mut see = |key: &[u8], bytes: &[u8]| {
        looked_at += 1;
        last_seen = Some(keys::read_record(&mut Reader::new(key))?);
        let read = codec::decode::<Record>(bytes).inspect_err(|_| stats.rows_unreadable(1));
        if let Some(record) = read.ok().filter(|record| matches(record, query))
            && taken.take(record).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        Ok(if looked_at >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    let oldest = query.oldest().map(keys::record).unwrap_or_default();
    match index_of(query) {
        None => all.scan_back(&oldest, query.newest().map(keys::record).as_deref(), &mut see)?,
        Some(prefix) => {
            let end = match query.newest() {
                Some(before) => Some([prefix.clone(), keys::record(before)].concat()),
                None => keys::end_of(&prefix),
            };
            tables::open(snapshot, tables::RECORD_INDEX)?.scan_back(
                &[prefix.as_slice(), &oldest].concat(),
                end.as_deref(),
                |place, _| {
                    let mut reader = Reader::new(place);
                    reader.skip(prefix.len())?;
                    let key = reader.rest();
                    see(key, &all.bytes(key)?.unwrap_or_default())
                },
            )?;
        }
    }
    let mut page = page_of(taken.items, limit, last_seen.filter(|_| looked_at >= most));
    page.items = counted(snapshot, page.items)?;
    Ok(page)
}

/// Each with how many attempts of its update there are.
fn counted(snapshot: &ReadTransaction, records: Vec<Record>) -> Step<Vec<Record>> {
    let attempts = tables::open_if_there(snapshot, tables::ATTEMPTS)?;
    let counted = records.into_iter().map(|record| {
        let known = match (&attempts, record.attempted()) {
            (Some(attempts), Some(update)) => attempts.row::<u64>(&keys::number(update.0))?,
            _ => None,
        };
        Ok(record.counted(known.and_then(|known| u32::try_from(known).ok())))
    });
    counted.collect()
}

/// A page of what was found; where a search was cut off, the next page goes on from there.
fn page_of(mut items: Vec<Record>, limit: usize, cut_off: Option<RecordPlace>) -> Page<Record, RecordPlace> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(Record::place) } else { cut_off };
    Page { items, next }
}

/// Where the narrowest index for a search begins: a CSN or a meeting is of a few records, an organization of most.
fn index_of(query: &RecordQuery) -> Option<Vec<u8>> {
    let of_csn = query.csn.as_ref().map(keys::records_of_csn);
    let of_meeting = || query.meeting.map(keys::records_of_meeting);
    let of_organization = || query.organization.as_ref().map(keys::records_of_organization);
    of_csn.or_else(of_meeting).or_else(of_organization)
}

pub(super) fn history(snapshot: &ReadTransaction, visit: &VisitKey) -> Step<History> {
    let histories = tables::open_if_there(snapshot, tables::HISTORIES)?;
    let all = tables::open_if_there(snapshot, tables::HISTORY)?;
    let (Some(histories), Some(all)) = (histories, all) else { return Ok(History::default()) };
    let key = keys::visit(visit);
    let HistoryRow { first, next, .. } = histories.row_or_default(&key)?;
    let mut lines = Vec::new();
    all.scan(&keys::history(&key, first), Some(&keys::history(&key, next)), |_, line| {
        lines.push(line.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(History { dropped: first, lines })
}

pub(super) fn parked(
    snapshot: &ReadTransaction,
    limit: usize,
    stats: &StoreStats,
) -> Step<Vec<ParkedCommand>> {
    let mut taken = Taken::at_most(limit);
    tables::open(snapshot, tables::PARKED)?.scan_back(&[], None, |_, value| {
        let Ok(command) = ParkedCommand::from_bytes(value) else {
            stats.rows_unreadable(1);
            return Ok(ControlFlow::Continue(()));
        };
        Ok(taken.take(command))
    })?;
    Ok(taken.items)
}

pub(super) fn get(snapshot: &ReadTransaction, now: Moment, space: Space, key: &str) -> Step<Option<Vec<u8>>> {
    let row: Option<UntilRow> = tables::open(snapshot, tables::VALUES)?.row(&keys::value(space, key))?;
    Ok(row.filter(|row| row.until > now).map(|row| row.bytes))
}

pub(super) fn organization_get(
    snapshot: &ReadTransaction,
    organization: &OrganizationId,
    field: &str,
) -> Step<Option<OrganizationValue>> {
    tables::open(snapshot, tables::ORGANIZATIONS)?.row(&keys::field(organization, field))
}
