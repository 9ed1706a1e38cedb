//! What came of a call to Zoom: its result, a failure, or nothing at all.
//!
//! At most one meeting is ever the visit's; any other that bears its marker is removed (invariant I12). A meeting whose making is in doubt
//! is looked for by its marker before another one is made.

use super::decide::Deciding;
use super::default_host::Instead;
use super::participant::{Link, ParticipantKey};
use super::{CallState, Meeting, OpenCall, StatusRead};
use crate::backoff::Backoff;
use crate::id::{CommandId, Marker, MeetingId, RegistrantId, ZoomUserId};
use crate::intent::{
    CallFailure, IntentId, IntentOutcome, MadeMeeting, MeetingSettings, ProblemCode, Retry, ZoomCall,
};
use crate::name::PersonalLink;
use crate::shard::stable_hash;
use crate::time::{Moment, Span};
use std::collections::BTreeSet;

/// Waits between attempts of one call; half of each bound is fixed, half is spread by the visit's key.
const BACKOFF: Backoff = Backoff { first: Span::seconds(2), most: Span::seconds(60) };
/// After so many attempts a call is given up until a provider launches again.
const MOST_ATTEMPTS: u32 = 100;
/// Events that are not lost come sooner than this, save those that Zoom sends again.
const EVENTS_COME_WITHIN: Span = Span::minutes(2);
/// So many superfluous meetings are remembered; each is removed in any case.
const MOST_SUPERFLUOUS: usize = 64;

