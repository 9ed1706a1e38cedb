//! What a visit's history tells of it.

use crate::common::at;
use crate::common::facts::{MEETING, fact, of, patient, phone, provider};
use crate::common::story::{Story, ada, dr, patient_launch, provider_launch};
use crate::common::zoom::{AUTOMATIC, failed, is_create, is_read};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::fact::FactKind::{Created, Joined, Left, Started};
use vestibule_domain::id::{CommandId, MeetingId};
use vestibule_domain::intent::{IntentOutcome, ProblemCode, Retry};
use vestibule_domain::time::Span;
use vestibule_domain::visit::history::{CallEnd, CallKind, Event, Happened, Line};
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::repair::Missing;
use vestibule_domain::visit::{LaunchRefusal, Phase};

impl Story {
    fn told(&self) -> Vec<String> {
        self.history.iter().map(|line| short(&line.what)).collect()
    }

    /// What has been told since the last time.
    fn news(&mut self) -> Vec<String> {
        let told = self.told();
        self.history.clear();
        told
    }

    fn events(&self) -> Vec<(&Line, &Event)> {
        let of_zoom = self.history.iter().filter_map(|line| match &line.what {
            Happened::Event(event) => Some((line, event)),
            _ => None,
        });
        of_zoom.collect()
    }
}

/// A line in a few words.
fn short(what: &Happened) -> String {
    let who = |who: &vestibule_domain::visit::history::Person| {
        who.id.as_ref().map_or_else(|| who.role.as_str().to_owned(), |id| id.as_str().to_owned())
    };
    match what {
        Happened::Launched { who: it } => format!("{} launched", who(it)),
        Happened::LaunchRefused { who: it, why } => format!("{} refused: {why:?}", who(it)),
        Happened::SentToZoom { who: it } => format!("{} sent to Zoom", who(it)),
        Happened::Event(event) => {
            let about = event.who.as_ref().map(who).unwrap_or_default();
            format!("zoom {} {about}", event.event.as_str()).trim().to_owned()
        }
        Happened::Repaired { missing } => format!("repaired {missing:?}"),
        Happened::Phase { phase } => format!("phase {}", phase.as_str()),
        Happened::Moved { who: it, presence } => format!("{} {}", who(it), presence.as_str()),
        Happened::MeetingMade { meeting } => format!("made {meeting}"),
        Happened::MeetingGone { meeting } => format!("gone {meeting}"),
        Happened::CallBegun(call) => format!("begun {}", call.call.as_str()),
        Happened::CallEnded { call, end, .. } => format!("{} {}", call.call.as_str(), end.as_str()),
        Happened::UpdateDecided(update) => format!("tell {} {}", who(&update.who), update.seq),
        Happened::UpdateSettled { update, how } => {
            format!("told {} {} {how:?}", who(&update.who), update.seq)
        }
        Happened::ProblemRaised { problem } => format!("problem {}", problem.as_str()),
        Happened::ProblemCleared { problem } => format!("cleared {}", problem.as_str()),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_visit_is_told_from_the_first_launch_to_the_light_that_goes_out() {
    let mut story = Story::ready();
    let expected = [
        "WPR-ada launched",
        "WPR-ada waiting",
        "phase waiting_for_host",
        "EMP-dr launched",
        "begun ensure_provider",
        "ensure_provider done",
        "begun create_meeting",
        "create_meeting done",
        "made 85012345678",
        "begun register",
        "register done",
    ];
    assert_eq!(story.news(), expected, "an index and readings are no news");
    story.at(12).take(Command::Departed { participant: ada() });
    story.facts([
        fact(Started, "U1", 12),
        of(&provider("dr", "p1"), Joined, "U1", 12),
        of(&patient("ada", "g1"), Joined, "U1", 20),
    ]);
    let expected = [
        "WPR-ada sent to Zoom",
        "WPR-ada gone",
        "zoom started",
        "phase in_progress",
        "zoom participant_joined EMP-dr",
        "EMP-dr in_meeting",
        "tell EMP-dr 1",
        "zoom participant_joined WPR-ada",
        "WPR-ada in_meeting",
        "tell WPR-ada 1",
    ];
    assert_eq!(story.news(), expected);
    story.take(Command::StatusDelivered { participant: ada(), seq: 1, connected: true });
    // The same acknowledgement again, since a report was repeated.
    story.take(Command::StatusDelivered { participant: ada(), seq: 1, connected: true });
    story.at(60).fact(of(&patient("ada", "g1"), Left, "U1", 60));
    let expected =
        ["told WPR-ada 1 Delivered", "zoom participant_left WPR-ada", "WPR-ada gone", "tell WPR-ada 2"];
    assert_eq!(story.news(), expected);
}

#[test]
fn an_event_has_its_own_time_and_that_of_its_arrival_and_a_repetition_is_known() {
    let mut story = Story::ready();
    story.history.clear();
    let joined = of(&patient("ada", "g1"), Joined, "U1", 20);
    story.at(62).fact(joined.clone());
    story.at(90).fact(joined);
    story.at(95).fact(of(&patient("ada", "g2"), Joined, "U1", 90));
    let events = story.events();
    let [(first, event), (_, again), (_, other)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((first.at, event.event_at, event.sent_at), (at(62), at(20), at(20) + Span(500)));
    assert!(event.is_same(again) && !event.is_same(other));
    assert_eq!((event.idle, again.idle, other.idle), (false, true, false));
    assert_eq!(event.who.as_ref().map(|who| who.role), Some(Role::Patient));
    assert!(event.device.is_some() && event.device != other.device);
}

#[test]
fn what_moves_nothing_and_what_is_of_another_meeting_is_told_as_such() {
    let mut story = Story::ready();
    story.history.clear();
    story.at(20).fact(of(&phone("p1"), Joined, "U1", 20));
    story.fact(fact(Created, "U1", 20));
    story.fact(vestibule_domain::fact::Fact { meeting: MeetingId(7), ..fact(Started, "U9", 21) });
    let events = story.events();
    let marks: Vec<_> =
        events.iter().map(|(_, it)| (it.phone, it.idle, it.ignored, it.who.is_some())).collect();
    assert_eq!(marks, [(true, false, false, false), (false, true, false, false), (false, true, true, false)]);
}

#[test]
fn a_door_whose_clock_is_ahead_tells_of_nothing_that_is_yet_to_come() {
    let mut story = Story::new();
    let entry = Entry {
        id: CommandId::new("ahead").unwrap(),
        at: at(100),
        command: Command::Launch(patient_launch("ada")),
    };
    story.at(10).take_entry(&entry);
    assert!(!story.history.is_empty() && story.history.iter().all(|line| line.at == at(10)));
    // The same command again is no news.
    story.history.clear();
    story.take_entry(&entry);
    assert!(story.history.is_empty(), "{:?}", story.history);
}

#[test]
fn a_refused_launch_is_told_with_its_reason() {
    let mut story = Story::ready();
    story.history.clear();
    story.at(20).launch(patient_launch("bob"));
    let refused = Happened::LaunchRefused {
        who: vestibule_domain::visit::history::Person {
            role: Role::Patient,
            id: patient_launch("bob").external_id,
        },
        why: LaunchRefusal::WrongPatient,
    };
    assert_eq!(story.history, [Line { at: at(20), what: refused }]);
}

#[test]
fn a_reading_that_puts_something_right_is_a_repair_and_one_that_does_not_is_nothing() {
    let mut story = Story::ready();
    story.news();
    for (second, started, told) in
        [(15, false, vec![]), (30, true, vec!["repaired Start", "phase in_progress"])]
    {
        story.at(second).tick();
        let reading = story.call(is_read);
        story.close(&reading, IntentOutcome::Read { started, effective: AUTOMATIC });
        assert_eq!(story.news(), told, "{second}");
    }
    assert_eq!(story.visit.repairs.first().map(|it| it.missing), Some(Missing::Start));
    assert_eq!(story.visit.phase, Phase::InProgress);
}

#[test]
fn tries_that_fail_alike_are_told_once() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_create);
    story.news();
    for (second, problem) in [
        (10, ProblemCode::ZoomUnavailable),
        (200, ProblemCode::ZoomUnavailable),
        (400, ProblemCode::ZoomRefused),
    ] {
        story.at(second).tick();
        let create = story.call(is_create);
        story.close(&create, failed(problem, Retry::After(None)));
    }
    story.at(700).tick();
    story.zoom_answers();
    let told = story.told();
    let of_create: Vec<_> = told.iter().filter(|line| line.contains("create")).map(String::as_str).collect();
    assert_eq!(
        of_create,
        ["create_meeting failed", "create_meeting failed", "create_meeting done"],
        "{told:?}"
    );
    let done = story.history.iter().find_map(|line| match &line.what {
        Happened::CallEnded { call, end: CallEnd::Done, .. } if call.call == CallKind::CreateMeeting => {
            Some(call.attempt)
        }
        _ => None,
    });
    assert_eq!(done, Some(4));
    for part in ["problem zoom_unavailable", "cleared zoom_unavailable", "cleared zoom_refused"] {
        assert!(told.iter().any(|line| line == part), "{part}: {told:?}");
    }
}

#[test]
fn a_call_without_an_answer_is_told_as_lost() {
    let mut story = Story::new();
    story.launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_create);
    story.news();
    story.at(120).tick();
    assert_eq!(story.news(), ["create_meeting lost"]);
}

