//! The in-memory store, for the simulation and for tests: a plain value behind a lock, with faults that a test can order.

mod faults;
mod model;
mod nodes;
mod store;

pub use faults::{Breakpoint, Call, Faults, When};
pub use model::commit::{check_acknowledgements, check_commit, check_restore};
pub use model::records::matches;
pub use model::{Model, check_append};
pub use nodes::Nodes;
pub use store::MemoryStore;
