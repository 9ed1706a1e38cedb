//! Zoom as the tests script it.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_domain::id::*;
use vestibule_domain::intent::*;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;

/// A Zoom that makes meetings and remembers every call.
#[derive(Default)]
pub struct ZoomScript {
    pub calls: Vec<ZoomCall>,
    pub made: Vec<MadeMeeting>,
    /// What the next creates answer, after having made the meeting or not.
    pub creates: VecDeque<CreateFault>,
    pub started: bool,
    /// How long a reading waits for its turn.
    pub reading_takes: Duration,
    /// How long every other call takes; nothing comes of one that is given up before.
    pub takes: Duration,
    /// How many were given up before they were answered.
    pub given_up: usize,
}

pub enum CreateFault {
    MadeButNoAnswer,
    NotMadeAndNoAnswer,
}

pub struct ScriptedZoom(pub Arc<Mutex<ZoomScript>>);

impl ScriptedZoom {
    fn answer(&self, call: &ZoomCall) -> IntentOutcome {
        let mut script = self.0.lock().unwrap();
        script.calls.push(call.clone());
        match call {
            ZoomCall::EnsureProvider { provider, .. } => IntentOutcome::Provider {
                user: ZoomUserId::new(format!("user of {provider:?}")).unwrap(),
                licensed: true,
            },
            ZoomCall::CreateMeeting { host, settings, .. } => {
                let number = 85_000_000_000 + script.made.len() as u64;
                let made = MadeMeeting {
                    meeting: MeetingId(number),
                    host: host.clone(),
                    effective: *settings,
                    join_url: PersonalLink::new("https://zoom.example/j/1"),
                    dial_in: None,
                };
                match script.creates.pop_front() {
                    None => {
                        script.made.push(made.clone());
                        IntentOutcome::Made(made)
                    }
                    Some(CreateFault::MadeButNoAnswer) => {
                        script.made.push(made);
                        IntentOutcome::Ambiguous
                    }
                    Some(CreateFault::NotMadeAndNoAnswer) => IntentOutcome::Ambiguous,
                }
            }
            ZoomCall::FindMeetings { .. } => IntentOutcome::Found(script.made.clone()),
            ZoomCall::DeleteMeeting { meeting } => {
                script.made.retain(|m| m.meeting != *meeting);
                IntentOutcome::Deleted
            }
            ZoomCall::IndexMeeting { .. } => unreachable!("the store indexes"),
            ZoomCall::SetAlternativeHosts { others, .. } => {
                IntentOutcome::AlternativesSet { stand: others.clone() }
            }
            ZoomCall::Register { participant, .. } => IntentOutcome::Registered {
                registrant: RegistrantId::new(format!("registrant of {participant:?}")).unwrap(),
                link: PersonalLink::new("https://zoom.example/w/1?tk=x"),
            },
            ZoomCall::CancelRegistrants { .. } => IntentOutcome::RegistrantsCancelled,
            ZoomCall::RemoveUser { .. } => IntentOutcome::UserRemoved,
            ZoomCall::EndMeeting { .. } => IntentOutcome::Ended,
            ZoomCall::ReadAttendance { .. } => IntentOutcome::Attended(Vec::new()),
            ZoomCall::AskRegistration { .. } | ZoomCall::ReadMeeting { .. } => {
                let effective =
                    MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
                IntentOutcome::Read { started: script.started, effective }
            }
        }
    }
}

impl Zoom for ScriptedZoom {
    fn call<'a>(
        &'a self,
        _: &'a OrganizationId,
        call: &'a ZoomCall,
        within: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome> {
        async move {
            let takes = {
                let script = self.0.lock().unwrap();
                let reading = matches!(call, ZoomCall::ReadMeeting { .. });
                Duration::from_millis(50) + if reading { script.reading_takes } else { script.takes }
            };
            let Ok(()) = tokio::time::timeout(within.to_duration(), tokio::time::sleep(takes)).await else {
                self.0.lock().unwrap().given_up += 1;
                return IntentOutcome::Ambiguous;
            };
            self.answer(call)
        }
        .boxed_local()
    }
    fn start_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        async { Ok(PersonalLink::new("https://zoom.example/s/1")) }.boxed_local()
    }
    fn alternative_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        _: MeetingId,
        _: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        async { Ok(join_url.clone()) }.boxed_local()
    }
}
