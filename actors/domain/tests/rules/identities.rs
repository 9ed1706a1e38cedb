//! People who are told apart by the name in their link: one name each, and no light that a stranger could turn on.

use crate::common::facts::{anonymous, bound_to, of, patient, phone, provider};
use crate::common::story::{Story, ada, dr, patient_key, patient_launch, provider_launch, proxy_launch};
use crate::common::zoom::{failed, is_register};
use crate::common::{at, permutations};
use vestibule_domain::command::Command;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::Csn;
use vestibule_domain::intent::{MeetingSettings, Personal, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::PatientIdentity;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};
use vestibule_domain::visit::{CallState, Visit, WayIn};

use FactKind::{Joined, Left, Started};

/// "ada" is "Patient" and "bob" is "Patient 2"; the provider is in the meeting from second 10 on.
fn by_name() -> Story {
    let mut story = unstarted();
    story.at(10).fact(of(&provider("dr", "p1"), Joined, "U1", 10));
    story
}

fn unstarted() -> Story {
    let mut story = Story::group();
    story.policy.patients.identity = PatientIdentity::InviteLink;
    for name in ["ada", "bob"] {
        let mut launch = patient_launch(name);
        (launch.csn, launch.display_name) = (Some(csn(name)), Phi::new("Patient"));
        story.launch(launch);
    }
    story.at(5).launch(provider_launch("dr"));
    story.zoom_answers();
    story
}

fn bob() -> ParticipantKey {
    patient_key("bob")
}

impl Story {
    fn goes_in(&mut self, who: &ParticipantKey, second: i64) -> &mut Self {
        self.at(second).take(Command::Departed { participant: who.clone() })
    }

    fn shown(&self, who: &ParticipantKey) -> &str {
        self.visit.participants[who].shown_as.as_ref().unwrap().reveal()
    }

    fn nobody_knows(&self) -> usize {
        self.visit.strangers(&self.policy, self.now).len()
    }

    fn good_until(&self, who: &ParticipantKey) -> Option<Moment> {
        self.visit.participants[who].link.as_ref().and_then(|link| link.good_until)
    }

    fn registrations(&self, who: &ParticipantKey) -> usize {
        let mut calls = self.begun.iter().map(|intent| &intent.call);
        let count =
            |call: &&ZoomCall| matches!(call, ZoomCall::Register { participant, .. } if participant == who);
        calls.by_ref().filter(count).count()
    }
}

fn csn(name: &str) -> Csn {
    Csn::new(name).unwrap()
}

fn named(name: &str, device: &str) -> SessionKeys {
    anonymous(name, device)
}

#[test]
fn everybody_bears_a_name_of_their_own() {
    let mut story = unstarted();
    assert_eq!((story.shown(&ada()), story.shown(&bob())), ("Patient", "Patient 2"));
    for (name, shown) in [("carl", "  patient\u{7}2 "), ("dan", ""), ("fay", &"x".repeat(80))] {
        let mut launch = patient_launch(name);
        launch.display_name = Phi::new(shown);
        launch.csn = Some(csn(name));
        story.launch(launch);
    }
    let mut proxy = proxy_launch("gil", "ada");
    (proxy.csn, proxy.display_name) = (Some(csn("ada")), Phi::new("x".repeat(80)));
    story.launch(proxy);
    story.zoom_answers();
    let shown = |name: &str| story.shown(&patient_key(name)).to_owned();
    assert_eq!(shown("carl"), "patient 2 2", "however the letters are written");
    assert_eq!((shown("dan"), shown("fay")), ("Patient 3".to_owned(), "x".repeat(64)));
    let gil = story.visit.participants.iter().find(|(key, _)| key.role() == Role::Proxy).unwrap().1;
    assert_eq!(gil.shown_as.as_ref().unwrap().reveal(), format!("{} 2", "x".repeat(62)));
    // A later launch under another name changes what Epic says, and not what people read in a meeting that runs.
    let mut again = patient_launch("ada");
    (again.csn, again.display_name) = (Some(csn("ada")), Phi::new("Ada L."));
    story.at(20).launch(again);
    assert_eq!(story.shown(&ada()), "Patient");
}

#[test]
fn the_meeting_is_made_without_registration_and_needs_no_licence() {
    let story = unstarted();
    let meeting = story.visit.meeting.as_ref().unwrap();
    let asked = MeetingSettings { waiting_room: false, join_before_host: false, registration: false };
    assert_eq!((meeting.asked, meeting.identity), (asked, PatientIdentity::InviteLink));
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None, "I6: nobody goes in before the host");
    let links = [ada(), bob()].map(|who| story.visit.participants[&who].link.clone().unwrap().url);
    assert_ne!(links[0], links[1]);
    let mut live = by_name();
    assert_eq!(live.visit.way_in(&ada(), &live.policy), Some(WayIn::Personal(&links[0])));
    live.visit.participants.get_mut(&dr()).unwrap().zoom_user_unlicensed = true;
    live.tick();
    assert!(!live.visit.problems.contains_key(&ProblemCode::HostUnlicensed));
}

