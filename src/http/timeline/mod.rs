//! Everything that happened to a visit, in one order: its history, what was told to Epic, and what people did about it. It names nobody, and is
//! there for as long as the records are, also when the visit has left.

mod acts;
mod entry;
mod told;
mod words;

use std::collections::BTreeSet;

use vestibule_actors::codec;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Record, RecordQuery};
use vestibule_domain::id::{ConferenceId, Csn, MeetingId, VisitId, VisitKey};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::history::{Happened, Line};

use super::access::Who;
use super::api::{find_group_visit, find_visit};
use super::app::App;
use super::ask::{MOST_ROWS, stored};
use super::problem::ApiError;
use crate::settings::StaffRole;
use crate::web::Language;

pub use entry::EntryView;
pub use words::{named, status};

/// Of a visit that had many meetings, records of so many are looked for: the newest.
const MEETINGS: usize = 8;
/// An act is looked for from so long before the first line,
const BEFORE: Span = Span::minutes(1);
/// to so long after the last: an act that came to nothing leaves no line.
const AFTER: Span = Span::hours(1);

/// A visit's timeline.
pub struct Timeline {
    pub key: VisitKey,
    /// How it stands; `None` when it has left.
    pub seen: Option<Snapshot>,
    /// Lines of its history that have left, since there were too many.
    pub dropped: u64,
    /// There are older records than these.
    pub more_records: bool,
    /// There may be acts besides these, since more of the audit would have had to be looked through.
    pub more_acts: bool,
    /// The oldest first.
    pub entries: Vec<EntryView>,
}

/// The timeline of the visit of a CSN, or of the group visit that holds it. One that has left is found by its own id alone.
///
/// # Errors
/// [`ApiError`] for an unknown organization, for a visit of which nothing is known, and when the store does not answer.
pub async fn of_csn(
    app: &App,
    who: &Who,
    (id, csn): (&str, &str),
    language: Language,
) -> Result<Timeline, ApiError> {
    let seen = find_visit(app, who, id, csn).await?;
    let visit = Csn::new(csn).map(VisitId::Csn).map_err(|_| ApiError::NoSuchVisit)?;
    of(app, who, (id, visit), seen, language).await
}

/// The timeline of a group visit.
///
/// # Errors
/// As for a visit of one patient.
pub async fn of_conference(
    app: &App,
    who: &Who,
    (id, conference): (&str, &str),
    language: Language,
) -> Result<Timeline, ApiError> {
    let seen = find_group_visit(app, who, id, conference).await?;
    let visit = ConferenceId::new(conference).map(VisitId::Conference).map_err(|_| ApiError::NoSuchVisit)?;
    of(app, who, (id, visit), seen, language).await
}

async fn of(
    app: &App,
    who: &Who,
    (id, visit): (&str, VisitId),
    seen: Option<Snapshot>,
    language: Language,
) -> Result<Timeline, ApiError> {
    let (organization, _) = who.organization(app, id, StaffRole::Viewer)?;
    let asked = VisitKey { organization: organization.clone(), visit };
    let key = seen.as_ref().map_or(asked, |seen| seen.visit.key.clone());
    let history = stored(app.desk.ports().store.history(&key)).await?;
    if seen.is_none() && history.lines.is_empty() {
        return Err(ApiError::NoSuchVisit);
    }
    let lines: Vec<Line> = history.lines.iter().map(|bytes| readable(bytes)).collect();
    let (records, more_records) = records_of(app, &key, &lines).await?;
    let (mut entries, more_acts) = match span_of(&lines, &records) {
        Some((from, to)) => acts::of(app, &key, (from - BEFORE, to + AFTER), language).await?,
        None => (Vec::new(), false),
    };
    // Of what bears one time: what people did, then what was told to Epic, then what the visit made of it.
    entries.extend(records.iter().rev().map(|record| EntryView::of_record(language, record)));
    entries.extend(told::entries(language, &lines));
    entries.sort_by_key(|entry| entry.at);
    Ok(Timeline { key, seen, dropped: history.dropped, more_records, more_acts, entries })
}

/// A line that this release cannot read is one of a later one, and stands where it is.
fn readable(bytes: &[u8]) -> Line {
    #[derive(serde::Deserialize)]
    struct Dated {
        at: Moment,
    }
    codec::decode(bytes).unwrap_or_else(|_| {
        let at = codec::decode(bytes).map_or(Moment::default(), |Dated { at }| at);
        Line { at, what: Happened::Unknown }
    })
}

/// What was told to Epic. A group visit's records are found by its meetings, and those of before it had one are not.
async fn records_of(app: &App, key: &VisitKey, lines: &[Line]) -> Result<(Vec<Record>, bool), ApiError> {
    let all = RecordQuery {
        organization: Some(key.organization.clone()),
        limit: MOST_ROWS,
        ..RecordQuery::default()
    };
    let queries = match &key.visit {
        VisitId::Csn(csn) => vec![RecordQuery { csn: Some(csn.clone()), ..all }],
        VisitId::Conference(_) => {
            let of_meeting = |meeting| RecordQuery { meeting: Some(meeting), ..all.clone() };
            meetings(lines).into_iter().map(of_meeting).collect()
        }
    };
    let (mut records, mut more) = (Vec::new(), false);
    for query in queries {
        let page = stored(app.desk.ports().store.records(query)).await?;
        records.extend(page.items);
        more |= page.next.is_some();
    }
    Ok((records, more))
}

fn meetings(lines: &[Line]) -> BTreeSet<MeetingId> {
    let made = lines.iter().rev().filter_map(|line| match line.what {
        Happened::MeetingMade { meeting } => Some(meeting),
        _ => None,
    });
    made.take(MEETINGS).collect()
}

/// From when to when something is known of the visit.
fn span_of(lines: &[Line], records: &[Record]) -> Option<(Moment, Moment)> {
    let times = || lines.iter().map(|line| line.at).chain(records.iter().map(|record| record.at));
    Some((times().min()?, times().max()?))
}

#[cfg(test)]
mod tests;
