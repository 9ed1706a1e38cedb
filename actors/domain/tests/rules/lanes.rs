//! A lane before an Epic that answers late, not at all, or applies long after the caller has given up: once nothing is in doubt, the
//! light at Epic is the newest one (I9); and no newer status is sent while an older attempt of the same owner runs (I7).

use crate::common::story::ada;
use proptest::prelude::*;
use std::collections::BTreeMap;
use vestibule_domain::backoff::Backoff;
use vestibule_domain::effect::{Says, Update};
use vestibule_domain::id::ExternalId;
use vestibule_domain::lane::{Ended, Follows, Lane, LaneRules, Next};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::Role;

const RULES: LaneRules = LaneRules {
    backoff: Backoff { first: Span(500), most: Span(30_000) },
    give_up_after: Span::hours(24),
    doubt: Span::seconds(10),
};
/// A request is given up after this.
const TIMEOUT: i64 = 5_000;
const STEP: i64 = 100;

fn update(seq: u64, now: i64) -> Update {
    Update {
        participant: ada(),
        seq,
        says: Says::Connected(seq % 2 == 1),
        occurred_at: Moment(now),
        decided_at: Moment(now),
        role: Role::Patient,
        external_id: ExternalId::new("WPR1").unwrap(),
        external_id_type: None,
        csn: None,
        meeting: None,
        resend: false,
    }
}

/// How Epic treats one attempt.
#[derive(Clone, Copy, Debug)]
enum Treatment {
    /// Applied at some thousandth of the time until its answer.
    Answered { takes: i64, applied_at: i64 },
    /// No answer; applied at some thousandth of the time in which it may still be, if at all.
    Silent { applied_at: Option<i64> },
    /// Refused for now, without effect.
    Busy { retry_after: Option<i64> },
}

/// What happens, each some time after the one before.
#[derive(Clone, Debug)]
enum Event {
    Update,
    /// The owner dies in the middle of whatever it does; another takes over after some time.
    Crash {
        away: i64,
    },
    /// The owner loses its lease and takes it again after some time; what ran goes on meanwhile.
    Blink {
        away: i64,
    },
}

/// Most harm is done by an attempt that is applied late and by an answer that comes late, so these are drawn often.
fn treatment() -> impl Strategy<Value = Treatment> {
    let takes = prop_oneof![0..TIMEOUT, TIMEOUT - 1_000..TIMEOUT];
    let applied_at = prop_oneof![Just(0_i64), 0..=1000_i64];
    let late = prop_oneof![0..1000_i64, 900..1000_i64];
    prop_oneof![
        3 => (takes, applied_at).prop_map(|(takes, applied_at)| Treatment::Answered { takes, applied_at }),
        3 => prop::option::weighted(0.9, late).prop_map(|applied_at| Treatment::Silent { applied_at }),
        1 => prop::option::of(0..40_000_i64).prop_map(|retry_after| Treatment::Busy { retry_after }),
    ]
}

fn event() -> impl Strategy<Value = (i64, Event)> {
    let what = prop_oneof![
        4 => Just(Event::Update),
        1 => (0..15_000_i64).prop_map(|away| Event::Crash { away }),
        1 => (0..15_000_i64).prop_map(|away| Event::Blink { away }),
    ];
    (0..12_000_i64, what)
}

struct World {
    now: i64,
    /// `None` while nobody has it in memory.
    lane: Option<Lane>,
    /// Whether whoever has it in memory also owns it.
    owned: bool,
    back_at: i64,
    /// Updates that are not done with, as the store keeps them.
    outbox: BTreeMap<u64, Update>,
    /// The attempt that runs: when it ends and how.
    running: Option<(i64, Update, Treatment)>,
    begin_at: Option<i64>,
    /// What Epic applies and when, in the order of the attempts.
    applied: Vec<(i64, bool)>,
    newest: u64,
    treatments: Vec<Treatment>,
    permit_takes: i64,
}

impl World {
    fn step(&mut self) {
        if !self.owned && self.now >= self.back_at {
            // Whatever is in the outbox may be under way from the previous owner.
            let lane = self.lane.get_or_insert_default();
            for update in self.outbox.values() {
                lane.offer(update.clone(), 0);
            }
            lane.doubt(Moment(self.now), &RULES);
            self.owned = true;
        }
        let Some(lane) = &mut self.lane else { return };
        if let Some((end, update, treatment)) = self.running.clone()
            && end <= self.now
        {
            self.running = None;
            let how = match treatment {
                Treatment::Answered { .. } => Ended::Accepted,
                Treatment::Silent { .. } => Ended::InDoubt,
                Treatment::Busy { retry_after } => Ended::Transient { retry_after: retry_after.map(Span) },
            };
            let follows = lane.ended(Moment(self.now), how, &RULES, 0x9e37_79b9_7f4a_7c15).unwrap();
            if !self.owned {
                // What it reports is refused, and what it would go on with is the next owner's.
                lane.abandon();
                return;
            }
            match follows {
                Follows::Settled | Follows::Parked => self.outbox.retain(|seq, _| *seq > update.seq),
                Follows::Overtaken => drop(self.outbox.remove(&update.seq)),
                Follows::DeliveredInDoubt | Follows::Retrying => {}
            }
        }
        match lane.next(Moment(self.now), &RULES) {
            Next::Send => {
                assert!(self.owned, "an abandoned lane sends nothing");
                // I7: `next` offers nothing while an attempt runs.
                assert!(self.running.is_none());
                let begin_at = *self.begin_at.get_or_insert(self.now + self.permit_takes);
                if begin_at <= self.now {
                    self.begin_at = None;
                    let (update, _) = lane.begin().unwrap();
                    assert!(lane.begin().is_none(), "I7: one attempt at a time");
                    self.attempt(update);
                }
            }
            Next::GiveUp { .. } => panic!("nothing is that old here"),
            Next::At(at) => assert!(at > Moment(self.now)),
            Next::Idle => {}
        }
    }

