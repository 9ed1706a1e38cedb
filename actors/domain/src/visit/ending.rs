//! Ending the meeting for everybody, because somebody with the right to do so asked for it, or because no provider is in it any more.

use super::Visit;
use super::decide::Deciding;
use super::participant::{ParticipantKey, Presence, Role};
use crate::id::MeetingId;
use crate::intent::ZoomCall;
use crate::policy::Policy;
use crate::time::{Moment, Span};

/// An order that was on its way for longer than this is about people who may have gone and come again since.
pub(super) const GOOD_FOR: Span = Span::minutes(10);
/// A meeting that lives on although it was ended is not ended again sooner.
const AGAIN_AFTER: Span = Span::minutes(10);

impl Visit {
    /// When the meeting is ended for everybody by itself: some time after the last provider left it; and where no provider was ever seen
    /// in it, after the longest time that a visit may last. While a provider is in it, never.
    #[must_use]
    pub fn ends_by_itself(&self, policy: &Policy) -> Option<Moment> {
        let course = self.course(policy);
        let (_, instance) =
            course.newest.filter(|_| course.live && self.meeting.as_ref().is_some_and(|m| m.indexed))?;
        let is_provider =
            |whose: Option<&ParticipantKey>| whose.is_some_and(|key| key.role() == Role::Provider);
        let sessions = instance.presences();
        let of_providers = || sessions.iter().filter(|session| is_provider(self.whose(session)));
        if of_providers().any(|session| session.presence > Presence::Gone) {
            return None;
        }
        // Whoever has launched anew is about to come back.
        let left = of_providers()
            .map(|session| session.since)
            .max()
            .map(|left| self.provider_launched.map_or(left, |at| at.max(left)));
        let alone = left.filter(|_| policy.provider_gone > Span(0)).map(|left| left + policy.provider_gone);
        let longest = instance.started().map(|started| started + policy.longest);
        let due = alone.into_iter().chain(longest).min()?;
        Some(self.ended_at.map_or(due, |ended| due.max(ended + AGAIN_AFTER)))
    }
}

impl Deciding<'_> {
    pub(super) fn end_for_all(&mut self, meeting: MeetingId, at: Moment) {
        let mine = self.visit.meeting.as_ref().is_some_and(|m| m.id == meeting);
        if mine && at + GOOD_FOR > self.now {
            self.visit.wants_end = Some(meeting);
        }
    }

    /// Asked of Zoom whatever is known of the meeting: an event that tells of its start may have been lost.
    pub(super) fn wanted_end(&self) -> Option<ZoomCall> {
        let own = self.visit.meeting.as_ref()?.id;
        let ordered = self.visit.wants_end == Some(own);
        let due = || self.visit.ends_by_itself(self.policy).is_some_and(|at| at <= self.now);
        (ordered || due()).then_some(ZoomCall::EndMeeting { meeting: own })
    }

    /// Events tell the rest; in case they are lost the meeting is read.
    pub(super) fn meeting_ended(&mut self, meeting: MeetingId, at: Moment) {
        if self.visit.meeting.as_ref().is_some_and(|mine| mine.id == meeting) {
            self.visit.wants_end = None;
            self.visit.ended_at = Some(at);
            self.visit.doubted_at = Some(at);
        }
    }
}
