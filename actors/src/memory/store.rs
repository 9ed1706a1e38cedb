//! The store port on the [`Model`], behind a lock that is held for one step and never across a wait.

use super::faults::{Call, Faults, When};
use super::model::Model;
use crate::port::clock::SharedClock;
use crate::port::store::{
    Acknowledgement, Acquired, Answer, Appended, Changed, Commit, Committed, Epoch, GateId, Hint, History,
    JournalEntry, NewEntry, NodeInfo, OrganizationValue, OutboxEntry, Owner, OwnerToken, Ownership, Page,
    ParkedCommand, Record, RecordPlace, RecordQuery, Renewed, Restore, Restored, Retention, Routed, Seq,
    Space, Standing, Store, StoreError, StoreLimits, StoredVisit, Swept,
};
use futures_util::FutureExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

/// Hints that a slow listener may be behind before it is told that it missed some.
const HINTS: usize = 1_024;

/// A store in memory: nothing survives the process. Deterministic, as far as its callers are.
pub struct MemoryStore {
    model: Mutex<Model>,
    clock: SharedClock,
    faults: Faults,
    hints: broadcast::Sender<Hint>,
    /// How often it went back.
    incarnation: AtomicU64,
}

impl MemoryStore {
    /// An empty store. Expiry is judged by `clock`.
    #[must_use]
    pub fn new(clock: SharedClock, limits: StoreLimits) -> Self {
        let (hints, _) = broadcast::channel(HINTS);
        let (model, faults) = (Mutex::new(Model::new(limits)), Faults::default());
        Self { model, clock, faults, hints, incarnation: AtomicU64::new(0) }
    }

    /// Orders faults.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// What the store holds now.
    #[must_use]
    pub fn snapshot(&self) -> Model {
        self.lock().clone()
    }

    /// Goes back to what a snapshot held, as a failover does that lost writes.
    pub fn go_back(&self, to: Model) {
        *self.lock() = to;
        self.incarnation.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Model> {
        // A step that panicked has left the model between two states at worst in a test, which then fails anyway.
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        step: impl FnOnce(&mut Model, Moment) -> Result<T, StoreError> + Send + 'a,
    ) -> Answer<'a, T> {
        self.hinting(call, step, |_| None)
    }

    fn hinting<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        step: impl FnOnce(&mut Model, Moment) -> Result<T, StoreError> + Send + 'a,
        hint: impl FnOnce(&T) -> Option<Hint> + Send + 'a,
    ) -> Answer<'a, T> {
        async move {
            self.faults.count(call);
            self.faults.meet(call, When::Before).await?;
            let answer = step(&mut self.lock(), self.clock.now());
            if let Some(hint) = answer.as_ref().ok().and_then(hint)
                && !self.faults.hints_are_lost()
            {
                // Nobody listening is no loss.
                let _ = self.hints.send(hint);
            }
            self.faults.meet(call, When::After).await?;
            answer
        }
        .boxed()
    }
}

impl Store for MemoryStore {
    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired> {
        self.step(Call::Acquire, move |model, now| Ok(model.acquire(now, shard, node, token, ttl, seen)))
    }

    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed> {
        self.step(Call::Renew, move |model, now| Ok(model.renew(now, shard, owner, ttl, seen)))
    }

    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool> {
        self.hinting(
            Call::Release,
            move |model, now| Ok(model.release(now, shard, owner)),
            move |done| done.then_some(Hint::Released(shard)),
        )
    }

    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>> {
        self.step(Call::Locate, move |model, now| Ok(model.locate(now, shard)))
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        self.step(Call::Owners, |model, now| Ok(model.owners(now)))
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>> {
        self.hinting(
            Call::Announce,
            move |model, now| Ok(model.nodes.announce(node, now, ttl)),
            |(_, news)| news.then_some(Hint::Nodes),
        )
        .map(|answer| answer.map(|(nodes, _)| nodes))
        .boxed()
    }

    fn leave(&self, token: OwnerToken) -> Answer<'_, ()> {
        self.hinting(
            Call::Leave,
            move |model, _| {
                model.nodes.leave(token);
                Ok(())
            },
            |()| Some(Hint::Nodes),
        )
    }

    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended> {
        let written = !entries.is_empty();
        self.hinting(
            Call::Append,
            move |model, _| model.append(shard, entries),
            move |answer| (written && matches!(answer, Appended::Done(_))).then_some(Hint::Journal(shard)),
        )
    }

    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed> {
        self.hinting(
            Call::RouteOrHold,
            move |model, now| Ok(model.route_or_hold(now, organization, meeting, payload)),
            |answer| match answer {
                Routed::Appended(visit) => Some(Hint::Journal(Shard::of_visit(visit))),
                Routed::Held | Routed::HeldDropping { .. } | Routed::Full => None,
            },
        )
    }

    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize> {
        self.hinting(
            Call::IndexMeeting,
            move |model, now| model.index_meeting(now, meeting, visit),
            |moved| (*moved > 0).then(|| Hint::Journal(Shard::of_visit(visit))),
        )
    }

    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>> {
        self.step(Call::Read, move |model, _| Ok(model.read(shard, after, max)))
    }

