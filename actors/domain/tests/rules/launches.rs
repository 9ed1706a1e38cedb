//! What launches do besides binding: who hosts, what a patient's launch leaves alone, and what a copy or a late one changes.

use crate::common::at;
use crate::common::facts::{fact, of, patient, user};
use crate::common::story::{
    Story, ada, dr, patient_key, patient_launch, provider_key, provider_launch, proxy_launch,
};
use crate::common::zoom::{answer, is_alternatives, is_create, is_ensure, is_register};
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::fact::FactKind::{Ended, Joined, Started};
use vestibule_domain::id::{CommandId, ExternalId, ExternalIdType, FhirReference, GuestLinkId};
use vestibule_domain::intent::{IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Span;
use vestibule_domain::visit::guest::Invitation;
use vestibule_domain::visit::participant::Role;
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal, MOST_PARTICIPANTS, Phase, WayIn};

fn entry(id: &str, second: i64, command: Command) -> Entry {
    Entry { id: CommandId::new(id).unwrap(), at: at(second), command }
}

#[test]
fn a_patient_makes_no_meeting() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.launch(proxy_launch("rita", "ada"));
    story.tick();
    assert!(story.begun.is_empty(), "{:?}", story.begun);
    assert_eq!((story.visit.phase, story.visit.wants_meeting.is_none()), (Phase::WaitingForHost, true));
}

#[test]
fn the_first_provider_hosts_and_another_becomes_alternative_host() {
    let mut story = Story::ready();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    let meeting = story.visit.meeting.as_ref().unwrap();
    assert_eq!(
        (meeting.host.clone(), meeting.alternatives.iter().cloned().collect()),
        (user("dr"), vec![user("eve")])
    );
    let id = meeting.id;
    assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(id)));
    assert!(matches!(
        story.visit.way_in(&provider_key("eve"), &story.policy),
        Some(WayIn::Alternative { user: eve, .. }) if *eve == user("eve")
    ));
}

// Each row: who launches after the host, whom of the list Zoom takes, who may go in.
#[test]
fn whoever_zoom_takes_as_alternative_host_goes_in_and_nobody_else_stands_in_their_way() {
    for (launch, taken, inside) in [
        (vec!["eve"], vec!["eve"], vec!["eve"]),
        (vec!["eve"], vec![], vec![]),
        (vec!["eve", "kim"], vec!["kim"], vec!["kim"]),
        (vec!["eve", "kim"], vec!["eve"], vec!["eve"]),
        (vec!["eve", "kim", "lou"], vec!["eve", "lou"], vec!["eve", "lou"]),
        (vec!["eve", "kim", "lou"], vec!["lou"], vec!["lou"]),
        (vec!["eve", "kim"], vec![], vec![]),
        // Whom nobody asked for does not stand, whatever Zoom says.
        (vec!["eve"], vec!["kim"], vec![]),
    ] {
        let mut story = Story::ready();
        for name in &launch {
            story.launch(provider_launch(name));
            story.zoom_answers_all_but(is_alternatives);
            while let Some(call) = story.begun.first().cloned() {
                let stand = taken.iter().map(|name| user(name)).collect();
                story.close(&call, IntentOutcome::AlternativesSet { stand });
            }
        }
        let may_go = |name: &&str| story.visit.way_in(&provider_key(name), &story.policy).is_some();
        assert_eq!(launch.iter().copied().filter(may_go).collect::<Vec<_>>(), inside, "{launch:?} {taken:?}");
        let told = story.visit.problems.contains_key(&ProblemCode::AlternativeHostRefused);
        assert_eq!(told, inside.len() < launch.len(), "{launch:?} {taken:?}");
        for hour in 1..20 {
            story.at(hour * 3_600).tick();
        }
        assert!(story.begun.is_empty(), "the list is not set in a loop");
    }
}

