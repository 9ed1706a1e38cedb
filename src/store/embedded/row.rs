//! How values are written: numbers of fixed width and bytes with their length before them. The file's format number covers this.

use uuid::Uuid;
use vestibule_actors::port::store::{
    Epoch, JournalEntry, NewEntry, OrganizationValue, OutboxEntry, OwnerToken, ParkedCommand, Seq,
    StoredVisit,
};
use vestibule_domain::id::{MeetingId, VisitKey};
use vestibule_domain::time::Moment;

use super::keys;

/// The bytes do not hold what they should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cut;

/// Reads what [`Row`] has written.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn split(&mut self, length: usize) -> Result<&'a [u8], Cut> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(Cut)?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<(), Cut> {
        self.split(length).map(|_| ())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Cut> {
        self.split(1)?.first().copied().ok_or(Cut)
    }

    pub(super) fn big_endian(&mut self) -> Result<u64, Cut> {
        self.split(8)?.try_into().map(u64::from_be_bytes).map_err(|_| Cut)
    }

    pub(super) fn zero_terminated(&mut self) -> Result<&'a str, Cut> {
        let length = self.0.iter().position(|byte| *byte == 0).ok_or(Cut)?;
        let text = self.split(length)?;
        self.skip(1)?;
        std::str::from_utf8(text).map_err(|_| Cut)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Cut> {
        let length = usize::try_from(self.big_endian()?).map_err(|_| Cut)?;
        self.split(length).map(<[u8]>::to_vec)
    }

    fn text(&mut self) -> Result<String, Cut> {
        String::from_utf8(self.bytes()?).map_err(|_| Cut)
    }

    fn visit(&mut self) -> Result<VisitKey, Cut> {
        VisitKey::from_text(&self.text()?).ok_or(Cut)
    }

    fn token(&mut self) -> Result<Option<OwnerToken>, Cut> {
        let token = self.bytes()?;
        if token.is_empty() {
            return Ok(None);
        }
        Uuid::from_slice(&token).map(|token| Some(OwnerToken(token))).map_err(|_| Cut)
    }

    fn moment(&mut self) -> Result<Moment, Cut> {
        Ok(Moment(self.big_endian()?.cast_signed()))
    }

    fn flag(&mut self) -> Result<bool, Cut> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Cut),
        }
    }

    fn end(&self) -> Result<(), Cut> {
        if self.0.is_empty() { Ok(()) } else { Err(Cut) }
    }
}

/// A value under construction.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn moment(self, at: Moment) -> Self {
        self.number(at.0.cast_unsigned())
    }

    fn flag(mut self, flag: bool) -> Self {
        self.0.push(u8::from(flag));
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        // A usize is at most 64 bits wide on every platform there is.
        let mut longer = self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        longer.0.extend_from_slice(bytes);
        longer
    }

    fn token(self, token: Option<OwnerToken>) -> Self {
        self.bytes(&token.map(|token| token.0.into_bytes().to_vec()).unwrap_or_default())
    }

    fn visit(self, visit: &VisitKey) -> Self {
        self.bytes(visit.to_text().as_bytes())
    }
}

/// A kind of row: written whole and read whole.
pub(super) trait Row: Sized {
    fn write(&self) -> Vec<u8>;
    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut>;

    fn from_bytes(bytes: &[u8]) -> Result<Self, Cut> {
        let mut reader = Reader::new(bytes);
        let row = Self::read(&mut reader)?;
        reader.end().map(|()| row)
    }
}

impl Row for u64 {
    fn write(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        reader.big_endian()
    }
}

/// How many processes have taken a journal entry in hand.
#[derive(Default)]
pub(super) struct TriesRow {
    pub(super) count: u32,
    /// Whoever counted last.
    pub(super) last: Option<OwnerToken>,
}

impl Row for TriesRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(u64::from(self.count)).token(self.last).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        let count = u32::try_from(reader.big_endian()?).map_err(|_| Cut)?;
        Ok(Self { count, last: reader.token()? })
    }
}

/// What a shard is, besides what it holds. Journal entries are those after the cursor, up to the last place, without a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct ShardRow {
    pub(super) epoch: Epoch,
    /// Somebody acquired it and has not released it.
    pub(super) unclean: bool,
    pub(super) last_seq: Seq,
    pub(super) cursor: Seq,
    pub(super) change: u64,
    pub(super) last_commit: Option<(Uuid, u64)>,
}

impl ShardRow {
    pub(super) fn journal_length(&self) -> u64 {
        self.last_seq.0.saturating_sub(self.cursor.0)
    }
}

impl Row for ShardRow {
    fn write(&self) -> Vec<u8> {
        let (id, change) = self.last_commit.unwrap_or_default();
        let row = Writer::default()
            .number(self.epoch.0)
            .flag(self.unclean)
            .number(self.last_seq.0)
            .number(self.cursor.0)
            .number(self.change)
            .flag(self.last_commit.is_some())
            .bytes(id.as_bytes())
            .number(change);
        row.0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        let mut row = Self {
            epoch: Epoch(reader.big_endian()?),
            unclean: reader.flag()?,
            last_seq: Seq(reader.big_endian()?),
            cursor: Seq(reader.big_endian()?),
            change: reader.big_endian()?,
            last_commit: None,
        };
        let committed = reader.flag()?;
        let id = Uuid::from_slice(&reader.bytes()?).map_err(|_| Cut)?;
        let change = reader.big_endian()?;
        row.last_commit = committed.then_some((id, change));
        Ok(row)
    }
}

