//! Guests who say when the patient was born before their link opens, and text messages with a link: each counted once, in whatever order.

use crate::common::story::{Story, launch, patient_launch, patient_reference};
use crate::common::{at, permutations};
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::id::{BrowserHash, CommandId, Csn, GuestLinkId};
use vestibule_domain::policy::GuestRules;
use vestibule_domain::visit::guest::{GuestLink, Invitation};
use vestibule_domain::visit::participant::Role;

const RULES: GuestRules = GuestRules { wrong_answers: 3, messages: 2 };

fn born(year: u16) -> BirthDate {
    BirthDate::new(year, 3, 2).unwrap()
}

fn csn(text: &str) -> Option<Csn> {
    Csn::new(text).ok()
}

fn link() -> GuestLinkId {
    GuestLinkId::new("ivan").unwrap()
}

fn browser(name: &str) -> BrowserHash {
    BrowserHash::new(name).unwrap()
}

fn learned(of: &str, patient: Option<&str>, year: u16) -> Command {
    Command::BirthDateLearned { csn: csn(of), patient: patient.map(patient_reference), date: born(year) }
}

fn invited(of: Option<Csn>) -> Command {
    let invitation = Invitation { name: None, expires_at: at(600), patient_csn: of };
    Command::GuestInvited { link: link(), invitation }
}

fn answered(id: &str, from: &str, year: u16) -> Entry {
    let command = Command::GuestAnswered { link: link(), browser: browser(from), date: born(year) };
    Entry { id: CommandId::new(id).unwrap(), at: at(20), command }
}

fn texted(id: &str) -> Entry {
    Entry { id: CommandId::new(id).unwrap(), at: at(20), command: Command::GuestTexted { link: link() } }
}

/// A visit with a link, whose patient was born in 1947.
fn with_link() -> Story {
    let mut story = Story::new();
    story.policy.guests = RULES;
    story.at(10).take(learned("10001", None, 1947)).take(invited(None));
    story.at(20);
    story
}

fn the_link(story: &Story) -> &GuestLink {
    &story.visit.guests[&link()]
}

#[test]
fn answers_count_once_in_whatever_order_they_come() {
    let answers = [
        answered("a1", "phone", 1900),
        answered("a2", "phone", 1947),
        answered("a3", "tablet", 1948),
        answered("a4", "laptop", 1947),
    ];
    for order in permutations(&answers) {
        let mut story = with_link();
        for answer in &order {
            // Whatever is appended once more counts no more.
            story.take_entry(answer).take_entry(answer);
        }
        let link = the_link(&story);
        assert_eq!((link.wrong_answers.len(), link.is_locked(RULES)), (2, false));
        assert!(link.knows(&browser("phone")) && link.knows(&browser("laptop")), "they may reload");
        assert!(!link.knows(&browser("tablet")));
    }
}

#[test]
fn too_many_wrong_answers_lock_the_link_whoever_gave_them() {
    let wrong = ["w1", "w2", "w3", "w4", "w5"].map(|id| answered(id, id, 1900));
    for order in permutations(&wrong) {
        let mut story = with_link();
        story.take_entry(&answered("early", "phone", 1947));
        for answer in &order {
            story.take_entry(answer);
        }
        story.take_entry(&answered("late", "tablet", 1947));
        let link = the_link(&story);
        assert!(link.is_locked(RULES) && link.wrong_answers.len() == 3);
        assert!(link.knows(&browser("phone")), "who had answered rightly stays welcome");
        assert!(!link.knows(&browser("tablet")), "and nobody else comes by the link");
        assert!(!link.may_be_sent(RULES, story.now));
    }
}

#[test]
fn one_link_opens_in_a_bounded_number_of_browsers() {
    let mut story = with_link();
    for n in 0..40 {
        story.take_entry(&answered(&format!("a{n}"), &format!("b{n}"), 1947));
    }
    assert!(the_link(&story).browsers.len() <= 16 && the_link(&story).is_locked(RULES));
}

#[test]
fn without_a_date_and_after_its_end_no_answer_counts() {
    let mut story = Story::new();
    story.at(10).take(invited(None));
    story.at(20).take_entry(&answered("a1", "phone", 1900)).take_entry(&answered("a2", "phone", 1947));
    assert!(the_link(&story).wrong_answers.is_empty() && !the_link(&story).knows(&browser("phone")));
    let mut story = with_link();
    story.at(600).take_entry(&answered("a1", "phone", 1947));
    assert!(!the_link(&story).knows(&browser("phone")), "it has run out");
    let mut story = with_link();
    story.take(Command::GuestRevoked { link: link() }).take_entry(&answered("a1", "phone", 1947));
    assert!(!the_link(&story).knows(&browser("phone")), "it was taken back");
}

#[test]
fn a_group_asks_for_the_patient_from_whose_appointment_the_link_was_made() {
    let mut story = Story::group();
    story.at(10).take(learned("10005", Some("ada"), 1947)).take(learned("10006", Some("bob"), 1980));
    story.take(Command::BirthDateLearned { csn: None, patient: None, date: born(1990) });
    story.take(invited(csn("10006")));
    story.at(20).take_entry(&answered("a1", "phone", 1947)).take_entry(&answered("a2", "tablet", 1980));
    let link = the_link(&story);
    assert!(!link.knows(&browser("phone")) && link.knows(&browser("tablet")));
    assert_eq!(story.visit.birth_date(None), None, "a conference was not born");
}

#[test]
fn the_date_is_what_epic_said_last_of_the_visits_own_patient() {
    let learned: Vec<Entry> = [(30, 1947), (31, 1948), (32, 1949)]
        .map(|(second, year)| Entry {
            id: CommandId::new(format!("l{second}")).unwrap(),
            at: at(second),
            command: learned("10001", Some("ada"), year),
        })
        .to_vec();
    for order in permutations(&learned) {
        let mut story = Story::new();
        story.at(40);
        for entry in &order {
            story.take_entry(entry);
        }
        assert_eq!(story.visit.birth_date(csn("10001").as_ref()), Some(born(1949)));
        // The visit turns out to be somebody else's: then nothing is known of them.
        let mut bobs = story.clone();
        bobs.launch(patient_launch("bob"));
        assert_eq!(bobs.visit.birth_date(None), None);
        story.launch(patient_launch("ada"));
        story.at(50).take(self::learned("10001", Some("bob"), 1980));
        assert_eq!(story.visit.birth_date(None), Some(born(1949)), "another patient's is not learned");
    }
}

#[test]
fn so_many_messages_are_sent_with_a_link_and_no_more() {
    let all = ["m1", "m2", "m3", "m4"].map(texted);
    for order in permutations(&all) {
        let mut story = with_link();
        for message in &order {
            story.take_entry(message).take_entry(message);
        }
        let listed = &the_link(&story).messages;
        assert_eq!(listed.len(), 2);
        assert!(order.iter().take(2).all(|entry| listed.contains(&entry.id)), "the first ones");
    }
    let mut story = with_link();
    story.take(Command::GuestRevoked { link: link() }).take_entry(&texted("m1"));
    assert!(the_link(&story).messages.is_empty(), "none with a link that was taken back");
}

// A guest without an appointment of their own changes nothing of the patient's.
#[test]
fn a_guests_answer_binds_the_visit_to_nobody() {
    let mut story = with_link();
    story.take_entry(&answered("a1", "phone", 1947));
    let guest = launch(Role::Guest, link().as_reference(), "none");
    story.launch(vestibule_domain::command::Launch { external_id: None, csn: None, ..guest });
    assert!(story.visit.bound.is_empty());
}
