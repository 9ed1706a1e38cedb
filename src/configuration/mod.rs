//! Organizations that administrators have made on pages: kept in the store, version after version, and taken up by every node within a
//! moment.
//!
//! [`Keeping`] reads and writes them. What was wrong with a version that was saved all the same, and who wrote what when, stands with it. A
//! node puts what it finds beside the organizations of its files (`service/live.rs`).

mod difference;
mod document;
mod forgetting;
mod keeping;
mod looks;
mod sealing_anew;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_domain::id::OrganizationId;

pub use difference::{Change, differences};
pub use document::{Checked, Document, Draft, Head, Seen};
pub use keeping::{Counting, Keeping, KeepingError, Saved, Wanted, ever_kept, removed};
pub use looks::{Looks, Wanted as WantedLooks};
pub use sealing_anew::SealedAnew;

use crate::latest::Latest;
use crate::settings::{Problem, Settings};

/// What the doors know of kept settings. Copies share everything.
#[derive(Clone)]
pub struct Configuration {
    /// The settings of this node's files and its environment alone.
    pub files: Arc<Settings>,
    pub keeping: Keeping,
    /// How the kept ones stand on this node.
    pub standing: Arc<Latest<Standing>>,
    /// Whoever saved has this node look at once.
    pub looks: Looks,
}

/// How the kept organizations stand on one node.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The versions in force; of one that this node cannot use the last that it could, if there was one.
    pub in_force: BTreeMap<OrganizationId, u64>,
    /// Those whose newest version it cannot use, and why.
    pub refused: BTreeMap<OrganizationId, Vec<Problem>>,
}

impl Configuration {
    pub fn new(files: Arc<Settings>, keeping: Keeping, looks: Looks) -> Self {
        Self { files, keeping, standing: Arc::default(), looks }
    }

    /// Whether an organization stands in this node's files, which go before what is kept.
    pub fn is_of_files(&self, id: &OrganizationId) -> bool {
        self.files.organizations.contains_key(id)
    }
}
