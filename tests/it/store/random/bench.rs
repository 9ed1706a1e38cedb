//! A store beside the model. Steps are asked of both; the model answers at once, the store several together.

use super::super::world::{
    HandClock, LIMITS, csn, entry, group_visit, organization, other_organization, patient, shard, token,
    visits,
};
use super::made::{organization_of, space};
use super::ops::{Ending, Op};
use super::subject::{Kind, Subject};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt::Debug;
use uuid::Uuid;
use vestibule_actors::memory::MemoryStore;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Commit, Committed, Epoch, GateId, HALT, NodeInfo, RecordId, RecordPlace, RecordQuery, Retention, Seq,
    Store, StoreError, Swept,
};
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
    subject: Subject,
    clock: HandClock,
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
    pub lines_dropped: bool,
    pub restored: usize,
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
        let store = $bench.subject.store();
        let answer = async move { seen(store.$method($($argument),*).await) }.boxed();
        Asked { what: stringify!($method), expected, answer }
    }};
}

/// Asks both the same and compares.
macro_rules! same {
    ($bench:expr, $method:ident($($argument:expr),*)) => {{
        let model = seen($bench.model.$method($($argument),*).await);
        let store = seen($bench.subject.store().$method($($argument),*).await);
        assert_eq!(store, model, "{}", stringify!($method));
    }};
}

impl Bench {
    pub async fn new(kind: Kind) -> Self {
        let clock = HandClock::new();
        let model = MemoryStore::new(clock.shared(), LIMITS);
        let group = group_visit("group/1");
        let shards = [Shard::of_visit(&group), shard(13)];
        let [a, b] = visits(shards[0]);
        let [c, d] = visits(shards[1]);
        Self {
            model,
            subject: Subject::open(kind, clock.clone()).await,
            clock,
            shards,
            visits: vec![group, a, b, c, d],
            committed: BTreeMap::new(),
            permits: BTreeMap::new(),
            reached: Reached::default(),
        }
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

    async fn together(&mut self, asked: Vec<Asked>) {
        let (expected, answers): (Vec<_>, Vec<_>) =
            asked.into_iter().map(|asked| ((asked.what, asked.expected), asked.answer)).unzip();
        let answers = self.subject.together(answers).await;
        for ((what, expected), answer) in expected.into_iter().zip(answers) {
            assert_eq!(answer, expected, "{what}");
        }
    }

    async fn prepare(&mut self, op: Op) -> Asked {
        match op {
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
                let Some(commit) = self.committed.get(&shard).cloned() else { return ask!(self, flush()) };
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
            other => self.prepare_lease(other).await,
        }
    }

    async fn prepare_lease(&mut self, op: Op) -> Asked {
        match op {
            Op::Acquire { shard, node, seen } => {
                let (shard, name) = (*shard.get(&self.shards), format!("node-{node}"));
                ask!(self, acquire(shard, name.as_str(), token(node), Span::seconds(6), Epoch(seen)))
            }
            Op::Renew { shard, claim, cursor, change } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                let seen = self.standing(shard, cursor, change).await;
                ask!(self, renew(shard, owner, Span::seconds(6), seen))
            }
            Op::Restore { shard, claim, change, visits } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                let restore = self.restore_of(shard, owner, change, visits).await;
                let asked = ask!(self, restore(restore.clone()));
                self.reached.restored += usize::from(asked.expected.contains("behind: 1"));
                asked
            }
            Op::Release { shard, claim } => {
                let shard = *shard.get(&self.shards);
                let owner = self.owner(shard, claim).await;
                ask!(self, release(shard, owner))
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
            Op::Halt { stands } => {
                let organization = organization();
                let there = self.model.organization_get(&organization, HALT).await.unwrap();
                let version = there.map_or(0, |there| there.version);
                ask!(self, organization_put(&organization, HALT, version, vec![1; usize::from(stands)]))
            }
            Op::OrganizationForget { field, max } => {
                let prefix = field.map_or("field".to_owned(), |number| format!("field {number}"));
                // Which of several are removed first is each store's own business.
                let max = if field.is_none() && max < 3 { 0 } else { max };
                let organization = organization();
                ask!(self, organization_forget(&organization, prefix.as_str(), max))
            }
            other => panic!("{other:?} stands alone"),
        }
    }

