//! The notification records screen: what was sent to Epic, found by Zoom meeting id or CSN.

use askama::Template;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_domain::id::Csn;

use super::language::Language;
use super::signed_in::SignedIn;

/// The shortest and longest Zoom meeting ids, in digits.
const MEETING_ID_DIGITS: std::ops::RangeInclusive<usize> = 9..=12;

/// An organization to choose in the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationChoice {
    pub id: String,
    pub name: String,
}

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

/// A search that names nothing usable, with what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSearch {
    #[error("Enter a Zoom meeting ID, a CSN, a time or another filter.")]
    Empty,
    #[error("Enter either a Zoom meeting ID or a CSN, not both.")]
    Both,
    #[error("A Zoom meeting ID has 9 to 12 digits, for example 850 1234 5678.")]
    NotAMeetingId,
    #[error("A CSN has at most 64 letters, digits and signs, without accents.")]
    NotACsn,
    #[error("An outcome is delivered, retrying, parked or superseded.")]
    NotAnOutcome,
    #[error("A RespCode is a number from 100 to 599, or 0 for no answer.")]
    NotACode,
    #[error("Enter a time as 2026-11-23 or 2026-11-23T09:30.")]
    NotATime,
    #[error("The time ends before it begins.")]
    EndsBeforeItBegins,
    #[error("That is not the address of a record.")]
    NotARecord,
    #[error("Choose an organization.")]
    NoOrganization,
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
    fn filters(&self) -> [(&'static str, &str); 5] {
        [
            ("outcome", &self.outcome),
            ("resp_code", &self.resp_code),
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

    /// The search key in the form in which records are kept; none where only filters are given.
    pub fn key(&self) -> Result<Option<SearchKey>, UnusableSearch> {
        if self.organization.trim().is_empty() {
            return Err(UnusableSearch::NoOrganization);
        }
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

/// Whatever may be the CSN of a visit may be searched for.
fn clean_csn(text: &str) -> Result<Csn, UnusableSearch> {
    let csn: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect();
    Csn::new(csn).map_err(|_| UnusableSearch::NotACsn)
}

/// One attempt to tell Epic something, as the API's Record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Names it in its own address.
    pub id: String,
    /// In the organization's zone.
    pub at_site: String,
    pub at: Timestamp,
    pub occurred_at: Timestamp,
    pub meeting_id: Option<String>,
    pub csn: Option<String>,
    /// The API's words: `patient`, `joined`, `delivered` and so on.
    pub role: String,
    pub event: String,
    pub outcome: String,
    pub attempt: u32,
    /// How many attempts of this update there are, where the page has them all.
    pub attempts: Option<u32>,
    /// Epic's HTTP status, 0 where no answer came or nothing was sent.
    pub resp_code: u16,
    pub epic_code: Option<String>,
    pub latency_ms: Option<u64>,
    pub hint: Option<String>,
    /// Somebody on duty had it sent once more.
    pub resend: bool,
    /// What to check, the likeliest first.
    pub checks: Vec<&'static str>,
}

impl RecordRow {
    fn at_utc(&self) -> String {
        utc(self.at)
    }

    /// The time alone where the attempt was made on the same day, as nearly always.
    fn occurred_at_utc(&self) -> String {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        if day(self.at) == day(self.occurred_at) {
            self.occurred_at.strftime("%H:%M:%S").to_string()
        } else {
            utc(self.occurred_at)
        }
    }

    fn meeting_id_grouped(&self) -> String {
        self.meeting_id.as_deref().map(grouped).unwrap_or_default()
    }

    /// What a RespCode of 0 means, which is no status of HTTP.
    fn without_answer(&self) -> Option<&'static str> {
        match (self.resp_code, self.attempt) {
            (0, 0) => Some("not sent"),
            (0, _) => Some("no answer"),
            _ => None,
        }
    }

    /// The colour of the row's outcome; the word stands beside it.
    fn tone(&self) -> &'static str {
        match self.outcome.as_str() {
            "delivered" => "good",
            "retrying" => "pending",
            "parked" => "bad",
            _ => "quiet",
        }
    }
}

/// Meeting ids are read in groups, as Zoom shows them: `850 1234 5678`.
pub fn grouped(id: &str) -> String {
    let last = id.len().saturating_sub(4);
    match (id.get(..3), id.get(3..last), id.get(last..)) {
        (Some(first), Some(middle), Some(end)) => format!("{first} {middle} {end}"),
        _ => id.to_owned(),
    }
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a search brought.
#[derive(Clone, Debug)]
pub enum RecordsResult {
    NotAsked,
    Unusable(UnusableSearch),
    /// The store did not answer; trying again may help.
    Unavailable,
    /// Newest first; `next` is the cursor of the following page.
    Found {
        records: Vec<RecordRow>,
        next: Option<String>,
        /// The time to which records were looked at, where there were too many for one search.
        back_to: Option<String>,
    },
}

/// `GET /records`.
#[derive(Template)]
#[template(path = "records.html")]
pub struct RecordsPage<'a> {
    pub language: Language,
    pub organizations: &'a [OrganizationChoice],
    pub query: &'a RecordsQuery,
    pub result: RecordsResult,
    /// The reader may have records sent again.
    pub may_resend: bool,
    pub signed_in: SignedIn,
}

impl RecordsPage<'_> {
    fn is_chosen(&self, choice: &OrganizationChoice) -> bool {
        choice.id == self.query.organization
    }

    fn csv_url(&self) -> String {
        format!("/api/v1/notifications?{}&format=csv", self.query.search())
    }

    fn next_url(&self, cursor: &str) -> String {
        format!("/records?{}&cursor={}", self.query.search(), encode(cursor))
    }

    fn first_url(&self) -> String {
        format!("/records?{}", self.query.search())
    }

    fn record_url(&self, record: &RecordRow) -> String {
        let organization = encode(self.query.organization.trim());
        format!("/records?organization={organization}&record={}", encode(&record.id))
    }

    fn resend_url(&self) -> String {
        format!("/records/resend?{}", self.query.search())
    }

    fn resend_record_url(&self, record: &RecordRow) -> String {
        let organization = encode(self.query.organization.trim());
        format!("/records/resend?organization={organization}&record={}", encode(&record.id))
    }

    fn is_outcome(&self, outcome: &str) -> bool {
        self.query.outcome == outcome
    }
}

fn encode(text: &str) -> String {
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

    #[test]
    fn the_links_carry_the_cleaned_search() {
        let query = query("850 1234 5678", "");
        let page = RecordsPage {
            language: Language::English,
            organizations: &[],
            query: &query,
            result: RecordsResult::NotAsked,
            may_resend: false,
            signed_in: SignedIn::No,
        };
        assert_eq!(page.first_url(), "/records?organization=lakeside&meeting_id=85012345678");
        assert_eq!(
            page.next_url("a&b"),
            "/records?organization=lakeside&meeting_id=85012345678&cursor=a%26b"
        );
    }
}
