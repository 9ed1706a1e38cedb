//! What Epic is told: one light per person, whatever devices; numbered without gaps; settled by deliveries in any order.

use crate::common::at;
use crate::common::facts::{fact, of, patient, phone, provider};
use crate::common::story::{Story, ada, dr, patient_key, patient_launch, provider_launch, proxy_launch};
use proptest::prelude::*;
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::effect::Says;
use vestibule_domain::fact::FactKind::{
    Admitted, Ended, Joined, JoinedWaitingRoom, Left, PutInWaitingRoom, Started,
};
use vestibule_domain::id::{Csn, ExternalId, FhirReference};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::policy::WaitingCountsAs;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

fn met() -> Story {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    story.facts([fact(Started, "U1", 10), of(&provider("dr", "p1"), Joined, "U1", 10)]);
    story
}

#[test]
fn e24_one_arrival_per_person_whatever_devices() {
    let mut story = met();
    let (computer, mobile) = (patient("ada", "g1"), patient("ada", "g2"));
    story.facts([
        of(&computer, Joined, "U1", 20),
        of(&mobile, Joined, "U1", 21),
        of(&computer, Left, "U1", 22),
    ]);
    assert_eq!(story.lights(&ada()), [true]);
    story.fact(of(&mobile, Left, "U1", 30));
    assert_eq!((story.lights(&ada()), story.lights(&dr())), (vec![true, false], vec![true]));
}

#[test]
fn an_update_says_who_where_and_when() {
    let mut story = met();
    story.at(25).fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    let update = story.updates.last().unwrap().clone();
    assert_eq!(
        (update.participant, update.role, update.seq, update.says),
        (ada(), Role::Patient, 1, Says::Connected(true))
    );
    assert_eq!((update.occurred_at, update.decided_at), (at(20), at(25)));
    assert_eq!(update.external_id.as_str(), "WPR-ada");
    assert_eq!((update.csn, update.meeting), (Csn::new("10001").ok(), Some(crate::common::facts::MEETING)));
    story.at(70).fact(of(&patient("ada", "g1"), Left, "U1", 60));
    assert_eq!(story.updates.last().unwrap().occurred_at, at(60));
    story.at(95).fact(fact(Ended, "U1", 90));
    assert_eq!(
        story.updates.last().unwrap().occurred_at,
        at(90),
        "the provider's, who was not said to leave"
    );
}

#[test]
fn an_unidentified_person_turns_no_light_on() {
    let mut story = met();
    story.fact(of(&phone("+1"), Joined, "U1", 20));
    assert_eq!(story.strangers(), 1);
    assert_eq!(story.updates.len(), 1, "the provider's alone");
}

#[test]
fn a_person_whom_epic_does_not_know_has_no_light_until_a_launch_names_one() {
    let mut story = Story::ready();
    story.launch(Launch { external_id: None, ..proxy_launch("rita", "ada") });
    story.zoom_answers();
    let rita = ParticipantKey::new(Role::Proxy, FhirReference::new("RelatedPerson/rita").unwrap());
    story.facts([fact(Started, "U1", 10), of(&patient("rita", "r1"), Joined, "U1", 11)]);
    assert!(story.lights(&rita).is_empty());
    story.at(12).launch(proxy_launch("rita", "ada"));
    assert_eq!(story.lights(&rita), [true]);
    assert_eq!(story.updates.last().unwrap().external_id.as_str(), "WPR-rita");
}

#[test]
fn e26_waiting_counts_as_the_organization_chose() {
    for (choice, expected) in [
        (WaitingCountsAs::Nothing, vec![true, false, true, false]),
        (WaitingCountsAs::Connected, vec![true, false]),
    ] {
        let mut story = Story::new();
        story.policy.waiting_counts_as = choice;
        story.launch(patient_launch("ada"));
        story.at(5).launch(provider_launch("dr"));
        story.zoom_answers();
        assert!(story.lights(&dr()).is_empty(), "a provider's waiting never counts");
        let ada_in = |kind, second| of(&patient("ada", "g1"), kind, "U1", second);
        story.at(20).facts([fact(Started, "U1", 10), ada_in(JoinedWaitingRoom, 10), ada_in(Admitted, 12)]);
        story.take(Command::Departed { participant: ada() });
        story.facts([
            ada_in(Joined, 12),
            ada_in(PutInWaitingRoom, 30),
            ada_in(Admitted, 40),
            ada_in(Left, 50),
        ]);
        assert_eq!(story.lights(&ada()), expected, "{choice:?}");
    }
}

