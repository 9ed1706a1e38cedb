//! Links for guests: good for one person and one visit, until they run out or are taken back. And the end that somebody orders.

use crate::common::at;
use crate::common::facts::{MEETING, fact, of, patient, registrant};
use crate::common::story::{Story, dr, launch, provider_launch};
use crate::common::zoom::{answer, failed};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::fact::FactKind::{Ended, Joined, Started};
use vestibule_domain::id::{CommandId, GuestLinkId, MeetingId};
use vestibule_domain::intent::{Intent, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::visit::guest::{Invitation, MOST_GUEST_LINKS, guest_of};
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal, Phase};

fn link(name: &str) -> GuestLinkId {
    GuestLinkId::new(name).unwrap()
}

fn comes_by(name: &str) -> Launch {
    Launch { external_id: None, csn: None, ..launch(Role::Guest, link(name).as_reference(), "none") }
}

fn invite(story: &mut Story, name: &str, until: i64) {
    story.take(Command::GuestInvited {
        link: link(name),
        invitation: Invitation { name: None, expires_at: at(until), patient_csn: None },
    });
}

fn is_cancel(intent: &&Intent) -> bool {
    matches!(intent.call, ZoomCall::CancelRegistrants { .. })
}

/// A meeting that runs, and a guest who has come by a link.
fn with_guest() -> Story {
    let mut story = Story::ready();
    story.at(1).fact(fact(Started, "U1", 1));
    invite(&mut story, "ivan", 600);
    assert!(matches!(story.launch(comes_by("ivan")), LaunchOutcome::Accepted { .. }));
    story.zoom_answers();
    story
}

#[test]
fn a_link_lets_one_guest_in_who_turns_no_light_on() {
    let mut story = with_guest();
    let guest = guest_of(&link("ivan"));
    assert!(story.visit.way_in(&guest, &story.policy).is_some());
    let before = story.visit.participants[&guest].light.decided;
    story.fact(of(&patient("ivan", "phone"), Joined, "U1", 9));
    assert_eq!(story.visit.participants[&guest].presence, Presence::InMeeting);
    assert_eq!(story.visit.participants[&guest].light.decided, before, "Epic does not know guests");
}

#[test]
fn a_link_that_nobody_made_or_that_has_run_out_opens_nothing() {
    let mut story = Story::ready();
    assert_eq!(story.launch(comes_by("mallory")), LaunchOutcome::Refused(LaunchRefusal::Expired));
    invite(&mut story, "ivan", 600);
    story.at(600);
    assert_eq!(story.launch(comes_by("ivan")), LaunchOutcome::Refused(LaunchRefusal::Expired));
    assert!(!story.visit.participants.contains_key(&guest_of(&link("ivan"))));
}

#[test]
fn whoever_came_in_time_stays_when_the_link_runs_out() {
    let mut story = with_guest();
    story.at(3_600).tick();
    assert!(story.visit.way_in(&guest_of(&link("ivan")), &story.policy).is_some());
}

