//! Which nodes there are, as the store tells them of each other.

use serde::{Deserialize, Serialize};

use super::OwnerToken;

/// A node that gives signs of life.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NodeInfo {
    /// This start of its process.
    pub token: OwnerToken,
    /// Its name, for people; two may bear the same.
    pub name: String,
    /// It is told to go: it holds what it still holds, and gets nothing new.
    pub draining: bool,
    /// Which release it is.
    pub release: String,
}
