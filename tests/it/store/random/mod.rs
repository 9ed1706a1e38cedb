//! Random steps on a store beside the model, compared after every one; the embedded store is closed and opened in between.
//!
//! What a step refers to (owners, versions, cursors) is mostly taken from what the model holds, so that most steps succeed, and
//! sometimes made up. `PROPTEST_CASES` asks for more; a failure leaves its seed in `random.regressions`, which is tried first next time.

mod ops;

use super::world::{
    HandClock, LIMITS, START, csn, entry, group_visit, organization, other_organization, patient, provider,
    record, settings, shard, token, visits,
};
use ops::{Claim, Op, Written, ops};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use std::fmt::Debug;
use tempfile::TempDir;
use uuid::Uuid;
use vestibule::store::EmbeddedStore;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::store::{
    Acknowledgement, Commit, Epoch, OutboxEntry, Ownership, ParkedCommand, RecordQuery, Retention, Seq,
    Space, Store, StoreError, VisitWrite,
};
use vestibule_domain::gate::{Limits, PermitId, Settled};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::ParticipantKey;

struct Bench {
    model: MemoryStore,
    store: Option<EmbeddedStore>,
    clock: HandClock,
    folder: TempDir,
    shards: [Shard; 2],
    visits: Vec<VisitKey>,
}

/// An answer in a form that can be compared; of an error only its kind.
fn seen<T: Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(StoreError::Refused(_)) => "refused".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// Asks both the same and compares.
macro_rules! same {
    ($bench:expr, $method:ident($($argument:expr),*)) => {{
        let model = seen($bench.model.$method($($argument),*).await);
        let store = seen($bench.store.as_ref().unwrap().$method($($argument),*).await);
        assert_eq!(store, model, "{}", stringify!($method));
    }};
}

impl Bench {
    fn new() -> Self {
        let (clock, folder) = (HandClock::new(), TempDir::new().unwrap());
        let model = MemoryStore::new(clock.shared(), LIMITS);
        let store = EmbeddedStore::open(settings(&folder), clock.shared()).unwrap();
        let group = group_visit("group/1");
        let shards = [Shard::of_visit(&group), shard(13)];
        let [a, b] = visits(shards[0]);
        let [c, d] = visits(shards[1]);
        Self { model, store: Some(store), clock, folder, shards, visits: vec![group, a, b, c, d] }
    }

    async fn owner(&self, shard: Shard, claim: Claim) -> Ownership {
        let made_up = match claim {
            Claim::MadeUp(node, epoch) => Ownership { token: token(node), epoch: Epoch(epoch) },
            Claim::Holder => Ownership { token: token(1), epoch: Epoch(1) },
        };
        let holder = self.model.locate(shard).await.unwrap();
        match (claim, holder) {
            (Claim::Holder, Some(holder)) => {
                let node = holder.node.trim_start_matches("node-").parse().unwrap();
                Ownership { token: token(node), epoch: holder.epoch }
            }
            _ => made_up,
        }
    }

    fn visit(&self, index: Index) -> VisitKey {
        index.get(&self.visits).clone()
    }

