//! What Epic says of the appointment: who hosts, and what becomes of a visit that was called off, moved, or stands again.

use crate::common::at;
use crate::common::facts::{MEETING, fact, of, patient, provider, unnamed, user};
use crate::common::story::{
    Story, ada, dr, patient_key, patient_launch, provider_key, provider_launch, proxy_launch,
};
use crate::common::zoom::{failed, is_create, is_delete, is_ensure, is_read, link};
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::fact::Fact;
use vestibule_domain::fact::FactKind::{Ended, Joined, Started, WaitingForHost};
use vestibule_domain::id::{Csn, FhirReference};
use vestibule_domain::intent::{IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::name::Phi;
use vestibule_domain::visit::admittance::Admit;
use vestibule_domain::visit::booking::{BookingRead, EncounterProvider};
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal, Visit, WayIn};

const CALLED_OFF: LaunchOutcome = LaunchOutcome::Refused(LaunchRefusal::CalledOff);

fn led_by(name: &str) -> BookingRead {
    let provider = EncounterProvider {
        fhir_user: FhirReference::new(format!("Practitioner/{name}")).unwrap(),
        name: Some(Phi::new(format!("Dr. {name}"))),
    };
    BookingRead { provider: Some(provider), ..BookingRead::default() }
}

fn off(called_off: bool) -> BookingRead {
    BookingRead { called_off: Some(called_off), ..BookingRead::default() }
}

impl Story {
    /// A launch with what Epic says at this time.
    fn booked(&mut self, launch: Launch, read: BookingRead) -> LaunchOutcome {
        let booking = Some(BookingRead { at: self.now, ..read });
        self.launch(Launch { booking, ..launch })
    }
}

fn host(story: &Story) -> Option<String> {
    story.visit.meeting.as_ref().map(|meeting| meeting.host.as_str().to_owned())
}

fn name_for(story: &Story, who: &str) -> Option<String> {
    let booking = story.visit.booking_of(&patient_key(who))?;
    booking.provider.as_ref()?.name.as_ref().map(|name| name.reveal().to_owned())
}

// === who hosts ===

// Each row: who launches before the meeting is made, and who hosts it, where Epic names "dr".
#[test]
fn the_encounter_provider_hosts_if_they_have_launched_and_else_the_first_who_did() {
    for (launches, expected) in [
        (vec!["dr"], "dr"),
        (vec!["eve"], "eve"),
        (vec!["eve", "dr"], "dr"),
        (vec!["dr", "eve"], "dr"),
        (vec!["eve", "kim"], "eve"),
        (vec!["eve", "kim", "dr"], "dr"),
    ] {
        let mut story = Story::new();
        story.booked(patient_launch("ada"), led_by("dr"));
        for name in &launches {
            story.at(story.now.0 / 1_000 + 1).launch(provider_launch(name));
        }
        story.zoom_answers();
        assert_eq!(host(&story).as_deref(), Some(user(expected).as_str()), "{launches:?}");
        for name in launches {
            assert!(story.visit.way_in(&provider_key(name), &story.policy).is_some(), "{name} goes in");
        }
    }
}

#[test]
fn a_meeting_that_is_made_stays_its_hosts_when_the_encounter_provider_comes_later() {
    let mut story = Story::new();
    story.booked(patient_launch("ada"), led_by("dr"));
    story.launch(provider_launch("eve"));
    story.zoom_answers_all_but(is_create);
    let create = story.call(is_create);
    story.at(2).launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_create);
    assert_eq!(story.call(is_create), create, "it may have been made already");
    story.zoom_answers();
    assert_eq!(host(&story).as_deref(), Some(user("eve").as_str()));
    assert!(story.visit.way_in(&dr(), &story.policy).is_some(), "as alternative host, who may start it");
}

#[test]
fn nobody_waits_for_an_encounter_provider_whose_user_cannot_be_had() {
    let mut story = Story::new();
    story.booked(provider_launch("dr"), led_by("dr"));
    let refused = failed(ProblemCode::NoSeat, Retry::Never);
    story.close(&story.call(is_ensure), refused);
    story.at(1).launch(provider_launch("eve"));
    let ensure = story.begun.iter().find(
        |intent| matches!(&intent.call, ZoomCall::EnsureProvider { provider, .. } if *provider == provider_key("eve")),
    );
    let ensure = ensure.cloned().unwrap();
    story.close(&ensure, IntentOutcome::Provider { user: user("eve"), licensed: true });
    let ZoomCall::CreateMeeting { host, .. } = story.call(is_create).call else { panic!("no meeting") };
    assert_eq!(host, user("eve"));
}

