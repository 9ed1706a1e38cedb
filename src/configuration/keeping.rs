//! Reading and writing organizations' settings in the store.
//!
//! Each version is a field of the organization's own place there, written once under a name that nobody else draws. Which version counts
//! stands in one index over all organizations, changed only where nobody else was first: that one write is the save, so that of two who save
//! at once one is told of the other, and a node that dies in between leaves a version that nothing names.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vestibule_actors::port::clock::{SharedClock, SharedRandomness};
use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;

use super::document::{Document, Draft, HISTORY, Head};
use crate::sealing::{CannotOpen, CannotSeal, Sealer};
use crate::settings::Values;
use crate::store::entity;

pub(super) const INDEX: &str = "index";
/// Others who save meanwhile are few; whoever loses so often has met something else.
const MOST_LOOKS: u32 = 16;
/// As many as a service may have.
const MOST: usize = 1000;

/// The version of an organization that counts. Two that were saved on either side of a store that went back may have the same number, and
/// never the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    pub version: u64,
    pub name: String,
}

/// Which version of each organization counts.
pub(super) type Index = BTreeMap<OrganizationId, Entry>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    version: u64,
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) removed: bool,
    /// Removed for good: everything of it but its last version and its audit is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) forgotten: bool,
}

/// Something of the kept settings that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Open(#[from] CannotOpen),
    #[error(transparent)]
    Seal(#[from] CannotSeal),
    #[error("what the store keeps of the organization cannot be read: {0}")]
    Unreadable(String),
    #[error("there are {MOST} organizations, which is as many as may be")]
    TooMany,
}

/// What is to be saved.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The version on which whoever saves has begun; 0 for none.
    pub base: u64,
    pub values: Values,
    /// Sealed.
    pub secrets: BTreeMap<String, String>,
    pub by: String,
    pub reason: Option<String>,
    pub forced: Vec<String>,
    pub removed: bool,
}

/// What came of a save.
#[derive(Clone, Debug)]
pub enum Saved {
    /// It counts from now on, as this version.
    Done(u64),
    /// Somebody else saved since; nothing was changed.
    Behind,
}

/// The way to what is kept. Copies share everything.
#[derive(Clone)]
pub struct Keeping {
    pub(super) store: SharedStore,
    pub(super) clock: SharedClock,
    randomness: SharedRandomness,
    sealer: Sealer,
}

impl Keeping {
    pub fn new(store: SharedStore, clock: SharedClock, randomness: SharedRandomness, sealer: Sealer) -> Self {
        Self { store, clock, randomness, sealer }
    }

    /// Whether secrets can be kept.
    pub fn keeps_secrets(&self) -> bool {
        self.sealer.has_key()
    }

