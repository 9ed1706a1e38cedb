//! How far another's clock is from ours, by the `Date` of its answers. Assertions and id_tokens live for minutes, so that clocks which
//! are apart make launches and updates fail in ways that nothing else explains.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::client::{NoAnswer, Response};
use super::retry_after;

/// Clocks further apart than this are warned of. Assertions begin 30 s before they are signed.
pub const TOLERATED: Span = Span::seconds(30);
/// A warning is not repeated sooner.
const WARN_EVERY: Duration = Duration::from_secs(3600);
/// `Date` has whole seconds: the time was within the second that it names.
const RESOLUTION: Span = Span::seconds(1);

/// What is known of one other side's clock.
#[derive(Debug)]
pub struct OtherClock {
    organization: OrganizationId,
    /// `epic` or `zoom`.
    whose: &'static str,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    ahead: Option<Span>,
    warned_at: Option<Instant>,
}

impl OtherClock {
    /// The clock of this organization's `whose`, of which nothing has been heard yet.
    #[must_use]
    pub fn new(organization: OrganizationId, whose: &'static str) -> Self {
        Self { organization, whose, heard: Mutex::default() }
    }

    /// Whose organization's it is.
    #[must_use]
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// `epic` or `zoom`.
    #[must_use]
    pub fn whose(&self) -> &'static str {
        self.whose
    }

    /// How far it was ahead of ours when it was last heard, negative where ours is ahead: at least as far as it must have been, whatever
    /// the answer took. `None` before the first answer.
    #[must_use]
    pub fn ahead(&self) -> Option<Span> {
        self.lock().ahead
    }

    /// Waits for an answer to a question that is asked at `now`, and compares the time in it with ours.
    ///
    /// # Errors
    /// Those of the answer.
    pub async fn compared(
        &self,
        now: Moment,
        answer: impl Future<Output = Result<Response, NoAnswer>>,
    ) -> Result<Response, NoAnswer> {
        let began = instant();
        let answer = answer.await;
        if let Ok(answer) = &answer
            && let Some(date) = date(answer)
        {
            self.note(ahead(date, now, now + Span::from_duration(began.elapsed())));
        }
        answer
    }

    fn note(&self, ahead: Span) {
        let mut heard = self.lock();
        heard.ahead = Some(ahead);
        let apart = is_apart(ahead);
        let (organization, whose, seconds) =
            (self.organization.as_str(), self.whose, ahead.0.div_euclid(1000));
        match heard.warned_at {
            Some(at) if apart && at.elapsed() < WARN_EVERY => {}
            _ if apart => {
                heard.warned_at = Some(instant());
                tracing::warn!(
                    organization,
                    whose,
                    seconds,
                    "another's clock is ahead of ours by so many seconds, or behind where they are negative: set the one that is wrong"
                );
            }
            Some(_) => {
                heard.warned_at = None;
                tracing::info!(organization, whose, seconds, "another's clock agrees with ours again");
            }
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether clocks so far apart are to be warned of.
#[must_use]
pub fn is_apart(ahead: Span) -> bool {
    ahead.0.saturating_abs() > TOLERATED.0
}

/// The time at which an answer was made; `None` where it does not say, or where a cache between us kept it for a while.
fn date(answer: &Response) -> Option<Moment> {
    let fresh = answer.header("age").is_none_or(|age| age.trim() == "0");
    answer.header("date").filter(|_| fresh).and_then(retry_after::moment)
}

/// The answer was made at some time between `asked` and `answered` by our clock, and between `date` and a second later by theirs. Clocks that agree
/// could explain it where these overlap.
fn ahead(date: Moment, asked: Moment, answered: Moment) -> Span {
    if date > answered {
        date - answered
    } else if date + RESOLUTION < asked {
        date + RESOLUTION - asked
    } else {
        Span(0)
    }
}

#[cfg(test)]
mod tests {
    use awc::http::{StatusCode, header};
    use bytes::Bytes;

    use super::super::client::Body;
    use super::*;

    /// 2026-11-23T17:00:00Z
    const NOW: Moment = Moment(1_795_453_200_000);

    fn clock() -> OtherClock {
        OtherClock::new(OrganizationId::new("lakeside").unwrap(), "epic")
    }

    fn answer(headers: &[(&'static str, &'static str)]) -> Response {
        let mut map = header::HeaderMap::new();
        for (name, value) in headers {
            map.insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(value));
        }
        Response { status: StatusCode::OK, headers: map, body: Body::Whole(Bytes::new()) }
    }

    async fn heard(headers: &[(&'static str, &'static str)]) -> Option<Span> {
        let clock = clock();
        clock.compared(NOW, async { Ok(answer(headers)) }).await.unwrap();
        clock.ahead()
    }

    #[actix_web::test]
    async fn e45_the_date_of_an_answer_is_compared_with_our_clock() {
        for (date, seconds) in [
            ("Mon, 23 Nov 2026 17:00:00 GMT", 0),
            ("Mon, 23 Nov 2026 16:59:59 GMT", 0),
            ("Mon, 23 Nov 2026 16:58:00 GMT", -119),
        ] {
            assert_eq!(heard(&[("date", date)]).await, Some(Span::seconds(seconds)), "{date}");
        }
        let ahead = heard(&[("date", "Mon, 23 Nov 2026 17:02:00 GMT")]).await.unwrap();
        assert!(ahead > Span::seconds(119) && ahead <= Span::seconds(120), "{ahead:?}");
    }

    #[actix_web::test]
    async fn what_says_nothing_of_a_clock_is_passed_over() {
        for headers in [
            [].as_slice(),
            &[("date", "yesterday")],
            &[("date", "Mon, 23 Nov 2026 16:00:00 GMT"), ("age", "3600")],
        ] {
            assert_eq!(heard(headers).await, None, "{headers:?}");
        }
        let clock = clock();
        assert!(clock.compared(NOW, async { Err(NoAnswer::InDoubt) }).await.is_err());
        assert_eq!(clock.ahead(), None);
    }

    #[test]
    fn e45_a_slow_answer_is_no_clock_that_is_wrong() {
        let slow = NOW + Span::seconds(50);
        assert_eq!(ahead(NOW + Span::seconds(40), NOW, slow), Span(0));
        assert_eq!(ahead(NOW + Span::seconds(60), NOW, slow), Span::seconds(10));
        assert_eq!(ahead(NOW - Span::seconds(60), NOW, slow), Span::seconds(-59));
    }

    #[test]
    fn e45_clocks_may_be_thirty_seconds_apart() {
        for (seconds, apart) in [(0, false), (30, false), (31, true), (-30, false), (-31, true)] {
            assert_eq!(is_apart(Span::seconds(seconds)), apart, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn e45_it_is_warned_of_once_an_hour() {
        let clock = clock();
        let warned = || clock.lock().warned_at;
        clock.note(Span::seconds(20));
        assert_eq!(warned(), None);
        clock.note(Span::seconds(40));
        let first = warned().unwrap();
        tokio::time::advance(WARN_EVERY - Duration::from_secs(1)).await;
        clock.note(Span::seconds(-40));
        assert_eq!(warned(), Some(first));
        tokio::time::advance(Duration::from_secs(2)).await;
        clock.note(Span::seconds(-40));
        assert!(warned().unwrap() > first);
        clock.note(Span::seconds(3));
        assert_eq!((warned(), clock.ahead()), (None, Some(Span::seconds(3))));
    }
}
