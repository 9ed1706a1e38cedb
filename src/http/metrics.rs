//! What is counted and measured, as `/metrics` gives it out. No label ever names a visit or a person.

use vestibule_actors::port::observer::{Observed, Observer};

/// All metrics of this process.
#[derive(Debug, Default)]
pub struct Metrics {}

impl Observer for Metrics {
    fn observe(&self, _: Observed) {}
}
