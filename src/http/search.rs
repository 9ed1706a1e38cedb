//! A search for notification records: what a person or a program asked for, as the store is asked.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use vestibule_actors::port::store::{Outcome, RecordPlace, RecordQuery};
use vestibule_domain::id::{MeetingId, OrganizationId};
use vestibule_domain::time::Moment;

use super::problem::ApiError;
use crate::settings::Organization;
use crate::web::{LONGEST_EPIC_CODE, RecordsQuery, SearchKey, UnusableSearch};

/// The zone of an organization's times; one that this machine does not know (any more) is UTC.
pub fn zone_of(organization: &Organization) -> TimeZone {
    TimeZone::get(&organization.time_zone).unwrap_or(TimeZone::UTC)
}

/// What a search asks the store for, its cursor and its limit aside.
///
/// # Errors
/// All that is wrong with it, with what to do.
pub fn asked(
    query: &RecordsQuery,
    id: &OrganizationId,
    zone: &TimeZone,
) -> Result<RecordQuery, Vec<UnusableSearch>> {
    let mut whys = Vec::new();
    let mut wanted = filters(query, zone, &mut whys);
    if whys.is_empty() {
        wanted.organization = Some(id.clone());
        Ok(wanted)
    } else {
        Err(whys)
    }
}

/// The same for whoever may not see the organization, or names none.
pub fn without_organization(query: &RecordsQuery) -> Vec<UnusableSearch> {
    let mut whys = vec![UnusableSearch::NoOrganization];
    filters(query, &TimeZone::UTC, &mut whys);
    // In which zone its times are is not known.
    whys.retain(|why| *why != UnusableSearch::EndsBeforeItBegins);
    whys
}

/// What programs are told, and people who came by an address of their own.
pub fn unusable(whys: Vec<UnusableSearch>) -> ApiError {
    let sentences: Vec<String> = whys.iter().map(ToString::to_string).collect();
    ApiError::BadRequest(sentences.join(" "))
}

fn filters(query: &RecordsQuery, zone: &TimeZone, whys: &mut Vec<UnusableSearch>) -> RecordQuery {
    let key = told(query.named(), whys).flatten();
    let (csn, meeting) = match key {
        None => (None, None),
        Some(SearchKey::Csn(csn)) => (Some(csn), None),
        Some(SearchKey::MeetingId(digits)) => {
            let meeting = MeetingId::from_pasted(&digits).ok_or(UnusableSearch::NotAMeetingId);
            (None, told(meeting, whys))
        }
    };
    let mut wanted = RecordQuery {
        csn,
        meeting,
        outcome: told(outcome(&query.outcome), whys).flatten(),
        resp_code: told(resp_code(&query.resp_code), whys).flatten(),
        epic_code: told(epic_code(&query.epic_code), whys).flatten(),
        since: told(time(&query.from, zone, false).ok_or(UnusableSearch::NotAStart), whys).flatten(),
        until: told(time(&query.to, zone, true).ok_or(UnusableSearch::NotAnEnd), whys).flatten(),
        ..RecordQuery::default()
    };
    if wanted.since.zip(wanted.until).is_some_and(|(since, until)| until <= since) {
        whys.push(UnusableSearch::EndsBeforeItBegins);
    }
    if !query.record.trim().is_empty()
        && let Some(place) = told(query.record.trim().parse().map_err(|_| UnusableSearch::NotARecord), whys)
    {
        let RecordPlace { at, id } = place;
        wanted.id = Some(id);
        wanted.since = Some(at);
        wanted.until = Some(Moment(at.0.saturating_add(1)));
    }
    wanted
}

/// Notes what is wrong, so that all of it is told at once.
fn told<T>(part: Result<T, UnusableSearch>, whys: &mut Vec<UnusableSearch>) -> Option<T> {
    part.map_err(|why| whys.push(why)).ok()
}

fn outcome(text: &str) -> Result<Option<Outcome>, UnusableSearch> {
    Ok(Some(match text.trim() {
        "" => return Ok(None),
        "delivered" => Outcome::Delivered,
        "retrying" => Outcome::Retrying,
        "parked" => Outcome::Parked,
        "superseded" => Outcome::Superseded,
        _ => return Err(UnusableSearch::NotAnOutcome),
    }))
}

