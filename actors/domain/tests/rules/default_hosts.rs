//! Default hosts who stand in for providers, users without a licence, and what becomes of both at later launches.

use crate::common::facts::{self, MEETING, fact, of, user};
use crate::common::story::{Story, ada, dr, patient_launch, provider_key, provider_launch};
use crate::common::zoom::{
    AUTOMATIC, is_alternatives, is_create, is_ensure, is_register, link, made, name_of,
};
use vestibule_domain::fact::FactKind::{Joined, Left, RoleChanged, Started};
use vestibule_domain::intent::{Intent, IntentOutcome, MeetingSettings, ProblemCode, Retry, ZoomCall};
use vestibule_domain::visit::default_host::{HostChoice, Instead};
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::{Phase, Visit, WayIn};

fn by_default_host(name: &str, cause: ProblemCode) -> IntentOutcome {
    IntentOutcome::MadeDo { user: user(name), licensed: true, instead: Instead::DefaultHost(cause) }
}

fn ensure_of(story: &Story, name: &str) -> Intent {
    story.call(|call| matches!(call, ZoomCall::EnsureProvider { provider, .. } if name_of(provider) == name))
}

fn asked_for(intent: &Intent) -> HostChoice {
    match &intent.call {
        ZoomCall::EnsureProvider { host_choice, .. } => host_choice.clone(),
        call => panic!("{call:?}"),
    }
}

fn has(story: &Story, problem: ProblemCode) -> bool {
    story.visit.problems.contains_key(&problem)
}

/// "ada" waits, and for "dr" the default host "d1" stands in.
fn with_default_host() -> Story {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.at(5).launch(provider_launch("dr"));
    let ensure = ensure_of(&story, "dr");
    story.close(&ensure, by_default_host("d1", ProblemCode::UserPending));
    story.zoom_answers();
    story
}

// 32, 33: the meeting is the default host's, the provider comes by that one's link, and both the cause and what is done stand on the board.
#[test]
fn a32_a_default_host_hosts_for_a_provider_whose_user_cannot_be_had() {
    let mut story = with_default_host();
    let d1 = user("d1");
    let way = story.visit.way_in(&dr(), &story.policy);
    assert_eq!(way, Some(WayIn::DefaultHost { meeting: MEETING, user: &d1, join_url: None }));
    assert!(has(&story, ProblemCode::DefaultHostStandsIn) && has(&story, ProblemCode::UserPending));
    assert!(!has(&story, ProblemCode::HostUnlicensed));
    // Whoever comes as the default host is the provider.
    story.facts([fact(Started, "U1", 12), of(&facts::provider("d1", "p1"), Joined, "U1", 12)]);
    assert_eq!(story.presence(&dr()), Presence::InMeeting);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", MEETING))));
}

#[test]
fn a32_their_own_user_is_tried_again_at_each_launch_and_never_in_between() {
    let mut story = with_default_host();
    for hour in 1..5 {
        story.at(hour * 3_600).tick();
    }
    assert!(!story.begun.iter().any(|intent| is_ensure(&intent.call)), "no loop");
    story.launch(patient_launch("ada"));
    assert!(!story.begun.iter().any(|intent| is_ensure(&intent.call)));
    // Nobody is sent to a default host who may be another's by now.
    story.at(5 * 3_600).launch(provider_launch("dr"));
    assert_eq!(story.visit.way_in(&dr(), &story.policy), None);
    let again = ensure_of(&story, "dr");
    assert_eq!(asked_for(&again).rather, Some(user("d1")));
    assert_eq!(asked_for(&again).meeting, Some(MEETING));
    story.close(&again, by_default_host("d1", ProblemCode::UserPending));
    assert!(matches!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::DefaultHost { .. })));
    // The invitation was accepted.
    story.at(5 * 3_600 + 9).launch(provider_launch("dr"));
    story.zoom_answers();
    let own = user("dr");
    let way = story.visit.way_in(&dr(), &story.policy);
    assert!(
        matches!(way, Some(WayIn::Alternative { user, .. }) if *user == own),
        "of the same meeting: {way:?}"
    );
    assert_eq!(story.visit.meeting.as_ref().map(|m| m.id), Some(MEETING), "no second meeting");
    assert!(!has(&story, ProblemCode::DefaultHostStandsIn) && !has(&story, ProblemCode::UserPending));
}

