//! Another meeting in the place of the visit's, because somebody on duty says that this one is broken: deleted by hand, or with settings that
//! nobody wants.
//!
//! The old one counts as deleted from then on, so that nobody is sent there and nothing in it is live (I12), and it is removed at Zoom. The new
//! one is made as after a provider's launch.

use super::decide::Deciding;
use super::ending::GOOD_FOR;
use super::participant::Presence;
use super::{MOST_MEETINGS, Visit};
use crate::id::{CommandId, MeetingId};
use crate::policy::Policy;
use crate::time::Moment;

/// Why no other meeting is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAgain {
    /// There has been none so far, or one is being made.
    NoMeeting,
    /// People are in it, or Zoom has not told that they have left.
    PeopleInside,
    /// The appointment was called off, or the visit is over.
    Over,
    /// The visit has had as many meetings as it may.
    TooMany,
}

impl Visit {
    /// The meeting whose place another may take: the visit's own, or, where it has none and none is being made, the last one that it had.
    #[must_use]
    pub fn replaceable(&self) -> Option<MeetingId> {
        let last = || self.deleted.iter().max_by_key(|(id, at)| (**at, **id)).map(|(id, _)| *id);
        let own = self.meeting.as_ref().map(|meeting| meeting.id);
        own.or_else(|| last().filter(|_| self.wants_meeting.is_none()))
    }

    /// Which meeting another is made in place of, if that may be.
    ///
    /// # Errors
    /// [`NotAgain`] when it may not.
    pub fn may_make_again(
        &self,
        although_inside: bool,
        policy: &Policy,
        now: Moment,
    ) -> Result<MeetingId, NotAgain> {
        let meeting = self.replaceable().filter(|_| self.provider_launched.is_some());
        let meeting = meeting.ok_or(NotAgain::NoMeeting)?;
        let inside = |presence| matches!(presence, Presence::InMeeting | Presence::InWaitingRoom);
        let has_people =
            || self.is_live(policy) || self.participants.values().any(|person| inside(person.presence));
        let deleted = self.deleted.len() + usize::from(!self.deleted.contains_key(&meeting));
        if self.called_off().is_some() || self.is_over(policy, now) {
            Err(NotAgain::Over)
        } else if deleted >= MOST_MEETINGS {
            Err(NotAgain::TooMany)
        } else if self.meeting.is_some() && !although_inside && has_people() {
            Err(NotAgain::PeopleInside)
        } else {
            Ok(meeting)
        }
    }
}

impl Deciding<'_> {
    pub(super) fn make_again(
        &mut self,
        id: &CommandId,
        at: Moment,
        meeting: MeetingId,
        although_inside: bool,
    ) {
        // An order that was on its way for long is about a meeting that people may have come into since.
        let is_late = at + GOOD_FOR <= self.now;
        if is_late || self.visit.may_make_again(although_inside, self.policy, self.now) != Ok(meeting) {
            return;
        }
        if self.visit.meeting.is_some() {
            self.meeting_deleted(meeting, at);
            self.drop_deleted_meeting();
            self.remove_superfluous(meeting);
        }
        // Whoever hosts it is expected as if they had just launched.
        self.provider_launched(id, at);
    }
}
