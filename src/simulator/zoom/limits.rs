//! Zoom's limits per second and label, counted per account.

use std::collections::BTreeMap;

use super::super::clock::Millis;
use super::account::{Label, Plan};
use super::answer::Answer;

/// Requests seen in the running second of each label.
#[derive(Default)]
pub(crate) struct Limits {
    seen: BTreeMap<Label, (i64, u32)>,
    /// How often a limit was hit.
    pub refused: u64,
}

impl Limits {
    /// Counts one request; over the limit it is refused with the headers that say so.
    pub fn take(&mut self, plan: Plan, label: Label, now: Millis) -> Result<u32, Answer> {
        let (second, most) = (now.div_euclid(1000), plan.per_second(label));
        let entry = self.seen.entry(label).or_insert((second, 0));
        if entry.0 != second {
            *entry = (second, 0);
        }
        entry.1 += 1;
        if entry.1 <= most {
            return Ok(most - entry.1);
        }
        self.refused += 1;
        Err(per_second(label, most, second + 1))
    }
}

pub fn per_second(label: Label, most: u32, reset: i64) -> Answer {
    let text = "You have reached the maximum per-second rate limit for this API. Try again later.";
    Answer::error(429, 429, text)
        .with("X-RateLimit-Category", label.word())
        .with("X-RateLimit-Type", "QPS")
        .with("X-RateLimit-Limit", most.to_string())
        .with("X-RateLimit-Remaining", "0")
        .with("X-RateLimit-Reset", reset.to_string())
}

/// A limit of the day: `Retry-After` is a date, the next midnight in UTC.
pub fn daily(label: Label, most: u32, now: Millis) -> Answer {
    let midnight = (super::super::clock::day_of(now) + 1) * 86_400_000;
    let text = "You have reached the maximum daily rate limit for this API. \
                Refer to the response header for details on when you can make another request.";
    Answer::error(429, 429, text)
        .with("X-RateLimit-Category", label.word())
        .with("X-RateLimit-Type", "Daily-limit")
        .with("X-RateLimit-Limit", most.to_string())
        .with("X-RateLimit-Remaining", "0")
        .with("Retry-After", super::super::clock::to_the_second(midnight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_share_and_the_next_has_its_own() {
        let mut limits = Limits::default();
        for _ in 0..4 {
            assert!(limits.take(Plan::Free, Label::Light, 10_000).is_ok());
        }
        let refused = limits.take(Plan::Free, Label::Light, 10_900).expect_err("the fifth of four");
        assert_eq!(refused.status, 429);
        assert!(limits.take(Plan::Free, Label::Medium, 10_900).is_ok(), "labels are counted apart");
        assert!(limits.take(Plan::Free, Label::Light, 11_000).is_ok());
    }

    #[test]
    fn the_limit_of_a_day_ends_at_midnight() {
        let answer = daily(Label::Medium, 100, 1_785_369_356_750);
        assert!(answer.headers.contains(&("Retry-After", "2026-07-30T00:00:00Z".to_owned())));
    }
}
