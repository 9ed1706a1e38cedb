//! The notification records screen: what was sent to Epic, found by Zoom meeting id or CSN.

mod query;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod words;

use askama::Template;
use jiff::Timestamp;
use vestibule_domain::effect::Says;
use vestibule_domain::visit::participant::Role;

use super::language::Language;
use super::signed_in::SignedIn;
use super::words::{filled, role};
pub use query::{LONGEST_EPIC_CODE, RecordsQuery, SearchKey, UnusableSearch, clean_csn};
use query::{SearchField, encode};
#[cfg(test)]
pub(super) use samples::samples;
use words::RecordsWords;
pub(super) use words::unusable;

/// An organization to choose in the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationChoice {
    pub id: String,
    pub name: String,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    Delivered,
    Retrying,
    Parked,
    Superseded,
}

impl Became {
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Retrying, Self::Parked, Self::Superseded];

    /// The API's word, which the form and its address have in every language.
    fn code(self) -> &'static str {
        words::became(Language::English, self)
    }

    /// The colour of the row; the word stands beside it.
    fn tone(self) -> &'static str {
        match self {
            Self::Delivered => "good",
            Self::Retrying => "pending",
            Self::Parked => "bad",
            Self::Superseded => "quiet",
        }
    }
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
    /// In the organization's zone; the time alone where the day is that of the attempt.
    pub occurred_at_site: String,
    /// Whether it is, as nearly always.
    pub occurred_that_day: bool,
    pub meeting_id: Option<String>,
    pub csn: Option<String>,
    pub role: Role,
    pub says: Says,
    pub outcome: Became,
    pub attempt: u32,
    /// How many attempts of this update there are, where that is known.
    pub attempts: Option<u32>,
    /// Epic's HTTP status, 0 where no answer came or nothing was sent.
    pub resp_code: u16,
    pub epic_code: Option<String>,
    pub latency_ms: Option<u64>,
    /// What to check, in English as it is kept.
    pub hint: Option<String>,
    /// Somebody on duty had it sent once more.
    pub resend: bool,
    /// What else, the likeliest first, in English as well.
    pub checks: Vec<&'static str>,
}

impl RecordRow {
    fn at_utc(&self) -> String {
        utc(self.at)
    }

    /// The same in UTC, where that is another text.
    fn occurred_at_utc(&self) -> Option<String> {
        let text = match self.occurred_that_day {
            true => self.occurred_at.strftime("%H:%M:%S UTC").to_string(),
            false => utc(self.occurred_at),
        };
        (text != self.occurred_at_site).then_some(text)
    }

    fn meeting_id_grouped(&self) -> String {
        self.meeting_id.as_deref().map(grouped).unwrap_or_default()
    }

    fn took(&self) -> Option<String> {
        self.latency_ms.map(|ms| format!("{ms} ms"))
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

/// A time in UTC.
pub(super) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What a search brought.
#[derive(Clone, Debug)]
pub enum RecordsResult {
    NotAsked,
    Unusable(Vec<UnusableSearch>),
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
    fn words(&self) -> &'static RecordsWords {
        words::of(self.language)
    }

    fn is_chosen(&self, choice: &OrganizationChoice) -> bool {
        choice.id == self.query.organization
    }

    /// The outcomes to choose from: as the address has them, as the reader says them, and whether one is chosen.
    fn outcomes(&self) -> [(&'static str, &'static str, bool); 4] {
        let choice =
            |it: Became| (it.code(), words::became(self.language, it), it.code() == self.query.outcome);
        Became::ALL.map(choice)
    }

    /// What is wrong with a field, if anything, in one text.
    fn wrong(&self, field: SearchField) -> Option<String> {
        self.told_at(Some(field))
    }

    /// What is wrong with an address, which no field of the form has.
    fn wrong_elsewhere(&self) -> Option<String> {
        self.told_at(None)
    }

    fn told_at(&self, place: Option<SearchField>) -> Option<String> {
        let RecordsResult::Unusable(whys) = &self.result else { return None };
        let here = whys.iter().filter(|why| why.field() == place);
        let said: Vec<&str> = here.map(|why| words::unusable(self.language, *why)).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    /// Both fields are wrong where one is too much, and one text tells it.
    fn csn_is_wrong(&self) -> bool {
        matches!(&self.result, RecordsResult::Unusable(whys) if whys.contains(&UnusableSearch::Both))
    }

    fn searched_back_to(&self, time: &str) -> String {
        filled(self.words().back_to, &[time])
    }

    /// What to do where nothing was found.
    fn where_none(&self, older_may_be: bool) -> &'static str {
        let words = self.words();
        if older_may_be {
            words.older_may_be
        } else if self.query.is_filtered() {
            words.fewer_filters
        } else {
            words.nothing_sent
        }
    }

    // === Cells ===

    fn role(&self, record: &RecordRow) -> &'static str {
        role(self.language, record.role)
    }

    fn event(&self, record: &RecordRow) -> String {
        words::event(self.language, record.says)
    }

    fn outcome(&self, record: &RecordRow) -> &'static str {
        words::became(self.language, record.outcome)
    }

    /// What stands before the time, or the day and the time, of what Epic was told.
    fn at(&self, record: &RecordRow) -> &'static str {
        if record.occurred_that_day { self.words().at_time } else { self.words().on_day }
    }

    /// What a RespCode of 0 means, which is no status of HTTP.
    fn without_answer(&self, record: &RecordRow) -> Option<&'static str> {
        match (record.resp_code, record.attempt) {
            (0, 0) => Some(self.words().not_sent),
            (0, _) => Some(self.words().no_answer),
            _ => None,
        }
    }

    fn attempt(&self, record: &RecordRow) -> String {
        let attempt = record.attempt.to_string();
        match record.attempts {
            None => attempt,
            Some(all) => filled(self.words().of_attempts, &[&attempt, &all.to_string()]),
        }
    }

    // === Addresses ===

    /// An address of these pages, in the reader's language.
    fn to(&self, path: &str, query: &str) -> String {
        format!("{path}?{query}&lang={}", self.language.code())
    }

    fn in_other_language(&self) -> String {
        format!("/records?{}lang={}", self.query.as_it_came(), self.language.other().code())
    }

    fn csv_url(&self) -> String {
        format!("/api/v1/notifications?{}&format=csv", self.query.search())
    }

    fn next_url(&self, cursor: &str) -> String {
        self.to("/records", &format!("{}&cursor={}", self.query.search(), encode(cursor)))
    }

    /// The address of the search for whoever it is given to, in any language.
    fn address(&self) -> String {
        format!("/records?{}", self.query.search())
    }

    fn first_url(&self) -> String {
        self.to("/records", &self.query.search())
    }

    /// A search that finds one record.
    fn one(&self, record: &RecordRow) -> String {
        format!("organization={}&record={}", encode(self.query.organization.trim()), encode(&record.id))
    }

    /// The page of the visit that it is about.
    fn visit_url(&self, csn: &str) -> String {
        let (organization, language) = (encode(self.query.organization.trim()), self.language.code());
        format!("/visits/{organization}/{}?lang={language}", encode(csn))
    }

    fn record_url(&self, record: &RecordRow) -> String {
        self.to("/records", &self.one(record))
    }

    fn resend_url(&self) -> String {
        self.to("/records/resend", &self.query.search())
    }

    fn resend_record_url(&self, record: &RecordRow) -> String {
        self.to("/records/resend", &self.one(record))
    }
}