    /// Which version of each organization counts, those that were removed aside.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn versions(&self) -> Result<BTreeMap<OrganizationId, Counting>, KeepingError> {
        let (_, index) = self.index().await?;
        let there = index.into_iter().filter(|(_, entry)| !entry.removed);
        let counts = |Entry { version, name, .. }| Counting { version, name };
        Ok(there.map(|(id, entry)| (id, counts(entry))).collect())
    }

    /// The version of an organization that counts; also the last one of an organization that was removed.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn newest(&self, id: &OrganizationId) -> Result<Option<Document>, KeepingError> {
        let (_, mut index) = self.index().await?;
        match index.remove(id) {
            Some(entry) => self.field(&place(id)?, &entry.name).await.map(|found| found.map(|(_, one)| one)),
            None => Ok(None),
        }
    }

    /// A version of an organization by its head.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn version(&self, id: &OrganizationId, head: &Head) -> Result<Option<Document>, KeepingError> {
        Ok(self.field(&place(id)?, &head.name).await?.map(|(_, one)| one))
    }

    /// All values, secrets opened.
    ///
    /// # Errors
    /// [`CannotOpen`], of the first secret for which it is so.
    pub fn open(
        &self,
        id: &OrganizationId,
        values: &Values,
        secrets: &BTreeMap<String, String>,
    ) -> Result<Values, CannotOpen> {
        let mut all = values.clone();
        for (key, sealed) in secrets {
            let opened = self.sealer.open(&of_secret(id, key), sealed.as_bytes())?;
            all.insert(key.clone(), String::from_utf8(opened).map_err(|_| CannotOpen::Changed)?);
        }
        Ok(all)
    }

    /// Seals one secret of an organization.
    ///
    /// # Errors
    /// [`CannotSeal`]
    pub fn seal(&self, id: &OrganizationId, key: &str, secret: &str) -> Result<String, CannotSeal> {
        let sealed = self.sealer.seal(&of_secret(id, key), secret.as_bytes())?;
        String::from_utf8(sealed).map_err(|_| CannotSeal)
    }

    /// Saves a version, if the one that somebody began with still counts.
    ///
    /// # Errors
    /// [`KeepingError`]; nothing is changed then, unless the store did not answer whether it was.
    pub async fn save(&self, id: &OrganizationId, wanted: Wanted) -> Result<Saved, KeepingError> {
        let place = place(id)?;
        let before = self.newest(id).await?;
        if before.as_ref().map_or(0, |before| before.head.version) != wanted.base {
            return Ok(Saved::Behind);
        }
        let version = wanted.base.saturating_add(1);
        let name = format!("version/{version:08}-{}", self.draw());
        let (mut history, left) = history(before);
        history.truncate(HISTORY);
        let head = Head {
            version,
            name: name.clone(),
            at: self.clock.now(),
            by: wanted.by,
            reason: wanted.reason,
            forced: wanted.forced,
            removed: wanted.removed,
        };
        let document = Document { head, values: wanted.values, secrets: wanted.secrets, history };
        self.put(&place, &name, 0, &document).await?;
        let entry = Entry { version, name: name.clone(), removed: wanted.removed, forgotten: false };
        if !self.point_to(id, wanted.base, entry).await? {
            // It is named by nothing; that it stays where this fails costs a few bytes.
            let _ = self.store.organization_forget(&place, &name, 1).await;
            return Ok(Saved::Behind);
        }
        for gone in left {
            let _ = self.store.organization_forget(&place, &gone, 1).await;
        }
        Ok(Saved::Done(version))
    }

    /// The draft of somebody.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn draft(&self, id: &OrganizationId, whose: &str) -> Result<Option<Draft>, KeepingError> {
        Ok(self.field(&place(id)?, &of_draft(whose)).await?.map(|(_, draft)| draft))
    }

    /// Keeps a draft over whatever was theirs.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn keep_draft(
        &self,
        id: &OrganizationId,
        whose: &str,
        draft: &Draft,
    ) -> Result<(), KeepingError> {
        let (place, field) = (place(id)?, of_draft(whose));
        for _ in 0..MOST_LOOKS {
            let there = self.store.organization_get(&place, &field).await?.map_or(0, |there| there.version);
            if self.put(&place, &field, there, draft).await? {
                return Ok(());
            }
        }
        Err(again_and_again())
    }

    /// Forgets somebody's draft.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn drop_draft(&self, id: &OrganizationId, whose: &str) -> Result<(), KeepingError> {
        self.store.organization_forget(&place(id)?, &of_draft(whose), 1).await?;
        Ok(())
    }

    /// Whether a secret is sealed under the newest key.
    pub(super) fn is_newest(&self, sealed: &str) -> bool {
        self.sealer.is_newest(sealed.as_bytes())
    }

    pub(super) async fn index(&self) -> Result<(u64, Index), KeepingError> {
        index_in(&self.store).await
    }

    async fn point_to(&self, id: &OrganizationId, base: u64, entry: Entry) -> Result<bool, KeepingError> {
        for _ in 0..MOST_LOOKS {
            let (version, mut index) = self.index().await?;
            let there = index.get(id);
            // A write without an answer may have been done.
            if there == Some(&entry) {
                return Ok(true);
            }
            if there.map_or(0, |there| there.version) != base {
                return Ok(false);
            }
            if there.is_none() && index.len() >= MOST {
                return Err(KeepingError::TooMany);
            }
            index.insert(id.clone(), entry.clone());
            if self.put(&index_of()?, INDEX, version, &index).await? {
                return Ok(true);
            }
        }
        Err(again_and_again())
    }

    pub(super) async fn field<T: DeserializeOwned>(
        &self,
        place: &OrganizationId,
        field: &str,
    ) -> Result<Option<(u64, T)>, KeepingError> {
        field_in(&self.store, place, field).await
    }

    pub(super) async fn put<T: Serialize>(
        &self,
        place: &OrganizationId,
        field: &str,
        version: u64,
        value: &T,
    ) -> Result<bool, KeepingError> {
        let value = serde_json::to_vec(value).map_err(|e| KeepingError::Unreadable(e.to_string()))?;
        Ok(self.store.organization_put(place, field, version, value).await?)
    }

    fn draw(&self) -> String {
        format!("{:016x}", self.randomness.draw())
    }
}

/// Every organization that a store keeps or has kept, those that were removed too.
///
/// # Errors
/// [`KeepingError`]
pub async fn ever_kept(store: &SharedStore) -> Result<Vec<OrganizationId>, KeepingError> {
    Ok(index_in(store).await?.1.into_keys().collect())
}

/// Those of them that were removed and not made again.
///
/// # Errors
/// [`KeepingError`]
pub async fn removed(store: &SharedStore) -> Result<Vec<OrganizationId>, KeepingError> {
    let all = index_in(store).await?.1.into_iter();
    Ok(all.filter(|(_, entry)| entry.removed).map(|(id, _)| id).collect())
}

async fn index_in(store: &SharedStore) -> Result<(u64, Index), KeepingError> {
    Ok(field_in(store, &index_of()?, INDEX).await?.unwrap_or_default())
}

async fn field_in<T: DeserializeOwned>(
    store: &SharedStore,
    place: &OrganizationId,
    field: &str,
) -> Result<Option<(u64, T)>, KeepingError> {
    let Some(there) = store.organization_get(place, field).await? else { return Ok(None) };
    let read = serde_json::from_slice(&there.value);
    read.map(|read| Some((there.version, read))).map_err(|e| KeepingError::Unreadable(e.to_string()))
}

/// The versions before, newest first, and the names of those that are too old to be kept.
fn history(before: Option<Document>) -> (Vec<Head>, Vec<String>) {
    let Some(before) = before else { return (Vec::new(), Vec::new()) };
    let all: Vec<Head> = std::iter::once(before.head).chain(before.history).collect();
    let left = all.iter().skip(HISTORY).map(|head| head.name.clone()).collect();
    (all, left)
}

/// Another place than the organization's own, which the rest of the service reads and forgets by prefixes.
pub(super) fn place(id: &OrganizationId) -> Result<OrganizationId, KeepingError> {
    Ok(entity("settings", id.as_str())?)
}

pub(super) fn index_of() -> Result<OrganizationId, KeepingError> {
    Ok(entity("settings", "")?)
}

fn of_secret(id: &OrganizationId, key: &str) -> String {
    format!("organization.{id}.{key}")
}

fn of_draft(whose: &str) -> String {
    // The last stroke, since fields are forgotten by how their names begin.
    format!("draft/{whose}/")
}

fn again_and_again() -> KeepingError {
    KeepingError::Store(StoreError::Refused("the kept settings are written again and again".to_owned()))
}
