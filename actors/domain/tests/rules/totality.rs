//! Whatever happens to a visit, and whatever times it carries: no panic, a state that can be written and read, a deadline that lies
//! ahead, and an end in bounded time.

use crate::common::facts::MEETING;
use crate::common::story::{Story, launch, patient_reference};
use crate::common::zoom::{answer, link, made};
use proptest::prelude::*;
use proptest::sample::select;
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::{Command, Entry, Launch};
use vestibule_domain::decide;
use vestibule_domain::effect::Topic;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::{
    BrowserHash, CommandId, ExternalId, FhirReference, GuestLinkId, InstanceUuid, MeetingId, ParticipantUuid,
    RegistrantId, SessionUserId, ZoomUserId,
};
use vestibule_domain::intent::{CallFailure, IntentId, IntentOutcome, MeetingSettings, ProblemCode, Retry};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::attendance::Attendance;
use vestibule_domain::visit::booking::{BookingRead, EncounterProvider};
use vestibule_domain::visit::default_host::Instead;
use vestibule_domain::visit::device_test::{DeviceTest, Settled, TestOutcome};
use vestibule_domain::visit::guest::Invitation;
use vestibule_domain::visit::participant::{ParticipantKey, Role};
use vestibule_domain::visit::{Device, Visit};

/// Times near the story, and times that no clock would give.
fn moment() -> impl Strategy<Value = Moment> {
    let near = crate::common::at(0).0;
    prop_oneof![
        6 => (near - 100_000..near + 100_000_000).prop_map(Moment),
        1 => select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]).prop_map(Moment),
        1 => any::<i64>().prop_map(Moment),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Provider, Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified])
}

fn key() -> impl Strategy<Value = ParticipantKey> {
    (role(), select(vec!["ada", "bob"]))
        .prop_map(|(role, name)| ParticipantKey::new(role, patient_reference(name)))
}

fn session() -> impl Strategy<Value = SessionKeys> {
    let device = || prop::option::of(0..4_u8);
    let parts = (device(), device(), device(), device(), any::<bool>(), prop::option::of(0..3_u64));
    parts.prop_map(|(participant, user, zoom_user, registrant, phone, name_hash)| SessionKeys {
        participant: participant.map(|n| ParticipantUuid::new(format!("p{n}")).unwrap()),
        user: user.map(|n| SessionUserId::new(format!("{n}")).unwrap()),
        zoom_user: zoom_user.map(|n| ZoomUserId::new(format!("zoom-{n}")).unwrap()),
        registrant: registrant.map(|n| RegistrantId::new(format!("reg-{n}")).unwrap()),
        phone,
        name_hash,
    })
}

fn kind() -> impl Strategy<Value = FactKind> {
    use FactKind::{
        Admitted, Breakout, Created, Deleted, Ended, Joined, JoinedBeforeHost, JoinedWaitingRoom, Left,
        LeftWaitingForHost, LeftWaitingRoom, PutInWaitingRoom, RoleChanged, Started, WaitingForHost,
    };
    let plain = vec![
        Started,
        Ended,
        Joined,
        Left,
        JoinedWaitingRoom,
        Admitted,
        LeftWaitingRoom,
        PutInWaitingRoom,
        WaitingForHost,
        LeftWaitingForHost,
        JoinedBeforeHost,
        Breakout,
        RoleChanged,
        Created,
    ];
    prop_oneof![
        20 => select(plain),
        1 => Just(Deleted),
        2 => session().prop_map(|keys| FactKind::Bound { to: keys.participant, to_user: keys.user }),
        2 => (prop::option::of(any::<bool>()), prop::option::of(any::<bool>()))
            .prop_map(|(waiting_room, join_before_host)| FactKind::Updated { waiting_room, join_before_host }),
    ]
}

fn meeting_id() -> impl Strategy<Value = MeetingId> {
    select(vec![MEETING, MEETING, MEETING, MeetingId(2), MeetingId(u64::MAX)])
}

fn fact() -> impl Strategy<Value = Fact> {
    let parts = (meeting_id(), prop::option::weighted(0.9, 0..3_u8), prop::option::of(moment()), kind());
    (parts, prop::option::weighted(0.9, session()), moment(), moment()).prop_map(
        |((meeting, instance, instance_started, kind), session, at, sent)| Fact {
            meeting,
            instance: instance.map(|n| InstanceUuid::new(format!("U{n}")).unwrap()),
            instance_started,
            host: None,
            kind,
            session,
            at,
            sent,
        },
    )
}

