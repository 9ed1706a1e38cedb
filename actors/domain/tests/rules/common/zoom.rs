//! A Zoom that answers calls at once and as they should be answered.

use super::facts::{MEETING, registrant, user};
use super::story::Story;
use vestibule_domain::id::{MeetingId, ZoomUserId};
use vestibule_domain::intent::{
    CallFailure, Intent, IntentOutcome, MadeMeeting, MeetingSettings, Personal, ProblemCode, Retry, ZoomCall,
};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::shard::stable_hash;
use vestibule_domain::time::Span;
use vestibule_domain::visit::CallState;
use vestibule_domain::visit::participant::ParticipantKey;

/// A meeting as Zoom makes it, with nothing coerced.
pub fn made(meeting: MeetingId, host: &ZoomUserId, effective: MeetingSettings) -> MadeMeeting {
    let join_url = PersonalLink::new(format!("https://zoom.example/j/{meeting}"));
    MadeMeeting { meeting, host: host.clone(), effective, join_url, dial_in: None }
}

/// The settings of an automatic visit.
pub const AUTOMATIC: MeetingSettings =
    MeetingSettings { waiting_room: false, join_before_host: false, registration: true };

/// Somebody's personal link.
pub fn link(name: &str, meeting: MeetingId) -> PersonalLink {
    PersonalLink::new(format!("https://zoom.example/w/{meeting}?tk={name}"))
}

/// The name within a key, such as `dr` of `Practitioner/dr`.
pub fn name_of(key: &ParticipantKey) -> String {
    key.to_text().rsplit('/').next().unwrap().to_owned()
}

/// The right answer to a call, where a new meeting gets the given id.
pub fn answer(intent: &Intent, next: MeetingId) -> IntentOutcome {
    match &intent.call {
        ZoomCall::EnsureProvider { provider, .. } => {
            IntentOutcome::Provider { user: user(&name_of(provider)), licensed: true }
        }
        ZoomCall::CreateMeeting { host, settings, .. } => IntentOutcome::Made(made(next, host, *settings)),
        ZoomCall::FindMeetings { .. } => IntentOutcome::Found(Vec::new()),
        ZoomCall::DeleteMeeting { .. } => IntentOutcome::Deleted,
        ZoomCall::IndexMeeting { .. } => IntentOutcome::Indexed,
        ZoomCall::SetAlternativeHosts { others, .. } => {
            IntentOutcome::AlternativesSet { stand: others.clone() }
        }
        ZoomCall::Register { display_name, by: Personal::InviteLink { good_for }, .. } => {
            IntentOutcome::Invited {
                name_hash: stable_hash(display_name.reveal().as_bytes()),
                link: PersonalLink::new(format!("https://zoom.example/j/{next}?tk={}", intent.id.0)),
                // The call is under way for as long as it may be.
                good_until: intent.not_after - Span::seconds(20) + *good_for,
            }
        }
        ZoomCall::Register { participant, by: Personal::TemporaryUser { .. }, .. } => {
            IntentOutcome::UserMade { user: user(&name_of(participant)) }
        }
        ZoomCall::RemoveUser { .. } => IntentOutcome::UserRemoved,
        ZoomCall::Register { participant, meeting, .. } => IntentOutcome::Registered {
            registrant: registrant(&name_of(participant), *meeting),
            link: link(&name_of(participant), *meeting),
        },
        ZoomCall::CancelRegistrants { .. } => IntentOutcome::RegistrantsCancelled,
        ZoomCall::EndMeeting { .. } => IntentOutcome::Ended,
        ZoomCall::ReadAttendance { .. } => IntentOutcome::Attended(Vec::new()),
        ZoomCall::AskRegistration { .. } | ZoomCall::ReadMeeting { .. } => {
            IntentOutcome::Read { started: false, effective: AUTOMATIC }
        }
    }
}

pub fn failed(problem: ProblemCode, retry: Retry) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry })
}

impl Story {
    /// Zoom answers every call that is under way, and those that follow from the answers.
    pub fn zoom_answers(&mut self) -> &mut Self {
        while let Some(intent) = self.begun.first().cloned() {
            let next = MeetingId(MEETING.0 + self.visit.deleted.len() as u64);
            self.close(&intent, answer(&intent, next));
        }
        self
    }

    /// The one call under way of a kind.
    pub fn call(&self, which: impl Fn(&ZoomCall) -> bool) -> Intent {
        let running = |intent: &&Intent| {
            self.visit.calls.get(&intent.id).is_some_and(|open| open.state == CallState::Running)
        };
        let found: Vec<&Intent> =
            self.begun.iter().filter(running).filter(|intent| which(&intent.call)).collect();
        assert_eq!(found.len(), 1, "one such call among {:?}", self.begun);
        found[0].clone()
    }

    /// Answers everything that is under way but some.
    pub fn zoom_answers_all_but(&mut self, held: impl Fn(&ZoomCall) -> bool) -> &mut Self {
        while let Some(intent) = self.begun.iter().find(|intent| !held(&intent.call)).cloned() {
            self.close(&intent, answer(&intent, MEETING));
        }
        self
    }
}

pub fn is_create(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::CreateMeeting { .. })
}

pub fn is_find(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::FindMeetings { .. })
}

pub fn is_read(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::ReadMeeting { .. })
}

pub fn is_delete(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::DeleteMeeting { .. })
}

pub fn is_register(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::Register { .. })
}

pub fn is_alternatives(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::SetAlternativeHosts { .. })
}

pub fn is_ensure(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::EnsureProvider { .. })
}