#[test]
fn orders_and_ends_by_themselves_are_told_apart() {
    let mut story = Story::talking();
    story.news();
    story.at(30).take(Command::EndForAll { meeting: MEETING });
    assert_eq!(story.news(), ["EndOrdered", "begun end_meeting"]);
    let mut alone = Story::talking();
    alone.at(60).fact(of(&provider("dr", "p1"), Left, "U1", 60));
    alone.news();
    alone.at(60 + 15 * 60).tick();
    let told = alone.news();
    assert_eq!(
        told.iter().filter(|it| *it == "EndsByItself" || *it == "begun end_meeting").count(),
        2,
        "{told:?}"
    );
    assert_eq!(alone.visit.participants[&dr()].presence, Presence::Gone);
}

#[test]
fn a_visit_that_is_let_go_says_so_last() {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.news();
    story.at(200_000).tick();
    assert_eq!((story.forgotten, story.news().last().map(String::as_str)), (1, Some("Left")));
}

#[test]
fn lines_are_read_as_they_were_written_and_what_is_unknown_is_borne() {
    let mut story = Story::talking();
    story.take(Command::StatusParked { participant: ada(), seq: 1 });
    story.at(30).take(Command::EndForAll { meeting: MEETING });
    assert!(story.history.len() > 20);
    for line in &story.history {
        let text = serde_json::to_string(line).unwrap();
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), *line, "{text}");
        // I15: of the names in a launch none is in a line.
        assert!(
            !text.contains("Somebody") && !text.contains("lakeside.example") && !text.contains("http"),
            "{text}"
        );
    }
    let later = r#"{"at":7,"kind":"of_a_later_release","more":[1]}"#;
    let line = serde_json::from_str::<Line>(later).unwrap();
    assert_eq!((line.at.0, line.what), (7, Happened::Unknown));
}