fn resp_code(text: &str) -> Result<Option<u16>, UnusableSearch> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let code = text.trim().parse().ok().filter(|code| *code == 0 || (100..600).contains(code));
    code.map(Some).ok_or(UnusableSearch::NotACode)
}

/// The whole code, as it is copied out of a record or a log: often with a stop behind it.
fn epic_code(text: &str) -> Result<Option<String>, UnusableSearch> {
    let code = text.trim().trim_end_matches('.');
    if text.trim().is_empty() {
        return Ok(None);
    }
    let is_word = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let fits = is_word && (1..=LONGEST_EPIC_CODE).contains(&code.len());
    fits.then(|| Some(code.to_owned())).ok_or(UnusableSearch::NotAnEpicCode)
}

/// A time with an offset is what it is; one without is in the organization's zone. A day alone begins there, and as an end it is whole. `None` for
/// what is no time; a blank is `Some(None)`.
pub(super) fn time(text: &str, zone: &TimeZone, is_end: bool) -> Option<Option<Moment>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    let local = || -> Option<Timestamp> {
        let time: DateTime = if text.len() == "2026-11-23".len() {
            let day: Date = text.parse().ok()?;
            if is_end { day.tomorrow().ok()?.into() } else { day.into() }
        } else {
            text.parse().ok()?
        };
        zone.to_timestamp(time).ok()
    };
    let time = text.parse().ok().or_else(local)?;
    Some(Some(Moment(time.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, is_end: bool) -> Option<Option<Timestamp>> {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let found = time(text, &zone, is_end)?;
        Some(found.map(|moment| Timestamp::from_millisecond(moment.0).unwrap()))
    }

    #[test]
    fn a_code_of_epics_is_a_word_however_it_was_copied() {
        for (text, code) in [
            (" INVALID-USER-ID.\n", "INVALID-USER-ID"),
            ("invalid-user-id", "invalid-user-id"),
            ("NO_SUCH", "NO_SUCH"),
        ] {
            assert_eq!(epic_code(text), Ok(Some(code.to_owned())), "{text}");
        }
        assert_eq!(epic_code(" "), Ok(None));
        let longest = "A".repeat(LONGEST_EPIC_CODE);
        let too_long = format!("{longest}A");
        for bad in ["INVALID USER", "=1+1", "É", ".", too_long.as_str()] {
            assert_eq!(epic_code(bad), Err(UnusableSearch::NotAnEpicCode), "{bad}");
        }
        assert!(epic_code(&longest).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let query = RecordsQuery {
            organization: "lakeside".into(),
            meeting_id: "12".into(),
            from: "soon".into(),
            to: "later".into(),
            epic_code: "?".into(),
            ..RecordsQuery::default()
        };
        let id = OrganizationId::new("lakeside").unwrap();
        use UnusableSearch::{NoOrganization, NotAMeetingId, NotAStart, NotAnEnd, NotAnEpicCode};
        let wrong = [NotAMeetingId, NotAnEpicCode, NotAStart, NotAnEnd];
        assert_eq!(asked(&query, &id, &TimeZone::UTC).unwrap_err(), wrong);
        let nobodys = RecordsQuery { organization: String::new(), from: String::new(), ..query };
        assert_eq!(without_organization(&nobodys), [NoOrganization, NotAMeetingId, NotAnEpicCode, NotAnEnd]);
    }

    #[test]
    fn times_are_the_sites_own_where_they_say_no_offset() {
        for (text, is_end, told) in [
            ("2026-11-23T17:00:00Z", false, "2026-11-23T17:00:00Z"),
            ("2026-11-23T11:00:00-06:00", true, "2026-11-23T17:00:00Z"),
            ("2026-11-23T11:00", false, "2026-11-23T17:00:00Z"),
            (" 2026-07-01 11:00:30 ", true, "2026-07-01T16:00:30Z"),
            ("2026-11-23", false, "2026-11-23T06:00:00Z"),
            ("2026-11-23", true, "2026-11-24T06:00:00Z"),
        ] {
            assert_eq!(at(text, is_end), Some(Some(told.parse().unwrap())), "{text}");
        }
        assert_eq!(at(" ", true), Some(None));
        for bad in ["yesterday", "2026-13-01", "23.11.2026", "2026-11-23T25:00", "2026-11-2é"] {
            assert_eq!(at(bad, false), None, "{bad}");
        }
    }
}