fn settings() -> impl Strategy<Value = MeetingSettings> {
    any::<[bool; 3]>().prop_map(|[waiting_room, join_before_host, registration]| MeetingSettings {
        waiting_room,
        join_before_host,
        registration,
    })
}

fn attendance() -> impl Strategy<Value = Attendance> {
    (session(), any::<bool>(), moment(), moment()).prop_map(|(keys, waiting_room, joined, left)| Attendance {
        keys,
        waiting_room,
        joined,
        left,
    })
}

fn outcome() -> impl Strategy<Value = IntentOutcome> {
    let some_made = || {
        (meeting_id(), 0..4_u8, settings()).prop_map(|(id, n, effective)| {
            made(id, &ZoomUserId::new(format!("zoom-{n}")).unwrap(), effective)
        })
    };
    let retry = prop_oneof![
        Just(Retry::Never),
        prop::option::of(any::<i64>().prop_map(Span)).prop_map(Retry::After),
        Just(Retry::After(Some(Span::minutes(10)))),
    ];
    prop_oneof![
        6 => (0..4_u8, any::<bool>()).prop_map(|(n, licensed)| IntentOutcome::Provider {
            user: ZoomUserId::new(format!("zoom-{n}")).unwrap(),
            licensed,
        }),
        2 => (0..4_u8, prop::option::of(Just(ProblemCode::UserPending))).prop_map(|(n, cause)| IntentOutcome::MadeDo {
            user: ZoomUserId::new(format!("zoom-{n}")).unwrap(),
            licensed: cause.is_some(),
            instead: cause.map_or(Instead::Basic, Instead::DefaultHost),
        }),
        6 => some_made().prop_map(IntentOutcome::Made),
        2 => prop::collection::vec(some_made(), 0..4).prop_map(IntentOutcome::Found),
        1 => Just(IntentOutcome::Deleted),
        4 => Just(IntentOutcome::Indexed),
        2 => prop::collection::vec(0..4_u8, 0..4).prop_map(|users| IntentOutcome::AlternativesSet {
            stand: users.iter().map(|n| ZoomUserId::new(format!("zoom-{n}")).unwrap()).collect(),
        }),
        4 => (0..4_u8).prop_map(|n| IntentOutcome::Registered {
            registrant: RegistrantId::new(format!("reg-{n}")).unwrap(),
            link: link("somebody", MEETING),
        }),
        2 => (any::<bool>(), settings()).prop_map(|(started, effective)| IntentOutcome::Read { started, effective }),
        2 => prop::collection::vec(attendance(), 0..4).prop_map(IntentOutcome::Attended),
        1 => Just(IntentOutcome::RegistrantsCancelled),
        1 => Just(IntentOutcome::Ended),
        1 => Just(IntentOutcome::MeetingGone),
        1 => Just(IntentOutcome::UserGone),
        2 => retry.prop_map(|retry| IntentOutcome::Failed(CallFailure { problem: ProblemCode::ZoomRefused, retry })),
        1 => Just(IntentOutcome::Ambiguous),
    ]
}

fn guest_link() -> impl Strategy<Value = GuestLinkId> {
    select(vec!["g1", "g2"]).prop_map(|id| GuestLinkId::new(id).unwrap())
}

fn birth_date() -> impl Strategy<Value = BirthDate> {
    select(vec![1947, 1980]).prop_map(|year| BirthDate::new(year, 3, 2).unwrap())
}

fn a_booking() -> impl Strategy<Value = BookingRead> {
    let leader = prop::option::of(select(vec!["ada", "bob"]));
    (moment(), leader, prop::option::of(any::<bool>()), prop::option::of(moment())).prop_map(
        |(at, leader, called_off, starts)| BookingRead {
            at,
            provider: leader.map(|name| EncounterProvider { fhir_user: patient_reference(name), name: None }),
            called_off,
            starts,
        },
    )
}

fn a_launch() -> impl Strategy<Value = Launch> {
    let who =
        (role(), select(vec!["ada", "bob"]), prop::option::of(select(vec!["ada", "bob"])), any::<bool>());
    (who, prop::option::weighted(0.3, a_booking())).prop_map(|((role, name, patient, known), booking)| {
        let whole = launch(role, FhirReference::new(format!("Patient/{name}")).unwrap(), "X1");
        let external_id = whole.external_id.clone().filter(|_| known);
        Launch { patient: patient.map(patient_reference), external_id, booking, ..whole }
    })
}

