//! Zoom's interface as one process reaches it: slow, refusing, at its limits, or without an answer, and then with or without an effect.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use vestibule_actors::port::zoom::{LinkRefused, Zoom};
use vestibule_domain::id::{MeetingId, OrganizationId, ZoomUserId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Span;

use super::events;
use crate::chance::Chance;
use crate::lock;
use crate::weather::Outside;
use crate::world::{Process, World};

/// A process gives a call up after this, where its deadline is not nearer.
const TIME_OUT: Duration = Duration::from_secs(10);

/// How a call goes.
#[derive(Clone, Debug, Default)]
struct Fate {
    /// When its effect comes, if it has one.
    effect: Option<Duration>,
    /// From its effect to its answer; where no answer comes, nothing.
    answer: Option<Duration>,
    /// The answer of one that has no effect.
    refused: Option<(Duration, IntentOutcome)>,
}

fn fate(state: Outside, everyday: u64, within: Duration, chance: &mut Chance) -> Fate {
    let most = u64::try_from(within.as_millis()).unwrap_or(0);
    let quick =
        Fate { effect: Some(chance.millis(20, 200)), answer: Some(chance.millis(5, 60)), refused: None };
    let slow = |chance: &mut Chance| Fate {
        effect: Some(chance.millis(0, most)),
        answer: Some(chance.millis(0, 4_000)),
        refused: None,
    };
    let silent = |chance: &mut Chance| Fate {
        effect: chance.percent(50).then(|| chance.millis(0, most)),
        ..Fate::default()
    };
    let refused = |outcome: IntentOutcome, chance: &mut Chance| Fate {
        refused: Some((chance.millis(20, 300), outcome)),
        ..Fate::default()
    };
    match state {
        Outside::Works if chance.percent(everyday) => match chance.below(5) {
            0 => refused(failed(ProblemCode::ZoomRateLimited, Some(Span::seconds(2))), chance),
            1 => refused(failed(ProblemCode::ZoomUnavailable, None), chance),
            2 => slow(chance),
            _ => silent(chance),
        },
        Outside::Works => quick,
        Outside::Slow => slow(chance),
        Outside::Silent => silent(chance),
        Outside::Fails => refused(failed(ProblemCode::ZoomUnavailable, None), chance),
        Outside::Busy => refused(failed(ProblemCode::ZoomRateLimited, Some(Span::seconds(5))), chance),
    }
}

fn failed(problem: ProblemCode, wait: Option<Span>) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry: Retry::After(wait) })
}

/// What a caller says of a call without an answer.
fn unanswered(call: &ZoomCall) -> IntentOutcome {
    match call {
        ZoomCall::CreateMeeting { .. } | ZoomCall::Register { .. } => IntentOutcome::Ambiguous,
        _ => failed(ProblemCode::ZoomUnavailable, None),
    }
}

/// Zoom as one process reaches it.
pub struct ZoomLine {
    world: Arc<World>,
    process: Process,
}

impl ZoomLine {
    /// The line of a process.
    #[must_use]
    pub fn new(world: Arc<World>, process: Process) -> Self {
        Self { world, process }
    }

    /// Sends a call on its way. Its answer, if one comes.
    fn send(
        &self,
        organization: &OrganizationId,
        call: &ZoomCall,
        fate: Fate,
    ) -> oneshot::Receiver<IntentOutcome> {
        let (tell, told) = oneshot::channel();
        let (world, organization, call) = (Arc::clone(&self.world), organization.clone(), call.clone());
        lock(&world.zoom).under_way += 1;
        self.world.spawn(async move {
            let mut answer = None;
            if let Some((after, outcome)) = fate.refused {
                sleep(after).await;
                answer = Some(outcome);
            }
            if let Some(after) = fate.effect {
                sleep(after).await;
                let now = world.time.now();
                let outcome = lock(&world.zoom).make(&organization, &call, now);
                events::tell(&world);
                world.note(world.about_call(&call), format_args!("Zoom does {}", in_words(&call)));
                answer = fate.answer.map(|_| outcome);
                sleep(fate.answer.unwrap_or_default()).await;
            }
            lock(&world.zoom).under_way -= 1;
            match answer {
                // Whoever called may be gone.
                Some(outcome) => drop(tell.send(outcome)),
                // The connection stays open for as long as the caller has patience.
                None => {
                    sleep(TIME_OUT * 2).await;
                    drop(tell);
                }
            }
        });
        told
    }
}

