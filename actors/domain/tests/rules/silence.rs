//! An end that Zoom never told: no light burns for ever, and no visit stays for ever.

use crate::common::facts::{fact, of, patient, provider, unnamed};
use crate::common::story::{Story, ada, dr};
use crate::common::zoom::{AUTOMATIC, is_read};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{Joined, Started, WaitingForHost};
use vestibule_domain::intent::IntentOutcome;
use vestibule_domain::time::Span;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::Presence;

/// Looks when the visit asks for it, until the visit is let go; says when it was seen to be over.
fn until_it_leaves(story: &mut Story, read: IntentOutcome) -> Option<Span> {
    let (begin, mut over) = (story.now, None);
    for _ in 0..500 {
        story.now = story.visit.wake(&story.policy, story.now).unwrap();
        story.tick();
        for intent in story.begun.iter().filter(|intent| is_read(&intent.call)).cloned().collect::<Vec<_>>() {
            story.close(&intent, read.clone());
        }
        for update in std::mem::take(&mut story.updates) {
            story.take(update.delivered());
        }
        let quiet = story.visit.phase != Phase::InProgress
            && story.visit.participants.values().all(|p| p.presence == Presence::Gone);
        over = over.or_else(|| quiet.then(|| story.now - begin));
        if story.forgotten > 0 {
            return over;
        }
    }
    None
}

#[test]
fn a_meeting_whose_end_was_lost_is_over_when_no_meeting_can_last_so_long() {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    story.facts([
        fact(Started, "U1", 10),
        of(&provider("dr", "p1"), Joined, "U1", 10),
        of(&patient("ada", "g1"), Joined, "U1", 12),
    ]);
    assert_eq!(until_it_leaves(&mut story, IntentOutcome::Ambiguous), Some(Span::hours(31)));
    assert!(!story.visit.participants[&dr()].light.connected);
    // The instance is over for good (I5).
    story.fact(of(&patient("ada", "g2"), Joined, "U1", 400));
    assert_eq!(story.visit.phase, Phase::Ended);
}

#[test]
fn a_long_meeting_of_which_something_is_heard_goes_on() {
    let mut story = Story::ready();
    story.facts([fact(Started, "U1", 10), of(&provider("dr", "p1"), Joined, "U1", 10)]);
    story.at(20 * 3_600).fact(of(&patient("ada", "g1"), Joined, "U1", 20 * 3_600));
    story.at(32 * 3_600).tick();
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::InProgress, Presence::InMeeting));
}

#[test]
fn old_facts_that_come_now_are_believed_and_not_taken_for_silence() {
    let mut story = Story::ready();
    story.at(90 * 24 * 3_600).facts([fact(Started, "U1", 10), of(&provider("dr", "p1"), Joined, "U1", 10)]);
    story.tick();
    assert_eq!((story.visit.phase, story.presence(&dr())), (Phase::InProgress, Presence::InMeeting));
}

#[test]
fn a_reading_that_showed_a_start_and_a_wait_before_the_host_do_not_hold_a_visit() {
    let mut read = Story::ready();
    let started = IntentOutcome::Read { started: true, effective: AUTOMATIC };
    let over = until_it_leaves(&mut read, started.clone()).unwrap();
    assert!(over <= Span::hours(36), "{over:?}");
    let mut waits = Story::ready();
    waits.at(6).take(Command::Departed { participant: ada() });
    waits.fact(of(&unnamed(&patient("ada", "g1")), WaitingForHost, "U0", 10));
    assert!(until_it_leaves(&mut waits, started).is_some());
}
