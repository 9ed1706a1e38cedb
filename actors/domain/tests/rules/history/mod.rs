//! True histories: people are simulated, Zoom's facts follow from what they do, and the truth is known without our rules. Under every
//! order and duplication the facts must fold to that truth, and to the same state (I4).

mod people;
mod world;

use crate::common::story::{Story, patient_launch, provider_launch, proxy_launch};
use crate::common::{folded, permutations};
use people::{Action, History, Line, PEOPLE, Person, Truth, action};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::command::Command;
use vestibule_domain::effect::Says;
use vestibule_domain::fact::Fact;
use vestibule_domain::policy::{Admittance, WaitingCountsAs};
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::Presence;
use world::tell;

/// Everybody has launched and left the page for Zoom, and Zoom has answered every call.
fn everybody_launched(waiting_room: bool, counts: WaitingCountsAs) -> Story {
    let mut story = Story::new();
    story.policy.admittance = if waiting_room { Admittance::Manual } else { Admittance::Automatic };
    story.policy.waiting_counts_as = counts;
    for launch in
        [provider_launch("dr"), provider_launch("eve"), patient_launch("ada"), proxy_launch("rita", "ada")]
    {
        story.launch(launch);
    }
    story.zoom_answers().at(1);
    for person in PEOPLE {
        story.take(Command::Departed { participant: person.key() });
    }
    story
}

/// What the visit says, in the words of the truth.
fn seen(story: &Story) -> Truth {
    let of = |person: Person| (person, story.presence(&person.key()));
    Truth {
        phase: story.visit.phase,
        people: PEOPLE.map(of).into_iter().collect(),
        strangers: story.visit.strangers(&story.policy, story.now).len(),
    }
}

fn lights_of(truth: &Truth, counts: WaitingCountsAs) -> BTreeMap<Person, bool> {
    let on = |(person, presence): (&Person, &Presence)| {
        let waiting = matches!(presence, Presence::Waiting | Presence::InWaitingRoom);
        let counted = waiting && person.waits_for_others() && counts == WaitingCountsAs::Connected;
        (*person, *presence == Presence::InMeeting || counted)
    };
    truth.people.iter().map(on).collect()
}

fn lights(story: &Story) -> BTreeMap<Person, bool> {
    PEOPLE.map(|person| (person, story.visit.participants[&person.key()].light.wanted)).into_iter().collect()
}

/// The updates of a person alternate, beginning with on, and are numbered without a gap.
fn check_updates(story: &Story) {
    for person in PEOPLE {
        let mine: Vec<_> = story.updates.iter().filter(|u| u.participant == person.key()).collect();
        for (index, update) in mine.iter().enumerate() {
            assert_eq!(update.seq, index as u64 + 1, "{person:?}: no gap");
            assert_eq!(update.says, Says::Connected(index % 2 == 0), "{person:?}: on and off in turn");
        }
    }
}

fn counts() -> impl Strategy<Value = WaitingCountsAs> {
    prop_oneof![Just(WaitingCountsAs::Nothing), Just(WaitingCountsAs::Connected)]
}

fn histories(most: usize) -> impl Strategy<Value = History> {
    (any::<bool>(), prop::collection::vec(action(), 1..most))
        .prop_map(|(waiting_room, actions): (bool, Vec<Action>)| tell(waiting_room, &actions))
}

/// Facts in the order in which they arrive.
#[derive(Clone)]
struct Shuffled(Vec<Fact>);

impl std::fmt::Debug for Shuffled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|fact| writeln!(f, "{:?}", Line(fact)))
    }
}

