//! When people may come, who has not come, and when a meeting ends by itself.

use crate::common::at;
use crate::common::facts::{MEETING, anonymous, fact, of, patient, phone, provider};
use crate::common::story::{Story, ada, dr, patient_launch, provider_key, provider_launch, proxy_launch};
use crate::common::zoom::is_read;
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::fact::FactKind::{Ended, Joined, Left, Started};
use vestibule_domain::id::Csn;
use vestibule_domain::intent::{IntentOutcome, ProblemCode, ZoomCall};
use vestibule_domain::time::Span;
use vestibule_domain::visit::booking::BookingRead;
use vestibule_domain::visit::window::Window;
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal, Phase};

/// The appointments of these stories begin at this second.
const NOON: i64 = 10_000;
const MINUTE: i64 = 60;

fn booked(launch: Launch) -> Launch {
    let booking = BookingRead { at: at(0), starts: Some(at(NOON)), ..BookingRead::default() };
    Launch { booking: Some(booking), ..launch }
}

fn refused(outcome: &LaunchOutcome) -> Option<LaunchRefusal> {
    match outcome {
        LaunchOutcome::Refused(refusal) => Some(*refusal),
        LaunchOutcome::Accepted { .. } => None,
    }
}

impl Story {
    fn comes(&mut self, second: i64, launch: Launch) -> Option<LaunchRefusal> {
        refused(&self.at(second).launch(booked(launch)))
    }

    fn no_show(&self) -> Option<ProblemCode> {
        let both = [ProblemCode::ProviderNotCome, ProblemCode::PatientNotCome];
        both.into_iter().find(|code| self.visit.problems.contains_key(code))
    }

    fn is_ending(&self) -> bool {
        self.begun.iter().any(|intent| matches!(intent.call, ZoomCall::EndMeeting { .. }))
    }

    /// Goes on from deadline to deadline, answering nothing, until this second.
    fn passes(&mut self, until: i64) -> &mut Self {
        while let Some(due) = self.visit.wake(&self.policy, self.now).filter(|due| *due <= at(until)) {
            assert!(due > self.now, "a deadline that was kept lies ahead: {due:?}");
            self.now = due;
            self.tick();
        }
        self.at(until)
    }
}

// === coming ===

// Each row: when a patient comes for the first time, and whether they are refused.
#[test]
fn the_patients_side_comes_from_a_while_before_the_appointment_to_a_while_after_it() {
    for (second, expected) in [
        (NOON - 20 * MINUTE - 1, Some(LaunchRefusal::TooEarly)),
        (NOON - 20 * MINUTE, None),
        (NOON, None),
        (NOON + 40 * MINUTE, None),
        (NOON + 40 * MINUTE + 1, Some(LaunchRefusal::TooLate)),
    ] {
        for launch in [patient_launch("ada"), proxy_launch("rita", "ada")] {
            let mut story = Story::new();
            assert_eq!(story.comes(second, launch), expected, "{second}");
            let taken_in = story.visit.participants.len();
            assert_eq!(taken_in, usize::from(expected.is_none()), "{second}");
            let window = Window { opens: at(NOON - 20 * MINUTE), closes: at(NOON + 40 * MINUTE) };
            assert_eq!(
                story.visit.window(None, &story.policy),
                Some(window),
                "whoever is refused is told when"
            );
        }
    }
}

#[test]
fn a_provider_comes_at_any_time_and_opens_the_visit_for_everybody() {
    for second in [NOON - 5 * 3_600, NOON + 5 * 3_600] {
        let mut story = Story::new();
        assert_eq!(story.comes(second, provider_launch("dr")), None);
        assert_eq!(story.comes(second + 1, patient_launch("ada")), None);
    }
    // What a provider opened long ago is not open any more.
    let mut story = Story::new();
    story.comes(1, provider_launch("dr"));
    story.policy.reopen = Span::minutes(10);
    assert_eq!(story.comes(601, patient_launch("ada")), Some(LaunchRefusal::TooEarly));
}

#[test]
fn whoever_was_in_time_may_come_again_when_the_provider_is_late() {
    let mut story = Story::new();
    assert_eq!(story.comes(NOON, patient_launch("ada")), None);
    assert_eq!(story.comes(NOON + 90 * MINUTE, patient_launch("ada")), None);
    assert_eq!(story.comes(NOON + 91 * MINUTE, proxy_launch("rita", "ada")), Some(LaunchRefusal::TooLate));
}

