//! Every sentence is there in each language, and the English ones stay as programs know them.

use std::collections::BTreeSet;

use vestibule_actors::port::store::{Outcome, Record};
use vestibule_domain::effect::Says;
use vestibule_domain::id::ExternalId;
use vestibule_domain::intent::{IntentId, ProblemCode};
use vestibule_domain::visit::device_test::{Settled, TestOutcome};
use vestibule_domain::visit::history::{
    CallEnd, CallKind, CallLine, DeviceHash, Event, EventKind, Happened, Person, UpdateLine,
};
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::repair::Missing;
use vestibule_domain::visit::{LaunchRefusal, Phase};

use super::{Mark, act, came_to, device, event, line, mark, named, record};
use crate::http::kit::{MEETING, NOW, record as recorded};
use crate::http::timeline::entry::ActView;
use crate::web::{Language, StoryNote};

const ROLES: [Role; 5] = [Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified];
/// Words by which an English sentence, or half of one, is known.
const ENGLISH: [&str; 12] =
    ["the", "was", "is", "of", "to", "and", "not", "visit", "patient", "provider", "meeting", "device"];

fn patient() -> Person {
    Person { role: Role::Patient, id: ExternalId::new("WPR1").ok() }
}

fn call(call: CallKind, attempt: u32, who: Option<Person>) -> CallLine {
    CallLine { call, intent: IntentId(1), attempt, who }
}

fn update(says: Option<Says>) -> UpdateLine {
    UpdateLine { who: patient(), says, seq: 3 }
}

fn told(kind: EventKind, who: Option<Person>, phone: bool) -> Event {
    Event {
        event: kind,
        event_at: NOW,
        sent_at: NOW,
        meeting: MEETING,
        instance: None,
        device: Some(DeviceHash(0x3f2a_91c0)),
        phone,
        who,
        ignored: false,
        idle: false,
    }
}

/// What is about people.
fn people() -> Vec<Happened> {
    use LaunchRefusal as Why;
    let mut all = Vec::new();
    let whys = [
        Why::WrongPatient,
        Why::Over,
        Why::Full,
        Why::Expired,
        Why::Revoked,
        Why::CalledOff,
        Why::TooEarly,
        Why::TooLate,
    ];
    all.extend(whys.map(|why| Happened::LaunchRefused { who: patient(), why }));
    for role in ROLES {
        let who = || Person { role, id: None };
        all.extend([Happened::Launched { who: who() }, Happened::SentToZoom { who: who() }]);
    }
    all.extend(TestOutcome::ALL.map(|outcome| Happened::DeviceTested { who: patient(), outcome }));
    let places = [Presence::Gone, Presence::Waiting, Presence::InWaitingRoom, Presence::InMeeting];
    all.extend(places.map(|presence| Happened::Moved { who: patient(), presence }));
    let names = [None, Some(patient())];
    all.extend(names.map(|who| Happened::Named { device: DeviceHash(7), who }));
    all
}

/// What is about Zoom.
fn calls() -> Vec<Happened> {
    let mut all = Vec::new();
    for kind in CallKind::ALL {
        all.push(Happened::CallBegun(call(*kind, 1, Some(patient()))));
        for end in [
            CallEnd::Done,
            CallEnd::Failed,
            CallEnd::InDoubt,
            CallEnd::NotBegun,
            CallEnd::MeetingGone,
            CallEnd::UserGone,
            CallEnd::Lost,
            CallEnd::TooLate,
        ] {
            all.push(Happened::CallEnded { call: call(*kind, 2, None), end, problem: None });
        }
    }
    for problem in ProblemCode::ALL {
        let call = call(CallKind::CreateMeeting, 1, None);
        all.push(Happened::CallEnded { call, end: CallEnd::Failed, problem: Some(problem) });
    }
    all.extend(EventKind::ALL.iter().map(|kind| Happened::Event(told(*kind, Some(patient()), false))));
    all
}

fn updates() -> Vec<Happened> {
    let mut all = Vec::new();
    let tests = TestOutcome::ALL.map(|outcome| Some(Says::DeviceTest(outcome)));
    for says in [None, Some(Says::Connected(true)), Some(Says::Connected(false))].into_iter().chain(tests) {
        all.extend([Happened::UpdateDecided(update(says)), Happened::UpdateDropped(update(says))]);
        for how in [Settled::Delivered, Settled::Parked, Settled::Superseded] {
            all.push(Happened::UpdateSettled { update: update(says), how });
        }
    }
    all
}

/// Something of every kind.
fn everything() -> Vec<Happened> {
    let mut all = [people(), calls(), updates()].concat();
    all.extend([Missing::Start, Missing::End, Missing::Leave].map(|missing| Happened::Repaired { missing }));
    let phases = [Phase::Scheduled, Phase::WaitingForHost, Phase::InProgress, Phase::Ended];
    all.extend(phases.map(|phase| Happened::Phase { phase }));
    all.extend(ProblemCode::ALL.map(|problem| Happened::ProblemRaised { problem }));
    all.extend(ProblemCode::ALL.map(|problem| Happened::ProblemCleared { problem }));
    all.extend([true, false].map(|right| Happened::GuestAnswered { right }));
    all.extend([
        Happened::MeetingMade { meeting: MEETING },
        Happened::MeetingGone { meeting: MEETING },
        Happened::EndOrdered,
        Happened::MakeAgainOrdered,
        Happened::EndsByItself,
        Happened::MeetingMissing,
        Happened::GuestInvited,
        Happened::GuestRevoked,
        Happened::GuestTexted,
        Happened::StoreWentBack,
        Happened::CommandParked,
        Happened::Left,
        Happened::Unknown,
    ]);
    all
}

