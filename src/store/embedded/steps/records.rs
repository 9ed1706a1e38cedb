//! Notification records and the places where a search finds them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use vestibule_actors::codec;
use vestibule_actors::port::store::Record;
use vestibule_domain::id::OrganizationId;

use super::super::keys::{self, Leaving};
use super::super::tables::{Failure, Look, Step, Tables, Write};

impl Tables<'_> {
    pub(super) fn push_record(&mut self, record: &Record) -> Step<()> {
        let bytes = codec::encode(record).map_err(|_| Failure::Corrupt("a record cannot be written"))?;
        let number = self.next_number("last_record")?;
        self.records.put(&keys::number(number), &bytes)?;
        for place in places(record, number) {
            self.record_index.put(&place, &[])?;
        }
        self.leaving.put(&Leaving::Record.at(record.at, &keys::number(number)), &[])?;
        self.change_record_count(&record.organization, |count| count.saturating_add(1))
    }

    /// Drops records; how many of them could not be read.
    pub(super) fn drop_records(&mut self, numbers: &[u64]) -> Step<usize> {
        let mut unreadable = BTreeSet::new();
        for number in numbers {
            let bytes = self.records.bytes(&keys::number(*number))?;
            match codec::decode(&bytes.unwrap_or_default()) {
                Ok(record) => self.drop_record(*number, &record)?,
                Err(_) => {
                    unreadable.insert(*number);
                }
            }
        }
        if !unreadable.is_empty() {
            self.drop_by_number(&unreadable)?;
        }
        Ok(unreadable.len())
    }

    fn drop_record(&mut self, number: u64, record: &Record) -> Step<()> {
        for place in places(record, number) {
            self.record_index.delete(&place)?;
        }
        self.leaving.delete(&Leaving::Record.at(record.at, &keys::number(number)))?;
        self.records.delete(&keys::number(number))?;
        self.change_record_count(&record.organization, |count| count.saturating_sub(1))
    }

    /// Drops records that do not say where they stand: everything that has one of their numbers. This looks at every place there is, and
    /// is hardly ever done.
    fn drop_by_number(&mut self, numbers: &BTreeSet<u64>) -> Step<()> {
        let mut places = Vec::new();
        self.record_index.scan(&[], None, |place, _| {
            if keys::last_number(place).is_some_and(|number| numbers.contains(&number)) {
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
        let mut leaving = Vec::new();
        self.leaving.scan_prefix(&[Leaving::Record.prefix()], |key, _| {
            if keys::last_number(key).is_some_and(|number| numbers.contains(&number)) {
                leaving.push(key.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for key in leaving {
            self.leaving.delete(&key)?;
        }
        for number in numbers {
            self.records.delete(&keys::number(*number))?;
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

fn places(record: &Record, number: u64) -> impl Iterator<Item = Vec<u8>> {
    let of_csn = record.csn.as_ref().map(keys::records_of_csn);
    let of_meeting = record.meeting.map(keys::records_of_meeting);
    let beginnings = [Some(keys::records_of_organization(&record.organization)), of_csn, of_meeting];
    beginnings.into_iter().flatten().map(move |mut place| {
        place.extend_from_slice(&number.to_be_bytes());
        place
    })
}