#[test]
fn a_page_without_signs_turns_the_light_off_by_a_deadline() {
    let mut story = Story::new();
    story.policy.waiting_counts_as = WaitingCountsAs::Connected;
    story.launch(patient_launch("ada"));
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(at(90)));
    story.at(60).take(Command::PageSeen { participant: ada() });
    story.at(90).tick();
    assert_eq!(story.lights(&ada()), [true]);
    story.at(150).tick();
    assert_eq!(story.lights(&ada()), [true, false]);
}

#[test]
fn a_groups_people_are_told_by_their_own_csn() {
    let mut story = Story::group();
    for (name, csn) in [("ada", "1"), ("bob", "2")] {
        story.launch(Launch { csn: Csn::new(csn).ok(), ..patient_launch(name) });
    }
    story.launch(Launch { csn: None, ..provider_launch("dr") });
    story.zoom_answers();
    story.facts(["ada", "bob", "dr"].map(|name| {
        let keys = if name == "dr" { provider(name, name) } else { patient(name, name) };
        of(&keys, Joined, "U1", 10)
    }));
    let csns: Vec<_> = story.updates.iter().map(|u| (u.participant.clone(), u.csn.clone())).collect();
    let expected =
        [(patient_key("ada"), Csn::new("1").ok()), (patient_key("bob"), Csn::new("2").ok()), (dr(), None)];
    assert_eq!(csns, expected);
}

#[test]
fn wanted_is_what_was_decided_and_connected_what_epic_took() {
    let mut story = met();
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 20)).fact(of(&patient("ada", "g1"), Left, "U1", 30));
    let delivered = |seq, connected| Command::StatusDelivered { participant: ada(), seq, connected };
    let light = |story: &Story| {
        let light = &story.visit.participants[&ada()].light;
        (light.wanted, light.connected, light.is_settled())
    };
    assert_eq!(light(&story), (false, false, false));
    story.take(delivered(1, true));
    assert_eq!(light(&story), (false, true, false));
    story.take(delivered(2, false)).take(delivered(1, true));
    assert_eq!(light(&story), (false, false, true));
    // One that was never decided settles nothing.
    story.take(delivered(u64::MAX, true)).fact(of(&patient("ada", "g2"), Joined, "U1", 40));
    assert_eq!(light(&story), (true, false, false));
}

#[test]
fn a_parked_update_is_a_problem_until_every_light_stands() {
    let mut story = met();
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    story.take(Command::StatusParked { participant: ada(), seq: 1 });
    assert!(story.visit.problems.contains_key(&ProblemCode::UpdateParked));
    story.take(Command::StatusDelivered { participant: dr(), seq: 1, connected: true });
    assert!(story.visit.problems.contains_key(&ProblemCode::UpdateParked), "ada's does not stand");
    story.fact(of(&patient("ada", "g1"), Left, "U1", 30));
    story.take(Command::StatusDelivered { participant: ada(), seq: 2, connected: false });
    assert!(!story.visit.problems.contains_key(&ProblemCode::UpdateParked));
    // A copy of the parking does not bring it back.
    story.take(Command::StatusParked { participant: ada(), seq: 1 });
    assert!(story.visit.problems.is_empty());
}

