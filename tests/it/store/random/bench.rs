//! A store beside the model. Steps are asked of both; the model answers at once, the store several together.

use super::super::barrier::Barrier;
use super::super::world::{
    HandClock, LIMITS, csn, entry, group_visit, organization, other_organization, patient, settings, shard,
    token, visits,
};
use super::made::{organization_of, space};
use super::ops::{Ending, Op};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use futures_util::poll;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use tempfile::TempDir;
use vestibule::store::EmbeddedStore;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{Commit, Committed, RecordQuery, Retention, Seq, Store, StoreError};
use vestibule_domain::gate::{Answer, Because, Limits, PermitId, Settled};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

const GATE: Limits = Limits {
    per_second: 2,
    concurrent: 3,
    failures: 2,
    probe_every: Span::seconds(2),
    unused: Span::seconds(1),
    permit_life: Span::seconds(5),
    longest_pause: Span::seconds(10),
};

pub struct Bench {
    pub(super) model: MemoryStore,
    store: Option<Arc<EmbeddedStore>>,
    barrier: Barrier,
    folder: TempDir,
    shards: [Shard; 2],
    pub(super) visits: Vec<VisitKey>,
    /// The last commit that was done, by shard.
    committed: BTreeMap<Shard, Commit>,
    permits: BTreeMap<OrganizationId, Vec<PermitId>>,
    pub reached: Reached,
}

/// How often a run came to what it is there for.
#[derive(Default, Debug)]
pub struct Reached {
    pub visits: usize,
    pub settled_lanes: usize,
    pub drained_events: usize,
    pub repeated_commits: usize,
    pub went_back: usize,
    pub waits: BTreeMap<&'static str, usize>,
    pub endings: BTreeMap<&'static str, usize>,
    /// Transactions of more than one step.
    pub shared_batches: u64,
}

/// A step that the model has done and the store has not been asked for.
struct Asked {
    what: &'static str,
    expected: String,
    answer: BoxFuture<'static, String>,
}

