//! What to check where Epic did not take an update, in the reader's language.
//!
//! A record keeps its hint as a text in English, and so do JSON and CSV. A page looks for its translation by that text: one that another
//! release of the service wrote may have none, and is then shown as it is and said to be English.

mod checks;
mod hints;

#[cfg(test)]
mod tests;

use super::super::language::Language;
use checks::CHECKS;
use hints::HINTS;

impl Language {
    /// A hint or a check in this language; none where there is no translation of it.
    pub fn advice(self, english: &str) -> Option<&str> {
        match self {
            Self::English => Some(english),
            Self::Spanish => {
                let mut known = HINTS.iter().chain(CHECKS);
                known.find(|(original, _)| *original == english).map(|(_, spanish)| *spanish)
            }
        }
    }
}
