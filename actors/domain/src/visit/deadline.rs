//! Timers are deadlines in the state, evaluated by a tick; so they survive every restart.

use super::participant::Presence;
use super::{CallState, Visit};
use crate::policy::Policy;
use crate::time::Moment;

impl Visit {
    /// When the visit must be looked at again, if nothing comes before.
    #[must_use]
    pub fn wake(&self, policy: &Policy, now: Moment) -> Option<Moment> {
        let pages = self
            .participants
            .values()
            .filter_map(|p| p.page_open(policy, now).map(|seen| seen + policy.page_presence));
        let calls = self.calls.values().filter_map(|call| match call.state {
            CallState::Running => Some(call.intent.not_after + policy.margin),
            CallState::Waiting { until } => Some(until),
            CallState::Blocked => None,
        });
        // A visit that may not leave yet, since Epic does not answer, is looked at again from time to time.
        let leaves = self.leaves_at(policy);
        let leaves = if leaves <= now { now + LOOK_AGAIN } else { leaves };
        pages.chain(calls).chain(self.next_check(policy)).chain(Some(leaves)).min()
    }

    /// When the meeting's status is to be read next: while a patient waits after a provider's launch and nothing is live, and, more
    /// seldom, while only a reading says that it is live.
    pub(super) fn next_check(&self, policy: &Policy) -> Option<Moment> {
        let meeting = self.meeting.as_ref().filter(|m| m.indexed)?;
        let launched = self.provider_launched?;
        let course = self.course(policy);
        if course.live {
            return None;
        }
        let last = meeting.read.map(|read| read.at);
        let due = if self.is_live(policy) {
            last.map(|at| {
                at + crate::time::Span(policy.check_every.0.saturating_mul(LIVE_CHECKS_ARE_SLOWER_BY))
            })?
        } else {
            let waits = self
                .participants
                .iter()
                .any(|(key, p)| key.role().is_patient_side() && p.presence == Presence::Waiting);
            let after_launch = launched + policy.check_after;
            let since_end = course.last_end.is_none_or(|end| end < launched);
            if !waits || !since_end {
                return None;
            }
            last.map_or(after_launch, |at| after_launch.max(at + policy.check_every))
        };
        // A meeting that nobody ever starts is not read for ever.
        let give_up = launched + crate::time::Span(policy.check_every.0.saturating_mul(MOST_CHECKS));
        (due <= give_up).then_some(due)
    }

    /// When an ended, settled visit leaves the store. One that Epic has not been told everything about stays until it has.
    #[must_use]
    pub fn leaves_at(&self, policy: &Policy) -> Moment {
        let last_event = self.course(policy).last_end.unwrap_or(self.updated_at).max(self.last_launch());
        last_event + policy.reopen + policy.keep
    }

    /// Whether the visit may leave now.
    pub(super) fn may_leave(&self, policy: &Policy, now: Moment) -> bool {
        let nobody_there = self.participants.values().all(|p| p.presence == Presence::Gone);
        now >= self.leaves_at(policy) && !self.is_live(policy) && nobody_there && self.is_told()
    }

    fn last_launch(&self) -> Moment {
        self.participants
            .values()
            .map(|p| p.launched_at)
            .chain(self.provider_launched)
            .max()
            .unwrap_or(self.updated_at)
    }
}

/// At the default of 15 s, a meeting that nobody starts is read for four hours after the launch.
const MOST_CHECKS: i64 = 960;
/// How often a visit is looked at that is due to leave and may not.
const LOOK_AGAIN: crate::time::Span = crate::time::Span::hours(1);
/// While only a reading says that the meeting is live it is read less often by this factor.
const LIVE_CHECKS_ARE_SLOWER_BY: i64 = 4;
