//! What the disk itself takes: the same bytes appended to a plain file, then `fdatasync`.

use crate::engine::{Engine, Error, Step};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

pub struct Raw(File);

impl Raw {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(Self(OpenOptions::new().create(true).append(true).open(folder.join("raw"))?))
    }
}

impl Engine for Raw {
    fn commit(&mut self, steps: &[Step]) -> Result<(), Error> {
        let mut all = Vec::new();
        for step in steps {
            all.extend_from_slice(&step.entry);
            all.extend_from_slice(&step.state);
        }
        self.0.write_all(&all)?;
        self.0.sync_data()?;
        Ok(())
    }

    fn read(&mut self, _: u64) -> Result<bool, Error> {
        Ok(false)
    }
}
