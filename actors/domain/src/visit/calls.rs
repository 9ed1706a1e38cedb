//! Calls to Zoom as the state wants them. Each is an intent that is committed before it is made and closed by its result; one whose
//! result never came is made again, and a meeting whose making is in doubt is looked for by its marker first (invariant I12).

use super::decide::Deciding;
use super::participant::{Link, ParticipantKey, Role};
use super::{CallState, Meeting, OpenCall, StatusRead};
use crate::backoff::Backoff;
use crate::effect::Effect;
use crate::id::{MeetingId, ZoomUserId};
use crate::intent::{
    CallFailure, Intent, IntentId, IntentOutcome, MadeMeeting, MeetingSettings, ProblemCode, Retry, ZoomCall,
};
use crate::policy::Admittance;
use crate::shard::stable_hash;
use crate::time::{Moment, Span};

/// Waits between attempts of one call; half of each bound is fixed, half is spread by the visit's key.
const BACKOFF: Backoff = Backoff { first: Span::seconds(2), most: Span::seconds(60) };
/// After so many attempts a call is given up until a provider launches again.
const MOST_ATTEMPTS: u32 = 100;

/// Calls of one slot exclude each other.
#[derive(PartialEq, Eq)]
enum Slot<'a> {
    Provider(&'a ParticipantKey),
    Meeting,
    Delete(MeetingId),
    Index,
    Alternatives,
    Register(&'a ParticipantKey),
    Read,
}

fn slot(call: &ZoomCall) -> Slot<'_> {
    match call {
        ZoomCall::EnsureProvider { provider, .. } => Slot::Provider(provider),
        ZoomCall::CreateMeeting { .. } | ZoomCall::FindMeetings { .. } => Slot::Meeting,
        ZoomCall::DeleteMeeting { meeting } => Slot::Delete(*meeting),
        ZoomCall::IndexMeeting { .. } => Slot::Index,
        ZoomCall::SetAlternativeHosts { .. } => Slot::Alternatives,
        ZoomCall::Register { participant, .. } => Slot::Register(participant),
        ZoomCall::ReadMeeting { .. } => Slot::Read,
    }
}