    async fn step(&mut self, op: Op) {
        match op {
            Op::Acquire { shard, node } => {
                let (shard, name) = (*shard.get(&self.shards), format!("node-{node}"));
                same!(self, acquire(shard, name.as_str(), token(node), Span::seconds(6)));
            }
            Op::Renew { shard, claim } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                same!(self, renew(shard, owner, Span::seconds(6)));
            }
            Op::Release { shard, claim } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                same!(self, release(shard, owner));
            }
            Op::Append { visit, payloads } => {
                let visit = self.visit(visit);
                let entries: Vec<_> = payloads.iter().map(|n| entry(&visit, &n.to_string())).collect();
                same!(self, append(Shard::of_visit(&visit), entries.clone()));
            }
            Op::Route { north, meeting, payload } => {
                same!(self, route_or_hold(&organization_of(north), MeetingId(meeting), vec![payload]));
            }
            Op::IndexMeeting { meeting, visit } => {
                let visit = self.visit(visit);
                same!(self, index_meeting(MeetingId(meeting), &visit));
            }
            Op::CountTry { shard, claim, seq } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                same!(self, count_try(shard, owner, Seq(seq)));
            }
            Op::Commit { shard, claim, honest, id, taken, writes, parks } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                let commit = self.commit_of(shard, owner, honest, id, taken, writes, parks).await;
                same!(self, commit(commit.clone()));
            }
            Op::Acknowledge { visit, claim, lane, seq, settles, records } => {
                let (mut visit, mut participant, mut seq) = (self.visit(visit), lane_of(lane), seq);
                let shard = Shard::of_visit(&visit);
                let owner = self.owner(shard, claim).await;
                // Mostly of an update that is waiting.
                let waiting = self.model.outbox(shard, None, 100).await.unwrap();
                if !waiting.is_empty() && seq < 4 {
                    let OutboxEntry { visit: v, participant: p, seq: s, .. } = lane.get(&waiting).clone();
                    (visit, participant, seq) = (v, p, s);
                }
                let records = records.into_iter().map(|(visit, meeting, at)| {
                    record(7, organization_of(meeting == 1), visit, meeting, START + Span(at))
                });
                let report = Acknowledgement {
                    visit: visit.clone(),
                    participant,
                    seq,
                    attempts: 7,
                    records: records.collect(),
                    settled: settles.then(|| entry(&visit, "settled")),
                };
                same!(self, acknowledge(shard, owner, vec![report.clone()]));
            }
            other => self.lesser_step(other).await,
        }
    }

    async fn lesser_step(&mut self, op: Op) {
        match op {
            Op::Permit { north } => same!(self, permit(&organization_of(north), GATE)),
            Op::Settle { permit, fails } => {
                let how = if fails { Settled::Failed { pause: None } } else { Settled::Alive };
                same!(self, settle(&organization(), GATE, PermitId(permit), how));
            }
            Op::Put { key, value, ttl } => same!(self, put(space(key), "key", vec![value], Span(ttl))),
            Op::PutIfAbsent { key, value, ttl } => {
                same!(self, put_if_absent(space(key), "key", vec![value], Span(ttl)));
            }
            Op::Take { key } => same!(self, take(space(key), "key")),
            Op::OrganizationPut { field, honest, value } => {
                let field = format!("field {field}");
                let there = self.model.organization_get(&organization(), &field).await.unwrap();
                let version = there.map_or(0, |there| there.version) + u64::from(!honest);
                same!(self, organization_put(&organization(), field.as_str(), version, vec![value]));
            }
            Op::Sweep { records, cap } => {
                let keep = Retention { records: Span(records), records_per_organization: cap };
                same!(self, sweep(keep));
            }
            Op::Pass { ms } => self.clock.pass(Span(ms)),
            Op::Reopen => {
                self.store = None;
                self.store = Some(EmbeddedStore::open(settings(&self.folder), self.clock.shared()).unwrap());
                let mut model = self.model.snapshot();
                model.reopen();
                self.model.go_back(model);
            }
            other => panic!("{other:?} is done elsewhere"),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one operation")]
    async fn commit_of(
        &self,
        shard: Shard,
        owner: Ownership,
        honest: bool,
        id: u128,
        taken: u64,
        writes: Vec<Written>,
        parks: bool,
    ) -> Commit {
        let cursor = self.model.cursor(shard).await.unwrap();
        let waiting = self.model.read(shard, cursor, 100).await.unwrap().len() as u64;
        // One too many now and then: an owner that believes in entries that are lost.
        let taken = if honest { taken.min(waiting) } else { taken };
        let mine: Vec<VisitKey> =
            self.visits.iter().filter(|visit| Shard::of_visit(visit) == shard).cloned().collect();
        let (mut visits, mut outbox) = (Vec::new(), Vec::new());
        for written in writes {
            let visit = written.visit.get(&mine).clone();
            let stored = self.model.load(&visit).await.unwrap();
            let expected = stored.map_or(0, |stored| stored.version) + u64::from(!honest);
            if let Some((lane, seq)) = written.update {
                let (participant, payload) = (lane_of(lane), id.to_string().into_bytes());
                outbox.push(OutboxEntry { visit: visit.clone(), participant, seq, attempts: 0, payload });
            }
            let state = (!written.removes).then(|| id.to_string().into_bytes());
            visits.push(VisitWrite { visit, expected, state, wake: written.wake.map(|ms| START + Span(ms)) });
        }
        let parked = parks.then(|| ParkedCommand {
            seq: cursor,
            visit: mine[0].clone(),
            payload: vec![1],
            reason: "random".to_owned(),
            at: self.now(),
        });
        Commit {
            shard,
            owner,
            id: Uuid::from_u128(id),
            expected_cursor: cursor,
            cursor: Seq(cursor.0 + taken),
            visits,
            outbox,
            parked: parked.into_iter().collect(),
        }
    }

    fn now(&self) -> Moment {
        vestibule_actors::port::clock::Clock::now(&self.clock)
    }

    /// Compares everything that can be read.
    async fn compare(&self) {
        for shard in self.shards {
            same!(self, locate(shard));
            same!(self, cursor(shard));
            same!(self, read(shard, Seq(0), 1_000));
            same!(self, due(shard, Moment(i64::MAX), 1_000));
            same!(self, due(shard, self.now(), 2));
            same!(self, outbox(shard, None, 1_000));
            same!(self, outbox(shard, Some((self.visits[1].clone(), patient("a"), 2)), 3));
            same!(self, changed_since(shard, 0, 1_000));
            same!(self, changed_since(shard, 5, 2));
        }
        same!(self, changes());
        same!(self, visits(None::<&OrganizationId>, None, 1_000));
        same!(self, visits(Some(&organization()), Some(self.visits[0].clone()), 2));
        same!(self, parked(1_000));
        for visit in &self.visits {
            same!(self, load(visit));
        }
        for key in 0..4 {
            same!(self, get(space(key), "key"));
        }
        for number in 0..3 {
            same!(self, organization_get(&organization(), format!("field {number}").as_str()));
        }
        let all = RecordQuery { limit: 1_000, ..RecordQuery::default() };
        same!(self, records(all.clone()));
        same!(
            self,
            records(RecordQuery { organization: Some(other_organization()), limit: 2, ..all.clone() })
        );
        same!(self, records(RecordQuery { csn: Some(csn(1)), before: Some(9), ..all.clone() }));
        same!(self, records(RecordQuery { meeting: Some(MeetingId(1)), csn: Some(csn(2)), ..all.clone() }));
    }
}

const GATE: Limits = Limits {
    per_second: 3,
    concurrent: 2,
    failures: 2,
    probe_every: Span::seconds(2),
    unused: Span::seconds(1),
    permit_life: Span::seconds(5),
    longest_pause: Span::seconds(10),
};

fn organization_of(north: bool) -> OrganizationId {
    if north { other_organization() } else { organization() }
}

fn lane_of(index: Index) -> ParticipantKey {
    index.get(&[patient("a"), patient("b"), provider("a")]).clone()
}

fn space(key: u8) -> Space {
    [Space::OauthState, Space::Ticket, Space::Session, Space::Keys][usize::from(key)]
}

/// What the model must have reached for a run to be worth something.
async fn reached(model: &MemoryStore) -> usize {
    model.visits(None, None, 100).await.unwrap().items.len()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/store/random.regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_embedded_store_answers_as_the_model_does(ops in prop::collection::vec(ops(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new();
            for op in ops {
                bench.step(op).await;
                bench.compare().await;
            }
            bench.step(Op::Reopen).await;
            bench.compare().await;
        });
    }
}

/// The generator would prove nothing if its commits never succeeded.
#[test]
fn random_steps_reach_deep_states() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut most = 0;
    for _ in 0..5 {
        let ops = prop::collection::vec(ops(), 100..120).new_tree(&mut runner).unwrap().current();
        most = most.max(runtime.block_on(async {
            let mut bench = Bench::new();
            for op in ops {
                bench.step(op).await;
            }
            reached(&bench.model).await
        }));
    }
    assert!(most >= 4, "at most {most} visits at once");
}