// The light follows the person, by whichever user they came in.
#[test]
fn whoever_came_in_by_a_default_host_stays_themselves_when_their_own_user_is_there() {
    let mut story = with_default_host();
    story.facts([fact(Started, "U1", 12), of(&facts::provider("d1", "p1"), Joined, "U1", 12)]);
    story.at(60).launch(provider_launch("dr"));
    story.zoom_answers();
    assert_eq!(story.presence(&dr()), Presence::InMeeting);
    assert_eq!(story.lights(&dr()), [true]);
    story.facts([
        of(&facts::provider("dr", "p2"), Joined, "U1", 70),
        of(&facts::provider("d1", "p1"), Left, "U1", 71),
    ]);
    assert_eq!(story.presence(&dr()), Presence::InMeeting);
    assert_eq!(story.lights(&dr()), [true]);
}

// Two people of one Zoom user could not be told apart.
#[test]
fn a_default_host_stands_in_for_one_person_of_a_visit_only() {
    let mut story = with_default_host();
    story.at(20).launch(provider_launch("eve"));
    let eve = ensure_of(&story, "eve");
    assert_eq!(asked_for(&eve).not, [user("d1")].into());
    assert_ne!(asked_for(&eve).holder, HostChoice::holder(&story.visit.key, &dr()));
    story.close(&eve, by_default_host("d2", ProblemCode::NoSeat));
    story.zoom_answers();
    let d2 = user("d2");
    let join_url = story.visit.meeting.as_ref().map(|m| m.join_url.clone());
    let way = story.visit.way_in(&provider_key("eve"), &story.policy);
    assert_eq!(way, Some(WayIn::DefaultHost { meeting: MEETING, user: &d2, join_url: join_url.as_ref() }));
    story.facts([fact(Started, "U1", 30), of(&facts::provider("d2", "p2"), Joined, "U1", 30)]);
    assert_eq!(
        (story.presence(&dr()), story.presence(&provider_key("eve"))),
        (Presence::Gone, Presence::InMeeting)
    );
    // Also once the first has their own user: they may still be in the meeting by the default host.
    story.at(40).launch(provider_launch("dr"));
    story.zoom_answers();
    story.at(41).launch(provider_launch("eve"));
    assert_eq!(asked_for(&ensure_of(&story, "eve")).not, [user("dr"), user("d1")].into());
}

#[test]
fn where_no_default_host_is_free_the_visit_says_so_and_the_next_launch_asks_again() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    let ensure = ensure_of(&story, "dr");
    story.close(&ensure, crate::common::zoom::failed(ProblemCode::NoDefaultHost, Retry::Never));
    story.at(3_600).tick();
    assert!(has(&story, ProblemCode::NoDefaultHost) && story.begun.is_empty());
    story.at(3_601).launch(provider_launch("dr"));
    story.zoom_answers();
    assert!(!has(&story, ProblemCode::NoDefaultHost));
    assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(MEETING)));
}

/// "dr" hosts without a licence, so that Zoom made the meeting without registration.
fn unlicensed(outcome: IntentOutcome) -> Story {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.at(5).launch(provider_launch("dr"));
    let ensure = ensure_of(&story, "dr");
    story.close(&ensure, outcome);
    let create = story.call(is_create);
    let settings = MeetingSettings { registration: false, ..AUTOMATIC };
    story.close(&create, IntentOutcome::Made(made(MEETING, &user("dr"), settings)));
    story.zoom_answers();
    story
}

