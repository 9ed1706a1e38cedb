//! Somebody on duty has another meeting made in the place of a broken one (I12).

use crate::common::facts::{self, MEETING, fact, of};
use crate::common::story::{Story, ada, dr, provider_launch};
use crate::common::zoom::{is_create, is_delete, link};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::fact::FactKind::{Deleted, Ended, Joined, Started};
use vestibule_domain::id::{CommandId, MeetingId};
use vestibule_domain::intent::ZoomCall;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::{MOST_MEETINGS, NotAgain, Phase, WayIn};

const SECOND: MeetingId = MeetingId(MEETING.0 + 1);

fn again(although_inside: bool) -> Command {
    Command::MakeAgain { meeting: MEETING, although_inside }
}

fn mine(story: &Story) -> Option<MeetingId> {
    story.visit.meeting.as_ref().map(|meeting| meeting.id)
}

fn refusal(story: &Story, although_inside: bool) -> Option<NotAgain> {
    story.visit.may_make_again(although_inside, &story.policy, story.now).err()
}

#[test]
fn another_meeting_is_made_and_the_old_one_removed() {
    let mut story = Story::ready();
    story.at(30).take(again(false));
    assert_eq!(
        (mine(&story), story.visit.way_in(&dr(), &story.policy)),
        (None, None),
        "nobody goes to the old one"
    );
    let delete = story.call(is_delete);
    assert_eq!(delete.call, ZoomCall::DeleteMeeting { meeting: MEETING });
    story.call(is_create);
    // A copy of the order, while the new one is being made, asks for no other.
    let before = story.visit.clone();
    story.take(again(true));
    assert_eq!(story.visit, before);
    story.zoom_answers();
    assert_eq!(mine(&story), Some(SECOND));
    assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(SECOND)));
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
    // Nor does one that comes when it is there.
    let before = story.visit.clone();
    story.at(31).take(again(true));
    assert_eq!(story.visit, before);
    // The patient on the waiting page goes on to the new one, whatever is told of the old one.
    story.facts([fact(Started, "U1", 40), of(&facts::provider("dr", "p1"), Joined, "U1", 40)]);
    assert_eq!((story.visit.phase, story.visit.way_in(&ada(), &story.policy)), (Phase::Ended, None));
    let mut live = fact(Started, "U2", 50);
    live.meeting = SECOND;
    story.fact(live);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", SECOND))));
}

#[test]
fn a_meeting_with_people_in_it_is_left_unless_that_is_wanted() {
    let mut story = Story::talking();
    let before = story.visit.clone();
    assert_eq!(refusal(&story, false), Some(NotAgain::PeopleInside));
    story.at(60).take(again(false));
    assert_eq!(story.visit, before);
    assert_eq!(refusal(&story, true), None);
    story.take(again(true));
    let presence = |story: &Story| [dr(), ada()].map(|key| story.visit.participants[&key].presence);
    assert_eq!(presence(&story), [Presence::Gone, Presence::Gone], "they are sent out of the old one");
    assert_eq!((story.lights(&ada()), story.lights(&dr())), (vec![true, false], vec![true, false]));
    story.zoom_answers();
    assert_eq!(mine(&story), Some(SECOND));
    // A meeting that they have left is no reason to wait.
    let mut left = Story::talking();
    left.fact(fact(Ended, "U1", 70)).at(80).take(again(false)).zoom_answers();
    assert_eq!(mine(&left), Some(SECOND));
}

#[test]
fn of_a_meeting_that_was_deleted_at_zoom_another_is_made_without_a_launch() {
    let mut story = Story::ready();
    story.at(20).fact(fact(Deleted, "U0", 20));
    assert_eq!((mine(&story), story.begun.len()), (None, 0));
    story.at(30).take(again(false));
    assert!(!story.begun.iter().any(|intent| is_delete(&intent.call)), "it is gone");
    story.zoom_answers();
    assert_eq!(mine(&story), Some(SECOND));
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
}

#[test]
fn what_there_is_not_is_not_made_again() {
    let mut story = Story::new();
    assert_eq!(refusal(&story, true), Some(NotAgain::NoMeeting));
    let before = story.visit.clone();
    story.take(again(true));
    assert_eq!(story.visit, before);
    // One that is being made is none yet.
    story.at(5).launch(provider_launch("dr"));
    assert_eq!(refusal(&story, true), Some(NotAgain::NoMeeting));

    let mut other = Story::ready();
    let before = other.visit.clone();
    other.take(Command::MakeAgain { meeting: MeetingId(999), although_inside: true });
    assert_eq!(other.visit, before, "it is about another");
    // An order that was on its way for too long.
    let id = CommandId::new("late").unwrap();
    let entry = Entry { id, at: other.now, command: again(true) };
    other.now = other.now + Span::minutes(10);
    other.tick();
    let before = other.visit.clone();
    other.take_entry(&entry);
    assert_eq!(other.visit, before);

    let mut over = Story::ready();
    over.facts([fact(Started, "U1", 12), fact(Ended, "U1", 100)]).at(13 * 3_600);
    assert_eq!(refusal(&over, true), Some(NotAgain::Over));
    over.take(again(true));
    assert_eq!(mine(&over), Some(MEETING));
}

#[test]
fn the_last_meeting_of_a_visit_is_not_given_up() {
    let mut story = Story::ready();
    for round in 0..2 * MOST_MEETINGS as u64 {
        let Some(meeting) = mine(&story) else { panic!("round {round}") };
        story.at(30 + round as i64).take(Command::MakeAgain { meeting, although_inside: false });
        story.zoom_answers();
    }
    assert_eq!(story.visit.deleted.len(), MOST_MEETINGS - 1);
    assert_eq!(refusal(&story, true), Some(NotAgain::TooMany));
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
}

// Zoom's times are in seconds, so that both may have started in the same one.
#[test]
fn the_new_meeting_is_the_newest_also_within_one_second() {
    for (first, second) in [("U1", "U2"), ("U2", "U1")] {
        let mut story = Story::ready();
        story.fact(fact(Started, first, 30)).at(30).take(again(true)).zoom_answers();
        let mut live = fact(Started, second, 30);
        live.meeting = SECOND;
        story.fact(live);
        assert_eq!(story.visit.phase, Phase::InProgress, "{first} {second}");
        assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", SECOND))));
    }
}
