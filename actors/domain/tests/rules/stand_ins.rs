//! Zoom users who stand for patients: exact while the visit goes on, and gone when it is over, whatever was lost in between.

use crate::common::at;
use crate::common::facts::{MEETING, anonymous, fact, of, provider, user};
use crate::common::story::{Story, ada, dr, launch, patient_key, patient_launch, provider_launch};
use crate::common::zoom::{failed, is_register};
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::effect::Says;
use vestibule_domain::fact::{FactKind, SessionKeys};
use vestibule_domain::id::{Csn, GuestLinkId, Marker};
use vestibule_domain::intent::{IntentOutcome, Personal, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::PatientIdentity;
use vestibule_domain::time::Span;
use vestibule_domain::visit::guest::{Invitation, guest_of};
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};
use vestibule_domain::visit::{CallState, Visit, WayIn};

use FactKind::{Ended, Joined, Left};

fn untold() -> Story {
    let mut story = Story::group();
    story.policy.patients.identity = PatientIdentity::TemporaryUser;
    for name in ["ada", "bob"] {
        let mut launch = patient_launch(name);
        (launch.csn, launch.display_name) = (Csn::new(name).ok(), Phi::new("Ada Lovelace"));
        story.launch(launch);
    }
    story.at(5).launch(provider_launch("dr"));
    story
}

fn ready() -> Story {
    let mut story = untold();
    story.zoom_answers();
    story.at(10).fact(of(&provider("dr", "p1"), Joined, "U1", 10));
    story
}

fn bob() -> ParticipantKey {
    patient_key("bob")
}

fn as_user(name: &str, device: &str) -> SessionKeys {
    SessionKeys { zoom_user: Some(user(name)), ..anonymous("Patient", device) }
}

fn is_removal(call: &ZoomCall) -> bool {
    matches!(call, ZoomCall::RemoveUser { .. })
}

impl Story {
    fn tag(&self, who: &ParticipantKey) -> Option<&Marker> {
        self.visit.participants[who].stand_in.as_ref().map(|stand_in| &stand_in.tag)
    }

    fn removals(&self) -> usize {
        self.begun.iter().filter(|intent| is_removal(&intent.call)).count()
    }

    /// A guest launches by a link.
    fn invites_ivan(&mut self) -> (GuestLinkId, ParticipantKey) {
        let link = GuestLinkId::new("ivan").unwrap();
        let invitation = Invitation { name: Some(Phi::new("Ivan")), expires_at: at(7200), patient_csn: None };
        self.at(20).take(Command::GuestInvited { link: link.clone(), invitation });
        let launch = launch(Role::Guest, link.as_reference(), "none");
        self.launch(Launch { external_id: None, csn: None, ..launch });
        (link.clone(), guest_of(&link))
    }

    /// Epic has acknowledged everything.
    fn is_told(&mut self) {
        for update in self.updates.clone() {
            let Says::Connected(connected) = update.says else { continue };
            self.take(Command::StatusDelivered {
                participant: update.participant,
                seq: update.seq,
                connected,
            });
        }
    }

    /// Everybody leaves at a second.
    fn ends(&mut self, second: i64) {
        self.at(second).fact(fact(Ended, "U1", second));
    }
}

#[test]
fn each_goes_in_as_a_user_of_their_own_who_names_nobody() {
    let mut story = untold();
    let mut asked = Vec::new();
    story.zoom_answers_all_but(is_register);
    for intent in &story.begun {
        let ZoomCall::Register { display_name, by: Personal::TemporaryUser { tag }, .. } = &intent.call
        else {
            panic!("{intent:?}")
        };
        asked.push((display_name.reveal().to_owned(), tag.clone()));
    }
    // I15: whatever patient_display_name allows.
    assert_eq!(asked.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Patient", "Patient 2"]);
    assert!(asked[0].1 != asked[1].1 && asked.iter().all(|(_, tag)| !tag.as_str().contains("ada")));
    assert_eq!(
        (story.tag(&ada()), story.tag(&bob())),
        (Some(&asked[0].1), Some(&asked[1].1)),
        "committed before the call"
    );
    story.zoom_answers();
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None, "I6: nobody before the host");
    let story = ready();
    let join_url = &story.visit.meeting.as_ref().unwrap().join_url;
    for (who, name) in [(ada(), "ada"), (bob(), "bob")] {
        let expected = WayIn::AsUser { meeting: MEETING, user: &user(name), join_url };
        assert_eq!(story.visit.way_in(&who, &story.policy), Some(expected));
    }
    assert!(!story.visit.meeting.as_ref().unwrap().asked.registration);
}

