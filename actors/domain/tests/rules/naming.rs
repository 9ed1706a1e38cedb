//! Who somebody in the meeting is, as a provider says.

use crate::common::facts::{anonymous, bound_to, by_user_only, fact, of, patient, phone, provider, user};
use crate::common::story::{Story, ada, dr, patient_key, provider_key, provider_launch, proxy_launch};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{Admitted, Ended, Joined, JoinedWaitingRoom, Left, Started};
use vestibule_domain::fact::{Fact, SessionKeys};
use vestibule_domain::id::FhirReference;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::participant::{ParticipantKey, Presence, Role};
use vestibule_domain::visit::{Device, Visit};

impl Story {
    fn unlinked(&self) -> Vec<(Device, Option<ParticipantKey>)> {
        let all = self.visit.unlinked(&self.policy, self.now);
        all.into_iter().map(|stranger| (stranger.device, stranger.named)).collect()
    }

    /// Says of the only device that nothing identifies whose it is.
    fn says(&mut self, who: Option<ParticipantKey>) -> Device {
        let devices = self.unlinked();
        let [(device, _)] = devices.as_slice() else { panic!("not one device: {devices:?}") };
        self.take(Command::Named { device: device.clone(), who });
        device.clone()
    }
}

/// "dr" is in the meeting, and somebody by telephone.
fn telephone() -> Story {
    let mut story = Story::ready();
    story.facts([fact(Started, "U1", 10), of(&provider("dr", "d1"), Joined, "U1", 11)]);
    story.at(20).fact(of(&phone("p1"), Joined, "U1", 20));
    story
}

#[test]
fn a_telephone_that_is_said_to_be_the_patient_is_their_light() {
    let mut story = telephone();
    assert!(story.lights(&ada()).is_empty());
    let device = story.at(30).says(Some(ada()));
    assert_eq!((story.lights(&ada()), story.presence(&ada())), (vec![true], Presence::InMeeting));
    assert_eq!(story.updates.last().unwrap().occurred_at, crate::common::at(20), "since they came");
    assert_eq!(story.unlinked(), [(device, Some(ada()))]);
    assert!(story.visit.strangers(&story.policy, story.now).is_empty());
    story.at(40).fact(of(&phone("p1"), Left, "U1", 40));
    assert_eq!(story.lights(&ada()), [true, false]);
    assert!(story.unlinked().is_empty());
    // Whoever calls again is anybody.
    story.at(50).fact(of(&phone("p2"), Joined, "U1", 50));
    assert_eq!(story.unlinked().iter().map(|(_, who)| who).collect::<Vec<_>>(), [&None]);
    assert_eq!(story.lights(&ada()), [true, false]);
}

#[test]
fn several_devices_of_a_person_count_once_whoever_said_whose_they_are() {
    let mut story = telephone();
    story.at(25).fact(of(&patient("ada", "a1"), Joined, "U1", 25));
    story.says(Some(ada()));
    story.at(40).fact(of(&patient("ada", "a1"), Left, "U1", 40));
    assert_eq!(story.lights(&ada()), [true]);
    story.at(50).fact(of(&phone("p1"), Left, "U1", 50));
    assert_eq!(story.lights(&ada()), [true, false]);
}

#[test]
fn it_is_taken_back_and_said_anew() {
    let mut story = telephone();
    story.launch(proxy_launch("rita", "ada"));
    story.zoom_answers();
    let rita = ParticipantKey::new(Role::Proxy, FhirReference::new("RelatedPerson/rita").unwrap());
    story.at(30).says(Some(ada()));
    story.at(31).says(Some(rita.clone()));
    assert_eq!((story.lights(&ada()), story.lights(&rita)), (vec![true, false], vec![true]));
    story.at(32).says(None);
    assert_eq!(story.lights(&rita), [true, false]);
    assert_eq!(story.visit.strangers(&story.policy, story.now).len(), 1);
}

#[test]
fn what_was_said_last_stands_in_whatever_order_it_comes() {
    let mut story = telephone();
    story.at(40);
    let device = story.unlinked().remove(0).0;
    let said = |story: &mut Story, second: i64, who: Option<ParticipantKey>| {
        let entry = vestibule_domain::command::Entry {
            id: vestibule_domain::id::CommandId::new(format!("n{second}")).unwrap(),
            at: crate::common::at(second),
            command: Command::Named { device: device.clone(), who },
        };
        story.take_entry(&entry);
    };
    said(&mut story, 32, None);
    said(&mut story, 31, Some(ada()));
    assert_eq!(story.unlinked(), [(device.clone(), None)]);
    said(&mut story, 33, Some(ada()));
    said(&mut story, 31, None);
    assert_eq!(story.unlinked(), [(device.clone(), Some(ada()))]);
}

#[test]
fn what_zoom_says_goes_before_what_people_say() {
    let mut story = telephone();
    let device = story.says(Some(ada()));
    // Zoom tells late that it was the provider's own telephone.
    story.at(40).fact(of(&SessionKeys { zoom_user: Some(user("dr")), ..phone("p1") }, Joined, "U1", 20));
    assert_eq!((story.lights(&ada()), story.presence(&ada())), (vec![true, false], Presence::Waiting));
    assert!(story.unlinked().is_empty());
    story.take(Command::Named { device, who: Some(ada()) });
    assert_eq!(story.lights(&ada()), [true, false]);
}