fn device() -> impl Strategy<Value = Device> {
    (0..3_u8, select(vec!["p:p", "u:"]), 0..3_u8).prop_map(|(instance, kind, n)| {
        let named =
            serde_json::json!({ "instance": format!("U{instance}"), "session": format!("{kind}{n}") });
        serde_json::from_value(named).unwrap()
    })
}

fn a_test() -> impl Strategy<Value = DeviceTest> {
    let who = (prop::option::of(select(vec!["ada", "bob"])), any::<bool>());
    (moment(), select(TestOutcome::ALL.to_vec()), who).prop_map(|(at, outcome, (patient, known))| {
        DeviceTest {
            at,
            outcome,
            patient: patient.map(patient_reference),
            csn: None,
            external_id: known.then(|| ExternalId::new("X1").unwrap()),
            external_id_type: None,
            tentative: !known,
        }
    })
}

fn command() -> impl Strategy<Value = Command> {
    let seq = || prop_oneof![0..6_u64, any::<u64>()];
    prop_oneof![
        5 => a_launch().prop_map(Command::Launch),
        12 => fact().prop_map(Command::Fact),
        1 => key().prop_map(|participant| Command::PageSeen { participant }),
        1 => key().prop_map(|participant| Command::Departed { participant }),
        2 => (meeting_id(), key()).prop_map(|(meeting, provider)| Command::MeetingMissing { meeting, provider }),
        1 => (guest_link(), moment()).prop_map(|(link, expires_at)| Command::GuestInvited { link, invitation: Invitation { name: None, expires_at, patient_csn: None } }),
        1 => guest_link().prop_map(|link| Command::GuestRevoked { link }),
        2 => (device(), prop::option::of(key())).prop_map(|(device, who)| Command::Named { device, who }),
        1 => (prop::option::of(select(vec!["ada", "bob"])), birth_date())
            .prop_map(|(patient, date)| Command::BirthDateLearned { csn: None, patient: patient.map(patient_reference), date }),
        1 => (guest_link(), select(vec!["b1", "b2"]), birth_date()).prop_map(|(link, browser, date)| {
            Command::GuestAnswered { link, browser: BrowserHash::new(browser).unwrap(), date }
        }),
        1 => guest_link().prop_map(|link| Command::GuestTexted { link }),
        1 => meeting_id().prop_map(|meeting| Command::EndForAll { meeting }),
        1 => (meeting_id(), any::<bool>())
            .prop_map(|(meeting, although_inside)| Command::MakeAgain { meeting, although_inside }),
        1 => (key(), select(Topic::ALL.to_vec()), seq())
            .prop_map(|(participant, topic, seq)| Command::SentAgain { participant, topic, seq }),
        1 => (key(), select(Topic::ALL.to_vec()), seq())
            .prop_map(|(participant, topic, seq)| Command::ParkedResent { participant, topic, seq }),
        1 => (key(), select(Topic::ALL.to_vec()), seq())
            .prop_map(|(participant, topic, seq)| Command::ParkedDropped { participant, topic, seq }),
        1 => Just(Command::ParkedCommandsDropped),
        1 => Just(Command::OrganizationForgotten),
        12 => (0..40_u64, outcome())
            .prop_map(|(n, outcome)| Command::IntentClosed { intent: IntentId(n), outcome }),
        1 => (key(), seq(), any::<bool>())
            .prop_map(|(participant, seq, connected)| Command::StatusDelivered { participant, seq, connected }),
        1 => (key(), seq()).prop_map(|(participant, seq)| Command::StatusParked { participant, seq }),
        1 => (key(), seq()).prop_map(|(participant, seq)| Command::StatusSuperseded { participant, seq }),
        2 => (key(), a_test()).prop_map(|(participant, test)| Command::DeviceTested { participant, test }),
        1 => (key(), seq(), select(vec![Settled::Delivered, Settled::Parked, Settled::Superseded]))
            .prop_map(|(participant, seq, how)| Command::DeviceTestSettled { participant, seq, how }),
        1 => Just(Command::CommandParked),
        3 => Just(Command::Tick),
    ]
}

