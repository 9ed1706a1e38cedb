//! Who was there is asked after an end that left somebody inside: at two minutes, and where Zoom does not list them yet, twice more.

use crate::common::at;
use crate::common::facts::{MEETING, anonymous, fact, of, patient, provider, user};
use crate::common::story::{Story, ada};
use crate::common::zoom::{AUTOMATIC, failed, is_delete, is_read, made};
use vestibule_domain::fact::FactKind::{Ended, Joined, JoinedWaitingRoom, Left, Started};
use vestibule_domain::fact::SessionKeys;
use vestibule_domain::id::{InstanceUuid, MeetingId};
use vestibule_domain::intent::{Intent, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::time::Span;
use vestibule_domain::visit::attendance::Attendance;
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::repair::Missing;
use vestibule_domain::visit::{CallState, Phase, Visit};

fn is_attendance(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::ReadAttendance { .. })
}

/// Zoom's list has no participant uuids.
fn row(keys: &SessionKeys, joined: i64, left: i64) -> Attendance {
    let keys = SessionKeys { participant: None, ..keys.clone() };
    Attendance { keys, waiting_room: false, joined: at(joined), left: at(left) }
}

/// The visit is over at 600 s, and nothing ever told that ada left.
fn over() -> Story {
    let mut story = Story::talking();
    story.at(601).facts([of(&provider("dr", "p1"), Left, "U1", 599), fact(Ended, "U1", 600)]);
    story
}

/// Ticks as the visit asks for until it asks who was there, or for two hours; says when that was.
fn asks(story: &mut Story) -> Option<(i64, Intent)> {
    let until = story.now + Span::hours(2);
    loop {
        if let Some(intent) = story.begun.iter().find(|intent| is_attendance(&intent.call)) {
            return Some(((story.now - at(0)).0 / 1000, intent.clone()));
        }
        story.now = story.visit.wake(&story.policy, story.now).filter(|wake| *wake <= until)?;
        story.tick();
    }
}

fn repairs(story: &Story) -> Vec<Missing> {
    story.visit.repairs.iter().map(|repair| repair.missing).collect()
}

fn open(story: &Story) -> bool {
    let instance = &story.visit.instances[&InstanceUuid::new("U1").unwrap()];
    instance.presences().iter().any(|session| session.presence > Presence::Gone)
}

#[test]
fn a_leave_that_was_never_told_is_read_two_minutes_after_the_end() {
    let mut story = over();
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::Ended, Presence::Gone));
    let (second, intent) = asks(&mut story).unwrap();
    assert_eq!(second, 720);
    let instance = InstanceUuid::new("U1").unwrap();
    assert_eq!(intent.call, ZoomCall::ReadAttendance { meeting: MEETING, instance });
    let lights = story.lights(&ada());
    story.close(
        &intent,
        IntentOutcome::Attended(vec![
            row(&provider("dr", "p1"), 12, 599),
            row(&patient("ada", "g1"), 20, 580),
            row(&anonymous("interpreter", "i1"), 30, 500),
        ]),
    );
    assert!(!open(&story));
    assert_eq!(repairs(&story), [Missing::Leave]);
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::Ended, Presence::Gone));
    assert_eq!(story.lights(&ada()), lights, "Epic was told at the end, and is told nothing more");
    assert_eq!(asks(&mut story), None, "nothing is left to ask");
    let written = serde_json::to_string(&story.visit).unwrap();
    assert_eq!(serde_json::from_str::<Visit>(&written).unwrap(), story.visit);
}

#[test]
fn nobody_asks_where_everybody_was_told_to_have_left_or_the_meeting_lives() {
    let mut story = over();
    story.at(660).fact(of(&patient("ada", "g1"), Left, "U1", 598));
    assert_eq!(asks(&mut story), None);
    let mut live = Story::ready();
    live.at(12).facts([fact(Started, "U1", 12), of(&provider("dr", "p1"), Joined, "U1", 12)]);
    let until = live.now + Span::hours(3);
    while live.now < until {
        live.now = live.visit.wake(&live.policy, live.now).unwrap();
        live.tick();
        assert!(!live.begun.iter().any(|intent| is_attendance(&intent.call)));
        live.zoom_answers_all_but(is_read);
        let reading = live.begun.first().cloned();
        if let Some(reading) = reading {
            let effective = live.visit.meeting.as_ref().unwrap().answered;
            live.close(&reading, IntentOutcome::Read { started: true, effective });
        }
    }
}

