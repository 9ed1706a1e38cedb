//! `Retry-After` in all the shapes that are seen: seconds, an HTTP date, and Zoom's ISO 8601 date-time.

use jiff::Timestamp;
use vestibule_domain::time::{Moment, Span};

/// No wish to wait is believed beyond this.
const LONGEST: Span = Span::hours(48);

/// How long to wait, seen from `now`; `None` where nothing can be read. A time that is over is no wait at all.
#[must_use]
pub fn parse(value: &str, now: Moment) -> Option<Span> {
    let value = value.trim();
    let span = match value.parse::<i64>() {
        Ok(seconds) if seconds >= 0 => Span::seconds(seconds),
        Ok(_) => return None,
        Err(_) => moment(value)? - now,
    };
    Some(span.clamp(Span(0), LONGEST))
}

/// A time as HTTP writes it, or ISO 8601.
pub(super) fn moment(value: &str) -> Option<Moment> {
    let iso = || value.parse::<Timestamp>().ok();
    let http = || jiff::fmt::rfc2822::parse(value).ok().map(|zoned| zoned.timestamp());
    iso().or_else(http).map(|at| Moment(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-23T17:00:00Z
    const NOW: Moment = Moment(1_795_453_200_000);

    #[test]
    fn every_shape_is_read() {
        assert_eq!(parse("120", NOW), Some(Span::seconds(120)));
        assert_eq!(parse("2026-11-24T00:00:00Z", NOW), Some(Span::hours(7)));
        assert_eq!(parse("Mon, 23 Nov 2026 17:00:30 GMT", NOW), Some(Span::seconds(30)));
        assert_eq!(parse("2026-11-23T16:00:00Z", NOW), Some(Span(0)));
        assert_eq!(parse("99999999999999", NOW), Some(LONGEST));
        for nothing in ["", "soon", "-5", "1.5"] {
            assert_eq!(parse(nothing, NOW), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(value in ".*", now: i64) {
            if let Some(span) = parse(&value, Moment(now)) {
                prop_assert!(span >= Span(0) && span <= LONGEST);
            }
        }
    }
}