#[test]
fn a_revoked_link_leads_nowhere_and_what_it_led_to_is_cancelled_at_zoom() {
    let mut story = with_guest();
    story.take(Command::GuestRevoked { link: link("ivan") });
    let guest = guest_of(&link("ivan"));
    assert_eq!(story.visit.way_in(&guest, &story.policy), None);
    assert_eq!(story.launch(comes_by("ivan")), LaunchOutcome::Refused(LaunchRefusal::Revoked));
    let cancel = story.begun.iter().find(is_cancel).unwrap().clone();
    let ZoomCall::CancelRegistrants { meeting, registrants } = &cancel.call else { panic!("another call") };
    assert_eq!((*meeting, registrants.clone()), (MEETING, vec![registrant("ivan", MEETING)]));
    // Until Zoom has done it, it is asked again.
    story.close(&cancel, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    story.at(120).tick();
    let again = story.begun.iter().find(is_cancel).unwrap().clone();
    story.close(&again, answer(&again, MEETING));
    story.at(600).tick();
    assert!(!story.begun.iter().any(|intent| is_cancel(&intent)), "it is done");
    assert!(story.visit.is_told());
}

// The registration was under way when the link was taken back.
#[test]
fn a_link_of_zooms_that_comes_after_the_revocation_is_cancelled_too() {
    let mut story = Story::ready();
    story.fact(fact(Started, "U1", 1));
    invite(&mut story, "ivan", 600);
    story.launch(comes_by("ivan"));
    let register = story.call(|call| matches!(call, ZoomCall::Register { .. }));
    story.take(Command::GuestRevoked { link: link("ivan") });
    story.close(&register, answer(&register, MEETING));
    assert_eq!(story.visit.way_in(&guest_of(&link("ivan")), &story.policy), None);
    assert!(story.begun.iter().any(|intent| is_cancel(&intent)));
}

#[test]
fn the_links_of_a_visit_are_bounded_and_those_that_are_good_are_kept() {
    let mut story = Story::ready();
    for n in 0..MOST_GUEST_LINKS + 3 {
        invite(&mut story, &format!("g{n}"), 600);
    }
    assert_eq!(story.visit.guests.len(), MOST_GUEST_LINKS);
    assert!(!story.visit.may_invite(at(10)) && story.visit.may_invite(at(600)));
    for round in 1..9 {
        story.at(600 * round);
        for n in 0..MOST_GUEST_LINKS {
            invite(&mut story, &format!("r{round}-{n}"), 600 * (round + 1));
        }
    }
    assert!(story.visit.guests.len() <= 64);
    let good = story.visit.guests.values().filter(|link| link.is_good(at(600 * 8)));
    assert_eq!(good.count(), MOST_GUEST_LINKS);
}

// === the end for all ===

fn is_end(intent: &&Intent) -> bool {
    matches!(intent.call, ZoomCall::EndMeeting { .. })
}

#[test]
fn an_ordered_end_is_asked_of_zoom_until_it_is_done() {
    let mut story = Story::ready();
    story.at(5).fact(fact(Started, "U1", 5));
    story.take(Command::EndForAll { meeting: MEETING });
    let end = story.begun.iter().find(is_end).unwrap().clone();
    story.close(&end, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    story.at(100).tick();
    let again = story.begun.iter().find(is_end).unwrap().clone();
    story.close(&again, IntentOutcome::Ended);
    assert_eq!(story.visit.wants_end, None);
    story.fact(fact(Ended, "U1", 101));
    assert_eq!(story.visit.phase, Phase::Ended);
    story.at(200).tick();
    assert!(!story.begun.iter().any(|intent| is_end(&intent)));
}

// The events of the end are lost: the meeting is read at once, and the visit ends all the same.
#[test]
fn an_end_that_no_event_tells_is_read() {
    let mut story = Story::ready();
    story.at(5).fact(fact(Started, "U1", 5));
    story.at(300).take(Command::EndForAll { meeting: MEETING });
    let end = story.begun.iter().find(is_end).unwrap().clone();
    story.close(&end, IntentOutcome::Ended);
    story.at(301).tick();
    story.zoom_answers();
    assert_eq!(story.visit.phase, Phase::Ended);
}

#[test]
fn an_order_about_another_meeting_or_of_long_ago_ends_nothing() {
    let mut story = Story::ready();
    story.take(Command::EndForAll { meeting: MeetingId(7) });
    let late = Entry {
        id: CommandId::new("late").unwrap(),
        at: at(5),
        command: Command::EndForAll { meeting: MEETING },
    };
    story.at(5 + 600).take_entry(&late);
    assert_eq!((story.visit.wants_end, story.begun.iter().any(|intent| is_end(&intent))), (None, false));
    story.launch(provider_launch("dr"));
    assert!(story.visit.way_in(&dr(), &story.policy).is_some());
}
