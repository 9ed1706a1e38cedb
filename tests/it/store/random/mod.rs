//! Random steps on a store beside the model, one to eight of them at once, compared after each group; the embedded store is closed and opened
//! in between. The queue of the writing thread is first come, first served, so that the model does the steps of a group in their order.
//!
//! What a step refers to (owners, versions, cursors) is mostly taken from what the model holds, so that most steps succeed, and
//! sometimes made up. `PROPTEST_CASES` asks for more; a failure leaves its seed in `random.regressions`, which is tried first next time.

mod bench;
mod made;
mod ops;
mod subject;

use bench::{Bench, Reached};
use ops::{Op, ops};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use subject::Kind;

fn groups(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop::collection::vec(prop::collection::vec(ops(), 1..=8), count)
}

async fn run(kind: Kind, groups: Vec<Vec<Op>>) -> Reached {
    let mut bench = Bench::new(kind).await;
    for group in groups {
        bench.group(group).await;
        bench.compare().await;
    }
    bench.reopen().await;
    bench.compare().await;
    bench.reached
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/store/random.regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_embedded_store_answers_as_the_model_does(groups in groups(1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(Kind::Embedded, groups));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/store/random.regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_redis_store_answers_as_the_model_does(groups in groups(1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(Kind::Redis, groups));
    }
}

/// The generator would prove nothing if what it makes never succeeded.
#[test]
fn random_steps_reach_deep_states() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut all = Vec::new();
    for _ in 0..10 {
        let groups = groups(40..45).new_tree(&mut runner).unwrap().current();
        all.push(runtime.block_on(run(Kind::Embedded, groups)));
    }
    let sum = |of: fn(&Reached) -> usize| all.iter().map(of).sum::<usize>();
    let named = |of: fn(&Reached, &str) -> Option<usize>, name| {
        all.iter().filter_map(|one| of(one, name)).sum::<usize>()
    };
    assert!(all.iter().any(|one| one.visits >= 4), "{all:#?}");
    assert!(sum(|one| one.settled_lanes) > 0, "no lane was settled: {all:#?}");
    assert!(sum(|one| one.drained_events) > 0, "no held event found its visit: {all:#?}");
    assert!(sum(|one| one.repeated_commits) > 0, "no commit was repeated: {all:#?}");
    assert!(sum(|one| one.restored) > 0, "nothing was restored: {all:#?}");
    assert!(all.iter().any(|one| one.lines_dropped), "no history was full: {all:#?}");
    assert!(sum(|one| one.went_back) > 0, "no commit found that the store went back: {all:#?}");
    for because in ["rate", "concurrency", "breaker", "pause", "halted"] {
        assert!(named(|one, name| one.waits.get(name).copied(), because) > 0, "{because}: {all:#?}");
    }
    for ending in ["alive", "failed", "pause", "unused"] {
        assert!(named(|one, name| one.endings.get(name).copied(), ending) > 0, "{ending}: {all:#?}");
    }
    let shared: u64 = all.iter().map(|one| one.shared_batches).sum();
    assert!(shared > 50, "only {shared} transactions were of more than one step");
}
