//! Calls to Zoom as the state wants them. Each is an intent that is committed before it is made and closed by its result, of which
//! [`super::results`] speaks.

use super::decide::Deciding;
use super::participant::{ParticipantKey, Role};
use super::{CallState, OpenCall};
use crate::effect::Effect;
use crate::id::{Marker, MeetingId, ZoomUserId};
use crate::intent::{Intent, IntentId, MeetingSettings, ProblemCode, ZoomCall};
use crate::policy::{Admittance, PatientIdentity};
use crate::shard::stable_hash;
use crate::time::Moment;

/// Calls of one slot exclude each other.
#[derive(PartialEq, Eq)]
pub(super) enum Slot<'a> {
    Provider(&'a ParticipantKey),
    Meeting,
    Delete(MeetingId),
    Index,
    Alternatives,
    Register(&'a ParticipantKey),
    Remove(&'a ParticipantKey),
    Cancel,
    Registration,
    End,
    Read,
    Attendance,
}

pub(super) fn slot(call: &ZoomCall) -> Slot<'_> {
    match call {
        ZoomCall::EnsureProvider { provider, .. } => Slot::Provider(provider),
        ZoomCall::CreateMeeting { .. } | ZoomCall::FindMeetings { .. } => Slot::Meeting,
        ZoomCall::DeleteMeeting { meeting } => Slot::Delete(*meeting),
        ZoomCall::IndexMeeting { .. } => Slot::Index,
        ZoomCall::SetAlternativeHosts { .. } => Slot::Alternatives,
        ZoomCall::Register { participant, .. } => Slot::Register(participant),
        ZoomCall::RemoveUser { participant, .. } => Slot::Remove(participant),
        ZoomCall::CancelRegistrants { .. } => Slot::Cancel,
        ZoomCall::AskRegistration { .. } => Slot::Registration,
        ZoomCall::EndMeeting { .. } => Slot::End,
        ZoomCall::ReadMeeting { .. } => Slot::Read,
        ZoomCall::ReadAttendance { .. } => Slot::Attendance,
    }
}

impl Deciding<'_> {
    /// Makes the calls that are wanted and due, and gives up those that nobody wants any more.
    pub(super) fn calls(&mut self) {
        self.drop_deleted_meeting();
        self.take_running_calls_for_lost();
        if self.visit.called_off().is_some() {
            // One that is being made all the same is removed as soon as it is heard of.
            self.visit.wants_meeting = None;
        }
        self.tag_stand_ins();
        self.names_at_zoom();
        let wanted = self.wanted_calls();
        let wants_meeting = self.visit.wants_meeting.is_some();
        let own = self.visit.meeting.as_ref().map(|m| m.id);
        self.visit.calls.retain(|_, open| {
            let call = &open.intent.call;
            open.state == CallState::Running
                // A search goes on even when the visit has its meeting: another one may have been made.
                || matches!(call, ZoomCall::FindMeetings { .. })
                || matches!(call, ZoomCall::DeleteMeeting { meeting } if Some(*meeting) != own)
                // While its host is looked for again a create keeps its count of attempts.
                || (matches!(call, ZoomCall::CreateMeeting { .. }) && wants_meeting)
                || wanted.iter().any(|w| slot(w) == slot(call))
        });
        for call in wanted {
            if !self.is_open(&call) {
                self.begin(self.looked_for_first(call));
            } else {
                self.renew_waiting(call);
            }
        }
        self.begin_due_calls();
    }

    pub(super) fn drop_deleted_meeting(&mut self) {
        if self.visit.meeting.as_ref().is_some_and(|m| self.visit.deleted.contains_key(&m.id)) {
            self.visit.meeting = None;
            self.visit.calls.retain(|_, open| {
                let slot = slot(&open.intent.call);
                matches!(
                    slot,
                    Slot::Provider(_) | Slot::Delete(_) | Slot::Meeting | Slot::Remove(_) | Slot::Attendance
                )
            });
        }
    }

    fn wanted_calls(&self) -> Vec<ZoomCall> {
        let called_off = self.visit.called_off();
        let mut wanted =
            called_off.map_or_else(|| self.wanted_when_on(), |since| self.wanted_when_off(since));
        wanted.extend(self.wanted_removals());
        wanted.extend(self.wanted_attendance());
        wanted
    }

    /// Nobody is to come: the meeting goes, unless people are in it. Deleting it would end it for them, so that Zoom is asked first;
    /// and what is told of it is still taken in.
    fn wanted_when_off(&self, since: Moment) -> Vec<ZoomCall> {
        let Some(meeting) = &self.visit.meeting else { return Vec::new() };
        let index = (!meeting.indexed).then_some(ZoomCall::IndexMeeting { meeting: meeting.id });
        let seen_empty = meeting.read.is_some_and(|read| !read.started && read.at >= since);
        let then = if self.visit.is_live(self.policy) {
            self.wanted_reading()
        } else if seen_empty {
            Some(ZoomCall::DeleteMeeting { meeting: meeting.id })
        } else {
            Some(ZoomCall::ReadMeeting { meeting: meeting.id })
        };
        index.into_iter().chain(then).chain(self.wanted_end()).collect()
    }

    fn wanted_reading(&self) -> Option<ZoomCall> {
        let meeting = self.visit.meeting.as_ref()?.id;
        let due = self.visit.next_check(self.policy).is_some_and(|due| due <= self.now);
        due.then_some(ZoomCall::ReadMeeting { meeting })
    }

    fn wanted_when_on(&self) -> Vec<ZoomCall> {
        let visit = &self.visit;
        let mut wanted = Vec::new();
        for (key, person) in visit
            .participants
            .iter()
            .filter(|(key, p)| key.role() == Role::Provider && p.host_user().is_none())
        {
            wanted.push(ZoomCall::EnsureProvider {
                provider: key.clone(),
                email: person.email.clone(),
                first_name: person.first_name.clone(),
                last_name: person.last_name.clone(),
                host_choice: self.host_choice(key),
            });
        }
        let Some(meeting) = &visit.meeting else {
            wanted.extend(self.wanted_meeting());
            return wanted;
        };
        if visit.is_being_taken_away(self.policy) {
            // The visit was called off and stands again. Whether Zoom has deleted the meeting yet is not known, so that is finished, and
            // another is made.
            wanted.push(ZoomCall::DeleteMeeting { meeting: meeting.id });
            return wanted;
        }
        if !meeting.indexed {
            wanted.push(ZoomCall::IndexMeeting { meeting: meeting.id });
        }
        let others: Vec<ZoomUserId> = visit
            .participants
            .iter()
            .filter(|(key, _)| key.role() == Role::Provider)
            .filter_map(|(_, p)| p.host_user())
            .filter(|user| **user != meeting.host && !meeting.refused.contains(*user))
            .cloned()
            .collect();
        if others.iter().any(|user| !meeting.alternatives.contains(user)) {
            wanted.push(ZoomCall::SetAlternativeHosts {
                meeting: meeting.id,
                host: meeting.host.clone(),
                others,
            });
        }
        if meeting.ask_registration {
            wanted.push(ZoomCall::AskRegistration { meeting: meeting.id, host: meeting.host.clone() });
        }
        let personal = |key: &ParticipantKey| {
            key.role().is_patient_side() && visit.is_welcome(key) && !visit.is_called_off_for(key)
        };
        let people = visit.participants.iter().filter(|(key, _)| personal(key));
        wanted.extend(people.filter_map(|(key, person)| self.wanted_personal(key, person)));
        wanted.extend(visit.registrants_to_cancel(meeting.id));
        wanted.extend(self.wanted_end());
        wanted.extend(self.wanted_reading());
        wanted
    }

    /// A meeting is made for the encounter provider, if they have launched, else for the first provider who did; of those whose Zoom user
    /// can be had. A patient's launch makes none.
    pub(super) fn wanted_meeting(&self) -> Option<ZoomCall> {
        let marker = self.visit.wants_meeting.clone()?;
        let host = self
            .visit
            .participants
            .iter()
            .filter(|(key, _)| key.role() == Role::Provider)
            .filter(|(key, p)| p.host_user().is_some() || !self.is_in_trouble(key))
            .min_by_key(|(key, p)| (!self.visit.is_led_by(key), p.launched_at))
            .and_then(|(_, p)| p.host_user().cloned())?;
        Some(ZoomCall::CreateMeeting { host, marker, settings: self.settings_to_ask() })
    }

    /// What every marker of this visit's meetings begins with, and no other visit's.
    pub(super) fn tag(&self) -> String {
        let salted = format!("{:016x}#{}", self.policy.markers.salt, self.visit.key.to_text());
        format!("vestibule-{:016x}-", stable_hash(salted.as_bytes()))
    }

    /// A store that was restored may have forgotten a meeting that people are in, so that one is looked for before it is made.
    fn looked_for_first(&self, call: ZoomCall) -> ZoomCall {
        let restored = self.policy.markers.was_restored(self.now);
        match (&call, Marker::new(self.tag())) {
            (ZoomCall::CreateMeeting { host, .. }, Ok(marker)) if restored => {
                ZoomCall::FindMeetings { host: host.clone(), marker }
            }
            _ => call,
        }
    }

    /// Whether a provider's Zoom user could not be had so far; others do not wait for that.
    fn is_in_trouble(&self, provider: &ParticipantKey) -> bool {
        let mut calls = self.visit.calls.values();
        calls.any(|open| open.problem.is_some() && slot(&open.intent.call) == Slot::Provider(provider))
    }

    pub(super) fn settings_to_ask(&self) -> MeetingSettings {
        MeetingSettings {
            waiting_room: self.policy.admittance == Admittance::Manual,
            join_before_host: false,
            registration: self.policy.patients.identity == PatientIdentity::Registrant,
        }
    }

    // === making them ===

    pub(super) fn is_open(&self, call: &ZoomCall) -> bool {
        self.visit.calls.values().any(|open| slot(&open.intent.call) == slot(call))
    }

    /// What is asked may have changed while a call waited for its next attempt. A search is never replaced by a new create.
    fn renew_waiting(&mut self, call: ZoomCall) {
        for open in self.visit.calls.values_mut() {
            let searching = matches!(open.intent.call, ZoomCall::FindMeetings { .. });
            let waiting = matches!(open.state, CallState::Waiting { .. });
            if waiting && !searching && slot(&open.intent.call) == slot(&call) {
                open.intent.call = call;
                return;
            }
        }
    }

    fn begin_due_calls(&mut self) {
        let now = self.now;
        let due: Vec<(IntentId, u32, ZoomCall)> = self
            .visit
            .calls
            .iter()
            .filter(|(_, open)| matches!(open.state, CallState::Waiting { until } if until <= now))
            .map(|(id, open)| (*id, open.intent.attempt, open.intent.call.clone()))
            .collect();
        for (id, attempt, call) in due {
            let problem = self.visit.calls.remove(&id).and_then(|open| open.problem);
            self.begin_attempt(call, attempt.saturating_add(1), problem);
        }
    }

    pub(super) fn begin(&mut self, call: ZoomCall) {
        self.begin_attempt(call, 1, None);
    }

    /// Every attempt is an intent of its own, so that a late answer is never taken for the answer of a newer attempt.
    fn begin_attempt(&mut self, call: ZoomCall, attempt: u32, problem: Option<ProblemCode>) {
        self.visit.last_intent += 1;
        let id = IntentId(self.visit.last_intent);
        let intent = Intent { id, call, not_after: self.now + self.policy.call, attempt };
        self.effects.push(Effect::Begin(intent.clone()));
        self.visit.calls.insert(id, OpenCall { intent, state: CallState::Running, problem });
    }
}
