//! What a door keeps in the store under a random name, for a time: as JSON, found by whoever brings the name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule_actors::port::Ports;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::time::Span;

/// Names of ours have about 50 characters; anything much longer is not looked up.
const MOST_CHARACTERS: usize = 128;

/// Keeps a value.
pub async fn keep(
    ports: &Ports,
    space: Space,
    name: &str,
    value: &impl Serialize,
    life: Span,
) -> Result<(), StoreError> {
    let value = serde_json::to_vec(value).map_err(|e| StoreError::Refused(e.to_string()))?;
    ports.store.put(space, name, value, life).await
}

/// A value that has not expired.
pub async fn find<T: DeserializeOwned>(
    ports: &Ports,
    space: Space,
    name: &str,
) -> Result<Option<T>, StoreError> {
    if !is_plausible(name) {
        return Ok(None);
    }
    read(ports.store.get(space, name).await?)
}

/// The same, for one of all who bring the name.
pub async fn take<T: DeserializeOwned>(
    ports: &Ports,
    space: Space,
    name: &str,
) -> Result<Option<T>, StoreError> {
    if !is_plausible(name) {
        return Ok(None);
    }
    read(ports.store.take(space, name).await?)
}

fn is_plausible(name: &str) -> bool {
    (1..=MOST_CHARACTERS).contains(&name.len())
}

fn read<T: DeserializeOwned>(value: Option<Vec<u8>>) -> Result<Option<T>, StoreError> {
    let read = |value: Vec<u8>| serde_json::from_slice(&value);
    value.map(read).transpose().map_err(|_| StoreError::Corrupt("what a door kept".to_owned()))
}
