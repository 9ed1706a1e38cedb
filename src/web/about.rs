//! What a patient who waits may like to know: who will see them, and for when the visit is, where that changed.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vestibule_domain::name::Phi;
use vestibule_domain::time::Moment;

use super::language::Language;
use super::words;

/// The time zone of an organization that has not said where it is: no time of day would be right for its people.
const NOT_SAID: &str = "UTC";

/// A time as the clocks of the organization's people show it; without one where that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockTime(Option<WallClock>);

/// A time on a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WallClock {
    /// Month, from 1, and day, where it is another day than today.
    pub day: Option<(usize, i8)>,
    /// From 0 to 23.
    pub hour: i8,
    pub minute: i8,
    /// Such as `CST`.
    pub zone: String,
}

impl ClockTime {
    /// `zone` is a name of the IANA database.
    #[must_use]
    pub fn of(starts: Moment, now: Moment, zone: &str) -> Self {
        let zone = Some(zone).filter(|zone| *zone != NOT_SAID).and_then(|zone| TimeZone::get(zone).ok());
        let here = |at: Moment| {
            let at = Timestamp::from_millisecond(at.0).ok()?;
            Some(at.to_zoned_datetime(zone.clone()?))
        };
        let Some((starts, now)) = here(starts).zip(here(now)) else { return Self(None) };
        let month = usize::try_from(starts.month()).unwrap_or_default();
        Self(Some(WallClock {
            day: (starts.date() != now.date()).then_some((month, starts.day())),
            hour: starts.hour(),
            minute: starts.minute(),
            zone: starts.strftime("%Z").to_string(),
        }))
    }
}

impl ClockTime {
    /// From when on a person may come.
    #[must_use]
    pub fn may_come(&self, language: Language) -> String {
        words::may_come(language, self.0.as_ref())
    }
}

impl WallClock {
    /// As a clock of twelve hours shows it, and whether it is past noon.
    pub(super) fn twelve(&self) -> (i8, i8, bool) {
        let hour = match self.hour % 12 {
            0 => 12,
            hour => hour,
        };
        (hour, self.minute, self.hour >= 12)
    }
}

/// The sentences, where there is something to say.
#[must_use]
pub fn about(language: Language, provider: Option<&Phi>, moved: Option<ClockTime>) -> Option<Phi> {
    let provider = provider.map(|name| words::will_see_you(language, name.reveal()));
    let moved = moved.map(|ClockTime(clock)| words::was_moved(language, clock.as_ref()));
    let sentences: Vec<String> = provider.into_iter().chain(moved).collect();
    (!sentences.is_empty()).then(|| Phi::new(sentences.join(" ")))
}

/// The same, and why it takes so long, and whom to call meanwhile.
#[must_use]
pub fn video_silent(language: Language, about: Option<&Phi>, phone: Option<&str>) -> Phi {
    let silent = words::video_silent(language, phone);
    let about = about.map(|about| format!("{} ", about.reveal())).unwrap_or_default();
    Phi::new(format!("{about}{silent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T17:00:00Z
    const NOW: Moment = Moment(1_795_453_200_000);
    const HOUR: i64 = 3_600_000;

    fn said(language: Language, provider: Option<&str>, moved: Option<ClockTime>) -> Option<String> {
        let provider = provider.map(Phi::new);
        about(language, provider.as_ref(), moved).map(|text| text.reveal().to_owned())
    }

    fn moved(language: Language, hours: i64, zone: &str) -> String {
        said(language, None, Some(ClockTime::of(Moment(NOW.0 + hours * HOUR), NOW, zone))).unwrap()
    }

    #[test]
    fn the_new_time_is_told_as_the_clocks_there_show_it() {
        use Language::{English, Spanish};
        for (language, hours, zone, expected) in [
            (English, 2, "America/Chicago", "This visit was moved to 1:00 PM CST."),
            (Spanish, 2, "America/Chicago", "Esta visita se cambió a la 1:00 p. m. (CST)."),
            (English, 1, "America/Chicago", "This visit was moved to 12:00 PM CST."),
            (English, 7, "Europe/Berlin", "This visit was moved to November 24 at 1:00 AM CET."),
            (
                Spanish,
                24,
                "Europe/Berlin",
                "Esta visita se cambió al 24 de noviembre a las 6:00 p. m. (CET).",
            ),
            // Nobody said where the organization is, or nobody knows the place.
            (English, 2, "UTC", "This visit was moved to a later time."),
            (English, 2, "Moon/Tycho", "This visit was moved to a later time."),
            (Spanish, 2, "UTC", "Esta visita se cambió para más tarde."),
        ] {
            assert_eq!(moved(language, hours, zone), expected);
        }
    }

    #[test]
    fn the_provider_is_named_first_and_nothing_is_said_where_there_is_nothing() {
        assert_eq!(said(Language::English, None, None), None);
        let later = || Some(ClockTime::of(Moment(NOW.0 + HOUR), NOW, "UTC"));
        let both = said(Language::English, Some("Dr. Elena Rivera"), later());
        assert_eq!(both.unwrap(), "Dr. Elena Rivera will see you. This visit was moved to a later time.");
        assert_eq!(said(Language::Spanish, Some("Elena Rivera"), None).unwrap(), "Elena Rivera le atenderá.");
    }

    #[test]
    fn a_person_who_is_too_early_is_told_from_when_on_they_may_come() {
        use Language::{English, Spanish};
        for (language, hours, zone, expected) in [
            (English, 2, "America/Chicago", "You can come in from 1:00 PM CST on."),
            (Spanish, 2, "America/Chicago", "Puede entrar a partir de la 1:00 p. m. (CST)."),
            (English, 7, "Europe/Berlin", "You can come in from November 24 at 1:00 AM CET on."),
            (
                Spanish,
                24,
                "Europe/Berlin",
                "Puede entrar a partir del 24 de noviembre a las 6:00 p. m. (CET).",
            ),
            (English, 2, "UTC", "You can come in shortly before your appointment."),
            (Spanish, 2, "UTC", "Puede entrar poco antes de su cita."),
        ] {
            let opens = ClockTime::of(Moment(NOW.0 + hours * HOUR), NOW, zone);
            assert_eq!(opens.may_come(language), expected);
        }
    }
}
