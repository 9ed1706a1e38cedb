//! The English sentences, which are those of the JSON.

use vestibule_actors::port::store::{Outcome, Record};
use vestibule_domain::effect::Says;
use vestibule_domain::visit::LaunchRefusal;
use vestibule_domain::visit::device_test::Settled;
use vestibule_domain::visit::history::{CallEnd, CallKind, CallLine, Event, Happened, Person, UpdateLine};
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::repair::Missing;

use super::{came_to, device, lateness, named};
use crate::http::timeline::entry::{ActView, Mark};
use crate::web::{Language, grouped};

pub(super) fn role(role: Role) -> &'static str {
    role.plain_name()
}

fn called(who: &Person) -> String {
    named(Language::English, who.role, who.id.as_ref())
}

pub(super) fn event(event: &Event, overtaken: bool) -> String {
    let about = match (&event.who, event.device) {
        (Some(who), _) => format!(": {}", called(who)),
        (None, Some(name)) if event.phone => format!(": a telephone, device {}", device(name)),
        (None, Some(name)) => format!(": somebody unidentified, device {}", device(name)),
        (None, None) => String::new(),
    };
    let rest = if event.ignored {
        " It is of a meeting that the visit did not have then, and was ignored."
    } else if overtaken {
        " It told nothing new."
    } else {
        ""
    };
    format!("Zoom told meeting.{}{about}.{rest}", event.event.as_str())
}

pub(super) fn line(what: &Happened) -> String {
    match what {
        Happened::Event(told) => event(told, false),
        Happened::Launched { who } => format!("{} launched the visit.", called(who)),
        Happened::LaunchRefused { who, why } => {
            format!("{} launched the visit and was refused: {}.", called(who), refusal(*why))
        }
        Happened::SentToZoom { who } => format!("{} was sent on to Zoom.", called(who)),
        Happened::DeviceTested { who, outcome } => {
            format!("{} came back from a device test: {}.", called(who), outcome.as_str())
        }
        Happened::Repaired { missing } => repaired(*missing).to_owned(),
        Happened::Phase { phase } => format!("The visit is now: {}.", phase.as_str().replace('_', " ")),
        Happened::Moved { who, presence } => format!("{} is {}.", called(who), place(*presence)),
        Happened::MeetingMade { meeting } => {
            format!("The visit has the Zoom meeting {}.", grouped(&meeting.to_string()))
        }
        Happened::MeetingGone { meeting } => {
            format!("The visit has the Zoom meeting {} no more.", grouped(&meeting.to_string()))
        }
        Happened::CallBegun(call) => format!("{} is asked to {}.", asked(call.call), task(call)),
        Happened::CallEnded { call, end, problem } => {
            let how =
                problem.map_or_else(|| ended(*end).to_owned(), |it| format!("did not: {}", it.message()));
            let how = how.trim_end_matches('.');
            let tries = if call.attempt > 1 { format!(" (attempt {})", call.attempt) } else { String::new() };
            format!("Asked to {}, {} {how}{tries}.", task(call), asked(call.call))
        }
        Happened::UpdateDecided(update) => format!("Epic is to be told: {}.", says(update)),
        Happened::UpdateSettled { update, how } => settled(update, *how),
        Happened::UpdateDropped(update) => {
            format!("Epic is not told any more: {}. It was dropped by order.", says(update))
        }
        Happened::ProblemRaised { problem } => format!("Problem: {}", problem.message()),
        Happened::ProblemCleared { problem } => {
            format!("Not a problem any more: {}.", problem.as_str().replace('_', " "))
        }
        Happened::Named { device: name, who } => {
            let who = who.as_ref().map_or_else(|| "nobody of the visit".to_owned(), called);
            format!("The device {} is now said to be: {who}.", device(*name))
        }
        Happened::EndOrdered => "It was ordered to end the meeting for everybody.".to_owned(),
        Happened::MakeAgainOrdered => "It was ordered to make the meeting again.".to_owned(),
        Happened::EndsByItself => "The meeting is ended for everybody, since no provider is in it any more.".to_owned(),
        Happened::MeetingMissing => "A provider found that Zoom has no such meeting any more.".to_owned(),
        Happened::GuestInvited => "A guest's link was made.".to_owned(),
        Happened::GuestRevoked => "A guest's link was taken back.".to_owned(),
        Happened::GuestTexted => "A guest's link was handed over to be sent by text message.".to_owned(),
        Happened::GuestAnswered { right: true } => "Whoever opened a guest's link knew the birth date.".to_owned(),
        Happened::GuestAnswered { right: false } => "Whoever opened a guest's link gave a wrong birth date.".to_owned(),
        Happened::StoreWentBack => {
            "The store went back to an earlier time and was given this visit again; entries before this one may be missing.".to_owned()
        }
        Happened::CommandParked => "Something was set aside, since it failed again and again.".to_owned(),
        Happened::Left => {
            "The visit was let go; this timeline and the notification records are what is left of it.".to_owned()
        }
        Happened::Unknown => "Something of which this release knows nothing; look with a later one.".to_owned(),
    }
}

fn refusal(why: LaunchRefusal) -> &'static str {
    match why {
        LaunchRefusal::WrongPatient => "it names another patient than the visit's",
        LaunchRefusal::Over => "the visit is over, and its time to be opened again has passed",
        LaunchRefusal::Full => "the visit holds as many people as it can",
        LaunchRefusal::Expired => "the guest's link has run out",
        LaunchRefusal::Revoked => "the guest's link was taken back",
        LaunchRefusal::CalledOff => "Epic says that the appointment was called off",
        LaunchRefusal::TooEarly => "it is long before the appointment",
        LaunchRefusal::TooLate => "it is long after the appointment",
    }
}

