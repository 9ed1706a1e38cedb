//! The meeting is read where its events do not come: first some seconds after the provider's launch, then again and again while a
//! patient waits.

use crate::common::at;
use crate::common::facts::MEETING;
use crate::common::facts::{fact, of, patient, provider};
use crate::common::story::{Story, ada, patient_launch, provider_launch};
use crate::common::zoom::{AUTOMATIC, failed, is_read, link};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{Ended, Joined, JoinedWaitingRoom, Started};
use vestibule_domain::intent::{IntentOutcome, MeetingSettings, ProblemCode, Retry};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::repair::Missing;
use vestibule_domain::visit::{Phase, Visit, WayIn};

fn read(started: bool) -> IntentOutcome {
    IntentOutcome::Read { started, effective: AUTOMATIC }
}

/// Ticks as the visit asks for, with the page giving its sign every half minute, and answers readings; says when each was begun.
fn readings(story: &mut Story, until: Moment, page_open: bool, started: impl Fn(Moment) -> bool) -> Vec<i64> {
    let mut seconds = Vec::new();
    let mut sign = story.now;
    while let Some(wake) = story.visit.wake(&story.policy, story.now) {
        let next = if page_open { wake.min(sign + vestibule_domain::time::Span::seconds(30)) } else { wake };
        if next > until {
            break;
        }
        story.now = next;
        if page_open && next > sign {
            story.take(Command::PageSeen { participant: ada() });
            sign = next;
        }
        story.tick();
        if let Some(intent) = story.begun.iter().find(|intent| is_read(&intent.call)).cloned() {
            seconds.push((story.now - at(0)).0 / 1000);
            let outcome = read(started(story.now));
            story.close(&intent, outcome);
        }
    }
    seconds
}

#[test]
fn a_meeting_is_read_ten_seconds_after_the_launch_and_every_fifteen() {
    let mut story = Story::ready();
    // The page's sign at 30 s makes the visit be looked at, but does not bring the reading forward.
    assert_eq!(readings(&mut story, at(80), true, |_| false), [15, 30, 45, 60, 75]);
}

#[test]
fn a_reading_that_shows_it_started_lets_the_patient_in() {
    let mut story = Story::ready();
    assert_eq!(readings(&mut story, at(40), true, |now| now >= at(20)), [15, 30]);
    assert_eq!(story.visit.phase, Phase::InProgress);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", MEETING))));
    // While only a reading says so, it is read more seldom; and one that shows the end ends it.
    assert_eq!(readings(&mut story, at(200), false, |now| now < at(140)), [90, 150]);
    assert_eq!(story.visit.phase, Phase::Ended);
}

// Each way in which a reading puts something right is marked, and nothing else is.
#[test]
fn what_a_reading_puts_right_is_marked() {
    let marks = |story: &Story| -> Vec<(Missing, i64)> {
        story.visit.repairs.iter().map(|repair| (repair.missing, (repair.at - at(0)).0 / 1000)).collect()
    };
    let mut story = Story::ready();
    readings(&mut story, at(14), true, |_| false);
    assert!(marks(&story).is_empty());
    readings(&mut story, at(40), true, |now| now >= at(20));
    assert_eq!(marks(&story), [(Missing::Start, 30)]);
    readings(&mut story, at(200), false, |now| now < at(140));
    assert_eq!(marks(&story), [(Missing::Start, 30), (Missing::End, 150)]);
    // What events tell needs no mark, and a reading that agrees with them changes nothing.
    let mut story = Story::ready();
    story.at(20).facts([fact(Started, "U1", 12), of(&provider("dr", "d1"), Joined, "U1", 13)]);
    readings(&mut story, at(3_000), false, |_| true);
    assert!(marks(&story).is_empty(), "{:?}", story.visit.repairs);
    // An end that was never told: the meeting has been silent for long, and Zoom says that it waits.
    readings(&mut story, at(9_000), false, |_| false);
    assert_eq!(marks(&story).len(), 1);
    assert_eq!((marks(&story)[0].0, story.visit.phase), (Missing::End, Phase::Ended));
    let written = serde_json::to_string(&story.visit).unwrap();
    assert_eq!(serde_json::from_str::<Visit>(&written).unwrap(), story.visit);
}

