//! The engines behind one face: a commit of steps that is on the disk when it returns, and a read of one visit.

use redb::{ReadableDatabase, TableDefinition};
use std::path::Path;

pub type Error = Box<dyn std::error::Error>;

/// One command that came in, and the visit that it changed.
pub struct Step {
    pub shard: u16,
    pub seq: u64,
    pub visit: u64,
    pub entry: Vec<u8>,
    pub state: Vec<u8>,
}

pub trait Engine {
    fn commit(&mut self, steps: &[Step]) -> Result<(), Error>;
    fn read(&mut self, visit: u64) -> Result<bool, Error>;
}

pub const NAMES: [&str; 6] = ["redb", "redb-2pc", "redb-quick", "sqlite", "fjall", "raw"];

pub fn open(name: &str, folder: &Path) -> Result<Box<dyn Engine>, Error> {
    Ok(match name {
        "redb" => Box::new(Redb::open(folder, false, false)?),
        "redb-2pc" => Box::new(Redb::open(folder, true, false)?),
        "redb-quick" => Box::new(Redb::open(folder, false, true)?),
        "sqlite" => Box::new(Sqlite::open(folder)?),
        "fjall" => Box::new(Fjall::open(folder)?),
        _ => Box::new(crate::raw::Raw::open(folder)?),
    })
}

const JOURNAL: TableDefinition<(u16, u64), &[u8]> = TableDefinition::new("journal");
const VISITS: TableDefinition<u64, &[u8]> = TableDefinition::new("visits");

struct Redb {
    base: redb::Database,
    two_phase: bool,
    quick_repair: bool,
}

impl Redb {
    fn open(folder: &Path, two_phase: bool, quick_repair: bool) -> Result<Self, Error> {
        Ok(Self { base: redb::Database::create(folder.join("store.redb"))?, two_phase, quick_repair })
    }
}

impl Engine for Redb {
    fn commit(&mut self, steps: &[Step]) -> Result<(), Error> {
        let mut writing = self.base.begin_write()?;
        writing.set_two_phase_commit(self.two_phase);
        writing.set_quick_repair(self.quick_repair);
        {
            let mut journal = writing.open_table(JOURNAL)?;
            let mut visits = writing.open_table(VISITS)?;
            for step in steps {
                journal.insert((step.shard, step.seq), step.entry.as_slice())?;
                visits.insert(step.visit, step.state.as_slice())?;
            }
        }
        writing.commit()?;
        Ok(())
    }

    fn read(&mut self, visit: u64) -> Result<bool, Error> {
        Ok(self.base.begin_read()?.open_table(VISITS)?.get(visit)?.is_some())
    }
}

struct Sqlite(rusqlite::Connection);

impl Sqlite {
    fn open(folder: &Path) -> Result<Self, Error> {
        let base = rusqlite::Connection::open(folder.join("store.sqlite"))?;
        base.pragma_update(None, "journal_mode", "wal")?;
        base.pragma_update(None, "synchronous", "full")?;
        base.execute_batch(
            "create table if not exists journal (shard integer, seq integer, entry blob, primary key (shard, seq)) without rowid;
             create table if not exists visits (visit integer primary key, state blob);",
        )?;
        Ok(Self(base))
    }
}

impl Engine for Sqlite {
    fn commit(&mut self, steps: &[Step]) -> Result<(), Error> {
        let writing = self.0.transaction()?;
        {
            let mut journal = writing.prepare_cached("insert into journal values (?, ?, ?)")?;
            let mut visits = writing.prepare_cached("insert or replace into visits values (?, ?)")?;
            for step in steps {
                journal.execute((step.shard, step.seq as i64, &step.entry))?;
                visits.execute((step.visit as i64, &step.state))?;
            }
        }
        writing.commit()?;
        Ok(())
    }

    fn read(&mut self, visit: u64) -> Result<bool, Error> {
        let mut select = self.0.prepare_cached("select state from visits where visit = ?")?;
        Ok(select.query_row([visit as i64], |row| row.get::<_, Vec<u8>>(0)).is_ok())
    }
}

struct Fjall {
    base: fjall::Database,
    journal: fjall::Keyspace,
    visits: fjall::Keyspace,
}

impl Fjall {
    fn open(folder: &Path) -> Result<Self, Error> {
        let base = fjall::Database::builder(folder).open()?;
        let journal = base.keyspace("journal", fjall::KeyspaceCreateOptions::default)?;
        let visits = base.keyspace("visits", fjall::KeyspaceCreateOptions::default)?;
        Ok(Self { base, journal, visits })
    }
}

impl Engine for Fjall {
    fn commit(&mut self, steps: &[Step]) -> Result<(), Error> {
        let mut batch = self.base.batch().durability(Some(fjall::PersistMode::SyncAll));
        for step in steps {
            let mut key = step.shard.to_be_bytes().to_vec();
            key.extend_from_slice(&step.seq.to_be_bytes());
            batch.insert(&self.journal, key, step.entry.clone());
            batch.insert(&self.visits, step.visit.to_be_bytes(), step.state.clone());
        }
        batch.commit()?;
        Ok(())
    }

    fn read(&mut self, visit: u64) -> Result<bool, Error> {
        Ok(self.visits.get(visit.to_be_bytes())?.is_some())
    }
}
