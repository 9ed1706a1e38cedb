//! The fakes' clock: wall time in milliseconds, and waits shortened by one scale for the whole world.

use std::time::Duration;

use jiff::Timestamp;

/// Milliseconds since 1970.
pub type Millis = i64;

/// Wall time, and how much faster than life the waits pass.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    scale: f64,
}

impl Clock {
    /// `scale` 60 makes a minute's wait last a second. Times on the wire stay real.
    pub fn new(scale: f64) -> Self {
        Self { scale: if scale.is_finite() && scale > 0.0 { scale } else { 1.0 } }
    }

    pub fn now(&self) -> Millis {
        Timestamp::now().as_millisecond()
    }

    /// A wait as long as `real` in the real world, shortened by the scale.
    pub fn scaled(&self, real: Duration) -> Duration {
        Duration::try_from_secs_f64(real.as_secs_f64() / self.scale).unwrap_or(real)
    }

    pub fn scaled_millis(&self, real: Duration) -> Millis {
        millis(self.scaled(real))
    }
}

/// A duration as milliseconds; the longest representable one where it does not fit.
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// RFC 3339 in UTC, to the second, as Zoom writes times.
pub fn to_the_second(at: Millis) -> String {
    Timestamp::from_second(at.div_euclid(1000)).map(|time| time.to_string()).unwrap_or_default()
}

/// RFC 3339 in UTC with milliseconds.
pub fn to_the_millisecond(at: Millis) -> String {
    Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default()
}

/// The UTC day a time belongs to, counted from 1970.
pub fn day_of(at: Millis) -> i64 {
    at.div_euclid(86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_zoom_writes_them() {
        assert_eq!(to_the_second(1_785_369_356_750), "2026-07-29T23:55:56Z");
        assert_eq!(to_the_millisecond(1_785_369_356_750), "2026-07-29T23:55:56.75Z");
    }

    #[test]
    fn a_scale_that_makes_no_sense_is_none() {
        assert_eq!(Clock::new(0.0).scaled(Duration::from_secs(5)), Duration::from_secs(5));
        assert_eq!(Clock::new(300.0).scaled(Duration::from_secs(300)), Duration::from_secs(1));
    }
}