    fn attempt(&mut self, update: Update) {
        let treatment = self.treatments.pop().unwrap_or(Treatment::Answered { takes: 200, applied_at: 500 });
        let (takes, applied_after) = match treatment {
            Treatment::Answered { takes, applied_at } => (takes, Some(takes * applied_at / 1000)),
            Treatment::Silent { applied_at } => {
                (TIMEOUT, applied_at.map(|thousandth| (TIMEOUT + RULES.doubt.0) * thousandth / 1000))
            }
            Treatment::Busy { .. } => (100, None),
        };
        self.applied
            .extend(applied_after.map(|after| (self.now + after, update.says == Says::Connected(true))));
        self.running = Some((self.now + takes, update, treatment));
    }

    fn decide(&mut self) {
        self.newest += 1;
        let update = update(self.newest, self.now);
        self.outbox.insert(self.newest, update.clone());
        // What is decided while nobody owns the lane is found in the outbox.
        if let Some(superseded) =
            self.lane.as_mut().filter(|_| self.owned).and_then(|lane| lane.offer(update, 0))
        {
            assert!(superseded.seq < self.newest);
            self.outbox.remove(&superseded.seq);
        }
    }

    /// An attempt of an owner that died may be applied until the doubt after its death is over.
    fn crash(&mut self, away: i64) {
        self.lane = None;
        self.lose(away);
        if self.running.take().is_some()
            && let Some((at, _)) = self.applied.last_mut()
        {
            *at = (*at).min(self.now + RULES.doubt.0 - 1);
        }
    }

    fn blink(&mut self, away: i64) {
        if let Some(lane) = &mut self.lane {
            lane.abandon();
        }
        self.lose(away);
    }

    fn lose(&mut self, away: i64) {
        self.owned = false;
        self.begin_at = None;
        self.back_at = self.now + away;
    }

    fn at_epic(&self) -> Option<bool> {
        self.applied
            .iter()
            .enumerate()
            .max_by_key(|(attempt, (at, _))| (*at, *attempt))
            .map(|(_, (_, on))| *on)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn once_nothing_is_in_doubt_the_light_is_the_newest(
        events in prop::collection::vec(event(), 1..12),
        treatments in prop::collection::vec(treatment(), 0..16),
        permit_takes in 0..3_000_i64,
    ) {
        let mut world = World {
            now: 0,
            lane: Some(Lane::default()),
            owned: true,
            back_at: 0,
            outbox: BTreeMap::new(),
            running: None,
            begin_at: None,
            applied: Vec::new(),
            newest: 0,
            treatments,
            permit_takes,
        };
        for (gap, event) in events {
            let until = world.now + gap;
            while world.now < until {
                world.now += STEP;
                world.step();
            }
            match event {
                Event::Update => world.decide(),
                Event::Crash { away } => world.crash(away),
                Event::Blink { away } => world.blink(away),
            }
        }
        let give_up = world.now + 2_000_000;
        while !world.outbox.is_empty() || world.lane.as_ref().is_none_or(|lane| !lane.is_empty()) || !world.owned {
            world.now += STEP;
            world.step();
            prop_assert!(world.now < give_up, "the lane comes to an end");
        }
        if world.newest > 0 {
            prop_assert_eq!(world.at_epic(), Some(world.newest % 2 == 1), "I9: {:?}", world.applied);
        }
    }
}

#[test]
fn an_answer_that_comes_after_the_doubt_was_over_settles_nothing_that_began_within_it() {
    let mut lane = Lane::default();
    lane.offer(update(1, 0), 0);
    assert_eq!(lane.next(Moment(0), &RULES), Next::Send);
    lane.begin().unwrap();
    lane.offer(update(2, 0), 0);
    assert_eq!(lane.ended(Moment(0), Ended::InDoubt, &RULES, 0), Some(Follows::Overtaken));
    // Sent at 9 s, applied at once; the older one is applied at 9.5 s; the answer comes at 12 s, when the doubt is over.
    assert_eq!(lane.next(Moment(9_000), &RULES), Next::Send);
    lane.begin().unwrap();
    assert_eq!(lane.ended(Moment(12_000), Ended::Accepted, &RULES, 0), Some(Follows::DeliveredInDoubt));
    assert_eq!(lane.next(Moment(12_000), &RULES), Next::Send, "once more, at once");
    lane.begin().unwrap();
    assert_eq!(lane.ended(Moment(12_100), Ended::Accepted, &RULES, 0), Some(Follows::Settled));
}
