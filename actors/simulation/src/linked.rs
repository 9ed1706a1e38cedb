//! Every step of the store port, asked over the way of one process. Steps that change what an invariant speaks of are seen by a witness
//! at the moment in which they are done.

use futures_util::FutureExt;
use tokio::sync::broadcast;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Answer, Appended, Changed, Commit, Committed, Epoch, GateId, Hint, History,
    JournalEntry, NewEntry, NodeInfo, OrganizationValue, OutboxEntry, Owner, OwnerToken, Ownership, Page,
    ParkedCommand, Record, RecordPlace, RecordQuery, Renewed, Restore, Restored, Retention, Routed, Seq,
    Space, Standing, Store, StoredVisit, Swept,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use crate::link::LinkedStore;

impl Store for LinkedStore {
    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired> {
        let (witness, node) = (self.witness(), node.to_owned());
        self.ask(move |store| async move {
            let answer = store.acquire(shard, &node, token, ttl, seen).await?;
            witness.acquired(shard, ttl, &answer);
            Ok(answer)
        })
    }

    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed> {
        let witness = self.witness();
        self.ask(move |store| async move {
            let answer = store.renew(shard, owner, ttl, seen).await?;
            witness.renewed(shard, owner, ttl, answer);
            Ok(answer)
        })
    }

    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool> {
        let witness = self.witness();
        self.ask(move |store| async move {
            let done = store.release(shard, owner).await?;
            witness.released(shard, done);
            Ok(done)
        })
    }

    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>> {
        self.ask(move |store| async move { store.locate(shard).await })
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        self.ask(|store| async move { store.owners().await })
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>> {
        let node = node.clone();
        self.ask(move |store| async move { store.announce(&node, ttl).await })
    }

    fn leave(&self, token: OwnerToken) -> Answer<'_, ()> {
        self.ask(move |store| async move { store.leave(token).await })
    }

    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended> {
        let witness = self.witness();
        self.ask(move |store| async move {
            let answer = store.append(shard, entries.clone()).await?;
            witness.appended(&entries, answer);
            Ok(answer)
        })
    }

    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed> {
        let organization = organization.clone();
        self.ask(move |store| async move { store.route_or_hold(&organization, meeting, payload).await })
    }

    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize> {
        let visit = visit.clone();
        self.ask(move |store| async move { store.index_meeting(meeting, &visit).await })
    }

    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>> {
        self.ask(move |store| async move { store.read(shard, after, max).await })
    }

    fn cursor(&self, shard: Shard) -> Answer<'_, Seq> {
        self.ask(move |store| async move { store.cursor(shard).await })
    }

    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        let visit = visit.clone();
        self.ask(move |store| async move { store.load(&visit).await })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        let (witness, learns) = (self.witness(), self.witness());
        let versions: Vec<_> = commit.visits.iter().map(|w| (w.visit.clone(), w.expected + 1)).collect();
        let asked = self.ask(move |store| async move {
            let answer = store.commit(commit.clone()).await?;
            witness.committed(&commit, answer);
            Ok(answer)
        });
        async move {
            let answer = asked.await;
            if matches!(answer, Ok(Committed::Done { .. })) {
                learns.learned(&versions);
            }
            answer
        }
        .boxed()
    }

    fn restore(&self, restore: Restore) -> Answer<'_, Restored> {
        let witness = self.witness();
        self.ask(move |store| async move {
            let answer = store.restore(restore.clone()).await?;
            witness.restored(&restore, answer);
            Ok(answer)
        })
    }

    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>> {
        self.ask(move |store| async move { store.count_try(shard, owner, seq).await })
    }

    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        self.ask(move |store| async move { store.due(shard, until, max).await })
    }

    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        self.ask(move |store| async move { store.outbox(shard, after, max).await })
    }

    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool> {
        let witness = self.witness();
        self.ask(move |store| async move {
            let done = store.acknowledge(shard, owner, acknowledgements.clone()).await?;
            witness.acknowledged(shard, &acknowledgements, done);
            Ok(done)
        })
    }

    fn permit<'a>(&'a self, gate: &'a GateId, limits: gate::Limits) -> Answer<'a, gate::Answer> {
        let (witness, gate) = (self.witness(), gate.clone());
        self.ask(move |store| async move {
            let answer = store.permit(&gate, limits).await?;
            witness.permitted(&gate, &limits, &answer);
            Ok(answer)
        })
    }

    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> Answer<'a, bool> {
        let gate = gate.clone();
        self.ask(move |store| async move { store.settle(&gate, limits, permit, how).await })
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        self.ask(|store| async move { store.changes().await })
    }

    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>> {
        self.ask(move |store| async move { store.changed_since(shard, change, max).await })
    }

    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        let organization = organization.cloned();
        self.ask(move |store| async move { store.visits(organization.as_ref(), after, limit).await })
    }

    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        self.ask(move |store| async move { store.records(query).await })
    }

    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History> {
        let visit = visit.clone();
        self.ask(move |store| async move { store.history(&visit).await })
    }

    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>> {
        self.ask(move |store| async move { store.parked(limit).await })
    }

    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool> {
        let visit = visit.clone();
        self.ask(move |store| async move { store.drop_parked(&visit, seq).await })
    }

    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()> {
        let key = key.to_owned();
        self.ask(move |store| async move { store.put(space, &key, value, ttl).await })
    }

    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>> {
        let key = key.to_owned();
        self.ask(move |store| async move { store.put_if_absent(space, &key, value, ttl).await })
    }

    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        let key = key.to_owned();
        self.ask(move |store| async move { store.get(space, &key).await })
    }

    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        let key = key.to_owned();
        self.ask(move |store| async move { store.take(space, &key).await })
    }

    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        let (organization, field) = (organization.clone(), field.to_owned());
        self.ask(move |store| async move { store.organization_get(&organization, &field).await })
    }

    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool> {
        let (organization, field) = (organization.clone(), field.to_owned());
        self.ask(
            move |store| async move { store.organization_put(&organization, &field, expected, value).await },
        )
    }

    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize> {
        let (organization, prefix) = (organization.clone(), prefix.to_owned());
        self.ask(move |store| async move { store.organization_forget(&organization, &prefix, max).await })
    }

    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize> {
        let organization = organization.clone();
        self.ask(move |store| async move { store.forget_organization(&organization, max).await })
    }

    fn sweep(&self, keep: Retention) -> Answer<'_, Swept> {
        self.ask(move |store| async move { store.sweep(keep).await })
    }

    fn incarnation(&self) -> Answer<'_, String> {
        self.ask(|store| async move { store.incarnation().await })
    }

    fn flush(&self) -> Answer<'_, ()> {
        self.ask(|store| async move { store.flush().await })
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.listen()
    }
}