#[test]
fn each_light_follows_its_own_name() {
    let mut story = by_name();
    story.goes_in(&ada(), 20).goes_in(&bob(), 21);
    story.at(30).fact(of(&named("Patient", "a1"), Joined, "U1", 22));
    assert_eq!((story.presence(&ada()), story.lights(&ada())), (Presence::InMeeting, vec![true]));
    assert_eq!(story.lights(&bob()), [false; 0], "not mixed up");
    story.fact(of(&named("Patient 2", "b1"), Joined, "U1", 23));
    story.at(40).fact(of(&named("Patient", "a1"), Left, "U1", 35));
    assert_eq!((story.lights(&ada()), story.lights(&bob())), (vec![true, false], vec![true]));
    assert_eq!(story.nobody_knows(), 0);
}

#[test]
fn whoever_bears_a_name_whose_owner_was_not_sent_there_is_nobody() {
    let mut story = by_name();
    story.at(30).fact(of(&named("Patient", "x1"), Joined, "U1", 25));
    assert_eq!((story.presence(&ada()), story.nobody_knows()), (Presence::Waiting, 1));
    // The owner comes; the stranger was first, and stays a stranger.
    story.goes_in(&ada(), 100).at(110).fact(of(&named("Patient", "a1"), Joined, "U1", 105));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![true], 1));
    story.at(130).fact(of(&named("Patient", "a1"), Left, "U1", 120));
    assert_eq!(
        (story.lights(&ada()), story.nobody_knows()),
        (vec![true, false], 1),
        "alone, and still a stranger"
    );
}

#[test]
fn a_name_that_was_altered_says_nothing_and_one_that_is_taken_on_later_neither() {
    let mut story = by_name();
    story.goes_in(&ada(), 20).at(30).fact(of(&named("Ada", "a1"), Joined, "U1", 22));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![], 1));
    // Zoom tells of no renaming; the next event has the new name.
    story.fact(of(&named("Patient", "a1"), FactKind::RoleChanged, "U1", 28));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![], 1));
    // The provider sees who it is.
    let device = story
        .visit
        .unlinked(&story.policy, story.now)
        .into_iter()
        .find(|one| one.named.is_none())
        .unwrap()
        .device;
    story.take(Command::Named { device, who: Some(ada()) });
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![true], 0));
    // Who was let in under the name and renames themselves then is the same person.
    let mut renamed = by_name();
    renamed.goes_in(&ada(), 20).at(30).fact(of(&named("Patient", "a1"), Joined, "U1", 22));
    renamed.at(50).fact(of(&named("Ada", "a1"), Left, "U1", 45));
    assert_eq!(renamed.lights(&ada()), [true, false]);
}

#[test]
fn of_two_at_once_only_those_are_the_person_whom_the_door_gave_a_link() {
    let mut story = by_name();
    story.goes_in(&ada(), 20).at(30).fact(of(&named("Patient", "a1"), Joined, "U1", 22));
    story.at(40).fact(of(&named("Patient", "x1"), Joined, "U1", 35));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![true], 1));
    story.at(60).fact(of(&named("Patient", "a1"), Left, "U1", 50));
    assert_eq!(story.lights(&ada()), [true, false], "who remains may be anybody");
    // A telephone that was bound to the person's join would be theirs; so is a device that came by the door.
    story.goes_in(&ada(), 70).at(80).fact(of(&named("Patient", "a2"), Joined, "U1", 75));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![true, false, true], 1));
    story.fact(of(&phone("t1"), Joined, "U1", 78)).fact(of(
        &phone("t1"),
        bound_to(&named("Patient", "a2")),
        "U1",
        79,
    ));
    assert_eq!(story.nobody_knows(), 1, "the telephone is known");
    // A provider who sees who it is has the last word.
    let stranger = story.visit.strangers(&story.policy, story.now).remove(0).device;
    story.take(Command::Named { device: stranger, who: Some(bob()) });
    assert_eq!((story.lights(&bob()), story.nobody_knows()), (vec![true], 0));
}

