//! The port's methods, each handed to the step of its name.

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

use super::{RedisStore, safety, trouble};

impl Store for RedisStore {
    fn acquire<'a>(
        &'a self,
        shard: Shard,
        node: &'a str,
        token: OwnerToken,
        ttl: Span,
        seen: Epoch,
    ) -> Answer<'a, Acquired> {
        self.acquire(shard, node, token, ttl, seen).boxed()
    }

    fn renew(&self, shard: Shard, owner: Ownership, ttl: Span, seen: Standing) -> Answer<'_, Renewed> {
        self.renew(shard, owner, ttl, seen).boxed()
    }

    fn release(&self, shard: Shard, owner: Ownership) -> Answer<'_, bool> {
        self.release(shard, owner).boxed()
    }

    fn locate(&self, shard: Shard) -> Answer<'_, Option<Owner>> {
        self.locate(shard).boxed()
    }

    fn owners(&self) -> Answer<'_, Vec<(Shard, Owner)>> {
        self.owners().boxed()
    }

    fn announce<'a>(&'a self, node: &'a NodeInfo, ttl: Span) -> Answer<'a, Vec<NodeInfo>> {
        self.announce(node, ttl).boxed()
    }

    fn leave(&self, token: OwnerToken) -> Answer<'_, ()> {
        self.leave(token).boxed()
    }

    fn append(&self, shard: Shard, entries: Vec<NewEntry>) -> Answer<'_, Appended> {
        self.append(shard, entries).boxed()
    }

    fn route_or_hold<'a>(
        &'a self,
        organization: &'a OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Answer<'a, Routed> {
        self.route_or_hold(organization, meeting, payload).boxed()
    }

    fn index_meeting<'a>(&'a self, meeting: MeetingId, visit: &'a VisitKey) -> Answer<'a, usize> {
        self.index_meeting(meeting, visit).boxed()
    }

    fn read(&self, shard: Shard, after: Seq, max: usize) -> Answer<'_, Vec<JournalEntry>> {
        self.read(shard, after, max).boxed()
    }

    fn cursor(&self, shard: Shard) -> Answer<'_, Seq> {
        self.cursor(shard).boxed()
    }

    fn load<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, Option<StoredVisit>> {
        self.load(visit).boxed()
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        self.commit(commit).boxed()
    }

    fn restore(&self, restore: Restore) -> Answer<'_, Restored> {
        self.restore(restore).boxed()
    }

    fn count_try(&self, shard: Shard, owner: Ownership, seq: Seq) -> Answer<'_, Option<u32>> {
        self.count_try(shard, owner, seq).boxed()
    }

    fn due(&self, shard: Shard, until: Moment, max: usize) -> Answer<'_, Vec<(VisitKey, Moment)>> {
        self.due(shard, until, max).boxed()
    }

    fn outbox<'a>(
        &'a self,
        shard: Shard,
        after: Option<(VisitKey, LaneName, u64)>,
        max: usize,
    ) -> Answer<'a, Vec<OutboxEntry>> {
        self.outbox(shard, after, max).boxed()
    }

    fn acknowledge(
        &self,
        shard: Shard,
        owner: Ownership,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Answer<'_, bool> {
        self.acknowledge(shard, owner, acknowledgements).boxed()
    }

    fn permit<'a>(&'a self, gate: &'a GateId, limits: gate::Limits) -> Answer<'a, gate::Answer> {
        self.permit(gate, limits).boxed()
    }

    fn settle<'a>(
        &'a self,
        gate: &'a GateId,
        limits: gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> Answer<'a, bool> {
        self.settle(gate, limits, permit, how).boxed()
    }

    fn changes(&self) -> Answer<'_, Vec<(Shard, u64)>> {
        self.changes().boxed()
    }

    fn changed_since(&self, shard: Shard, change: u64, max: usize) -> Answer<'_, Vec<Changed>> {
        self.changed_since(shard, change, max).boxed()
    }

    fn visits<'a>(
        &'a self,
        organization: Option<&'a OrganizationId>,
        after: Option<VisitKey>,
        limit: usize,
    ) -> Answer<'a, Page<StoredVisit, VisitKey>> {
        self.visits(organization, after, limit).boxed()
    }

    fn records(&self, query: RecordQuery) -> Answer<'_, Page<Record, RecordPlace>> {
        self.records(query).boxed()
    }

    fn history<'a>(&'a self, visit: &'a VisitKey) -> Answer<'a, History> {
        self.history(visit).boxed()
    }

    fn parked(&self, limit: usize) -> Answer<'_, Vec<ParkedCommand>> {
        self.parked(limit).boxed()
    }

    fn drop_parked<'a>(&'a self, visit: &'a VisitKey, seq: Seq) -> Answer<'a, bool> {
        self.drop_parked(visit, seq).boxed()
    }

    fn put<'a>(&'a self, space: Space, key: &'a str, value: Vec<u8>, ttl: Span) -> Answer<'a, ()> {
        self.put(space, key, value, ttl).boxed()
    }

    fn put_if_absent<'a>(
        &'a self,
        space: Space,
        key: &'a str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Answer<'a, Vec<u8>> {
        self.put_if_absent(space, key, value, ttl).boxed()
    }

    fn get<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.get(space, key).boxed()
    }

    fn take<'a>(&'a self, space: Space, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.take(space, key).boxed()
    }

    fn organization_get<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
    ) -> Answer<'a, Option<OrganizationValue>> {
        self.organization_get(organization, field).boxed()
    }

    fn organization_put<'a>(
        &'a self,
        organization: &'a OrganizationId,
        field: &'a str,
        expected: u64,
        value: Vec<u8>,
    ) -> Answer<'a, bool> {
        self.organization_put(organization, field, expected, value).boxed()
    }

    fn organization_forget<'a>(
        &'a self,
        organization: &'a OrganizationId,
        prefix: &'a str,
        max: usize,
    ) -> Answer<'a, usize> {
        self.organization_forget(organization, prefix, max).boxed()
    }

    fn forget_organization<'a>(&'a self, organization: &'a OrganizationId, max: usize) -> Answer<'a, usize> {
        self.forget_organization(organization, max).boxed()
    }

    fn sweep(&self, keep: Retention) -> Answer<'_, Swept> {
        self.sweep(keep).boxed()
    }

    fn incarnation(&self) -> Answer<'_, String> {
        async { safety::incarnation(&self.door).await.map_err(|error| trouble::told("incarnation", &error)) }
            .boxed()
    }

    /// The server syncs by itself, and a process that ends takes nothing with it.
    fn flush(&self) -> Answer<'_, ()> {
        futures_util::future::ready(Ok(())).boxed()
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}