#[test]
fn a_visit_stays_until_epic_was_told() {
    let mut story = met();
    story.fact(fact(Ended, "U1", 60)).at(60 + 40 * 3_600).tick();
    assert_eq!(story.forgotten, 0);
    story.take(Command::StatusDelivered { participant: dr(), seq: 1, connected: true });
    assert_eq!(story.forgotten, 0, "a command in hand never lets the visit go, a tick does");
    story.take(Command::StatusSuperseded { participant: dr(), seq: 2 }).tick();
    assert_eq!(story.forgotten, 1);
}

// Whoever is turned off is whoever was turned on.
#[test]
fn a_light_goes_out_under_the_id_that_it_was_lit_under() {
    let mut story = met();
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    story.take(Command::StatusDelivered { participant: ada(), seq: 1, connected: true });
    let renamed = Launch { external_id: ExternalId::new("WPR-new").ok(), ..patient_launch("ada") };
    story.at(30).launch(renamed);
    story.fact(of(&patient("ada", "g1"), Left, "U1", 40)).fact(of(&patient("ada", "g2"), Joined, "U1", 50));
    assert_eq!(told_as(&story), [("WPR-ada", true), ("WPR-ada", false), ("WPR-new", true)]);
}

#[test]
fn an_id_that_epic_refused_is_tried_anew_when_a_launch_brings_another() {
    let mut story = met();
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 20));
    story.take(Command::StatusParked { participant: ada(), seq: 1 });
    story.at(25).launch(patient_launch("ada"));
    assert_eq!(told_as(&story).len(), 1, "the same id would be refused again");
    story.at(30).launch(Launch { external_id: ExternalId::new("WPR-new").ok(), ..patient_launch("ada") });
    assert_eq!(told_as(&story), [("WPR-ada", true), ("WPR-new", true)]);
}

fn told_as(story: &Story) -> Vec<(&str, bool)> {
    let of_ada = story.updates.iter().filter(|update| update.participant == ada());
    of_ada.map(|update| (update.external_id.as_str(), update.says == Says::Connected(true))).collect()
}

// I9: an attempt of a node that had lost its lease may have landed after everything that was told since.
#[test]
fn after_an_attempt_that_outlived_its_lease_the_newest_status_is_told_again() {
    let mut story = met();
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 20)).fact(of(&patient("ada", "g1"), Left, "U1", 30));
    story.take(Command::StatusDelivered { participant: ada(), seq: 2, connected: false });
    story.at(60).take(Command::AttemptOutlived { participant: ada() });
    assert_eq!(story.lights(&ada()), [true, false, false]);
    assert!(!story.visit.is_told(), "until Epic has taken it once more");
    let again = story.updates.last().unwrap();
    assert_eq!((again.seq, again.occurred_at, again.decided_at), (3, at(30), at(60)));
    // Nobody was ever told of somebody who has no light.
    story.launch(proxy_launch("rita", "ada"));
    let rita = ParticipantKey::new(Role::Proxy, FhirReference::new("RelatedPerson/rita").unwrap());
    story.take(Command::AttemptOutlived { participant: rita.clone() });
    assert!(story.lights(&rita).is_empty());
}

impl Story {
    fn strangers(&self) -> usize {
        self.visit.strangers(&self.policy, self.now).len()
    }
}

proptest! {
    // Deliveries, parkings and supersedings in any order, with copies, end in the same light.
    #[test]
    fn reports_commute(order in Just((1..=6_u64).flat_map(|seq| [seq, seq]).collect::<Vec<_>>()).prop_shuffle()) {
        let mut story = met();
        for turn in 0..6 {
            let kind = if turn % 2 == 0 { Joined } else { Left };
            story.fact(of(&patient("ada", "g1"), kind, "U1", 20 + turn));
        }
        for seq in order {
            let participant = ada();
            story.take(match seq {
                1 | 3 => Command::StatusSuperseded { participant, seq },
                4 => Command::StatusParked { participant, seq },
                _ => Command::StatusDelivered { participant, seq, connected: seq % 2 == 1 },
            });
        }
        let light = &story.visit.participants[&ada()].light;
        prop_assert_eq!((light.decided, light.acknowledged, light.settled), (6, 6, 6));
        prop_assert!(!light.connected && !light.wanted);
    }
}