// 47: Zoom lists nobody where one person attended, and for some time nobody at all.
#[test]
fn an_empty_list_changes_nothing_and_is_asked_for_twice_more() {
    let mut story = over();
    let mut seconds = Vec::new();
    for untold in [IntentOutcome::Attended(Vec::new()), IntentOutcome::MeetingGone] {
        let (second, intent) = asks(&mut story).unwrap();
        seconds.push(second);
        let before = story.visit.instances.clone();
        story.close(&intent, untold);
        assert_eq!(story.visit.instances.len(), before.len());
        assert!(open(&story) && repairs(&story).is_empty());
        assert!(story.visit.meeting.is_some(), "that an instance is not listed says nothing of the meeting");
    }
    let (second, intent) = asks(&mut story).unwrap();
    seconds.push(second);
    assert_eq!(seconds, [720, 1_500, 4_200]);
    story.close(&intent, IntentOutcome::Attended(Vec::new()));
    assert_eq!(asks(&mut story), None);
    assert!(story.visit.calls.is_empty() && story.visit.problems.is_empty());
}

#[test]
fn what_zoom_does_not_tell_is_no_problem_of_the_visit() {
    let mut story = over();
    let (_, intent) = asks(&mut story).unwrap();
    story.close(&intent, failed(ProblemCode::ZoomRateLimited, Retry::After(Some(Span::minutes(5)))));
    assert!(story.visit.problems.is_empty());
    let (second, intent) = asks(&mut story).unwrap();
    assert_eq!(second, 1_020, "what can pass is waited for");
    story.close(&intent, failed(ProblemCode::ZoomUnauthorized, Retry::Never));
    assert!(story.visit.problems.is_empty() && story.visit.calls.is_empty());
    assert_eq!(asks(&mut story), None, "what cannot pass is given up");
}

// An edge that answers with something else is wrong; a meeting that is named by it must not be forgotten all the same.
#[test]
fn a_meeting_in_an_answer_of_another_kind_is_removed() {
    let mut story = over();
    let (_, intent) = asks(&mut story).unwrap();
    let other = made(MeetingId(2), &user("dr"), AUTOMATIC);
    story.close(&intent, IntentOutcome::Found(vec![other]));
    assert!(story.visit.superfluous.contains(&MeetingId(2)));
    story.call(is_delete);
    assert!(asks(&mut story).is_some(), "and it is asked again who was there");
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let mut story = over();
    let (_, first) = asks(&mut story).unwrap();
    story.begun.clear();
    let (_, second) = asks(&mut story).unwrap();
    assert_eq!((second.attempt, second.call.clone()), (first.attempt + 1, first.call));
    assert_eq!(story.visit.calls[&second.id].state, CallState::Running);
}

// Somebody may have come back by the time of the answer: what is listed closes only the stay that it names.
#[test]
fn a_list_of_an_instance_says_nothing_of_the_next() {
    let mut story = over();
    let (_, intent) = asks(&mut story).unwrap();
    story.at(725).facts([
        fact(Started, "U2", 722),
        of(&provider("dr", "p2"), Joined, "U2", 722),
        of(&patient("ada", "g2"), Joined, "U2", 724),
    ]);
    story.close(&intent, IntentOutcome::Attended(vec![row(&patient("ada", "g1"), 20, 580)]));
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::InProgress, Presence::InMeeting));
    assert_eq!(repairs(&story), [Missing::Leave]);
}

#[test]
fn a_later_start_ends_an_instance_whose_end_was_never_told() {
    let mut story = Story::ready();
    story.at(12).facts([fact(Started, "U1", 12), of(&patient("ada", "g1"), Joined, "U1", 20)]);
    story.at(300).facts([fact(Started, "U2", 300), of(&provider("dr", "p2"), Joined, "U2", 300)]);
    let (second, intent) = asks(&mut story).unwrap();
    assert_eq!(second, 420);
    assert!(matches!(intent.call, ZoomCall::ReadAttendance { instance, .. } if instance.as_str() == "U1"));
}

#[test]
fn a_stay_in_the_waiting_room_ends_there() {
    let mut story = over();
    story.fact(of(&anonymous("bob", "b1"), JoinedWaitingRoom, "U1", 40));
    let (_, intent) = asks(&mut story).unwrap();
    let waiting = Attendance { waiting_room: true, ..row(&anonymous("bob", "b1"), 40, 90) };
    story.close(&intent, IntentOutcome::Attended(vec![row(&patient("ada", "g1"), 20, 580), waiting]));
    assert!(!open(&story));
}
