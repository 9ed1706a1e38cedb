//! The file as the writing thread has it: open, or away after a failed write.
//!
//! After a failure nothing that the engine holds in memory can be relied on, so the file is closed. It is opened at once for reading, without
//! a byte written to the disk; steps that write are refused without a try until a pause is over, which doubles while the trouble lasts.

use redb::Database;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::StoreError;

use super::open::Place;
use super::overlay::End;
use super::shared::Shared;

/// The first pause; each next one is twice as long, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(16);
/// A pause is at least so many times as long as opening the file took, so that a large file is mostly read and not mostly opened.
const PAUSE_FOR_OPENING: u32 = 4;

pub(super) struct Access {
    place: Place,
    shared: Arc<Shared>,
    /// The file, while it may be written.
    open: Option<Arc<Database>>,
    /// Ends what is read while it is away.
    reading: Option<End>,
    /// From a failed write until the next one that succeeds.
    trouble: Option<Trouble>,
}

struct Trouble {
    why: StoreError,
    pause: Duration,
    again_at: Instant,
}

impl Access {
    pub(super) fn new(place: Place, shared: Arc<Shared>, open: Arc<Database>) -> Self {
        Self { place, shared, open: Some(open), reading: None, trouble: None }
    }

    pub(super) fn open(&self) -> Option<Arc<Database>> {
        self.open.clone()
    }

    /// What steps that need the file are told while it is away.
    pub(super) fn refusal(&self) -> StoreError {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        self.trouble.as_ref().map_or_else(closed, |trouble| trouble.why.clone())
    }

    /// Whether a write has failed and none has succeeded since.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.trouble.is_some()
    }

    /// The file is closed for writing, and opened for reading if that can be done.
    pub(super) fn failed(&mut self, why: StoreError) {
        self.open = None;
        self.shared.away(&why);
        self.shared.stats.trouble(true);
        let began = instant();
        match self.place.open_for_reading() {
            Ok((database, ending)) => {
                self.shared.opened_for_reading(database);
                self.reading = Some(ending);
            }
            Err(error) => tracing::error!(%error, "the store cannot be read either"),
        }
        self.pause(why, began);
    }

    /// Opens the file for writing, once the pause is over.
    pub(super) fn open_again(&mut self) -> Option<Arc<Database>> {
        let began = instant();
        if self.trouble.as_ref().is_none_or(|trouble| trouble.again_at > began) {
            return None;
        }
        match self.place.open() {
            Ok(database) => {
                let database = self.shared.opened(database);
                if let Some(reading) = self.reading.take() {
                    reading.end();
                }
                self.open = Some(Arc::clone(&database));
                Some(database)
            }
            Err(error) => {
                tracing::warn!(%error, "the store still cannot write");
                self.pause(StoreError::Unavailable(error.to_string()), began);
                None
            }
        }
    }

    /// Something has been written.
    pub(super) fn succeeded(&mut self) {
        if self.trouble.take().is_some() {
            self.shared.stats.trouble(false);
            tracing::warn!("the store can write again");
        }
    }

    fn pause(&mut self, why: StoreError, began: Instant) {
        let took = instant().saturating_duration_since(began);
        let pause = self.trouble.as_ref().map_or(FIRST, |trouble| (trouble.pause * 2).min(LONGEST));
        let again_at = instant() + pause.max(took * PAUSE_FOR_OPENING);
        self.trouble = Some(Trouble { why, pause, again_at });
    }
}
