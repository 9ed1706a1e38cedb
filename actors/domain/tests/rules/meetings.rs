//! The one meeting of a visit: made, doubted, found, doubled, changed and deleted (I12).

use crate::common::facts;
use crate::common::facts::{MEETING, fact, of, patient, provider, registrant};
use crate::common::story::{Story, ada, dr, patient_launch, provider_key, provider_launch};
use crate::common::zoom::{AUTOMATIC, is_create, is_ensure, is_find, link, made, name_of};
use vestibule_domain::command::Command;
use vestibule_domain::fact::FactKind::{Deleted, Ended, Joined, Started, Updated};
use vestibule_domain::id::MeetingId;
use vestibule_domain::intent::{Intent, IntentOutcome, MeetingSettings, ProblemCode, ZoomCall};
use vestibule_domain::policy::Admittance;
use vestibule_domain::visit::admittance::Admit;
use vestibule_domain::visit::participant::Presence;
use vestibule_domain::visit::{CallState, MOST_MEETINGS, Phase, WayIn};

/// Both have launched and the meeting is being made.
fn being_made() -> (Story, Intent) {
    let mut story = Story::new();
    story.launch(patient_launch("ada"));
    story.at(5).launch(provider_launch("dr"));
    story.zoom_answers_all_but(is_create);
    let create = story.call(is_create);
    (story, create)
}

fn a_made(meeting: MeetingId) -> IntentOutcome {
    IntentOutcome::Made(made(meeting, &facts::user("dr"), AUTOMATIC))
}

pub fn mine(story: &Story) -> Option<MeetingId> {
    story.visit.meeting.as_ref().map(|meeting| meeting.id)
}

fn to_delete(story: &Story) -> Vec<MeetingId> {
    let deletes = story.begun.iter().filter_map(|intent| match &intent.call {
        ZoomCall::DeleteMeeting { meeting } => Some(*meeting),
        _ => None,
    });
    deletes.collect()
}

// 31: two launches at once make one user and one meeting.
#[test]
fn two_launches_at_once_make_one_meeting() {
    for patient_first in [true, false] {
        let mut story = Story::new();
        let mut launches = [provider_launch("dr"), patient_launch("ada")];
        if patient_first {
            launches.reverse();
        }
        for launch in launches {
            story.launch(launch);
        }
        story.call(is_ensure);
        story.zoom_answers_all_but(is_create);
        story.call(is_create);
        story.at(2).launch(provider_launch("dr"));
        story.call(is_create);
    }
}

// 30: after a time-out the marker is looked for, and not before nothing of the call can be under way any more.
#[test]
fn an_ambiguous_making_is_looked_for_and_not_repeated() {
    let (mut story, create) = being_made();
    let ZoomCall::CreateMeeting { marker, .. } = &create.call else { panic!("{create:?}") };
    story.at(20).close(&create, IntentOutcome::Ambiguous);
    let due = create.not_after + story.policy.margin;
    assert_eq!(story.visit.wake(&story.policy, story.now), Some(due));
    story.now = due - vestibule_domain::time::Span(1);
    story.tick();
    assert!(story.begun.is_empty(), "looking too early would prove nothing");
    story.now = due;
    story.tick();
    let find = story.call(is_find);
    assert!(matches!(&find.call, ZoomCall::FindMeetings { marker: looked_for, .. } if looked_for == marker));
    story.close(&find, IntentOutcome::Found(vec![made(MEETING, &facts::user("dr"), AUTOMATIC)]));
    assert_eq!((mine(&story), to_delete(&story)), (Some(MEETING), vec![]));
}

#[test]
fn a_making_whose_result_never_came_is_looked_for() {
    let (mut story, create) = being_made();
    story.now = create.not_after + story.policy.margin;
    story.tick();
    let find = story.call(is_find);
    // None is found, so one is made, with the same marker.
    story.close(&find, IntentOutcome::Found(vec![]));
    let again = story.call(is_create);
    assert_eq!(again.call, create.call);
    assert!(again.attempt > create.attempt, "making and looking in turn counts as one call");
}

