//! What happened to visits.

use super::world::{LIMITS, START, World, commit, shard, text, visits, write};
use std::collections::BTreeMap;
use vestibule_actors::port::store::{
    Commit, Committed, HeldVisit, History, HistoryLines, Ownership, Restore, Retention, Swept, VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Span;

const PLACE: u16 = 7;
const KEEP: Retention =
    Retention { records: Span::hours(24), records_of: BTreeMap::new(), records_per_organization: 1_000 };

fn lines(visit: &VisitKey, lines: &[&str]) -> HistoryLines {
    let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    HistoryLines { visit: visit.clone(), lines }
}

fn telling(owner: Ownership, id: u128, history: Vec<HistoryLines>) -> Commit {
    Commit { history, ..commit(shard(PLACE), owner, id) }
}

async fn told(world: &World, visit: &VisitKey) -> (u64, Vec<String>) {
    let History { dropped, lines } = world.store.history(visit).await.unwrap();
    (dropped, lines.iter().map(|line| text(line)).collect())
}

fn all(lines: &[&str]) -> (u64, Vec<String>) {
    (0, lines.iter().map(|line| (*line).to_owned()).collect())
}

pub async fn lines_are_appended_with_their_commit_and_once(world: &World) {
    let [a, b] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    assert_eq!(told(world, &a).await, all(&[]));
    // Of a visit that is written, of one that is not, and of nothing.
    let history = vec![lines(&a, &["1", "2"]), lines(&b, &["x"]), lines(&b, &[])];
    let first = Commit { visits: vec![write(&a, 0, "a")], ..telling(owner, 1, history) };
    world.commit(first.clone()).await;
    world.commit(first).await;
    assert_eq!((told(world, &a).await, told(world, &b).await), (all(&["1", "2"]), all(&["x"])));
    assert_eq!(world.store.load(&b).await.unwrap(), None);
    world.commit(telling(owner, 2, vec![lines(&a, &["3"]), lines(&a, &["4"])])).await;
    assert_eq!(told(world, &a).await, all(&["1", "2", "3", "4"]));
    // What is not done tells nothing.
    let stale = Commit { visits: vec![write(&a, 7, "a")], ..telling(owner, 3, vec![lines(&a, &["5"])]) };
    assert_eq!(world.store.commit(stale).await.unwrap(), Committed::WentBack);
    world.clock.pass(Span::hours(1));
    let late = world.store.commit(telling(owner, 4, vec![lines(&a, &["5"])])).await.unwrap();
    assert_eq!((late, told(world, &a).await.1.len()), (Committed::NotOwner, 4));
}

pub async fn a_history_is_bounded_and_counts_what_left(world: &World) {
    let [a, b] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    assert_eq!(LIMITS.history_lines, 4);
    let dropped = async |id, history| match world.store.commit(telling(owner, id, history)).await.unwrap() {
        Committed::Done { dropped, .. } => dropped,
        other => panic!("{other:?}"),
    };
    assert_eq!(dropped(1, vec![lines(&a, &["1", "2", "3", "4"]), lines(&b, &["x"])]).await, 0);
    assert_eq!(dropped(2, vec![lines(&a, &["5", "6"])]).await, 2);
    assert_eq!(dropped(2, vec![lines(&a, &["5", "6"])]).await, 0, "it had been done");
    let kept = |lines: &[&str]| all(lines).1;
    assert_eq!(told(world, &a).await, (2, kept(&["3", "4", "5", "6"])));
    assert_eq!(dropped(3, vec![lines(&a, &["7", "8", "9", "10", "11"])]).await, 5);
    assert_eq!(told(world, &a).await, (7, kept(&["8", "9", "10", "11"])));
    assert_eq!(told(world, &b).await, all(&["x"]), "each visit has its own bound");
}

pub async fn a_history_outlives_its_visit_and_a_store_that_went_back(world: &World) {
    let place = shard(PLACE);
    let [visit] = visits(place);
    let owner = world.own(place).await;
    let with =
        |id, write, line| Commit { visits: vec![write], ..telling(owner, id, vec![lines(&visit, &[line])]) };
    world.commit(with(1, write(&visit, 0, "there"), "came")).await;
    let gone = VisitWrite { visit: visit.clone(), expected: 1, state: None, wake: None };
    world.commit(with(2, gone, "left")).await;
    assert_eq!(told(world, &visit).await, all(&["came", "left"]));
    world.commit(with(3, write(&visit, 0, "anew"), "came again")).await;
    let held = HeldVisit { visit: visit.clone(), version: 9, state: vec![1], wake: None };
    let restore = Restore { shard: place, owner, change: 40, visits: vec![held] };
    world.store.restore(restore).await.unwrap();
    world.commit(with(4, write(&visit, 9, "back"), "went back")).await;
    assert_eq!(told(world, &visit).await, all(&["came", "left", "came again", "went back"]));
}

pub async fn histories_leave_with_the_records(world: &World) {
    // More than a store may want to remove in one go.
    let keys: [VisitKey; 60] = visits(shard(PLACE));
    let owner = world.own(shard(PLACE)).await;
    let each = |keys: &[VisitKey], line| keys.iter().map(|key| lines(key, &[line])).collect::<Vec<_>>();
    world.commit(telling(owner, 1, each(&keys, "old"))).await;
    world.clock.pass(Span::hours(1));
    let owner = world.own(shard(PLACE)).await;
    world.commit(telling(owner, 2, each(&keys[..25], "newer"))).await;
    world.clock.pass(Span(KEEP.records.0 - Span::hours(1).0));
    let swept = async || world.store.sweep(KEEP).await.unwrap();
    assert_eq!(swept().await, Swept::default(), "histories of just that age stay");
    world.clock.pass(Span(1));
    assert_eq!(swept().await, Swept { histories: 35, ..Swept::default() });
    assert_eq!(
        (told(world, &keys[0]).await, told(world, &keys[59]).await),
        (all(&["old", "newer"]), all(&[]))
    );
    world.clock.pass(Span::hours(1));
    assert_eq!(swept().await.histories, 25);
    assert_eq!(swept().await.histories, 0);
    assert_eq!(told(world, &keys[0]).await, all(&[]));
    // What comes to one that has left begins anew.
    let owner = world.own(shard(PLACE)).await;
    world.commit(telling(owner, 3, vec![lines(&keys[0], &["1", "2", "3", "4", "5"])])).await;
    assert_eq!(told(world, &keys[0]).await.0, 1);
    assert!(world.clock.shared().now() > START + KEEP.records);
}
