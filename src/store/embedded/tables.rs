//! The tables of the file, and the few ways in which they are read and written.

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, TableError, WriteTransaction};
use std::ops::ControlFlow;
use vestibule_actors::port::store::StoreError;

use super::keys::end_of;
use super::row::{Cut, Row};

pub(super) type Bytes = &'static [u8];
pub(super) type Definition = TableDefinition<'static, Bytes, Bytes>;

/// Why a step cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// It found out before it wrote anything; the others of its batch are not concerned.
    Answer(StoreError),
    /// It read something that makes no sense, perhaps after it wrote something.
    Corrupt(&'static str),
    /// The file does not do what it should; nobody of the batch can go on.
    File(redb::Error),
}

pub(super) type Step<T> = Result<T, Failure>;

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::File(error.into())
    }
}

impl From<Cut> for Failure {
    fn from(Cut: Cut) -> Self {
        Self::Corrupt("a row of the store does not hold what it should")
    }
}

macro_rules! tables {
    ($($name:ident $constant:ident $text:literal,)*) => {
        $(pub(super) const $constant: Definition = TableDefinition::new($text);)*

        /// All of them.
        pub(super) const ALL: &[Definition] = &[$($constant),*];

        /// All tables, open for writing.
        pub(super) struct Tables<'t> {
            $(pub(super) $name: Table<'t, Bytes, Bytes>,)*
        }

        impl<'t> Tables<'t> {
            pub(super) fn open(transaction: &'t WriteTransaction) -> Step<Self> {
                Ok(Self { $($name: transaction.open_table($constant)?,)* })
            }
        }
    };
}

tables! {
    meta META "meta",
    shards SHARDS "shards",
    journal JOURNAL "journal",
    tries TRIES "tries",
    visits VISITS "visits",
    changed CHANGED "changed",
    gone GONE "gone",
    wakes WAKES "wakes",
    outbox OUTBOX "outbox",
    meetings MEETINGS "meetings",
    held HELD "held",
    held_order HELD_ORDER "held_order",
    held_count HELD_COUNT "held_count",
    records RECORDS "records",
    record_index RECORD_INDEX "record_index",
    record_count RECORD_COUNT "record_count",
    attempts ATTEMPTS "attempts",
    parked PARKED "parked",
    values VALUES "values",
    organizations ORGANIZATIONS "organizations",
    leaving LEAVING "leaving",
    histories HISTORIES "histories",
    history HISTORY "history",
}

/// What a scan does with a row: go on, or stop.
pub(super) type Seen = Step<ControlFlow<()>>;

/// Reading, from a table that is open for writing as from one of a snapshot.
pub(super) trait Look {
    fn bytes(&self, key: &[u8]) -> Step<Option<Vec<u8>>>;

    /// The rows from `from` on, below `to`, in order.
    fn scan(&self, from: &[u8], to: Option<&[u8]>, see: impl FnMut(&[u8], &[u8]) -> Seen) -> Step<()>;

    /// The same rows, last first.
    fn scan_back(&self, from: &[u8], to: Option<&[u8]>, see: impl FnMut(&[u8], &[u8]) -> Seen) -> Step<()>;

    fn row<R: Row>(&self, key: &[u8]) -> Step<Option<R>> {
        self.bytes(key)?.map(|bytes| R::from_bytes(&bytes).map_err(Failure::from)).transpose()
    }

    fn row_or_default<R: Row + Default>(&self, key: &[u8]) -> Step<R> {
        Ok(self.row(key)?.unwrap_or_default())
    }

    /// All rows whose keys begin so.
    fn scan_prefix(&self, prefix: &[u8], see: impl FnMut(&[u8], &[u8]) -> Seen) -> Step<()> {
        self.scan(prefix, end_of(prefix).as_deref(), see)
    }
}

impl<T: ReadableTable<Bytes, Bytes>> Look for T {
    fn bytes(&self, key: &[u8]) -> Step<Option<Vec<u8>>> {
        Ok(self.get(key)?.map(|value| value.value().to_vec()))
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, mut see: impl FnMut(&[u8], &[u8]) -> Seen) -> Step<()> {
        if to.is_some_and(|to| to <= from) {
            return Ok(());
        }
        let rows = match to {
            Some(to) => self.range::<&[u8]>(from..to)?,
            None => self.range::<&[u8]>(from..)?,
        };
        for row in rows {
            let (key, value) = row?;
            if see(key.value(), value.value())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn scan_back(
        &self,
        from: &[u8],
        to: Option<&[u8]>,
        mut see: impl FnMut(&[u8], &[u8]) -> Seen,
    ) -> Step<()> {
        if to.is_some_and(|to| to <= from) {
            return Ok(());
        }
        let rows = match to {
            Some(to) => self.range::<&[u8]>(from..to)?,
            None => self.range::<&[u8]>(from..)?,
        };
        for row in rows.rev() {
            let (key, value) = row?;
            if see(key.value(), value.value())?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Writing.
pub(super) trait Write {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Step<()>;

    /// Whether there was such a row.
    fn delete(&mut self, key: &[u8]) -> Step<bool>;

    fn put_row<R: Row>(&mut self, key: &[u8], row: &R) -> Step<()> {
        self.put(key, &row.write())
    }
}

impl Write for Table<'_, Bytes, Bytes> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Step<()> {
        self.insert(key, value)?;
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Step<bool> {
        Ok(self.remove(key)?.is_some())
    }
}

/// A table of a snapshot.
pub(super) fn open(snapshot: &ReadTransaction, table: Definition) -> Step<impl Look + use<>> {
    snapshot.open_table(table).map_err(|error: TableError| Failure::File(error.into()))
}

/// The same of a table that a file from before it was thought of does not have until something is written.
pub(super) fn open_if_there(
    snapshot: &ReadTransaction,
    table: Definition,
) -> Step<Option<impl Look + use<>>> {
    match snapshot.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(Failure::File(error.into())),
    }
}

/// At most `max` rows, each made into something.
pub(super) struct Taken<T> {
    pub(super) items: Vec<T>,
    max: usize,
}

impl<T> Taken<T> {
    pub(super) fn at_most(max: usize) -> Self {
        Self { items: Vec::new(), max }
    }

    pub(super) fn take(&mut self, item: T) -> ControlFlow<()> {
        if self.items.len() >= self.max {
            return ControlFlow::Break(());
        }
        self.items.push(item);
        if self.items.len() >= self.max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
