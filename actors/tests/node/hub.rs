//! What boards are told, by a hub alone over the memory store, and by one beside a node that works.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;
use vestibule_actors::codec::Format;
use vestibule_actors::hub::{Boards, Change, Feed, News, OpsHub, Watch};
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, OwnerToken, Ownership, Store, VisitWrite,
};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::Role;

use crate::run;
use crate::world::{World, visit};

const SOON: Duration = Duration::from_secs(3);

/// A hub and a feed of it, with nobody who commits but the test.
async fn watched(world: &Rc<World>) -> (Addr<OpsHub>, Arc<Feed>) {
    let hub = OpsHub::new(world.ports.clone()).start();
    let feed = hub.send(Watch).await.unwrap();
    (hub, feed)
}

/// Commits a visit, or removes it.
async fn commit(world: &World, key: &VisitKey, stands: bool) {
    let shard = Shard::of_visit(key);
    let token = OwnerToken(Uuid::from_u128(7));
    let Acquired::Granted { epoch, .. } =
        world.store.acquire(shard, "test", token, Span::minutes(60), Epoch(0)).await.unwrap()
    else {
        panic!("held")
    };
    let cursor = world.store.cursor(shard).await.unwrap();
    let expected = world.store.load(key).await.unwrap().map_or(0, |stored| stored.version);
    let state = stands.then(|| Format::default().encode(&Visit::new(key.clone(), Moment(0))).unwrap());
    let commit = Commit {
        shard,
        owner: Ownership { token, epoch },
        id: Uuid::from_u128(u128::from(world.ports.randomness.draw())),
        expected_cursor: cursor,
        cursor,
        visits: vec![VisitWrite { visit: key.clone(), expected, state, wake: None }],
        outbox: Vec::new(),
        parked: Vec::new(),
        history: Vec::new(),
    };
    assert!(matches!(world.store.commit(commit).await.unwrap(), Committed::Done { .. }));
}

/// A feed of whichever hub the node runs.
async fn opened(boards: &Boards) -> Arc<Feed> {
    loop {
        if let Some(feed) = boards.watch().await {
            return feed;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn told(feed: &Feed) -> News {
    timeout(SOON, feed.next()).await.expect("nothing was told")
}

async fn all(feed: &Feed) -> usize {
    match told(feed).await {
        News::All(all) => all.len(),
        other => panic!("{other:?}"),
    }
}

/// How long after `since` a visit was told to have left.
async fn gone(feed: &Feed, since: Instant) -> Duration {
    match timeout(Duration::from_secs(120), feed.next()).await.unwrap() {
        News::Change(Change::Gone(_)) => since.elapsed(),
        other => panic!("{other:?}"),
    }
}

// I13: a board never sees an older (epoch, version) of a visit after a newer.
#[test]
fn a_board_gets_everything_and_then_only_newer_states() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        let feed = opened(&running.boards).await;
        let News::All(first) = told(&feed).await else { panic!("something else came first") };
        assert_eq!(first.len(), 1);
        let mut newest = (first[0].snapshot.epoch, first[0].snapshot.version);
        world.launch("10001", Role::Provider, "EMP1").await;
        for _ in 0..3 {
            let News::Change(Change::Visit(seen)) = told(&feed).await else { panic!("nothing has left") };
            let version = (seen.snapshot.epoch, seen.snapshot.version);
            assert!(version > newest);
            newest = version;
        }
    });
}

#[test]
fn a_hub_that_dies_ends_its_feeds_and_another_serves_them() {
    run(async {
        let world = World::new();
        let running = world.start().await;
        world.launch("10001", Role::Patient, "WPR1").await;
        let feed = opened(&running.boards).await;
        assert_eq!(all(&feed).await, 1);
        world.store.faults().die_next(Call::Changes, When::Before);
        while !matches!(told(&feed).await, News::Over) {}
        let feed = opened(&running.boards).await;
        assert_eq!(all(&feed).await, 1);
        assert_eq!(world.seen.count("hub restarted"), 1);
    });
}

