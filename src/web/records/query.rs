//! What is searched for: as it came, and cleaned.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_domain::id::Csn;

use super::words;
use crate::web::language::Language;

/// The shortest and longest Zoom meeting ids, in digits.
const MEETING_ID_DIGITS: std::ops::RangeInclusive<usize> = 9..=12;

/// How long a code of Epic's may be that is searched for; none that is kept is longer.
pub const LONGEST_EPIC_CODE: usize = 64;

/// The query of the form, as it came; `meeting_id` or `csn` says what is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct RecordsQuery {
    #[serde(default)]
    pub organization: String,
    #[serde(default)]
    pub meeting_id: String,
    #[serde(default)]
    pub csn: String,
    #[serde(default)]
    pub outcome: String,
    #[serde(default)]
    pub resp_code: String,
    #[serde(default)]
    pub epic_code: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    /// One record, by its id.
    #[serde(default)]
    pub record: String,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What to look for, cleaned of the blanks and dashes that people paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchKey {
    MeetingId(String),
    Csn(Csn),
}

/// A search that names nothing usable, with what to do; the API says so in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", words::unusable(Language::English, *self))]
pub enum UnusableSearch {
    Empty,
    Both,
    NotAMeetingId,
    NotACsn,
    NotAnOutcome,
    NotACode,
    NotAnEpicCode,
    NotAStart,
    NotAnEnd,
    EndsBeforeItBegins,
    NotARecord,
    NoOrganization,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchField {
    Organization,
    MeetingId,
    Csn,
    From,
    To,
    Outcome,
    RespCode,
    EpicCode,
}

impl UnusableSearch {
    /// Where it is told; `None` for what stands in an address alone.
    pub(super) fn field(self) -> Option<SearchField> {
        Some(match self {
            Self::NoOrganization => SearchField::Organization,
            Self::Empty | Self::Both | Self::NotAMeetingId => SearchField::MeetingId,
            Self::NotACsn => SearchField::Csn,
            Self::NotAStart => SearchField::From,
            Self::NotAnEnd | Self::EndsBeforeItBegins => SearchField::To,
            Self::NotAnOutcome => SearchField::Outcome,
            Self::NotACode => SearchField::RespCode,
            Self::NotAnEpicCode => SearchField::EpicCode,
            Self::NotARecord => return None,
        })
    }
}

impl RecordsQuery {
    /// No search was asked for: the form is shown empty.
    pub fn is_blank(&self) -> bool {
        let named = [&self.meeting_id, &self.csn];
        named.iter().all(|text| text.trim().is_empty()) && !self.is_filtered() && self.cursor.is_none()
    }

    /// Something beside the visit is asked for.
    pub fn is_filtered(&self) -> bool {
        self.filters().iter().any(|(_, value)| !value.trim().is_empty())
    }

