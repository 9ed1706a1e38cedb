//! People at large: patients and providers who drive the service as browsers do, and the ledger of who sits where.

mod browser;
mod ledger;
mod morning;
mod patient;
mod play;
mod provider;
mod tally;
mod verdict;

pub use browser::{Browser, BrowserError, Landing, connections};
pub use ledger::{Ledger, World};
pub use morning::Morning;
pub use play::{Habits, MorningConfig, play};
pub use tally::MorningSummary;
pub use verdict::{Wrong, verdict};
