//! Times as an organization's people read them.

use jiff::tz::TimeZone;

use super::view::Time;
use crate::web::{Language, weekday};

/// Writes times in the organization's own zone, beside those in UTC.
pub struct DisplayTimes(TimeZone);

impl DisplayTimes {
    /// A zone that this machine does not know (any more) is UTC.
    pub fn of_zone(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// With its offset, for programs and spreadsheets.
    pub fn local(&self, time: Time) -> String {
        self.written(time, "%Y-%m-%dT%H:%M:%S%:z")
    }

    /// The day, with its name.
    pub fn day(&self, time: Time, language: Language) -> String {
        let name = weekday(language, time.0.to_zoned_datetime(self.0.clone()).weekday());
        format!("{name}, {}", self.written(time, "%Y-%m-%d"))
    }

    /// The time of day, to the second, with what the zone is called then.
    pub fn clock(&self, time: Time) -> String {
        self.written(time, "%H:%M:%S %Z")
    }

    fn written(&self, time: Time, how: &str) -> String {
        time.0.to_zoned_datetime(self.0.clone()).strftime(how).to_string()
    }
}

/// The day and the time of day in a zone, to the second, with what the zone is called then.
pub fn dated(time: Time, zone: &TimeZone) -> String {
    time.0.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_carry_their_offset() {
        let time = Time("2026-11-23T17:00:00Z".parse().unwrap());
        assert_eq!(DisplayTimes::of_zone("UTC").local(time), "2026-11-23T17:00:00+00:00");
        assert_eq!(DisplayTimes::of_zone("Nowhere/Land").local(time), "2026-11-23T17:00:00+00:00");
    }

    #[test]
    fn a_day_and_its_times_are_those_of_the_zone() {
        let time = Time("2026-11-24T03:30:07Z".parse().unwrap());
        let chicago = DisplayTimes::of_zone("America/Chicago");
        assert_eq!(
            (chicago.day(time, Language::English), chicago.clock(time)),
            ("Monday, 2026-11-23".into(), "21:30:07 CST".into())
        );
        assert_eq!(chicago.day(time, Language::Spanish), "Lunes, 2026-11-23");
    }
}