// 29: the answer that was given up for lost comes after all.
#[test]
fn a_late_answer_is_taken_up_and_a_second_meeting_is_removed() {
    let (mut story, create) = being_made();
    story.now = create.not_after + story.policy.margin;
    story.tick();
    let find = story.call(is_find);
    story.close(&find, IntentOutcome::Found(vec![]));
    let second = story.call(is_create);
    story.take(Command::IntentClosed { intent: create.id, outcome: a_made(MEETING) });
    assert_eq!(mine(&story), Some(MEETING));
    story.close(&second, a_made(MeetingId(2)));
    assert_eq!((mine(&story), to_delete(&story)), (Some(MEETING), vec![MeetingId(2)]));
}

#[test]
fn a_second_making_that_is_lost_while_the_first_is_adopted_is_still_looked_for() {
    let (mut story, create) = being_made();
    story.now = create.not_after + story.policy.margin;
    story.tick();
    let find = story.call(is_find);
    story.close(&find, IntentOutcome::Found(vec![]));
    let second = story.call(is_create);
    story.take(Command::IntentClosed { intent: create.id, outcome: a_made(MEETING) });
    story.now = second.not_after + story.policy.margin;
    story.tick();
    let both = [MEETING, MeetingId(2)].map(|id| made(id, &facts::user("dr"), AUTOMATIC)).to_vec();
    let find = story.call(is_find);
    story.close(&find, IntentOutcome::Found(both));
    assert_eq!((mine(&story), to_delete(&story)), (Some(MEETING), vec![MeetingId(2)]));
}

#[test]
fn of_several_that_bear_the_marker_one_stays() {
    let (mut story, create) = being_made();
    story.close(&create, IntentOutcome::Ambiguous);
    story.now = create.not_after + story.policy.margin;
    story.tick();
    let found = [7, 8, 9].map(|id| made(MeetingId(id), &facts::user("dr"), AUTOMATIC)).to_vec();
    let find = story.call(is_find);
    story.close(&find, IntentOutcome::Found(found));
    assert_eq!((mine(&story), to_delete(&story)), (Some(MeetingId(7)), vec![MeetingId(8), MeetingId(9)]));
}

// 27: a deleted meeting is made anew, by a provider's launch alone; the old one's events move nothing.
#[test]
fn a_deleted_meeting_is_made_anew_by_a_provider() {
    let mut story = Story::ready();
    assert!(matches!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(_))));
    story.at(8).fact(fact(Deleted, "U0", 8));
    assert_eq!(story.visit.way_in(&dr(), &story.policy), None);
    story.at(9).launch(patient_launch("ada"));
    story.tick();
    assert!(story.begun.is_empty() && story.visit.problems.contains_key(&ProblemCode::MeetingDeleted));
    story.at(10).launch(provider_launch("dr"));
    story.zoom_answers();
    let second = MeetingId(MEETING.0 + 1);
    assert_eq!(mine(&story), Some(second));
    assert!(story.visit.problems.is_empty());
    story.facts([fact(Started, "U1", 12), of(&provider("dr", "p1"), Joined, "U1", 12)]);
    assert_eq!((story.visit.phase, story.presence(&dr())), (Phase::Ended, Presence::Gone));
    assert_eq!(story.visit.way_in(&ada(), &story.policy), None, "a live old meeting lets nobody in");
    let mut live = fact(Started, "U2", 20);
    live.meeting = second;
    story.fact(live);
    assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", second))));
    assert!(
        story.visit.participants[&ada()].registrants.contains(&registrant("ada", MEETING)),
        "an old link still names the person"
    );
}

#[test]
fn a_meeting_that_a_call_finds_gone_counts_as_deleted() {
    let mut story = Story::new();
    story.at(5).launch(provider_launch("dr"));
    story.zoom_answers();
    story.at(8).launch(patient_launch("ada"));
    let register = story.call(crate::common::zoom::is_register);
    story.close(&register, IntentOutcome::MeetingGone);
    assert_eq!((mine(&story), story.begun.len()), (None, 0));
    assert!(story.visit.problems.contains_key(&ProblemCode::MeetingDeleted));
}