#[test]
fn each_light_follows_its_own_user() {
    let mut story = ready();
    story.at(30).fact(of(&as_user("ada", "a1"), Joined, "U1", 20));
    assert_eq!((story.lights(&ada()), story.lights(&bob())), (vec![true], vec![]));
    story.fact(of(&anonymous("Patient", "x1"), Joined, "U1", 21));
    assert_eq!(story.visit.strangers(&story.policy, story.now).len(), 1, "a name alone says nothing here");
    story.fact(of(&as_user("bob", "b1"), Joined, "U1", 22));
    story.at(40).fact(of(&as_user("ada", "a1"), Left, "U1", 35));
    assert_eq!((story.lights(&ada()), story.lights(&bob())), (vec![true, false], vec![true]));
    assert_eq!(story.presence(&dr()), Presence::InMeeting);
}

#[test]
fn users_are_removed_when_the_visit_is_over_and_not_before() {
    let mut story = ready();
    story.at(30).fact(of(&as_user("ada", "a1"), Joined, "U1", 20));
    story.ends(100);
    let over = at(100) + story.policy.reopen;
    story.now = over - Span(1);
    story.tick();
    assert_eq!(story.removals(), 0, "they may come back until then");
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(over));
    story.now = over;
    story.tick();
    assert_eq!(story.removals(), 2);
    let known = |call: &ZoomCall| matches!(call, ZoomCall::RemoveUser { user: Some(_), .. });
    assert!(story.begun.iter().all(|intent| !is_removal(&intent.call) || known(&intent.call)));
    story.zoom_answers();
    assert_eq!((story.tag(&ada()), story.tag(&bob())), (None, None));
    story.now = over + Span::seconds(60);
    story.tick();
    assert_eq!(story.removals(), 0, "and no others are made");
    // What is told late is still told of her, and turns nothing on.
    story.fact(of(&as_user("ada", "a1"), Left, "U1", 90));
    assert_eq!(story.lights(&ada()), [true, false]);
    story.is_told();
    story.now = over + story.policy.keep;
    story.tick();
    assert_eq!(story.forgotten, 1);
}

#[test]
fn a_visit_that_never_began_removes_them_too_and_makes_others_for_whoever_comes_after_all() {
    let mut story = untold();
    story.zoom_answers();
    let first = story.tag(&ada()).cloned();
    story.now = at(5) + story.policy.reopen;
    story.tick();
    story.zoom_answers();
    assert_eq!(story.tag(&ada()), None);
    story.now = story.now + Span::seconds(60);
    let mut again = patient_launch("ada");
    again.csn = Csn::new("ada").ok();
    story.launch(again);
    story.zoom_answers();
    assert!(story.tag(&ada()).is_some_and(|tag| Some(tag) != first.as_ref()));
}

#[test]
fn one_that_was_made_and_never_recorded_is_removed_by_its_tag() {
    let mut story = untold();
    story.zoom_answers_all_but(is_register);
    let lost = story.begun.clone();
    let tag = story.tag(&ada()).cloned().unwrap();
    // The node dies with both calls; the owner after it asks again, under the same tags.
    story.begun.clear();
    story.at(60).tick();
    let again: Vec<_> = story.begun.iter().filter(|i| is_register(&i.call)).map(|i| i.call.clone()).collect();
    assert_eq!(again, lost.iter().map(|intent| intent.call.clone()).collect::<Vec<_>>());
    for intent in story.begun.clone() {
        story.close(&intent, IntentOutcome::Ambiguous);
    }
    story.visit.calls.values_mut().for_each(|open| open.state = CallState::Blocked);
    story.now = at(5) + story.policy.reopen;
    story.tick();
    let call = story.begun.iter().find(|intent| is_removal(&intent.call)).unwrap().call.clone();
    assert_eq!(call, ZoomCall::RemoveUser { participant: ada(), tag, user: None });
}

