//! A Zoom account that really has the meetings it made, while answers come late, doubled or never: one meeting is ever the visit's, and
//! of all others none is left and no link is given (I12, I6).

use crate::common::facts::{MEETING, fact};
use crate::common::story::{Story, patient_launch, provider_launch};
use crate::common::zoom::{AUTOMATIC, answer, failed, is_create, link, made, name_of};
use crate::meetings::mine;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::fact::FactKind::{Deleted, Started};
use vestibule_domain::id::{Marker, MeetingId};
use vestibule_domain::intent::{Intent, IntentId, IntentOutcome, ProblemCode, Retry, ZoomCall};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::admittance::Admit;
use vestibule_domain::visit::participant::Role;
use vestibule_domain::visit::{Phase, WayIn};

/// One thing that may happen while meetings are made.
#[derive(Clone, Debug)]
enum Event {
    /// An answer to one of all calls that were ever begun: a first one, a late one, or a copy.
    Answer(prop::sample::Index, u8),
    ProviderLaunches(bool),
    PatientLaunches,
    Delete,
    Start,
    Time(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        10 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(which, how)| Event::Answer(which, how)),
        2 => any::<bool>().prop_map(Event::ProviderLaunches),
        1 => Just(Event::PatientLaunches),
        1 => Just(Event::Delete),
        1 => Just(Event::Start),
        4 => (1..60_i64).prop_map(Event::Time),
    ]
}

/// A Zoom that really has the meetings it made, and lists those that bear a marker.
#[derive(Default)]
struct Account {
    made: Vec<(MeetingId, Marker)>,
    removed: BTreeSet<MeetingId>,
    begun: Vec<Intent>,
    /// The meeting that each create made, whatever was answered.
    by_call: BTreeMap<IntentId, MeetingId>,
}

impl Account {
    fn outcome(&mut self, intent: &Intent, now: Moment, how: u8) -> IntentOutcome {
        if how.is_multiple_of(7) && !is_create(&intent.call) {
            return failed(ProblemCode::ZoomUnavailable, Retry::After(None));
        }
        match &intent.call {
            // Nothing of a call is under way after its not_after, so what was not made by then never is.
            ZoomCall::CreateMeeting { .. }
                if now > intent.not_after && !self.by_call.contains_key(&intent.id) =>
            {
                failed(ProblemCode::ZoomUnavailable, Retry::After(None))
            }
            ZoomCall::CreateMeeting { marker, host, .. } => {
                let next = MeetingId(1_000 + self.made.len() as u64);
                let id = *self.by_call.entry(intent.id).or_insert_with(|| {
                    self.made.push((next, marker.clone()));
                    next
                });
                let answered = IntentOutcome::Made(made(id, host, AUTOMATIC));
                if how.is_multiple_of(3) { IntentOutcome::Ambiguous } else { answered }
            }
            ZoomCall::FindMeetings { marker, host } => IntentOutcome::Found(
                self.made
                    .iter()
                    .filter(|(id, m)| m == marker && !self.removed.contains(id))
                    .map(|(id, _)| made(*id, host, AUTOMATIC))
                    .collect(),
            ),
            ZoomCall::DeleteMeeting { meeting } => {
                self.removed.insert(*meeting);
                IntentOutcome::Deleted
            }
            _ => answer(intent, MEETING),
        }
    }
}

fn check_links(story: &Story, account: &Account) {
    let policy = &story.policy;
    for key in story.visit.participants.keys() {
        let Some(way) = story.visit.way_in(key, policy) else { continue };
        let meeting = mine(story).unwrap();
        assert_ne!(story.visit.admit(key, policy), Admit::Wait, "I6: the policy allows it");
        assert!(!story.visit.superfluous.contains(&meeting) && !account.removed.contains(&meeting), "I12");
        match way {
            WayIn::Start(id) => assert_eq!((id, key.role()), (meeting, Role::Provider)),
            WayIn::Alternative { .. } | WayIn::DefaultHost { .. } => assert_eq!(key.role(), Role::Provider),
            WayIn::AsUser { .. } => {
                assert!(key.role().is_patient_side());
                assert_eq!(story.visit.phase, Phase::InProgress);
            }
            WayIn::Personal(url) => {
                assert_eq!(*url, link(&name_of(key), meeting), "I6: the person's own link");
                assert_eq!(story.visit.phase, Phase::InProgress);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // I12, I6: people are only ever sent to one live meeting; every other one is removed, and no link of it is ever given.
    #[test]
    fn whatever_happens_to_the_calls_one_meeting_stays(events in prop::collection::vec(event(), 1..80)) {
        let (mut story, mut account) = (Story::new(), Account::default());
        let mut ever: Vec<MeetingId> = Vec::new();
        story.launch(provider_launch("dr"));
        for event in events {
            match event {
                Event::Answer(which, how) if !account.begun.is_empty() => {
                    let intent = which.get(&account.begun).clone();
                    let outcome = account.outcome(&intent, story.now, how);
                    story.close(&intent, outcome);
                }
                Event::Answer(..) => {}
                Event::ProviderLaunches(other) => {
                    story.now.0 += 1;
                    story.launch(provider_launch(if other { "eve" } else { "dr" }));
                }
                Event::PatientLaunches => {
                    story.now.0 += 1;
                    story.launch(patient_launch("ada"));
                }
                Event::Delete => if let Some(id) = mine(&story) {
                    account.removed.insert(id);
                    let mut deleted = fact(Deleted, "U0", 0);
                    (deleted.meeting, deleted.at) = (id, story.now);
                    story.fact(deleted);
                },
                Event::Start => if let Some(id) = mine(&story) {
                    let mut started = fact(Started, &format!("U{id}"), 0);
                    (started.meeting, started.at) = (id, story.now);
                    story.fact(started);
                },
                Event::Time(seconds) => {
                    story.now.0 += seconds * 1000;
                    story.tick();
                }
            }
            for intent in &story.begun {
                if !account.begun.iter().any(|known| known.id == intent.id) {
                    account.begun.push(intent.clone());
                }
            }
            ever.extend(mine(&story));
            check_links(&story, &account);
        }
        // Zoom comes back to its senses: everything is answered and every deadline passes.
        for _ in 0..60 {
            while let Some(intent) = story.begun.first().cloned() {
                let outcome = account.outcome(&intent, story.now, 1);
                story.close(&intent, outcome);
                check_links(&story, &account);
            }
            if !story.visit.calls.is_empty() {
                story.now = story.visit.wake(&story.policy, story.now).unwrap();
                story.tick();
            }
        }
        // Of everything that was ever made only the visit's own meeting is left.
        let left: Vec<MeetingId> = account.made.iter().map(|(id, _)| *id).filter(|id| !account.removed.contains(id)).collect();
        prop_assert!(left.iter().all(|id| mine(&story) == Some(*id)), "{left:?} are left beside {:?}", mine(&story));
        let removed_by_us = account.made.iter().filter(|(id, _)| story.visit.superfluous.contains(id));
        for (id, _) in removed_by_us {
            prop_assert!(!ever.contains(id), "a removed meeting was never the visit's");
        }
    }
}