#[test]
fn only_a_provider_can_be_the_encounter_provider() {
    let mut story = Story::new();
    let odd = BookingRead {
        provider: Some(EncounterProvider {
            fhir_user: FhirReference::new("Patient/ada").unwrap(),
            name: None,
        }),
        ..BookingRead::default()
    };
    story.booked(patient_launch("ada"), odd);
    assert!(!story.visit.is_led_by(&ada()));
    assert!(!story.visit.is_led_by(&provider_key("ada")), "another kind of resource is another person");
}

// === what is said later stands ===

#[test]
fn what_epic_said_last_stands_and_what_it_did_not_say_changes_nothing() {
    let mut story = Story::new();
    story.at(100).booked(patient_launch("ada"), led_by("dr"));
    assert_eq!(name_for(&story, "ada").as_deref(), Some("Dr. dr"));
    story.at(101).booked(patient_launch("ada"), off(false));
    assert_eq!(name_for(&story, "ada").as_deref(), Some("Dr. dr"));
    let nameless = |name: &str| {
        let read = led_by(name);
        BookingRead { provider: read.provider.map(|it| EncounterProvider { name: None, ..it }), ..read }
    };
    story.at(102).booked(patient_launch("ada"), nameless("dr"));
    assert_eq!(name_for(&story, "ada").as_deref(), Some("Dr. dr"), "still the same provider");
    // A door that read it earlier and hands it in later; and one whose clock is ahead.
    let early = BookingRead { at: at(50), ..led_by("eve") };
    story.at(103).launch(Launch { booking: Some(early), ..patient_launch("ada") });
    assert_eq!(name_for(&story, "ada").as_deref(), Some("Dr. dr"));
    let ahead = BookingRead { at: at(9_999), ..led_by("kim") };
    story.at(104).launch(Launch { booking: Some(ahead), ..patient_launch("ada") });
    story.at(105).booked(patient_launch("ada"), nameless("eve"));
    assert_eq!(name_for(&story, "ada"), None, "another provider does not get the name of the last");
}

#[test]
fn a_visit_of_before_is_read_and_one_without_a_booking_is_written_as_before() {
    let mut story = Story::ready();
    let plain = serde_json::to_value(&story.visit).unwrap();
    assert!(plain.get("bookings").is_none());
    assert_eq!(serde_json::from_value::<Visit>(plain).unwrap(), story.visit);
    story.at(20).booked(patient_launch("ada"), led_by("dr"));
    let full = serde_json::to_value(&story.visit).unwrap();
    assert_eq!(serde_json::from_value::<Visit>(full).unwrap(), story.visit);
    // I15: no name of a person reaches a log.
    assert!(!format!("{:?}", story.visit).contains("Dr. dr"));
}

// === moved ===

#[test]
fn an_appointment_is_moved_when_it_begins_at_another_time_than_before() {
    let starts = |second: i64| BookingRead { starts: Some(at(second)), ..BookingRead::default() };
    let mut story = Story::new();
    let moved = |story: &Story| story.visit.booking_of(&ada()).unwrap().moved_to(story.now);
    story.booked(patient_launch("ada"), starts(600));
    assert_eq!(moved(&story), None, "a first time is not another one");
    story.at(10).booked(patient_launch("ada"), starts(3_600));
    assert_eq!(moved(&story), Some(at(3_600)));
    story.at(20).booked(patient_launch("ada"), led_by("dr"));
    assert_eq!(moved(&story), Some(at(3_600)));
    story.at(3_600).tick();
    assert_eq!(moved(&story), None, "it is not ahead any more");
}

// === called off ===

/// "ada" waits, "dr" has launched, and the meeting is ready; then Epic says that it is off.
fn called_off() -> Story {
    let mut story = Story::ready();
    assert_eq!(story.at(60).booked(patient_launch("ada"), off(true)), CALLED_OFF);
    story
}

fn nobody_gets_in(story: &Story) {
    for who in [ada(), dr()] {
        assert_eq!(story.visit.admit(&who, &story.policy), Admit::Wait);
        assert_eq!(story.visit.way_in(&who, &story.policy), None);
    }
}