#[test]
fn a_provider_whom_zoom_did_not_take_is_tried_again_at_the_next_launch_of_his_own() {
    let mut story = Story::ready();
    let take = |story: &mut Story, taken: &[&str]| {
        let call = story.call(is_alternatives);
        let stand = taken.iter().map(|name| user(name)).collect();
        story.close(&call, IntentOutcome::AlternativesSet { stand });
        call.call
    };
    for name in ["eve", "kim"] {
        story.launch(provider_launch(name));
        story.zoom_answers_all_but(is_alternatives);
        take(&mut story, &["kim"]);
    }
    story.at(60).launch(provider_launch("dr"));
    assert!(story.begun.is_empty(), "another's launch gives nobody a licence");
    story.at(61).launch(provider_launch("eve"));
    // He may have got another Zoom user meanwhile, so that he is looked for first.
    story.call(is_ensure);
    assert!(!story.visit.problems.contains_key(&ProblemCode::AlternativeHostRefused));
    story.zoom_answers_all_but(is_alternatives);
    let call = take(&mut story, &["eve", "kim"]);
    assert!(
        matches!(call, ZoomCall::SetAlternativeHosts { others, .. } if others == [user("eve"), user("kim")])
    );
    for name in ["dr", "eve", "kim"] {
        assert!(story.visit.way_in(&provider_key(name), &story.policy).is_some(), "{name}");
    }
    // Whoever loses his licence later stands no more once Zoom says so.
    story.launch(provider_launch("lou"));
    story.zoom_answers_all_but(is_alternatives);
    take(&mut story, &["kim", "lou"]);
    assert_eq!(story.visit.way_in(&provider_key("eve"), &story.policy), None);
    assert!(story.visit.problems.contains_key(&ProblemCode::AlternativeHostRefused));
}

#[test]
fn the_kind_of_an_external_id_goes_with_the_id_that_it_came_with() {
    let kind = |text: &str| ExternalIdType::new(text).ok();
    let mut story = Story::new();
    let typed = |kind_: Option<ExternalIdType>| Launch { external_id_type: kind_, ..patient_launch("ada") };
    story.launch(typed(kind("3")));
    assert_eq!(story.visit.participants[&ada()].external_id_type, kind("3"));
    // A launch without an id says nothing about the id that is known.
    story.at(1).launch(Launch { external_id: None, external_id_type: kind("9"), ..patient_launch("ada") });
    assert_eq!(story.visit.participants[&ada()].external_id_type, kind("3"));
    story.at(2).launch(provider_launch("dr"));
    story.zoom_answers();
    story.facts([fact(Started, "U1", 3), of(&patient("ada", "a1"), Joined, "U1", 3)]);
    assert_eq!(story.updates.last().unwrap().external_id_type, kind("3"));
    story.at(4).launch(typed(None));
    assert_eq!(
        story.visit.participants[&ada()].external_id_type,
        None,
        "the new id's kind follows from the role"
    );
}

#[test]
fn the_whole_list_of_alternative_hosts_is_set_each_time() {
    let mut story = Story::ready();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    story.launch(provider_launch("kim"));
    story.zoom_answers_all_but(|call| matches!(call, ZoomCall::SetAlternativeHosts { .. }));
    let call = story.call(|call| matches!(call, ZoomCall::SetAlternativeHosts { .. })).call;
    assert!(
        matches!(call, ZoomCall::SetAlternativeHosts { others, .. } if others == [user("eve"), user("kim")])
    );
}

#[test]
fn both_providers_at_once_make_one_meeting_of_the_first() {
    let mut story = Story::new();
    story.launch(provider_launch("eve"));
    story.at(1).launch(provider_launch("dr"));
    // The second one's Zoom user is known first; the meeting is still the first one's.
    story.zoom_answers_all_but(|call| {
        is_ensure(call)
            && matches!(call, ZoomCall::EnsureProvider { provider, .. } if *provider == provider_key("eve"))
    });
    assert!(!story.begun.iter().any(|intent| is_create(&intent.call)));
    story.zoom_answers();
    assert_eq!(story.visit.meeting.as_ref().unwrap().host, user("eve"));
}

