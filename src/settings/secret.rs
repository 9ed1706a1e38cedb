//! A text that must never reach a log, a page or an error.

use std::fmt;

/// What stands for a secret wherever it would be shown.
pub const MASK: &str = "********";

/// A secret. It has no `Display`, its `Debug` is masked, and reading it takes a call that is easy to search for.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself. Compare it only in constant time.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_mask_only() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), vec![Some(Secret::new("hunter2"))]);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains(MASK));
    }
}
