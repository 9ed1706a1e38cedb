//! Today's visits with meeting ids and dial-in: for whoever has to go on while everything else is down.

mod words;

use askama::Template;

use super::language::Language;
use super::signed_in::SignedIn;
use super::words::filled;
use words::DowntimeWords;
pub use words::Stands;

/// In a file nothing else can be loaded, so that the style stands in it.
const STYLE: &str = include_str!("../static/downtime.css");

/// One visit.
#[derive(Clone, PartialEq, Eq)]
pub struct DowntimeRow {
    /// When it begins, by the organization's clocks; empty where that is not known.
    pub time: String,
    /// The CSN, or a group's conference id.
    pub visit: String,
    pub is_group: bool,
    pub stands: Stands,
    /// The ids under which Epic knows them.
    pub providers: String,
    /// Zoom's meeting id; empty before there is a meeting.
    pub meeting: String,
    /// What is asked for on the telephone.
    pub passcode: String,
    /// With their countries, as Zoom writes them.
    pub numbers: Vec<String>,
}

/// The list, which is the file that is written of it.
#[derive(Template)]
#[template(path = "downtime_file.html")]
pub struct DowntimeList {
    pub language: Language,
    /// The organization's name.
    pub organization: String,
    pub test_environment: bool,
    pub help_phone: Option<String>,
    /// The day by the organization's clocks.
    pub date: String,
    /// From when the list is.
    pub time: String,
    pub rows: Vec<DowntimeRow>,
    /// There are more visits than a list has.
    pub more: bool,
    /// Telephone numbers on the page for each visit.
    pub numbers_shown: usize,
}

/// `GET /downtime/{organization}`: the list in the frame of the staff's pages, which is not printed.
#[derive(Template)]
#[template(path = "downtime.html")]
pub struct DowntimePage<'a> {
    pub language: Language,
    /// The organization's id.
    pub id: &'a str,
    /// In the same language.
    pub list: &'a DowntimeList,
    pub signed_in: SignedIn,
}

impl DowntimeList {
    fn words(&self) -> &'static DowntimeWords {
        words::of(self.language)
    }

    fn heading(&self) -> String {
        filled(self.words().heading, &[&self.organization, &self.date])
    }

    fn counted(&self) -> String {
        self.words().counted.of(self.rows.len())
    }

    fn style(&self) -> &'static str {
        STYLE
    }

    /// The same as CSV, for programs and so in English; none where a row cannot be written.
    pub fn csv(&self) -> Option<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let head = [
            "time",
            "csn",
            "conference_id",
            "phase",
            "providers",
            "meeting_id",
            "passcode",
            "dial_in",
            "as_of",
        ];
        csv.write_record(head).ok()?;
        let as_of = format!("{} {}", self.date, self.time);
        for row in &self.rows {
            let (csn, conference) =
                if row.is_group { ("", row.visit.as_str()) } else { (row.visit.as_str(), "") };
            let numbers = row.numbers.join("; ");
            let cells = [
                &row.time,
                csn,
                conference,
                row.stands.text(Language::English),
                &row.providers,
                &row.meeting,
                &row.passcode,
                &numbers,
                &as_of,
            ];
            csv.write_record(cells.map(|cell| crate::web::harmless_cell(cell.to_owned()))).ok()?;
        }
        csv.into_inner().ok()
    }
}
