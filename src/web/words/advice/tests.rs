//! Each hint and each check that the service can come to has a translation, and nothing else has.

use std::collections::BTreeSet;

use vestibule_actors::notifier::GIVEN_UP_HINT;

use super::*;
use crate::epic::{every_check, every_hint};

/// Whatever has to stand in every language as it is: settings, places, and what Epic calls things.
fn names(text: &str) -> BTreeSet<&str> {
    const OF_EPIC: [&str; 9] =
        ["CONTEXT", "FDI", "externalid", "EMP", "WPR", "Interconnect", "Epic-Client-ID", "FHIR", "https"];
    let words = text.split(|c: char| c.is_whitespace() || ",;:()".contains(c));
    let words = words.map(|word| word.trim_end_matches('.'));
    words.filter(|word| word.contains(['_', '%', '{', '`']) || OF_EPIC.contains(word)).collect()
}

#[test]
fn each_hint_and_each_check_has_a_translation_and_no_translation_is_of_nothing() {
    let mut hints: BTreeSet<String> = every_hint().into_iter().collect();
    hints.insert(GIVEN_UP_HINT.to_owned());
    let checks: BTreeSet<String> = every_check().into_iter().map(str::to_owned).collect();
    for (said, table) in [(hints, HINTS), (checks, CHECKS)] {
        let translated: BTreeSet<String> = table.iter().map(|(english, _)| (*english).to_owned()).collect();
        assert_eq!(said, translated);
        assert_eq!(translated.len(), table.len(), "none is there twice");
    }
}

#[test]
fn a_translation_names_the_same_settings_and_records() {
    let mut named = 0;
    for (english, spanish) in HINTS.iter().chain(CHECKS) {
        assert_eq!(names(english), names(spanish), "{english}");
        assert!(english.ends_with('.') && spanish.ends_with('.') && english != spanish, "{english}");
        named += names(english).len();
    }
    assert!(named > 60, "{named}");
}

#[test]
fn what_is_not_known_is_said_as_it_is_in_english_alone() {
    let of_another_release = "Epic is asleep. Wake it.";
    assert_eq!(Language::English.advice(of_another_release), Some(of_another_release));
    assert_eq!(Language::Spanish.advice(of_another_release), None);
    assert_eq!(
        Language::Spanish.advice("Epic did not answer in time; it is tried again."),
        Some("Epic no respondió a tiempo; se intenta de nuevo.")
    );
}