#[test]
fn a_visit_that_has_begun_is_open_to_whoever_comes_again() {
    let mut story = Story::new();
    story.comes(NOON, provider_launch("dr"));
    story.zoom_answers();
    story.at(NOON + 10).facts([fact(Started, "U1", NOON + 5), fact(Ended, "U1", NOON + 9)]);
    story.visit.provider_launched = None;
    assert_eq!(story.comes(NOON + 60 * MINUTE, patient_launch("ada")), None);
}

#[test]
fn a_visit_without_a_time_has_no_window_and_one_that_is_moved_has_another() {
    let mut story = Story::new();
    assert_eq!(refused(&story.at(5).launch(patient_launch("ada"))), None);
    let mut story = Story::new();
    assert_eq!(story.comes(NOON - 30 * MINUTE, patient_launch("ada")), Some(LaunchRefusal::TooEarly));
    let sooner =
        BookingRead { at: story.now, starts: Some(at(NOON - 15 * MINUTE)), ..BookingRead::default() };
    let launch = Launch { booking: Some(sooner), ..patient_launch("ada") };
    assert_eq!(refused(&story.launch(launch)), None);
}

#[test]
fn in_a_group_each_patient_has_the_window_of_their_own_appointment() {
    let own = |name: &str, csn: &str, starts: i64| {
        let booking = BookingRead { at: at(0), starts: Some(at(starts)), ..BookingRead::default() };
        Launch { csn: Csn::new(csn).ok(), booking: Some(booking), ..patient_launch(name) }
    };
    let mut story = Story::group();
    assert_eq!(refused(&story.at(NOON).launch(own("ada", "1", NOON))), None);
    assert_eq!(refused(&story.launch(own("bob", "2", NOON + 3_600))), Some(LaunchRefusal::TooEarly));
    assert_eq!(refused(&story.launch(own("cid", "3", NOON - 3_600))), Some(LaunchRefusal::TooLate));
}

// === who has not come ===

#[test]
fn a_side_that_has_not_come_long_after_the_time_is_a_problem_until_it_comes() {
    for (first, second, expected) in [
        (patient_launch("ada"), provider_launch("dr"), ProblemCode::ProviderNotCome),
        (provider_launch("dr"), patient_launch("ada"), ProblemCode::PatientNotCome),
    ] {
        let mut story = Story::new();
        story.comes(NOON - 10 * MINUTE, first);
        story.zoom_answers();
        story.passes(NOON + 40 * MINUTE - 1);
        assert_eq!(story.no_show(), None);
        story.passes(NOON + 40 * MINUTE);
        assert_eq!(story.no_show(), Some(expected));
        story.comes(NOON + 50 * MINUTE, second);
        assert_eq!(story.no_show(), None);
    }
}

#[test]
fn a_provider_who_opens_the_visit_late_gives_the_patient_as_much_time() {
    let mut story = Story::new();
    story.comes(NOON + 100 * MINUTE, provider_launch("dr"));
    story.zoom_answers();
    story.passes(NOON + 140 * MINUTE - 1);
    assert_eq!(story.no_show(), None);
    story.passes(NOON + 140 * MINUTE);
    assert_eq!(story.no_show(), Some(ProblemCode::PatientNotCome));
}

#[test]
fn without_a_time_a_side_is_waited_for_since_the_other_came() {
    let mut story = Story::new();
    story.at(100).launch(patient_launch("ada"));
    story.passes(100 + 40 * MINUTE - 1);
    assert_eq!(story.no_show(), None);
    story.passes(100 + 40 * MINUTE);
    assert_eq!(story.no_show(), Some(ProblemCode::ProviderNotCome));
}

#[test]
fn a_patient_by_telephone_has_come() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story.zoom_answers();
    story.at(20).facts([
        fact(Started, "U1", 10),
        of(&provider("dr", "d1"), Joined, "U1", 11),
        of(&phone("p1"), Joined, "U1", 15),
    ]);
    story.passes(41 * MINUTE);
    assert_eq!(story.no_show(), None);
}

#[test]
fn nobody_is_missed_in_a_visit_that_was_called_off() {
    let mut story = Story::ready();
    let off = BookingRead { at: at(6), called_off: Some(true), ..BookingRead::default() };
    story.at(6).launch(Launch { booking: Some(off), ..patient_launch("ada") });
    story.visit.participants.remove(&dr());
    story.at(3 * 3_600).tick();
    assert_eq!(story.no_show(), None);
}

