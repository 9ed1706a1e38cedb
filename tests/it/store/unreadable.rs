//! A row that cannot be read stands in nobody's way: searches pass over it, sweeps drop it by its number, and both count it.

use super::world::{
    HandClock, LIMITS, START, commit, csn, open, organization, own, patient, record, shard, visits,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::BTreeMap;
use tempfile::TempDir;
use vestibule::store::EmbeddedStore;
use vestibule_actors::port::store::{
    Acknowledgement, Commit, ParkedCommand, RecordQuery, Retention, Routed, Seq, Space, Store, StoreError,
};
use vestibule_domain::id::MeetingId;
use vestibule_domain::time::Span;

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

const KEEP: Retention =
    Retention { records: Span::hours(24), records_of: BTreeMap::new(), records_per_organization: 1_000 };
/// Of a release that this one does not know.
const NEWER: &[u8] = br#"{"f":99,"v":{}}"#;

struct Bench {
    folder: TempDir,
    clock: HandClock,
}

impl Bench {
    /// A closed store with five records, and one of everything else that leaves in time.
    async fn filled() -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
        let store = open(&folder, &clock);
        let [visit] = visits(shard(1));
        let owner = own(&store, shard(1), 1).await;
        let records = (1..=5).map(|n| record(n, organization(), 10, 100, START)).collect();
        let report = Acknowledgement {
            visit: visit.clone(),
            lane: patient("p"),
            seq: 1,
            attempts: 1,
            records,
            settled: None,
        };
        assert!(store.acknowledge(shard(1), owner, vec![report]).await.unwrap());
        let parked = (1..=2).map(|seq| ParkedCommand {
            seq: Seq(seq),
            visit: visit.clone(),
            payload: Vec::new(),
            reason: "poison".to_owned(),
            at: START,
        });
        store.commit(Commit { parked: parked.collect(), ..commit(shard(1), owner, 1) }).await.unwrap();
        store.put(Space::Ticket, "ticket", vec![1], Span::minutes(1)).await.unwrap();
        store.route_or_hold(&organization(), MeetingId(5), vec![1]).await.unwrap();
        let [gone] = visits(shard(2));
        store.index_meeting(MeetingId(100), &gone).await.unwrap();
        Self { folder, clock }
    }

    fn database(&self) -> Database {
        Database::open(self.folder.path().join("vestibule.redb")).unwrap()
    }

    /// Writes something else into the row of this number, counted from 0 in the order of keys.
    fn spoil(&self, table: &'static str, number: usize, to: &[u8]) {
        let definition: Table = TableDefinition::new(table);
        let database = self.database();
        let writing = database.begin_write().unwrap();
        {
            let mut table = writing.open_table(definition).unwrap();
            let key = table.iter().unwrap().nth(number).unwrap().unwrap().0.value().to_vec();
            table.insert(key.as_slice(), to).unwrap();
        }
        writing.commit().unwrap();
    }

    fn rows(&self, table: &'static str) -> usize {
        let definition: Table = TableDefinition::new(table);
        self.database().begin_read().unwrap().open_table(definition).unwrap().iter().unwrap().count()
    }

    fn open(&self) -> EmbeddedStore {
        open(&self.folder, &self.clock)
    }
}

async fn found(store: &EmbeddedStore, query: RecordQuery) -> Vec<u32> {
    let page = store.records(RecordQuery { limit: 10, ..query }).await.unwrap();
    page.items.iter().map(|record| record.attempt).collect()
}

#[tokio::test]
async fn a_search_passes_over_a_record_that_cannot_be_read() {
    let bench = Bench::filled().await;
    bench.spoil("records", 2, NEWER);
    let store = bench.open();
    let by = RecordQuery::default;
    let queries = [
        by(),
        RecordQuery { organization: Some(organization()), ..by() },
        RecordQuery { csn: Some(csn(10)), ..by() },
        RecordQuery { meeting: Some(MeetingId(100)), ..by() },
    ];
    for query in queries {
        assert_eq!(found(&store, query.clone()).await, [5, 4, 2, 1], "{query:?}");
        let first = store.records(RecordQuery { limit: 2, ..query.clone() }).await.unwrap();
        let rest = RecordQuery { before: first.next, ..query };
        assert_eq!(found(&store, rest).await, [2, 1], "over the page's edge");
    }
    assert_eq!(store.stats().read().unreadable_rows, 12, "each time it is met it is counted");
}

#[tokio::test]
async fn a_sweep_drops_what_it_cannot_read_and_goes_on() {
    let bench = Bench::filled().await;
    bench.spoil("records", 0, NEWER);
    bench.spoil("records", 3, b"");
    let store = bench.open();
    bench.clock.pass(Span(KEEP.records.0 + 1));
    let swept = store.sweep(KEEP).await.unwrap();
    assert_eq!((swept.values, swept.held, swept.records_old, swept.records_above_cap), (1, 1, 5, 0));
    assert!(store.parked(10).await.unwrap().is_empty(), "what comes after the records is swept too");
    let routed = store.route_or_hold(&organization(), MeetingId(100), vec![1]).await.unwrap();
    assert_eq!(routed, Routed::Held, "and so are the meetings");
    assert_eq!(store.stats().read().unreadable_rows, 2);
    assert_eq!(store.sweep(KEEP).await.unwrap().records_old, 0);
    drop(store);
    for table in ["records", "record_index", "leaving", "values", "meetings", "parked"] {
        assert_eq!(bench.rows(table), 0, "{table}");
    }
}

#[tokio::test]
async fn a_record_above_the_cap_leaves_whether_it_can_be_read_or_not() {
    let bench = Bench::filled().await;
    bench.spoil("records", 1, NEWER);
    let store = bench.open();
    let three = Retention { records_per_organization: 3, ..KEEP };
    assert_eq!(store.sweep(three.clone()).await.unwrap().records_above_cap, 2);
    assert_eq!(found(&store, RecordQuery::default()).await, [5, 4, 3]);
    assert_eq!(store.sweep(three).await.unwrap().records_above_cap, 0, "the count is right again");
    drop(store);
    assert_eq!((bench.rows("records"), bench.rows("record_index")), (3, 9));
}

#[tokio::test]
async fn a_parked_command_that_cannot_be_read_hides_no_other() {
    let bench = Bench::filled().await;
    bench.spoil("parked", 0, b"?");
    let store = bench.open();
    let listed = store.parked(10).await.unwrap();
    assert_eq!(listed.iter().map(|parked| parked.seq.0).collect::<Vec<_>>(), [2]);
    store.sweep(KEEP).await.unwrap();
    assert_eq!(store.parked(10).await.unwrap().len(), 1);
    drop(store);
    assert_eq!(bench.rows("parked"), 2, "nobody knows how old it is");
    let store = bench.open();
    bench.clock.pass(Span(KEEP.records.0 + 1));
    store.sweep(KEEP).await.unwrap();
    assert!(store.parked(10).await.unwrap().is_empty());
    drop(store);
    assert_eq!(bench.rows("parked"), 0, "it is older than one that is old");
}

#[tokio::test]
async fn a_part_of_a_sweep_that_fails_holds_up_no_other() {
    let bench = Bench::filled().await;
    bench.spoil("held_order", 0, b"?");
    let store = bench.open();
    bench.clock.pass(Span(LIMITS.held_for.0.max(KEEP.records.0) + 1));
    let swept = store.sweep(KEEP).await;
    assert!(matches!(swept, Err(StoreError::Corrupt(_))), "it is told: {swept:?}");
    assert!(found(&store, RecordQuery::default()).await.is_empty());
    assert!(store.parked(10).await.unwrap().is_empty());
}
