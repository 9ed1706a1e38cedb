//! The time of an appointment as Epic's records write it: by the clock of Epic's server, without a zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use vestibule_domain::time::Moment;

/// `MM/DD/YYYY hh:mm AM`.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    DateTime::strptime("%m/%d/%Y %I:%M %p", text).ok()
}

/// An hour that comes twice, when clocks are put back, is the later one, so that nobody comes too late for it.
pub(super) fn moment(time: DateTime, zone: &TimeZone) -> Option<Moment> {
    let later = zone.to_ambiguous_timestamp(time).later().ok()?;
    Some(Moment(later.as_millisecond()))
}

/// Whether anybody has said in which zone Epic's server is, which is UTC in the settings where nobody has. No time is better than one that
/// is hours off.
pub(super) fn is_said(zone: &TimeZone) -> bool {
    *zone != TimeZone::UTC
}

/// When an appointment is whose time stands in the context of a launch.
#[must_use]
pub fn appointment_starts(text: &str, zone: &TimeZone) -> Option<Moment> {
    moment(parse(text.trim()).filter(|_| is_said(zone))?, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_by_the_clock_of_epics_server() {
        let chicago = TimeZone::get("America/Chicago").unwrap();
        // 17:00 in UTC.
        assert_eq!(appointment_starts(" 11/23/2026 11:00 AM", &chicago), Some(Moment(1_795_453_200_000)));
        for none in ["", "11/23/2026", "23/11/2026 11:00 AM", "11/23/2026 13:00 PM", "tomorrow"] {
            assert_eq!(appointment_starts(none, &chicago), None, "{none}");
        }
        assert_eq!(appointment_starts("11/23/2026 11:00 AM", &TimeZone::UTC), None);
        // It is in a zone of this name that nobody has said anything.
        let utc = TimeZone::get("UTC").unwrap();
        assert_eq!(appointment_starts("11/23/2026 11:00 AM", &utc), None);
    }
}
