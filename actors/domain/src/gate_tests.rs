//! The gate: what it grants, when it waits, and how it fares with failing holders and clocks.

use super::*;
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    per_second: 10,
    concurrent: 5,
    failures: 5,
    probe_every: Span::seconds(5),
    unused: Span::seconds(1),
    permit_life: Span::seconds(15),
    longest_pause: Span::minutes(10),
};
const FAILED: Settled = Settled::Failed { pause: None };

fn granted(gate: &mut Gate, now: i64) -> PermitId {
    match gate.ask(&LIMITS, false, Moment(now)) {
        Answer::Granted { permit, .. } => permit,
        wait @ Answer::Wait { .. } => panic!("{wait:?}"),
    }
}

fn waits(gate: &mut Gate, now: i64) -> (i64, Because) {
    match gate.ask(&LIMITS, false, Moment(now)) {
        Answer::Wait { wait, because } => (now + wait.0, because),
        grant @ Answer::Granted { .. } => panic!("{grant:?}"),
    }
}

fn open_gate() -> Gate {
    let mut gate = Gate::default();
    for now in 0..5 {
        let permit = granted(&mut gate, now);
        gate.settle(&LIMITS, Moment(now), permit, FAILED);
    }
    gate
}

#[test]
fn concurrency_holds_until_a_permit_comes_back() {
    let mut gate = Gate::default();
    let permits: Vec<_> = (0..5).map(|_| granted(&mut gate, 0)).collect();
    assert_eq!(waits(&mut gate, 1), (15_000, Because::Concurrency));
    gate.settle(&LIMITS, Moment(2), permits[0], Settled::Alive);
    granted(&mut gate, 3);
}

#[test]
fn a_lost_permit_is_taken_back() {
    let mut gate = Gate::default();
    for _ in 0..5 {
        granted(&mut gate, 0);
    }
    assert_eq!(waits(&mut gate, 14_999).1, Because::Concurrency);
    granted(&mut gate, 15_000);
}

// I11: an open breaker consumes no attempts.
#[test]
fn an_open_breaker_lets_one_probe_through_and_closes_on_its_answer() {
    let mut gate = open_gate();
    assert_eq!(waits(&mut gate, 4), (5_004, Because::Breaker));
    let probe = granted(&mut gate, 5_004);
    assert_eq!(waits(&mut gate, 5_005).1, Because::Breaker);
    gate.settle(&LIMITS, Moment(5_010), probe, FAILED);
    assert_eq!(waits(&mut gate, 5_011), (10_010, Because::Breaker));
    let probe = granted(&mut gate, 10_010);
    gate.settle(&LIMITS, Moment(10_020), probe, Settled::Alive);
    granted(&mut gate, 10_021);
}

#[test]
fn a_late_answer_does_not_close_an_open_breaker() {
    let mut gate = Gate::default();
    let late = granted(&mut gate, 0);
    for now in 1..6 {
        let permit = granted(&mut gate, now);
        gate.settle(&LIMITS, Moment(now), permit, FAILED);
    }
    gate.settle(&LIMITS, Moment(7), late, Settled::Alive);
    assert!(gate.is_open());
}

#[test]
fn a_probe_whose_holder_died_does_not_keep_the_breaker_half_open() {
    let mut gate = open_gate();
    granted(&mut gate, 5_004);
    assert_eq!(waits(&mut gate, 20_004), (25_004, Because::Breaker));
    granted(&mut gate, 25_004);
}

#[test]
fn a_probe_that_was_not_used_is_given_to_the_next_who_asks() {
    let mut gate = open_gate();
    let probe = granted(&mut gate, 5_004);
    gate.settle(&LIMITS, Moment(5_005), probe, Settled::Unused);
    assert!(gate.is_open());
    granted(&mut gate, 5_006);
}

#[test]
fn a_permit_that_was_not_used_is_no_failure_and_no_success() {
    let mut gate = Gate::default();
    for now in 0..4 {
        let permit = granted(&mut gate, now);
        gate.settle(&LIMITS, Moment(now), permit, FAILED);
    }
    let unused = granted(&mut gate, 4);
    gate.settle(&LIMITS, Moment(4), unused, Settled::Unused);
    let last = granted(&mut gate, 5);
    gate.settle(&LIMITS, Moment(5), last, FAILED);
    assert!(gate.is_open(), "five failures in a row");
}

#[test]
fn a_lower_rate_and_a_clock_that_went_back_close_the_gate_for_a_second_at_most() {
    let mut gate = Gate::default();
    for _ in 0..5 {
        let permit = granted(&mut gate, 10_000);
        gate.settle(&LIMITS, Moment(10_000), permit, Settled::Alive);
    }
    let slower = Limits { per_second: 1, ..LIMITS };
    assert_eq!(
        gate.ask(&slower, false, Moment(10_500)),
        Answer::Wait { wait: Span(500), because: Because::Rate }
    );
    let mut earlier = gate.clone();
    assert!(matches!(earlier.ask(&slower, false, Moment(0)), Answer::Granted { .. }));
    assert!(matches!(gate.ask(&slower, false, Moment(11_000)), Answer::Granted { .. }));
}