fn entries(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (any::<u8>(), moment(), command()).prop_map(|(id, at, command)| Entry {
        id: CommandId::new(format!("c{id}")).unwrap(),
        at,
        command,
    });
    prop::collection::vec(entry, 1..most)
}

/// Lets an entry happen; of the answers most are given to a call that runs, and fit it.
fn take(story: &mut Story, mut entry: Entry) -> Entry {
    if let Command::IntentClosed { intent, outcome } = &mut entry.command {
        if intent.0 % 4 != 0 && !story.begun.is_empty() {
            let begun = story.begun.remove(intent.0 as usize % story.begun.len());
            (*intent, *outcome) = (begun.id, answer(&begun, MEETING));
        } else {
            // No answer comes before its call.
            *intent = IntentId(intent.0 % (story.visit.last_intent + 1));
        }
    }
    story.take_entry(&entry);
    entry
}

fn written_and_read(visit: &Visit) -> Visit {
    serde_json::from_slice(&serde_json::to_vec(visit).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_command_at_any_time_is_decided(entries in entries(60), times in prop::collection::vec(moment(), 60)) {
        let mut story = Story::ready();
        for (entry, now) in entries.iter().zip(times) {
            let decision = decide(&story.visit, entry, now, &story.policy);
            prop_assert_eq!(&decision, &decide(&story.visit, entry, now, &story.policy));
            prop_assert_eq!(&written_and_read(&decision.visit), &decision.visit);
            // What can be asked of a visit can be asked of this one.
            let visit = &decision.visit;
            for key in visit.participants.keys() {
                let _ = (visit.way_in(key, &story.policy), visit.wake(&story.policy, now), visit.strangers(&story.policy, now));
            }
            story.visit = decision.visit;
        }
    }

    #[test]
    fn a_command_taken_twice_is_taken_once(entries in entries(60)) {
        let mut story = Story::ready();
        for entry in entries {
            story.now.0 += 700;
            let entry = take(&mut story, entry);
            let once = story.visit.clone();
            let told = story.updates.len();
            story.take_entry(&entry);
            prop_assert_eq!(&story.visit, &once, "{:?}", entry.command);
            prop_assert_eq!(story.updates.len(), told);
        }
    }

    #[test]
    fn the_next_look_lies_ahead_and_every_visit_leaves_in_the_end(entries in entries(60)) {
        let mut story = Story::new();
        for entry in entries {
            story.now.0 += 1_000;
            take(&mut story, entry);
        }
        let abandoned = story.now;
        let mut ticks = 0;
        story.tick();
        while story.forgotten == 0 {
            let wake = story.visit.wake(&story.policy, story.now).unwrap();
            prop_assert!(wake > story.now, "no look may be due at once again: {:?}", story.visit.calls);
            story.now = wake;
            story.tick();
            tell_epic(&mut story);
            ticks += 1;
            prop_assert!(ticks < 1_000, "{:?} {:?}", story.visit.calls, story.visit.problems);
        }
        let kept = (story.policy.reopen.0 + story.policy.keep.0).max(story.policy.keep_tested.0);
        let longest = Span(kept + Span::hours(40).0);
        prop_assert!(story.now <= abandoned + longest, "{:?} after it was abandoned", story.now - abandoned);
    }
}

/// Epic takes every update that was decided.
fn tell_epic(story: &mut Story) {
    for update in std::mem::take(&mut story.updates) {
        story.take(update.delivered());
    }
}

#[test]
fn the_stories_reach_meetings_and_links() {
    // Were the arbitrary commands never to get as far as a meeting, the properties above would say little.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut with_meeting, mut with_link, mut live) = (0, 0, 0);
    for _ in 0..200 {
        let entries = entries(60).new_tree(&mut runner).unwrap().current();
        let mut story = Story::new();
        let (mut meeting, mut linked, mut lived) = (false, false, false);
        for entry in entries {
            story.now.0 += 1_000;
            take(&mut story, entry);
            meeting |= story.visit.meeting.is_some();
            linked |= story.visit.participants.values().any(|p| p.link.is_some());
            lived |= story.visit.is_live(&story.policy);
        }
        (with_meeting, with_link, live) =
            (with_meeting + u32::from(meeting), with_link + u32::from(linked), live + u32::from(lived));
    }
    assert!(with_meeting > 20 && with_link > 2 && live > 10, "{with_meeting} {with_link} {live}");
}