#[test]
fn only_the_newest_marks_are_kept() {
    let mut story = Story::ready();
    readings(&mut story, at(9_000), true, |now| (now.0 / 60_000) % 2 == 0);
    assert_eq!(story.visit.repairs.len(), 16);
}

#[test]
fn an_end_that_is_told_later_closes_what_a_reading_opened() {
    let mut story = Story::ready();
    readings(&mut story, at(40), true, |_| true);
    let mut earlier = story.clone();
    earlier.fact(fact(Ended, "U1", 10));
    assert_eq!(earlier.visit.phase, Phase::InProgress, "an end from before the reading");
    story.at(60).fact(fact(Ended, "U1", 55));
    assert_eq!(story.visit.phase, Phase::Ended);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None);
}

#[test]
fn events_end_the_readings() {
    let mut story = Story::ready();
    story.at(12).fact(fact(Started, "U1", 12));
    assert_eq!(readings(&mut story, at(300), true, |_| true), [0; 0]);
    assert_eq!(story.presence(&ada()), Presence::Waiting);
}

// The leaves and the end of a meeting may all be lost; no light burns until no meeting could last so long.
#[test]
fn a_live_meeting_of_which_nothing_is_heard_is_read_and_closed_when_it_is_not_there() {
    let mut story = Story::talking();
    let over = at(90 * 60);
    assert_eq!(readings(&mut story, at(3 * 3_600), false, |now| now < over), [620, 2_420, 4_220, 6_020]);
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::Ended, Presence::Gone));
    assert_eq!(story.lights(&ada()), [true, false]);
    // An event of before says nothing against it, one of after does: a reading is no end that was told.
    story.fact(of(&patient("ada", "g2"), Joined, "U1", 6_000));
    assert_eq!(story.visit.phase, Phase::Ended);
    story.at(6_100).fact(of(&patient("ada", "g2"), Joined, "U1", 6_099));
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::InProgress, Presence::InMeeting));
}

#[test]
fn a_reading_closes_nothing_of_which_something_was_just_heard() {
    let mut story = Story::talking();
    story.at(600).tick();
    story.at(620).tick();
    let reading = story.call(is_read);
    story.at(622).fact(of(&patient("bob", "b1"), Joined, "U1", 621));
    story.close(&reading, read(false));
    assert_eq!(story.visit.phase, Phase::InProgress);
}

#[test]
fn after_the_store_went_back_epic_is_told_again_and_zoom_is_asked() {
    let mut story = Story::talking();
    story.at(300).take(Command::StoreWentBack);
    assert_eq!(story.lights(&ada()), [true, true]);
    let reading = story.call(is_read);
    story.close(&reading, read(true));
    assert_eq!(story.visit.phase, Phase::InProgress);
    assert!(story.visit.calls.is_empty(), "it is not asked again and again");
    // Had the end been lost with the store, the reading would find it.
    let mut ended = Story::talking();
    ended.at(300).take(Command::StoreWentBack);
    let reading = ended.call(is_read);
    ended.close(&reading, read(false));
    assert_eq!(ended.visit.phase, Phase::Ended);
}

// The patient had gone in, and Epic had been told so, after the store was copied.
#[test]
fn after_a_restore_epic_is_told_of_everybody_and_a_meeting_that_may_run_is_read() {
    let gone_in = |restored_until| {
        let mut story = Story::ready();
        story.policy.markers.restored_until = restored_until;
        story.at(6).take(Command::Departed { participant: ada() });
        story.at(900).take(Command::StoreWentBack);
        story
    };
    let held = gone_in(None);
    assert_eq!(held.lights(&ada()), [true; 0], "whoever holds the visit knows that Epic was told nothing");
    assert!(held.begun.is_empty());
    let mut story = gone_in(Some(at(100_000)));
    assert_eq!(story.lights(&ada()), [false]);
    let reading = story.call(is_read);
    story.close(&reading, read(true));
    assert_eq!(story.visit.phase, Phase::InProgress);
    assert_eq!(story.visit.repairs.len(), 1);
    assert!(
        !story.at(901).tick().begun.iter().any(|intent| is_read(&intent.call) && intent.id != reading.id)
    );
}