// 32, 33: a provider without a seat does not keep a colleague from starting.
#[test]
fn a_provider_whose_user_cannot_be_had_does_not_hold_up_another() {
    for retry in [Retry::Never, Retry::After(None)] {
        let mut story = Story::new();
        story.launch(provider_launch("dr"));
        let call = story.call(is_ensure);
        story.close(&call, crate::common::zoom::failed(ProblemCode::NoSeat, retry));
        assert!(story.visit.problems.contains_key(&ProblemCode::NoSeat));
        story.at(1).launch(provider_launch("eve"));
        let eve = story.call(|call| matches!(call, ZoomCall::EnsureProvider { provider, .. } if *provider == provider_key("eve")));
        let known = answer(&eve, crate::common::facts::MEETING);
        story.close(&eve, known);
        let create = story.call(is_create).call;
        assert!(matches!(create, ZoomCall::CreateMeeting { host, .. } if host == user("eve")));
    }
}

#[test]
fn a_refused_launch_changes_nothing_but_its_record() {
    let mut story = Story::ready();
    let mut before = story.visit.clone();
    assert!(matches!(story.at(7).launch(patient_launch("bob")), LaunchOutcome::Refused(_)));
    before.launches.clone_from(&story.visit.launches);
    (before.updated_at, before.stirred_at) = (story.visit.updated_at, story.visit.stirred_at);
    assert_eq!(story.visit, before);
}

#[test]
fn a_copy_of_a_launch_changes_nothing_however_late_it_comes() {
    let mut story = Story::new();
    let first = entry("dr-1", 0, Command::Launch(provider_launch("dr")));
    story.take_entry(&first).zoom_answers();
    let launched = story.visit.clone();
    story.at(9).take_entry(&first);
    assert_eq!(story.visit, launched);
    // The record of the launch has been let go, and its meeting was deleted: a copy must not make another one.
    story.at(700).launch(patient_launch("ada"));
    story.fact(fact(vestibule_domain::fact::FactKind::Deleted, "U1", 700));
    story.at(1_500).tick();
    let deleted = story.visit.clone();
    story.take_entry(&first);
    assert_eq!(story.visit, deleted);
}

#[test]
fn two_launches_of_one_person_in_the_wrong_order_are_both_answered() {
    let mut story = Story::new();
    let named = |name: &str| Launch { display_name: Phi::new(name), ..patient_launch("ada") };
    story.at(5).take_entry(&entry("later", 5, Command::Launch(named("Ada B."))));
    story.take_entry(&entry("earlier", 4, Command::Launch(named("Ada A."))));
    for id in ["later", "earlier"] {
        let outcome = story.visit.launch_outcome(&CommandId::new(id).unwrap());
        assert_eq!(outcome, Some(&LaunchOutcome::Accepted { participant: ada() }));
    }
    assert_eq!(story.visit.participants[&ada()].display_name.reveal(), "Ada B.");
}

#[test]
fn a_later_launch_knows_better() {
    let mut story = Story::new();
    story.launch(Launch { external_id: None, ..patient_launch("ada") });
    assert!(story.visit.problems.contains_key(&ProblemCode::NoExternalId));
    story.at(5).launch(patient_launch("ada"));
    assert_eq!(story.visit.participants[&ada()].external_id, ExternalId::new("WPR-ada").ok());
    assert!(story.visit.problems.is_empty());
    story.at(9).launch(Launch { external_id: None, ..patient_launch("ada") });
    assert_eq!(story.visit.participants[&ada()].external_id, ExternalId::new("WPR-ada").ok());
}

