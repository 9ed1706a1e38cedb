//! What is told to a store that was put back from a copy, so that what it has forgotten is found out.
//!
//! It went back, and nobody holds what it lost: no node lives that owned a shard, and no door that answered an event. So each visit is told by a
//! command in its journal, as an owner tells those that it holds; and for some time every node knows that there may be meetings that no
//! visit of the store knows of.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use vestibule_actors::codec::{self, Format};
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_actors::port::store::{Appended, NewEntry, SharedStore, Space, StoreError};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::policy::MarkerRules;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::{Phase, Visit};

use super::DONE;
use crate::audit::{Chain, ChainId, Deed, Waiting};
use crate::settings::Secret;

const NAME: &str = "restored";
/// For so long a visit may have a meeting that the store knows nothing of: visits of a day, with the time in which they may be reopened.
const DOUBTED_FOR: Span = Span::hours(48);
/// Visits that are read at once.
const PAGE: usize = 200;

/// Tells a store that it was put back. Every visit is told, those that may be under way first. How many there are.
///
/// # Errors
/// [`StoreError`]: then it has to be told again, which is harmless.
pub(super) async fn tell(
    store: &SharedStore,
    format: Format,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
    reason: String,
) -> Result<usize, StoreError> {
    let now = clock.now();
    let until = now + DOUBTED_FOR;
    store.put(Space::Keys, NAME, until.0.to_string().into_bytes(), DOUBTED_FOR).await?;
    let deed = Deed {
        action: "store_restored".to_owned(),
        outcome: DONE.to_owned(),
        reason: Some(reason),
        ..Deed::default()
    };
    let waiting = Waiting { id: format!("{:016x}", randomness.draw()), at: now, deed };
    Chain::new(store, &ChainId::of(None))?.append("vestibule restore", &[waiting], &mut None).await?;
    let mut told = 0;
    for ended in [false, true] {
        told += tell_visits(store, ended, &|| {
            let entry = Entry { id: randomness.command_id(), at: now, command: Command::StoreWentBack };
            format.encode(&entry).map_err(|error| StoreError::Refused(error.to_string()))
        })
        .await?;
    }
    store.flush().await?;
    Ok(told)
}

async fn tell_visits(
    store: &SharedStore,
    ended: bool,
    entry: &dyn Fn() -> Result<Vec<u8>, StoreError>,
) -> Result<usize, StoreError> {
    let (mut told, mut after) = (0, None);
    loop {
        let page = store.visits(None, after, PAGE).await?;
        let mut entries: BTreeMap<Shard, Vec<NewEntry>> = BTreeMap::new();
        for stored in page.items {
            // One that cannot be read is for its shard to tell of.
            let has_ended =
                codec::decode::<Visit>(&stored.state).is_ok_and(|visit| visit.phase == Phase::Ended);
            if has_ended == ended {
                let new = NewEntry { visit: stored.visit.clone(), payload: entry()? };
                entries.entry(Shard::of_visit(&stored.visit)).or_default().push(new);
                told += 1;
            }
        }
        for (shard, entries) in entries {
            if store.append(shard, entries).await? == Appended::Full {
                return Err(StoreError::Refused(format!("the journal of shard {} is full", shard.number())));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(told),
        }
    }
}

/// How this deployment's visits find their meetings again: by its key, and by whether its store was put back lately.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub(crate) async fn marker_rules(store: &SharedStore, key: &Secret) -> Result<MarkerRules, StoreError> {
    let hash = Sha256::new().chain_update("the markers of meetings\0").chain_update(key.expose()).finalize();
    let salt = hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let told = store.get(Space::Keys, NAME).await?;
    let until = told.and_then(|text| String::from_utf8(text).ok()?.parse().ok()).map(Moment);
    if until.is_some() {
        tracing::warn!(
            "the store was put back from a copy: for two days a meeting is looked for before one is made"
        );
    }
    Ok(MarkerRules { salt, restored_until: until })
}
