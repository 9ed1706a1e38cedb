//! A birth date: what a guest answers with before a link opens. It is PHI, so that its `Debug` says nothing.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Nobody who has an appointment was born before.
const EARLIEST_YEAR: u16 = 1850;
/// A number beyond is a mistake.
const LATEST_YEAR: u16 = 2199;
/// No form of a date is longer, in bytes; what stands behind a date, such as a time, counts as well.
const LONGEST: usize = 40;

/// A day of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate {
    year: u16,
    month: u8,
    day: u8,
}

/// What comes first where a date is written as three numbers that end in the year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateOrder {
    /// 12/31/1980.
    MonthFirst,
    /// 31/12/1980.
    DayFirst,
}

/// A text that is no day of the calendar, or not one on which a patient was born. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no birth date")]
pub struct NoBirthDate;

impl BirthDate {
    /// Checks a date of the Gregorian calendar.
    ///
    /// # Errors
    /// [`NoBirthDate`] for a day that there is not, and for years before 1850 or after 2199.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, NoBirthDate> {
        let exists = (1..=days_of(year, month)).contains(&day);
        let may_be = (EARLIEST_YEAR..=LATEST_YEAR).contains(&year);
        if exists && may_be { Ok(Self { year, month, day }) } else { Err(NoBirthDate) }
    }

    /// Reads a date as FHIR or Epic writes it: `1980-12-31`, `19801231`, or three numbers with `/`, `.` or `-` between them that end in a
    /// year of four digits. A time may follow. A month alone, or a year, is no birth date.
    ///
    /// # Errors
    /// [`NoBirthDate`]. Nothing is guessed: 31/12/1980 is no date where the month comes first.
    pub fn read(text: &str, order: DateOrder) -> Result<Self, NoBirthDate> {
        if text.len() > LONGEST {
            return Err(NoBirthDate);
        }
        let date = text.trim().split(['T', ' ']).next().unwrap_or_default();
        let parts: Vec<&str> = date.split(['/', '.', '-']).collect();
        match *parts.as_slice() {
            [whole] if whole.len() == 8 => {
                let parts = (whole.get(..4), whole.get(4..6), whole.get(6..));
                let (Some(year), Some(month), Some(day)) = parts else { return Err(NoBirthDate) };
                Self::of_texts(year, month, day)
            }
            [year, month, day] if year.len() == 4 => Self::of_texts(year, month, day),
            [first, second, year] => match order {
                DateOrder::MonthFirst => Self::of_texts(year, first, second),
                DateOrder::DayFirst => Self::of_texts(year, second, first),
            },
            _ => Err(NoBirthDate),
        }
    }

    /// The date of three texts: a year of four digits, a month and a day of one or two. Blanks around them do not count.
    ///
    /// # Errors
    /// [`NoBirthDate`].
    pub fn of_texts(year: &str, month: &str, day: &str) -> Result<Self, NoBirthDate> {
        let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
            let text = text.trim();
            let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            if plain { text.parse::<u16>().map_err(|_| NoBirthDate) } else { Err(NoBirthDate) }
        };
        let short = |text: &str| number(text, 1..=2).and_then(|n| u8::try_from(n).map_err(|_| NoBirthDate));
        Self::new(number(year, 4..=4)?, short(month)?, short(day)?)
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl TryFrom<String> for BirthDate {
    type Error = NoBirthDate;
    fn try_from(text: String) -> Result<Self, NoBirthDate> {
        Self::read(&text, DateOrder::MonthFirst)
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> String {
        let BirthDate { year, month, day } = date;
        format!("{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(year: u16, month: u8, day: u8) -> BirthDate {
        BirthDate::new(year, month, day).unwrap()
    }

    #[test]
    fn what_epic_and_fhir_write_is_read() {
        let expected = Ok(date(1947, 3, 2));
        for text in ["1947-03-02", "19470302", " 1947-03-02T00:00:00Z ", "1947/3/2"] {
            for order in [DateOrder::MonthFirst, DateOrder::DayFirst] {
                assert_eq!(BirthDate::read(text, order), expected, "{text}");
            }
        }
        for text in ["3/2/1947", "03/02/1947", "03-02-1947", "03.02.1947", "3/2/1947 12:00:00 AM"] {
            assert_eq!(BirthDate::read(text, DateOrder::MonthFirst), expected, "{text}");
            assert_eq!(BirthDate::read(text, DateOrder::DayFirst), Ok(date(1947, 2, 3)), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_date_is_refused_and_never_guessed() {
        let long = "1947-03-02".to_owned() + &" ".repeat(40);
        for text in [
            "",
            "1947",
            "1947-03",
            "0",
            "47-03-02",
            "3/2/47",
            "13/2/1947",
            "2/30/1947",
            "1900-02-29",
            "2001-02-29",
            "1849-12-31",
            "2200-01-01",
            "1947-03-02-01",
            "1947--03",
            "+947-03-02",
            "1947-3-+2",
            "%DOB%",
            "1947030",
            "١٩٤٧-٠٣-٠٢",
            "é947030",
            &long,
        ] {
            assert_eq!(BirthDate::read(text, DateOrder::MonthFirst), Err(NoBirthDate), "{text}");
        }
        assert!(BirthDate::read("2000-02-29", DateOrder::MonthFirst).is_ok());
        assert!(BirthDate::of_texts(" 1947 ", "3", "02").is_ok());
        assert_eq!(BirthDate::of_texts("47", "3", "2"), Err(NoBirthDate), "of which century?");
    }

    // I15: nothing about a person reaches a log.
    #[test]
    fn debug_says_nothing() {
        let shown = format!("{:?} {:?}", date(1947, 3, 2), NoBirthDate);
        assert!(!shown.contains("1947") && !shown.contains('3'), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_reads_back(text in "[0-9/.T \\-\\PC]{0,14}", day_first in any::<bool>()) {
            let order = if day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
            if let Ok(read) = BirthDate::read(&text, order) {
                prop_assert_eq!(BirthDate::try_from(String::from(read)), Ok(read));
            }
        }

        #[test]
        fn every_day_is_read_in_every_form(year in 1850_u16..=2199, month in 1_u8..=12, day in 1_u8..=31) {
            let expected = BirthDate::new(year, month, day);
            let read = |text: String, order| BirthDate::read(&text, order);
            prop_assert_eq!(read(format!("{year:04}-{month:02}-{day:02}"), DateOrder::DayFirst), expected);
            prop_assert_eq!(read(format!("{year:04}{month:02}{day:02}"), DateOrder::DayFirst), expected);
            prop_assert_eq!(read(format!("{month}/{day}/{year}"), DateOrder::MonthFirst), expected);
            prop_assert_eq!(read(format!("{day}.{month}.{year}"), DateOrder::DayFirst), expected);
        }
    }
}
