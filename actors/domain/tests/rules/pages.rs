//! An open waiting page makes its person wait, until it gives no sign any more, is left, or its person is in Zoom.

use crate::common::at;
use crate::common::facts::{fact, of, patient, provider};
use crate::common::story::{Story, ada};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{Ended, Joined, Left, Started};
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::Presence::{Gone, InMeeting, Waiting};

fn page_seen() -> Command {
    Command::PageSeen { participant: ada() }
}

#[test]
fn a_page_counts_as_long_as_it_gives_signs() {
    let mut story = Story::ready();
    story.at(60).take(page_seen()).at(149).tick();
    assert_eq!(story.presence(&ada()), Waiting);
    story.at(150).tick();
    assert_eq!(story.presence(&ada()), Gone);
    story.at(200).take(page_seen());
    assert_eq!(story.presence(&ada()), Waiting, "a phone that slept wakes up");
}

#[test]
fn whoever_was_sent_to_zoom_no_longer_waits_here() {
    let mut story = Story::ready();
    story.at(20).take(Command::Departed { participant: ada() });
    assert_eq!(story.presence(&ada()), Gone);
    story.at(50).take(page_seen());
    assert_eq!(story.presence(&ada()), Waiting, "back on the page");
}

#[test]
fn joining_ends_the_wait_on_the_page_even_where_it_was_not_seen_to_be_left() {
    let ada_in = |kind, second| of(&patient("ada", "g1"), kind, "U1", second);
    for facts in [[ada_in(Joined, 20), ada_in(Left, 40)], [ada_in(Left, 40), ada_in(Joined, 20)]] {
        let mut story = Story::ready();
        story.at(15).take(page_seen()).at(41);
        story.facts([fact(Started, "U1", 10), of(&provider("dr", "p1"), Joined, "U1", 10)]).facts(facts);
        assert_eq!(story.presence(&ada()), Gone);
        let mut ended = story.clone();
        ended.at(42).fact(fact(Ended, "U1", 42));
        assert_eq!(ended.presence(&ada()), Gone);
        // A page that is open after the join waits again.
        story.at(45).take(page_seen());
        assert_eq!(story.presence(&ada()), Waiting);
    }
}

#[test]
fn a_sign_in_the_second_of_the_join_is_one_of_before_it() {
    let mut story = Story::ready();
    story.now = at(20) + Span(300);
    story.take(page_seen());
    // Joined at 20.7, which Zoom tells as 20.
    story.at(21).facts([fact(Started, "U1", 10), of(&patient("ada", "g1"), Joined, "U1", 20)]);
    story.at(31).fact(of(&patient("ada", "g1"), Left, "U1", 30));
    assert_eq!(story.presence(&ada()), Gone);
}

#[test]
fn a_second_tab_does_not_hide_that_its_person_is_in_the_meeting() {
    let mut story = Story::ready();
    story.at(20).fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    story.at(50).take(page_seen());
    assert_eq!(story.presence(&ada()), InMeeting);
}
