//! From the lines of a history to entries.

use vestibule_domain::id::MeetingId;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::device_test::Settled;
use vestibule_domain::visit::history::{CallEnd, CallLine, Event, EventKind, Happened, Line};

use super::entry::{CallView, EntryView, EventView, Mark};
use super::words;
use crate::http::names::spelt;
use crate::http::view::timestamp;
use crate::web::Language;

/// Zoom's events come within some seconds of what they tell; from here on one is late.
const LATE: Span = Span::seconds(10);

/// The entries of a history, in its order.
pub fn entries(language: Language, lines: &[Line]) -> Vec<EntryView> {
    let mut events: Vec<&Event> = Vec::new();
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        entries.push(match &line.what {
            Happened::Event(event) => {
                let duplicate = events.iter().any(|before| before.is_same(event));
                events.push(event);
                of_event(language, line.at, event, duplicate)
            }
            other => entry(language, line.at, other),
        });
    }
    entries
}

fn of_event(language: Language, at: Moment, event: &Event, duplicate: bool) -> EntryView {
    let after = at - event.event_at;
    let marks = [(after >= LATE, Mark::Late), (duplicate, Mark::Duplicate), (event.ignored, Mark::Ignored)];
    let marks: Vec<Mark> = marks.into_iter().filter_map(|(is_so, mark)| is_so.then_some(mark)).collect();
    let device = event.device.map(words::device);
    let view = EventView {
        name: format!("meeting.{}", event.event.as_str()),
        event_at: timestamp(event.event_at),
        sent_at: timestamp(event.sent_at),
        came_after_s: (after.0 / 1_000).max(0),
        device,
        phone: event.phone,
        changed: !event.idle,
    };
    let moves_nothing = matches!(event.event, EventKind::RoleChanged | EventKind::Created);
    let overtaken = event.idle && !duplicate && !event.ignored && !moves_nothing;
    let entry = EntryView::new(timestamp(at), "event", words::event(language, event, overtaken));
    let entry = of_meeting(entry, event.meeting);
    let entry = event.who.iter().fold(entry, EntryView::about);
    let tone = if marks.is_empty() { "quiet" } else { "pending" };
    EntryView { event: Some(Box::new(view)), marks, ..entry }.tone(tone)
}

fn of_meeting(entry: EntryView, meeting: MeetingId) -> EntryView {
    EntryView { meeting_id: Some(meeting.to_string()), ..entry }
}

fn of_call(entry: EntryView, call: &CallLine) -> EntryView {
    let entry = call.who.iter().fold(entry, EntryView::about);
    EntryView { call: Some(CallView { name: call.call.as_str(), attempt: call.attempt }), ..entry }
}

/// Anything but an event.
fn entry(language: Language, at: Moment, what: &Happened) -> EntryView {
    let new = |kind| EntryView::new(timestamp(at), kind, words::line(language, what));
    match what {
        Happened::Launched { who } => new("launched").about(who).tone("good"),
        Happened::LaunchRefused { who, why } => new("launch_refused").about(who).code(spelt(why)).tone("bad"),
        Happened::SentToZoom { who } => new("sent_to_zoom").about(who),
        Happened::DeviceTested { who, outcome } => new("device_tested").about(who).code(outcome.as_str()),
        Happened::Repaired { missing } => {
            EntryView { marks: vec![Mark::Repaired], ..new("repaired").code(spelt(missing)).tone("pending") }
        }
        Happened::Phase { phase } => new("phase").code(phase.as_str()),
        Happened::Moved { who, presence } => new("moved").about(who).code(presence.as_str()),
        Happened::MeetingMade { meeting } => of_meeting(new("meeting_made"), *meeting).tone("good"),
        Happened::MeetingGone { meeting } => of_meeting(new("meeting_gone"), *meeting),
        Happened::CallBegun(call) => of_call(new("call_begun"), call),
        Happened::CallEnded { call, end, problem } => {
            let code = problem.map_or(end.as_str(), |problem| problem.as_str());
            let tone = if *end == CallEnd::Done { "quiet" } else { "bad" };
            of_call(new("call_ended"), call).code(code).tone(tone)
        }
        Happened::UpdateDecided(update) => new("update_decided").about(&update.who),
        Happened::UpdateSettled { update, how } => {
            let tone = match how {
                Settled::Delivered => "good",
                Settled::Parked => "bad",
                Settled::Superseded => "quiet",
            };
            new("update_settled").about(&update.who).code(spelt(how)).tone(tone)
        }
        Happened::UpdateDropped(update) => new("update_dropped").about(&update.who),
        Happened::ProblemRaised { problem } => new("problem_raised").code(problem.as_str()).tone("bad"),
        Happened::ProblemCleared { problem } => new("problem_cleared").code(problem.as_str()).tone("good"),
        Happened::Named { who, .. } => who.iter().fold(new("named"), EntryView::about),
        Happened::GuestAnswered { right } => {
            new("guest_answered").code(if *right { "right" } else { "wrong" })
        }
        other => bare(other, new),
    }
}

/// What has nothing but its words.
fn bare(what: &Happened, new: impl Fn(&'static str) -> EntryView) -> EntryView {
    match what {
        Happened::EndOrdered => new("end_ordered"),
        Happened::MakeAgainOrdered => new("make_again_ordered"),
        Happened::EndsByItself => new("ends_by_itself"),
        Happened::MeetingMissing => new("meeting_missing").tone("bad"),
        Happened::GuestInvited => new("guest_invited"),
        Happened::GuestRevoked => new("guest_revoked"),
        Happened::GuestTexted => new("guest_texted"),
        Happened::StoreWentBack => new("store_went_back").tone("bad"),
        Happened::CommandParked => new("command_parked").tone("bad"),
        Happened::Left => new("left"),
        _ => new("unknown"),
    }
}
