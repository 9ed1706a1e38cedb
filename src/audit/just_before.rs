//! Which looks were kept a moment ago, so that a page that renews itself is one entry for a while and not one every few seconds.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use vestibule_domain::time::{Moment, Span};

use super::entry::Deed;

/// The same look by the same one is one entry for so long.
const ALIKE_FOR: Span = Span::minutes(5);
/// So many are remembered; with more each is an entry again.
const MOST: usize = 10_000;

/// Looks of the last minutes, on this node.
#[derive(Default)]
pub(super) struct JustBefore(Mutex<BTreeMap<String, Moment>>);

impl JustBefore {
    /// Whether nothing alike was kept just before; then this one counts as kept.
    pub(super) fn is_first(&self, deed: Deed, now: Moment) -> bool {
        // A deed is its JSON as far as being alike goes; one that could not be written is kept.
        let Ok(name) = serde_json::to_string(&deed) else { return true };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&name).is_some_and(|at| now < *at + ALIKE_FOR) {
            return false;
        }
        if known.len() >= MOST {
            known.retain(|_, at| now < *at + ALIKE_FOR);
        }
        if known.len() < MOST {
            known.insert(name, now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_counts_once_for_a_while_and_memory_is_bounded() {
        let known = JustBefore::default();
        let deed = |csn: &str| Deed { csn: Some(csn.to_owned()), ..Deed::default() };
        assert!(known.is_first(deed("1"), Moment(0)));
        assert!(!known.is_first(deed("1"), Moment(ALIKE_FOR.0 - 1)));
        assert!(known.is_first(deed("2"), Moment(0)));
        assert!(known.is_first(deed("1"), Moment(ALIKE_FOR.0)));
        for number in 0..2 * MOST {
            known.is_first(deed(&format!("n{number}")), Moment(ALIKE_FOR.0));
        }
        assert!(known.0.lock().unwrap().len() <= MOST);
        assert!(!known.is_first(deed("1"), Moment(ALIKE_FOR.0 + 1)), "those that are remembered stay so");
        assert!(known.is_first(deed("new"), Moment(3 * ALIKE_FOR.0)));
    }
}
