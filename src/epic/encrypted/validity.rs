//! For how long a link is good: from the times that stand in it, in the time zone of the Epic that wrote them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use vestibule_domain::time::{Moment, Span};

use super::Timeliness;
use crate::epic::appointment_time;
use crate::settings;

/// 30 days, beyond which Epic's own records do not go.
const MOST_MINUTES: u32 = 43_200;
/// Seconds up to the year 2100. What is beyond is no count of seconds.
const LAST_SECOND: i64 = 4_102_444_800;

/// What an organization says of its links.
#[derive(Debug, Clone)]
pub(super) struct Life {
    validity: Span,
    without_time: bool,
    zone: TimeZone,
}

/// The times that stand in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// When the visit is to begin, by the clock of Epic's server.
    pub(super) appointment: Option<DateTime>,
    /// When the link was made.
    pub(super) stamp: Option<Moment>,
    /// The same in another form.
    pub(super) epic_stamp: Option<Moment>,
    /// For how many minutes the link is good by itself; 0: it does not run out.
    pub(super) minutes: Option<u32>,
}

impl Life {
    pub(super) fn from_settings(launch: &settings::EncryptedLaunch) -> Self {
        Self {
            validity: Span::from_duration(launch.validity),
            without_time: launch.without_time,
            zone: launch.time_zone.clone(),
        }
    }

    pub(super) fn judge(&self, times: &Times, now: Moment) -> Timeliness {
        let appointment = self.appointment(times);
        let Some(latest) = [appointment, times.stamp, times.epic_stamp].into_iter().flatten().max() else {
            return if self.without_time { Timeliness::InTime } else { Timeliness::WithoutTime };
        };
        let validity = match times.minutes {
            None => self.validity,
            Some(0) => return Timeliness::InTime,
            Some(minutes) => Span::minutes(i64::from(minutes)),
        };
        if now <= latest + validity { Timeliness::InTime } else { Timeliness::TooLate }
    }

    fn appointment(&self, times: &Times) -> Option<Moment> {
        times.appointment.and_then(|time| appointment_time::moment(time, &self.zone))
    }

    /// The same for a window, in which nobody is to come hours too early or too late.
    pub(super) fn starts(&self, times: &Times) -> Option<Moment> {
        appointment_time::is_said(&self.zone).then(|| self.appointment(times)).flatten()
    }
}

/// Seconds since 1970.
pub(super) fn unix_seconds(text: &str) -> Option<Moment> {
    let seconds = digits::<i64>(text)?;
    (seconds <= LAST_SECOND).then_some(Moment(seconds * 1000))
}

/// `yyyyMMddHHmmss`, in UTC.
pub(super) fn epic_timestamp(text: &str) -> Option<Moment> {
    digits::<u64>(text).filter(|_| text.len() == 14)?;
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    let stamp: Timestamp = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(Moment(stamp.as_millisecond()))
}

pub(super) fn minutes(text: &str) -> Option<u32> {
    digits(text).filter(|minutes| *minutes <= MOST_MINUTES)
}

/// A number and nothing but its digits.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
