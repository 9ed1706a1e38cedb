//! Every step of the store port, with payloads sealed and opened.

use futures_util::FutureExt;
use tokio::sync::broadcast;
use vestibule_actors::port::store::{
    Acknowledgement, Acquired, Answer, Appended, Changed, Commit, Committed, Epoch, GateId, HeldVisit, Hint,
    History, JournalEntry, NewEntry, NodeInfo, OrganizationValue, OutboxEntry, Owner, OwnerToken, Ownership,
    Page, ParkedCommand, Record, RecordPlace, RecordQuery, Renewed, Restore, Restored, Retention, Routed,
    Seq, Space, Standing, Store, StoreError, StoredVisit, Swept, VisitWrite,
};
use vestibule_domain::effect::LaneName;
use vestibule_domain::gate;
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::{Place, SealedStore};

impl SealedStore {
    fn close_commit(&self, commit: Commit) -> Result<Commit, StoreError> {
        let close = |write: VisitWrite| {
            let state = write.state.map(|state| self.close(&Place::State(&write.visit), state));
            Ok(VisitWrite { state: state.transpose()?, ..write })
        };
        let visits = commit.visits.into_iter().map(close).collect::<Result<_, StoreError>>()?;
        let parked = commit.parked.into_iter().map(|parked| self.close_parked(parked));
        Ok(Commit { visits, parked: parked.collect::<Result<_, _>>()?, ..commit })
    }

    fn close_restore(&self, restore: Restore) -> Result<Restore, StoreError> {
        let close = |held: HeldVisit| {
            let state = self.close(&Place::State(&held.visit), held.state)?;
            Ok(HeldVisit { state, ..held })
        };
        let visits = restore.visits.into_iter().map(close).collect::<Result<_, StoreError>>()?;
        Ok(Restore { visits, ..restore })
    }

    fn close_acknowledgement(&self, told: Acknowledgement) -> Result<Acknowledgement, StoreError> {
        let settled = told.settled.map(|entry| self.close_entry(entry)).transpose()?;
        Ok(Acknowledgement { settled, ..told })
    }
}

impl Store for SealedStore {
    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended> {
        async move {
            let entries = entries.into_iter().map(|entry| self.close_entry(entry));
            self.inner.append(shard, entries.collect::<Result<_, _>>()?).await
        }
        .boxed()
    }

    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed> {
        async move {
            let payload = self.close(&Place::Command(organization), payload)?;
            self.inner.route_or_hold(organization, meeting, payload).await
        }
        .boxed()
    }

    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>> {
        async move {
            let open = |line: JournalEntry| {
                let payload = self.open(&Place::Command(&line.visit.organization), line.payload);
                JournalEntry { payload, ..line }
            };
            Ok(self.inner.read(shard, after, max).await?.into_iter().map(open).collect())
        }
        .boxed()
    }

    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        async move { Ok(self.inner.load(visit).await?.map(|stored| self.open_visit(stored))) }.boxed()
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        async move { self.inner.commit(self.close_commit(commit)?).await }.boxed()
    }

    fn restore(&self, restore: Restore) -> Answer<'_, Restored> {
        async move { self.inner.restore(self.close_restore(restore)?).await }.boxed()
    }

    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool> {
        async move {
            let closed = acknowledgements.into_iter().map(|told| self.close_acknowledgement(told));
            self.inner.acknowledge(shard, owner, closed.collect::<Result<_, _>>()?).await
        }
        .boxed()
    }

    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>> {
        async move {
            let open = |changed: Changed| {
                let stored = changed.stored.map(|stored| self.open_visit(stored));
                Changed { stored, ..changed }
            };
            Ok(self.inner.changed_since(shard, change, max).await?.into_iter().map(open).collect())
        }
        .boxed()
    }

    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        async move {
            let Page { items, next } = self.inner.visits(organization, after, limit).await?;
            Ok(Page { items: items.into_iter().map(|stored| self.open_visit(stored)).collect(), next })
        }
        .boxed()
    }

    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>> {
        async move {
            let parked = self.inner.parked(limit).await?;
            Ok(parked.into_iter().map(|parked| self.open_parked(parked)).collect())
        }
        .boxed()
    }

    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()> {
        async move { self.inner.put(space, key, self.close_value(space, key, value)?, ttl).await }.boxed()
    }

    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>> {
        async move {
            let value = self.close_value(space, key, value)?;
            let stands = self.inner.put_if_absent(space, key, value, ttl).await?;
            Ok(self.open_value(space, key, stands))
        }
        .boxed()
    }

    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        async move {
            let value = self.inner.get(space, key).await?;
            Ok(value.map(|value| self.open_value(space, key, value)))
        }
        .boxed()
    }

    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        async move {
            let value = self.inner.take(space, key).await?;
            Ok(value.map(|value| self.open_value(space, key, value)))
        }
        .boxed()
    }

    // --- what holds nothing that is sealed ---

    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired> {
        self.inner.acquire(shard, node, token, ttl, seen)
    }

    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed> {
        self.inner.renew(shard, owner, ttl, seen)
    }

    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool> {
        self.inner.release(shard, owner)
    }

    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>> {
        self.inner.locate(shard)
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        self.inner.owners()
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>> {
        self.inner.announce(node, ttl)
    }

    fn leave(&self, token: OwnerToken) -> Answer<'_, ()> {
        self.inner.leave(token)
    }

    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize> {
        self.inner.index_meeting(meeting, visit)
    }

    fn cursor(&self, shard: Shard) -> Answer<'_, Seq> {
        self.inner.cursor(shard)
    }

    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>> {
        self.inner.count_try(shard, owner, seq)
    }

    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        self.inner.due(shard, until, max)
    }

    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        self.inner.outbox(shard, after, max)
    }

    fn permit<'a>(&'a self, gate: &'a GateId, limits: gate::Limits) -> Answer<'a, gate::Answer> {
        self.inner.permit(gate, limits)
    }

    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> Answer<'a, bool> {
        self.inner.settle(gate, limits, permit, how)
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        self.inner.changes()
    }

    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        self.inner.records(query)
    }

    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History> {
        self.inner.history(visit)
    }

    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool> {
        self.inner.drop_parked(visit, seq)
    }

    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        self.inner.organization_get(organization, field)
    }

    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool> {
        self.inner.organization_put(organization, field, expected, value)
    }

    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize> {
        self.inner.organization_forget(organization, prefix, max)
    }

    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize> {
        self.inner.forget_organization(organization, max)
    }

    fn sweep(&self, keep: Retention) -> Answer<'_, Swept> {
        self.inner.sweep(keep)
    }

    fn incarnation(&self) -> Answer<'_, String> {
        self.inner.incarnation()
    }

    fn flush(&self) -> Answer<'_, ()> {
        self.inner.flush()
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.inner.hints()
    }
}
