//! Notification records and the places where a search finds them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use vestibule_actors::codec::{self, Format};
use vestibule_actors::port::store::Record;
use vestibule_domain::id::OrganizationId;

use super::super::keys;
use super::super::tables::{Failure, Look, Step, Tables, Write};

impl Tables<'_> {
    pub(super) fn push_record(&mut self, record: &Record) -> Step<()> {
        let key = keys::record(record.place());
        // Reported again, since the answer to the first report was lost.
        if self.records.bytes(&key)?.is_some() {
            return Ok(());
        }
        let bytes =
            Format::default().encode(record).map_err(|_| Failure::Corrupt("a record cannot be written"))?;
        self.records.put(&key, &bytes)?;
        for place in places(record, &key) {
            self.record_index.put(&place, &[])?;
        }
        if let Some((update, attempts)) = record.counts() {
            let key = keys::number(update.0);
            let known: u64 = self.attempts.row_or_default(&key)?;
            self.attempts.put_row(&key, &known.max(attempts.into()))?;
        }
        self.change_record_count(&record.organization, |count| count.saturating_add(1))
    }

    /// Drops records; how many of them could not be read.
    pub(super) fn drop_records(&mut self, due: Vec<Vec<u8>>) -> Step<usize> {
        let mut unreadable = BTreeSet::new();
        for key in due {
            let bytes = self.records.bytes(&key)?;
            match codec::decode(&bytes.unwrap_or_default()) {
                Ok(record) => self.drop_record(&key, &record)?,
                Err(_) => {
                    unreadable.insert(key);
                }
            }
        }
        if !unreadable.is_empty() {
            self.drop_wherever_they_are(&unreadable)?;
        }
        Ok(unreadable.len())
    }

    fn drop_record(&mut self, key: &[u8], record: &Record) -> Step<()> {
        for place in places(record, key) {
            self.record_index.delete(&place)?;
        }
        self.records.delete(key)?;
        // Once the record of the newest attempt has left there is none that the count is told of.
        if let Some((update, attempts)) = record.counts() {
            let key = keys::number(update.0);
            if self.attempts.row_or_default::<u64>(&key)? <= attempts.into() {
                self.attempts.delete(&key)?;
            }
        }
        self.change_record_count(&record.organization, |count| count.saturating_sub(1))
    }

    /// Drops records that do not say where they stand: everything that ends with one of their keys. This looks at every place there is,
    /// and is hardly ever done.
    fn drop_wherever_they_are(&mut self, due: &BTreeSet<Vec<u8>>) -> Step<()> {
        let mut places = Vec::new();
        self.record_index.scan(&[], None, |place, _| {
            if keys::record_at_end(place).is_some_and(|key| due.contains(key)) {
                places.push(place.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for place in places {
            self.record_index.delete(&place)?;
            if let Some(organization) = keys::organization_of_records(&place) {
                self.change_record_count(&organization, |count| count.saturating_sub(1))?;
            }
        }
        for key in due {
            self.records.delete(key)?;
        }
        Ok(())
    }

    fn change_record_count(
        &mut self,
        organization: &OrganizationId,
        change: impl FnOnce(u64) -> u64,
    ) -> Step<()> {
        let key = keys::organization(organization);
        let count = change(self.record_count.row_or_default(&key)?);
        self.record_count.put_row(&key, &count)
    }
}

fn places(record: &Record, key: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let of_csn = record.csn.as_ref().map(keys::records_of_csn);
    let of_meeting = record.meeting.map(keys::records_of_meeting);
    let beginnings = [Some(keys::records_of_organization(&record.organization)), of_csn, of_meeting];
    beginnings.into_iter().flatten().map(move |mut place| {
        place.extend_from_slice(key);
        place
    })
}
