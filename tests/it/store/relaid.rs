//! Stores from the time in which all organizations kept everything equally long are laid out anew by a sweep, and lose nothing.

use std::collections::BTreeMap;

use redb::{Database, ReadableTable, TableDefinition};
use tempfile::TempDir;
use vestibule::store::redis::{Address, RedisSettings, RedisStore};
use vestibule_actors::port::store::{Commit, HistoryLines, Retention, Routed, Store, Swept};
use vestibule_domain::id::{MeetingId, OrganizationId};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use super::world::{HandClock, START, commit, open, organization, other_organization, own, visit_of};
use crate::redis::Redis;

const LEAVING: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("leaving");

fn keep() -> Retention {
    Retention {
        records: Span::hours(24),
        records_of: BTreeMap::from([(organization(), Span::hours(2))]),
        records_per_organization: 1_000,
    }
}

/// A history and a meeting of each of two organizations.
async fn fill(store: &dyn Store) {
    for organization in [organization(), other_organization()] {
        let visit = visit_of(organization, 1);
        let shard = Shard::of_visit(&visit);
        let owner = own(store, shard, 1).await;
        let history = vec![HistoryLines { visit: visit.clone(), lines: vec![b"came".to_vec()] }];
        store.commit(Commit { history, ..commit(shard, owner, 1) }).await.unwrap();
        store.index_meeting(MeetingId(5), &visit).await.unwrap();
    }
}

async fn lines(store: &dyn Store, organization: OrganizationId) -> usize {
    store.history(&visit_of(organization, 1)).await.unwrap().lines.len()
}

/// As it was written before: the kind, the time, and what; the organization only as the beginning of that.
fn as_before(key: &[u8]) -> Vec<u8> {
    let organization = key.iter().position(|byte| *byte == 0).unwrap();
    let mut before = vec![key[0].to_ascii_lowercase()];
    before.extend_from_slice(&key[organization + 1..]);
    before
}

#[tokio::test]
async fn a_file_is_laid_out_anew() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    fill(&store).await;
    drop(store);
    let database = Database::open(folder.path().join("vestibule.redb")).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let mut leaving = writing.open_table(LEAVING).unwrap();
        let keys: Vec<Vec<u8>> = leaving.iter().unwrap().map(|row| row.unwrap().0.value().to_vec()).collect();
        let of_organizations: Vec<Vec<u8>> =
            keys.into_iter().filter(|key| matches!(key[0], b'H' | b'M')).collect();
        assert_eq!(of_organizations.len(), 4);
        for key in of_organizations {
            leaving.remove(key.as_slice()).unwrap();
            leaving.insert(as_before(&key).as_slice(), [].as_slice()).unwrap();
        }
    }
    writing.commit().unwrap();
    drop(database);
    let store = open(&folder, &clock);
    assert_eq!(store.sweep(keep()).await.unwrap(), Swept::default());
    clock.pass(Span(Span::hours(2).0 + 1));
    let one = Swept { index: 1, histories: 1, ..Swept::default() };
    assert_eq!(store.sweep(keep()).await.unwrap(), one);
    assert_eq!((lines(&store, organization()).await, lines(&store, other_organization()).await), (0, 1));
    let theirs = store.route_or_hold(&other_organization(), MeetingId(5), vec![1]).await.unwrap();
    assert_eq!(theirs, Routed::Appended(visit_of(other_organization(), 1)));
    clock.pass(Span::hours(22));
    assert_eq!(store.sweep(keep()).await.unwrap(), one);
}

#[tokio::test]
async fn a_redis_is_laid_out_anew() {
    let (redis, clock) = (Redis::start(), HandClock::new());
    let settings = RedisSettings::new(Address::parse(&redis.url()).unwrap());
    let store = RedisStore::open_with(settings, Some(clock.shared())).await.unwrap();
    fill(&store).await;
    for organization in [organization(), other_organization()] {
        let tag =
            format!("{{vestibule:{:02}}}", Shard::of_visit(&visit_of(organization.clone(), 1)).number());
        let (before, after) = (format!("{tag}:histories"), format!("{tag}:histories:of:{organization}"));
        let (score, name) = (START.0.to_string(), format!("{organization} 0 1"));
        assert_eq!(redis.ask(&["ZREM", &after, &name]).await, redis::Value::Int(1));
        assert_eq!(redis.ask(&["ZADD", &before, &score, &name]).await, redis::Value::Int(1));
    }
    assert_eq!(store.sweep(keep()).await.unwrap(), Swept::default());
    clock.pass(Span(Span::hours(2).0 + 1));
    assert_eq!(store.sweep(keep()).await.unwrap().histories, 1);
    assert_eq!((lines(&store, organization()).await, lines(&store, other_organization()).await), (0, 1));
    clock.pass(Span::hours(22));
    assert_eq!(store.sweep(keep()).await.unwrap().histories, 1);
}