impl Row for NewEntry {
    fn write(&self) -> Vec<u8> {
        Writer::default().visit(&self.visit).bytes(&self.payload).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { visit: reader.visit()?, payload: reader.bytes()? })
    }
}

pub(super) fn read_journal_entry(key: &[u8], value: &[u8]) -> Result<JournalEntry, Cut> {
    let mut reader = Reader::new(key);
    reader.skip(2)?;
    let seq = Seq(reader.big_endian()?);
    let NewEntry { visit, payload } = NewEntry::from_bytes(value)?;
    Ok(JournalEntry { seq, visit, payload })
}

/// A visit and its wake-up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct VisitRow {
    pub(super) version: u64,
    pub(super) epoch: Epoch,
    pub(super) change: u64,
    pub(super) wake: Option<Moment>,
    pub(super) state: Vec<u8>,
}

impl VisitRow {
    pub(super) fn stored(self, visit: VisitKey) -> StoredVisit {
        let Self { version, epoch, change, wake: _, state } = self;
        StoredVisit { visit, version, epoch, change, state }
    }
}

/// A visit that has left, as long as it is told of.
pub(super) struct GoneRow {
    pub(super) change: u64,
    pub(super) at: Moment,
}

impl Row for GoneRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(self.change).moment(self.at).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { change: reader.big_endian()?, at: reader.moment()? })
    }
}

/// The history of a visit: its lines have the numbers from `first` up to and without `next`, so that as many as `first` have left.
#[derive(Clone, Copy, Default)]
pub(super) struct HistoryRow {
    pub(super) first: u64,
    pub(super) next: u64,
    /// When the newest line came.
    pub(super) last: Moment,
}

impl Row for HistoryRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(self.first).number(self.next).moment(self.last).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { first: reader.big_endian()?, next: reader.big_endian()?, last: reader.moment()? })
    }
}

impl Row for VisitRow {
    fn write(&self) -> Vec<u8> {
        let row = Writer::default()
            .number(self.version)
            .number(self.epoch.0)
            .number(self.change)
            .flag(self.wake.is_some())
            .moment(self.wake.unwrap_or_default())
            .bytes(&self.state);
        row.0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        let (version, epoch, change) =
            (reader.big_endian()?, Epoch(reader.big_endian()?), reader.big_endian()?);
        let (wakes, wake) = (reader.flag()?, reader.moment()?);
        Ok(Self { version, epoch, change, wake: wakes.then_some(wake), state: reader.bytes()? })
    }
}

/// An update in the outbox; its place is its key.
pub(super) struct OutboxRow {
    pub(super) attempts: u32,
    pub(super) payload: Vec<u8>,
}

impl Row for OutboxRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(u64::from(self.attempts)).bytes(&self.payload).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        let attempts = u32::try_from(reader.big_endian()?).map_err(|_| Cut)?;
        Ok(Self { attempts, payload: reader.bytes()? })
    }
}

pub(super) fn read_outbox_entry(key: &[u8], value: &[u8]) -> Result<OutboxEntry, Cut> {
    let (visit, lane, seq) = keys::read_outbox(key)?;
    let OutboxRow { attempts, payload } = OutboxRow::from_bytes(value)?;
    Ok(OutboxEntry { visit, lane, seq, attempts, payload })
}

/// Meeting -> visit.
pub(super) struct MeetingRow {
    pub(super) visit: VisitKey,
    pub(super) at: Moment,
}

impl Row for MeetingRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().visit(&self.visit).moment(self.at).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { visit: reader.visit()?, at: reader.moment()? })
    }
}

/// Something with an expiry: a held event or a value.
pub(super) struct UntilRow {
    pub(super) until: Moment,
    pub(super) bytes: Vec<u8>,
}

impl Row for UntilRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().moment(self.until).bytes(&self.bytes).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { until: reader.moment()?, bytes: reader.bytes()? })
    }
}

/// The order in which an organization's events were held.
pub(super) struct HeldOrderRow {
    pub(super) meeting: MeetingId,
    pub(super) until: Moment,
}

impl Row for HeldOrderRow {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(self.meeting.0).moment(self.until).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { meeting: MeetingId(reader.big_endian()?), until: reader.moment()? })
    }
}

impl Row for OrganizationValue {
    fn write(&self) -> Vec<u8> {
        Writer::default().number(self.version).bytes(&self.value).0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self { version: reader.big_endian()?, value: reader.bytes()? })
    }
}

impl Row for ParkedCommand {
    fn write(&self) -> Vec<u8> {
        let row = Writer::default()
            .number(self.seq.0)
            .visit(&self.visit)
            .bytes(&self.payload)
            .bytes(self.reason.as_bytes())
            .moment(self.at);
        row.0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Cut> {
        Ok(Self {
            seq: Seq(reader.big_endian()?),
            visit: reader.visit()?,
            payload: reader.bytes()?,
            reason: reader.text()?,
            at: reader.moment()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_was_cut_short_is_not_read() {
        let row = ShardRow { last_commit: Some((Uuid::from_u128(7), 3)), ..ShardRow::default() };
        let bytes = row.write();
        assert_eq!(ShardRow::from_bytes(&bytes), Ok(row));
        for length in 0..bytes.len() {
            assert_eq!(ShardRow::from_bytes(&bytes[..length]), Err(Cut), "{length} bytes");
        }
        let longer: Vec<u8> = bytes.into_iter().chain([0]).collect();
        assert_eq!(ShardRow::from_bytes(&longer), Err(Cut));
    }

    #[test]
    fn a_length_beyond_the_end_is_not_believed() {
        assert!(UntilRow::from_bytes(&[0xff; 16]).is_err());
    }
}
