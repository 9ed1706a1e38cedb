//! The page that shows what would be sent to Epic again, and asks why.

use askama::Template;

use super::language::Language;
use super::signed_in::SignedIn;

/// What came of the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendNote {
    Sent,
    Incomplete,
    Already,
    Nothing,
}

impl ResendNote {
    const ALL: [Self; 4] = [Self::Sent, Self::Incomplete, Self::Already, Self::Nothing];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Incomplete => "incomplete",
            Self::Already => "already-done",
            Self::Nothing => "nothing-to-send",
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.code() == code)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Sent => {
                "They are on their way, as fast as Epic may be asked. Their records are marked as sent again."
            }
            Self::Incomplete => {
                "Some are on their way; the store did not take the others. Count again, and send those in a moment."
            }
            Self::Already => "This was sent before. Nothing was sent again.",
            Self::Nothing => "There was nothing to send.",
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendCount {
    pub records: usize,
    pub updates: usize,
    pub people: usize,
    pub visits: usize,
    /// Records of visits that are not kept any more.
    pub gone: usize,
    /// Records of people of whom nothing can be sent.
    pub nobody: usize,
    /// Names the act, so that it is done once.
    pub act: String,
    /// When it was counted, in milliseconds since 1970.
    pub at: i64,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub enum ResendState {
    Counted(ResendCount),
    /// Why it is too much at once, and what to do.
    TooMuch(String),
    Told(ResendNote),
}

/// `GET /records/resend`.
#[derive(Template)]
#[template(path = "resend.html")]
pub struct ResendPage {
    pub language: Language,
    pub organization: String,
    /// The search, as an address has it.
    pub search: String,
    pub state: ResendState,
    /// Since it was shown before the count has changed.
    pub has_changed: bool,
    pub signed_in: SignedIn,
}

impl ResendPage {
    fn plural(&self, count: &usize, one: &str, many: &str) -> String {
        format!("{count} {}", if *count == 1 { one } else { many })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_is_found_again_by_its_code() {
        for note in ResendNote::ALL {
            assert_eq!(ResendNote::of(note.code()), Some(note));
            assert!(note.text().ends_with('.'));
        }
    }
}