impl Zoom for ZoomLine {
    fn call<'a>(
        &'a self,
        organization: &'a OrganizationId,
        call: &'a ZoomCall,
        within: Span,
    ) -> LocalBoxFuture<'a, IntentOutcome> {
        async move {
            let world = &self.world;
            let within = within.to_duration();
            let place = world.organization(organization);
            let state = lock(&world.weather).zooms.get(place).copied().unwrap_or_default();
            let everyday = world.scenario.everyday.zoom;
            let fate = fate(state, everyday, within, &mut lock(&world.zoom).chance);
            let about = world.about_call(call);
            world.note(
                about,
                format_args!(
                    "node {} ({}) asks Zoom to {}",
                    self.process.node,
                    self.process.id,
                    in_words(call)
                ),
            );
            world.asks_zoom(self.process, call);
            let told = self.send(organization, call, fate);
            let outcome = timeout(within.min(TIME_OUT), told).await.ok().and_then(Result::ok);
            let outcome = outcome.unwrap_or_else(|| unanswered(call));
            world.note(
                about,
                format_args!(
                    "node {} ({}) has from Zoom {}",
                    self.process.node,
                    self.process.id,
                    answer_in_words(&outcome)
                ),
            );
            outcome
        }
        .boxed_local()
    }

    fn start_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        meeting: MeetingId,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        let gone = lock(&self.world.zoom).meeting(meeting).is_none_or(|meeting| meeting.deleted);
        let link = PersonalLink::new(format!("https://zoom.example/s/{meeting}"));
        async move { if gone { Err(LinkRefused::Gone) } else { Ok(link) } }.boxed_local()
    }

    fn alternative_link<'a>(
        &'a self,
        _: &'a OrganizationId,
        meeting: MeetingId,
        _: &'a ZoomUserId,
        join_url: &'a PersonalLink,
    ) -> LocalBoxFuture<'a, Result<PersonalLink, LinkRefused>> {
        let gone = lock(&self.world.zoom).meeting(meeting).is_none_or(|meeting| meeting.deleted);
        async move { if gone { Err(LinkRefused::Gone) } else { Ok(join_url.clone()) } }.boxed_local()
    }
}

/// A call without the links and names in it.
fn in_words(call: &ZoomCall) -> String {
    match call {
        ZoomCall::EnsureProvider { provider, .. } => format!("find the user of {provider:?}"),
        ZoomCall::CreateMeeting { marker, .. } => format!("make a meeting for {marker}"),
        ZoomCall::FindMeetings { marker, .. } => format!("find meetings for {marker}"),
        ZoomCall::DeleteMeeting { meeting } => format!("delete meeting {meeting}"),
        ZoomCall::IndexMeeting { meeting } => format!("index meeting {meeting}"),
        ZoomCall::SetAlternativeHosts { meeting, .. } => format!("set the alternative hosts of {meeting}"),
        ZoomCall::Register { participant, meeting, .. } => format!("register {participant:?} for {meeting}"),
        ZoomCall::CancelRegistrants { meeting, registrants } => {
            format!("cancel {} registrants of {meeting}", registrants.len())
        }
        ZoomCall::RemoveUser { tag, .. } => format!("remove the user of {tag}"),
        ZoomCall::AskRegistration { meeting, .. } => format!("ask registration for {meeting}"),
        ZoomCall::EndMeeting { meeting } => format!("end meeting {meeting}"),
        ZoomCall::ReadMeeting { meeting } => format!("read meeting {meeting}"),
        ZoomCall::ReadAttendance { meeting, .. } => format!("read who was in meeting {meeting}"),
    }
}

fn answer_in_words(outcome: &IntentOutcome) -> String {
    match outcome {
        IntentOutcome::Made(made) => format!("meeting {}", made.meeting),
        IntentOutcome::Found(found) => {
            format!("meetings {:?}", found.iter().map(|made| made.meeting.0).collect::<Vec<_>>())
        }
        IntentOutcome::Registered { registrant, .. } => format!("registrant {registrant}"),
        other => format!("{other:?}"),
    }
}