// Z6: the provider's click finds the meeting gone. Each row: who says so, of which meeting, and whether a new one is made.
#[test]
fn a_meeting_that_a_providers_click_finds_gone_is_made_anew_without_another_launch() {
    let other = MeetingId(999);
    for (meeting, provider, made_anew) in [
        (MEETING, dr(), true),
        (MEETING, provider_key("eve"), false),
        (MEETING, ada(), false),
        (other, dr(), false),
    ] {
        let mut story = Story::ready();
        story.facts([fact(Started, "U1", 12), of(&facts::provider("dr", "p1"), Joined, "U1", 12)]);
        story.fact(fact(Ended, "U1", 100)).at(200).tick();
        let before = story.visit.clone();
        story.take(Command::MeetingMissing { meeting, provider: provider.clone() });
        if !made_anew {
            assert_eq!(story.visit, before, "{meeting} {provider:?}");
            continue;
        }
        assert_eq!(mine(&story), None, "nobody is sent to the old one");
        story.call(is_create);
        story.zoom_answers();
        let second = MeetingId(MEETING.0 + 1);
        assert_eq!(mine(&story), Some(second));
        assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
        assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(second)));
        // Another door, or a copy, that says the same of the old one changes nothing.
        let after = story.visit.clone();
        story.at(201).take(Command::MeetingMissing { meeting, provider });
        assert_eq!(story.visit, after);
        // The patient gets a link into the new one as soon as it runs.
        let mut live = fact(Started, "U2", 210);
        live.meeting = second;
        story.fact(live);
        assert_eq!(story.visit.way_in(&ada(), &story.policy), Some(WayIn::Personal(&link("ada", second))));
    }
}

#[test]
fn a_meeting_that_is_missing_when_all_is_over_is_not_made_anew() {
    let mut story = Story::ready();
    story.facts([fact(Started, "U1", 12), fact(Ended, "U1", 100)]);
    story.at(13 * 3_600).take(Command::MeetingMissing { meeting: MEETING, provider: dr() });
    assert_eq!((mine(&story), story.begun.len()), (None, 0));
}

// 32: the host's Zoom user was deleted, or Zoom is another one than before.
#[test]
fn a_host_whom_zoom_has_no_more_is_looked_for_again() {
    let (mut story, create) = being_made();
    story.close(&create, IntentOutcome::UserGone);
    let ensure = story.call(is_ensure);
    story.close(&ensure, IntentOutcome::Provider { user: facts::user("new-dr"), licensed: true });
    story.now = story.visit.wake(&story.policy, story.now).unwrap();
    story.tick();
    let again = story.call(is_create);
    assert!(matches!(&again.call, ZoomCall::CreateMeeting { host, .. } if *host == facts::user("new-dr")));
    story.close(&again, IntentOutcome::Made(made(MEETING, &facts::user("new-dr"), AUTOMATIC)));
    story.zoom_answers();
    assert_eq!(story.visit.way_in(&dr(), &story.policy), Some(WayIn::Start(MEETING)));
    assert!(story.visit.problems.is_empty(), "{:?}", story.visit.problems);
}

// The licence that counts is the host's, whoever of the providers is found first.
#[test]
fn only_the_hosts_missing_licence_is_a_problem() {
    let unlicensed = |story: &Story| story.visit.problems.contains_key(&ProblemCode::HostUnlicensed);
    let found = |name: &str, licensed| IntentOutcome::Provider { user: facts::user(name), licensed };
    for host_is_licensed in [true, false] {
        for host_is_found_first in [true, false] {
            let mut story = Story::new();
            story.at(1).launch(provider_launch("dr"));
            story.at(2).launch(provider_launch("eve"));
            let search = |name: &'static str| move |call: &ZoomCall| matches!(call, ZoomCall::EnsureProvider { provider, .. } if name_of(provider) == name);
            let (host, other) = (story.call(search("dr")), story.call(search("eve")));
            let mut answers =
                [(host, found("dr", host_is_licensed)), (other, found("eve", !host_is_licensed))];
            if !host_is_found_first {
                answers.reverse();
            }
            for (call, outcome) in answers {
                story.close(&call, outcome);
            }
            assert_eq!(unlicensed(&story), !host_is_licensed, "before the meeting is made");
            story.zoom_answers();
            assert_eq!(unlicensed(&story), !host_is_licensed, "and after");
        }
    }
}

