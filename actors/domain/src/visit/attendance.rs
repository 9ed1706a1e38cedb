//! Who was in the meeting, asked of Zoom after an end where events were lost: a session that no event ever closed shows it.
//!
//! What Zoom lists becomes facts of an instance that is over, and is folded like any other: nobody becomes present by it. Zoom lists nobody
//! where only one person attended, and nobody for some time after the end; so an empty list changes nothing and is asked for again.

use super::Visit;
use super::calls::Slot;
use super::decide::Deciding;
use super::repair::Missing;
use crate::fact::{Fact, FactKind, SessionKeys};
use crate::id::{InstanceUuid, MeetingId};
use crate::intent::{CallFailure, IntentId, Retry, ZoomCall};
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// How long after an end it is asked who was there: events that are not lost come sooner, and Zoom's list fills slowly.
const ASKED_AFTER: [Span; 3] = [Span::minutes(2), Span::minutes(15), Span::minutes(60)];

/// One stay in a meeting that is over, as Zoom lists it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attendance {
    /// Whose; with a participant uuid or a user id.
    pub keys: SessionKeys,
    /// The row is about the waiting room, and not about the meeting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting_room: bool,
    /// To the second.
    pub joined: Moment,
    /// To the second.
    pub left: Moment,
}

impl Attendance {
    /// The two facts of a stay.
    fn facts(&self, meeting: MeetingId, instance: &InstanceUuid) -> [Fact; 2] {
        let kinds = if self.waiting_room {
            [FactKind::JoinedWaitingRoom, FactKind::LeftWaitingRoom]
        } else {
            [FactKind::Joined, FactKind::Left]
        };
        let [came, went] = kinds;
        [(came, self.joined), (went, self.left)].map(|(kind, at)| Fact {
            meeting,
            instance: Some(instance.clone()),
            instance_started: None,
            host: None,
            kind,
            session: Some(self.keys.clone()),
            at,
            sent: at,
        })
    }
}

impl Visit {
    /// The instance that is over, in which somebody was never told to have left, and when Zoom is to be asked; the first of those.
    fn next_question(&self) -> Option<(&InstanceUuid, MeetingId, Moment)> {
        let questions = self.instances.iter().filter_map(|(uuid, instance)| {
            let wait = ASKED_AFTER.get(usize::from(instance.asked_attendance))?;
            let over = self.is_over_since(uuid)?;
            let meeting = instance.meeting()?;
            (instance.open_sessions() > 0).then_some((uuid, meeting, over + *wait))
        });
        questions.min_by_key(|(uuid, _, due)| (*due, *uuid))
    }

    /// When an instance ended, be it by the deletion of its meeting or the start of a later instance.
    fn is_over_since(&self, uuid: &InstanceUuid) -> Option<Moment> {
        let instance = self.instances.get(uuid)?;
        let deleted = || instance.meeting().and_then(|id| self.deleted.get(&id).copied());
        let later = || {
            let others = self.instances.values().filter(|other| other.meeting() == instance.meeting());
            others
                .filter_map(super::instance::Instance::started)
                .filter(|at| Some(*at) > instance.started())
                .min()
        };
        instance.ended().or_else(deleted).or_else(later)
    }

    /// When Zoom is to be asked next who was there. While it is asked, its call says when to look.
    pub(super) fn attendance_due(&self) -> Option<Moment> {
        let mut calls = self.calls.values();
        let asked = calls.any(|open| super::calls::slot(&open.intent.call) == Slot::Attendance);
        self.next_question().filter(|_| !asked).map(|(_, _, due)| due)
    }
}

impl Deciding<'_> {
    pub(super) fn wanted_attendance(&self) -> Option<ZoomCall> {
        let (instance, meeting, due) = self.visit.next_question()?;
        (due <= self.now).then(|| ZoomCall::ReadAttendance { meeting, instance: instance.clone() })
    }

    /// Takes in what Zoom lists.
    pub(super) fn attended(
        &mut self,
        meeting: MeetingId,
        uuid: &InstanceUuid,
        rows: &[Attendance],
        at: Moment,
    ) {
        if self.visit.is_over_since(uuid).is_none() {
            return;
        }
        let Some(instance) = self.visit.instances.get_mut(uuid) else { return };
        instance.asked_attendance = instance.asked_attendance.saturating_add(1);
        let open = instance.open_sessions();
        let mut kept = true;
        for fact in rows.iter().flat_map(|row| row.facts(meeting, uuid)) {
            kept &= instance.fold(&fact);
        }
        let closed = instance.open_sessions() < open;
        if !kept {
            self.sticky_problem(crate::intent::ProblemCode::HistoryFull);
        }
        if closed {
            self.visit.mark_repair(Missing::Leave, at);
        }
    }

    /// Zoom refused. Nobody waits for it, so that it is no problem of the visit: what can pass is waited for, and what cannot is given up.
    pub(super) fn attendance_refused(&mut self, id: IntentId, failure: &CallFailure) {
        if failure.retry == Retry::Never {
            self.asked_in_vain(id, ASKED_AFTER.len());
            return;
        }
        self.call_failed(id, failure);
        if let Some(open) = self.visit.calls.get_mut(&id) {
            open.problem = None;
        }
    }

    /// Zoom does not list the instance, or not yet; that says nothing of the meeting.
    pub(super) fn attendance_not_listed(&mut self, id: IntentId) {
        self.asked_in_vain(id, 1);
    }

    fn asked_in_vain(&mut self, id: IntentId, times: usize) {
        let Some(open) = self.visit.calls.remove(&id) else { return };
        let ZoomCall::ReadAttendance { instance, .. } = &open.intent.call else { return };
        if let Some(instance) = self.visit.instances.get_mut(instance) {
            let times = u8::try_from(times).unwrap_or(u8::MAX);
            instance.asked_attendance = instance.asked_attendance.saturating_add(times);
        }
    }
}
