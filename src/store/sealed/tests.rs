//! What stands in the store that is sealed, what comes out of it, and what becomes of what does not open.

use std::sync::Arc;

use uuid::Uuid;
use vestibule_actors::codec::{self, CodecError};
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, NewEntry, OwnerToken, Ownership, ParkedCommand, Seq, SharedStore,
    Space, StoreLimits, VisitWrite,
};
use vestibule_domain::id::{MeetingId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::*;
use crate::settings::Secret;
use crate::system::SystemClock;

const SECRET: &[u8] = b"{\"f\":1,\"v\":\"https://zoom.example/w/1?tk=hunter2\"}";

fn key() -> VisitKey {
    VisitKey::from_text("lakeside/csn/10001").unwrap()
}

fn sealer(letters: &[&str]) -> Sealer {
    Sealer::new(&letters.iter().map(|letter| Secret::new(letter.repeat(40))).collect::<Vec<_>>())
}

fn memory() -> SharedStore {
    Arc::new(MemoryStore::new(Arc::new(SystemClock), StoreLimits::default()))
}

async fn own(store: &SharedStore, shard: Shard) -> Ownership {
    let token = OwnerToken(Uuid::from_u128(1));
    match store.acquire(shard, "node", token, Span::seconds(60), Epoch(0)).await.unwrap() {
        Acquired::Granted { epoch, .. } => Ownership { token, epoch },
        held @ Acquired::Held(_) => panic!("{held:?}"),
    }
}

/// Everything that a visit has in a store: a state, two commands, one set aside, an event that is held, a launch under way.
async fn fill(store: &SharedStore) {
    let (visit, shard) = (key(), Shard::of_visit(&key()));
    let owner = own(store, shard).await;
    let entry = NewEntry { visit: visit.clone(), payload: SECRET.to_vec() };
    store.append(shard, vec![entry.clone(), entry]).await.unwrap();
    let parked = ParkedCommand {
        seq: Seq(1),
        visit: visit.clone(),
        payload: SECRET.to_vec(),
        reason: "a reason".into(),
        at: Moment(1),
    };
    let write = VisitWrite { visit: visit.clone(), expected: 0, state: Some(SECRET.to_vec()), wake: None };
    let commit = Commit {
        shard,
        owner,
        id: Uuid::from_u128(7),
        expected_cursor: Seq(0),
        cursor: Seq(1),
        visits: vec![write],
        outbox: vec![],
        parked: vec![parked],
        history: vec![],
    };
    assert!(matches!(store.commit(commit.clone()).await.unwrap(), Committed::Done { .. }));
    assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done { .. }), "asked again by its id");
    let meeting = MeetingId(1_000_000_001);
    store.route_or_hold(&visit.organization, meeting, SECRET.to_vec()).await.unwrap();
    assert_eq!(store.index_meeting(meeting, &visit).await.unwrap(), 1);
    store.put(Space::OauthState, "state", SECRET.to_vec(), Span::hours(1)).await.unwrap();
}

/// The same, as it is read.
async fn read(store: &SharedStore) -> Vec<Vec<u8>> {
    let (visit, shard) = (key(), Shard::of_visit(&key()));
    let mut all = vec![store.load(&visit).await.unwrap().unwrap().state];
    all.extend(store.visits(None, None, 10).await.unwrap().items.into_iter().map(|stored| stored.state));
    let changed = store.changed_since(shard, 0, 10).await.unwrap();
    all.extend(changed.into_iter().map(|changed| changed.stored.unwrap().state));
    all.extend(store.read(shard, Seq(1), 10).await.unwrap().into_iter().map(|line| line.payload));
    all.extend(store.parked(10).await.unwrap().into_iter().map(|parked| parked.payload));
    all.push(store.get(Space::OauthState, "state").await.unwrap().unwrap());
    all
}

#[tokio::test]
async fn a_stolen_store_alone_gives_no_link() {
    let inner = memory();
    let store = over(Arc::clone(&inner), sealer(&["a"]), true);
    fill(&store).await;
    assert_eq!(read(&store).await, vec![SECRET.to_vec(); 7]);
    let stolen = read(&inner).await;
    for value in &stolen {
        assert!(!value.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(codec::decode::<String>(value), Err(CodecError::Sealed));
    }
    // Nor does it with another key.
    assert_eq!(read(&over(inner, sealer(&["b"]), true)).await, stolen);
}

#[tokio::test]
async fn what_is_sealed_is_opened_and_what_is_not_is_read_whatever_is_written_now() {
    for seals in [false, true] {
        let inner = memory();
        fill(&over(Arc::clone(&inner), sealer(&["a"]), seals)).await;
        let first = inner.load(&key()).await.unwrap().unwrap().state;
        assert_eq!(first == SECRET, !seals);
        let other = over(inner, sealer(&["a"]), !seals);
        assert_eq!(read(&other).await, vec![SECRET.to_vec(); 7]);
    }
}

#[tokio::test]
async fn what_could_not_be_opened_goes_back_as_it_came() {
    let inner = memory();
    let (ours, others) =
        (over(Arc::clone(&inner), sealer(&["a"]), true), over(Arc::clone(&inner), sealer(&["b"]), true));
    let value = |store: &SharedStore| {
        let store = Arc::clone(store);
        async move { store.get(Space::OauthState, "state").await.unwrap().unwrap() }
    };
    ours.put(Space::OauthState, "state", SECRET.to_vec(), Span::hours(1)).await.unwrap();
    let unopened = value(&others).await;
    others.put(Space::OauthState, "state", unopened, Span::hours(1)).await.unwrap();
    assert_eq!(value(&ours).await, SECRET);
}

#[tokio::test]
async fn it_opens_in_its_place_alone() {
    let inner = memory();
    let store = over(Arc::clone(&inner), sealer(&["a"]), true);
    store.put(Space::OauthState, "one", SECRET.to_vec(), Span::hours(1)).await.unwrap();
    let moved = inner.get(Space::OauthState, "one").await.unwrap().unwrap();
    inner.put(Space::OauthState, "other", moved.clone(), Span::hours(1)).await.unwrap();
    assert_eq!(store.take(Space::OauthState, "other").await.unwrap(), Some(moved));
    assert_eq!(store.take(Space::OauthState, "one").await.unwrap(), Some(SECRET.to_vec()));
}

#[tokio::test]
async fn whoever_replaces_a_key_is_told_what_still_needs_the_older() {
    let inner = memory();
    fill(&over(Arc::clone(&inner), sealer(&["a"]), true)).await;
    let by_others = async |letters: &[&str]| by_others(&inner, &sealer(letters)).await.unwrap();
    assert_eq!(by_others(&["a"]).await, ByOthers::default());
    assert_eq!(by_others(&["b", "a"]).await, ByOthers { older: 2, unknown: 0 });
    assert_eq!(by_others(&["b"]).await, ByOthers { older: 0, unknown: 2 });
    assert_eq!(by_others(&[]).await, ByOthers { older: 0, unknown: 2 });
    let store = over(Arc::clone(&inner), sealer(&["b", "a"]), true);
    assert!(store.drop_parked(&key(), Seq(1)).await.unwrap());
    assert_eq!(by_others(&["b", "a"]).await, ByOthers { older: 1, unknown: 0 });
}