#[test]
fn a_zoom_that_finds_a_user_and_makes_no_meeting_for_it_is_not_asked_without_end() {
    let (mut story, _) = being_made();
    let began = story.now;
    let mut creates = 0;
    while story.visit.calls.values().any(|open| open.state != CallState::Blocked) {
        let Some(call) = story.begun.first().cloned() else {
            story.now = story.visit.wake(&story.policy, story.now).unwrap();
            story.tick();
            continue;
        };
        let outcome = if is_create(&call.call) {
            creates += 1;
            IntentOutcome::UserGone
        } else {
            IntentOutcome::Provider { user: facts::user("dr"), licensed: true }
        };
        story.close(&call, outcome);
    }
    assert_eq!(creates, 100);
    assert!(story.now - began > vestibule_domain::time::Span::minutes(45), "with growing waits");
    assert!(story.visit.problems.contains_key(&ProblemCode::UserRefused));
}

#[test]
fn copies_of_answers_bring_no_deleted_or_removed_meeting_back() {
    let (mut story, create) = being_made();
    let first = Command::IntentClosed { intent: create.id, outcome: a_made(MEETING) };
    let superfluous = Command::IntentClosed { intent: create.id, outcome: a_made(MeetingId(2)) };
    story.close(&create, a_made(MEETING));
    story.take(superfluous.clone()).zoom_answers();
    story.at(8).fact(fact(Deleted, "U0", 8));
    story.at(9).launch(provider_launch("dr"));
    story.take(first).take(superfluous);
    assert_eq!((mine(&story), to_delete(&story)), (None, vec![]));
    story.call(is_create);
}

#[test]
fn meetings_that_are_deleted_again_and_again_have_a_limit() {
    let mut story = Story::ready();
    for round in 0..2 * MOST_MEETINGS as u64 {
        let mut deleted = fact(Deleted, "U0", 0);
        deleted.meeting = MeetingId(MEETING.0 + round);
        story.fact(deleted);
        story.at(10 + round as i64).launch(provider_launch("dr"));
        story.zoom_answers();
    }
    assert_eq!((story.visit.deleted.len(), mine(&story)), (MOST_MEETINGS, None));
    assert!(story.visit.problems.contains_key(&ProblemCode::HistoryFull));
}

// 19, 28: what Zoom coerced or somebody changed is a visible problem, and holds in the admittance.
#[test]
fn coerced_and_changed_settings_are_seen_and_obeyed() {
    let coerced = |settings: MeetingSettings, admittance: Admittance| {
        let mut story = Story::new();
        story.policy.admittance = admittance;
        story.launch(patient_launch("ada"));
        story.launch(provider_launch("dr"));
        story.zoom_answers_all_but(is_create);
        let create = story.call(is_create);
        story.close(&create, IntentOutcome::Made(made(MEETING, &facts::user("dr"), settings)));
        story.zoom_answers();
        story
    };
    let mut locked = coerced(MeetingSettings { join_before_host: true, ..AUTOMATIC }, Admittance::Automatic);
    assert!(locked.visit.problems.contains_key(&ProblemCode::JoinBeforeHostLocked));
    locked.fact(of(&patient("other", "x"), Joined, "U1", 10));
    assert_eq!(locked.visit.admit(&ada(), &locked.policy), Admit::Wait, "live, and nobody treats there");
    locked.fact(of(&provider("dr", "p1"), Joined, "U1", 11));
    assert_eq!(locked.visit.admit(&ada(), &locked.policy), Admit::Go);

    let open = coerced(AUTOMATIC, Admittance::Manual);
    assert!(open.visit.problems.contains_key(&ProblemCode::WaitingRoomLocked));
    let unregistered = coerced(MeetingSettings { registration: false, ..AUTOMATIC }, Admittance::Automatic);
    assert!(unregistered.visit.problems.contains_key(&ProblemCode::RegistrationUnavailable));
    assert_eq!(unregistered.visit.way_in(&ada(), &unregistered.policy), None);

    let mut drifts = Story::ready();
    let changed = |on, second| fact(Updated { waiting_room: Some(on), join_before_host: None }, "U0", second);
    drifts.facts([changed(false, 30), changed(true, 20)]);
    assert!(!drifts.visit.problems.contains_key(&ProblemCode::PolicyDrift), "the newest change counts");
    drifts.fact(changed(true, 40));
    assert!(drifts.visit.problems.contains_key(&ProblemCode::PolicyDrift));
    drifts.fact(fact(Started, "U1", 41));
    assert_eq!(drifts.visit.admit(&ada(), &drifts.policy), Admit::GoToWaitingRoom);
}

