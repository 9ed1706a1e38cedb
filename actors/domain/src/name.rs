//! What must never reach a log: names of people and links that let somebody in. Their `Debug` says nothing.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text about a person (PHI). It can be stored and sent, but not printed by accident.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phi(String);

impl Phi {
    /// Wraps a text; what is inside is only given out by [`Phi::reveal`].
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that must send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phi(…)")
    }
}

/// A link that lets whoever opens it into a meeting. It is given to one person and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonalLink(String);

impl PersonalLink {
    /// Wraps a link.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The link itself, for the redirect of the person it belongs to.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonalLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalLink(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I15: no secret, token or name of a person reaches a log.
    #[test]
    fn debug_of_names_and_links_says_nothing() {
        let shown = format!("{:?} {:?}", Phi::new("Ada"), PersonalLink::new("https://zoom.example/w/1?tk=s"));
        assert!(!shown.contains("Ada") && !shown.contains("tk="));
    }
}
