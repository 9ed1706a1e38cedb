//! Copies of the embedded store, made on request and by the clock, and what is done with a store that was put back from one.
//!
//! A copy is made by the store itself ([`EmbeddedStore::copy_to`]); here it is seen to that one is made at a time, where it lies, how many
//! are kept, and that a store which was put back is known as one ([`restored`]).

mod command;
mod keeping;
mod restore;
pub mod restored;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::web;
use tokio::sync::Semaphore;

pub use command::{BackupArguments, run as backup};
pub(crate) use keeping::{keep_on, name_of};
pub use restore::{RestoreArguments, run as restore};

use crate::store::{Copied, CopyError, EmbeddedStore};

/// A copy for somebody who asked lies here until it is sent.
const FOR_ASKER: &str = "vestibule-asked.redb.part";

/// In the audit.
const DONE: &str = "done";

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum NoCopy {
    /// The store is no file.
    #[error("this service has no embedded store; a Redis makes its own copies, as docs/backup.md says")]
    NoFile,
    /// One at a time: each holds on to what the file would use again.
    #[error("another copy is being made")]
    UnderWay,
    /// The store or the disk does not let us.
    #[error(transparent)]
    Failed(#[from] CopyError),
    /// The program ends.
    #[error("the copy was broken off")]
    BrokenOff,
}

/// Makes copies of this process's store, one at a time. Every clone is the same.
#[derive(Clone)]
pub struct Backups {
    store: Option<Arc<EmbeddedStore>>,
    /// Where a copy lies while it is made for somebody.
    folder: PathBuf,
    one: Arc<Semaphore>,
}

impl Backups {
    /// Of a store that is no file there are none.
    pub fn none() -> Self {
        Self { store: None, folder: PathBuf::new(), one: Arc::new(Semaphore::new(1)) }
    }

    /// Of an embedded store; `folder` has room for one copy more.
    pub fn of(store: Arc<EmbeddedStore>, folder: PathBuf) -> Self {
        Self { store: Some(store), folder, one: Arc::new(Semaphore::new(1)) }
    }

    /// Makes a copy for whoever asked, in a file that has no name any more: it is gone once nobody reads it.
    ///
    /// # Errors
    /// [`NoCopy`]
    pub async fn for_asker(&self) -> Result<(std::fs::File, Copied), NoCopy> {
        let path = self.folder.join(FOR_ASKER);
        self.make(&path, |path| {
            let file = std::fs::File::open(path)?;
            std::fs::remove_file(path)?;
            Ok(file)
        })
        .await
    }

    /// Makes a copy under this name, over whatever a copy that was cut off has left there, and does something with the file as long as
    /// no other is made.
    async fn make<T: Send + 'static>(
        &self,
        path: &Path,
        then: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> Result<(T, Copied), NoCopy> {
        let store = self.store.clone().ok_or(NoCopy::NoFile)?;
        let turn = Arc::clone(&self.one).try_acquire_owned().map_err(|_| NoCopy::UnderWay)?;
        let path = path.to_owned();
        let work = move || {
            // Whoever asked may go away; the copy is under way until it ends.
            let _turn = turn;
            // Mostly nothing has this name.
            let _ = std::fs::remove_file(&path);
            let copied = store.copy_to(&path)?;
            let done = then(&path).map_err(|error| {
                CopyError::File(crate::store::OpenError::Io { path: path.clone(), error })
            })?;
            Ok::<_, CopyError>((done, copied))
        };
        Ok(web::block(work).await.map_err(|_| NoCopy::BrokenOff)??)
    }
}
