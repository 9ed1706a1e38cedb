//! Notification records, found by organization, CSN or meeting, newest first.

use super::{Model, Records};
use crate::port::store::{Page, Record, RecordId, RecordPlace, RecordQuery};
use std::collections::BTreeSet;
use uuid::Uuid;
use vestibule_domain::id::{Csn, MeetingId};
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::records`].
    #[must_use]
    pub fn records(&self, query: &RecordQuery) -> Page<Record, RecordPlace> {
        let before = query.newest().unwrap_or(BEHIND_ALL);
        let limit = query.limit.max(1);
        let mut found: Vec<&Record> =
            self.records.newest_first(query, before).take(limit.saturating_add(1)).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|record| record.place());
        let counted = |record: &Record| record.clone().counted(self.records.attempts_of(record));
        Page { items: found.into_iter().map(counted).collect(), next }
    }
}

impl Records {
    fn attempts_of(&self, record: &Record) -> Option<u32> {
        self.attempts.get(&record.update?).copied()
    }

    pub(super) fn push(&mut self, record: Record) {
        let place = record.place();
        if let Some((update, attempts)) = record.counts() {
            let known = self.attempts.entry(update).or_default();
            *known = attempts.max(*known);
        }
        self.of_organization.insert((record.organization.clone(), place));
        if let Some(csn) = &record.csn {
            self.of_csn.insert((csn.clone(), place));
        }
        if let Some(meeting) = record.meeting {
            self.of_meeting.insert((meeting, place));
        }
        self.by_place.insert(place, record);
    }

    pub(super) fn remove(&mut self, place: RecordPlace) {
        let Some(record) = self.by_place.remove(&place) else { return };
        // Once the record of the newest attempt has left there is none that the count is told of.
        if let Some((update, attempts)) = record.counts()
            && self.attempts.get(&update).is_some_and(|known| *known <= attempts)
        {
            self.attempts.remove(&update);
        }
        self.of_organization.remove(&(record.organization, place));
        if let Some(csn) = record.csn {
            self.of_csn.remove(&(csn, place));
        }
        if let Some(meeting) = record.meeting {
            self.of_meeting.remove(&(meeting, place));
        }
    }

    fn newest_first<'a>(
        &'a self,
        query: &'a RecordQuery,
        before: RecordPlace,
    ) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
        // A range that ends before it begins is one that nothing is in.
        let from = query.oldest().unwrap_or(BEFORE_ALL).min(before);
        let places: Box<dyn Iterator<Item = RecordPlace>> =
            match (&query.csn, query.meeting, &query.organization) {
                (Some(csn), _, _) => Box::new(within(&self.of_csn, csn, from, before)),
                (None, Some(meeting), _) => Box::new(within(&self.of_meeting, &meeting, from, before)),
                (None, None, Some(organization)) => {
                    Box::new(within(&self.of_organization, organization, from, before))
                }
                (None, None, None) => {
                    Box::new(self.by_place.range(from..before).rev().map(|(place, _)| *place))
                }
            };
        let records = places.filter_map(|place| self.by_place.get(&place));
        Box::new(records.filter(|record| matches(record, query)))
    }
}

fn within<'a, K: Ord + Clone>(
    index: &'a BTreeSet<(K, RecordPlace)>,
    key: &K,
    from: RecordPlace,
    before: RecordPlace,
) -> impl Iterator<Item = RecordPlace> + use<'a, K> {
    index.range((key.clone(), from)..(key.clone(), before)).rev().map(|(_, place)| *place)
}

const BEFORE_ALL: RecordPlace = RecordPlace { at: Moment(i64::MIN), id: RecordId(Uuid::nil()) };
const BEHIND_ALL: RecordPlace = RecordPlace { at: Moment(i64::MAX), id: RecordId(Uuid::max()) };

/// Whether a record is one that the query asks for, its time aside.
#[must_use]
pub fn matches(record: &Record, query: &RecordQuery) -> bool {
    let Record { id, organization, csn, meeting, outcome, resp_code, epic_code, .. } = record;
    let is_code = |wanted: &String| epic_code.as_ref().is_some_and(|code| code.eq_ignore_ascii_case(wanted));
    query.organization.as_ref().is_none_or(|wanted| wanted == organization)
        && query.csn.as_ref().is_none_or(|wanted: &Csn| csn.as_ref() == Some(wanted))
        && query.meeting.is_none_or(|wanted: MeetingId| *meeting == Some(wanted))
        && query.id.is_none_or(|wanted| wanted == *id)
        && query.outcome.is_none_or(|wanted| wanted == *outcome)
        && query.resp_code.is_none_or(|wanted| wanted == *resp_code)
        && query.epic_code.as_ref().is_none_or(is_code)
}