/// An answer in a form that can be compared; of an error only its kind.
fn seen<T: Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(StoreError::Refused(_)) => "refused".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// Asks the model, and prepares to ask the store the same.
macro_rules! ask {
    ($bench:expr, $method:ident($($argument:expr),*)) => {{
        let expected = seen($bench.model.$method($($argument),*).await);
        let store = Arc::clone($bench.store.as_ref().unwrap());
        let answer = async move { seen(store.$method($($argument),*).await) }.boxed();
        Asked { what: stringify!($method), expected, answer }
    }};
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
    pub fn new() -> Self {
        let (clock, folder) = (HandClock::new(), TempDir::new().unwrap());
        let model = MemoryStore::new(clock.shared(), LIMITS);
        let barrier = Barrier::new(clock);
        let group = group_visit("group/1");
        let shards = [Shard::of_visit(&group), shard(13)];
        let [a, b] = visits(shards[0]);
        let [c, d] = visits(shards[1]);
        let mut bench = Self {
            model,
            store: None,
            barrier,
            folder,
            shards,
            visits: vec![group, a, b, c, d],
            committed: BTreeMap::new(),
            permits: BTreeMap::new(),
            reached: Reached::default(),
        };
        bench.open();
        bench
    }

    fn open(&mut self) {
        let store = EmbeddedStore::open(settings(&self.folder), Arc::new(self.barrier.clone())).unwrap();
        self.store = Some(Arc::new(store));
    }

    fn close(&mut self) {
        let store = Arc::into_inner(self.store.take().unwrap()).expect("nobody asks any more");
        let sizes = store.stats().read().batch_sizes;
        self.reached.shared_batches += sizes.buckets[1..].iter().map(|(_, batches)| batches).sum::<u64>();
    }

    /// Does the steps, those that can share a batch in one.
    pub async fn group(&mut self, ops: Vec<Op>) {
        let mut asked = Vec::new();
        for op in ops {
            if op.shares_a_batch() {
                asked.push(self.prepare(op).await);
            } else {
                self.together(std::mem::take(&mut asked)).await;
                self.alone(op).await;
            }
        }
        self.together(asked).await;
    }

    /// Has all of them wait for the writing thread, so that it takes them together.
    async fn together(&mut self, asked: Vec<Asked>) {
        if asked.is_empty() {
            return;
        }
        let store = Arc::clone(self.store.as_ref().unwrap());
        self.barrier.close();
        let mut first = store.ping();
        assert!(poll!(&mut first).is_pending());
        self.barrier.until_somebody_waits();
        let (expected, answers): (Vec<_>, Vec<_>) =
            asked.into_iter().map(|asked| ((asked.what, asked.expected), asked.answer)).unzip();
        let mut answers = pin!(join_all(answers));
        assert!(poll!(&mut answers).is_pending());
        self.barrier.open();
        first.await.unwrap();
        for ((what, expected), answer) in expected.into_iter().zip(answers.await) {
            assert_eq!(answer, expected, "{what}");
        }
    }

    async fn prepare(&mut self, op: Op) -> Asked {
        match op {
            Op::Acquire { shard, node } => {
                let (shard, name) = (*shard.get(&self.shards), format!("node-{node}"));
                ask!(self, acquire(shard, name.as_str(), token(node), Span::seconds(6)))
            }
            Op::Renew { shard, claim } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                ask!(self, renew(shard, owner, Span::seconds(6)))
            }
            Op::Release { shard, claim } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                ask!(self, release(shard, owner))
            }
            Op::Append { visit, payloads } => {
                let visit = self.visit(visit);
                let entries: Vec<_> = payloads.iter().map(|n| entry(&visit, &n.to_string())).collect();
                ask!(self, append(Shard::of_visit(&visit), entries.clone()))
            }
            Op::Route { north, meeting, payload } => {
                let organization = organization_of(north);
                ask!(self, route_or_hold(&organization, MeetingId(meeting), vec![payload]))
            }
            Op::IndexMeeting { meeting, visit } => {
                let visit = self.visit(visit);
                let asked = ask!(self, index_meeting(MeetingId(meeting), &visit));
                self.reached.drained_events += asked.expected.parse::<usize>().unwrap_or_default();
                asked
            }
            Op::CountTry { shard, claim, seq } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                ask!(self, count_try(shard, owner, Seq(seq)))
            }
            Op::Acknowledge { visit, claim, lane, seq, settles, records } => {
                let visit = self.visit(visit);
                let owner = self.owner(Shard::of_visit(&visit), claim).await;
                let report = self.report_of(visit, lane, seq, settles, records).await;
                let shard = Shard::of_visit(&report.visit);
                let before = self.model.outbox(shard, None, 100).await.unwrap().len();
                let asked = ask!(self, acknowledge(shard, owner, vec![report.clone()]));
                let left = self.model.outbox(shard, None, 100).await.unwrap().len();
                self.reached.settled_lanes += usize::from(left < before);
                asked
            }
            Op::Repeat { shard } => {
                let shard = *shard.get(&self.shards);
                let Some(commit) = self.committed.get(&shard).cloned() else { return ask!(self, ping()) };
                let asked = ask!(self, commit(commit.clone()));
                self.reached.repeated_commits += usize::from(asked.expected.starts_with("Done"));
                asked
            }
            Op::Commit { shard, claim, honest, id, taken, writes, parks } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                let commit = self.commit_of(shard, owner, honest, id, taken, writes, parks).await;
                let sent = commit.clone();
                let asked = ask!(self, commit(commit.clone()));
                self.reached.went_back += usize::from(asked.expected == format!("{:?}", Committed::WentBack));
                if asked.expected.starts_with("Done") {
                    self.committed.insert(shard, sent);
                }
                asked
            }
            other => self.prepare_value(other).await,
        }
    }

    async fn prepare_value(&mut self, op: Op) -> Asked {
        match op {
            Op::Put { key, value, ttl } => ask!(self, put(space(key), "key", vec![value], Span(ttl))),
            Op::PutIfAbsent { key, value, ttl } => {
                ask!(self, put_if_absent(space(key), "key", vec![value], Span(ttl)))
            }
            Op::Take { key } => ask!(self, take(space(key), "key")),
            Op::OrganizationPut { field, honest, value } => {
                let field = format!("field {field}");
                let there = self.model.organization_get(&organization(), &field).await.unwrap();
                let version = there.map_or(0, |there| there.version) + u64::from(!honest);
                let organization = organization();
                ask!(self, organization_put(&organization, field.as_str(), version, vec![value]))
            }
            other => panic!("{other:?} stands alone"),
        }
    }

    async fn permit(&mut self, organization: OrganizationId) {
        let answer = self.model.permit(&organization, GATE).await.unwrap();
        let store = self.store.as_ref().unwrap().permit(&organization, GATE).await.unwrap();
        assert_eq!(store, answer, "permit");
        match answer {
            Answer::Granted { permit, .. } => self.permits.entry(organization).or_default().push(permit),
            Answer::Wait { because, .. } => *self.reached.waits.entry(name_of(because)).or_default() += 1,
        }
    }

    async fn alone(&mut self, op: Op) {
        match op {
            Op::Permit { north, asks } => {
                for _ in 0..asks {
                    self.permit(organization_of(north)).await;
                }
            }
            Op::Settle { north, permit, how } => {
                let organization = organization_of(north);
                let out = self.permits.entry(organization.clone()).or_default();
                let permit = if permit < out.len() { out.remove(permit) } else { PermitId(permit as u64) };
                let (how, name) = match how {
                    Ending::Alive => (Settled::Alive, "alive"),
                    Ending::Failed => (Settled::Failed { pause: None }, "failed"),
                    Ending::Pause { ms } => (Settled::Pause { pause: Span(ms) }, "pause"),
                    Ending::Unused => (Settled::Unused, "unused"),
                };
                *self.reached.endings.entry(name).or_default() += 1;
                same!(self, settle(&organization, GATE, permit, how));
            }
            Op::Sweep { records, cap } => {
                let keep = Retention { records: Span(records), records_per_organization: cap };
                same!(self, sweep(keep));
            }
            Op::Pass { ms } => self.barrier.clock.pass(Span(ms)),
            Op::Reopen => self.reopen(),
            other => panic!("{other:?} shares a batch"),
        }
    }

    pub fn reopen(&mut self) {
        self.close();
        self.open();
        let mut model = self.model.snapshot();
        model.reopen();
        self.model.go_back(model);
        self.permits.clear();
    }

    pub(super) fn now(&self) -> Moment {
        self.barrier.clock.now()
    }

    /// Compares everything that can be read.
    pub async fn compare(&mut self) {
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
        let theirs = RecordQuery { organization: Some(other_organization()), limit: 2, ..all.clone() };
        same!(self, records(theirs.clone()));
        same!(self, records(RecordQuery { csn: Some(csn(1)), before: Some(9), ..all.clone() }));
        same!(self, records(RecordQuery { meeting: Some(MeetingId(1)), csn: Some(csn(2)), ..all.clone() }));
        let there = self.model.visits(None, None, 100).await.unwrap().items.len();
        self.reached.visits = self.reached.visits.max(there);
    }
}

fn name_of(because: Because) -> &'static str {
    match because {
        Because::Rate => "rate",
        Because::Concurrency => "concurrency",
        Because::Breaker => "breaker",
        Because::Pause => "pause",
    }
}
