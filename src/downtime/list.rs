//! Today's visits of one organization, as far as the store knows them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vestibule_actors::codec;
use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::{OrganizationId, VisitId};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::Role;
use vestibule_domain::visit::{Phase, Visit};

use crate::settings::{Environment, Organization};
use crate::web::{DowntimeList, DowntimeRow, Stands};

/// Visits that are read at once.
const PAGE: usize = 200;
/// A list ends after so many rows, and says so: nobody works through more by hand.
const MOST_ROWS: usize = 5_000;
/// Numbers on the page for each visit; the CSV has all.
const NUMBERS_SHOWN: usize = 2;

/// The list as it is now, in the language that the organization's pages have by default.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub(crate) async fn today(
    store: &SharedStore,
    id: &OrganizationId,
    organization: &Organization,
    now: Moment,
) -> Result<DowntimeList, StoreError> {
    let clock = Clock(TimeZone::get(&organization.time_zone).unwrap_or(TimeZone::UTC));
    let date = clock.date(now);
    let (mut rows, mut after, mut more) = (Vec::new(), None, false);
    loop {
        let page = store.visits(Some(id), after, PAGE).await?;
        for stored in &page.items {
            // One that cannot be read is for its shard to tell of.
            let Ok(visit) = codec::decode::<Visit>(&stored.state) else { continue };
            let Some(starts) = of_day(&visit, &clock, date) else { continue };
            if rows.len() < MOST_ROWS {
                rows.push((starts, row(&visit, starts, &clock)));
            } else {
                more = true;
            }
        }
        match page.next {
            Some(next) if !more => after = Some(next),
            _ => break,
        }
    }
    // Those without a time come last.
    rows.sort_by_key(|(starts, row)| (starts.is_none(), *starts, row.visit.clone()));
    Ok(DowntimeList {
        language: organization.default_language.into(),
        organization: organization.display_name.clone(),
        test_environment: organization.environment == Environment::Test,
        help_phone: organization.help_phone.clone(),
        date: clock.shown(now, "%Y-%m-%d"),
        time: clock.shown(now, "%H:%M %Z"),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        more,
        numbers_shown: NUMBERS_SHOWN,
    })
}

/// The clocks of the organization's people.
struct Clock(TimeZone);

impl Clock {
    fn date(&self, at: Moment) -> Option<Date> {
        Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned_datetime(self.0.clone()).date())
    }

    fn shown(&self, at: Moment, how: &str) -> String {
        let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(self.0.clone()).strftime(how).to_string()
    }
}

/// When a visit of this day begins, where that is known; none for one of another day. Whatever is under way is of today.
fn of_day(visit: &Visit, clock: &Clock, date: Option<Date>) -> Option<Option<Moment>> {
    let mut starts = visit.bookings.values().filter_map(|booking| booking.starts);
    let first_today = starts.clone().filter(|at| clock.date(*at) == date).min();
    let any = starts.next();
    let under_way = matches!(visit.phase, Phase::WaitingForHost | Phase::InProgress);
    match (first_today, any) {
        (Some(at), _) => Some(Some(at)),
        (None, Some(at)) if under_way => Some(Some(at)),
        (None, None) if under_way || clock.date(visit.updated_at) == date => Some(None),
        _ => None,
    }
}

fn row(visit: &Visit, starts: Option<Moment>, clock: &Clock) -> DowntimeRow {
    let providers = visit.participants.iter().filter(|(key, _)| key.role() == Role::Provider);
    let providers = providers.filter_map(|(_, person)| person.external_id.as_ref().map(ToString::to_string));
    let meeting = visit.meeting.as_ref().filter(|meeting| meeting.indexed);
    let dial_in = meeting.and_then(|meeting| meeting.dial_in.as_ref());
    let (visit_id, is_group) = match &visit.key.visit {
        VisitId::Csn(csn) => (csn.as_str().to_owned(), false),
        VisitId::Conference(id) => (id.as_str().to_owned(), true),
    };
    DowntimeRow {
        time: starts.map(|at| clock.shown(at, "%H:%M")).unwrap_or_default(),
        visit: visit_id,
        is_group,
        stands: match visit.phase {
            _ if visit.called_off().is_some() => Stands::CalledOff,
            Phase::Scheduled => Stands::NobodyHasCome,
            Phase::WaitingForHost => Stands::WaitsForProvider,
            Phase::InProgress => Stands::UnderWay,
            Phase::Ended => Stands::Over,
        },
        providers: providers.collect::<Vec<_>>().join(", "),
        meeting: meeting.map(|meeting| meeting.id.to_string()).unwrap_or_default(),
        passcode: dial_in
            .and_then(|dial_in| dial_in.passcode.as_ref())
            .map(|code| code.reveal().to_owned())
            .unwrap_or_default(),
        numbers: dial_in.map(|dial_in| dial_in.numbers.clone()).unwrap_or_default(),
    }
}
