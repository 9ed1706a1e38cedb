//! Notification records and the places where a search finds them.

use vestibule_actors::codec;
use vestibule_actors::port::store::Record;

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
        self.change_record_count(record, |count| count.saturating_add(1))
    }

    /// Whether there was such a record.
    pub(super) fn drop_record(&mut self, number: u64) -> Step<bool> {
        let Some(bytes) = self.records.bytes(&keys::number(number))? else { return Ok(false) };
        let record: Record =
            codec::decode(&bytes).map_err(|_| Failure::Corrupt("a record cannot be read"))?;
        for place in places(&record, number) {
            self.record_index.delete(&place)?;
        }
        self.leaving.delete(&Leaving::Record.at(record.at, &keys::number(number)))?;
        self.records.delete(&keys::number(number))?;
        self.change_record_count(&record, |count| count.saturating_sub(1))?;
        Ok(true)
    }

    fn change_record_count(&mut self, record: &Record, change: impl FnOnce(u64) -> u64) -> Step<()> {
        let key = keys::organization(&record.organization);
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