impl Deciding<'_> {
    // === results ===

    pub(super) fn call_closed(&mut self, id: IntentId, at: Moment, outcome: &IntentOutcome) {
        let open = self.visit.calls.get(&id).filter(|open| open.state == CallState::Running).cloned();
        let Some(open) = open else {
            // A late answer of a call that was taken for lost: a meeting that came of it must not be forgotten.
            if let IntentOutcome::Made(made) = outcome {
                self.adopt(at, std::slice::from_ref(made));
            }
            return;
        };
        match outcome {
            IntentOutcome::Failed(failure) => self.call_failed(id, failure),
            IntentOutcome::Ambiguous => self.call_ambiguous(id),
            done => {
                self.visit.calls.remove(&id);
                self.call_done(&open.intent.call, at, done);
            }
        }
    }

    fn call_done(&mut self, call: &ZoomCall, at: Moment, outcome: &IntentOutcome) {
        match (call, outcome) {
            (ZoomCall::EnsureProvider { provider, .. }, IntentOutcome::Provider { user, licensed }) => {
                self.provider_known(provider, user, *licensed);
            }
            (ZoomCall::CreateMeeting { .. }, IntentOutcome::Made(made)) => {
                self.adopt(at, std::slice::from_ref(made))
            }
            // None found: the state still wants a meeting, so the next look at it makes one.
            (ZoomCall::FindMeetings { .. }, IntentOutcome::Found(found)) => self.adopt(at, found),
            (ZoomCall::IndexMeeting { meeting }, IntentOutcome::Indexed) => {
                if let Some(mine) = self.visit.meeting.as_mut().filter(|m| m.id == *meeting) {
                    mine.indexed = true;
                }
            }
            (ZoomCall::SetAlternativeHosts { meeting, hosts }, IntentOutcome::AlternativesSet) => {
                if let Some(mine) = self.visit.meeting.as_mut().filter(|m| m.id == *meeting) {
                    mine.alternatives.extend(hosts.iter().cloned());
                }
            }
            (
                ZoomCall::Register { participant, meeting, .. },
                IntentOutcome::Registered { registrant, link },
            ) => {
                if let Some(person) = self.visit.participants.get_mut(participant) {
                    person.registrants.insert(registrant.clone());
                    person.link = Some(Link { meeting: *meeting, url: link.clone() });
                }
            }
            (ZoomCall::ReadMeeting { meeting }, IntentOutcome::Read { started, effective }) => {
                self.meeting_read(*meeting, at, *started, *effective);
            }
            (call, IntentOutcome::MeetingGone) => {
                if let Some(meeting) = meeting_of(call) {
                    self.meeting_deleted(meeting, at);
                }
            }
            // Deleted needs nothing more; an answer that does not belong to its call is an edge's bug and changes nothing.
            _ => {}
        }
    }

    fn provider_known(&mut self, provider: &ParticipantKey, user: &ZoomUserId, licensed: bool) {
        if let Some(person) = self.visit.participants.get_mut(provider) {
            person.zoom_user = Some(user.clone());
        }
        if licensed {
            self.visit.problems.remove(&ProblemCode::HostUnlicensed);
        } else {
            self.visit.problems.entry(ProblemCode::HostUnlicensed).or_insert(self.now);
        }
    }

    /// Takes the first of some meetings that bear our marker, unless the visit has one; the others are removed.
    fn adopt(&mut self, at: Moment, made: &[MadeMeeting]) {
        for meeting in made {
            let mine = self.visit.meeting.as_ref().map(|m| m.id);
            if mine == Some(meeting.meeting) {
                continue;
            }
            let marker = self.visit.wants_meeting.clone();
            let (None, Some(marker)) = (mine, marker) else {
                self.delete(meeting.meeting);
                continue;
            };
            self.visit.wants_meeting = None;
            self.visit.calls.retain(|_, open| slot(&open.intent.call) != Slot::Meeting);
            self.visit.meeting = Some(Meeting {
                id: meeting.meeting,
                host: meeting.host.clone(),
                marker,
                policy: self.policy.admittance,
                asked: self.settings_to_ask(),
                answered: meeting.effective,
                answered_at: at,
                waiting_room_update: None,
                join_before_host_update: None,
                join_url: meeting.join_url.clone(),
                alternatives: std::collections::BTreeSet::new(),
                indexed: false,
                read: None,
            });
        }
    }

    fn delete(&mut self, meeting: MeetingId) {
        let call = ZoomCall::DeleteMeeting { meeting };
        if !self.is_open(&call) {
            self.begin(call);
        }
    }

    fn meeting_read(&mut self, meeting: MeetingId, at: Moment, started: bool, effective: MeetingSettings) {
        let Some(mine) = self.visit.meeting.as_mut().filter(|m| m.id == meeting) else { return };
        if mine.read.is_none_or(|read| read.at < at) {
            mine.read = Some(StatusRead { at, started });
            mine.answered = effective;
            mine.answered_at = at;
        }
        self.visit.lived |= started;
    }

    pub(super) fn meeting_deleted(&mut self, meeting: MeetingId, at: Moment) {
        let when = self.visit.deleted.get(&meeting).copied().map_or(at, |before| before.max(at));
        self.visit.deleted.insert(meeting, when);
    }

    // === failures ===

    fn call_failed(&mut self, id: IntentId, failure: &CallFailure) {
        let (now, key) = (self.now, self.visit.key.to_text());
        let Some(open) = self.visit.calls.get_mut(&id) else { return };
        open.problem = Some(failure.problem);
        open.state = match failure.retry {
            Retry::Never => CallState::Blocked,
            Retry::After(_) if open.intent.attempt >= MOST_ATTEMPTS => CallState::Blocked,
            Retry::After(Some(wait)) => CallState::Waiting { until: now + wait },
            Retry::After(None) => CallState::Waiting { until: now + spread(&key, open.intent.attempt) },
        };
    }

    fn call_ambiguous(&mut self, id: IntentId) {
        let margin = self.policy.margin;
        let Some(open) = self.visit.calls.get_mut(&id) else { return };
        open.problem = Some(ProblemCode::ZoomUnavailable);
        // Nothing of the attempt can be under way any more after its not_after and a margin; before, looking would prove nothing.
        open.state = CallState::Waiting { until: open.intent.not_after + margin };
        self.look_for_the_meeting_next(id);
    }

    /// A create that may have had an effect is never repeated: the next step of its slot is to look for the marker.
    fn look_for_the_meeting_next(&mut self, id: IntentId) {
        if let Some(open) = self.visit.calls.get_mut(&id)
            && let ZoomCall::CreateMeeting { host, marker, .. } = &open.intent.call
        {
            open.intent.call = ZoomCall::FindMeetings { host: host.clone(), marker: marker.clone() };
        }
    }

    // === what the state wants ===

    /// Makes the calls that are wanted and due, and gives up those that nobody wants any more.
    pub(super) fn calls(&mut self) {
        self.drop_deleted_meeting();
        self.take_running_calls_for_lost();
        let wanted = self.wanted_calls();
        self.visit.calls.retain(|_, open| {
            let call = &open.intent.call;
            open.state == CallState::Running
                || matches!(call, ZoomCall::DeleteMeeting { .. } | ZoomCall::FindMeetings { .. })
                || wanted.iter().any(|w| slot(w) == slot(call))
        });
        for call in wanted {
            if !self.is_open(&call) {
                self.begin(call);
            } else {
                self.renew_waiting(call);
            }
        }
        self.begin_due_calls();
    }

    fn drop_deleted_meeting(&mut self) {
        if self.visit.meeting.as_ref().is_some_and(|m| self.visit.deleted.contains_key(&m.id)) {
            self.visit.meeting = None;
            self.visit
                .calls
                .retain(|_, open| matches!(slot(&open.intent.call), Slot::Provider(_) | Slot::Delete(_)));
        }
    }

    fn take_running_calls_for_lost(&mut self) {
        let (now, margin) = (self.now, self.policy.margin);
        let lost: Vec<IntentId> = self
            .visit
            .calls
            .iter()
            .filter(|(_, open)| open.state == CallState::Running && open.intent.not_after + margin <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in lost {
            self.look_for_the_meeting_next(id);
            if let Some(open) = self.visit.calls.get_mut(&id) {
                open.state = CallState::Waiting { until: now };
            }
        }
    }

    fn wanted_calls(&self) -> Vec<ZoomCall> {
        let visit = &self.visit;
        let mut wanted = Vec::new();
        for (key, person) in
            visit.participants.iter().filter(|(key, p)| key.role() == Role::Provider && p.zoom_user.is_none())
        {
            wanted.push(ZoomCall::EnsureProvider {
                provider: key.clone(),
                email: person.email.clone(),
                first_name: person.first_name.clone(),
                last_name: person.last_name.clone(),
            });
        }
        let Some(meeting) = &visit.meeting else {
            wanted.extend(self.wanted_meeting());
            return wanted;
        };
        if !meeting.indexed {
            wanted.push(ZoomCall::IndexMeeting { meeting: meeting.id });
        }
        let others: Vec<ZoomUserId> = visit
            .participants
            .iter()
            .filter(|(key, _)| key.role() == Role::Provider)
            .filter_map(|(_, p)| p.zoom_user.clone())
            .filter(|user| *user != meeting.host)
            .collect();
        if others.iter().any(|user| !meeting.alternatives.contains(user)) {
            wanted.push(ZoomCall::SetAlternativeHosts { meeting: meeting.id, hosts: others });
        }
        if meeting.answered.registration {
            for (key, person) in visit.participants.iter().filter(|(key, _)| key.role().is_patient_side()) {
                if person.link.as_ref().is_none_or(|link| link.meeting != meeting.id) {
                    wanted.push(ZoomCall::Register {
                        participant: key.clone(),
                        meeting: meeting.id,
                        display_name: person.display_name.clone(),
                    });
                }
            }
        }
        if visit.next_check(self.policy).is_some_and(|due| due <= self.now) {
            wanted.push(ZoomCall::ReadMeeting { meeting: meeting.id });
        }
        wanted
    }

    /// A meeting is made for the first provider who launched and whose Zoom user is known; a patient's launch makes none.
    fn wanted_meeting(&self) -> Option<ZoomCall> {
        let marker = self.visit.wants_meeting.clone()?;
        let host = self
            .visit
            .participants
            .iter()
            .filter(|(key, _)| key.role() == Role::Provider)
            .filter(|(key, p)| p.zoom_user.is_some() || !self.is_blocked(key))
            .min_by_key(|(_, p)| p.launched_at)
            .and_then(|(_, p)| p.zoom_user.clone())?;
        Some(ZoomCall::CreateMeeting { host, marker, settings: self.settings_to_ask() })
    }

    fn is_blocked(&self, provider: &ParticipantKey) -> bool {
        let mut calls = self.visit.calls.values();
        calls.any(|open| {
            open.state == CallState::Blocked && slot(&open.intent.call) == Slot::Provider(provider)
        })
    }

    fn settings_to_ask(&self) -> MeetingSettings {
        MeetingSettings {
            waiting_room: self.policy.admittance == Admittance::Manual,
            join_before_host: false,
            registration: true,
        }
    }

    // === making them ===

    fn is_open(&self, call: &ZoomCall) -> bool {
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

    fn begin(&mut self, call: ZoomCall) {
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

fn meeting_of(call: &ZoomCall) -> Option<MeetingId> {
    match call {
        ZoomCall::IndexMeeting { meeting }
        | ZoomCall::SetAlternativeHosts { meeting, .. }
        | ZoomCall::Register { meeting, .. }
        | ZoomCall::ReadMeeting { meeting } => Some(*meeting),
        _ => None,
    }
}

fn spread(key: &str, attempt: u32) -> Span {
    let half = BACKOFF.bound(attempt.max(1)).0 / 2;
    let draw = stable_hash(format!("{key}#{attempt}").as_bytes());
    Span(half + i64::try_from(draw % u64::try_from(half.max(1)).unwrap_or(1)).unwrap_or(0))
}
