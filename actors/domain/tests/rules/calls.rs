//! The life of an intent: begun, failed, tried again, given up, healed, lost.

use crate::common::facts::MEETING;
use crate::common::story::{Story, ada, dr, patient_launch, provider_launch};
use crate::common::zoom::{answer, failed, is_create, is_ensure, is_register};
use vestibule_domain::command::Command;
use vestibule_domain::intent::{IntentOutcome, ProblemCode, Retry};
use vestibule_domain::time::Span;
use vestibule_domain::visit::CallState;

/// A provider has launched and his Zoom user is being looked for.
fn launched() -> Story {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story
}

/// Goes on to the visit's next deadline.
fn to_the_next_deadline(story: &mut Story) {
    story.now = story.visit.wake(&story.policy, story.now).unwrap();
    story.tick();
}

#[test]
fn a_failure_is_tried_again_after_a_growing_wait() {
    let mut story = launched();
    let mut waits = Vec::new();
    for attempt in 1..=8 {
        let call = story.call(is_ensure);
        assert_eq!(call.attempt, attempt);
        story.close(&call, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
        assert!(story.visit.problems.contains_key(&ProblemCode::ZoomUnavailable));
        let before = story.now;
        to_the_next_deadline(&mut story);
        waits.push((story.now - before).0);
    }
    for (wait, bound) in waits.iter().zip([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]) {
        assert!((bound / 2..=bound).contains(wait), "{wait} of {bound}");
    }
    story.zoom_answers();
    assert!(story.visit.problems.is_empty() && story.visit.meeting.is_some());
}

// 34: what Zoom asks for is waited for.
#[test]
fn a_wait_that_zoom_asked_for_is_kept() {
    let mut story = launched();
    let call = story.call(is_ensure);
    story.close(&call, failed(ProblemCode::ZoomRateLimited, Retry::After(Some(Span::hours(3)))));
    story.now.0 += Span::hours(3).0 - 1;
    story.tick();
    assert!(story.begun.is_empty());
    story.now.0 += 1;
    story.tick();
    story.call(is_ensure);
}

// 32, 33: what only people can mend is not tried in a loop, and the next launch tries it.
#[test]
fn a_call_that_is_given_up_is_healed_by_the_next_launch_of_a_provider() {
    for problem in [ProblemCode::NoSeat, ProblemCode::UserPending] {
        let mut story = launched();
        let call = story.call(is_ensure);
        story.close(&call, failed(problem, Retry::Never));
        for hour in 1..20 {
            story.at(hour * 3_600).tick();
        }
        assert!(story.begun.is_empty() && story.visit.problems.contains_key(&problem));
        story.launch(patient_launch("ada"));
        assert!(story.begun.is_empty(), "a patient's launch mends no provider");
        story.at(20 * 3_600 + 1).launch(provider_launch("dr"));
        assert_eq!(story.call(is_ensure).attempt, 1);
        story.zoom_answers();
        assert!(!story.visit.problems.contains_key(&problem));
    }
}

// 34: a wait for an administrator or for the next day ends when somebody comes who wants the call; a wait for what is in doubt does not.
#[test]
fn a_long_wait_ends_with_the_next_launch_of_a_provider_unless_something_is_in_doubt() {
    for problem in [ProblemCode::ZoomUnauthorized, ProblemCode::ZoomRateLimited] {
        let mut story = launched();
        let call = story.call(is_ensure);
        story.close(&call, failed(problem, Retry::After(Some(Span::hours(9)))));
        story.at(60).launch(patient_launch("ada"));
        assert!(story.begun.is_empty(), "a patient's launch mends no provider");
        story.at(61).launch(provider_launch("dr"));
        story.call(is_ensure);
    }
    let mut story = launched();
    story.zoom_answers_all_but(is_create);
    let create = story.call(is_create);
    story.close(&create, IntentOutcome::Ambiguous);
    story.at(1).launch(provider_launch("dr"));
    assert!(story.begun.is_empty(), "the meeting may still be in the making");
}

#[test]
fn a_call_that_fails_for_ever_is_given_up() {
    for outcome in [failed(ProblemCode::ZoomUnavailable, Retry::After(None)), IntentOutcome::Ambiguous] {
        let mut story = launched();
        let mut attempts = 0;
        while let Some(call) = story.begun.first().cloned() {
            attempts += 1;
            story.close(&call, outcome.clone());
            // Other deadlines lie between its attempts.
            let waits = |story: &Story| {
                story.visit.calls.values().any(|open| matches!(open.state, CallState::Waiting { .. }))
            };
            while story.begun.is_empty() && waits(&story) {
                to_the_next_deadline(&mut story);
            }
        }
        assert_eq!(attempts, 100);
        let states: Vec<CallState> = story.visit.calls.values().map(|open| open.state).collect();
        assert_eq!(states, [CallState::Blocked]);
    }
}

#[test]
fn making_and_looking_in_turn_is_given_up_too() {
    let mut story = launched();
    story.zoom_answers_all_but(is_create);
    let mut attempts = 0;
    while let Some(call) = story.begun.first().cloned() {
        attempts += 1;
        let outcome =
            if is_create(&call.call) { IntentOutcome::Ambiguous } else { IntentOutcome::Found(Vec::new()) };
        story.close(&call, outcome);
        if story.begun.is_empty() {
            to_the_next_deadline(&mut story);
        }
    }
    assert_eq!(attempts, 100);
    story.now.0 += 1000;
    story.launch(provider_launch("dr"));
    assert_eq!(story.begun.len(), 1, "the next launch of a provider tries again");
}

#[test]
fn a_lost_call_is_made_again_after_its_time_and_a_margin() {
    let mut story = launched();
    let call = story.call(is_ensure);
    let due = call.not_after + story.policy.margin;
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(due));
    story.now = due;
    story.tick();
    let again = story.call(is_ensure);
    assert_eq!((again.attempt, again.not_after), (2, due + story.policy.call));
    assert_ne!(again.id, call.id, "a late answer is never taken for the answer of a newer attempt");
    // The late answer of the lost one names no meeting, so it changes nothing; the new one's counts.
    let before = story.visit.clone();
    story.take(Command::IntentClosed { intent: call.id, outcome: answer(&call, MEETING) });
    assert_eq!(story.visit, before);
    story.zoom_answers();
    assert!(story.visit.participants[&dr()].zoom_user.is_some());
}

