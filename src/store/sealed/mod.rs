//! A store that seals what visits are made of on its way in, and opens it on its way out: states with the links by which people join,
//! passcodes and names; commands, which bring them; and states of launches and sign-ins on their way. What lies behind it finds things as
//! before, by keys, versions and places; records, histories and what administrators keep pass through.
//!
//! What cannot be opened is handed on as it is: [`codec::decode`] says then that it is sealed, and whoever reads it does what is done
//! about anything unreadable. A shard stops before it would give up a command that another node can open.

mod port;

use std::sync::Arc;

use vestibule_actors::codec;
use vestibule_actors::port::store::{
    NewEntry, PARKED_KEPT, ParkedCommand, SharedStore, Space, StoreError, StoredVisit,
};
use vestibule_domain::id::{OrganizationId, VisitKey};

use crate::sealing::Sealer;

/// So many visits are looked at in one step.
const PAGE: usize = 500;

/// The store, and the keys.
struct SealedStore {
    inner: SharedStore,
    sealer: Sealer,
    seals: bool,
}

/// What a sealed value is bound to: moved elsewhere it does not open.
enum Place<'a> {
    State(&'a VisitKey),
    /// An event may come before it is known of which visit it is.
    Command(&'a OrganizationId),
    Value(&'a str),
}

/// The store behind keys. What is sealed is opened either way; `seals` says whether what is written from now on is sealed.
pub fn over(inner: SharedStore, sealer: Sealer, seals: bool) -> SharedStore {
    Arc::new(SealedStore { inner, sealer, seals })
}

/// How many visits and commands set aside stand under a key that is not the newest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByOthers {
    /// Under one that is here, so that it has to stay.
    pub older: usize,
    /// Under one that is not here.
    pub unknown: usize,
}

/// Looks at all that stands sealed for long. `store` is one without keys.
///
/// # Errors
/// [`StoreError`] when it does not answer.
pub async fn by_others(store: &SharedStore, sealer: &Sealer) -> Result<ByOthers, StoreError> {
    let mut found = ByOthers::default();
    let mut look = |payload: &[u8]| match sealed(payload) {
        Some(sealed) if !sealer.knows_raw(sealed) => found.unknown += 1,
        Some(sealed) if !sealer.is_newest_raw(sealed) => found.older += 1,
        Some(_) | None => {}
    };
    store.parked(PARKED_KEPT).await?.iter().for_each(|parked| look(&parked.payload));
    let mut after = None;
    loop {
        let page = store.visits(None, after, PAGE).await?;
        page.items.iter().for_each(|stored| look(&stored.state));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

fn sealed(payload: &[u8]) -> Option<&[u8]> {
    payload.strip_prefix(&[codec::SEALED])
}

impl Place<'_> {
    fn to_text(&self) -> String {
        match self {
            Self::State(key) => format!("state/{}", key.to_text()),
            Self::Command(organization) => format!("command/{organization}"),
            Self::Value(name) => format!("value/{name}"),
        }
    }
}

impl SealedStore {
    /// Seals what is not sealed yet. What could not be opened goes back as it came.
    fn close(&self, place: &Place<'_>, payload: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if !self.seals || sealed(&payload).is_some() {
            return Ok(payload);
        }
        let mut whole = vec![codec::SEALED];
        let sealed = self.sealer.seal_raw(&place.to_text(), &payload);
        whole.append(&mut sealed.map_err(|error| StoreError::Refused(error.to_string()))?);
        Ok(whole)
    }

    fn open(&self, place: &Place<'_>, payload: Vec<u8>) -> Vec<u8> {
        let Some(sealed) = sealed(&payload) else { return payload };
        match self.sealer.open_raw(&place.to_text(), sealed) {
            Ok(opened) => opened,
            Err(error) => {
                // Whoever decodes it says so, with what it is; boards read it again and again.
                tracing::debug!(%error, "something in the store cannot be opened");
                payload
            }
        }
    }

    fn close_entry(&self, entry: NewEntry) -> Result<NewEntry, StoreError> {
        let payload = self.close(&Place::Command(&entry.visit.organization), entry.payload)?;
        Ok(NewEntry { payload, ..entry })
    }

    fn open_visit(&self, stored: StoredVisit) -> StoredVisit {
        let state = self.open(&Place::State(&stored.visit), stored.state);
        StoredVisit { state, ..stored }
    }

    fn close_parked(&self, parked: ParkedCommand) -> Result<ParkedCommand, StoreError> {
        let payload = self.close(&Place::Command(&parked.visit.organization), parked.payload)?;
        Ok(ParkedCommand { payload, ..parked })
    }

    fn open_parked(&self, parked: ParkedCommand) -> ParkedCommand {
        let payload = self.open(&Place::Command(&parked.visit.organization), parked.payload);
        ParkedCommand { payload, ..parked }
    }

    fn close_value(&self, space: Space, key: &str, value: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if is_secret(space) { self.close(&Place::Value(key), value) } else { Ok(value) }
    }

    fn open_value(&self, space: Space, key: &str, value: Vec<u8>) -> Vec<u8> {
        if is_secret(space) { self.open(&Place::Value(key), value) } else { value }
    }
}

/// Of the other kinds a name is a hash or opens nothing by itself, or what is kept is sealed by whoever keeps it.
fn is_secret(space: Space) -> bool {
    match space {
        Space::OauthState => true,
        Space::Ticket | Space::Session | Space::Turns | Space::Keys => false,
    }
}

#[cfg(test)]
mod tests;
