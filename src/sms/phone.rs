//! A telephone number as somebody typed it. It is PHI: it goes to the gateway, and nothing here keeps or prints it.

use std::fmt;

/// E.164 allows 15 digits; no number that takes messages has less than 7.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Nobody types more than this.
const LONGEST: usize = 40;
/// The prefix of the North American plan, whose numbers all have ten digits more.
const NORTH_AMERICA: &str = "+1";

/// A number with its country: `+13125550123`.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// Why a text is no number that a message could go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPhone {
    #[error("this is no telephone number")]
    NotANumber,
    #[error("the number names no country, and none is set")]
    NoCountry,
}

impl PhoneNumber {
    /// Reads a number: with `+` or `00` and the country, or as it is dialled inside of the country of `prefix`.
    ///
    /// # Errors
    /// [`NoPhone`].
    pub fn read(text: &str, prefix: Option<&str>) -> Result<Self, NoPhone> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(NoPhone::NotANumber);
        }
        let (abroad, rest) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = digits_of(rest)?;
        let whole = if abroad {
            format!("+{digits}")
        } else {
            let prefix = prefix.ok_or(NoPhone::NoCountry)?;
            format!("{prefix}{}", national(&digits, prefix))
        };
        let number = Self(whole);
        if number.is_possible() { Ok(number) } else { Err(NoPhone::NotANumber) }
    }

    /// The number, for the gateway alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The same without its plus.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    fn is_possible(&self) -> bool {
        let digits = self.digits();
        let plausible = DIGITS.contains(&digits.len()) && !digits.starts_with('0');
        // A digit too few or too many is the commonest mistake, and here it can be told.
        let american = self.0.strip_prefix(NORTH_AMERICA);
        plausible && american.is_none_or(|rest| rest.len() == 10 && !rest.starts_with(['0', '1']))
    }
}

/// What people write between digits does not count; anything else does.
fn digits_of(text: &str) -> Result<String, NoPhone> {
    let separators = [' ', '-', '.', '/', '(', ')', '\u{a0}', '\u{2010}', '\u{2011}'];
    let digits: String = text.chars().filter(|letter| !separators.contains(letter)).collect();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Ok(digits) } else { Err(NoPhone::NotANumber) }
}

/// Without what is dialled before a number inside of its own country.
fn national<'a>(digits: &'a str, prefix: &str) -> &'a str {
    let trunk = if prefix == NORTH_AMERICA { '1' } else { '0' };
    digits.strip_prefix(trunk).unwrap_or(digits)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, prefix: Option<&str>) -> Result<String, NoPhone> {
        PhoneNumber::read(text, prefix).map(|number| number.reveal().to_owned())
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for text in [
            "+13125550123",
            "+1 (312) 555-0123",
            "001 312 555 0123",
            " 312.555.0123 ",
            "(312) 555-0123",
            "1-312-555-0123",
            "312/555/0123",
        ] {
            assert_eq!(read(text, Some("+1")).as_deref(), Ok("+13125550123"), "{text}");
        }
        for text in ["+49 170 1234567", "0049 170 1234567", "0170 1234567", "170-1234567"] {
            assert_eq!(read(text, Some("+49")).as_deref(), Ok("+491701234567"), "{text}");
        }
        assert_eq!(read("+49 170 1234567", Some("+1")).as_deref(), Ok("+491701234567"), "from abroad");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "00",
            "abc",
            "312-555-012",
            "312-555-01234",
            "+1 112 555 0123",
            "+0123456789",
            "+49 12",
            "312-555-0123 x4",
            "+1234567890123456",
            "++13125550123",
            "٣١٢٥٥٥٠١٢٣",
            "call me",
            &"1".repeat(60),
        ] {
            assert_eq!(read(text, Some("+1")), Err(NoPhone::NotANumber), "{text}");
        }
        assert_eq!(read("312-555-0123", None), Err(NoPhone::NoCountry));
        assert_eq!(read("junk", None), Err(NoPhone::NotANumber), "which country does not matter");
    }

    // I15: nothing about a person reaches a log.
    #[test]
    fn debug_says_nothing() {
        let shown = format!("{:?}", PhoneNumber::read("+13125550123", None));
        assert!(!shown.contains("555"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_reads_back(text in "[+0-9 ()./\\-\\PC]{0,24}", at in 0..3_usize) {
            let prefix = [None, Some("+1"), Some("+49")][at];
            if let Ok(number) = PhoneNumber::read(&text, prefix) {
                prop_assert_eq!(PhoneNumber::read(number.reveal(), None), Ok(number.clone()));
                prop_assert!(number.digits().len() <= 15 && number.digits().bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