    /// What narrows a search, as the address names it.
    fn filters(&self) -> [(&'static str, &str); 6] {
        [
            ("outcome", &self.outcome),
            ("resp_code", &self.resp_code),
            ("epic_code", &self.epic_code),
            ("from", &self.from),
            ("to", &self.to),
            ("record", &self.record),
        ]
    }

    /// The search as an address has it, cleaned, and without its cursor.
    pub fn search(&self) -> String {
        let organization = encode(self.organization.trim());
        let mut query = match self.key() {
            Ok(Some(SearchKey::MeetingId(id))) => {
                format!("organization={organization}&meeting_id={}", encode(&id))
            }
            Ok(Some(SearchKey::Csn(csn))) => {
                format!("organization={organization}&csn={}", encode(csn.as_str()))
            }
            Ok(None) | Err(_) => format!("organization={organization}"),
        };
        for (name, value) in self.filters().iter().filter(|(_, value)| !value.trim().is_empty()) {
            query.extend(["&", name, "=", &encode(value.trim())]);
        }
        query
    }

    /// What somebody entered, as an address has it, usable or not; with its cursor.
    pub(super) fn as_it_came(&self) -> String {
        let named =
            [("organization", &*self.organization), ("meeting_id", &self.meeting_id), ("csn", &self.csn)];
        let cursor = ("cursor", self.cursor.as_deref().unwrap_or_default());
        let parts = named.into_iter().chain(self.filters()).chain([cursor]);
        let given = parts.filter(|(_, value)| !value.trim().is_empty());
        given.map(|(name, value)| format!("{name}={}&", encode(value.trim()))).collect()
    }

    /// The search key in the form in which records are kept; none where only filters are given.
    pub fn key(&self) -> Result<Option<SearchKey>, UnusableSearch> {
        if self.organization.trim().is_empty() {
            return Err(UnusableSearch::NoOrganization);
        }
        self.named()
    }

    /// The same, whosever the records are.
    pub fn named(&self) -> Result<Option<SearchKey>, UnusableSearch> {
        match (self.meeting_id.trim(), self.csn.trim()) {
            ("", "") if self.is_filtered() => Ok(None),
            ("", "") => Err(UnusableSearch::Empty),
            (meeting_id, "") => meeting_id_digits(meeting_id).map(|id| Some(SearchKey::MeetingId(id))),
            ("", csn) => clean_csn(csn).map(|csn| Some(SearchKey::Csn(csn))),
            _ => Err(UnusableSearch::Both),
        }
    }
}

/// Meeting ids are shown as `850 1234 5678` or `850-1234-5678` and pasted with every kind of blank and dash.
fn meeting_id_digits(text: &str) -> Result<String, UnusableSearch> {
    let mut digits = String::with_capacity(*MEETING_ID_DIGITS.end());
    for c in text.chars() {
        match c {
            '0'..='9' if digits.len() < *MEETING_ID_DIGITS.end() => digits.push(c),
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}' | '\u{feff}' => {}
            c if c.is_whitespace() => {}
            _ => return Err(UnusableSearch::NotAMeetingId),
        }
    }
    if MEETING_ID_DIGITS.contains(&digits.len()) { Ok(digits) } else { Err(UnusableSearch::NotAMeetingId) }
}

/// A CSN without the blanks that people paste. Whatever may be the CSN of a visit may be searched for.
///
/// # Errors
/// [`UnusableSearch::NotACsn`]
pub fn clean_csn(text: &str) -> Result<Csn, UnusableSearch> {
    let csn: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect();
    Csn::new(csn).map_err(|_| UnusableSearch::NotACsn)
}

pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(meeting_id: &str, csn: &str) -> RecordsQuery {
        RecordsQuery {
            organization: "lakeside".into(),
            meeting_id: meeting_id.into(),
            csn: csn.into(),
            ..RecordsQuery::default()
        }
    }

    #[test]
    fn meeting_ids_are_found_however_they_are_pasted() {
        for pasted in ["85012345678", "850 1234 5678", "850-1234-5678", " 850\u{a0}1234\u{2013}5678\t"] {
            assert_eq!(
                query(pasted, "").key(),
                Ok(Some(SearchKey::MeetingId("85012345678".into()))),
                "{pasted}"
            );
        }
    }

    #[test]
    fn unusable_searches_say_why() {
        assert_eq!(query("", " ").key(), Err(UnusableSearch::Empty));
        assert_eq!(query("1", "2").key(), Err(UnusableSearch::Both));
        for bad in ["12345", "abc", "1234567890123", "850 1234 567x", "８５０１２３４５６７８"] {
            assert_eq!(query(bad, "").key(), Err(UnusableSearch::NotAMeetingId), "{bad}");
        }
        for bad in ["é", "１０００１", "10\u{7}001"] {
            assert_eq!(query("", bad).key(), Err(UnusableSearch::NotACsn), "{bad}");
        }
        assert_eq!(query("", &"1".repeat(65)).key(), Err(UnusableSearch::NotACsn));
        assert_eq!(RecordsQuery::default().key(), Err(UnusableSearch::NoOrganization));
    }

    #[test]
    fn a_csn_loses_its_blanks() {
        assert_eq!(query("", " 10 001\n").key(), Ok(Some(SearchKey::Csn(Csn::new("10001").unwrap()))));
    }

    #[test]
    fn whatever_a_visit_may_be_called_can_be_searched_for() {
        for name in ["a/b", "10001;", "<script>", "x&y=z#%2F", "\"'"] {
            assert_eq!(query("", name).key(), Ok(Some(SearchKey::Csn(Csn::new(name).unwrap()))), "{name}");
        }
    }
}
