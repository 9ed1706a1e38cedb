//! Notification records, found by organization, CSN or meeting, newest first.

use super::{Model, Records};
use crate::port::store::{Page, Record, RecordQuery};
use std::collections::BTreeSet;
use vestibule_domain::id::{Csn, MeetingId};

impl Model {
    /// See [`crate::port::store::Store::records`].
    #[must_use]
    pub fn records(&self, query: &RecordQuery) -> Page<Record, u64> {
        let before = query.before.unwrap_or(u64::MAX);
        let limit = query.limit.max(1);
        let mut found: Vec<(u64, &Record)> =
            self.records.newest_first(query, before).take(limit.saturating_add(1)).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(number, _)| *number);
        Page { items: found.into_iter().map(|(_, record)| record.clone()).collect(), next }
    }
}

impl Records {
    pub(super) fn push(&mut self, record: Record) {
        self.last += 1;
        self.of_organization.insert((record.organization.clone(), self.last));
        if let Some(csn) = &record.csn {
            self.of_csn.insert((csn.clone(), self.last));
        }
        if let Some(meeting) = record.meeting {
            self.of_meeting.insert((meeting, self.last));
        }
        self.by_number.insert(self.last, record);
    }

    pub(super) fn remove(&mut self, number: u64) {
        let Some(record) = self.by_number.remove(&number) else { return };
        self.of_organization.remove(&(record.organization, number));
        if let Some(csn) = record.csn {
            self.of_csn.remove(&(csn, number));
        }
        if let Some(meeting) = record.meeting {
            self.of_meeting.remove(&(meeting, number));
        }
    }

    fn newest_first<'a>(
        &'a self,
        query: &'a RecordQuery,
        before: u64,
    ) -> Box<dyn Iterator<Item = (u64, &'a Record)> + 'a> {
        let numbers: Box<dyn Iterator<Item = u64>> = match (&query.csn, query.meeting, &query.organization) {
            (Some(csn), _, _) => Box::new(below(&self.of_csn, csn, before)),
            (None, Some(meeting), _) => Box::new(below(&self.of_meeting, &meeting, before)),
            (None, None, Some(organization)) => Box::new(below(&self.of_organization, organization, before)),
            (None, None, None) => Box::new(self.by_number.range(..before).rev().map(|(number, _)| *number)),
        };
        let records = numbers.filter_map(|number| Some((number, self.by_number.get(&number)?)));
        Box::new(records.filter(|(_, record)| matches(record, query)))
    }
}

fn below<'a, K: Ord + Clone>(
    index: &'a BTreeSet<(K, u64)>,
    key: &K,
    before: u64,
) -> impl Iterator<Item = u64> + use<'a, K> {
    index.range((key.clone(), 0)..(key.clone(), before)).rev().map(|(_, number)| *number)
}

/// Whether a record is one that the query asks for, its place aside.
#[must_use]
pub fn matches(record: &Record, query: &RecordQuery) -> bool {
    let Record { organization, csn, meeting, .. } = record;
    query.organization.as_ref().is_none_or(|wanted| wanted == organization)
        && query.csn.as_ref().is_none_or(|wanted: &Csn| csn.as_ref() == Some(wanted))
        && query.meeting.is_none_or(|wanted: MeetingId| *meeting == Some(wanted))
}