fn assert_both(english: &str, spanish: &str) {
    assert!(english.ends_with('.') && spanish.ends_with('.'), "{english} {spanish}");
    assert_ne!(english, spanish);
    let words = spanish.split(|c: char| !c.is_alphanumeric() && !"_.".contains(c));
    let english: Vec<&str> = words.filter(|word| ENGLISH.contains(&word.trim_end_matches('.'))).collect();
    assert!(english.is_empty(), "{english:?} in {spanish}");
}

#[test]
fn whatever_happened_is_said_in_each_language() {
    let all = everything();
    for what in &all {
        assert_both(&line(Language::English, what), &line(Language::Spanish, what));
    }
    let kind = |what: &Happened| serde_json::to_value(what).unwrap()["kind"].to_string();
    assert_eq!(all.iter().map(kind).collect::<BTreeSet<_>>().len(), 30, "of every kind one");
    // Two that differ are not told alike, in no language.
    for language in Language::ALL {
        let told: BTreeSet<String> = all.iter().map(|what| line(language, what)).collect();
        assert_eq!(told.len(), all.len(), "{language:?}");
    }
}

#[test]
fn an_event_says_whose_it_is_and_what_was_strange() {
    let stranger = told(EventKind::Joined, None, false);
    let ignored = Event { ignored: true, ..stranger.clone() };
    for (told, overtaken) in [
        (told(EventKind::Joined, Some(patient()), false), false),
        (told(EventKind::Joined, None, true), true),
        (stranger, false),
        (ignored, false),
    ] {
        assert_both(&event(Language::English, &told, overtaken), &event(Language::Spanish, &told, overtaken));
    }
    assert_eq!(device(DeviceHash(7)), "00000007");
}

#[test]
fn an_attempt_to_tell_epic_is_said_in_each_language() {
    for outcome in [Outcome::Delivered, Outcome::Retrying, Outcome::Parked, Outcome::Superseded] {
        for says in [Says::Connected(true), Says::DeviceTest(TestOutcome::Failed)] {
            for (resp_code, resend) in [(0, false), (500, true)] {
                let one = Record { says, resp_code, resend, ..recorded(NOW, outcome) };
                assert_both(&record(Language::English, &one), &record(Language::Spanish, &one));
            }
        }
    }
}

#[test]
fn what_people_did_is_said_in_each_language_and_why_in_their_own_words() {
    for action in [
        "identify",
        "meeting_ended",
        "meeting_made_again",
        "update_sent_again",
        "update_dropped",
        "command_dropped",
        "guest_invited",
        "guest_revoked",
        "guest_texted",
        "of_a_later_release",
    ] {
        for by in [None, Some("EMP1".to_owned())] {
            let outcome = "done".to_owned();
            let one = ActView { action: action.to_owned(), by, reason: None, outcome };
            assert_both(&act(Language::English, &one), &act(Language::Spanish, &one));
            let why = ActView { reason: Some("the ward rang up".into()), ..one };
            for language in Language::ALL {
                assert!(act(language, &why).ends_with(": the ward rang up."), "{action}");
            }
        }
    }
    for note in StoryNote::ALL.into_iter().filter(|note| !note.is_done()) {
        assert_ne!(came_to(Language::Spanish, note.code()), note.code());
    }
    for mark_ in [Mark::Late, Mark::Duplicate, Mark::Repaired, Mark::Ignored] {
        assert_ne!(mark(Language::English, mark_, 200), mark(Language::Spanish, mark_, 200));
    }
    assert_eq!(mark(Language::Spanish, Mark::Late, 7_900), "con 2 h 11 min de retraso");
}

#[test]
fn programs_and_english_readers_are_told_what_they_always_were() {
    let english = |what: Happened| line(Language::English, &what);
    let again = CallLine { attempt: 2, ..call(CallKind::EnsureProvider, 1, None) };
    for (what, text) in [
        (
            Happened::CallEnded {
                call: again,
                end: CallEnd::Failed,
                problem: Some(ProblemCode::ZoomRefused),
            },
            "Asked to find or make the user of somebody, Zoom did not: Zoom refused the call (attempt 2).",
        ),
        (
            Happened::CallEnded {
                call: call(CallKind::IndexMeeting, 1, None),
                end: CallEnd::Done,
                problem: None,
            },
            "Asked to note whose the meeting is, the store did so.",
        ),
        (Happened::Phase { phase: Phase::WaitingForHost }, "The visit is now: waiting for host."),
        (
            Happened::UpdateSettled {
                update: update(Some(Says::DeviceTest(TestOutcome::Passed))),
                how: Settled::Delivered,
            },
            "Epic has acknowledged: Patient WPR1 has tested their devices, passed.",
        ),
        (
            Happened::ProblemCleared { problem: ProblemCode::ZoomRefused },
            "Not a problem any more: zoom refused.",
        ),
        (Happened::MeetingMade { meeting: MEETING }, "The visit has the Zoom meeting 850 1234 5678."),
    ] {
        assert_eq!(english(what), text);
    }
    let later = ActView {
        action: "of_a_later_release".into(),
        by: None,
        reason: Some("so".into()),
        outcome: "not-yet".into(),
    };
    assert_eq!(
        act(Language::English, &later),
        "Somebody did something (of a later release): not yet. Why: so."
    );
    assert_eq!(named(Language::English, Role::Proxy, None), "Family member");
}