// I6: nobody gets a link that the policy does not allow.
#[test]
fn of_a_visit_that_was_called_off_nobody_gets_a_link_and_the_meeting_goes() {
    let mut story = called_off();
    nobody_gets_in(&story);
    // Zoom is asked first, since deleting would end a meeting that runs.
    assert!(!story.begun.iter().any(|intent| is_delete(&intent.call)));
    story.call(is_read);
    story.zoom_answers_all_but(is_delete);
    assert_eq!(story.call(is_delete).call, ZoomCall::DeleteMeeting { meeting: MEETING });
    nobody_gets_in(&story);
    story.zoom_answers();
    assert!(story.visit.meeting.is_none() && story.visit.deleted.contains_key(&MEETING));
    assert_eq!(story.visit.problems.keys().collect::<Vec<_>>(), [&ProblemCode::CalledOff]);
    for launch in [patient_launch("ada"), provider_launch("dr"), proxy_launch("rita", "ada")] {
        assert_eq!(story.at(70).launch(launch), CALLED_OFF, "also where nothing could be read");
    }
    for minute in 2..30 {
        story.at(minute * 60).tick();
    }
    assert!(story.begun.is_empty(), "{:?}", story.begun);
}

// Zoom tells nothing of people on its own screen when the meeting goes.
#[test]
fn whoever_waited_for_the_host_in_a_meeting_that_is_deleted_waits_no_more() {
    let mut story = Story::ready();
    story.at(6).take(Command::Departed { participant: ada() });
    story.at(50).fact(of(&unnamed(&patient("ada", "g1")), WaitingForHost, "U0", 50));
    assert_eq!(story.presence(&ada()), Presence::Waiting);
    assert_eq!(story.at(60).booked(provider_launch("dr"), off(true)), CALLED_OFF);
    story.zoom_answers();
    assert!(story.visit.deleted.contains_key(&MEETING));
    assert_eq!(story.presence(&ada()), Presence::Gone);
    // The next meeting is another one.
    story.at(90).booked(provider_launch("dr"), off(false));
    story.zoom_answers();
    let meeting = story.visit.meeting.as_ref().map(|meeting| meeting.id).unwrap();
    let waits = of(&unnamed(&patient("ada", "g2")), WaitingForHost, "U0", 100);
    story.at(100).fact(Fact { meeting, ..waits });
    assert_eq!(story.presence(&ada()), Presence::Waiting);
}

// A visit whose next look is due although nothing is left to do would be looked at for ever.
#[test]
fn while_the_meeting_of_a_called_off_visit_is_deleted_the_next_look_lies_ahead() {
    let mut story = called_off();
    story.zoom_answers_all_but(is_delete);
    assert_eq!(story.presence(&ada()), Presence::Waiting);
    for second in [60, 65, 75] {
        story.at(second).tick();
        assert!(story.visit.wake(&story.policy, story.now).is_some_and(|wake| wake > story.now), "{second}");
    }
}

#[test]
fn a_meeting_in_which_people_are_is_left_to_them_until_it_is_over() {
    for known_by in ["an event", "a reading"] {
        let mut story = Story::ready();
        if known_by == "an event" {
            story.facts([fact(Started, "U1", 30), of(&provider("dr", "d1"), Joined, "U1", 31)]);
            story.fact(of(&patient("ada", "d2"), Joined, "U1", 32));
        }
        assert_eq!(story.at(60).booked(patient_launch("ada"), off(true)), CALLED_OFF);
        nobody_gets_in(&story);
        if known_by == "a reading" {
            let effective = crate::common::zoom::AUTOMATIC;
            story.close(&story.call(is_read), IntentOutcome::Read { started: true, effective });
        }
        story.at(120).tick();
        assert!(story.visit.meeting.is_some());
        assert!(!story.begun.iter().any(|intent| is_delete(&intent.call)), "{known_by}");
        if known_by == "an event" {
            assert_eq!(story.presence(&dr()), Presence::InMeeting);
            story.at(600).fact(fact(Ended, "U1", 600));
        }
        for minute in 11..20 {
            story.at(minute * 60).tick().zoom_answers();
        }
        assert!(story.visit.deleted.contains_key(&MEETING), "{known_by}");
    }
}

// I12: people of a visit are only ever sent to one live meeting; any other with its marker is removed.
#[test]
fn a_meeting_that_was_being_made_is_removed_as_soon_as_it_is_heard_of() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_create);
    assert_eq!(story.at(1).booked(provider_launch("dr"), off(true)), CALLED_OFF);
    story.zoom_answers_all_but(is_delete);
    assert_eq!(story.call(is_delete).call, ZoomCall::DeleteMeeting { meeting: MEETING });
    assert!(story.visit.meeting.is_none());
    story.zoom_answers();
    assert!(story.begun.is_empty());
}