#[test]
fn a_guest_without_an_id_of_epics_is_no_problem() {
    let mut story = Story::ready();
    let link = GuestLinkId::new("interpreter").unwrap();
    story.take(Command::GuestInvited {
        link: link.clone(),
        invitation: Invitation { name: None, expires_at: at(60), patient_csn: None },
    });
    let guest = Launch {
        role: Role::Guest,
        fhir_user: link.as_reference(),
        external_id: None,
        patient: None,
        ..patient_launch("interpreter")
    };
    assert!(matches!(story.launch(guest), LaunchOutcome::Accepted { .. }));
    assert!(story.visit.problems.is_empty());
}

#[test]
fn within_the_reopening_time_the_same_meeting_goes_on_and_after_it_the_visit_is_over() {
    let mut story = Story::ready();
    let meeting = story.visit.meeting.as_ref().unwrap().id;
    story.facts([fact(Started, "U1", 10), fact(Ended, "U1", 600)]);
    let last = 600 + 12 * 3_600;
    story.at(last).launch(provider_launch("dr"));
    story.zoom_answers();
    assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(meeting)));
    let mut reopened = story.clone();
    reopened.at(last + 1).fact(fact(Started, "U2", last));
    assert_eq!(reopened.visit.phase, Phase::InProgress);
    let outcome = story.at(last + 1).launch(patient_launch("ada"));
    assert_eq!(outcome, LaunchOutcome::Refused(LaunchRefusal::Over));
    // An instance that begins after that is not this visit's any more.
    story.fact(fact(Started, "U3", last + 60));
    assert_eq!(story.visit.phase, Phase::Ended);
}

#[test]
fn a_full_visit_takes_nobody_new_and_keeps_those_it_has() {
    let mut story = Story::group();
    for number in 0..MOST_PARTICIPANTS {
        let launch = patient_launch(&format!("p{number}"));
        let launch = Launch { csn: vestibule_domain::id::Csn::new(format!("{number}")).ok(), ..launch };
        assert!(matches!(story.launch(launch), LaunchOutcome::Accepted { .. }));
    }
    assert_eq!(story.launch(provider_launch("dr")), LaunchOutcome::Refused(LaunchRefusal::Full));
    let again = Launch { csn: vestibule_domain::id::Csn::new("0").ok(), ..patient_launch("p0") };
    assert!(matches!(story.at(1).launch(again), LaunchOutcome::Accepted { .. }));
    assert!(story.visit.launches.len() <= 32, "remembered launches are bounded");
}

#[test]
fn a_patients_new_launch_tries_his_own_link_again() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.launch(proxy_launch("rita", "ada"));
    story.launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_register);
    for _ in 0..2 {
        let call = story.begun.iter().find(|intent| is_register(&intent.call)).unwrap().clone();
        story.close(&call, crate::common::zoom::failed(ProblemCode::ZoomRefused, Retry::Never));
    }
    assert!(story.begun.is_empty());
    story.at(20).launch(patient_launch("ada"));
    let again = story.call(is_register).call;
    assert!(matches!(again, ZoomCall::Register { participant, .. } if participant == ada()));
}

#[test]
fn one_person_in_two_roles_is_two_participants() {
    let mut story = Story::ready();
    let as_provider =
        Launch { fhir_user: FhirReference::new("Patient/ada").unwrap(), ..provider_launch("ada") };
    story.launch(as_provider);
    assert_eq!(story.visit.participants.len(), 3);
    story.fact(of(&patient("ada", "g1"), Joined, "U1", 10));
    assert_eq!(
        story.presence(&patient_key("ada")),
        vestibule_domain::visit::participant::Presence::InMeeting
    );
}

#[test]
fn a_launch_is_remembered_for_ten_minutes() {
    let mut story = Story::new();
    story.take_entry(&entry("one", 0, Command::Launch(patient_launch("ada"))));
    story.now = at(0) + Span::minutes(11);
    story.launch(proxy_launch("rita", "ada"));
    assert_eq!(story.visit.launches.len(), 1);
}