#[test]
fn while_the_store_is_away_a_board_is_told_so_and_nothing_else() {
    run(async {
        let world = World::new();
        commit(&world, &visit("10001"), true).await;
        world.store.faults().fail_always(Some(Call::ChangedSince), When::Before);
        let (hub, early) = watched(&world).await;
        assert!(matches!(told(&early).await, News::Store { answers: false }));
        let late = hub.send(Watch).await.unwrap();
        assert!(matches!(told(&late).await, News::Store { answers: false }));
        assert!(
            timeout(Duration::from_secs(60), late.next()).await.is_err(),
            "an empty board would be a lie"
        );
        world.store.faults().heal();
        for feed in [early, late] {
            assert!(matches!(told(&feed).await, News::Store { answers: true }));
            assert_eq!(all(&feed).await, 1);
        }
    });
}

#[test]
fn a_store_that_hangs_is_away_too_and_what_was_told_is_not_told_again() {
    run(async {
        let world = World::new();
        commit(&world, &visit("10001"), true).await;
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 1);
        world.store.faults().delay(Some(Call::Changes), When::Before, Duration::from_secs(600));
        let away = timeout(Duration::from_secs(12), feed.next()).await;
        assert!(matches!(away, Ok(News::Store { answers: false })), "{away:?}");
        world.store.faults().heal();
        // What hangs is waited for no longer than its time.
        assert!(matches!(timeout(SOON * 2, feed.next()).await, Ok(News::Store { answers: true })));
        assert!(timeout(Duration::from_secs(90), feed.next()).await.is_err());
    });
}

#[test]
fn one_look_in_vain_is_no_trouble() {
    run(async {
        let world = World::new();
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 0);
        world.store.faults().fail(Some(Call::Changes), When::Before, 1);
        assert!(timeout(Duration::from_secs(20), feed.next()).await.is_err());
    });
}

// The turn to compare comes while a look is under way.
#[test]
fn a_turn_to_compare_is_not_lost_behind_a_look() {
    run(async {
        let world = World::new();
        let (key, began) = (visit("10001"), Instant::now());
        commit(&world, &key, true).await;
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 1);
        commit(&world, &key, false).await;
        sleep(Duration::from_millis(28_500) - began.elapsed()).await;
        let mut look = world.store.faults().stop_next(Call::Changes, When::Before);
        assert!(look.reached().await);
        sleep(Duration::from_secs(2)).await;
        look.go_on();
        let after = gone(&feed, began).await;
        assert!(after < Duration::from_secs(35), "{after:?}");
    });
}

#[test]
fn a_turn_to_compare_that_failed_is_made_up_for() {
    run(async {
        let world = World::new();
        let (key, began) = (visit("10001"), Instant::now());
        commit(&world, &key, true).await;
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 1);
        commit(&world, &key, false).await;
        world.store.faults().fail(Some(Call::Visits), When::Before, 1);
        let after = gone(&feed, began).await;
        assert!(after < Duration::from_secs(35), "{after:?}");
    });
}

// Whoever launched it anew within the time between two comparisons: the store numbers its versions from one again.
#[test]
fn a_visit_that_left_and_came_back_is_told_at_once() {
    run(async {
        let world = World::new();
        let key = visit("10001");
        for _ in 0..5 {
            commit(&world, &key, true).await;
        }
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 1);
        commit(&world, &key, false).await;
        commit(&world, &key, true).await;
        match told(&feed).await {
            News::Change(Change::Again(seen)) => assert_eq!(seen.snapshot.version, 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn readers_learn_that_their_hub_is_gone_and_the_next_one_serves_them() {
    run(async {
        let world = World::new();
        commit(&world, &visit("10001"), true).await;
        let context = Context::new();
        let hub = context.address();
        let runs = tokio::task::spawn_local(context.into_future(OpsHub::new(world.ports.clone())));
        let feed = hub.send(Watch).await.unwrap();
        assert_eq!(all(&feed).await, 1);
        // As a panic takes the actor away.
        runs.abort();
        assert!(matches!(told(&feed).await, News::Over));
        let (_hub, feed) = watched(&world).await;
        assert_eq!(all(&feed).await, 1);
        commit(&world, &visit("10001"), true).await;
        assert!(matches!(told(&feed).await, News::Change(Change::Visit(_))));
    });
}