#[test]
fn nothing_is_read_when_nobody_waits() {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    assert_eq!(readings(&mut story, at(300), false, |_| true), [0; 0]);
    // The page of a patient who went to sleep gives no sign: he no longer waits, and reading stops.
    let mut asleep = Story::ready();
    assert_eq!(readings(&mut asleep, at(400), false, |_| false), [15, 30, 45, 60, 75]);
    assert_eq!(asleep.presence(&ada()), Presence::Gone);
}

#[test]
fn nothing_is_read_before_a_provider_launches() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    assert_eq!(readings(&mut story, at(300), true, |_| true), [0; 0]);
}

#[test]
fn after_an_end_only_a_new_launch_of_a_provider_starts_the_readings_again() {
    let mut story = Story::ready();
    story.facts([fact(Started, "U1", 12), fact(Ended, "U1", 60)]).at(70);
    story.launch(patient_launch("ada"));
    assert_eq!(readings(&mut story, at(200), true, |_| true), [0; 0]);
    story.launch(provider_launch("dr"));
    let launched = (story.now - at(0)).0 / 1000;
    assert_eq!(readings(&mut story, at(launched + 12), true, |_| true), [launched + 10]);
    assert_eq!(story.visit.phase, Phase::InProgress);
}

#[test]
fn a_meeting_that_nobody_starts_is_not_read_for_ever() {
    let mut story = Story::ready();
    let seconds = readings(&mut story, at(10 * 3_600), true, |_| false);
    assert!(seconds.len() <= 961 && *seconds.last().unwrap() <= 4 * 3_600 + 30, "{}", seconds.len());
}

#[test]
fn a_reading_that_fails_backs_off_and_one_that_is_refused_stops() {
    let mut story = Story::ready();
    story.at(15).tick();
    let call = story.call(is_read);
    story.close(&call, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    let wake = story.visit.wake(&story.policy, story.now).unwrap();
    assert!(wake > story.now, "no look before the next attempt");
    story.now = wake;
    story.tick();
    let call = story.call(is_read);
    story.close(&call, failed(ProblemCode::ZoomUnauthorized, Retry::Never));
    assert!(story.visit.wake(&story.policy, story.now).unwrap() > story.now);
    story.at(60).tick();
    assert!(story.begun.is_empty() && story.visit.problems.contains_key(&ProblemCode::ZoomUnauthorized));
}

#[test]
fn a_reading_shows_settings_that_were_changed() {
    let mut story = Story::ready();
    story.at(15).tick();
    let call = story.call(is_read);
    let effective = MeetingSettings { waiting_room: true, ..AUTOMATIC };
    story.close(&call, IntentOutcome::Read { started: true, effective });
    assert!(story.visit.problems.contains_key(&ProblemCode::WaitingRoomLocked));
    assert_eq!(story.visit.meeting.as_ref().unwrap().effective(), effective);
}

// 48: the patient waited, nobody came, and the window is over.
#[test]
fn a_visit_whose_provider_never_came_is_let_go_and_its_arrival_kept_until_then() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    readings(&mut story, at(600), true, |_| true);
    assert_eq!((story.visit.phase, story.presence(&ada())), (Phase::WaitingForHost, Presence::Waiting));
    let mut ticks = 0;
    while story.forgotten == 0 {
        story.now = story.visit.wake(&story.policy, story.now).unwrap();
        story.tick();
        ticks += 1;
    }
    assert!(ticks < 10, "{ticks}");
    assert!(story.now <= at(600) + story.policy.reopen + story.policy.keep);
}

#[test]
fn somebody_in_zooms_waiting_room_keeps_nobody_reading() {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    story.at(12).facts([
        of(&provider("dr", "p1"), Joined, "U1", 12),
        of(&patient("ada", "g1"), JoinedWaitingRoom, "U1", 13),
    ]);
    assert_eq!(readings(&mut story, at(300), false, |_| true), [0; 0]);
}
