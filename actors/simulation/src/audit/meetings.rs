//! Which meeting is whose: by the markers that committed states hold.

use std::collections::BTreeMap;
use vestibule_domain::id::{Marker, MeetingId, VisitKey};
use vestibule_domain::intent::ZoomCall;
use vestibule_domain::shard::Shard;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::ParticipantKey;

use super::breach;
use crate::lock;
use crate::people::plan::VisitPlan;
use crate::trace::About;
use crate::world::{Process, World};

/// The markers of all visits.
#[derive(Default)]
pub struct Meetings {
    markers: BTreeMap<Marker, VisitKey>,
}

impl Meetings {
    /// A state was committed.
    pub fn committed(&mut self, key: &VisitKey, visit: &Visit) {
        let of_calls = visit.calls.values().filter_map(|open| match &open.intent.call {
            ZoomCall::CreateMeeting { marker, .. } | ZoomCall::FindMeetings { marker, .. } => Some(marker),
            _ => None,
        });
        let of_meeting = visit.meeting.iter().map(|meeting| &meeting.marker);
        for marker in visit.wants_meeting.iter().chain(of_calls).chain(of_meeting) {
            if !self.markers.contains_key(marker) {
                self.markers.insert(marker.clone(), key.clone());
            }
        }
    }

    /// Whose meeting it is that bears a marker.
    #[must_use]
    pub fn whose(&self, marker: &Marker) -> Option<&VisitKey> {
        self.markers.get(marker)
    }
}

impl World {
    /// Whose meeting it is.
    #[must_use]
    pub fn visit_of_meeting(&self, meeting: MeetingId) -> Option<VisitKey> {
        let marker = lock(&self.zoom).meeting(meeting).map(|meeting| meeting.marker.clone())?;
        lock(&self.audit).meetings.whose(&marker).cloned()
    }

    /// What a meeting's visit is called in the trace.
    #[must_use]
    pub fn about_meeting(&self, meeting: MeetingId) -> About {
        self.visit_of_meeting(meeting).map_or(About::World, |visit| self.about(&visit))
    }

    /// The visit that somebody is to take part in.
    #[must_use]
    pub fn visit_of_person(&self, who: &ParticipantKey) -> Option<&VisitKey> {
        let of = |plan: &&VisitPlan| plan.people.iter().any(|person| person.key() == *who);
        self.scenario.visits.iter().find(of).map(|plan| &plan.key)
    }

    /// Whose call it is.
    #[must_use]
    pub fn visit_of_call(&self, call: &ZoomCall) -> Option<VisitKey> {
        match call {
            ZoomCall::EnsureProvider { provider, .. }
            | ZoomCall::RemoveUser { participant: provider, .. } => self.visit_of_person(provider).cloned(),
            ZoomCall::CreateMeeting { marker, .. } | ZoomCall::FindMeetings { marker, .. } => {
                lock(&self.audit).meetings.whose(marker).cloned()
            }
            ZoomCall::DeleteMeeting { meeting }
            | ZoomCall::IndexMeeting { meeting }
            | ZoomCall::SetAlternativeHosts { meeting, .. }
            | ZoomCall::Register { meeting, .. }
            | ZoomCall::CancelRegistrants { meeting, .. }
            | ZoomCall::AskRegistration { meeting, .. }
            | ZoomCall::EndMeeting { meeting }
            | ZoomCall::ReadMeeting { meeting }
            | ZoomCall::ReadAttendance { meeting, .. } => self.visit_of_meeting(*meeting),
        }
    }

    /// What a call's visit is called in the trace.
    #[must_use]
    pub fn about_call(&self, call: &ZoomCall) -> About {
        self.visit_of_call(call).map_or(About::World, |visit| self.about(&visit))
    }

    /// A process begins a call (I2): it has the lease, and the call is one that a committed state asks for.
    pub fn asks_zoom(&self, process: Process, call: &ZoomCall) {
        let verdict = match self.visit_of_call(call) {
            Some(visit) => {
                let now = self.time.passed();
                lock(&self.audit).leases.check(now, Shard::of_visit(&visit), process, "a call of Zoom")
            }
            None => breach("I2", "a call of Zoom was never committed".to_owned()),
        };
        self.judge(self.about_call(call), verdict);
    }
}
