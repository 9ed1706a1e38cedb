//! Who did what, when and from where, in a chain that shows whether anything of it was changed since.
//!
//! Each organization has a chain of its own, and the service one for what concerns none of them. An entry holds the hash of the one before
//! it and its own, so that a changed, missing or reordered one is found by whoever reads the chain ([`verify`]). What cannot be found so
//! is an end that was cut off: the newest place and hash are logged every few minutes, and kept elsewhere with the log. No entry names a
//! patient; a visit is named by its CSN.

mod chain;
mod command;
mod entry;
mod fhir;
mod just_before;
mod keeper;
mod leaf;
#[cfg(test)]
mod leaf_tests;
mod search;
#[cfg(test)]
mod tests;

pub use chain::{Chain, ChainId, Head, Waiting};
pub use command::{AuditCommand, run};
pub use entry::{Broken, Deed, Kept, Sound, verify};
pub use fhir::audit_event;
pub use keeper::{Audit, Lost, Writing};
pub use leaf::{Leaf, Leafing, Line, Place};
pub use search::Found;