// === the end ===

/// Both are in the meeting; "dr" leaves at second 100.
fn left_alone() -> Story {
    let mut story = Story::ready();
    story.at(20).facts([
        fact(Started, "U1", 10),
        of(&provider("dr", "d1"), Joined, "U1", 11),
        of(&patient("ada", "a1"), Joined, "U1", 12),
    ]);
    story.at(101).fact(of(&provider("dr", "d1"), Left, "U1", 100));
    story
}

// I5 and the light: the end is Zoom's to tell; then everybody has left.
#[test]
fn a_meeting_that_its_provider_left_is_ended_after_a_while_and_told_to_epic() {
    let mut story = left_alone();
    story.passes(100 + 15 * MINUTE - 1);
    assert!(!story.is_ending());
    story.passes(100 + 15 * MINUTE);
    let end = story.call(|call| matches!(call, ZoomCall::EndMeeting { meeting } if *meeting == MEETING));
    story.close(&end, IntentOutcome::Ended);
    story.at(1_010).fact(fact(Ended, "U1", 1_005));
    assert_eq!((story.visit.phase, story.lights(&ada())), (Phase::Ended, vec![true, false]));
    story.passes(3_600);
    assert!(!story.is_ending());
}

#[test]
fn a_provider_who_comes_back_or_launches_anew_in_time_keeps_it_going() {
    let mut story = left_alone();
    story.at(900).fact(of(&provider("dr", "d2"), Joined, "U1", 900));
    story.passes(3 * 3_600);
    assert!(!story.is_ending());
    let mut story = left_alone();
    story.at(900).launch(provider_launch("dr"));
    story.passes(900 + 15 * MINUTE - 1);
    assert!(!story.is_ending());
    story.passes(900 + 15 * MINUTE);
    assert!(story.is_ending());
    // While it waits to be made, or runs, somebody may still come: what has not begun is dropped.
    let mut story = left_alone();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    story.at(950).fact(of(&provider("eve", "e1"), Joined, "U1", 950));
    story.passes(3 * 3_600);
    assert!(!story.is_ending(), "another provider is there");
}

#[test]
fn a_provider_who_is_only_known_by_the_word_of_people_keeps_it_going() {
    let mut story = left_alone();
    story.launch(provider_launch("eve"));
    story.zoom_answers();
    story.at(950).fact(of(&anonymous("eve", "x1"), Joined, "U1", 950));
    let device = story.visit.unlinked(&story.policy, story.now).remove(0).device;
    story.take(Command::Named { device, who: Some(provider_key("eve")) });
    story.passes(3 * 3_600);
    assert!(!story.is_ending());
}

#[test]
fn where_the_organization_wants_that_it_goes_on_until_people_leave_it() {
    let mut story = left_alone();
    story.policy.provider_gone = Span(0);
    story.passes(8 * 3_600);
    assert!(!story.is_ending());
    story.passes(8 * 3_600 + 10);
    assert!(story.is_ending(), "but not for ever");
}

#[test]
fn one_in_which_no_provider_was_ever_seen_is_ended_after_the_longest_time() {
    let mut story = Story::ready();
    story.at(20).facts([fact(Started, "U1", 10), of(&patient("ada", "a1"), Joined, "U1", 12)]);
    story.passes(8 * 3_600 + 9);
    assert!(!story.is_ending());
    story.passes(8 * 3_600 + 10);
    assert!(story.is_ending());
}

#[test]
fn one_with_a_provider_in_it_is_never_ended() {
    let mut story = Story::ready();
    story.at(20).facts([fact(Started, "U1", 10), of(&provider("dr", "d1"), Joined, "U1", 11)]);
    story.passes(20 * 3_600);
    assert!(!story.is_ending());
}

#[test]
fn one_that_lives_on_although_it_was_ended_is_read_and_later_ended_again() {
    let mut story = left_alone();
    story.passes(1_000);
    let end = story.call(|call| matches!(call, ZoomCall::EndMeeting { .. }));
    story.close(&end, IntentOutcome::Ended);
    story.call(is_read);
    story.passes(1_599);
    assert!(!story.is_ending());
    story.passes(1_600);
    assert!(story.is_ending());
}
