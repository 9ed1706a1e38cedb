//! A search for notification records: what a person or a program asked for, as the store is asked.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use vestibule_actors::port::store::{Outcome, RecordPlace, RecordQuery};
use vestibule_domain::id::{MeetingId, OrganizationId};
use vestibule_domain::time::Moment;

use crate::settings::Organization;
use crate::web::{RecordsQuery, SearchKey, UnusableSearch};

/// The zone of an organization's times; one that this machine does not know (any more) is UTC.
pub fn zone_of(organization: &Organization) -> TimeZone {
    TimeZone::get(&organization.time_zone).unwrap_or(TimeZone::UTC)
}

/// What a search asks the store for, its cursor and its limit aside.
///
/// # Errors
/// [`UnusableSearch`] with what to do.
pub fn asked(
    query: &RecordsQuery,
    id: &OrganizationId,
    zone: &TimeZone,
) -> Result<RecordQuery, UnusableSearch> {
    let (csn, meeting) = match query.key()? {
        None => (None, None),
        Some(SearchKey::Csn(csn)) => (Some(csn), None),
        Some(SearchKey::MeetingId(digits)) => {
            (None, Some(MeetingId::from_pasted(&digits).ok_or(UnusableSearch::NotAMeetingId)?))
        }
    };
    let mut wanted = RecordQuery {
        organization: Some(id.clone()),
        csn,
        meeting,
        outcome: outcome(&query.outcome)?,
        resp_code: resp_code(&query.resp_code)?,
        since: time(&query.from, zone, false)?,
        until: time(&query.to, zone, true)?,
        ..RecordQuery::default()
    };
    if wanted.since.zip(wanted.until).is_some_and(|(since, until)| until <= since) {
        return Err(UnusableSearch::EndsBeforeItBegins);
    }
    if !query.record.trim().is_empty() {
        let place: RecordPlace = query.record.trim().parse().map_err(|_| UnusableSearch::NotARecord)?;
        wanted.id = Some(place.id);
        wanted.since = Some(place.at);
        wanted.until = Some(Moment(place.at.0.saturating_add(1)));
    }
    Ok(wanted)
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

/// A time with an offset is what it is; one without is in the organization's zone. A day alone begins there, and as an end it is whole.
fn time(text: &str, zone: &TimeZone, is_end: bool) -> Result<Option<Moment>, UnusableSearch> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
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
    let time = text.parse().ok().or_else(local).ok_or(UnusableSearch::NotATime)?;
    Ok(Some(Moment(time.as_millisecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, is_end: bool) -> Result<Option<Timestamp>, UnusableSearch> {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let found = time(text, &zone, is_end)?;
        Ok(found.map(|moment| Timestamp::from_millisecond(moment.0).unwrap()))
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
            assert_eq!(at(text, is_end), Ok(Some(told.parse().unwrap())), "{text}");
        }
        assert_eq!(at(" ", true), Ok(None));
        for bad in ["yesterday", "2026-13-01", "23.11.2026", "2026-11-23T25:00", "2026-11-2é"] {
            assert_eq!(at(bad, false), Err(UnusableSearch::NotATime), "{bad}");
        }
    }
}