    fn cursor(&self, shard: Shard) -> Answer<'_, Seq> {
        self.step(Call::Cursor, move |model, _| Ok(model.cursor(shard)))
    }

    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        self.step(Call::Load, move |model, _| Ok(model.load(visit)))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        let shard = commit.shard;
        self.hinting(
            Call::Commit,
            move |model, now| model.commit(now, commit),
            move |answer| matches!(answer, Committed::Done { .. }).then_some(Hint::Changed(shard)),
        )
    }

    fn restore(&self, restore: Restore) -> Answer<'_, Restored> {
        let shard = restore.shard;
        self.hinting(
            Call::Restore,
            move |model, now| model.restore(now, &restore),
            move |answer| matches!(answer, Restored::Done { .. }).then_some(Hint::Changed(shard)),
        )
    }

    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>> {
        self.step(Call::CountTry, move |model, now| model.count_try(now, shard, owner, seq))
    }

    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        self.step(Call::Due, move |model, _| Ok(model.due(shard, until, max)))
    }

    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        self.step(Call::Outbox, move |model, _| Ok(model.outbox(shard, after, max)))
    }

    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool> {
        let settles = acknowledgements.iter().any(|acknowledgement| acknowledgement.settled.is_some());
        self.hinting(
            Call::Acknowledge,
            move |model, now| model.acknowledge(now, shard, owner, acknowledgements),
            move |done| (*done && settles).then_some(Hint::Journal(shard)),
        )
    }

    fn permit<'a>(&'a self, gate: &'a GateId, limits: gate::Limits) -> Answer<'a, gate::Answer> {
        self.step(Call::Permit, move |model, now| Ok(model.permit(now, gate, &limits)))
    }

    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> Answer<'a, bool> {
        self.step(Call::Settle, move |model, now| Ok(model.settle(now, gate, &limits, permit, how)))
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        self.step(Call::Changes, |model, _| Ok(model.changes()))
    }

    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>> {
        self.step(Call::ChangedSince, move |model, _| Ok(model.changed_since(shard, change, max)))
    }

    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        self.step(Call::Visits, move |model, _| Ok(model.visits(organization, after.as_ref(), limit)))
    }

    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        self.step(Call::Records, move |model, _| Ok(model.records(&query)))
    }

    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History> {
        self.step(Call::History, move |model, _| Ok(model.history(visit)))
    }

    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>> {
        self.step(Call::Parked, move |model, _| Ok(model.parked(limit)))
    }

    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool> {
        self.step(Call::DropParked, move |model, _| Ok(model.drop_parked(visit, seq)))
    }

    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()> {
        self.step(Call::Put, move |model, now| {
            model.put(now, space, key, value, ttl);
            Ok(())
        })
    }

    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>> {
        self.step(Call::PutIfAbsent, move |model, now| Ok(model.put_if_absent(now, space, key, value, ttl)))
    }

    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.step(Call::Get, move |model, now| Ok(model.get(now, space, key)))
    }

    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.step(Call::Take, move |model, now| Ok(model.take(now, space, key)))
    }

    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        self.step(Call::OrganizationGet, move |model, _| Ok(model.organization_get(organization, field)))
    }

    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool> {
        self.step(Call::OrganizationPut, move |model, _| {
            Ok(model.organization_put(organization, field, expected, value))
        })
    }

    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize> {
        self.step(Call::OrganizationForget, move |model, _| {
            Ok(model.organization_forget(organization, prefix, max))
        })
    }

    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize> {
        self.step(Call::ForgetOrganization, move |model, _| Ok(model.forget_organization(organization, max)))
    }

    fn sweep(&self, keep: Retention) -> Answer<'_, Swept> {
        self.step(Call::Sweep, move |model, now| Ok(model.sweep(now, &keep)))
    }

    fn incarnation(&self) -> Answer<'_, String> {
        let incarnation = self.incarnation.load(Ordering::Relaxed);
        self.step(Call::Incarnation, move |_, _| Ok(format!("memory {incarnation}")))
    }

    fn flush(&self) -> Answer<'_, ()> {
        self.step(Call::Flush, |_, _| Ok(()))
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::{Instant, timeout};

    struct Still;

    impl crate::port::clock::Clock for Still {
        fn now(&self) -> Moment {
            Moment(0)
        }
    }

    fn store() -> Arc<MemoryStore> {
        Arc::new(MemoryStore::new(Arc::new(Still), StoreLimits::default()))
    }

    async fn append(store: &MemoryStore) -> Result<Appended, StoreError> {
        let visit = VisitKey::from_text("lakeside/csn/1").unwrap();
        let shard = Shard::of_visit(&visit);
        store.append(shard, vec![NewEntry { visit, payload: Vec::new() }]).await
    }

    fn place(answer: Result<Appended, StoreError>) -> Option<u64> {
        match answer {
            Ok(Appended::Done(seq)) => Some(seq.0),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_fault_before_leaves_the_step_undone_and_one_after_does_not() {
        let store = store();
        store.faults().fail(Some(Call::Append), When::Before, 2);
        assert_eq!(place(append(&store).await), None);
        store.incarnation().await.unwrap();
        assert_eq!(place(append(&store).await), None);
        assert_eq!(place(append(&store).await), Some(1), "two were ordered");
        store.faults().fail(None, When::After, 1);
        assert_eq!(place(append(&store).await), None);
        assert_eq!(place(append(&store).await), Some(3), "the second was written without an answer");
        assert_eq!(store.faults().calls(Call::Append), 5);
    }

    #[tokio::test]
    async fn a_lasting_fault_ends_when_it_is_healed() {
        let store = store();
        store.faults().fail_always(None, When::Before);
        for _ in 0..3 {
            assert!(store.incarnation().await.is_err());
        }
        store.faults().heal();
        store.incarnation().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_call_takes_its_time_by_the_clock_of_the_simulation() {
        let store = store();
        store.faults().delay(Some(Call::Incarnation), When::After, Duration::from_secs(3));
        let began = Instant::now();
        store.incarnation().await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_call_stops_at_a_breakpoint_and_the_next_one_does_not() {
        let store = store();
        let mut breakpoint = store.faults().stop_next(Call::Append, When::After);
        let stopped = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { append(&store).await })
        };
        assert!(timeout(Duration::from_secs(5), breakpoint.reached()).await.unwrap());
        assert_eq!(place(append(&store).await), Some(2), "the first was done, and only its answer waits");
        assert!(!stopped.is_finished());
        breakpoint.go_on();
        assert_eq!(place(stopped.await.unwrap()), Some(1));
    }

    #[tokio::test]
    async fn a_breakpoint_that_is_dropped_holds_nobody() {
        let store = store();
        drop(store.faults().stop_next(Call::Incarnation, When::Before));
        timeout(Duration::from_secs(5), store.incarnation()).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn hints_can_be_lost() {
        let store = store();
        let mut hints = store.hints();
        store.faults().lose_hints(true);
        append(&store).await.unwrap();
        assert!(hints.try_recv().is_err());
        store.faults().lose_hints(false);
        append(&store).await.unwrap();
        assert!(matches!(hints.try_recv(), Ok(Hint::Journal(_))));
    }

    #[tokio::test]
    async fn a_store_can_go_back() {
        let store = store();
        append(&store).await.unwrap();
        let before = store.snapshot();
        assert_eq!(place(append(&store).await), Some(2));
        store.go_back(before);
        assert_eq!(place(append(&store).await), Some(2), "the second was forgotten");
    }
}
