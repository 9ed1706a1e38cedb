//! The steps that write, each on the tables of one write transaction. Every step checks before it writes, so that a step that is refused
//! leaves the transaction as it was and the others of its batch unharmed.

mod commit;
mod forget;
mod history;
mod journal;
mod lease;
mod records;
mod sweep;
mod values;

use redb::WriteTransaction;
use vestibule_actors::port::store::{Hint, NewEntry, Seq, StoreError, StoreLimits};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::keys;
use super::leases::Leases;
use super::row::{Row, ShardRow};
use super::tables::{Failure, Look, Step, Tables, Write};

pub(super) use sweep::Part;

/// What the steps of a batch work on.
pub(super) struct Desk<'b, 't> {
    /// While the file is away, what whoever needs it is told.
    file: Result<&'t WriteTransaction, StoreError>,
    /// The last write failed, so that an answer of health needs a write.
    in_doubt: bool,
    tables: Option<Tables<'t>>,
    pub(super) leases: &'b mut Leases,
    pub(super) limits: StoreLimits,
    pub(super) now: Moment,
    /// Told when the batch is durable.
    hints: Vec<Hint>,
    wrote: bool,
    sync: bool,
    refused: u64,
    unreadable: u64,
}

/// What the steps of a batch leave to be done.
pub(super) struct Left {
    /// Something was written.
    pub(super) wrote: bool,
    /// Somebody wants everything on the disk now.
    pub(super) sync: bool,
    /// Steps that needed a file that is away.
    pub(super) refused: u64,
    /// Rows that were passed over or dropped since they could not be read.
    pub(super) unreadable: u64,
    /// To be given once it is durable.
    pub(super) hints: Vec<Hint>,
}

impl<'b, 't> Desk<'b, 't> {
    pub(super) fn new(
        file: Result<&'t WriteTransaction, StoreError>,
        in_doubt: bool,
        leases: &'b mut Leases,
        limits: StoreLimits,
        now: Moment,
    ) -> Self {
        let (tables, hints) = (None, Vec::new());
        let (wrote, sync) = (false, false);
        Self { file, in_doubt, tables, leases, limits, now, hints, wrote, sync, refused: 0, unreadable: 0 }
    }

    /// Closes the tables.
    pub(super) fn finish(self) -> Left {
        let Self { wrote, sync, refused, unreadable, hints, .. } = self;
        Left { wrote, sync, refused, unreadable, hints }
    }

    /// What was committed and is not on the disk yet has to be there when this batch is answered.
    pub(super) fn sync(&mut self) -> Step<()> {
        self.file()?;
        self.sync = true;
        Ok(())
    }

    /// Whether the store works. After trouble only a write can tell.
    pub(super) fn ping(&mut self) -> Step<()> {
        self.file()?;
        if self.in_doubt {
            self.write()?.next_number("last_doubt")?;
            self.sync = true;
        }
        Ok(())
    }

    fn file(&mut self) -> Step<&'t WriteTransaction> {
        self.file.clone().map_err(|why| {
            self.refused += 1;
            Failure::Answer(why)
        })
    }

    /// The tables, opened when somebody first asks: a batch of prolonged leases needs none.
    fn look(&mut self) -> Step<&mut Tables<'t>> {
        let transaction = self.file()?;
        let opened = match self.tables.take() {
            Some(tables) => tables,
            None => Tables::open(transaction)?,
        };
        Ok(self.tables.insert(opened))
    }

    /// The tables, to be written.
    fn write(&mut self) -> Step<&mut Tables<'t>> {
        self.wrote |= self.file.is_ok();
        self.look()
    }

    /// A journal's bound as a number of the file.
    fn journal_bound(&self) -> u64 {
        u64::try_from(self.limits.journal_entries).unwrap_or(u64::MAX)
    }
}

impl Tables<'_> {
    fn shard(&self, shard: Shard) -> Step<ShardRow> {
        self.shards.row_or_default(&keys::shard(shard))
    }

    fn put_shard(&mut self, shard: Shard, row: &ShardRow) -> Step<()> {
        self.shards.put_row(&keys::shard(shard), row)
    }

    fn push(&mut self, shard: Shard, row: &mut ShardRow, entry: &NewEntry) -> Step<()> {
        row.last_seq = Seq(row.last_seq.0 + 1);
        self.journal.put_row(&keys::journal(shard, row.last_seq), entry)
    }

    /// The next number of a kind that never comes again.
    fn next_number(&mut self, kind: &str) -> Step<u64> {
        let last: u64 = self.meta.row_or_default(kind.as_bytes())?;
        let next = last + 1;
        self.meta.put_row(kind.as_bytes(), &next)?;
        Ok(next)
    }
}

/// Reads a row that was just seen in a scan.
fn read<R: Row>(bytes: &[u8]) -> Step<R> {
    R::from_bytes(bytes).map_err(Failure::from)
}
