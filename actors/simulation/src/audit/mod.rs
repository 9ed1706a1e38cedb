//! What the invariants of ARCHITECTURE.md are judged by. Nothing here asks the code that is judged; it sees what the store did, what Epic and
//! Zoom were asked, and what people were given.

pub mod attempts;
pub mod boards;
pub mod commits;
pub mod facts;
pub mod gates;
pub mod lanes;
pub mod leases;
pub mod meetings;
pub mod rollback;
pub mod witness;

use crate::world::Breach;

/// Everything that was seen.
#[derive(Default)]
pub struct Audit {
    /// Who holds which lease.
    pub leases: leases::Book,
    /// What was committed.
    pub commits: commits::Commits,
    /// What was decided to tell Epic, and what became of it.
    pub lanes: lanes::Lanes,
    /// Attempts to tell Epic.
    pub attempts: attempts::Attempts,
    /// Events that Zoom was answered.
    pub facts: facts::Facts,
    /// Which meeting is whose.
    pub meetings: meetings::Meetings,
    /// What the gates granted.
    pub gates: gates::Gates,
    /// What boards were told.
    pub boards: boards::Boards,
    /// What a store that went back lost.
    pub rollback: rollback::Rollback,
}

/// Says that an invariant does not hold.
pub(crate) fn breach<T>(invariant: &'static str, what: String) -> Result<T, Breach> {
    Err(Breach { invariant, what })
}