fn repaired(missing: Missing) -> &'static str {
    match missing {
        Missing::Start => "Zoom was asked, and the meeting runs: no event had told that it began.",
        Missing::End => {
            "Zoom was asked, and the meeting does not run any more: no event had told that it ended."
        }
        Missing::Leave => "Zoom was asked who was there, and somebody has left: no event had told that.",
    }
}

fn place(presence: Presence) -> &'static str {
    match presence {
        Presence::Gone => "neither on our page nor in the meeting",
        Presence::Waiting => "waiting for the host",
        Presence::InWaitingRoom => "in Zoom's waiting room",
        Presence::InMeeting => "in the meeting",
    }
}

fn asked(call: CallKind) -> &'static str {
    if call == CallKind::IndexMeeting { "the store" } else { "Zoom" }
}

fn task(call: &CallLine) -> String {
    let who = call.who.as_ref().map_or_else(|| "somebody".to_owned(), called);
    match call.call {
        CallKind::EnsureProvider => format!("find or make the user of {who}"),
        CallKind::CreateMeeting => "make the meeting".to_owned(),
        CallKind::FindMeetings => "look for a meeting whose making is in doubt".to_owned(),
        CallKind::DeleteMeeting => "remove a meeting".to_owned(),
        CallKind::IndexMeeting => "note whose the meeting is".to_owned(),
        CallKind::SetAlternativeHosts => "let further providers start the meeting".to_owned(),
        CallKind::Register => format!("make a personal way in for {who}"),
        CallKind::CancelRegistrants => "let nobody in by a guest's link that was taken back".to_owned(),
        CallKind::RemoveUser => format!("remove the user who stood for {who}"),
        CallKind::AskRegistration => "give the meeting its registration".to_owned(),
        CallKind::EndMeeting => "end the meeting for everybody".to_owned(),
        CallKind::ReadMeeting => "say whether the meeting runs".to_owned(),
        CallKind::ReadAttendance => "say who was in the meeting".to_owned(),
    }
}

fn ended(end: CallEnd) -> &'static str {
    match end {
        CallEnd::Done => "did so",
        CallEnd::Failed => "did not",
        CallEnd::InDoubt => "gave no clear answer, so that it may be done or not",
        CallEnd::NotBegun => "was not asked yet, since the node was told to go",
        CallEnd::MeetingGone => "has no such meeting any more",
        CallEnd::UserGone => "has no such user any more",
        CallEnd::Lost => "has not answered",
        CallEnd::TooLate => "answered too late",
    }
}

fn says(update: &UpdateLine) -> String {
    let who = called(&update.who);
    update.says.map_or_else(|| format!("the update {} about {who}", update.seq), |says| status(&who, says))
}

pub(super) fn status(who: &str, says: Says) -> String {
    match says {
        Says::Connected(true) => format!("{who} has joined"),
        Says::Connected(false) => format!("{who} has left"),
        Says::DeviceTest(outcome) => format!("{who} has tested their devices, {}", outcome.as_str()),
    }
}

fn settled(update: &UpdateLine, how: Settled) -> String {
    match how {
        Settled::Delivered => format!("Epic has acknowledged: {}.", says(update)),
        Settled::Parked => {
            format!("Given up: {}. Epic refused it for good, or took too long.", says(update))
        }
        Settled::Superseded => format!("Never sent, since a newer one took its place: {}.", says(update)),
    }
}

pub(super) fn record(record: &Record) -> String {
    let again = if record.resend { " (sent again by an operator)" } else { "" };
    let told = format!("{}{again}", status(record.role.plain_name(), record.says));
    match record.outcome {
        Outcome::Superseded => format!("Epic was not told, since something newer came: {told}."),
        outcome => {
            let answer = if record.resp_code == 0 {
                "no answer".to_owned()
            } else {
                format!("RespCode {}", record.resp_code)
            };
            let code = record.epic_code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let came = match outcome {
                Outcome::Delivered => "delivered",
                Outcome::Retrying => "to be tried again",
                _ => "given up",
            };
            let (attempt, took) = (record.attempt, record.latency_ms);
            format!("Epic was told, attempt {attempt}: {told}. {answer}{code} after {took} ms: {came}.")
        }
    }
}

pub(super) fn act(act: &ActView) -> String {
    let did = match act.action.as_str() {
        "identify" => "said who somebody in the meeting is".to_owned(),
        "meeting_ended" => "ended the meeting for everybody".to_owned(),
        "meeting_made_again" => "had the meeting made again".to_owned(),
        "update_sent_again" => "had a parked update sent again".to_owned(),
        "update_dropped" => "dropped a parked update".to_owned(),
        "command_dropped" => "dropped what was set aside".to_owned(),
        "guest_invited" => "asked for a guest's link".to_owned(),
        "guest_revoked" => "took a guest's link back".to_owned(),
        "guest_texted" => "had a guest's link sent by text message".to_owned(),
        other => format!("did something ({})", other.replace('_', " ")),
    };
    let by = act.by.as_deref().unwrap_or("Somebody");
    let why = act.reason.as_ref().map(|reason| format!(" Why: {reason}.")).unwrap_or_default();
    let outcome = came_to(Language::English, &act.outcome);
    format!("{by} {did}: {outcome}.{why}")
}

pub(super) fn mark(mark: Mark, late_by_s: i64) -> String {
    match mark {
        Mark::Late => format!("late by {}", lateness(late_by_s)),
        Mark::Duplicate => "duplicate".to_owned(),
        Mark::Repaired => "repaired".to_owned(),
        Mark::Ignored => "ignored".to_owned(),
    }
}