#[test]
fn an_answer_that_fits_no_call_neither_helps_nor_runs_in_circles() {
    let mut story = launched();
    let call = story.call(is_ensure);
    story.close(&call, IntentOutcome::Deleted);
    assert!(story.begun.is_empty() && story.visit.participants[&dr()].zoom_user.is_none());
    let wake = story.visit.wake(&story.policy, story.now).unwrap();
    assert!(wake >= call.not_after, "tried again in its time");
}

#[test]
fn a_copy_of_an_answer_changes_nothing() {
    let mut story = Story::ready();
    story.launch(patient_launch("ada"));
    let intents: Vec<_> = (1..=story.visit.last_intent).map(vestibule_domain::intent::IntentId).collect();
    let before = story.visit.clone();
    for intent in intents {
        for outcome in [IntentOutcome::Indexed, IntentOutcome::MeetingGone, IntentOutcome::Ambiguous] {
            story.take(Command::IntentClosed { intent, outcome });
        }
    }
    assert_eq!(story.visit, before);
}

#[test]
fn no_link_leaves_before_the_index_is_written() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.launch(provider_launch("dr"));
    let is_index = |call: &vestibule_domain::intent::ZoomCall| {
        matches!(call, vestibule_domain::intent::ZoomCall::IndexMeeting { .. })
    };
    story.zoom_answers_all_but(is_index);
    assert!(story.visit.participants[&ada()].link.is_some());
    assert_eq!(story.visit.way_in(&dr(), &story.policy), None);
    story.zoom_answers();
    assert!(story.visit.way_in(&dr(), &story.policy).is_some());
}

#[test]
fn what_nobody_wants_any_more_is_not_tried_again() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story.zoom_answers();
    story.launch(patient_launch("ada"));
    let call = story.call(is_register);
    story.close(&call, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    story.fact(crate::common::facts::fact(vestibule_domain::fact::FactKind::Deleted, "U0", 1));
    assert!(story.visit.calls.is_empty());
}
