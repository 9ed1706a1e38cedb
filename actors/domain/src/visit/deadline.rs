//! Timers are deadlines in the state, evaluated by a tick; so they survive every restart.

use super::decide::Deciding;
use super::participant::Presence;
use super::{CallState, Visit};
use crate::intent::ZoomCall;
use crate::policy::Policy;
use crate::time::{Moment, Span};

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
        // While a reading is under way, or waits for its next attempt, its call says when to look.
        let check = if self.is_being_read() { None } else { self.next_check(policy) };
        // A visit that may not be given up or leave yet, since Epic does not answer, is looked at again from time to time.
        let silent = (!self.is_quiet(policy)).then_some(self.stirred_at + LONGEST_MEETING);
        let ends = silent.into_iter().chain(Some(self.leaves_at(policy)));
        let ends = ends.map(|at| if at > now { at } else { now + LOOK_AGAIN });
        let entries = self.expected_entries(policy, now).into_iter().map(|(_, by)| by).filter(|by| *by > now);
        let sides = self.expected_sides(policy).map(|(_, by)| by).filter(|by| *by > now);
        let end = self.ends_by_itself(policy).filter(|_| !self.is_being_ended());
        let sides = sides.into_iter().chain(end);
        let links = self.next_link_due(policy, now).into_iter().chain(self.stand_ins_go_at(policy, now));
        pages
            .chain(calls)
            .chain(links)
            .chain(self.attendance_due())
            .chain(check)
            .chain(ends)
            .chain(entries)
            .chain(sides)
            .min()
    }

    /// When the meeting's status is to be read next: while a patient waits after a provider's launch and nothing is live; more seldom,
    /// while only a reading says that it is live; and when nothing was heard of a live meeting for long, since its end may be lost.
    pub(super) fn next_check(&self, policy: &Policy) -> Option<Moment> {
        let meeting = self.meeting.as_ref().filter(|m| m.indexed)?;
        let launched = self.provider_launched?;
        let course = self.course(policy);
        let last = meeting.read.map(|read| read.at);
        if course.live {
            let heard = course.newest.and_then(|(_, instance)| instance.heard())?;
            let silent =
                last.filter(|read| *read >= heard).map_or(heard + SILENT_AFTER, |read| read + SILENT_AGAIN);
            return Some(self.doubted_at.map_or(silent, |doubted| silent.min(doubted)));
        }
        // Of one that was called off it is only asked whether it may be deleted, and that at once.
        if self.called_off().is_some() && !self.is_live(policy) {
            return None;
        }
        let due = if self.is_live(policy) {
            last.map(|at| at + Span(policy.check_every.0.saturating_mul(LIVE_CHECKS_ARE_SLOWER_BY)))?
        } else {
            let waits = self
                .participants
                .iter()
                .any(|(key, p)| key.role().is_patient_side() && p.presence == Presence::Waiting);
            let after_launch = launched + policy.check_after;
            let since_end = course.last_end.is_none_or(|end| end <= launched);
            // People may have gone in that a restored store knows nothing of.
            if let Some(doubted) = self.doubted_at.filter(|at| since_end && policy.markers.was_restored(*at))
            {
                return Some(doubted);
            }
            if !waits || !since_end {
                return None;
            }
            last.map_or(after_launch, |at| after_launch.max(at + policy.check_every))
        };
        // A meeting that nobody ever starts is not read for ever.
        let give_up = launched + Span(policy.check_every.0.saturating_mul(MOST_CHECKS));
        (due <= give_up).then_some(due)
    }

    /// Its call says when to look.
    fn is_being_ended(&self) -> bool {
        self.calls.values().any(|open| matches!(open.intent.call, ZoomCall::EndMeeting { .. }))
    }

    fn is_being_read(&self) -> bool {
        self.calls.values().any(|open| matches!(open.intent.call, ZoomCall::ReadMeeting { .. }))
    }

    /// When an ended, settled visit leaves the store. One that Epic has not been told everything about stays until it has.
    #[must_use]
    pub fn leaves_at(&self, policy: &Policy) -> Moment {
        // People test days before their visit.
        let tested = self.device_tests.values().map(|known| known.test.at).max();
        if let Some(tested) = tested.filter(|_| self.participants.is_empty()) {
            return tested + policy.keep_tested;
        }
        // An end that lies ahead of everything that was ever heard is believed, but keeps nothing for ever.
        let ended = self.course(policy).last_end.map(|end| end.min(self.updated_at));
        let signs = self.participants.values().flat_map(|p| [Some(p.last_launch), p.page_seen]).flatten();
        let last = signs.chain(self.provider_launched).chain(ended).max();
        last.unwrap_or(self.updated_at) + policy.reopen + policy.keep
    }

    /// Whether the visit may leave now.
    pub(super) fn may_leave(&self, policy: &Policy, now: Moment) -> bool {
        let stays = self.stays_for_stand_ins(policy, now);
        now >= self.leaves_at(policy) && self.is_quiet(policy) && self.is_told() && !stays
    }

    /// Whether nothing is live and nobody is there.
    fn is_quiet(&self, policy: &Policy) -> bool {
        !self.is_live(policy) && self.participants.values().all(|p| p.presence == Presence::Gone)
    }
}

impl Deciding<'_> {
    /// The end of a meeting may never be told. Zoom lets none last longer than [`LONGEST_MEETING`], so when nothing has changed for
    /// that long, whatever looks alive is over: lights must not burn, and visits must not stay, for ever.
    pub(super) fn give_up_the_silent(&mut self) {
        let now = self.now;
        if self.visit.is_quiet(self.policy) || self.visit.stirred_at + LONGEST_MEETING > now {
            return;
        }
        self.visit.instances.values_mut().for_each(|instance| instance.give_up(now));
        self.visit.before_host.clear();
        if let Some(read) = self.visit.meeting.as_mut().and_then(|m| m.read.as_mut()) {
            read.started = false;
        }
    }
}

/// Zoom's own limit is 30 hours.
const LONGEST_MEETING: Span = Span::hours(31);
/// When nothing was heard of a live meeting for so long it is read,
const SILENT_AFTER: Span = Span::minutes(10);
/// and after that so often. A visit in which people just talk is silent as well.
const SILENT_AGAIN: Span = Span::minutes(30);
/// At the default of 15 s, a meeting that nobody starts is read for four hours after the launch.
const MOST_CHECKS: i64 = 960;
/// How often a visit is looked at that is due to leave and may not.
const LOOK_AGAIN: Span = Span::hours(1);
/// While only a reading says that the meeting is live it is read less often by this factor.
const LIVE_CHECKS_ARE_SLOWER_BY: i64 = 4;