// 26: a fact that carries no time of sending is taken in by when it was received.
#[test]
fn a_deletion_without_a_time_of_sending_counts() {
    let mut story = Story::ready();
    let mut deleted = fact(Deleted, "U0", 8);
    (deleted.instance, deleted.sent) = (None, deleted.at);
    story.fact(deleted);
    assert_eq!(mine(&story), None);
}

// 44, R8: a fact of a meeting that is not the visit's.
#[test]
fn a_foreign_meetings_facts_change_nothing() {
    let mut story = Story::ready();
    let before = story.visit.clone();
    for kind in [Started, Ended, Deleted, Updated { waiting_room: Some(true), join_before_host: Some(true) }]
    {
        let mut foreign = fact(kind, "U1", 9);
        foreign.meeting = MeetingId(999);
        story.fact(foreign);
    }
    assert_eq!(story.visit, before);
}

/// A store that was restored may know nothing of a meeting that was made since, so that it is looked for (I12).
mod restored {
    use super::{
        AUTOMATIC, IntentOutcome, MEETING, Story, ZoomCall, facts, is_create, is_find, made, mine,
        patient_launch, provider_launch, to_delete,
    };
    use crate::common::at;
    use vestibule_domain::id::{Marker, MeetingId};
    use vestibule_domain::intent::Intent;
    use vestibule_domain::policy::MarkerRules;

    fn launched(markers: MarkerRules) -> Story {
        let mut story = Story::new();
        story.policy.markers = markers;
        story.launch(patient_launch("ada"));
        story.at(5).launch(provider_launch("dr"));
        story.zoom_answers_all_but(|call| is_create(call) || is_find(call));
        story
    }

    fn marker_of(intent: &Intent) -> Marker {
        match &intent.call {
            ZoomCall::CreateMeeting { marker, .. } | ZoomCall::FindMeetings { marker, .. } => marker.clone(),
            call => panic!("{call:?}"),
        }
    }

    #[test]
    fn one_that_was_made_before_is_found_by_what_all_of_the_visit_have_in_common() {
        let (salt, before) = (7, MarkerRules { salt: 7, restored_until: None });
        let forgotten = marker_of(&launched(before).call(is_create));
        let looking = MarkerRules { salt, restored_until: Some(at(100)) };
        let mut story = launched(looking);
        let find = story.call(is_find);
        assert!(marker_of(&find).is_on(forgotten.as_str()));
        let found = [MEETING, MeetingId(2)].map(|id| made(id, &facts::user("dr"), AUTOMATIC));
        story.close(&find, IntentOutcome::Found(found.to_vec()));
        assert_eq!((mine(&story), to_delete(&story)), (Some(MEETING), vec![MeetingId(2)]));
    }

    #[test]
    fn where_there_is_none_one_is_made_and_another_visit_is_known_apart() {
        let mut story = launched(MarkerRules { salt: 7, restored_until: Some(at(100)) });
        let find = story.call(is_find);
        story.close(&find, IntentOutcome::Found(Vec::new()));
        let create = story.call(is_create);
        assert!(marker_of(&find).is_on(marker_of(&create).as_str()));
        let mut salted = launched(MarkerRules { salt: 8, restored_until: None });
        let mut group = Story::group();
        group.policy.markers.salt = 7;
        group.launch(provider_launch("dr"));
        for other in [&mut salted, &mut group] {
            let create = other.zoom_answers_all_but(is_create).call(is_create);
            assert!(!marker_of(&find).is_on(marker_of(&create).as_str()));
        }
    }

    #[test]
    fn later_nothing_is_looked_for() {
        let story = launched(MarkerRules { salt: 7, restored_until: Some(at(5)) });
        story.call(is_create);
        assert!(!story.begun.iter().any(|intent| is_find(&intent.call)));
    }
}