    async fn permit(&mut self, organization: OrganizationId) {
        let gate = GateId::Epic(organization.clone());
        let answer = self.model.permit(&gate, GATE).await.unwrap();
        let store = self.subject.store().permit(&gate, GATE).await.unwrap();
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
                let gate = GateId::Epic(organization);
                same!(self, settle(&gate, GATE, permit, how));
            }
            Op::Sweep { records, cap } => {
                let keep = Retention {
                    records: Span(records),
                    records_of: BTreeMap::from([(organization_of(true), Span(records / 2))]),
                    records_per_organization: cap,
                };
                let model = self.model.sweep(keep.clone()).await.unwrap();
                // Where values leave by themselves there is nothing to sweep.
                let values = if self.subject.values_leave_by_themselves() { 0 } else { model.values };
                let swept = self.subject.store().sweep(keep).await.unwrap();
                assert_eq!(swept, Swept { values, ..model });
            }
            Op::Forget { north } => {
                let organization = organization_of(north);
                let mut gone = [0, 0];
                let subject = self.subject.store();
                let stores: [&dyn Store; 2] = [&self.model, subject.as_ref()];
                for (store, gone) in stores.into_iter().zip(&mut gone) {
                    loop {
                        match store.forget_organization(&organization, 3).await.unwrap() {
                            0 => break,
                            some => *gone += some,
                        }
                    }
                }
                // What stands beside a thing may be counted with it.
                assert_eq!(gone[0] == 0, gone[1] == 0, "{gone:?}");
            }
            Op::Announce { node, draining, ttl } => {
                let node = node_info(node, draining);
                same!(self, announce(&node, Span(ttl)));
            }
            Op::Leave { node } => same!(self, leave(token(node))),
            Op::Pass { ms } => self.clock.pass(Span(ms)),
            Op::Reopen => self.reopen().await,
            other => panic!("{other:?} shares a batch"),
        }
    }

    pub async fn reopen(&mut self) {
        self.reached.shared_batches += self.subject.reopen().await;
        if self.subject.forgets_leases() {
            let mut model = self.model.snapshot();
            model.reopen();
            self.model.go_back(model);
            self.permits.clear();
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
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
        same!(self, owners());
        same!(self, changes());
        same!(self, visits(None::<&OrganizationId>, None, 1_000));
        same!(self, visits(Some(&organization()), Some(self.visits[0].clone()), 2));
        self.compare_parked().await;
        for visit in &self.visits {
            same!(self, load(visit));
            same!(self, history(visit));
            self.reached.lines_dropped |= self.model.history(visit).await.unwrap().dropped > 0;
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
        let middle = RecordPlace { at: self.now(), id: RecordId(Uuid::from_u128(9)) };
        same!(self, records(RecordQuery { csn: Some(csn(1)), before: Some(middle), ..all.clone() }));
        same!(self, records(RecordQuery { meeting: Some(MeetingId(1)), csn: Some(csn(2)), ..all.clone() }));
        let there = self.model.visits(None, None, 100).await.unwrap().items.len();
        self.reached.visits = self.reached.visits.max(there);
    }
}

/// Where each shard has a list of its own, commands that were parked in one moment stand in any order.
impl Bench {
    async fn compare_parked(&self) {
        let listed = async |store: &dyn Store| {
            let mut parked = store.parked(1_000).await.unwrap();
            parked.sort_by_key(|parked| Shard::of_visit(&parked.visit));
            parked
        };
        assert_eq!(listed(self.subject.store().as_ref()).await, listed(&self.model).await);
    }
}

fn node_info(node: u128, draining: bool) -> NodeInfo {
    NodeInfo { token: token(node), name: format!("node-{node}"), draining, release: "1".to_owned() }
}

fn name_of(because: Because) -> &'static str {
    match because {
        Because::Rate => "rate",
        Because::Concurrency => "concurrency",
        Because::Breaker => "breaker",
        Because::Pause => "pause",
        Because::Halted => "halted",
    }
}