#[test]
fn a_removal_waits_for_a_making_that_is_under_way() {
    let mut story = ready();
    let (link, guest) = story.invites_ivan();
    let making = story.call(is_register);
    story.at(21).take(Command::GuestRevoked { link });
    assert_eq!(story.removals(), 0, "it would come too early to find anybody");
    story.close(&making, IntentOutcome::UserMade { user: user("ivan") });
    let removal = story.call(is_removal).call;
    assert!(matches!(removal, ZoomCall::RemoveUser { user: Some(one), .. } if one == user("ivan")));
    assert_eq!(story.visit.way_in(&guest, &story.policy), None);
}

#[test]
fn a_visit_stays_for_a_user_whom_zoom_does_not_remove_and_not_for_ever() {
    let mut story = ready();
    story.ends(100);
    story.now = at(100) + story.policy.reopen;
    story.tick();
    for intent in story.begun.clone() {
        story.close(&intent, failed(ProblemCode::ZoomUnauthorized, Retry::Never));
    }
    assert!(story.visit.problems.contains_key(&ProblemCode::ZoomUnauthorized), "the board says so");
    story.is_told();
    story.now = at(100) + story.policy.reopen + story.policy.keep;
    story.tick();
    assert_eq!((story.forgotten, story.removals()), (0, 0), "no loop");
    story.now = story.now + Span::hours(7 * 24);
    story.tick();
    assert_eq!(story.forgotten, 1);
}

#[test]
fn what_stands_in_the_way_is_a_problem_and_the_next_launch_tries_again() {
    for problem in
        [ProblemCode::PatientNoSeat, ProblemCode::PatientUserPending, ProblemCode::PatientUserRefused]
    {
        let mut story = untold();
        story.zoom_answers_all_but(is_register);
        for intent in story.begun.clone() {
            story.close(&intent, failed(problem, Retry::Never));
        }
        story.at(60).fact(of(&provider("dr", "p1"), Joined, "U1", 10)).tick();
        assert!(story.visit.problems.contains_key(&problem) && story.begun.is_empty(), "{problem:?}");
        assert_eq!(story.visit.way_in(&ada(), &story.policy), None);
        let mut again = patient_launch("ada");
        again.csn = Csn::new("ada").ok();
        story.at(70).launch(again);
        story.zoom_answers();
        assert!(story.visit.way_in(&ada(), &story.policy).is_some());
    }
}

#[test]
fn a_new_launch_looks_whether_the_user_is_still_there() {
    let mut story = ready();
    let mut again = patient_launch("ada");
    again.csn = Csn::new("ada").ok();
    story.at(40).launch(again);
    assert!(
        matches!(&story.call(is_register).call, ZoomCall::Register { participant, .. } if *participant == ada())
    );
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None);
    story.zoom_answers();
    assert!(story.visit.way_in(&ada(), &story.policy).is_some());
}

#[test]
fn a_guest_whose_link_is_taken_back_loses_the_user() {
    let mut story = ready();
    let (link, guest) = story.invites_ivan();
    story.zoom_answers();
    assert!(story.visit.way_in(&guest, &story.policy).is_some());
    story.at(40).take(Command::GuestRevoked { link });
    assert_eq!(story.removals(), 1);
    story.zoom_answers();
    assert_eq!((story.visit.way_in(&guest, &story.policy), story.tag(&guest)), (None, None));
}

#[test]
fn a_state_is_written_and_read() {
    let story = ready();
    let written = serde_json::to_string(&story.visit).unwrap();
    assert_eq!(serde_json::from_str::<Visit>(&written).unwrap(), story.visit);
    let registrant = serde_json::to_string(&Story::ready().visit).unwrap();
    assert!(!registrant.contains("stand_in"), "a release of before would not know it");
}
