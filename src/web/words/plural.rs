//! What is said of one thing and of several.

use std::borrow::Borrow;

/// A text that has a number in it, `{}` in both forms.
pub struct Plural {
    pub one: &'static str,
    pub many: &'static str,
}

impl Plural {
    /// The text of so many. Templates hand in references.
    pub fn of(&self, count: impl Borrow<usize>) -> String {
        let count = count.borrow();
        let form = if *count == 1 { self.one } else { self.many };
        form.replacen("{}", &count.to_string(), 1)
    }
}
