//! A form that the service did not take: its page is shown again, with what was typed and chosen still in it and what is wrong beside the field.

/// The form that was sent, as its page shows it again. Nothing was done.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedForm {
    which: String,
    /// As it was typed.
    pub(super) reason: String,
    /// What was typed or chosen in the form's other field, where it has one.
    pub(super) beside: String,
    /// What the page had shown when it was sent, as a hidden field of the form says it; empty where it has none.
    meant: String,
    wrong: WrongField,
}

/// Which of its fields is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongField {
    Reason,
    /// The other one that the form has.
    Beside,
}

impl RefusedForm {
    /// The form of this name, and about that, where the page has several of the name.
    #[must_use]
    pub fn new(which: &[&str], reason: &str, wrong: WrongField) -> Self {
        let (which, reason) = (which.join(" "), reason.to_owned());
        Self { which, reason, beside: String::new(), meant: String::new(), wrong }
    }

    /// The same with what its other field had.
    #[must_use]
    pub fn beside(self, text: &str) -> Self {
        Self { beside: text.to_owned(), ..self }
    }

    /// The same, about what its page had shown then: sent again, it is about no other thing that is shown by now.
    #[must_use]
    pub fn meaning(self, text: &str) -> Self {
        Self { meant: text.to_owned(), ..self }
    }

    /// What a hidden field says is meant: as the form was sent, where it was not taken, else what there is now.
    pub(super) fn meant(sent: Option<&Self>, now: &str) -> String {
        sent.map_or(now, |form| &form.meant).to_owned()
    }

    /// Itself, where it is that form.
    pub(super) fn of(&self, which: &[&str]) -> Option<&Self> {
        (self.which == which.join(" ")).then_some(self)
    }

    pub(super) fn is_without_reason(&self) -> bool {
        self.wrong == WrongField::Reason
    }

    /// Whether the other field is what is wrong.
    pub(super) fn is_wrong_beside(&self) -> bool {
        self.wrong == WrongField::Beside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_told_from_others_of_its_name() {
        let form = RefusedForm::new(&["revoke", "1"], "a", WrongField::Reason).beside("b");
        assert!(form.of(&["revoke", "1"]).is_some_and(|form| form.reason == "a" && form.beside == "b"));
        assert!(form.of(&["revoke", "2"]).is_none() && form.of(&["revoke"]).is_none());
    }
}
