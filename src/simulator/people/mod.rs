//! People at large: patients and providers who drive the service as browsers do, and the ledger of who sits where.

mod ledger;

pub use ledger::{Ledger, World};