/// The facts of a history, some of them doubled, in some order.
fn shuffled(most: usize) -> impl Strategy<Value = (History, Shuffled)> {
    histories(most).prop_flat_map(|history| {
        let facts: Vec<Fact> = history.facts().cloned().collect();
        let copies = prop::collection::vec(1..3_usize, facts.len());
        let order = copies.prop_flat_map(move |copies| {
            let doubled: Vec<Fact> =
                facts.iter().zip(copies).flat_map(|(f, n)| std::iter::repeat_n(f.clone(), n)).collect();
            Just(doubled).prop_shuffle().prop_map(Shuffled)
        });
        (Just(history), order)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn told_in_order_every_step_is_the_truth(history in histories(40), counts in counts()) {
        let mut story = everybody_launched(history.waiting_room, counts);
        for step in &history.steps {
            story.facts(step.facts.clone());
            if let Some(truth) = &step.truth {
                prop_assert_eq!(&seen(&story), truth);
                prop_assert_eq!(lights(&story), lights_of(truth, counts));
            }
        }
        check_updates(&story);
    }

    // I4: any order and duplication of the same facts gives the same state.
    #[test]
    fn told_in_any_order_the_end_is_the_truth((history, Shuffled(facts)) in shuffled(40), counts in counts()) {
        let mut in_order = everybody_launched(history.waiting_room, counts);
        in_order.facts(history.facts().cloned());
        let mut story = everybody_launched(history.waiting_room, counts);
        story.facts(facts);
        prop_assert_eq!(&seen(&story), &history.end);
        prop_assert_eq!(lights(&story), lights_of(&history.end, counts));
        prop_assert_eq!(folded(&story.visit), folded(&in_order.visit));
        check_updates(&story);
    }

    #[test]
    fn told_with_ticks_between_and_with_restarts_the_end_is_the_truth(
        (history, Shuffled(facts)) in shuffled(25),
        gaps in prop::collection::vec(0..5_000_i64, 1..20),
    ) {
        let mut story = everybody_launched(history.waiting_room, WaitingCountsAs::Nothing);
        for (fact, gap) in facts.into_iter().zip(gaps.iter().cycle()) {
            story.now.0 += gap;
            story.fact(fact);
            if gap % 3 == 0 {
                story.tick().zoom_answers();
                story.visit = serde_json::from_slice(&serde_json::to_vec(&story.visit).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(&seen(&story), &history.end);
    }

    // I5: an ended uuid never lives again.
    #[test]
    fn an_ended_instance_never_lives_again((history, Shuffled(facts)) in shuffled(40), later in prop::collection::vec(any::<prop::sample::Index>(), 1..10)) {
        let mut story = everybody_launched(history.waiting_room, WaitingCountsAs::Nothing);
        story.facts(facts.clone());
        let mut ended = BTreeSet::new();
        for fact in facts.iter().chain(later.iter().filter(|_| !facts.is_empty()).map(|index| index.get(&facts))) {
            // The same kinds of facts once more, long after: none of them brings an ended instance back.
            let mut again = fact.clone();
            again.at = again.at + vestibule_domain::time::Span::minutes(40);
            story.fact(again);
            ended.extend(story.visit.instances.iter().filter(|(_, i)| i.ended().is_some()).map(|(uuid, _)| uuid.clone()));
            let live = story.visit.course(&story.policy);
            if live.live {
                prop_assert!(live.newest.is_none_or(|(uuid, _)| !ended.contains(uuid)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_short_history_in_all_its_orders_is_the_truth(history in histories(5)) {
        let facts: Vec<Fact> = history.facts().take(6).cloned().collect();
        prop_assume!(history.facts().count() <= 6);
        let ready = everybody_launched(history.waiting_room, WaitingCountsAs::Nothing);
        let mut in_order = ready.clone();
        in_order.facts(facts.clone());
        for order in permutations(&facts) {
            let mut story = ready.clone();
            story.facts(order);
            prop_assert_eq!(&seen(&story), &history.end);
            prop_assert_eq!(folded(&story.visit), folded(&in_order.visit));
        }
    }
}

#[test]
fn histories_are_worth_telling() {
    // The generator must reach what it is for; were it to tell empty histories, everything above would hold as well.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut reached, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..300 {
        let history = histories(40).new_tree(&mut runner).unwrap().current();
        let instances = history.facts().filter_map(|f| f.instance.clone()).collect::<BTreeSet<_>>();
        *reached.entry(("several instances", instances.len() > 2)).or_insert(0) += 1;
        *reached.entry(("live at the end", history.end.phase == Phase::InProgress)).or_insert(0) += 1;
        *reached.entry(("a stranger at the end", history.end.strangers > 0)).or_insert(0) += 1;
        for fact in history.facts() {
            let kind = format!("{:?}", fact.kind);
            *kinds.entry(kind.split(['{', ' ']).next().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    for what in ["several instances", "live at the end", "a stranger at the end"] {
        assert!(reached.get(&(what, true)).is_some_and(|n| *n >= 20), "{what}: {reached:?}");
    }
    assert!(kinds.len() == 13 && kinds.values().all(|n| *n >= 20), "{kinds:?}");
}
