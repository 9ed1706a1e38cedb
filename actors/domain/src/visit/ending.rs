//! Ending the meeting for everybody, because somebody with the right to do so asked for it.

use super::decide::Deciding;
use crate::id::MeetingId;
use crate::intent::ZoomCall;
use crate::time::{Moment, Span};

/// An order that was on its way for longer than this is about people who may have gone and come again since.
const GOOD_FOR: Span = Span::minutes(10);

impl Deciding<'_> {
    pub(super) fn end_for_all(&mut self, meeting: MeetingId, at: Moment) {
        let mine = self.visit.meeting.as_ref().is_some_and(|m| m.id == meeting);
        if mine && at + GOOD_FOR > self.now {
            self.visit.wants_end = Some(meeting);
        }
    }

    /// Asked of Zoom whatever is known of the meeting: an event that tells of its start may have been lost.
    pub(super) fn wanted_end(&self) -> Option<ZoomCall> {
        let meeting =
            self.visit.wants_end.filter(|id| self.visit.meeting.as_ref().is_some_and(|m| m.id == *id))?;
        Some(ZoomCall::EndMeeting { meeting })
    }

    /// Events tell the rest; in case they are lost the meeting is read.
    pub(super) fn meeting_ended(&mut self, meeting: MeetingId, at: Moment) {
        if self.visit.wants_end == Some(meeting) {
            self.visit.wants_end = None;
            self.visit.doubted_at = Some(at);
        }
    }
}