#[test]
fn a_pause_holds_everybody() {
    let mut gate = Gate::default();
    let permit = granted(&mut gate, 0);
    gate.settle(&LIMITS, Moment(1), permit, Settled::Pause { pause: Span(1_999) });
    assert_eq!(waits(&mut gate, 2), (2_000, Because::Pause));
    granted(&mut gate, 2_000);
}

#[test]
fn a_pause_asked_for_by_a_failing_epic_holds_the_probe_too() {
    let mut gate = open_gate();
    let probe = granted(&mut gate, 5_004);
    gate.settle(&LIMITS, Moment(5_010), probe, Settled::Failed { pause: Some(Span::seconds(60)) });
    assert_eq!(waits(&mut gate, 10_011), (65_010, Because::Pause));
    granted(&mut gate, 65_010);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_for_longer_than_it_was_meant() {
    let late = 1_000_000_000;
    let mut paused = Gate::default();
    let permit = granted(&mut paused, late);
    paused.settle(&LIMITS, Moment(late), permit, Settled::Pause { pause: Span::hours(9) });
    assert_eq!(waits(&mut paused, 0), (600_000, Because::Pause));

    let mut open = Gate::default();
    for now in late..late + 5 {
        let permit = granted(&mut open, now);
        open.settle(&LIMITS, Moment(now), permit, FAILED);
    }
    assert_eq!(waits(&mut open, 0), (5_000, Because::Breaker));

    let mut full = Gate::default();
    for _ in 0..5 {
        granted(&mut full, late);
    }
    assert_eq!(waits(&mut full, 0), (15_000, Because::Concurrency));
}

proptest! {
    // I10: grants never exceed the organization's rate in any second.
    #[test]
    fn no_second_holds_more_grants_than_the_rate(
        steps in prop::collection::vec((0_i64..400, any::<bool>(), prop::bool::weighted(0.2)), 1..400),
    ) {
        let mut gate = Gate::default();
        let mut now = 0;
        let mut grants: Vec<i64> = Vec::new();
        for (step, fails, halted) in steps {
            now += step;
            if let Answer::Granted { permit, .. } = gate.ask(&LIMITS, halted, Moment(now)) {
                prop_assert!(!halted);
                grants.push(now);
                let how = if fails { FAILED } else { Settled::Alive };
                gate.settle(&LIMITS, Moment(now), permit, how);
            }
            let second = grants.iter().filter(|at| **at > now - 1000).count();
            prop_assert!(second <= LIMITS.per_second as usize);
            prop_assert!(gate.permits_out() <= LIMITS.concurrent as usize);
        }
    }

    // However long a halt lasts and whoever asks meanwhile: what was out comes back, and afterwards the gate is as if nobody had asked.
    #[test]
    fn a_halt_lets_nothing_through_and_changes_nothing_else(
        steps in prop::collection::vec((0_i64..9_000, 0_u8..5, any::<bool>()), 1..200),
    ) {
        let (mut gate, mut other) = (Gate::default(), Gate::default());
        let (mut now, mut out) = (0, Vec::new());
        for (step, act, halted) in steps {
            now += step;
            let how = match act {
                0 => Settled::Alive,
                1 => FAILED,
                2 => Settled::Pause { pause: Span::seconds(3) },
                3 => Settled::Unused,
                _ => {
                    let answer = gate.ask(&LIMITS, halted, Moment(now));
                    if halted {
                        let wait = Answer::Wait { wait: Span::seconds(1), because: Because::Halted };
                        prop_assert_eq!(answer, wait);
                    } else {
                        prop_assert_eq!(answer, other.ask(&LIMITS, false, Moment(now)));
                    }
                    if let Answer::Granted { permit, .. } = answer {
                        out.push(permit);
                    }
                    continue;
                }
            };
            let Some(permit) = out.pop() else { continue };
            gate.settle(&LIMITS, Moment(now), permit, how);
            other.settle(&LIMITS, Moment(now), permit, how);
            prop_assert_eq!(&gate, &other);
        }
    }
}

// A halt lies beside the gate, so that a release that knows none reads and writes gates as ever, and loses no halt.
#[test]
fn a_gate_is_kept_as_it_was_before_there_were_halts() {
    let kept = r#"{"grants":[],"out":{},"next_permit":7,"failures_in_a_row":0,"breaker":"closed","paused_until":null}"#;
    let gate: Gate = serde_json::from_str(kept).unwrap();
    assert_eq!(serde_json::to_string(&gate).unwrap(), kept);
}