impl Deciding<'_> {
    pub(super) fn call_closed(
        &mut self,
        command: &CommandId,
        id: IntentId,
        at: Moment,
        outcome: &IntentOutcome,
    ) {
        let open = self.visit.calls.get(&id).filter(|open| open.state == CallState::Running).cloned();
        let Some(open) = open else {
            self.late_answer(at, outcome);
            return;
        };
        let of_attendance = matches!(open.intent.call, ZoomCall::ReadAttendance { .. });
        match outcome {
            IntentOutcome::NotBegun => self.call_not_begun(id),
            IntentOutcome::Failed(failure) if of_attendance => self.attendance_refused(id, failure),
            IntentOutcome::Failed(failure) => self.call_failed(id, failure),
            IntentOutcome::Ambiguous => self.call_ambiguous(id),
            IntentOutcome::MeetingGone if of_attendance => self.attendance_not_listed(id),
            IntentOutcome::UserGone => self.user_gone(id, &open.intent.call),
            done => {
                self.visit.calls.remove(&id);
                if !self.call_done(command, &open, at, done) {
                    // An answer that does not belong to its call is a bug of an edge, and proves nothing about the call.
                    self.visit.calls.insert(id, open);
                    self.call_ambiguous(id);
                    self.late_answer(at, done);
                }
            }
        }
    }

    /// An answer of a call that does not wait for it, mostly since it was taken for lost: a meeting that came of it must not be forgotten.
    fn late_answer(&mut self, at: Moment, outcome: &IntentOutcome) {
        match outcome {
            IntentOutcome::Made(made) => self.adopt(at, None, std::slice::from_ref(made)),
            IntentOutcome::Found(found) => self.adopt(at, None, found),
            _ => {}
        }
    }

    /// Takes a result in. `false` when it does not fit the call.
    fn call_done(
        &mut self,
        command: &CommandId,
        open: &OpenCall,
        at: Moment,
        outcome: &IntentOutcome,
    ) -> bool {
        match (&open.intent.call, outcome) {
            (ZoomCall::EnsureProvider { provider, .. }, IntentOutcome::Provider { user, licensed }) => {
                self.provider_known(provider, user, *licensed, None);
            }
            (
                ZoomCall::EnsureProvider { provider, .. },
                IntentOutcome::MadeDo { user, licensed, instead },
            ) => self.provider_known(provider, user, *licensed, Some(*instead)),
            (ZoomCall::CreateMeeting { marker, .. }, IntentOutcome::Made(made)) => {
                self.adopt(at, Some(marker), std::slice::from_ref(made));
            }
            (ZoomCall::FindMeetings { marker, .. }, IntentOutcome::Found(found)) => {
                self.adopt(at, Some(marker), found);
                self.make_one_after_none_was_found(open);
            }
            (ZoomCall::IndexMeeting { meeting }, IntentOutcome::Indexed) => {
                if let Some(mine) = self.mine(*meeting) {
                    mine.indexed = true;
                }
            }
            (
                ZoomCall::SetAlternativeHosts { meeting, others, .. },
                IntentOutcome::AlternativesSet { stand },
            ) => {
                self.alternatives_set(*meeting, others, stand);
            }
            (
                ZoomCall::Register { participant, meeting, .. },
                IntentOutcome::Registered { registrant, link },
            ) => self.registered(participant, *meeting, registrant, link),
            (
                ZoomCall::Register { participant, meeting, .. },
                IntentOutcome::Invited { name_hash, link, good_until },
            ) => self.invited(participant, (*meeting, link), *name_hash, *good_until),
            (ZoomCall::Register { participant, .. }, IntentOutcome::UserMade { user }) => {
                self.user_made(participant, user);
            }
            (ZoomCall::RemoveUser { participant, tag, .. }, IntentOutcome::UserRemoved) => {
                self.user_removed(participant, tag);
            }
            (ZoomCall::CancelRegistrants { registrants, .. }, IntentOutcome::RegistrantsCancelled) => {
                self.registrants_cancelled(registrants);
            }
            (ZoomCall::EndMeeting { meeting }, IntentOutcome::Ended) => self.meeting_ended(*meeting, at),
            (ZoomCall::ReadMeeting { meeting }, IntentOutcome::Read { started, effective }) => {
                self.meeting_read(*meeting, at, *started, *effective);
            }
            (ZoomCall::AskRegistration { meeting, .. }, IntentOutcome::Read { started, effective }) => {
                if let Some(mine) = self.mine(*meeting) {
                    mine.ask_registration = false;
                }
                self.meeting_read(*meeting, at, *started, *effective);
            }
            (ZoomCall::ReadAttendance { meeting, instance }, IntentOutcome::Attended(rows)) => {
                self.attended(*meeting, instance, rows, at);
            }
            (ZoomCall::DeleteMeeting { meeting }, IntentOutcome::Deleted | IntentOutcome::MeetingGone) => {
                // Of any other than the visit's own nothing is left to say.
                if self.mine(*meeting).is_some() {
                    self.taken_away(command, *meeting, at);
                }
            }
            (call, IntentOutcome::MeetingGone) => match meeting_of(call) {
                Some(meeting) => self.meeting_deleted(meeting, at),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// The visit's own meeting is gone, since the visit was called off. Where that was taken back meanwhile another is made for the
    /// provider who has come.
    fn taken_away(&mut self, command: &CommandId, meeting: MeetingId, at: Moment) {
        self.meeting_deleted(meeting, at);
        self.drop_deleted_meeting();
        if let Some(launched) = self.visit.provider_launched.filter(|_| self.visit.called_off().is_none()) {
            self.provider_launched(command, launched);
        }
    }

    fn mine(&mut self, meeting: MeetingId) -> Option<&mut Meeting> {
        self.visit.meeting.as_mut().filter(|m| m.id == meeting)
    }

    /// Zoom replaces the whole list. Whoever was not taken is not asked for again by itself, or the list would be set in a loop, and
    /// those who stand would lose their place each time.
    fn alternatives_set(&mut self, meeting: MeetingId, asked: &[ZoomUserId], stand: &[ZoomUserId]) {
        let Some(mine) = self.mine(meeting) else { return };
        let (stand, refused): (BTreeSet<_>, BTreeSet<_>) =
            asked.iter().cloned().partition(|user| stand.contains(user));
        mine.alternatives = stand;
        mine.refused.extend(refused);
    }

    fn registered(
        &mut self,
        participant: &ParticipantKey,
        meeting: MeetingId,
        registrant: &RegistrantId,
        link: &PersonalLink,
    ) {
        if let Some(person) = self.visit.participants.get_mut(participant) {
            person.registrants.insert(registrant.clone());
            person.link = Some(Link { meeting, url: link.clone(), good_until: None });
        }
    }

    /// Making and looking in turn counts as one call, so that it does not go on for ever.
    fn make_one_after_none_was_found(&mut self, search: &OpenCall) {
        if self.visit.meeting.is_none()
            && let Some(create) = self.wanted_meeting()
        {
            let mut next = search.clone();
            next.intent.call = create;
            next.try_again(self.now);
            self.visit.calls.insert(next.intent.id, next);
        }
    }

    fn provider_known(
        &mut self,
        provider: &ParticipantKey,
        user: &ZoomUserId,
        licensed: bool,
        instead: Option<Instead>,
    ) {
        let Some(person) = self.visit.participants.get_mut(provider) else { return };
        let got_licence = licensed && person.zoom_user_unlicensed && person.zoom_user.as_ref() == Some(user);
        person.zoom_user = Some(user.clone());
        person.zoom_user_in_doubt = false;
        person.zoom_user_unlicensed = !licensed;
        person.instead = instead;
        if person.has_default_host() {
            person.default_hosts.insert(user.clone());
        }
        // Zoom made the meeting without registration as long as its host had no licence, and does not add it by itself.
        if let Some(meeting) = self.visit.meeting.as_mut().filter(|m| got_licence && m.host == *user) {
            meeting.ask_registration |= meeting.asked.registration && !meeting.answered.registration;
        }
    }

    /// Takes the first of some meetings that bear our marker, unless the visit has one; the others are removed. One that was deleted, or
    /// ordered to be removed, is never taken up, however late its answer comes (I12).
    fn adopt(&mut self, at: Moment, marker: Option<&Marker>, made: &[MadeMeeting]) {
        for meeting in made {
            let id = meeting.meeting;
            let mine = self.visit.meeting.as_ref().map(|m| m.id);
            let settled = self.visit.deleted.contains_key(&id) || self.visit.superfluous.contains(&id);
            if mine == Some(id) || settled {
                continue;
            }
            match self.visit.wants_meeting.clone().filter(|_| mine.is_none()) {
                Some(wanted) => self.take_up(at, marker.cloned().unwrap_or(wanted), meeting),
                None => self.remove_superfluous(id),
            }
        }
    }

    fn take_up(&mut self, at: Moment, marker: Marker, made: &MadeMeeting) {
        self.visit.wants_meeting = None;
        self.visit.meeting = Some(Meeting {
            id: made.meeting,
            host: made.host.clone(),
            marker,
            policy: self.policy.admittance,
            identity: self.policy.patients.identity,
            asked: self.settings_to_ask(),
            answered: made.effective,
            answered_at: at,
            waiting_room_update: None,
            join_before_host_update: None,
            join_url: made.join_url.clone(),
            dial_in: made.dial_in.clone(),
            alternatives: BTreeSet::new(),
            refused: BTreeSet::new(),
            indexed: false,
            ask_registration: false,
            read: None,
        });
    }

    pub(super) fn remove_superfluous(&mut self, meeting: MeetingId) {
        if self.visit.superfluous.len() >= MOST_SUPERFLUOUS {
            self.visit.superfluous.pop_first();
        }
        self.visit.superfluous.insert(meeting);
        let delete = ZoomCall::DeleteMeeting { meeting };
        if !self.is_open(&delete) {
            self.begin(delete);
        }
    }

    fn meeting_read(&mut self, meeting: MeetingId, at: Moment, started: bool, effective: MeetingSettings) {
        let lived = self.visit.is_live(self.policy);
        let Some(mine) = self.mine(meeting) else { return };
        if mine.read.is_none_or(|read| read.at < at) {
            mine.read = Some(StatusRead { at, started });
            mine.answered = effective;
            mine.answered_at = at;
        }
        self.visit.lived |= started;
        self.visit.doubted_at = self.visit.doubted_at.filter(|since| *since > at);
        if !started {
            self.read_as_over(at);
        }
        self.visit.repaired(lived, self.visit.is_live(self.policy), at);
    }

    /// Nothing told the end of an instance that Zoom says is not there. An event that is on its way may still tell otherwise, so only one
    /// of which nothing was heard for some time is closed.
    fn read_as_over(&mut self, at: Moment) {
        let newest = self.visit.course(self.policy).newest.map(|(uuid, _)| uuid.clone());
        let Some(instance) = newest.and_then(|uuid| self.visit.instances.get_mut(&uuid)) else { return };
        if instance.ended().is_none()
            && instance.heard().is_some_and(|heard| heard + EVENTS_COME_WITHIN <= at)
        {
            instance.read_as_over(at);
        }
    }

    pub(super) fn meeting_deleted(&mut self, meeting: MeetingId, at: Moment) {
        let when = self.visit.deleted.get(&meeting).copied().map_or(at, |before| before.max(at));
        self.visit.deleted.insert(meeting, when);
    }

    // === failures ===

    pub(super) fn call_failed(&mut self, id: IntentId, failure: &CallFailure) {
        let (now, key) = (self.now, self.visit.key.to_text());
        let Some(open) = self.visit.calls.get_mut(&id) else { return };
        open.problem = Some(failure.problem);
        match failure.retry {
            Retry::Never => open.state = CallState::Blocked,
            Retry::After(Some(wait)) => open.try_again(now + wait),
            Retry::After(None) => open.try_again(now + spread(&key, open.intent.attempt)),
        }
    }

    fn call_not_begun(&mut self, id: IntentId) {
        let now = self.now;
        if let Some(open) = self.visit.calls.get_mut(&id) {
            open.intent.attempt = open.intent.attempt.saturating_sub(1);
            open.state = CallState::Waiting { until: now };
        }
    }

    /// A host whom Zoom has no more is looked for again. The call itself waits like one that failed, so that a Zoom that contradicts
    /// itself is not asked without end.
    fn user_gone(&mut self, id: IntentId, call: &ZoomCall) {
        if let ZoomCall::CreateMeeting { host, .. } = call {
            let is_he = |user: &ZoomUserId| user == host;
            for person in self.visit.participants.values_mut() {
                person.zoom_user_in_doubt |= person.zoom_user.as_ref().is_some_and(is_he);
            }
        }
        let problem = ProblemCode::UserRefused;
        self.call_failed(id, &CallFailure { problem, retry: Retry::After(None) });
    }

    pub(super) fn call_ambiguous(&mut self, id: IntentId) {
        let margin = self.policy.margin;
        let Some(open) = self.visit.calls.get_mut(&id) else { return };
        open.problem = Some(ProblemCode::ZoomUnavailable);
        // Nothing of the attempt can be under way any more after its not_after and a margin; before, looking would prove nothing.
        open.try_again(open.intent.not_after + margin);
        open.look_for_the_meeting_next();
    }

    /// A result that never came: the worker died, or its node did.
    pub(super) fn take_running_calls_for_lost(&mut self) {
        let (now, margin) = (self.now, self.policy.margin);
        for open in self.visit.calls.values_mut() {
            if open.state == CallState::Running && open.intent.not_after + margin <= now {
                open.try_again(now);
                open.look_for_the_meeting_next();
            }
        }
    }
}

impl OpenCall {
    /// To be made again, unless that was done too often.
    fn try_again(&mut self, until: Moment) {
        self.state = if self.intent.attempt >= MOST_ATTEMPTS {
            CallState::Blocked
        } else {
            CallState::Waiting { until }
        };
    }

    /// A create that may have had an effect is never repeated: the next step of its slot is to look for the marker.
    fn look_for_the_meeting_next(&mut self) {
        if let ZoomCall::CreateMeeting { host, marker, .. } = &self.intent.call {
            self.intent.call = ZoomCall::FindMeetings { host: host.clone(), marker: marker.clone() };
        }
    }
}

fn meeting_of(call: &ZoomCall) -> Option<MeetingId> {
    match call {
        ZoomCall::IndexMeeting { meeting }
        | ZoomCall::SetAlternativeHosts { meeting, .. }
        | ZoomCall::Register { meeting, .. }
        | ZoomCall::CancelRegistrants { meeting, .. }
        | ZoomCall::AskRegistration { meeting, .. }
        | ZoomCall::EndMeeting { meeting }
        | ZoomCall::ReadMeeting { meeting } => Some(*meeting),
        _ => None,
    }
}

fn spread(key: &str, attempt: u32) -> Span {
    let half = BACKOFF.bound(attempt.max(1)).0 / 2;
    let draw = stable_hash(format!("{key}#{attempt}").as_bytes());
    Span(half + i64::try_from(draw % u64::try_from(half.max(1)).unwrap_or(1)).unwrap_or(0))
}
