//! The facts that this node's doors have answered in the last minutes, in case the store loses them.
//!
//! A failover may lose what a store has answered. Facts can be appended again at will, since they commute and a copy changes nothing, so the
//! doors keep theirs for a while and append them again when the store turns out to be another than before. The same holds for what came out
//! of device tests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};

use crate::port::clock::instant;

/// How much is kept, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecentLimits {
    /// Facts older than this are believed to be safe: longer than a failover takes.
    pub life: Duration,
    /// At most so many facts; the oldest leave first.
    pub facts: usize,
}

impl Default for RecentLimits {
    fn default() -> Self {
        Self { life: Duration::from_secs(300), facts: 20_000 }
    }
}

/// Where a fact goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goes {
    /// To the visit of a meeting of this organization.
    ByMeeting(OrganizationId, MeetingId),
    /// To a visit by its name.
    To(VisitKey),
}

/// A fact that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Where it went, and goes again.
    pub goes: Goes,
    /// The command, by the codec.
    pub payload: Vec<u8>,
}

/// The facts, oldest first.
#[derive(Debug, Default)]
pub struct Recent {
    limits: RecentLimits,
    facts: Mutex<VecDeque<(Instant, Answered)>>,
}

impl Recent {
    /// Keeps none yet.
    #[must_use]
    pub fn new(limits: RecentLimits) -> Self {
        Self { limits, facts: Mutex::default() }
    }

    /// A fact was answered. Answers whether one had to leave that is not safe yet.
    pub fn answered(&self, fact: Answered) -> bool {
        let mut facts = self.lock();
        let now = instant();
        facts.push_back((now, fact));
        let is_safe = |at: Instant| now.saturating_duration_since(at) > self.limits.life;
        while facts.front().is_some_and(|(at, _)| is_safe(*at)) {
            facts.pop_front();
        }
        facts.len() > self.limits.facts && facts.pop_front().is_some()
    }

    /// Everything that is kept, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Answered> {
        self.lock().iter().map(|(_, fact)| fact.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Answered)>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(n: u64) -> Answered {
        let organization = OrganizationId::new("lakeside").unwrap();
        Answered { goes: Goes::ByMeeting(organization, MeetingId(n)), payload: Vec::new() }
    }

    fn meetings(recent: &Recent) -> Vec<u64> {
        let meeting = |fact: &Answered| match fact.goes {
            Goes::ByMeeting(_, meeting) => Some(meeting.0),
            Goes::To(_) => None,
        };
        recent.all().iter().filter_map(meeting).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn facts_are_kept_for_their_life_and_no_more_than_so_many() {
        let recent = Recent::new(RecentLimits { life: Duration::from_secs(60), facts: 3 });
        let left: Vec<bool> = (0..5).map(|n| recent.answered(fact(n))).collect();
        assert_eq!(left, [false, false, false, true, true], "those were not safe yet");
        assert_eq!(meetings(&recent), [2, 3, 4]);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(!recent.answered(fact(9)));
        assert_eq!(meetings(&recent), [9]);
    }
}