// 33: the same user, with a licence at a later launch; the patient then gets the link that the meeting could not give before.
#[test]
fn a33_a_licence_that_comes_free_brings_patients_their_links() {
    let basic = IntentOutcome::MadeDo { user: user("dr"), licensed: false, instead: Instead::Basic };
    let found = IntentOutcome::Provider { user: user("dr"), licensed: false };
    for (outcome, said) in [(basic, true), (found, false)] {
        let mut story = unlicensed(outcome.clone());
        assert_eq!(has(&story, ProblemCode::BasicUser) && has(&story, ProblemCode::NoSeat), said);
        assert!(has(&story, ProblemCode::HostUnlicensed));
        assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(MEETING)));
        // Still none: nothing is asked of the meeting, and the way in stays.
        story.at(60).launch(provider_launch("dr"));
        assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(MEETING)));
        let again = ensure_of(&story, "dr");
        story.close(&again, outcome);
        assert!(story.begun.is_empty());
        story.at(120).launch(provider_launch("dr"));
        let again = ensure_of(&story, "dr");
        story.close(&again, IntentOutcome::Provider { user: user("dr"), licensed: true });
        let ask = story
            .call(|call| matches!(call, ZoomCall::AskRegistration { meeting, .. } if *meeting == MEETING));
        assert!(!story.begun.iter().any(|intent| is_register(&intent.call)), "not before Zoom has it");
        story.close(&ask, IntentOutcome::Read { started: false, effective: AUTOMATIC });
        story.call(is_register);
        story.zoom_answers();
        assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
        story.facts([fact(Started, "U1", 130), of(&facts::provider("dr", "p1"), Joined, "U1", 130)]);
        assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", MEETING))));
    }
}

#[test]
fn a_zoom_that_gives_no_registration_all_the_same_is_asked_once() {
    let mut story = unlicensed(IntentOutcome::Provider { user: user("dr"), licensed: false });
    story.at(60).launch(provider_launch("dr"));
    let again = ensure_of(&story, "dr");
    story.close(&again, IntentOutcome::Provider { user: user("dr"), licensed: true });
    let ask = story.call(|call| matches!(call, ZoomCall::AskRegistration { .. }));
    let effective = MeetingSettings { registration: false, ..AUTOMATIC };
    story.close(&ask, IntentOutcome::Read { started: false, effective });
    story.at(3_600).tick();
    assert!(story.begun.is_empty() && has(&story, ProblemCode::RegistrationUnavailable));
}

// 15, 24: the host goes, by a crash or by handing the role on, and the visit goes on for the rest, also when a default host began it.
#[test]
fn a15_a24_the_hosts_crash_or_role_change_ends_nothing_for_the_rest() {
    for standing_in in [true, false] {
        let mut story = if standing_in { with_default_host() } else { Story::ready() };
        let host = facts::provider(if standing_in { "d1" } else { "dr" }, "p1");
        story.at(10).launch(provider_launch("eve"));
        story.zoom_answers_all_but(is_alternatives);
        let set = story.call(is_alternatives);
        story.close(&set, IntentOutcome::AlternativesSet { stand: vec![user("eve")] });
        let second = facts::provider("eve", "p2");
        let patient = facts::patient("ada", "g1");
        story.facts([
            fact(Started, "U1", 12),
            of(&host, Joined, "U1", 12),
            of(&patient, Joined, "U1", 20),
            of(&second, Joined, "U1", 25),
            of(&host, RoleChanged, "U1", 30),
            of(&second, RoleChanged, "U1", 30),
            of(&host, Left, "U1", 95),
        ]);
        story.at(100).tick();
        assert_eq!(story.visit.phase, Phase::InProgress);
        assert_eq!((story.presence(&dr()), story.presence(&ada())), (Presence::Gone, Presence::InMeeting));
        assert!(story.visit.way_in(&ada(), &story.policy).is_some(), "who drops out comes back");
        let ends = |intent: &Intent| matches!(intent.call, ZoomCall::EndMeeting { .. });
        assert!(!story.begun.iter().any(ends), "a provider is there");
        assert_eq!(story.lights(&ada()), [true]);
    }
}

// A store may hold states and calls of the release before, and that release reads what does not use any of this.
#[test]
fn states_without_anything_of_this_are_written_as_before_and_read() {
    let mut story = Story::ready();
    let before = serde_json::to_string(&story.visit).unwrap();
    for field in ["instead", "default_hosts", "ask_registration", "host_choice"] {
        assert!(!before.contains(field), "{field}");
    }
    assert_eq!(serde_json::from_str::<Visit>(&before).unwrap(), story.visit);
    let call = r#"{"ensure_provider":{"provider":"provider:Practitioner/dr","email":null,"first_name":null,"last_name":null}}"#;
    let read: ZoomCall = serde_json::from_str(call).unwrap();
    assert!(is_ensure(&read));
    assert_eq!(serde_json::to_string(&read).unwrap(), call);
    story = with_default_host();
    let with = serde_json::to_string(&story.visit).unwrap();
    assert_eq!(serde_json::from_str::<Visit>(&with).unwrap(), story.visit);
}