#[test]
fn a_visit_that_stands_again_goes_on() {
    let mut story = called_off();
    story.zoom_answers();
    assert!(story.visit.meeting.is_none());
    let outcome = story.at(90).booked(provider_launch("dr"), off(false));
    assert_eq!(outcome, LaunchOutcome::Accepted { participant: dr() });
    story.zoom_answers();
    assert!(story.visit.way_in(&dr(), &story.policy).is_some());
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
    // Taken back before the meeting was gone: it is the same one.
    let mut story = called_off();
    story.at(61).booked(patient_launch("ada"), off(false));
    story.zoom_answers();
    assert_eq!(story.visit.meeting.as_ref().map(|meeting| meeting.id), Some(MEETING));
    assert!(story.visit.deleted.is_empty());
}

// I12: nobody is sent to a meeting that may be gone, however its deletion goes.
#[test]
fn a_visit_that_stands_again_while_its_meeting_is_being_deleted_gets_another() {
    for fails_first in [false, true] {
        let mut story = called_off();
        story.zoom_answers_all_but(is_delete);
        if fails_first {
            story.close(&story.call(is_delete), failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
        }
        story.at(61).booked(provider_launch("dr"), off(false));
        nobody_gets_in(&story);
        if fails_first {
            story.at(200).tick();
        }
        story.close(&story.call(is_delete), IntentOutcome::Deleted).zoom_answers();
        let meeting = story.visit.meeting.as_ref().map(|meeting| meeting.id).unwrap();
        assert_ne!(meeting, MEETING);
        assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(meeting)));
    }
}

#[test]
fn a_visit_that_stands_again_keeps_a_meeting_that_zoom_does_not_delete_or_that_people_are_in() {
    for live in [false, true] {
        let mut story = called_off();
        story.zoom_answers_all_but(is_delete);
        let failed = if live {
            failed(ProblemCode::ZoomUnavailable, Retry::After(None))
        } else {
            failed(ProblemCode::ZoomRefused, Retry::Never)
        };
        story.close(&story.call(is_delete), failed);
        story.at(61).booked(provider_launch("dr"), off(false));
        if live {
            nobody_gets_in(&story);
            story.facts([fact(Started, "U1", 62), of(&provider("dr", "d1"), Joined, "U1", 63)]);
        }
        for second in [64, 200, 900] {
            story.at(second).tick();
            assert!(!story.begun.iter().any(|intent| is_delete(&intent.call)), "{:?}", story.begun);
            assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(MEETING)));
        }
    }
}

#[test]
fn a_launch_about_another_patient_says_nothing_of_the_appointment() {
    let mut story = Story::ready();
    let outcome = story.at(60).booked(patient_launch("bob"), off(true));
    assert_eq!(outcome, LaunchOutcome::Refused(LaunchRefusal::WrongPatient));
    assert!(story.visit.bookings.is_empty());
}

#[test]
fn in_a_group_only_the_patient_whose_appointment_it_was_stays_out() {
    let own = |name: &str, csn: &str| Launch { csn: Csn::new(csn).ok(), ..patient_launch(name) };
    let mut story = Story::group();
    story.launch(own("ada", "1"));
    story.booked(own("bob", "2"), led_by("dr"));
    story.launch(Launch { csn: None, ..provider_launch("eve") });
    story.launch(Launch { csn: None, ..provider_launch("dr") });
    story.zoom_answers();
    assert_eq!(host(&story).as_deref(), Some(user("dr").as_str()));
    story.facts([fact(Started, "U1", 30), of(&provider("dr", "d1"), Joined, "U1", 31)]);
    assert_eq!(story.at(60).booked(own("ada", "1"), off(true)), CALLED_OFF);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None);
    let bobs = link("bob", MEETING);
    let bob = story.visit.way_in(&patient_key("bob"), &story.policy);
    assert_eq!(bob, Some(WayIn::Personal(&bobs)));
    assert!(story.visit.way_in(&dr(), &story.policy).is_some());
    let provider = Launch { csn: Csn::new("1").ok(), ..provider_launch("dr") };
    assert_eq!(story.launch(provider), LaunchOutcome::Accepted { participant: dr() });
    assert!(story.visit.meeting.is_some() && story.visit.problems.is_empty());
}