#[test]
fn a_device_is_the_same_under_each_of_its_ids() {
    let keys = anonymous("somebody", "x1");
    let facts = [
        of(&by_user_only(&keys), Admitted, "U1", 21),
        of(&keys, Joined, "U1", 22),
        of(&keys, JoinedWaitingRoom, "U1", 20),
    ];
    let orders: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (order, named_after) in orders.iter().flat_map(|order| (1..4).map(move |n| (order, n))) {
        let mut story = Story::ready();
        story.at(25).facts([fact(Started, "U1", 10)]);
        for (n, which) in order.iter().enumerate() {
            story.fact(facts[*which].clone());
            if n + 1 == named_after {
                story.says(Some(ada()));
            }
        }
        assert_eq!(story.presence(&ada()), Presence::InMeeting, "{order:?}, named after {named_after}");
        assert!(story.visit.strangers(&story.policy, story.now).is_empty());
        story.at(30).fact(of(&keys, Left, "U1", 30));
        assert_eq!(story.lights(&ada()).last(), Some(&false), "{order:?}, named after {named_after}");
    }
}

#[test]
fn a_telephone_that_zoom_binds_to_a_device_is_whose_that_one_is() {
    let (computer, mobile) = (anonymous("somebody", "c1"), phone("p1"));
    let mut story = Story::ready();
    story.at(20).facts([fact(Started, "U1", 10), of(&computer, Joined, "U1", 15)]);
    story.says(Some(ada()));
    story.at(30).facts([of(&mobile, Joined, "U1", 30), of(&mobile, bound_to(&computer), "U1", 30)]);
    assert!(story.visit.strangers(&story.policy, story.now).is_empty());
    story.at(40).fact(of(&computer, Left, "U1", 40));
    assert_eq!(story.lights(&ada()), [true], "they still hear");
    story.at(50).fact(of(&mobile, Left, "U1", 50));
    assert_eq!(story.lights(&ada()), [true, false]);
}

// User ids are only unique within one start of the meeting.
#[test]
fn it_holds_in_that_start_of_the_meeting_alone() {
    let by_id = by_user_only(&anonymous("x", "x1"));
    let mut story = Story::ready();
    story.at(20).facts([fact(Started, "U1", 10), of(&by_id, Joined, "U1", 15)]);
    story.says(Some(ada()));
    story.at(30).fact(fact(Ended, "U1", 30));
    story.at(50).facts([fact(Started, "U2", 40), of(&by_id, Joined, "U2", 45)]);
    assert_eq!(story.lights(&ada()), [true, false]);
    assert_eq!(story.visit.strangers(&story.policy, story.now).len(), 1);
}

#[test]
fn nobody_is_named_who_takes_no_part_nor_in_a_meeting_that_is_not_heard_of() {
    let mut story = telephone();
    let before = story.visit.clone();
    story.says(Some(patient_key("bob")));
    let device = story.unlinked().remove(0).0;
    let elsewhere = Device { instance: vestibule_domain::id::InstanceUuid::new("U9").unwrap(), ..device };
    story.take(Command::Named { device: elsewhere, who: Some(ada()) });
    assert_eq!(story.visit, before);
}

#[test]
fn a_provider_under_another_zoom_user_is_the_provider_once_that_is_said() {
    let mut story = Story::ready();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    story.at(20).facts([fact(Started, "U1", 10), of(&anonymous("eve", "at home"), Joined, "U1", 15)]);
    story.at(90).tick();
    assert!(story.visit.problems.contains_key(&ProblemCode::NoProviderSeen));
    story.says(Some(provider_key("eve")));
    assert_eq!(story.lights(&provider_key("eve")), [true]);
    assert!(!story.visit.problems.contains_key(&ProblemCode::NoProviderSeen));
    assert!(story.lights(&dr()).is_empty());
}

#[test]
fn more_than_can_be_kept_is_a_problem_that_is_seen() {
    let mut story = Story::ready();
    let call = |n: i64| -> Fact { of(&phone(&format!("p{n}")), Joined, "U1", 15) };
    story.at(20).fact(fact(Started, "U1", 10)).facts((0..65).map(call));
    for (device, _) in story.unlinked() {
        assert!(!story.visit.problems.contains_key(&ProblemCode::HistoryFull));
        story.take(Command::Named { device, who: Some(ada()) });
    }
    assert!(story.visit.problems.contains_key(&ProblemCode::HistoryFull));
    assert_eq!(story.visit.strangers(&story.policy, story.now).len(), 1);
}

#[test]
fn a_visit_of_before_is_read_and_one_without_such_a_word_is_written_as_before() {
    let mut story = telephone();
    let plain = serde_json::to_string(&story.visit).unwrap();
    assert!(!plain.contains("named"));
    assert_eq!(serde_json::from_str::<Visit>(&plain).unwrap(), story.visit);
    story.says(Some(ada()));
    let full = serde_json::to_string(&story.visit).unwrap();
    assert_eq!(serde_json::from_str::<Visit>(&full).unwrap(), story.visit);
}