#[test]
fn a_lost_connection_and_another_device_by_the_door_are_the_same_person() {
    let mut story = by_name();
    story.goes_in(&ada(), 20).at(30).fact(of(&named("Patient", "a1"), Joined, "U1", 22));
    // Zoom notices a dead device after more than a minute, and the person is back before.
    story.goes_in(&ada(), 40).at(50).fact(of(&named("Patient", "a2"), Joined, "U1", 45));
    story.at(120).fact(of(&named("Patient", "a1"), Left, "U1", 110));
    assert_eq!((story.lights(&ada()), story.presence(&ada())), (vec![true], Presence::InMeeting));
    story.at(140).fact(of(&named("Patient", "a2"), Left, "U1", 130));
    // By Zoom's own "rejoin", with nobody else of that name there.
    story.at(200).fact(of(&named("Patient", "a3"), Joined, "U1", 190));
    assert_eq!((story.lights(&ada()), story.nobody_knows()), (vec![true, false, true], 0));
}

// I4: what is believed does not depend on the order in which it is told.
#[test]
fn told_in_any_order_the_names_mean_the_same() {
    let facts: Vec<Fact> = vec![
        of(&named("Patient", "a1"), Joined, "U1", 22),
        of(&named("Patient", "x1"), Joined, "U1", 25),
        of(&named("Patient", "a1"), Left, "U1", 30),
        of(&named("Patient", "a2"), Joined, "U1", 42),
        of(&named("Patient 2", "b1"), Joined, "U1", 24),
    ];
    let mut seen = Vec::new();
    for order in permutations(&facts) {
        let mut story = by_name();
        story.goes_in(&ada(), 20).goes_in(&bob(), 21).goes_in(&ada(), 40).at(60).facts(order);
        let lights = [ada(), bob()].map(|who| story.visit.participants[&who].light.wanted);
        seen.push((lights, story.nobody_knows(), story.visit.instances.clone()));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].0, seen[0].1), ([true, true], 1));
}

#[test]
fn a_link_is_renewed_for_whoever_waits_and_never_given_when_it_has_run_out() {
    let mut story = unstarted();
    let life = story.policy.patients.invite_link_life;
    let first = story.good_until(&ada()).unwrap();
    assert_eq!(first, at(5) + life);
    let due = first - Span(life.0 / 4);
    // Ada's page stays open, Bob's does not.
    while story.now + Span::seconds(60) < due {
        let next = story.now + Span::seconds(60);
        story.now = next;
        story.take(Command::PageSeen { participant: ada() });
    }
    story.zoom_answers();
    assert_eq!(story.good_until(&ada()), Some(first), "not before it is due");
    story.now = due - Span::seconds(1);
    story.take(Command::PageSeen { participant: ada() });
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(due));
    story.now = due;
    story.tick();
    assert_eq!((story.registrations(&ada()), story.registrations(&bob())), (1, 0));
    story.zoom_answers();
    assert!(story.good_until(&ada()) > Some(first));
    assert_eq!(story.shown(&ada()), "Patient", "under the same name");
    story.fact(Fact { at: story.now, ..of(&provider("dr", "p1"), Started, "U1", 10) });
    story.now = first;
    story.tick();
    assert_eq!(story.good_until(&bob()), None, "let go when it has run out");
    assert_eq!(story.visit.way_in(&bob(), &story.policy), None, "I6");
    story.take(Command::PageSeen { participant: bob() });
    assert_eq!(story.registrations(&bob()), 1, "and made anew when he is back");
}

#[test]
fn a_refusal_is_a_problem_that_the_next_launch_tries_again() {
    let mut story = Story::new();
    story.policy.patients.identity = PatientIdentity::InviteLink;
    story.launch(patient_launch("ada"));
    story.at(5).launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_register);
    let call = story.call(is_register);
    assert!(
        matches!(&call.call, ZoomCall::Register { by: Personal::InviteLink { good_for }, .. } if *good_for == Span::hours(2))
    );
    story.close(&call, failed(ProblemCode::InviteLinkRefused, Retry::Never));
    story.at(60).fact(of(&provider("dr", "p1"), Joined, "U1", 10)).tick();
    assert!(story.visit.problems.contains_key(&ProblemCode::InviteLinkRefused));
    assert!(story.visit.calls.values().all(|open| open.state == CallState::Blocked), "no loop");
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None);
    story.at(70).launch(patient_launch("ada"));
    story.zoom_answers();
    assert!(story.visit.problems.is_empty());
    assert!(story.visit.way_in(&ada(), &story.policy).is_some());
}

#[test]
fn a_state_of_before_says_nothing_of_names_and_is_read() {
    let mut story = Story::ready();
    story.fact(of(&patient("ada", "a1"), Joined, "U1", 10));
    story.take(Command::Departed { participant: ada() });
    let written = serde_json::to_string(&story.visit).unwrap();
    for field in ["identity", "shown_as", "given", "good_until", "\"by\""] {
        assert!(!written.contains(field), "{field}: a release of before would not know it: {written}");
    }
    assert_eq!(serde_json::from_str::<Visit>(&written).unwrap(), story.visit);
}
